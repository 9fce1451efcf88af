//! What the page says about its link, and when: short breaks are not worth a word.

use crate::link_api::LinkKind;

/// A break shorter than this is not shown, milliseconds.
const QUIET_MS: f64 = 2_000.0;

/// A break this soon after the server has said that it restarts is that restart, milliseconds.
const RESTART_MS: f64 = 120_000.0;

/// The bar to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banner {
    /// What is wrong.
    pub(crate) text: &'static str,
    /// What happens next, if anything does; may count down.
    pub(crate) next: String,
    /// What the user can do.
    pub(crate) offer: Offer,
}

/// The bar's button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// None: a try is under way.
    Wait,
    /// Try now.
    Retry,
    /// Sign in again.
    SignIn,
}

/// Since when something is, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Elapsed {
    /// The page is without a connection.
    pub(crate) broken_ms: f64,
    /// The link is in its present state.
    pub(crate) state_ms: f64,
    /// The server said that it restarts, if it did.
    pub(crate) restart_ms: Option<f64>,
}

/// The bar for a state that has lasted so long.
pub(crate) fn banner(kind: LinkKind, elapsed: Elapsed) -> Option<Banner> {
    let (text, next) = match kind {
        LinkKind::WebSocket | LinkKind::Poll => return None,
        LinkKind::Auth => {
            return Some(Banner {
                text: "Your sign-in has ended. Your sessions go on.",
                next: String::new(),
                offer: Offer::SignIn,
            });
        }
        _ if elapsed.broken_ms < QUIET_MS => return None,
        LinkKind::Connecting => {
            return Some(Banner {
                text: "Connecting\u{2026}",
                next: String::new(),
                offer: Offer::Wait,
            });
        }
        LinkKind::Offline { retry_in_s } => {
            // Time passes by far less than an i64 holds.
            let left = i64::from(retry_in_s) - (elapsed.state_ms / 1000.0) as i64;
            let restarts = elapsed.restart_ms.is_some_and(|ago| ago < RESTART_MS);
            let text = match restarts {
                true => "The server is restarting.",
                false => "No connection.",
            };
            let next = match left {
                left if left >= 1 => format!("Next try in {left} s."),
                _ => "Trying again\u{2026}".to_owned(),
            };
            (text, next)
        }
    };
    Some(Banner {
        text,
        next,
        offer: Offer::Retry,
    })
}

/// The words beside the connection's dot.
pub(crate) fn connection(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Connecting => "Connecting",
        LinkKind::WebSocket => "Connected by WebSocket",
        LinkKind::Poll => "Connected by polling",
        LinkKind::Offline { .. } => "No connection",
        LinkKind::Auth => "Signed out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: LinkKind, broken_ms: f64, state_ms: f64) -> Option<String> {
        let elapsed = Elapsed {
            broken_ms,
            state_ms,
            restart_ms: None,
        };
        banner(kind, elapsed).map(|banner| format!("{} {}", banner.text, banner.next))
    }

    #[test]
    fn a_short_break_is_not_worth_a_word() {
        assert_eq!(
            text(LinkKind::Offline { retry_in_s: 1 }, 1_999.0, 100.0),
            None
        );
        assert_eq!(text(LinkKind::Connecting, 500.0, 500.0), None);
        assert_eq!(text(LinkKind::WebSocket, 60_000.0, 60_000.0), None);
        assert_eq!(text(LinkKind::Poll, 60_000.0, 60_000.0), None);
    }

    #[test]
    fn the_countdown_counts_down() {
        let offline = LinkKind::Offline { retry_in_s: 8 };
        let shown = text(offline, 5_000.0, 2_400.0);
        assert_eq!(shown.as_deref(), Some("No connection. Next try in 6 s."));
        let shown = text(offline, 20_000.0, 8_200.0);
        assert_eq!(
            shown.as_deref(),
            Some("No connection. Trying again\u{2026}")
        );
    }

    #[test]
    fn an_ended_login_is_said_at_once() {
        let elapsed = Elapsed {
            broken_ms: 0.0,
            state_ms: 0.0,
            restart_ms: None,
        };
        let shown = banner(LinkKind::Auth, elapsed);
        assert_eq!(shown.map(|banner| banner.offer), Some(Offer::SignIn));
    }

    #[test]
    fn a_restart_that_was_announced_is_called_so_for_a_while() {
        let words = |restart_ms| {
            let elapsed = Elapsed {
                broken_ms: 3_000.0,
                state_ms: 0.0,
                restart_ms,
            };
            let shown = banner(LinkKind::Offline { retry_in_s: 2 }, elapsed);
            shown.map(|banner| banner.text)
        };
        assert_eq!(words(Some(3_500.0)), Some("The server is restarting."));
        assert_eq!(words(Some(600_000.0)), Some("No connection."));
        assert_eq!(words(None), Some("No connection."));
    }
}
