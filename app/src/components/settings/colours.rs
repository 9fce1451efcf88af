//! The settings about colours.

use leptos::prelude::*;

use super::fields::{self, Words};
use crate::state::settings::Taste;
use crate::theme::Theme;

const THEME: Words = Words {
    name: "Theme",
    hint: "As the system has it, or always the same.",
};

const THEMES: &[(&str, &str)] = &[("system", "System"), ("dark", "Dark"), ("light", "Light")];

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let value = Signal::derive(move || taste.with(|settings| settings.looks.theme.name()));
    let change = Callback::new(move |name: String| {
        taste.change(|settings| settings.looks.theme = Theme::of(&name));
    });
    fields::segments(THEME, THEMES, value, change)
}
