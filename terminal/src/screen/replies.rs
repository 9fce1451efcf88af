//! Answers of the screen on their way to the program that asked.
//!
//! A program that asks reads the answer without echo. Where the terminal still echoes, the answer waits a
//! moment for that to end. If it does not, or if who asked has ended, nobody would understand the answer:
//! it would be seen, or typed into a shell. So it is dropped. Echo also ends when a shell comes back to its
//! prompt: an answer that found echo on waits for what the shell says about that.

use std::collections::VecDeque;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::handover;

/// Bytes of answers that may wait. A program that asks without reading gets no more.
const WAITING_MAX: usize = 4096;
/// How long an answer waits for echo to go off.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often echo is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);
/// After echo: how long what a shell says of a command's end may be on its way through the kernel.
const SETTLES: Duration = Duration::from_millis(20);

#[derive(Debug)]
struct Reply {
    bytes: Vec<u8>,
    /// The foreground process group when it was asked.
    asked_by: Option<Pid>,
    until: Instant,
    /// When echo was seen on last.
    echoed: Option<Instant>,
    /// Part of it is written: the rest must follow.
    is_begun: bool,
}

/// An answer as it is handed over to another image of this process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarriedReply {
    bytes: Vec<u8>,
    #[serde(default)]
    asked_by: Option<i32>,
    #[serde(default)]
    is_begun: bool,
}

/// Answers that wait.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    waiting: VecDeque<Reply>,
    bytes: usize,
    /// When the first may be written, after it could not.
    look_at: Option<Instant>,
}

/// Whether what is written to a program is shown too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    On,
    Off,
}

/// Whether the screen knows all that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    CaughtUp,
    /// That the one who asked has ended may be in what it has not read.
    Behind,
}

/// Whether no process of a group is left.
fn has_ended(group: Pid) -> bool {
    test_kill_process_group(group) == Err(Errno::SRCH)
}

impl Replies {
    pub(crate) fn carry(&self) -> Vec<CarriedReply> {
        let carry = |reply: &Reply| CarriedReply {
            bytes: reply.bytes.clone(),
            asked_by: reply.asked_by.map(Pid::as_raw_pid),
            is_begun: reply.is_begun,
        };
        self.waiting.iter().map(carry).collect()
    }

    /// They wait anew for echo to go off.
    pub(crate) fn take_up(carried: Vec<CarriedReply>) -> Self {
        let mut replies = Self::default();
        for reply in carried {
            replies.push(reply.bytes, reply.asked_by.and_then(handover::pid));
            if let Some(last) = replies.waiting.back_mut() {
                last.is_begun |= reply.is_begun;
            }
        }
        replies
    }

    /// An answer to what `asked_by` asked.
    pub(crate) fn push(&mut self, bytes: Vec<u8>, asked_by: Option<Pid>) {
        if self.bytes + bytes.len() > WAITING_MAX {
            tracing::debug!("a program asks without reading the answers");
            return;
        }
        self.bytes += bytes.len();
        self.waiting.push_back(Reply {
            bytes,
            asked_by,
            until: Instant::now() + PATIENCE,
            echoed: None,
            is_begun: false,
        });
    }

    /// When to try; `None` while nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let first = self.waiting.front()?;
        Some(self.look_at.unwrap_or(first.until - PATIENCE))
    }

    /// What is to be written now. [`Replies::wrote`] takes it off.
    pub(crate) fn front(&mut self, echo: Echo, pace: Pace) -> Option<&[u8]> {
        let now = Instant::now();
        self.look_at = None;
        while let Some(first) = self.waiting.front_mut() {
            let is_late = now >= first.until;
            let is_lost = first.asked_by.is_some_and(has_ended) || (echo == Echo::On && is_late);
            if first.is_begun {
                break;
            } else if is_lost {
                self.bytes -= first.bytes.len();
                self.waiting.pop_front();
                continue;
            }
            if echo == Echo::On {
                first.echoed = Some(now);
            }
            let settled = first.echoed.map(|at| at + SETTLES);
            if echo == Echo::On || (pace == Pace::Behind && !is_late) {
                self.look_at = Some(now + LOOK);
            } else {
                self.look_at = settled.filter(|at| *at > now);
            }
            if self.look_at.is_some() {
                return None;
            }
            break;
        }
        self.waiting.front().map(|reply| reply.bytes.as_slice())
    }

    /// So many bytes of the front are written.
    pub(crate) fn wrote(&mut self, count: usize) {
        if let Some(first) = self.waiting.front_mut() {
            self.bytes -= count;
            first.bytes.drain(..count);
            first.is_begun = true;
            if first.bytes.is_empty() {
                self.waiting.pop_front();
            }
        }
    }

    /// Who asked has ended. Of an answer that is written in part the rest follows.
    pub(crate) fn clear(&mut self) {
        self.waiting.retain(|reply| reply.is_begun);
        self.bytes = self.waiting.iter().map(|reply| reply.bytes.len()).sum();
        self.look_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process group that lives as long as this test.
    fn ours() -> Option<Pid> {
        Some(rustix::process::getpgrp())
    }

    /// One that has ended.
    fn ended() -> Option<Pid> {
        use std::os::unix::process::CommandExt as _;

        let child = std::process::Command::new("true").process_group(0).spawn();
        let mut child = child.expect("a child");
        let group = Pid::from_child(&child);
        child.wait().expect("it ends");
        Some(group)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_echo_to_end_and_then_is_written() {
        let mut replies = Replies::default();
        replies.push(b"answer".to_vec(), ours());
        assert_eq!(replies.front(Echo::On, Pace::CaughtUp), None);
        tokio::time::advance(LOOK).await;
        assert_eq!(replies.front(Echo::Off, Pace::CaughtUp), None);
        tokio::time::advance(SETTLES).await;
        let front = replies.front(Echo::Off, Pace::CaughtUp);
        assert_eq!(front, Some(&b"answer"[..]));
        replies.wrote(6);
        assert_eq!(replies.front(Echo::Off, Pace::CaughtUp), None);
        assert_eq!(replies.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_the_screen_but_not_for_long() {
        let mut replies = Replies::default();
        replies.push(b"answer".to_vec(), ours());
        assert_eq!(replies.front(Echo::Off, Pace::Behind), None);
        assert_eq!(replies.due(), Some(Instant::now() + LOOK));
        tokio::time::advance(PATIENCE).await;
        let front = replies.front(Echo::Off, Pace::Behind);
        assert_eq!(front, Some(&b"answer"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_nobody_reads_is_dropped() {
        let mut replies = Replies::default();
        replies.push(b"echoed".to_vec(), ours());
        tokio::time::advance(PATIENCE).await;
        assert_eq!(replies.front(Echo::On, Pace::CaughtUp), None);
        assert_eq!(replies.due(), None);
        replies.push(b"for one that has ended".to_vec(), ended());
        assert_eq!(replies.front(Echo::Off, Pace::CaughtUp), None);
        assert_eq!(replies.due(), None);
        replies.push(vec![b'x'; WAITING_MAX + 1], ours());
        assert_eq!(replies.due(), None);
    }
}
