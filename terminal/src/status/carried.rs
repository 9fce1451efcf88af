//! The machine as it is handed over to another image of this process. It is its own record: fields that are added
//! have a default. One that contradicts itself is not taken up.

use serde_json::Value;

use super::activity::Guess;
use super::ring::KEPT;
use super::{Shell, Status};

/// Nothing happens so often.
const COUNT_MAX: u64 = 1 << 62;

impl Status {
    pub(crate) fn carry(&self) -> Value {
        // It has nothing in it that can't be written.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Takes a machine up at a time. `None`: it can't be read, or is ahead of that time.
    pub(crate) fn take_up(carried: Value, now: u64) -> Option<Self> {
        let status: Self = serde_json::from_value(carried).ok()?;
        let shell = match status.shell {
            Shell::Command { since } => Some(since),
            Shell::Unmarked | Shell::Prompt => None,
        };
        let guess = match status.guess {
            Guess::Running { since } => Some(since),
            Guess::Idle => None,
        };
        let said = status.word.map(|(_, at)| at);
        let called = status.attention.map(|(_, at)| at);
        let own = [shell, guess, said, called, status.last_bell];
        let times = own.into_iter().flatten().chain([status.unfocused_at]);
        let mut times = times
            .chain(status.clock.times())
            .chain(status.facts.times());
        let mut counts = [status.changes, status.ring.last()]
            .into_iter()
            .chain(status.facts.counts());
        let is_sane = times.all(|time| time <= now)
            && counts.all(|count| count <= COUNT_MAX)
            && status.clock.is_in_order()
            && status.ring.behind(0).count() <= KEPT;
        is_sane.then_some(status)
    }
}
