//! How much of the window can be seen, and whether fingers point. A screen's keyboard covers the window's
//! lower part in browsers that don't make the page smaller for it: the page makes itself smaller, so that the
//! prompt stays in sight.

use leptos::prelude::*;

use super::dom;

/// Listens for the life of the page. Answers whether fingers point.
pub(crate) fn watch() -> RwSignal<bool> {
    let fingers = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(seen) = window().visual_viewport() {
            for event in ["resize", "scroll"] {
                dom::listen(&seen, event, |_| fit());
            }
            fit();
        }
        if let Ok(Some(query)) = window().match_media("(pointer: coarse)") {
            fingers.set(query.matches());
            let asked = query.clone();
            dom::listen(&query, "change", move |_| fingers.set(asked.matches()));
        }
    });
    fingers
}

/// Tells the style sheet what can be seen, where it is less than the window.
fn fit() {
    let (Some(seen), Some(root)) = (window().visual_viewport(), document().document_element())
    else {
        return;
    };
    let height = window().inner_height().ok();
    let height = height.and_then(|height| height.as_f64()).unwrap_or(0.0);
    // A page that is zoomed into is looked at in parts: that is no keyboard.
    let is_covered = seen.scale() <= 1.01 && seen.height() + 1.0 < height;
    let Ok(root) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(root) else {
        return;
    };
    let style = root.style();
    // In whole pixels, which need no more than whole numbers: what is covered begins behind them.
    let pixels = |length: f64| format!("{}px", length as i32);
    // Nothing here fails for custom properties.
    if is_covered {
        let _ = style.set_property("--seen-height", &pixels(seen.height()));
        let _ = style.set_property("--seen-top", &pixels(seen.offset_top()));
    } else {
        let _ = style.remove_property("--seen-height");
        let _ = style.remove_property("--seen-top");
    }
}
