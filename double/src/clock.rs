//! The workspace's clock: it goes on by itself, and need not agree with ours.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clock.
#[derive(Debug)]
pub struct Clock {
    begun: Instant,
    at_begin: SystemTime,
}

impl Clock {
    pub(crate) fn begin() -> Self {
        Self {
            begun: Instant::now(),
            at_begin: SystemTime::now(),
        }
    }

    /// What it says.
    pub fn now(&self) -> SystemTime {
        self.at_begin + self.begun.elapsed()
    }

    /// The same, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        millis(self.now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// Goes ahead by seconds, or back by fewer than none: from then on it differs from ours, and tokens die by it.
    pub fn jump(&mut self, seconds: i64) {
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            self.at_begin -= by;
        } else {
            self.at_begin += by;
        }
    }
}

/// A time in milliseconds, as JSON has it.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
