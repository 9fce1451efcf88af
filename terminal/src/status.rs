//! What a session's program does: running, idle, or in need of attention. A pure machine: what is seen
//! in the output, output itself, input, focus, the foreground and the time go in; [`Activity`], facts
//! (title, folder, progress, last command) and the events for viewers come out. It reads no clock and
//! no `/proc`: [`Status::look_at`] says when it wants the foreground looked at.
//!
//! What the program *says* (a word by `bowline status`, a bell, a notification) stands above what is
//! *guessed*. The guess goes by, in this order: progress that it reports, the shell's marks, and how
//! the foreground reads its terminal:
//!
//! - by **keys** (editors, agents, shells at their prompt): it works while output goes on by itself;
//! - by **lines**: it works, unless it is blocked in reading the terminal: then it asks.
//!
//! Attention ends when a viewer takes the focus or somebody types.

mod activity;
mod carried;
mod facts;
#[cfg(test)]
mod recordings;
mod ring;
mod sign;
#[cfg(test)]
mod tests;
mod told;

use std::time::Duration;

use bowline_protocol::frame::{Activity, Attention, CommandMark, Event};
use serde::{Deserialize, Serialize};

pub(crate) use activity::{Foreground, Reads, Waits};
pub(crate) use facts::Facts;
pub use facts::LastCommand;
pub(crate) use sign::{Mark, Sign};
pub use sign::{UnknownWord, Word};
pub(crate) use told::Told;

use activity::{Clock, Guess};
use ring::Ring;

/// Work shorter than this ends without a call for attention: who began it is hardly gone.
const WORK_MIN_MS: u64 = 2_000;
/// A bell this soon after a key is the key's answer (completion, end of a list).
const BELL_ECHO_MS: u64 = 300;
/// Bells that follow each other this closely are one.
const BELL_PAUSE_MS: u64 = 100;
/// A word said this shortly before its command line ends outlives it: somebody typed `bowline status` at
/// a prompt.
const LAST_WORD_MS: u64 = 1_000;
/// Where keys were typed after `working`, silence this long takes it back: the work was interrupted.
const INTERRUPTED_MS: u64 = 10_000;

/// Whether any viewer has the keyboard in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Focus {
    Somebody,
    Nobody,
}

/// Where the shell is, by its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Shell {
    /// It makes no marks.
    Unmarked,
    Prompt,
    Command {
        since: u64,
    },
}

/// The machine. Times are milliseconds since the session's start.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    facts: Facts,
    ring: Ring,
    clock: Clock,
    shell: Shell,
    /// Not looked at yet: `None`.
    foreground: Option<Foreground>,
    focus: Focus,
    /// When the last focus was lost.
    unfocused_at: u64,
    last_bell: Option<u64>,
    /// What the program said of itself, and when.
    word: Option<(Word, u64)>,
    attention: Option<(Attention, u64)>,
    guess: Guess,
    activity: Activity,
    changes: u64,
}

/// Whether somebody has to be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Change {
    Told,
    Nothing,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            facts: Facts::default(),
            ring: Ring::default(),
            clock: Clock::default(),
            shell: Shell::Unmarked,
            foreground: None,
            focus: Focus::Nobody,
            unfocused_at: 0,
            last_bell: None,
            word: None,
            attention: None,
            guess: Guess::Idle,
            activity: Activity::Idle,
            changes: 1,
        }
    }
}

impl Status {
    /// What the program does.
    pub(crate) fn activity(&self) -> Activity {
        self.activity
    }

    /// Title, folder, progress, last command.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// There is output. Cheap: called for every read of the terminal.
    pub(crate) fn output(&mut self, now: u64) -> Change {
        self.clock.output(now);
        match self.guess {
            // Nothing can change by more of the same.
            Guess::Running { .. } if self.attention.is_none() => Change::Nothing,
            _ => self.settle(now),
        }
    }

    /// Somebody typed.
    pub(crate) fn input(&mut self, now: u64) -> Change {
        self.clock.input(now);
        self.attention = None;
        if matches!(self.word, Some((Word::Waiting | Word::Done, _))) {
            self.word = None;
        }
        self.settle(now)
    }

    /// A viewer took or lost the keyboard.
    pub(crate) fn focus(&mut self, now: u64, focus: Focus) -> Change {
        if focus == self.focus {
            return Change::Nothing;
        }
        self.focus = focus;
        match focus {
            Focus::Somebody => self.attention = None,
            Focus::Nobody => self.unfocused_at = now,
        }
        self.settle(now)
    }

    /// How the foreground stands, asked because [`Status::look_at`] said so.
    pub(crate) fn look(&mut self, now: u64, foreground: Foreground) -> Change {
        self.clock.looked(now, foreground);
        self.foreground = Some(foreground);
        self.settle(now)
    }

    /// When to look at the foreground; `None` = nothing can change by itself.
    pub(crate) fn look_at(&self) -> Option<u64> {
        let foreground = match self.shell {
            Shell::Prompt => None,
            Shell::Unmarked | Shell::Command { .. } => self.clock.look_at(self.foreground),
        };
        let progress = self.facts.progress_ends(&self.clock);
        let times = [foreground, progress, self.interrupted_at()];
        times.into_iter().flatten().min()
    }

    /// Something was seen in the output.
    pub(crate) fn sign(&mut self, now: u64, sign: Sign) -> Change {
        let before = self.ring.last() + self.facts.changes();
        match sign {
            Sign::Title(title) => self.facts.title(title),
            Sign::Cwd(cwd) => self.facts.cwd(cwd),
            Sign::Progress(progress) => self.facts.progress(progress, now),
            Sign::Bell => self.bell(now),
            Sign::Notification { title, body } => {
                self.ring.push(|number| Event::Notification {
                    number,
                    title,
                    body,
                });
                self.call(now, Attention::Notification);
            }
            Sign::Mark(mark) => self.mark(now, mark),
            Sign::Word(word) => self.say(now, word),
        }
        let settled = self.settle(now);
        if self.ring.last() + self.facts.changes() > before {
            return Change::Told;
        }
        settled
    }

