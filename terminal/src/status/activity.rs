//! The guess: when output and input came, how the foreground reads its terminal, and what follows from
//! both. Pure.

use serde::{Deserialize, Serialize};

/// Output within this time after a key is its echo.
const ECHO_MS: u64 = 400;
/// Without output for this long, a program that reads keys rests. Longer than the slowest spinner and
/// than `top`.
const QUIET_MS: u64 = 4_000;
/// Output that goes on by itself is work once it lasts this long: less is one redraw, or a clock.
const SUSTAINED_MS: u64 = 1_000;
/// … and comes in at least this many pieces.
const SUSTAINED_COUNT: u32 = 3;
/// The foreground is looked at this long after something happened: long enough for a program to start
/// and to set its terminal up.
const SOON_MS: u64 = 500;
/// … and not more often than this, however much happens.
const EVERY_MS: u64 = 2_000;
/// Who prints and is silent this long may have asked something.
const ASKED_MS: u64 = 1_500;

/// How the foreground reads its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Reads {
    /// Line by line, as most commands would.
    #[default]
    Lines,
    /// Key by key: an editor, an agent, a shell's own prompt.
    Keys,
    /// A line that is not shown: a password.
    Secret,
}

/// What the foreground's processes wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Waits {
    /// One is blocked in reading the terminal.
    ForTerminal,
    /// None is.
    ForOther,
    /// Not to be seen, or not looked for.
    #[default]
    Unknown,
}

/// The foreground at one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Foreground {
    pub(crate) reads: Reads,
    pub(crate) waits: Waits,
}

impl Foreground {
    /// Whether it reads lines, and none now.
    fn works(self) -> bool {
        self.reads != Reads::Keys && !self.asks()
    }

    /// Whether it waits for a line.
    pub(crate) fn asks(self) -> bool {
        match (self.reads, self.waits) {
            (Reads::Keys, _) | (_, Waits::ForOther) => false,
            (Reads::Lines | Reads::Secret, Waits::ForTerminal)
            | (Reads::Secret, Waits::Unknown) => true,
            (Reads::Lines, Waits::Unknown) => false,
        }
    }
}

/// What the program seems to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Guess {
    Running { since: u64 },
    Idle,
}

/// Output that goes on without keys.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Episode {
    first: u64,
    last: u64,
    count: u32,
}

impl Episode {
    fn is_work(self, now: u64) -> bool {
        self.last - self.first >= SUSTAINED_MS
            && self.count >= SUSTAINED_COUNT
            && now < self.last + QUIET_MS
    }
}

/// When things happened.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Clock {
    last_output: u64,
    last_input: Option<u64>,
    episode: Option<Episode>,
    /// Something happened that no look has seen.
    dirty_since: Option<u64>,
    last_look: Option<u64>,
    /// Since when looks show a program that reads lines.
    lines_since: Option<u64>,
}

impl Clock {
    pub(crate) fn output(&mut self, now: u64) {
        self.last_output = now;
        self.dirty(now);
        let is_echo = self
            .last_input
            .is_some_and(|typed| now < typed.saturating_add(ECHO_MS));
        if is_echo {
            return;
        }
        match &mut self.episode {
            Some(episode) if now < episode.last + QUIET_MS => {
                episode.last = now;
                episode.count = episode.count.saturating_add(1);
            }
            _ => {
                self.episode = Some(Episode {
                    first: now,
                    last: now,
                    count: 1,
                });
            }
        }
    }

    pub(crate) fn input(&mut self, now: u64) {
        self.last_input = Some(now);
        self.dirty(now);
    }

    /// Something happened that a look may tell more about.
    pub(crate) fn dirty(&mut self, now: u64) {
        self.dirty_since.get_or_insert(now);
    }

    /// A command line begins; most read lines.
    pub(crate) fn command(&mut self, now: u64) {
        // Not what was typed before it: the shell still holds the terminal.
        self.dirty_since = Some(now);
        self.lines_since = Some(now);
    }

    pub(crate) fn looked(&mut self, now: u64, foreground: Foreground) {
        let began = self.dirty_since.take().unwrap_or(now);
        self.last_look = Some(now);
        if foreground.works() {
            self.lines_since.get_or_insert(began);
        } else {
            self.lines_since = None;
        }
    }

    /// What was printed so far is no work.
    pub(crate) fn calm(&mut self) {
        self.episode = None;
    }

    /// All times it knows.
    pub(super) fn times(&self) -> impl Iterator<Item = u64> + use<> {
        let episode = self.episode.map(|episode| episode.last);
        let times = [
            Some(self.last_output),
            self.last_input,
            episode,
            self.dirty_since,
            self.last_look,
            self.lines_since,
        ];
        times.into_iter().flatten()
    }

    /// Whether nothing ended before it began.
    pub(super) fn is_in_order(&self) -> bool {
        self.episode
            .is_none_or(|episode| episode.first <= episode.last)
    }

    pub(crate) fn last_output(&self) -> u64 {
        self.last_output
    }

    /// The last output or input.
    pub(crate) fn last_event(&self) -> u64 {
        self.last_output.max(self.last_input.unwrap_or(0))
    }

    pub(crate) fn typed_since(&self, time: u64) -> bool {
        self.last_input.is_some_and(|typed| typed >= time)
    }

    /// Whether somebody typed so shortly before a time that what came then is an echo, or later.
    pub(crate) fn typed_around(&self, time: u64) -> bool {
        self.typed_since(time.saturating_sub(ECHO_MS))
    }

    /// A time to look at, unless that was done.
    pub(crate) fn unless_looked(&self, time: u64) -> Option<u64> {
        Some(time).filter(|time| self.last_look.is_none_or(|looked| looked < *time))
    }

    pub(crate) fn look_at(&self, foreground: Option<Foreground>) -> Option<u64> {
        let next_look = self.last_look.map_or(0, |looked| looked + EVERY_MS);
        let soon = self.dirty_since.map(|since| next_look.max(since + SOON_MS));
        let rest = match foreground.unwrap_or_default().reads {
            Reads::Keys => self.episode.map(|episode| episode.last + QUIET_MS),
            Reads::Lines | Reads::Secret => Some(self.last_event() + ASKED_MS),
        };
        let rest = rest.and_then(|rest| self.unless_looked(rest));
        soon.into_iter().chain(rest).min()
    }

    pub(crate) fn guess(&self, now: u64, foreground: Foreground) -> Guess {
        let since = match foreground.reads {
            Reads::Keys => self
                .episode
                .filter(|episode| episode.is_work(now))
                .map(|episode| episode.first),
            Reads::Lines | Reads::Secret if foreground.asks() => None,
            Reads::Lines | Reads::Secret => Some(self.lines_since.unwrap_or(now)),
        };
        since.map_or(Guess::Idle, |since| Guess::Running { since })
    }
}
