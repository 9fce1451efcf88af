//! The settings about fonts. The terminals behind the dialog change at once, and so does the sample.

use leptos::prelude::*;

use super::fields::{self, Steps, Words, plain};
use crate::state::settings::{Family, MAX_SIZE, MIN_SIZE, Taste, Text};

const LIGATURES: Words = Words {
    name: "Ligatures",
    hint: "Draws => and != as one sign. Fira Code, JetBrains Mono and Cascadia Code have them.",
};

const SIZES: Steps = Steps {
    least: MIN_SIZE as f64,
    most: MAX_SIZE as f64,
    step: 1.0,
    unit: "px",
};
const HEIGHTS: Steps = Steps {
    least: 1.0,
    most: 2.0,
    step: 0.05,
    unit: "",
};
const SPACES: Steps = Steps {
    least: -1.0,
    most: 4.0,
    step: 0.5,
    unit: "px",
};

const SAMPLE: &str = "fn main() => 0O1lI| != {}[]();\n~/src $ git log --oneline -> |> ok";

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let text = taste.memo(|settings| settings.text);
    let set = move |change: fn(&mut Text, f64), value: f64| {
        taste.change(|settings| change(&mut settings.text, value));
    };
    let names = Family::ALL.map(|family| (family.name().to_owned(), family.name().to_owned()));
    let names = Signal::stored(names.to_vec());
    let family = Signal::derive(move || text.get().family.name().to_owned());
    let choose = Callback::new(move |name: String| {
        taste.change(|settings| settings.text.family = Family::of(&name));
    });
    let size = Signal::derive(move || f64::from(size(text.get())));
    let height = Signal::derive(move || text.get().line_height);
    let spacing = Signal::derive(move || text.get().spacing);
    let ligatures = Signal::derive(move || text.get().ligatures);
    // In bounds: between the least and the most.
    let resize = Callback::new(move |px| set(|text, px| text.size = Some(px as u8), px));
    let heighten =
        Callback::new(move |height| set(|text, height| text.line_height = height, height));
    let space = Callback::new(move |px| set(|text, px| text.spacing = px, px));
    let join = Callback::new(move |on: bool| {
        taste.change(|settings| settings.text.ligatures = on);
    });
    let style = move || {
        let text = text.get();
        let drawn = if text.ligatures { "normal" } else { "none" };
        format!(
            "font-family:{};font-size:{}px;line-height:{};letter-spacing:{}px;font-variant-ligatures:{drawn}",
            text.family.css(),
            self::size(text),
            text.line_height,
            text.spacing
        )
    };
    view! {
        {fields::choice(plain("Font"), names, family, choose)}
        {fields::stepper(plain("Text size"), SIZES, size, resize)}
        {fields::stepper(plain("Line height"), HEIGHTS, height, heighten)}
        {fields::stepper(plain("Letter spacing"), SPACES, spacing, space)}
        {fields::switch(LIGATURES, ligatures, join)}
        <div class="sample" aria-hidden="true" style=style>{SAMPLE}</div>
    }
    .into_any()
}

/// The size in this window. A dialog is only ever there in a browser.
fn size(text: Text) -> u8 {
    #[cfg(feature = "hydrate")]
    return crate::xterm::fonts::size(text);
    #[cfg(not(feature = "hydrate"))]
    text.size_in(0.0)
}
