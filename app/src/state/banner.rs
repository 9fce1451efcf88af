//! What the page says about its link, and when: short breaks are not worth a word.

use crate::link_api::LinkKind;

/// A break shorter than this is not shown, milliseconds.
const QUIET_MS: f64 = 2_000.0;

/// The bar to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banner {
    /// What is wrong and what happens next.
    pub(crate) text: String,
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
}

/// The bar for a state that has lasted so long.
pub(crate) fn banner(kind: LinkKind, elapsed: Elapsed) -> Option<Banner> {
    let text = match kind {
        LinkKind::WebSocket | LinkKind::Poll => return None,
        LinkKind::Auth => {
            return Some(Banner {
                text: "Your sign-in has ended. Your sessions go on.".to_owned(),
                offer: Offer::SignIn,
            });
        }
        _ if elapsed.broken_ms < QUIET_MS => return None,
        LinkKind::Connecting => {
            return Some(Banner {
                text: "Connecting\u{2026}".to_owned(),
                offer: Offer::Wait,
            });
        }
        LinkKind::Offline { retry_in_s } => {
            let left = f64::from(retry_in_s) - (elapsed.state_ms / 1000.0).floor();
            match left {
                left if left >= 1.0 => format!("No connection. Next try in {left} s."),
                _ => "No connection. Trying again\u{2026}".to_owned(),
            }
        }
    };
    Some(Banner {
        text,
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
        };
        banner(kind, elapsed).map(|banner| banner.text)
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
        };
        let shown = banner(LinkKind::Auth, elapsed);
        assert_eq!(shown.map(|banner| banner.offer), Some(Offer::SignIn));
    }
}
