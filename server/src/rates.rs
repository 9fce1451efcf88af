//! How often what costs much may be asked for: starting sessions and sending files. Far above what a person and their
//! scripts do, and nothing that types or reads is ever counted. One person uses a server, so there is one count.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use bowline_app::error::{AppError, ErrorCode};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::answer;

/// So many at once, and so many in every second after.
type Rate = (NonZeroU32, NonZeroU32);

const fn rate(at_once: u32, each_second: u32) -> Rate {
    match (NonZeroU32::new(at_once), NonZeroU32::new(each_second)) {
        (Some(at_once), Some(each_second)) => (at_once, each_second),
        _ => panic!("a rate is above zero"),
    }
}

/// A whole workspace of panes, several times over.
const SESSIONS: Rate = rate(200, 20);
/// A folder of pictures that is dropped on a terminal.
const UPLOADS: Rate = rate(200, 20);

/// What is counted.
#[derive(Debug)]
pub(crate) struct Rates {
    sessions: DefaultDirectRateLimiter,
    uploads: DefaultDirectRateLimiter,
}

impl Default for Rates {
    fn default() -> Self {
        let limiter = |(at_once, each_second)| {
            RateLimiter::direct(Quota::per_second(each_second).allow_burst(at_once))
        };
        Self {
            sessions: limiter(SESSIONS),
            uploads: limiter(UPLOADS),
        }
    }
}

/// The layer. Who isn't let in isn't counted, so it stands behind the gate.
pub(crate) async fn check(
    State(rates): State<Arc<Rates>>,
    request: Request,
    next: Next,
) -> Response {
    match rates.count(request.method(), request.uri().path()) {
        Ok(()) => next.run(request).await,
        Err(answer) => *answer,
    }
}

impl Rates {
    /// Counts a request. `Err` = it is one too many; the answer says when to come again.
    fn count(&self, method: &Method, path: &str) -> Result<(), Box<Response>> {
        let limiter = match path {
            _ if method != Method::POST => return Ok(()),
            "/api/session" | "/api/session/restart" => &self.sessions,
            bowline_app::functions::upload::PATH => &self.uploads,
            _ => return Ok(()),
        };
        let wait = match limiter.check() {
            Ok(()) => return Ok(()),
            Err(until) => until.wait_time_from(DefaultClock::default().now()),
        };
        Err(Box::new(come_again(wait)))
    }
}

fn come_again(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let message = format!("that was often in a short time: wait {seconds} s and try again");
    let mut response = answer::json(&AppError::new(ErrorCode::RateLimited, message));
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_of_panes_opens_at_once_and_a_loop_is_slowed_down() {
        let rates = Rates::default();
        let ask = |path: &str| rates.count(&Method::POST, path);
        for _ in 0..SESSIONS.0.get() {
            assert!(ask("/api/session").is_ok());
        }
        let refused = (0..1000).find_map(|_| ask("/api/session").err()).unwrap();
        assert_eq!(refused.status(), 429);
        let wait: u64 = refused.headers()[RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(wait >= 1);
        // Nothing else is slowed down with it.
        for path in ["/api/upload", "/api/input", "/link/send"] {
            assert!(ask(path).is_ok());
        }
        assert!(rates.count(&Method::GET, "/api/session").is_ok());
    }
}
