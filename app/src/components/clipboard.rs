//! The system's clipboard.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

/// Writes the clipboard; where the browser offers none (plain HTTP), by way of a text field.
pub(crate) fn write(text: &str) {
    let clipboard = window().navigator().clipboard();
    if !clipboard.is_undefined() {
        // Refused only without a user's gesture, and this is one.
        let _ = clipboard.write_text(text);
        return;
    }
    let Ok(field) = document().create_element("textarea") else {
        return;
    };
    let Ok(field) = field.dyn_into::<web_sys::HtmlTextAreaElement>() else {
        return;
    };
    let (Some(body), Ok(page)) = (
        document().body(),
        document().dyn_into::<web_sys::HtmlDocument>(),
    ) else {
        return;
    };
    let before = document().active_element();
    field.set_value(text);
    // Nothing here fails for elements of this document.
    let _ = body.append_child(&field);
    field.select();
    let _ = page.exec_command("copy");
    field.remove();
    if let Some(before) = before.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = before.focus();
    }
}
