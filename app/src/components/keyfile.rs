//! A file of keys that the user chose. Knows no format; what the page gives to keep is `files`'.

use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::keys::keymap::MAX_TEXT;

/// Reads the file that was chosen in an input, and forgets the choice, so that the same can be chosen again.
pub(super) fn read(
    input: &web_sys::HtmlInputElement,
    then: impl FnOnce(Result<String, &'static str>) + 'static,
) {
    let file = input.files().and_then(|files| files.get(0));
    let Some(file) = file else { return };
    if file.size() > MAX_TEXT as f64 {
        then(Err(
            "the file is larger than 64 KiB: it holds no keys of this page",
        ));
    } else {
        let text = file.text();
        spawn_local(async move {
            let text = JsFuture::from(text).await.ok();
            let text = text.and_then(|text| text.as_string());
            then(text.ok_or("the file can't be read"));
        });
    }
    input.set_value("");
}
