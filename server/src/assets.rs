//! The page's files, embedded in the binary and chosen by the browser's encodings. The page names them
//! under `b-BUILD/…`, where BUILD is a hash over all of them: there a browser may keep them for ever.
//! Knows nothing of who asks: there is no secret in them.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use crate::answer;
use crate::hex::hex;

/// What `cargo xtask build` leaves in `dist`, each large file with `.br` and `.gz` beside it. Empty when
/// the server is built without the page.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../dist"]
#[allow_missing = true]
struct Dist;

/// A worker obeys the policy of its own answer, not the page's.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/// Encodings in order of preference, with the ending of the file beside.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The folder under `assets/` whose name changes with any of the files.
static BUILD_FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Dist::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        if let Some(file) = Dist::get(&name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    format!("b-{}", hex(&hash.finalize()[..8]))
});

/// The folder under `assets/` whose URLs change with the build.
pub(crate) fn build_folder() -> &'static str {
    &BUILD_FOLDER
}

/// `index.html`; nothing if the page was not built before the server.
pub(crate) fn index() -> Option<String> {
    let file = Dist::get("index.html")?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// Answers with a file, compressed as the browser likes it.
pub(crate) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let under_build = path.strip_prefix(build_folder());
    let under_build = under_build.and_then(|rest| rest.strip_prefix('/'));
    let name = under_build.unwrap_or(&path);
    let Some(file) = Dist::get(name).filter(|_| name != "index.html") else {
        return answer::json(&AppError::new(
            ErrorCode::NotFound,
            "the page has no such file",
        ));
    };
    let cache = match under_build {
        Some(_) => "public, max-age=31536000, immutable",
        None => "no-cache",
    };
    answer(name, &file, cache, &headers)
}

fn answer(name: &str, file: &EmbeddedFile, cache: &'static str, headers: &HeaderMap) -> Response {
    let (encoding, body) = match encoded(name, headers) {
        Some((encoding, packed)) => (Some(encoding), packed.data),
        None => (None, file.data.clone()),
    };
    // What is sent differs by encoding, so its name does too.
    let digest = hex(&file.metadata.sha256_hash()[..12]);
    let etag = format!("\"{digest}-{}\"", encoding.unwrap_or("plain"));
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok());
    let mut response = if known.any(|known| known.contains(&etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match body {
            Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        body.into_response()
    };
    let answer = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, content_type(name)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (VARY, "accept-encoding"),
        (CACHE_CONTROL, cache),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    let etag =
        HeaderValue::try_from(etag).expect("hexadecimal digits in quotes are a header value");
    answer.insert(ETAG, etag);
    if let Some(encoding) = encoding {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// The best encoding that the browser takes and that lies beside the file.
fn encoded(name: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    ENCODINGS.into_iter().find_map(|(encoding, ending)| {
        let is_accepted = accepted.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next() == Some(encoding) && parts.all(|part| part != "q=0")
        });
        let packed = Dist::get(&format!("{name}{ending}"));
        Some((encoding, packed.filter(|_| is_accepted)?))
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_outside_the_page_is_not_found() {
        for path in ["../Cargo.toml", "index.html", "nothing.js", ""] {
            let response = serve(Path(path.to_owned()), HeaderMap::new()).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
