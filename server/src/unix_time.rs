//! Moments of the system's clock as the API and files of ours say them: since 1970. What lies before is 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long after 1970 a moment is.
pub(crate) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A moment in milliseconds.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    whole_ms(since_epoch(time))
}

/// Whole milliseconds of a time.
pub(crate) fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
