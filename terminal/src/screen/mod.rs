//! The emulator that trails each session's log: it makes snapshots for viewers, answers the program's
//! queries and hears what the output says.
//!
//! It never sits on the way of a byte to a viewer: threads of their own ([`Pool`]) read the log behind
//! everybody else, and a flood is parsed by the thread that took it in, once the viewers were told of it. The
//! one throttle there is: a session's PTY is not read while its trail is more than [`LAG_MAX`] behind, or a
//! flood would never be caught up with. A fault in an emulator costs nobody but its session anything, and that
//! only a moment: the screen is made again from the log ([`Follower`]).

mod carried;
mod follower;
mod pool;
mod replies;
mod speakers;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bowline_protocol::frame::{Colours, Sixteen, Size};
use bowline_protocol::ids::{ClientId, LogPosition};
use bowline_screen::{History, Settings};
use bytes::Bytes;
use rustix::process::Pid;
use tokio::sync::oneshot;

use crate::lock;
use crate::log::ResizeMark;
use crate::session::Session;
pub(crate) use carried::{CarriedScreen, TakenUp, is_usable};
use follower::{Fed, Follower};
pub(crate) use pool::Pool;
pub(crate) use replies::{CarriedReply, Echo, Pace, Replies};
pub(crate) use speakers::{CarriedSpeaker, Speakers};

/// How far a trail may be behind before its PTY waits, bytes: what a screen parses in a few milliseconds.
pub(crate) const LAG_MAX: u64 = 256 * 1024;
/// Read again once it is so close.
const LAG_GOOD: u64 = LAG_MAX / 2;
/// Parsed before another session has its turn, bytes.
const SLICE: usize = 64 * 1024;
/// Snapshots that may be asked for at a time by those who are no viewers. More are refused.
const QUESTIONS_MAX: usize = 16;

/// A snapshot and where the stream goes on.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) position: LogPosition,
    pub(crate) size: Size,
    /// Number of the first resize that it does not include.
    pub(crate) next_mark: u64,
    pub(crate) bytes: Bytes,
}

/// How a screen is to be told to those who are no viewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ScreenFormat {
    /// Plain text, wrapped lines joined.
    Text,
    /// The bytes that recreate it on a reset terminal.
    Ansi,
}

/// A screen at one moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ScreenShot {
    /// In the format asked for.
    pub content: String,
    /// The output it includes.
    pub offset: u64,
    /// Columns and rows.
    pub size: Size,
    /// Column and row of the cursor, from 0.
    pub cursor: (usize, usize),
    /// The title; empty when there is none.
    pub title: String,
}

/// Somebody's wish to see the screen.
#[derive(Debug)]
struct Question {
    format: ScreenFormat,
    history: History,
    /// Not before this much is parsed.
    at: u64,
    answer: oneshot::Sender<ScreenShot>,
}

/// The disk's wish for a snapshot.
#[derive(Debug)]
struct Keep {
    history: History,
    /// Not before this much is parsed.
    at: u64,
    answer: oneshot::Sender<Taken>,
}

/// What is asked of a trail.
#[derive(Debug, Default)]
struct Wanted {
    /// At most one per viewer: a new wish replaces the last.
    viewers: Vec<(ClientId, History)>,
    /// Bounded by [`QUESTIONS_MAX`].
    questions: Vec<Question>,
    /// A new wish replaces the last.
    keep: Option<Keep>,
}

/// One session's emulator and how far it is.
#[derive(Debug)]
pub(crate) struct Trail {
    pool: Arc<Pool>,
    follower: Mutex<Follower>,
    wanted: Mutex<Wanted>,
    /// End of what is parsed.
    position: AtomicU64,
    /// End of the log, to be read without its lock.
    end: AtomicU64,
    /// In the pool's queue, or about to look at the log anyway.
    queued: AtomicBool,
    /// The session's PTY waits.
    holds_up: AtomicBool,
    /// May hold memory that it does not need; the pool knows.
    is_grown: AtomicBool,
}

