//! The settings about the clipboard: what is copied without a key, what is asked before a paste, and what clicks do.

use leptos::prelude::*;

use super::fields::{self, Steps, Words, plain};
use crate::state::settings::{Clipboard, LinkClick, MAX_LINES, MIN_LINES, RightClick, Taste};

const ON_SELECT: Words = Words {
    name: "Copy on select",
    hint: "Text is on the clipboard as soon as the mouse or a finger has selected it.",
};
const PROGRAMS: Words = Words {
    name: "Programs may copy",
    hint: "By the sequence OSC 52, while this page is in front. They can never read the clipboard.",
};
const ASKS: Words = Words {
    name: "Ask before pasting lines",
    hint: "Where the program takes every line break for the Enter key.",
};
const MANY: Words = Words {
    name: "Ask about long pastes",
    hint: "From so many lines on also where the program takes a paste as one piece.",
};
const MANY_STEPS: Steps = Steps {
    least: MIN_LINES as f64,
    most: MAX_LINES as f64,
    step: 1.0,
    unit: "lines",
};
const RIGHT: Words = Words {
    name: "Right click",
    hint: "Paste copies instead while something is selected. With Shift the browser\u{2019}s menu opens.",
};
const RIGHTS: &[(&str, &str)] = &[("menu", "Menu"), ("paste", "Paste")];
const LINKS: Words = plain("Links open with");
const CLICKS: &[(&str, &str)] = &[("held", "Ctrl/\u{2318} and click"), ("plain", "Click")];

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let now = taste.memo(|settings| settings.clipboard);
    let switch = move |words, read: fn(Clipboard) -> bool, write: fn(&mut Clipboard, bool)| {
        let on = Signal::derive(move || read(now.get()));
        let change =
            Callback::new(move |on| taste.change(|settings| write(&mut settings.clipboard, on)));
        fields::switch(words, on, change)
    };
    let many = Signal::derive(move || f64::from(now.get().many));
    // In bounds: between the least and the most.
    let count = Callback::new(move |lines: f64| {
        taste.change(|settings| settings.clipboard.many = lines as u32);
    });
    let right = Signal::derive(move || now.get().right_click.name());
    let click = Callback::new(move |name: String| {
        taste.change(|settings| settings.clipboard.right_click = RightClick::of(&name));
    });
    let links = Signal::derive(move || now.get().links.name());
    let follow = Callback::new(move |name: String| {
        taste.change(|settings| settings.clipboard.links = LinkClick::of(&name));
    });
    let asks = Memo::new(move |_| now.get().asks);
    view! {
        {switch(ON_SELECT, |now| now.on_select, |now, on| now.on_select = on)}
        {switch(PROGRAMS, |now| now.programs, |now, on| now.programs = on)}
        {switch(ASKS, |now| now.asks, |now, on| now.asks = on)}
        {move || asks.get().then(|| fields::stepper(MANY, MANY_STEPS, many, count))}
        {fields::segments(RIGHT, RIGHTS, right, click)}
        {fields::segments(LINKS, CLICKS, links, follow)}
    }
    .into_any()
}
