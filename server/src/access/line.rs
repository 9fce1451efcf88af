//! The line of one request. It is told when the last who works on the request lets go of it: when the answer has
//! been sent or cut, and what still came of the request has been read.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use axum::http::{HeaderValue, StatusCode};
use bowline_protocol::ids::SessionId;
use tracing::field::{Empty, display};
use tracing::{Level, Span};

use super::TARGET;
use super::names::Name;
use crate::metrics::{Done, metrics};
use crate::peer::Peer;
use crate::traces;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    /// Where the browser is: as a proxy says that is believed, else the other end.
    pub(super) client: Option<IpAddr>,
    /// The other end of the connection.
    pub(super) peer: Peer,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Some(client) => client.fmt(f),
            None => self.peer.fmt(f),
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Line {
    pub(super) route: Name,
    id: HeaderValue,
    from: From,
    began: Instant,
    /// For OpenTelemetry; off without it.
    span: Span,
    came: AtomicU64,
    went: AtomicU64,
    /// The answer went out whole.
    sent: AtomicBool,
    answered: OnceLock<(StatusCode, Option<SessionId>)>,
}

impl Line {
    pub(super) fn new(route: Name, id: HeaderValue, from: From) -> Self {
        // What comes with every key is no trace of its own.
        let span = if route.is_frequent {
            Span::none()
        } else {
            tracing::info_span!(
                target: traces::TARGET,
                "request",
                otel.name = format_args!("{} {}", route.method, route.path),
                otel.kind = "server",
                http.request.method = route.method,
                http.route = route.path,
                http.response.status_code = Empty,
                bowline.request = id.to_str().unwrap_or_default(),
            )
        };
        Self {
            route,
            id,
            from,
            began: Instant::now(),
            span,
            came: AtomicU64::new(0),
            went: AtomicU64::new(0),
            sent: AtomicBool::new(false),
            answered: OnceLock::new(),
        }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    pub(super) fn came(&self, bytes: u64) {
        self.came.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn went(&self, bytes: u64) {
        self.went.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, status: StatusCode, session: Option<SessionId>) {
        let _ = self.answered.set((status, session));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let Name { method, path, .. } = self.route;
        let (came, went) = (*self.came.get_mut(), *self.went.get_mut());
        let answered = self.answered.get().copied();
        // Whoever asked went away before there was an answer: 499, as nginx says it.
        let status = answered.map_or(499, |(status, _)| status.as_u16());
        metrics().done(Done {
            route: self.route,
            status,
            took,
        });
        self.span
            .record("http.response.status_code", i64::from(status));
        let session = answered.and_then(|(_, session)| session).map(display);
        let cut = (!*self.sent.get_mut()).then_some(true);
        let (request, seconds) = (self.id(), took.as_secs_f64());
        let from = display(self.from);
        macro_rules! tell {
            ($level:expr) => {
                tracing::event!(
                    target: TARGET,
                    parent: None,
                    $level,
                    request, from, method, route = path, status, bytes_in = came, bytes_out = went, seconds, session, cut,
                    "answered"
                )
            };
        }
        match self.route.is_frequent {
            true => tell!(Level::DEBUG),
            false => tell!(Level::INFO),
        }
    }
}
