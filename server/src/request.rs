//! What every request must be before anybody looks at it: it has one name, its body is sent as it is, and keeps coming.
//! Who sent it, and whether they may, is the gate's.

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, HOST, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bowline_app::error::{AppError, ErrorCode};
use tower_http::timeout::{TimeoutBody, TimeoutError};

use crate::answer;

/// The layer. `silence` is how long nothing of a body may come.
pub(crate) async fn check(
    State(silence): State<Duration>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(error) = one_name(&mut request).and_then(|()| plain(request.headers())) {
        return answer::json(&error);
    }
    next.run(request.map(|body| Body::new(TimeoutBody::new(silence, body))))
        .await
}

/// HTTP/2, and who takes us for a proxy, say in the address which host they want. What looks at `Host` sees that one, and
/// two that differ are none.
fn one_name(request: &mut Request) -> Result<(), AppError> {
    let Some(authority) = request.uri().authority() else {
        return Ok(());
    };
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => {
            let host = HeaderValue::from_str(authority.as_str());
            let host = host.map_err(|_| AppError::malformed("the host is no name"))?;
            request.headers_mut().insert(HOST, host);
            Ok(())
        }
        (Some(host), None)
            if host
                .as_bytes()
                .eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            Ok(())
        }
        _ => Err(AppError::malformed(
            "the request's address and its Host header name different hosts",
        )),
    }
}

/// Nothing is unpacked here: a small body could become a large one.
fn plain(headers: &HeaderMap) -> Result<(), AppError> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(AppError::new(
        ErrorCode::Encoding,
        "bodies are read as they are: send this one without Content-Encoding",
    ))
}

/// What is answered when a body can't be read to its end.
pub(crate) fn unread(
    error: &(dyn Error + 'static),
    otherwise: impl FnOnce() -> AppError,
) -> AppError {
    let mut cause = Some(error);
    while let Some(this) = cause {
        if this.is::<TimeoutError>() {
            return AppError::new(
                ErrorCode::Timeout,
                "the rest of the body did not come: send the request again",
            );
        }
        cause = this.source();
    }
    otherwise()
}
