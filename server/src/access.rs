//! What is told of every request: its number, one line in the log when its answer has been sent or cut, and its
//! share of the metrics. The outermost layer. It names the route, never the path or the query: neither is ours,
//! and people paste secrets.

mod counted;
mod line;
mod names;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bowline_app::error::{AppError, ErrorCode};
use bowline_protocol::ids::SessionId;
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use self::counted::Counted;
use self::line::From;
pub(crate) use self::line::Line;
pub(crate) use self::names::{Name, Names};
use crate::answer;
use crate::gate::{Asked, Gate};
use crate::headers::Standing;

/// The target of the lines, for `--log`.
pub const TARGET: &str = "access";
/// The header in which an answer says its request's number. One that comes with a request is not looked at.
pub const REQUEST: &str = "bowline-request";

const REQUEST_HEADER: HeaderName = HeaderName::from_static(REQUEST);

/// The session that a request was about; put into the extensions of its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About(pub(crate) SessionId);

/// What the layer knows.
pub(crate) struct Access {
    names: Names,
    standing: Standing,
    gate: Arc<Gate>,
    /// Differs from one run to the next.
    run: u32,
    count: AtomicU64,
}

impl Access {
    /// `gate` says which proxies are believed about where a request came from.
    pub(crate) fn new(names: Names, standing: Standing, gate: Arc<Gate>) -> Self {
        let mut run = [0; 4];
        // Only so that two runs' numbers differ: zeros would do.
        let _ = getrandom::fill(&mut run);
        Self {
            names,
            standing,
            gate,
            run: u32::from_ne_bytes(run),
            count: AtomicU64::new(0),
        }
    }

    fn next_id(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-{count:x}", self.run);
        HeaderValue::try_from(id).expect("hexadecimal digits and a dash are a header value")
    }
}

/// The outermost layer: every answer gets its headers and its line; a panic becomes an answer.
pub(crate) async fn observe(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let id = access.next_id();
    let route = access.names.of(request.method(), request.uri().path());
    let is_head = request.method() == axum::http::Method::HEAD;
    let asked = Asked::new(request.headers(), request.extensions());
    let from = From {
        client: access.gate.client(asked),
        peer: asked.peer,
    };
    let line = Arc::new(Line::new(route, id.clone(), from));
    let mut request = request.map(|body| Body::new(Counted::request(body, line.clone())));
    if route.upgrades {
        // Its line comes when the socket closes.
        request.extensions_mut().insert(line.clone());
    }
    let answering = next.run(request).instrument(line.span().clone());
    let answered = std::panic::AssertUnwindSafe(answering).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        let Line { route, .. } = &*line;
        tracing::error!(
            request = line.id(),
            method = route.method,
            route = route.path,
            "the request made the server panic"
        );
        answer::json(&AppError::new(
            ErrorCode::Internal,
            "the server failed; its log says more",
        ))
    });
    let session = response.extensions_mut().remove::<About>();
    line.answered(response.status(), session.map(|About(session)| session));
    response.headers_mut().insert(REQUEST_HEADER, id);
    access.standing.complete(response.headers_mut());
    if is_head {
        // Nothing of the body is sent, and nothing is missing.
        line.sent();
        return response;
    }
    response.map(|body| Body::new(Counted::answer(body, line)))
}
