//! What a program last said of itself: title, folder, progress, its last command. Each with the number
//! of its changes, so that a viewer is told only what is new to it.

use std::time::Duration;

use bowline_protocol::frame::Progress;
use serde::{Deserialize, Serialize};

use super::activity::Clock;

/// Progress that stands still while nothing is printed for this long is a program's that was ended.
const PROGRESS_MAX_MS: u64 = 60_000;

/// Something said, and how often it changed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Fact<T> {
    pub(crate) value: T,
    pub(crate) changes: u64,
}

impl<T: PartialEq> Fact<T> {
    fn set(&mut self, value: T) {
        if self.value != value {
            self.value = value;
            self.changes += 1;
        }
    }
}

/// How the last command line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCommand {
    /// Its exit status, where the shell tells.
    pub status: Option<i32>,
    /// How long it took.
    pub duration: Duration,
}

/// All that was said.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) title: Fact<String>,
    /// Empty = never said.
    pub(crate) cwd: Fact<String>,
    pub(crate) progress: Fact<Progress>,
    pub(crate) last_command: Option<LastCommand>,
    progress_since: u64,
}

impl Facts {
    /// All times it knows.
    pub(super) fn times(&self) -> impl Iterator<Item = u64> + use<> {
        [self.progress_since].into_iter()
    }

    /// How often each changed.
    pub(super) fn counts(&self) -> [u64; 3] {
        [self.title.changes, self.cwd.changes, self.progress.changes]
    }

    /// How often anything changed.
    pub(crate) fn changes(&self) -> u64 {
        self.title.changes + self.cwd.changes + self.progress.changes
    }

    pub(crate) fn title(&mut self, title: String) {
        self.title.set(title);
    }

    pub(crate) fn cwd(&mut self, cwd: String) {
        self.cwd.set(cwd);
    }

    pub(crate) fn progress(&mut self, progress: Progress, now: u64) {
        if !self.is_under_way() {
            self.progress_since = now;
        }
        self.progress.set(progress);
    }

    /// The program is over, and with it what it said about its progress.
    pub(crate) fn progress_done(&mut self) {
        self.progress.set(Progress::None);
    }

    fn is_under_way(&self) -> bool {
        matches!(
            self.progress.value,
            Progress::Normal(_) | Progress::Indeterminate
        )
    }

    /// Since when the program says that it gets on.
    pub(crate) fn working_since(&self, now: u64, clock: &Clock) -> Option<u64> {
        let alive = now < clock.last_output() + PROGRESS_MAX_MS;
        (self.is_under_way() && alive).then_some(self.progress_since)
    }

    /// When that is no longer believed.
    pub(crate) fn progress_ends(&self, clock: &Clock) -> Option<u64> {
        let ends = clock.last_output() + PROGRESS_MAX_MS;
        clock.unless_looked(ends).filter(|_| self.is_under_way())
    }
}
