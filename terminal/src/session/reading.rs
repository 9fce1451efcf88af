//! Reading a session's PTY: by its task while it is quiet, by a thread while it floods.
//!
//! The kernel hands a terminal's output over in pieces of 4 KiB and lets a reader wait for the next one, also
//! one that asked not to wait. That is nothing for a prompt. A flood would keep all other sessions from the
//! runtime's thread, so a thread takes it in, and parses it while it is in the processor's cache: no other
//! thread has to be woken for that. Few floods are read at a time.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::readiness::Watched;
use crate::session::{Session, Terminal};

/// What the kernel gives at most in one piece: its buffer less one (`N_TTY_BUF_SIZE`). Less than that means
/// that nothing was left; what comes later is announced.
pub(super) const PIECE: usize = 4095;
/// Full pieces after which output is a flood.
const CALM_PIECES: usize = 4;
/// Most output taken in at a time: everything a program wrote since the last look becomes one chunk and
/// one wake.
const READ_MAX: usize = 64 * 1024;
/// How long one flood is read before the next has its turn.
const TURN: Duration = Duration::from_millis(5);

thread_local! {
    /// Where the kernel's bytes land before they are copied, once and in their exact length, into the log.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What one look at the PTY gave.
#[derive(Debug)]
pub(super) enum Output {
    Bytes(Bytes),
    Nothing,
    /// Nobody has the terminal open.
    HungUp,
}

/// What is left after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing, for now.
    Nothing,
    Perhaps,
}

/// When a look is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// As soon as nothing is left: the next key must not wait.
    Short,
    /// When the kernel has nothing under way either, for which it may wait.
    Thorough,
}

/// How many floods are read at a time. The others wait, and their programs with them: more would take the
/// processors from everything that is not a flood.
#[derive(Debug, Clone)]
pub(crate) struct Floods(Arc<Semaphore>);

impl Default for Floods {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }
}

/// Reads what is there, at most [`READ_MAX`]. While the kernel fetches the next piece there is time for
/// something else.
fn read(fd: BorrowedFd<'_>, look: Look, mut meanwhile: impl FnMut()) -> (Output, Left) {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(READ_MAX, 0);
        let max = match look {
            Look::Short => CALM_PIECES * PIECE,
            Look::Thorough => READ_MAX,
        };
        let mut filled = 0;
        let (end, left) = loop {
            if filled >= max {
                break (Output::Nothing, Left::Perhaps);
            }
            match rustix::io::read(fd, &mut scratch[filled..]) {
                Ok(0) => break (Output::HungUp, Left::Perhaps),
                Ok(count) => {
                    filled += count;
                    if count < PIECE && look == Look::Short {
                        break (Output::Nothing, Left::Nothing);
                    }
                    meanwhile();
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break (Output::Nothing, Left::Nothing),
                // EIO: the last process closed its end. Whatever else: the terminal is of no use.
                Err(_) => break (Output::HungUp, Left::Perhaps),
            }
        };
        if filled > 0 {
            (
                Output::Bytes(Bytes::copy_from_slice(&scratch[..filled])),
                left,
            )
        } else {
            (end, left)
        }
    })
}

/// Reads what is there, at most [`READ_MAX`].
pub(super) fn read_available(fd: BorrowedFd<'_>) -> Output {
    read(fd, Look::Thorough, || ()).0
}

/// The reader of one PTY.
#[derive(Debug)]
pub(super) struct Reader {
    session: Arc<Session>,
    floods: Floods,
    pace: Pace,
}

#[derive(Debug)]
enum Pace {
    Calm,
    Flood,
    /// A thread takes it in, or waits for its turn to.
    TakenIn(JoinHandle<Flood>),
}

/// How a flood is after a thread took in some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flood {
    /// Nothing is left, for now.
    Over,
    GoesOn,
    HungUp,
}

impl Reader {
    pub(super) fn new(session: Arc<Session>, floods: Floods) -> Self {
        Self {
            session,
            floods,
            pace: Pace::Calm,
        }
    }

    /// What the runtime has to watch: in a flood each piece would wake it for nothing.
    pub(super) fn interest(&self) -> Interest {
        match self.pace {
            Pace::Calm => Interest::READABLE | Interest::WRITABLE,
            Pace::Flood | Pace::TakenIn(_) => Interest::WRITABLE,
        }
    }

    /// What comes next; of a flood, nothing, when a part of it is in the log. Nothing is lost when the wait
    /// is given up.
    pub(super) async fn next(&mut self, watched: &Watched) -> Output {
        match self.pace {
            Pace::Calm => self.look(watched).await,
            Pace::TakenIn(_) => self.in_flight().await,
            Pace::Flood => {
                let Some(terminal) = self.session.terminal() else {
                    return Output::HungUp;
                };
                self.take_in(terminal);
                self.in_flight().await
            }
        }
    }

    /// Reads when there is something. Full pieces announce a flood.
    async fn look(&mut self, watched: &Watched) -> Output {
        loop {
            let Some(mut guard) = watched.readable().await else {
                return Output::HungUp;
            };
            let (output, left) = read(guard.get_inner().as_fd(), Look::Short, || ());
            match left {
                Left::Nothing => guard.clear_ready(),
                Left::Perhaps => self.pace = Pace::Flood,
            }
            if !matches!(output, Output::Nothing) {
                return output;
            }
        }
    }

    /// Lets a thread take in the flood when it is its turn.
    fn take_in(&mut self, terminal: Arc<Terminal>) {
        let session = self.session.clone();
        let turns = self.floods.0.clone();
        self.pace = Pace::TakenIn(tokio::spawn(async move {
            let turn = turns.acquire_owned().await;
            let taking = tokio::task::spawn_blocking(move || {
                let flood = take_in(&session, &terminal);
                drop(turn);
                flood
            });
            // Without a thread the bytes are still there, and are read without one.
            taking.await.unwrap_or(Flood::Over)
        }));
    }

    /// Waits for the thread that takes in a flood: what is still in the terminal comes after that.
    pub(super) async fn in_flight(&mut self) -> Output {
        let Pace::TakenIn(taking) = &mut self.pace else {
            return Output::Nothing;
        };
        let flood = taking.await.unwrap_or(Flood::Over);
        // Over: more may have come since, which the next look tells.
        self.pace = match flood {
            Flood::GoesOn => Pace::Flood,
            Flood::Over | Flood::HungUp => Pace::Calm,
        };
        match flood {
            Flood::HungUp => Output::HungUp,
            _ => Output::Nothing,
        }
    }
}

/// Puts output into the log and onto the screen until nothing is left, its turn is over, or the session's
/// task is needed.
fn take_in(session: &Arc<Session>, terminal: &Terminal) -> Flood {
    let begun = Instant::now();
    let trail = session.trail();
    let flood = loop {
        // What was read before is parsed between the pieces, instead of waiting for each.
        let parse = || {
            trail.advance(session, PIECE);
        };
        let (output, left) = read(terminal.as_fd(), Look::Thorough, parse);
        match output {
            Output::Bytes(bytes) => session.append(terminal.as_fd(), bytes),
            Output::Nothing => {}
            Output::HungUp => break Flood::HungUp,
        }
        if left == Left::Nothing {
            break Flood::Over;
        }
        if begun.elapsed() >= TURN || session.needs_task() {
            break Flood::GoesOn;
        }
    };
    trail.catch_up(session);
    flood
}
