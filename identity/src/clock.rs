//! The clock that tokens age by. A laptop that slept, or a machine whose clock was set right, must not take a dead token for
//! a good one: of two readings the larger step counts, that of the system's clock or that of the monotonic one.

use std::time::{Duration, Instant, SystemTime};

use crate::rotation::Moment;

/// The clock; it never goes back.
#[derive(Debug)]
pub struct Clock {
    now: Moment,
    last: (Instant, SystemTime),
}

impl Clock {
    /// Begins now.
    pub fn begin() -> Self {
        Self {
            now: Duration::ZERO,
            last: (Instant::now(), SystemTime::now()),
        }
    }

    /// The time since it began.
    pub fn now(&mut self) -> Moment {
        self.read(Instant::now(), SystemTime::now())
    }

    fn read(&mut self, monotonic: Instant, system: SystemTime) -> Moment {
        let by_monotonic = monotonic.saturating_duration_since(self.last.0);
        // Set back, it says nothing.
        let by_system = system.duration_since(self.last.1).unwrap_or_default();
        self.now += by_monotonic.max(by_system);
        self.last = (monotonic, system);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_steps_the_larger_counts() {
        let mut clock = Clock::begin();
        let (monotonic, system) = clock.last;
        let seconds = Duration::from_secs;
        // Both go on.
        let now = clock.read(monotonic + seconds(5), system + seconds(5));
        assert_eq!(now, seconds(5));
        // The machine slept.
        let now = clock.read(monotonic + seconds(6), system + seconds(100));
        assert_eq!(now, seconds(100));
        // The clock was set back.
        let now = clock.read(monotonic + seconds(10), system);
        assert_eq!(now, seconds(104));
    }
}
