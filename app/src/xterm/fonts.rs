//! The font of a terminal: which, how large, and when it is there.

use js_sys::Array;
use wasm_bindgen::prelude::*;

/// Text size, CSS pixels.
const FONT_SIZE: u32 = 14;
/// Text size in a window as wide as a 4K screen without scaling.
const LARGE_FONT_SIZE: u32 = 17;
/// The width from which on text is large, CSS pixels; the style sheet's last step.
const LARGE_FROM: f64 = 2_400.0;
/// The page's font first, then what systems have.
pub(super) const FAMILY: &str = "\"JetBrains Mono\", ui-monospace, \"SF Mono\", Menlo, Consolas, \
                           \"DejaVu Sans Mono\", monospace";

/// The size to begin with, CSS pixels.
pub(super) fn size() -> u32 {
    let width = leptos::prelude::window().inner_width().ok();
    match width.and_then(|width| width.as_f64()) {
        Some(width) if width >= LARGE_FROM => LARGE_FONT_SIZE,
        _ => FONT_SIZE,
    }
}

/// Loads the fonts a terminal is measured with, at most for a moment: a late font is only a refit.
pub(crate) async fn ready() {
    let fonts = leptos::prelude::document().fonts();
    let loads = Array::new();
    for style in ["", "bold "] {
        loads.push(&fonts.load(&format!("{style}{FONT_SIZE}px \"JetBrains Mono\"")));
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