/// A piece of the log, all of it said by one program to one size.
struct Slice {
    /// Offset of the first byte.
    position: u64,
    bytes: Vec<Bytes>,
    /// The resize behind it.
    mark: Option<ResizeMark>,
    colours: Option<(Colours, Option<Sixteen>)>,
    /// The process group that had the terminal.
    asked_by: Option<Pid>,
}

impl Slice {
    fn len(&self) -> u64 {
        self.bytes.iter().map(|bytes| bytes.len() as u64).sum()
    }
}

/// Whether a trail has more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    More,
    Nothing,
}

impl Trail {
    /// Keeps so many lines above the screen.
    pub(crate) fn new(pool: Arc<Pool>, size: Size, scrollback: usize) -> Self {
        let settings = Settings {
            scrollback,
            ..Settings::default()
        };
        Self {
            pool,
            follower: Mutex::new(Follower::new(size, settings)),
            wanted: Mutex::default(),
            position: AtomicU64::new(0),
            end: AtomicU64::new(0),
            queued: AtomicBool::new(false),
            holds_up: AtomicBool::new(false),
            is_grown: AtomicBool::new(false),
        }
    }

    /// Whether the PTY must wait. If so, the session is woken when it may be read again.
    pub(crate) fn must_wait(&self) -> bool {
        if self.lag() <= LAG_MAX {
            return false;
        }
        self.holds_up.store(true, Ordering::SeqCst);
        // Caught up in between? Then nobody would wake.
        self.lag() > LAG_GOOD || !self.holds_up.swap(false, Ordering::SeqCst)
    }

    /// Bytes of the log that are not parsed yet.
    fn lag(&self) -> u64 {
        let end = self.end.load(Ordering::SeqCst);
        end.saturating_sub(self.position.load(Ordering::SeqCst))
    }

    /// Whether all of the log is parsed.
    pub(crate) fn pace(&self) -> Pace {
        if self.lag() == 0 {
            Pace::CaughtUp
        } else {
            Pace::Behind
        }
    }

    /// The log ends there now. The caller sees to it that somebody follows.
    pub(crate) fn grown_to(&self, end: u64) {
        self.end.store(end, Ordering::SeqCst);
    }

    /// Parses at most so many bytes here and now, unless a thread of the pool is at it.
    pub(crate) fn advance(&self, session: &Arc<Session>, most: usize) -> Left {
        if self.lag() == 0 || self.queued.swap(true, Ordering::SeqCst) {
            return Left::Nothing;
        }
        let follower = self.follower.try_lock().ok();
        let Some(follower) = follower.filter(|follower| !follower.is_replaying()) else {
            // A thread of the pool makes a snapshot, or is to make a screen again, which takes its time.
            self.pool.push(session.clone());
            return Left::Nothing;
        };
        let left = self.step(session, follower, most);
        if left == Left::Nothing {
            self.settle(session);
        }
        left
    }

    /// Parses all there is, here and now, unless a thread of the pool is at it.
    pub(crate) fn catch_up(&self, session: &Arc<Session>) {
        while self.advance(session, SLICE) == Left::More {}
    }

    /// Whether parsing is all there is to do: snapshots take their time.
    pub(crate) fn only_parses(&self) -> bool {
        let wanted = lock(&self.wanted);
        wanted.viewers.is_empty() && wanted.questions.is_empty() && wanted.keep.is_none()
    }

    /// A viewer wants a snapshot: it is put into its session's state, and the viewer is woken.
    pub(crate) fn want(&self, session: &Arc<Session>, client: ClientId, history: History) {
        let mut wanted = lock(&self.wanted);
        wanted.viewers.retain(|(other, _)| *other != client);
        wanted.viewers.push((client, history));
        drop(wanted);
        self.follow(session);
    }

