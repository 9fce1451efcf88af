//! Shows in the open page what the settings say about looks: the theme, in the page and in every terminal, and
//! the font of what the page itself writes as terminals do. Terminals' own fonts are the panes'.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::panes;
use crate::state::settings::{Looks, Settings, Taste};
use crate::theme::browser as theme;
use crate::xterm::fonts;

/// Reads the settings and follows them. Once per page load.
pub(crate) fn follow(taste: Taste) {
    // Counts the system's changes.
    let system = RwSignal::new(0_u32);
    // Once the page is there: both sides begin with the same.
    Effect::new(move |_| {
        taste.load(|| Settings {
            looks: Looks::of(theme::kept()),
            ..Settings::default()
        });
        theme::on_system_change(move || system.update(|count| *count += 1));
    });
    let choice = taste.memo(|settings| settings.looks.choice());
    Effect::new(move |_| choice.with(theme::show));
    let text = taste.memo(|settings| settings.text);
    Effect::new(move |_| {
        let root = document().document_element();
        if let Some(root) = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok()) {
            let text = text.get();
            // By name: the letter spacing that the DOM renderer aligns cells with turns ligatures off.
            let ligatures = match text.ligatures {
                true => "\"calt\" 1, \"liga\" 1",
                false => "normal",
            };
            // Fails only for what is no property.
            let _ = root.style().set_property("--mono", &text.family.css());
            let _ = root.style().set_property("--ligatures", ligatures);
        }
    });
    Effect::new(move |_| {
        system.track();
        panes::repaint(&choice.with(theme::painting));
    });
}

/// Makes text larger or smaller by so many pixels.
pub(crate) fn resize(taste: Taste, by: i8) {
    taste.change(|settings| {
        let size = fonts::size(settings.text).saturating_add_signed(by);
        settings.text.size = Some(size);
    });
}

/// Dark to light and back.
pub(crate) fn toggle(taste: Taste) {
    taste.change(|settings| settings.looks.toggle(theme::system()));
}
