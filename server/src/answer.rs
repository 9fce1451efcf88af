//! Answers that every route shares: errors as JSON or as a page, and bodies within a bound.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use http_body_util::BodyExt as _;
use server_fn::error::FromServerFnError as _;

use crate::request;

/// The HTTP status of an error.
pub(crate) fn status(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An error as JSON, with its status.
pub(crate) fn json(error: &AppError) -> Response {
    let json = HeaderValue::from_static("application/json");
    let mut response = (status(error.code()), error.ser()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// An error as a page for people, with its status. Needs no file and no script.
pub(crate) fn page(error: &AppError) -> Response {
    page_with(error, "")
}

/// The same, with markup of ours below: a way on.
pub(crate) fn page_with(error: &AppError, way: &'static str) -> Response {
    let message = escape(&error.to_string());
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"dark light\">\
         <title>Bowline</title><body style=\"font:16px/1.5 system-ui;max-width:40em;margin:4em auto;\
         padding:0 1em\"><h1>Not let in</h1><p>{message}</p>{way}</body></html>"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (status(error.code()), headers, body).into_response()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// How much of a body that is too large is still read and thrown away, as a multiple of its bound: a
/// client that is still sending would not see the answer.
const DRAIN: usize = 16;

/// The whole body, if it is within `limit` bytes.
pub(crate) async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, AppError> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let early = || AppError::malformed("the request's body ended early");
        let frame = frame.map_err(|error| request::unread(&error, early))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length > limit.saturating_mul(DRAIN) {
            break;
        }
        if length <= limit {
            kept.extend_from_slice(&data);
        }
    }
    if length <= limit {
        Ok(kept.into())
    } else {
        Err(AppError::new(
            ErrorCode::TooLarge,
            format!("the body is larger than {limit} bytes"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_has_a_bound() {
        let fits = read_body(Body::from(vec![0; 10]), 10).await.unwrap();
        assert_eq!(fits.len(), 10);
        let error = read_body(Body::from(vec![0; 11]), 10).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TooLarge);
    }

    #[test]
    fn a_message_cannot_write_into_the_page() {
        assert_eq!(escape("<b a=\"&\">"), "&lt;b a=&quot;&amp;&quot;&gt;");
    }
}