    /// The screen once all output up to `at` is on it. `None`: too many ask.
    pub(crate) fn ask(
        &self,
        session: &Arc<Session>,
        format: ScreenFormat,
        history: History,
        at: u64,
    ) -> Option<oneshot::Receiver<ScreenShot>> {
        let (answer, answered) = oneshot::channel();
        let mut wanted = lock(&self.wanted);
        wanted.questions.retain(|asked| !asked.answer.is_closed());
        if wanted.questions.len() >= QUESTIONS_MAX {
            return None;
        }
        wanted.questions.push(Question {
            format,
            history,
            at,
            answer,
        });
        drop(wanted);
        self.follow(session);
        Some(answered)
    }

    /// A snapshot for the disk, once all output up to `at` is in it.
    pub(crate) fn keep(
        &self,
        session: &Arc<Session>,
        history: History,
        at: u64,
    ) -> oneshot::Receiver<Taken> {
        let (answer, answered) = oneshot::channel();
        lock(&self.wanted).keep = Some(Keep {
            history,
            at,
            answer,
        });
        self.follow(session);
        answered
    }

    /// There is something to do: output, a size, or a wish.
    pub(crate) fn follow(&self, session: &Arc<Session>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            self.pool.push(session.clone());
        }
    }

    /// Does one slice of what there is to do.
    fn run(&self, session: &Arc<Session>) {
        match self.step(session, lock(&self.follower), SLICE) {
            Left::More => self.follow(session),
            Left::Nothing => self.settle(session),
        }
    }

    fn settle(&self, session: &Arc<Session>) {
        if !self.is_grown.swap(true, Ordering::SeqCst) {
            self.pool.settled(session);
        }
    }

    /// Parses a slice of the log and answers whoever waits.
    fn step(
        &self,
        session: &Arc<Session>,
        mut follower: MutexGuard<'_, Follower>,
        most: usize,
    ) -> Left {
        // From here on whoever has something new queues the session again.
        self.queued.store(false, Ordering::SeqCst);
        let slice = self.next_slice(session, &mut follower, most);
        let end = slice.position + slice.len();
        let (heard, position) = match follower.feed(slice.position, &slice) {
            Fed::Parsed(heard) => (heard, end),
            Fed::Failed(heard) => {
                let failed = slice.position..end;
                (heard, self.recover(session, &mut follower, &failed))
            }
        };
        self.position.store(position, Ordering::SeqCst);
        session.heard(heard, slice.asked_by);
        self.answer(session, &mut follower, position);
        drop(follower);
        let lag = self.lag();
        if lag <= LAG_GOOD && self.holds_up.swap(false, Ordering::SeqCst) {
            session.wake_task();
        }
        if lag > 0 { Left::More } else { Left::Nothing }
    }

    /// What comes next in the log, up to the next resize or the next program.
    fn next_slice(&self, session: &Session, follower: &mut Follower, most: usize) -> Slice {
        let mut shared = session.shared();
        let mut position = self.position.load(Ordering::SeqCst);
        if position < shared.log.start() {
            // Only a log smaller than the lag that is allowed drops what was not parsed.
            position = shared.log.line_near_end(SLICE as u64);
            follower.start_empty(&shared.log, position);
            self.position.store(position, Ordering::SeqCst);
        }
        let mark = shared.log.mark(follower.next_mark);
        let to_mark = mark.map_or(u64::MAX, |mark| mark.offset.saturating_sub(position));
        let (asked_by, to_next) = shared.speakers.at(position);
        let to_next = to_next.min(follower.step_at(position));
        let most = (most as u64).min(to_mark).min(to_next) as usize;
        let bytes = shared.log.read(position, most);
        let read: u64 = bytes.iter().map(|slice| slice.len() as u64).sum();
        Slice {
            position,
            bytes,
            mark: mark.filter(|mark| mark.offset <= position + read),
            colours: shared.viewers.colours(),
            asked_by,
        }
    }

    /// The emulator failed in this piece of the log: gives where the trail goes on.
    fn recover(&self, session: &Session, follower: &mut Follower, failed: &Range<u64>) -> u64 {
        let shared = session.shared();
        let position = follower.recover(&shared.log, failed);
        drop(shared);
        let until = failed.end;
        if follower.is_replaying() {
            tracing::error!(session = %session.id, until, "a screen failed and is made again from the log");
        } else {
            tracing::error!(session = %session.id, until, "a screen failed and starts empty");
        }
        self.position.store(position, Ordering::SeqCst);
        position
    }

    /// Gives snapshots to those who want one.
    fn answer(&self, session: &Arc<Session>, follower: &mut Follower, position: u64) {
        if follower.is_replaying() {
            // Nobody wants to see the past: they wait until it is over.
            return;
        }
        let (mut viewers, mut questions, mut keep) = {
            let mut wanted = lock(&self.wanted);
            let ready = |asked: &mut Question| asked.at <= position;
            let questions: Vec<Question> = wanted.questions.extract_if(.., ready).collect();
            let keep = wanted.keep.take_if(|keep| keep.at <= position);
            (std::mem::take(&mut wanted.viewers), questions, keep)
        };
        let mut made: Vec<(History, Taken)> = Vec::new();
        while let Some((client, history)) = viewers.pop() {
            let known = made.iter().find(|(other, _)| *other == history);
            let taken = match known {
                Some((_, taken)) => taken.clone(),
                None => {
                    let Some(taken) = self.take(session, follower, position, history) else {
                        viewers.push((client, history));
                        break;
                    };
                    made.push((history, taken.clone()));
                    taken
                }
            };
            session.hand_over(client, taken);
        }
        while let Some(asked) = questions.pop() {
            let shot = self.look(session, follower, position, |follower| {
                follower.shot(asked.format, asked.history, position)
            });
            let Some(shot) = shot else {
                questions.push(asked);
                break;
            };
            // Whoever asked may have gone.
            let _ = asked.answer.send(shot);
        }
        if let Some(asked) = keep.take() {
            match self.take(session, follower, position, asked.history) {
                Some(taken) => {
                    let _ = asked.answer.send(taken);
                }
                None => keep = Some(asked),
            }
        }
        self.ask_again(viewers, questions, keep);
    }

    /// A snapshot, if the screen can be looked at.
    fn take(
        &self,
        session: &Session,
        follower: &mut Follower,
        position: u64,
        history: History,
    ) -> Option<Taken> {
        let snapshot = self.look(session, follower, position, |follower| {
            follower.snapshot(history)
        })?;
        Some(Taken {
            position: LogPosition {
                log: session.shared().log.id(),
                offset: position - snapshot.behind as u64,
            },
            size: follower.size(),
            next_mark: follower.next_mark,
            bytes: snapshot.bytes.into(),
        })
    }

    /// Looks at the screen; if the emulator fails, at the empty one that starts then. `None`: not before the
    /// screen is made again, or never.
    fn look<T>(
        &self,
        session: &Session,
        follower: &mut Follower,
        position: u64,
        mut look: impl FnMut(&mut Follower) -> Option<T>,
    ) -> Option<T> {
        if follower.is_replaying() {
            return None;
        }
        look(follower).or_else(|| {
            self.recover(session, follower, &(position..position));
            (!follower.is_replaying()).then(|| look(follower)).flatten()
        })
    }

    /// Who could not be answered waits on, unless it has another wish meanwhile.
    fn ask_again(
        &self,
        viewers: Vec<(ClientId, History)>,
        questions: Vec<Question>,
        keep: Option<Keep>,
    ) {
        let mut wanted = lock(&self.wanted);
        for (client, history) in viewers {
            if wanted.viewers.iter().all(|(other, _)| *other != client) {
                wanted.viewers.push((client, history));
            }
        }
        wanted.questions.extend(questions);
        if wanted.keep.is_none() {
            wanted.keep = keep;
        }
    }

    /// The session is quiet: gives back what the next flood would need.
    pub(crate) fn shrink(&self, session: &Arc<Session>) {
        self.is_grown.store(false, Ordering::SeqCst);
        let mut follower = lock(&self.follower);
        if follower.shrink().is_none() {
            let position = self.position.load(Ordering::SeqCst);
            self.recover(session, &mut follower, &(position..position));
            drop(follower);
            self.follow(session);
        }
    }
}
