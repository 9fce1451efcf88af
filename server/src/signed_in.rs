//! The page at which a sign-in ends that went by another site: a proxy's or an identity provider's. It hands the proof to
//! the browser and tells the pages that wait for it; then it closes itself, or opens Bowline where no page waits. It needs
//! no file, and goes on by itself: a cookie that is `SameSite=Strict` isn't sent where another site leads.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};
use bowline_app::sign_in::{CHANNEL, PROOF_KEY};
use leptos::nonce::Nonce;

use crate::gate::elsewhere::Back;

/// Sign-in pages of others may keep the window that opened theirs.
pub(crate) const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The page. `proof` is what the browser keeps, `up` leads from where this is to Bowline's page.
pub(crate) fn page(proof: &str, back: Back, up: &'static str) -> Response {
    let nonce = Nonce::new();
    // Of hexadecimal digits and constants: nothing here needs escaping.
    let on = match back {
        Back::Window => "close()".to_owned(),
        Back::Page => format!("location.replace('{up}')"),
    };
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"dark light\">\
         <title>Signed in \u{b7} Bowline</title><body data-proof=\"{proof}\" style=\"font:16px/1.5 system-ui;\
         max-width:30em;margin:4em auto;padding:0 1em\"><h1>Signed in</h1><p>Your sessions go on. This window can be \
         closed.</p><script nonce=\"{nonce}\">\
         const path=new URL('{up}',location).pathname,own=name=>path==='/'?name:name+' '+path;\
         try{{localStorage.setItem(own('{PROOF_KEY}'),document.body.dataset.proof)}}catch{{}}\
         new BroadcastChannel(own('{CHANNEL}')).postMessage(document.body.dataset.proof);{on}</script></body></html>"
    );
    let policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; \
         style-src 'unsafe-inline'; script-src 'nonce-{nonce}'"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (OPENER, "unsafe-none".to_owned()),
    ];
    (headers, body).into_response()
}
