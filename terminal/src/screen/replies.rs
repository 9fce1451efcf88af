//! Answers of the screen on their way to the program that asked.
//!
//! A program that asks reads the answer without echo. Where the terminal still echoes, the answer waits a
//! moment for that to end; if it does not, or if another program has the terminal by then, nobody would
//! understand it: it would be seen, or typed into a shell. So it is dropped.

use std::collections::VecDeque;
use std::time::Duration;

use rustix::process::Pid;
use tokio::time::Instant;

/// Bytes of answers that may wait. A program that asks without reading gets no more.
const WAITING_MAX: usize = 4096;
/// How long an answer waits for echo to go off.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often echo is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

#[derive(Debug)]
struct Reply {
    bytes: Vec<u8>,
    /// The foreground process group when it was asked.
    asked_by: Option<Pid>,
    until: Instant,
    /// Part of it is written: the rest must follow.
    is_begun: bool,
}

/// Answers that wait.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    waiting: VecDeque<Reply>,
    bytes: usize,
    /// Echo was on when last looked at.
    look_at: Option<Instant>,
}

/// What the terminal is like for an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) echoes: bool,
    pub(crate) foreground: Option<Pid>,
}

impl Replies {
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
            is_begun: false,
        });
    }

    /// When to try; `None` while nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let first = self.waiting.front()?;
        Some(self.look_at.unwrap_or(first.until - PATIENCE))
    }

    /// What is to be written now. [`Replies::wrote`] takes it off.
    pub(crate) fn front(&mut self, line: Line) -> Option<&[u8]> {
        let now = Instant::now();
        self.look_at = None;
        while let Some(first) = self.waiting.front() {
            let is_lost = line.foreground != first.asked_by || (line.echoes && now >= first.until);
            if first.is_begun || !is_lost {
                break;
            }
            self.bytes -= first.bytes.len();
            self.waiting.pop_front();
        }
        let waits = self.waiting.front().is_some_and(|first| !first.is_begun);
        if line.echoes && waits {
            self.look_at = Some(now + LOOK);
            return None;
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

    fn pid(number: i32) -> Option<Pid> {
        Pid::from_raw(number)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_echo_to_end_and_then_is_written() {
        let mut replies = Replies::default();
        replies.push(b"answer".to_vec(), pid(7));
        let echoing = Line {
            echoes: true,
            foreground: pid(7),
        };
        assert_eq!(replies.front(echoing), None);
        tokio::time::advance(LOOK).await;
        let quiet = Line {
            echoes: false,
            ..echoing
        };
        assert_eq!(replies.front(quiet), Some(&b"answer"[..]));
        replies.wrote(6);
        assert_eq!(replies.front(quiet), None);
        assert_eq!(replies.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_nobody_reads_is_dropped() {
        let mut replies = Replies::default();
        replies.push(b"echoed".to_vec(), pid(7));
        tokio::time::advance(PATIENCE).await;
        let echoing = Line {
            echoes: true,
            foreground: pid(7),
        };
        assert_eq!(replies.front(echoing), None);
        assert_eq!(replies.due(), None);
        replies.push(b"for another".to_vec(), pid(7));
        let other = Line {
            echoes: false,
            foreground: pid(8),
        };
        assert_eq!(replies.front(other), None);
        replies.push(vec![b'x'; WAITING_MAX + 1], pid(7));
        assert_eq!(replies.due(), None);
    }
}
