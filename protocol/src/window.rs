//! How much output a viewer may have unparsed: (least round trip + 200 ms) × its measured rate, between
//! 32 KiB and 1 MiB. Pure; the caller gives the time.
//!
//! The rate is sampled only while the window is full: otherwise the program, not the viewer, sets the
//! pace, and an idle terminal would measure itself down to nothing. The round trip is sampled only while
//! it is not full, when no queue adds to it.

use crate::limits::{WINDOW_MAX, WINDOW_MIN};

/// Time a viewer may be behind beyond its round trip, milliseconds.
const LAG_MS: u64 = 200;

/// Longest round trip believed, milliseconds. A viewer that acknowledges late looks like a long one.
const ROUND_TRIP_MAX_MS: u64 = 1000;

/// One viewer's window on one session.
#[derive(Debug, Clone)]
pub struct Window {
    size: u64,
    least_round_trip_ms: Option<u64>,
    /// An offset sent at a time, until it is acknowledged: one sample at a time is enough.
    sample: Option<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    sent_to: u64,
    parsed_then: u64,
    at_ms: u64,
    full: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            size: WINDOW_MIN * 4,
            least_round_trip_ms: None,
            sample: None,
        }
    }
}

impl Window {
    /// Bytes that may still be sent when `sent` were and `parsed` are acknowledged.
    pub fn room(&self, sent: u64, parsed: u64) -> u64 {
        self.size.saturating_sub(sent.saturating_sub(parsed))
    }

    /// The present size, bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes up to `sent` have just been sent.
    pub fn on_sent(&mut self, sent: u64, parsed: u64, now_ms: u64) {
        let full = self.room(sent, parsed) == 0;
        match &mut self.sample {
            None => {
                self.sample = Some(Sample {
                    sent_to: sent,
                    parsed_then: parsed,
                    at_ms: now_ms,
                    full,
                });
            }
            Some(sample) => sample.full |= full,
        }
    }

    /// The viewer has parsed up to `parsed`.
    pub fn on_ack(&mut self, parsed: u64, now_ms: u64) {
        let Some(sample) = self.sample.filter(|sample| parsed >= sample.sent_to) else {
            return;
        };
        self.sample = None;
        let elapsed = now_ms.saturating_sub(sample.at_ms).max(1);
        if !sample.full {
            let least = self
                .least_round_trip_ms
                .map_or(elapsed, |least| least.min(elapsed));
            self.least_round_trip_ms = Some(least);
        } else {
            let least = self.least_round_trip_ms.unwrap_or(0).min(ROUND_TRIP_MAX_MS);
            let rate = (parsed - sample.parsed_then.min(parsed)) as f64 / elapsed as f64;
            let target = rate * (least + LAG_MS) as f64;
            // Half-way there each time: one slow frame must not collapse the window.
            let next = (self.size as f64 + target) / 2.0;
            self.size = (next as u64).clamp(WINDOW_MIN, WINDOW_MAX);
        }
    }

    /// Forgets what is under way: a new transport starts. What was learnt stays.
    pub fn restart(&mut self) {
        self.sample = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a viewer that parses `rate` bytes a millisecond behind `round_trip` for a while.
    fn settle(rate: u64, round_trip: u64) -> u64 {
        let mut window = Window::default();
        let (mut sent, mut parsed, mut now) = (0, 0, 0);
        for _ in 0..100 {
            sent += window.room(sent, parsed);
            window.on_sent(sent, parsed, now);
            now += round_trip + (sent - parsed) / rate;
            parsed = sent;
            window.on_ack(parsed, now);
        }
        window.size()
    }

    #[test]
    fn a_fast_viewer_gets_the_largest_window() {
        assert_eq!(settle(30_000, 1), WINDOW_MAX);
    }

    #[test]
    fn a_slow_viewer_gets_the_smallest_window() {
        assert_eq!(settle(50, 1), WINDOW_MIN);
    }

    #[test]
    fn an_idle_terminal_keeps_its_window() {
        let mut window = Window::default();
        let before = window.size();
        for byte in 1..1000 {
            window.on_sent(byte, byte - 1, byte * 1000);
            window.on_ack(byte, byte * 1000 + 900);
        }
        assert_eq!(window.size(), before);
    }
}