    fn bell(&mut self, now: u64) {
        let rang = self.last_bell.replace(now);
        if rang.is_some_and(|rang| now - rang < BELL_PAUSE_MS) {
            return;
        }
        self.ring.push(|number| Event::Bell { number });
        if !self.clock.typed_since(now.saturating_sub(BELL_ECHO_MS)) {
            self.call(now, Attention::Bell);
        }
    }

    /// Somebody should look, unless somebody does.
    fn call(&mut self, now: u64, why: Attention) {
        if self.focus == Focus::Nobody {
            self.attention = Some((why, now));
        }
    }

    fn mark(&mut self, now: u64, mark: Mark) {
        match mark {
            Mark::Prompt => {
                // A shell that marks its prompts only, or a shell in the shell: the line before has ended.
                self.command_ended(now);
                self.shell = Shell::Prompt;
            }
            Mark::Output => {
                self.shell = Shell::Command { since: now };
                // How it reads is not known yet.
                self.foreground = Some(Foreground::default());
                self.clock.command(now);
                let mark = CommandMark::Started;
                self.ring.push(|number| Event::Command { number, mark });
            }
            Mark::End { status } => {
                let Shell::Command { since } = self.shell else {
                    // Marked twice, by two integrations.
                    return;
                };
                let duration_ms = now - since;
                self.facts.last_command = Some(LastCommand {
                    status,
                    duration: Duration::from_millis(duration_ms),
                });
                let mark = CommandMark::Ended {
                    status,
                    duration_ms,
                };
                self.ring.push(|number| Event::Command { number, mark });
                self.command_ended(now);
                self.shell = Shell::Prompt;
            }
        }
    }

    /// What was said during the line that ends was said about it.
    fn command_ended(&mut self, now: u64) {
        let Shell::Command { since } = self.shell else {
            return;
        };
        let working = match (self.guess, self.word) {
            (Guess::Running { since }, _) | (Guess::Idle, Some((Word::Working, since))) => {
                Some(since)
            }
            (Guess::Idle, _) => None,
        };
        self.facts.progress_done();
        if let Some((_, said)) = self.word
            && since <= said
            && said + LAST_WORD_MS < now
        {
            self.word = None;
        }
        self.guess = Guess::Idle;
        if let Some(since) = working {
            self.rest(since, now, now);
        }
    }

    fn say(&mut self, now: u64, word: Word) {
        self.attention = None;
        self.word = Some((word, now)).filter(|_| word != Word::Clear);
        if word == Word::Done {
            // What it still draws is no new work.
            self.clock.calm();
            self.call(now, Attention::Done);
        }
    }

    /// When `working` is taken back for silence, if keys were typed after it.
    fn interrupted_at(&self) -> Option<u64> {
        let (Word::Working, said) = self.word? else {
            return None;
        };
        let typed = self.clock.typed_since(said + 1);
        typed.then(|| self.clock.last_event() + INTERRUPTED_MS)
    }

    fn guess(&self, now: u64) -> Guess {
        if let Some(since) = self.facts.working_since(now, &self.clock) {
            return Guess::Running { since };
        }
        match self.shell {
            Shell::Prompt => Guess::Idle,
            Shell::Unmarked | Shell::Command { .. } => self
                .foreground
                .map_or(Guess::Idle, |foreground| self.clock.guess(now, foreground)),
        }
    }

    /// Work that began at `since` ended at `end` (seen `now`): if nobody was there, somebody should look.
    fn rest(&mut self, since: u64, end: u64, now: u64) {
        let unseen = self.focus == Focus::Nobody && self.unfocused_at <= end;
        let asks = self.foreground.is_some_and(Foreground::asks);
        let worth = asks || end.saturating_sub(since) >= WORK_MIN_MS;
        let attended = self.clock.typed_around(end);
        if unseen && worth && !attended && self.word.is_none() && self.attention.is_none() {
            self.attention = Some((Attention::Quiet, now));
        }
    }

    /// Draws the conclusions.
    fn settle(&mut self, now: u64) -> Change {
        if self.interrupted_at().is_some_and(|at| at <= now) {
            self.word = None;
        }
        let guess = self.guess(now);
        match (self.guess, guess) {
            (Guess::Running { since }, Guess::Idle) => {
                self.guess = guess;
                self.rest(since, self.clock.last_output(), now);
            }
            (Guess::Idle, Guess::Running { .. }) => {
                self.guess = guess;
                // It works again: it didn't need anybody.
                self.attention.take_if(|(why, _)| *why == Attention::Quiet);
            }
            _ => {}
        }
        let activity = self.conclude();
        if activity == self.activity {
            return Change::Nothing;
        }
        self.activity = activity;
        self.changes += 1;
        Change::Told
    }

    fn conclude(&self) -> Activity {
        match (self.word, self.attention) {
            (Some((Word::Waiting, _)), _) => Activity::NeedsAttention(Attention::Waiting),
            // Also over `working`: it rang later than it said that.
            (_, Some((why, _))) => Activity::NeedsAttention(why),
            (Some((Word::Working, _)), None) => Activity::Running,
            (Some((Word::Done, _)), None) => Activity::Idle,
            (Some((Word::Clear, _)) | None, None) => match self.guess {
                Guess::Running { .. } => Activity::Running,
                Guess::Idle => Activity::Idle,
            },
        }
    }
}
