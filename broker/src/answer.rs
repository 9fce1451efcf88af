//! What the broker itself says: a status and a sentence, in a form that the clients of all four APIs can read.

use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use reqwest::Body;
use serde_json::json;

/// Says no. `kind` is for programs.
pub(crate) fn refuse(status: StatusCode, kind: &str, why: &str) -> Response<Body> {
    let body = json!({
        "type": "error",
        "error": {
            "type": kind,
            "code": status.as_u16(),
            "status": kind.to_ascii_uppercase(),
            "message": format!("bowline's broker: {why}"),
        },
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What is left of a body that nobody wants is not read.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
