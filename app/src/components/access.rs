//! Motion and screen readers, in the open page: tells the style sheets when nothing shall move, and the terminals when
//! the system has changed its mind. In the browser only.

use leptos::prelude::*;

use super::dom;
use crate::panes;
use crate::state::desk::Desk;
use crate::state::settings::{Motion, Taste};
use crate::state::toasts::Tone;

/// What the system says of motion.
const SYSTEM: &str = "(prefers-reduced-motion: reduce)";

/// Whether things shall stand still now.
pub(crate) fn is_still(motion: Motion) -> bool {
    motion == Motion::Less || system().is_some_and(|query| query.matches())
}

fn system() -> Option<web_sys::MediaQueryList> {
    // Fails only for what is no query.
    window().match_media(SYSTEM).ok().flatten()
}

/// Follows the settings and the system. Once per page load.
pub(super) fn follow(taste: Taste) {
    let motion = taste.memo(|settings| settings.access.motion);
    Effect::new(move |_| {
        let Some(root) = document().document_element() else {
            return;
        };
        // What the system says the style sheets know. Fail only for names that aren't attribute names.
        let _ = match motion.get() {
            Motion::Less => root.set_attribute("data-motion", "less"),
            Motion::System => root.remove_attribute("data-motion"),
        };
    });
    Effect::new(move |_| {
        if let Some(query) = system() {
            let asked = query.clone();
            dom::listen(&query, "change", move |_| {
                // A query that nobody holds may fall silent.
                let _ = asked.matches();
                panes::redress();
            });
        }
    });
}

/// Says terminals' text to screen readers, or no more.
pub(super) fn toggle_reader(desk: Desk) {
    desk.taste
        .change(|settings| settings.access.reader = !settings.access.reader);
    let said = match desk.taste.peek(|settings| settings.access.reader) {
        true => "Screen-reader mode is on.",
        false => "Screen-reader mode is off.",
    };
    desk.toasts.say(Tone::Info, said);
}
