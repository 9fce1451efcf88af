//! The last things that happened (bells, notifications, commands), numbered, for viewers that come back.

use std::collections::VecDeque;

use bowline_protocol::frame::Event;
use serde::{Deserialize, Serialize};

/// What a viewer that was away is told at most; beyond it the oldest is forgotten.
pub(super) const KEPT: usize = 32;

/// The last events. The newest has number `last`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ring {
    events: VecDeque<Event>,
    last: u64,
}

impl Ring {
    /// Numbers and keeps an event.
    pub(super) fn push(&mut self, event: impl FnOnce(u64) -> Event) {
        self.last += 1;
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event(self.last));
    }

    /// The newest one's number; 0 = there was none.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Those behind a number, oldest first, as far as they are kept.
    pub(super) fn behind(&self, number: u64) -> impl Iterator<Item = &Event> {
        let news = usize::try_from(self.last.saturating_sub(number)).unwrap_or(usize::MAX);
        let skipped = self.events.len().saturating_sub(news);
        self.events.iter().skip(skipped)
    }
}
