//! Whether the server lives (`/health`), and whether it can do its work (`/ready`): the sessions can be reached, and
//! it isn't ending. For probes, which have no login: it is said what is missing, and nothing of whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bowline_keeper::Host;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long whoever keeps the sessions may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// What was learnt is good for so long: whoever asks often asks us, not the keeper.
const GOOD_FOR: Duration = Duration::from_millis(500);

/// What is known of the server's own state.
#[derive(Debug)]
pub(crate) struct Ready {
    host: Host,
    is_ending: AtomicBool,
    /// When the keeper was last asked, and whether it answered. Held while it is asked: once at a time.
    keeper: Mutex<Option<(Instant, bool)>>,
}

impl Ready {
    pub(crate) fn new(host: Host) -> Self {
        Self {
            host,
            is_ending: AtomicBool::new(false),
            keeper: Mutex::default(),
        }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// From now on nobody should be sent here.
    pub(crate) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether the process that keeps the sessions answers.
    pub(crate) async fn reaches_keeper(&self) -> bool {
        let mut last = self.keeper.lock().await;
        if let Some((at, answered)) = *last
            && at.elapsed() < GOOD_FOR
        {
            return answered;
        }
        // A question that changes nothing.
        let asked = timeout(ANSWERS_WITHIN, self.host.touch(Vec::new())).await;
        let answered = matches!(asked, Ok(Ok(_)));
        *last = Some((Instant::now(), answered));
        answered
    }
}

/// `GET /health`.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// `GET /ready`.
pub(crate) async fn ready(State(ready): State<Arc<Ready>>) -> Response {
    let missing = if ready.is_ending.load(Ordering::Relaxed) {
        "the server is ending"
    } else if ready.reaches_keeper().await {
        return "ready\n".into_response();
    } else {
        "the process that keeps the sessions does not answer"
    };
    let said = format!("not ready: {missing}\n");
    (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
}
