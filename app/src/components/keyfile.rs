//! Keys as a file: the browser's download, and a file that the user chose. Knows no format.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use crate::keys::keymap::MAX_TEXT;

/// What the file is called.
const NAME: &str = "bowline-keys.json";

/// Offers a text as a file.
pub(super) fn download(text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = web_sys::Blob::new_with_str_sequence(&parts) else {
        return;
    };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else {
        return;
    };
    let anchor = document().create_element("a");
    if let Some(anchor) = anchor
        .ok()
        .and_then(|a| a.dyn_into::<web_sys::HtmlAnchorElement>().ok())
    {
        anchor.set_href(&url);
        anchor.set_download(NAME);
        anchor.click();
    }
    // The download has its own hold on the content; fails only for strings that are no URL.
    let _ = web_sys::Url::revoke_object_url(&url);
}

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
