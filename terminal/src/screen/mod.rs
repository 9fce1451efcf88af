//! The emulator that trails each session's log: it makes snapshots for viewers, answers the program's
//! queries and hears what the output says.
//!
//! It never sits on the way of a byte to a viewer: threads of their own ([`Pool`]) read the log behind
//! everybody else, and a flood is parsed by the thread that took it in, once the viewers were told of it. The
//! one throttle there is: a session's PTY is not read while its trail is more than [`LAG_MAX`] behind, or a
//! flood would never be caught up with.

mod pool;
mod replies;
mod speakers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bowline_protocol::frame::{Colours, Sixteen, Size};
use bowline_protocol::ids::{ClientId, LogPosition};
use bowline_screen::{History, Screen, Settings, Signal};
use bytes::Bytes;
use rustix::process::Pid;
use tokio::sync::oneshot;

use crate::lock;
use crate::log::ResizeMark;
use crate::session::Session;
pub(crate) use pool::Pool;
pub(crate) use replies::{Echo, Pace, Replies};
pub(crate) use speakers::Speakers;

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

/// What is asked of a trail.
#[derive(Debug, Default)]
struct Wanted {
    /// At most one per viewer: a new wish replaces the last.
    viewers: Vec<(ClientId, History)>,
    /// Bounded by [`QUESTIONS_MAX`].
    questions: Vec<Question>,
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

#[derive(Debug)]
struct Follower {
    screen: Screen,
    settings: Settings,
    next_mark: u64,
}

/// A piece of the log, all of it said by one program to one size.
struct Slice {
    bytes: Vec<Bytes>,
    /// The resize behind it.
    mark: Option<ResizeMark>,
    colours: Option<(Colours, Option<Sixteen>)>,
    /// The process group that had the terminal.
    asked_by: Option<Pid>,
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
            follower: Mutex::new(Follower {
                screen: Screen::new(size, settings),
                settings,
                next_mark: 0,
            }),
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
        let Ok(follower) = self.follower.try_lock() else {
            // A thread of the pool makes a snapshot, which takes its time.
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
        wanted.viewers.is_empty() && wanted.questions.is_empty()
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
        let Slice {
            bytes: slices,
            mark,
            colours,
            asked_by,
        } = self.next_slice(session, &mut follower, most);
        let signals = follower.feed(session, &slices, mark, colours);
        let read: u64 = slices.iter().map(|slice| slice.len() as u64).sum();
        let position = self.position.fetch_add(read, Ordering::SeqCst) + read;
        session.heard(signals, asked_by);
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
            let (size, next_mark) = shared.log.size_at(position);
            follower.screen = Screen::new(size, follower.settings);
            follower.next_mark = next_mark;
            self.position.store(position, Ordering::SeqCst);
        }
        let mark = shared.log.mark(follower.next_mark);
        let to_mark = mark.map_or(u64::MAX, |mark| mark.offset.saturating_sub(position));
        let (asked_by, to_next) = shared.speakers.at(position);
        let most = (most as u64).min(to_mark).min(to_next) as usize;
        let bytes = shared.log.read(position, most);
        let read: u64 = bytes.iter().map(|slice| slice.len() as u64).sum();
        Slice {
            bytes,
            mark: mark.filter(|mark| mark.offset <= position + read),
            colours: shared.viewers.colours(),
            asked_by,
        }
    }

    /// Gives snapshots to those who want one.
    fn answer(&self, session: &Arc<Session>, follower: &mut Follower, position: u64) {
        let (viewers, questions) = {
            let mut wanted = lock(&self.wanted);
            let ready = |asked: &mut Question| asked.at <= position;
            let questions: Vec<Question> = wanted.questions.extract_if(.., ready).collect();
            (std::mem::take(&mut wanted.viewers), questions)
        };
        let mut made: Vec<(History, Taken)> = Vec::new();
        for (client, history) in viewers {
            let known = made.iter().find(|(other, _)| *other == history);
            let taken = match known {
                Some((_, taken)) => taken.clone(),
                None => {
                    let snapshot = follower.screen.snapshot(history);
                    let taken = Taken {
                        position: LogPosition {
                            log: session.shared().log.id(),
                            offset: position - snapshot.behind as u64,
                        },
                        size: follower.screen.size(),
                        next_mark: follower.next_mark,
                        bytes: snapshot.bytes.into(),
                    };
                    made.push((history, taken.clone()));
                    taken
                }
            };
            session.hand_over(client, taken);
        }
        for asked in questions {
            let shot = follower.shot(asked.format, asked.history, position);
            // Whoever asked may have gone.
            let _ = asked.answer.send(shot);
        }
    }

    /// The session is quiet: gives back what the next flood would need.
    pub(crate) fn shrink(&self) {
        self.is_grown.store(false, Ordering::SeqCst);
        lock(&self.follower).screen.shrink();
    }
}

impl Follower {
    fn feed(
        &mut self,
        session: &Session,
        slices: &[Bytes],
        mark: Option<ResizeMark>,
        colours: Option<(Colours, Option<Sixteen>)>,
    ) -> Vec<Signal> {
        let size = self.screen.size();
        let fed = catch_unwind(AssertUnwindSafe(|| {
            if let Some((colours, sixteen)) = colours {
                self.screen.set_colours(colours);
                if let Some(sixteen) = sixteen {
                    self.screen.set_sixteen(sixteen);
                }
            }
            for slice in slices {
                self.screen.feed(slice);
            }
            if let Some(mark) = mark {
                self.screen.resize(mark.size);
            }
        }));
        if let Some(mark) = mark {
            self.next_mark = mark.number + 1;
        }
        if fed.is_err() {
            // A fault in a screen costs this session its screen, nobody anything else.
            tracing::error!(session = %session.id, "a screen failed and starts anew");
            self.screen = Screen::new(mark.map_or(size, |mark| mark.size), self.settings);
        }
        self.screen.take_signals()
    }

    fn shot(&mut self, format: ScreenFormat, history: History, position: u64) -> ScreenShot {
        let (content, offset) = match format {
            ScreenFormat::Text => (self.screen.text(history), position),
            ScreenFormat::Ansi => {
                let snapshot = self.screen.snapshot(history);
                let text = String::from_utf8_lossy(&snapshot.bytes).into_owned();
                (text, position - snapshot.behind as u64)
            }
        };
        let cursor = self.screen.cursor();
        ScreenShot {
            content,
            offset,
            size: self.screen.size(),
            cursor: (cursor.x, cursor.y),
            title: self.screen.title().to_owned(),
        }
    }
}
