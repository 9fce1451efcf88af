//! The settings for who hears the page, has fingers for a pointer, or wants it to stand still.

use leptos::prelude::*;

use super::fields::{self, Words};
use crate::state::settings::{KeyRow, Motion, Taste};

const READER: Words = Words {
    name: "Screen-reader mode",
    hint: "Terminals offer their lines as a list and have new output read out.",
};
const KEYS: Words = Words {
    name: "Row of keys",
    hint: "Esc, Tab, Ctrl, Alt and arrows below the terminals. Automatic: where fingers point.",
};
const ROWS: &[(&str, &str)] = &[
    ("automatic", "Automatic"),
    ("always", "Always"),
    ("never", "Never"),
];
const MOTION: Words = Words {
    name: "Reduced motion",
    hint: "Nothing slides, pulses or blinks, not even the cursor.",
};
const MOTIONS: &[(&str, &str)] = &[("system", "As the system"), ("less", "Always")];

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let now = taste.memo(|settings| settings.access);
    let reads = Signal::derive(move || now.get().reader);
    let read = Callback::new(move |on| taste.change(|settings| settings.access.reader = on));
    let keys = Signal::derive(move || now.get().keys.name());
    let show = Callback::new(move |name: String| {
        taste.change(|settings| settings.access.keys = KeyRow::of(&name));
    });
    let motion = Signal::derive(move || now.get().motion.name());
    let still = Callback::new(move |name: String| {
        taste.change(|settings| settings.access.motion = Motion::of(&name));
    });
    view! {
        {fields::switch(READER, reads, read)}
        {fields::segments(KEYS, ROWS, keys, show)}
        {fields::segments(MOTION, MOTIONS, motion, still)}
    }
    .into_any()
}
