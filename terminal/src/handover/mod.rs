//! What sessions are when they are handed over: the state that another image of this process takes up, in a
//! versioned format that grows without breaking. Owns the format and what can go wrong; each part of the state is
//! written and read beside what it is of (`carried` modules). Starts, stops and ends nothing.
//!
//! A state is a sequence of [`record`]s. The first is a [`Preamble`], the last an `end`. In between, each session
//! is a `session` and the parts of it that follow: `input`, `arrivals`, `log` (many), `screen` (many). Later
//! versions add kinds and fields, which older readers skip, and never change what is there. A change that a
//! reader of version 1 would misread needs version 2.

pub(crate) mod reading;
pub(crate) mod record;
pub(crate) mod state;

use std::io;

use bowline_protocol::ids::SessionId;
use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

pub(crate) use reading::{Item, StateReader};
pub(crate) use record::RecordWriter;
pub(crate) use state::{Preamble, ScreenHead, SessionHead};

/// The version that is written, and the newest that is read.
pub(crate) const VERSION: u32 = 1;
/// Bytes of the log, of a screen or of arrival times in one record: what is read becomes one chunk of the log.
pub(crate) const PIECE: usize = 64 * 1024;

/// Sessions could not be handed over or taken up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The state can't be written or read.
    #[error("the sessions' state can't be written or read: {0}")]
    Io(#[from] io::Error),
    /// The state breaks off.
    #[error("the sessions' state breaks off")]
    Truncated,
    /// It is no state.
    #[error("the sessions' state is malformed: {0}")]
    Malformed(&'static str),
    /// It is of a version that is not known here.
    #[error("the sessions' state has version {0}, which is newer than this program")]
    Newer(u32),
    /// One session can't be read.
    #[error("session {session} can't be read: {why}")]
    Session {
        /// Which.
        session: SessionId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A session's task did not come to rest.
    #[error("session {0} does not come to rest: try again in a moment")]
    Restless(SessionId),
}

/// The system's clock that never goes back: the same for every image of this process.
pub(crate) fn clock_ms() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let fraction = u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000;
    seconds * 1000 + fraction
}

/// What passed since that clock said so, if that can have been a handover.
pub(crate) fn passed_ms(clock: Option<u64>) -> u64 {
    /// Longer than any.
    const HOUR_MS: u64 = 3_600_000;
    let passed = clock.and_then(|then| clock_ms().checked_sub(then));
    passed.filter(|passed| *passed < HOUR_MS).unwrap_or(0)
}

/// A process's number, if it is one.
pub(crate) fn pid(raw: i32) -> Option<Pid> {
    // Negative numbers are refused by a panic.
    Pid::from_raw(raw.max(0))
}
