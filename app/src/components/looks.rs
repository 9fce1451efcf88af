//! Shows in the open page what the settings say about looks: the theme, in the page and in every terminal.

use leptos::prelude::*;

use crate::panes;
use crate::state::settings::{Settings, Taste};
use crate::theme::browser as theme;

/// Reads the settings and follows them. Once per page load.
pub(crate) fn follow(taste: Taste) {
    // After hydration.
    Effect::new(move |_| {
        taste.load(|| {
            let mut fresh = Settings::default();
            fresh.looks.theme = theme::shown();
            fresh
        });
        theme::on_system_change(repaint);
    });
    let wanted = taste.memo(|settings| settings.looks.theme);
    Effect::new(move |_| {
        let wanted = wanted.get();
        if wanted != theme::shown() {
            theme::show(wanted);
            repaint();
        }
    });
}

/// Dark to light and back.
pub(crate) fn toggle(taste: Taste) {
    taste.change(|settings| settings.looks.theme = theme::other(settings.looks.theme));
}

/// Gives every terminal the page's present colours.
fn repaint() {
    panes::repaint(&theme::palette());
}
