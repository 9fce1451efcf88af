//! A modest bound on wrong login attempts. It keeps the log and the processor quiet; what makes guessing
//! hopeless is the length of the secrets. A right secret is always let in, so nobody can lock the owner
//! out by guessing. Pure; the caller gives the time.

use std::time::Instant;

/// Wrong attempts at once.
const BURST: f64 = 10.0;
/// Wrong attempts per second after that.
const RATE: f64 = 1.0;

/// Room for wrong attempts.
pub(super) struct Attempts {
    left: f64,
    at: Instant,
}

impl Attempts {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            at: now,
        }
    }

    /// Counts a wrong attempt; false when there were too many.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        let grown = now.saturating_duration_since(self.at).as_secs_f64() * RATE;
        self.left = (self.left + grown).min(BURST);
        self.at = now;
        let fine = self.left >= 1.0;
        if fine {
            self.left -= 1.0;
        }
        fine
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn after_a_burst_one_attempt_per_second_is_answered() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        assert!((0..10).all(|_| attempts.count(start)));
        assert!(!attempts.count(start));
        assert!(attempts.count(start + Duration::from_secs(1)));
        assert!(!attempts.count(start + Duration::from_secs(1)));
    }
}
