//! The settings about the terminal: its cursor, its lines, how it draws colours.

use leptos::prelude::*;

use super::fields::{self, Steps, Words, plain};
use crate::state::settings::{CursorShape, MAX_SCROLLBACK, MIN_SCROLLBACK, Taste};

const SHAPE: Words = Words {
    name: "Cursor",
    hint: "Programs may show another while they run.",
};
const SHAPES: &[(&str, &str)] = &[
    ("block", "Block"),
    ("bar", "Bar"),
    ("underline", "Underline"),
];

const LINES: Words = Words {
    name: "Scrollback",
    hint: "Lines that this page keeps above the screen.",
};
const LINE_STEPS: Steps = Steps {
    least: MIN_SCROLLBACK as f64,
    most: MAX_SCROLLBACK as f64,
    step: 500.0,
    unit: "lines",
};

const CONTRAST: Words = Words {
    name: "Minimum contrast",
    hint: "4.5 keeps all text readable; 1 shows a theme's colours as they are.",
};
const CONTRASTS: Steps = Steps {
    least: 1.0,
    most: 21.0,
    step: 0.5,
    unit: "",
};

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let screen = taste.memo(|settings| settings.screen);
    let shape = Signal::derive(move || screen.get().cursor.name());
    let reshape = Callback::new(move |name: String| {
        taste.change(|settings| settings.screen.cursor = CursorShape::of(&name));
    });
    let blinks = Signal::derive(move || screen.get().blink);
    let blink = Callback::new(move |on| taste.change(|settings| settings.screen.blink = on));
    let lines = Signal::derive(move || f64::from(screen.get().scrollback));
    // In bounds: between the least and the most.
    let keep = Callback::new(move |lines: f64| {
        taste.change(|settings| settings.screen.scrollback = lines as u32);
    });
    let contrast = Signal::derive(move || screen.get().contrast);
    let lift =
        Callback::new(move |least| taste.change(|settings| settings.screen.contrast = least));
    let bright = Signal::derive(move || screen.get().bold_is_bright);
    let brighten = Callback::new(move |on| {
        taste.change(|settings| settings.screen.bold_is_bright = on);
    });
    view! {
        {fields::segments(SHAPE, SHAPES, shape, reshape)}
        {fields::switch(plain("Blinking cursor"), blinks, blink)}
        {fields::stepper(LINES, LINE_STEPS, lines, keep)}
        {fields::stepper(CONTRAST, CONTRASTS, contrast, lift)}
        {fields::switch(plain("Bold text is bright"), bright, brighten)}
    }
    .into_any()
}
