//! The font of a terminal: when it is there, and how large it is in this window.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::state::settings::{Family, Text};

/// The size of text in this window, CSS pixels.
pub(crate) fn size(text: Text) -> u8 {
    let width = leptos::prelude::window().inner_width().ok();
    text.size_in(width.and_then(|width| width.as_f64()).unwrap_or_default())
}

/// Loads the font a terminal is measured with, at most for a moment: then what stands in for it is measured.
pub(crate) async fn ready(text: Text) {
    if text.family == Family::System {
        return;
    }
    let fonts = leptos::prelude::document().fonts();
    let loads = Array::new();
    for style in ["", "bold "] {
        let name = text.family.name();
        loads.push(&fonts.load(&format!("{style}{}px \"{name}\"", size(text))));
    }
    let patience = js_sys::Promise::new(&mut |resolve, _| {
        let wait = std::time::Duration::from_millis(1_500);
        leptos::prelude::set_timeout(
            move || {
                // Resolving can't fail.
                let _ = resolve.call0(&JsValue::NULL);
            },
            wait,
        );
    });
    let loaded = js_sys::Promise::all(&loads);
    let first = js_sys::Promise::race(&Array::of2(&loaded, &patience));
    // A font that can't be loaded leaves the next one of the family.
    let _ = wasm_bindgen_futures::JsFuture::from(first).await;
}
