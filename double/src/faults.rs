//! What goes wrong when a test wants it, whatever is asked for or below one path, always or so many times. A fault stands
//! before all else, tokens too, as what stands before the real workspace does.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

use crate::world::Asked;
use crate::{Shared, caller, lock};

/// Largest answer that is cut, bytes.
const MAX_CUT: usize = 16 * 1024 * 1024;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// 500.
    Broken,
    /// 429, to be tried again after so many seconds.
    TooMany {
        /// `Retry-After`.
        retry_after: u64,
    },
    /// It is done, and answered after so many milliseconds.
    Slow {
        /// How many.
        ms: u64,
    },
    /// It is done, and half of the answer comes.
    Truncated,
    /// Sends elsewhere.
    Redirect {
        /// Where.
        to: String,
    },
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Until it is healed.
    Always,
    /// So many times.
    Count(u32),
}

#[derive(Debug)]
struct Planned {
    path: String,
    fault: Fault,
    times: Times,
}

/// All that is to go wrong; the first that fits a request counts.
#[derive(Debug, Default)]
pub struct Faults(Vec<Planned>);

impl Faults {
    pub(crate) fn plan(&mut self, path: &str, fault: Fault, times: Times) {
        self.0.push(Planned {
            path: path.to_owned(),
            fault,
            times,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, path: &str) -> Option<Fault> {
        let found = self
            .0
            .iter()
            .position(|planned| path.starts_with(&planned.path))?;
        let planned = &mut self.0[found];
        let fault = planned.fault.clone();
        if let Times::Count(left) = &mut planned.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.0.remove(found);
            }
        }
        Some(fault)
    }
}

/// Lets a request through to what it asks for, unless something goes wrong; notes it.
pub(crate) async fn meet(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (fault, at_ms, by) = {
        let mut world = lock(&shared);
        let by = caller::shown(request.headers()).and_then(|token| world.who(token));
        let by = by.map(|token| token.id.clone());
        (world.faults.take(&path), world.clock.now_ms(), by)
    };
    let mut response = match fault {
        None => next.run(request).await,
        Some(Fault::Broken) => {
            let told = json!({ "error_code": "INTERNAL_ERROR", "message": "" });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(told)).into_response()
        }
        Some(Fault::TooMany { retry_after }) => {
            let told = json!({
                "error_code": "REQUEST_LIMIT_EXCEEDED",
                "message": "REJECTED: the limit of requests is exceeded. Try again later.",
            });
            let after = [(header::RETRY_AFTER, retry_after.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, after, Json(told)).into_response()
        }
        Some(Fault::Slow { ms }) => {
            let response = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            response
        }
        Some(Fault::Truncated) => cut(next.run(request).await).await,
        Some(Fault::Redirect { to }) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
    };
    let mut world = lock(&shared);
    let date = httpdate::fmt_http_date(world.clock.now());
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    world.note(Asked {
        method: method.to_string(),
        path,
        status: response.status().as_u16(),
        by,
        at_ms,
    });
    response
}

/// Promises a whole answer, and gives half of it.
async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, MAX_CUT).await;
    let whole = whole.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    let end = async {
        // The half is on its way before the connection breaks.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut"))
    };
    let pieces = stream::once(async { Ok::<Bytes, std::io::Error>(half) }).chain(stream::once(end));
    Response::from_parts(parts, Body::from_stream(pieces))
}
