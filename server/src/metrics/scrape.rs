//! `GET /metrics`: reads what others know, and writes everything down.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use bowline_keeper::Host;
use bowline_terminal::{SessionInfo, SessionState};
use prometheus_client::encoding::text::encode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Direction, In, Metrics, metrics};
use crate::answer;
use crate::ready::Ready;

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers with all metrics.
pub(crate) async fn scrape(State(ready): State<Arc<Ready>>) -> Response {
    let metrics = metrics();
    let is_there = ready.reaches_keeper().await;
    metrics.keeper.set(is_there.into());
    if is_there {
        metrics.read_sessions(ready.host()).await;
    }
    metrics.process.read();
    let mut text = String::new();
    match encode(&mut text, &metrics.registry) {
        Ok(()) => ([(CONTENT_TYPE, FORMAT)], text).into_response(),
        Err(_) => answer::json(&AppError::new(
            ErrorCode::Internal,
            "the metrics cannot be written",
        )),
    }
}

impl Metrics {
    async fn read_sessions(&self, host: &Host) {
        let sessions = host.list().await.unwrap_or_default();
        for state in STATES {
            let count = sessions.iter().filter(|info| name(info) == state).count();
            let gauge = self.sessions.get_or_create_owned(&In { state });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let viewers: usize = sessions.iter().map(|info| info.viewers).sum();
        self.viewers.set(i64::try_from(viewers).unwrap_or(i64::MAX));
        // A keeper of an older version counts nothing.
        let Ok(totals) = host.totals().await else {
            return;
        };
        for (direction, bytes) in [("in", totals.read), ("out", totals.printed)] {
            let counter = self.terminals.get_or_create_owned(&Direction { direction });
            counter.inner().store(bytes, Ordering::Relaxed);
        }
    }
}

const STATES: [&str; 4] = ["running", "idle", "needs_attention", "exited"];

const fn name(info: &SessionInfo) -> &'static str {
    match info.state {
        SessionState::Running => STATES[0],
        SessionState::Idle => STATES[1],
        SessionState::NeedsAttention(_) => STATES[2],
        SessionState::Exited(_) => STATES[3],
    }
}
