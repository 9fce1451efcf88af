//! Shows in the open page what the settings say about looks: the theme, in the page and in every terminal.

use leptos::prelude::*;

use crate::panes;
use crate::state::settings::{Looks, Settings, Taste};
use crate::theme::browser as theme;

/// Reads the settings and follows them. Once per page load.
pub(crate) fn follow(taste: Taste) {
    // Counts the system's changes.
    let system = RwSignal::new(0_u32);
    // After hydration.
    Effect::new(move |_| {
        taste.load(|| Settings {
            looks: Looks::of(theme::kept()),
            ..Settings::default()
        });
        theme::on_system_change(move || system.update(|count| *count += 1));
    });
    let choice = taste.memo(|settings| settings.looks.choice());
    Effect::new(move |_| choice.with(theme::show));
    Effect::new(move |_| {
        system.track();
        panes::repaint(&choice.with(theme::painting));
    });
}

/// Dark to light and back.
pub(crate) fn toggle(taste: Taste) {
    taste.change(|settings| settings.looks.toggle(theme::system()));
}
