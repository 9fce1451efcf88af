//! What the browser tells the link: where it is, the page's secret, settings for tests, who looks.

use bowline_protocol::client::{Attention, Settings};
use wasm_bindgen::prelude::*;

use super::stored;
use crate::functions::client::proof;
use crate::sign_in::{PROOF_KEY, at_path};

/// Key of shortened times in `localStorage`, JSON of [`Settings`].
const SETTINGS_KEY: &str = "bowline-link-settings";

/// Keeps the page's secret, or forgets it.
pub fn set_proof(proof: Option<&str>) {
    // Where nothing can be kept the next load asks to sign in again.
    match proof {
        Some(proof) => stored::set(&own(PROOF_KEY), proof),
        None => stored::remove(&own(PROOF_KEY)),
    }
}

/// Takes up the secret that the server wrote into the page, where a proxy says who comes and nobody logs in.
pub fn take_page_proof() {
    let body = web_sys::window().and_then(|window| window.document()?.body());
    if let Some(body) = body
        && let Some(proof) = body.get_attribute("data-proof")
    {
        set_proof(Some(&proof));
        // Fails only for a name that is none.
        let _ = body.remove_attribute("data-proof");
    }
}

/// The link's times: the defaults unless `localStorage` says otherwise.
pub fn link_settings() -> Settings {
    stored::get(SETTINGS_KEY)
        .and_then(|text| crate::json::read(&text).ok())
        .unwrap_or_default()
}

/// A name that only this server's pages use, of all that share their origin.
pub fn own(name: &str) -> String {
    let url = base_url();
    let below_host = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    at_path(name, below_host.unwrap_or("/"))
}

/// Absolute URL of the page's folder, ending in a slash: everything is relative to it.
pub(super) fn base_url() -> String {
    let href = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.base_uri().ok().flatten())
        .unwrap_or_default();
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rfind('/').map_or(path, |slash| &path[..=slash]);
    folder.to_owned()
}

/// Who looks at the page now.
pub(super) fn attention() -> Attention {
    let document = web_sys::window().and_then(|window| window.document());
    match document {
        Some(document) if document.hidden() => Attention::Hidden,
        Some(document) if document.has_focus().unwrap_or(false) => Attention::Focused,
        _ => Attention::Visible,
    }
}

/// Calls `callback` for the events of the window and the document named. For the life of the page.
pub(super) fn listen(events: &[&str], callback: impl Fn() + 'static) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let closure = Closure::<dyn Fn()>::new(callback);
    let function: &js_sys::Function = closure.as_ref().unchecked_ref();
    for event in events {
        let target: &web_sys::EventTarget = match (*event, window.document()) {
            ("visibilitychange", Some(document)) => &document.into(),
            _ => &window,
        };
        // Fails only for a detached target, which these are not.
        let _ = target.add_event_listener_with_callback(event, function);
    }
    closure.forget();
}

/// A fresh random id of 16 bytes.
pub(super) fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        // Fails only for arrays over 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// Posts JSON by a request that outlives the page: at most 64 KiB, says the browser. Nobody waits for its answer.
pub(crate) fn post_keepalive(path: &str, body: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let options = web_sys::RequestInit::new();
    options.set_method("POST");
    options.set_body(&JsValue::from_str(body));
    // A dictionary member that web-sys doesn't know.
    let _ = js_sys::Reflect::set(&options, &"keepalive".into(), &JsValue::TRUE);
    let Ok(request) = web_sys::Request::new_with_str_and_init(&(base_url() + path), &options)
    else {
        return;
    };
    let headers = request.headers();
    // Fails only for names that aren't header names.
    let _ = headers.set("content-type", "application/json");
    if let Some(proof) = proof() {
        let _ = headers.set(bowline_protocol::http::PROOF, &proof);
    }
    let _ = window.fetch_with_request(&request);
}
