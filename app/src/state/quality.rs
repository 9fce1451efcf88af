//! How good the link is, for people to see: what an answer takes, since when the transport holds, how often
//! it was taken anew. Decides when a new figure is worth showing; measures nothing itself.

use crate::link_api::LinkKind;
#[cfg(any(feature = "hydrate", test))]
use crate::link_api::Quality;

/// Between two figures shown, milliseconds.
#[cfg(any(feature = "hydrate", test))]
const PACE_MS: f64 = 1_000.0;

/// Makes what is shown of what is measured.
#[cfg(any(feature = "hydrate", test))]
#[derive(Debug, Default)]
pub(crate) struct Meter {
    shown: Quality,
    smooth: Option<f64>,
    shown_at: Option<f64>,
}

#[cfg(any(feature = "hydrate", test))]
impl Meter {
    /// A transport works from now on.
    pub(crate) fn opened(&mut self, now: f64) -> Quality {
        let again = self.shown.since_ms.is_some();
        self.smooth = None;
        self.shown_at = None;
        self.shown = Quality {
            // The old figure stands until there is one of this transport.
            round_trip_ms: self.shown.round_trip_ms,
            since_ms: Some(now),
            reconnects: self.shown.reconnects + u32::from(again),
        };
        self.shown
    }

    /// An answer took so long. Answers what to show, if it is news and the last figure has stood long enough.
    pub(crate) fn measured(&mut self, ms: u64, now: f64) -> Option<Quality> {
        let ms = ms as f64;
        let smooth = self.smooth.map_or(ms, |before| (before + ms) / 2.0);
        self.smooth = Some(smooth);
        let rests = self.shown_at.is_some_and(|at| now < at + PACE_MS);
        let is_news = self.shown.round_trip_ms.is_none_or(|shown| {
            let shown = f64::from(shown);
            (smooth - shown).abs() > (shown / 10.0).max(0.5)
        });
        if rests || !is_news {
            return None;
        }
        self.shown_at = Some(now);
        self.shown.round_trip_ms = Some(smooth.round() as u32);
        Some(self.shown)
    }
}

/// A round trip in words.
pub(crate) fn milliseconds(ms: u32) -> String {
    match ms {
        0 => "< 1 ms".to_owned(),
        1..1_000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

/// How the page reaches the server, in words.
pub(crate) fn transport(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Connecting => "Connecting",
        LinkKind::WebSocket => "WebSocket",
        LinkKind::Poll => "Polling",
        LinkKind::Offline { .. } => "None",
        LinkKind::Auth => "None: signed out",
    }
}

/// Why it is so, where that is not plain.
pub(crate) fn reason(kind: LinkKind) -> Option<&'static str> {
    match kind {
        LinkKind::Poll => Some(
            "Something between this browser and the server lets no WebSocket through, or cuts it. Ordinary \
             requests carry everything instead, and a WebSocket is tried again from time to time. Nothing is \
             lost by it; an answer may take a little longer.",
        ),
        LinkKind::Offline { .. } => Some(
            "The server can\u{2019}t be reached. Your sessions go on; the page tries again by itself.",
        ),
        LinkKind::Auth => Some("Sign in again to go on. Your sessions go on meanwhile."),
        LinkKind::Connecting | LinkKind::WebSocket => None,
    }
}

/// What the button says that asks for a connection.
pub(crate) fn again(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::WebSocket | LinkKind::Connecting => "Reconnect now",
        LinkKind::Poll => "Try a WebSocket now",
        LinkKind::Offline { .. } => "Retry now",
        LinkKind::Auth => "Sign in again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_for_a_second_and_small_changes_are_no_news() {
        let mut meter = Meter::default();
        meter.opened(0.0);
        let shown = |quality: Option<Quality>| quality.and_then(|quality| quality.round_trip_ms);
        assert_eq!(shown(meter.measured(40, 10.0)), Some(40));
        assert_eq!(shown(meter.measured(400, 500.0)), None);
        // Smoothed: (220 + 40) / 2.
        assert_eq!(shown(meter.measured(40, 1_010.0)), Some(130));
        assert_eq!(shown(meter.measured(135, 5_000.0)), None);
    }

    #[test]
    fn every_transport_but_the_first_is_a_reconnect() {
        let mut meter = Meter::default();
        assert_eq!(meter.opened(5.0).reconnects, 0);
        meter.measured(12, 6.0);
        let quality = meter.opened(9.0);
        assert_eq!((quality.reconnects, quality.since_ms), (1, Some(9.0)));
        assert_eq!(quality.round_trip_ms, Some(12));
        // The first figure of a transport is not mixed with the last one's.
        let quality = meter.measured(80, 9.5);
        assert_eq!(quality.and_then(|quality| quality.round_trip_ms), Some(80));
    }

    #[test]
    fn a_round_trip_is_said_as_people_do() {
        assert_eq!(milliseconds(0), "< 1 ms");
        assert_eq!(milliseconds(47), "47 ms");
        assert_eq!(milliseconds(2_340), "2.3 s");
    }
}
