//! PTY sessions and the server end of the link. Knows no HTTP, no page, no credentials: whoever hosts it
//! (a keeper's process, or a server's) hands in bytes and takes bytes out.
//!
//! A **session** is a program on a PTY. One task owns the PTY, its input and its deadlines; its output
//! is a log addressed by absolute offset, from which any number of **viewers** read, each at its own
//! pace. A viewer belongs to a client (a page load) and outlives the transports that carry it.
//!
//! ```text
//! PTY → session::task → log ─┬→ link::attachment → link::viewer → Transport / HttpTransport → page
//!                            └→ SessionHandle::read → HTTP API
//! page → link → session (input::InputQueue, deduplicated) → session::task → PTY
//! ```
//!
//! Where things are:
//! - [`log`]: the output log: bytes, arrival times, resize marks. Pure.
//! - `input`: keystrokes of many clients, each exactly once, pastes whole. Pure.
//! - `environment`, `spawn`, `integration`: what a program gets, how it starts, what shells are told to
//!   mark.
//! - `readiness`: descriptors the runtime watches.
//! - [`resources`], `memory`: what the system lets us have, and what to do when it is used up.
//! - `tmux`: sessions that outlive this process.
//! - `disk`: what is kept of sessions for the time after a crash.
//! - `process`, `kill`: what `/proc` says; ending every process of a terminal session.
//! - `screen`: the emulator that trails each log: snapshots, answers to queries, signals.
//! - `session`: the session's state, its task, and the [`SessionHandle`] others hold.
//! - `handover`: the state of all sessions, as another image of this process takes it up.
//! - `status`, `foreground`: what the program does: running, idle, in need of attention. Pure, and its eyes.
//! - `totals`: how much went through all terminals.
//! - `viewers`, `wake`: who looks at a session, whose size rules, and how they are woken.
//! - [`Sessions`]: the registry: admission, panes, listing, closing.
//! - [`Links`]: viewers by client, transports by generation, batches in and out.
//!
//! Invariants, each tested: reading never consumes; nothing is typed twice; a slow viewer delays nobody;
//! closing a view ends no session; a kill leaves no process of the session. Locks are `std` mutexes held
//! for moments, never across an await, taken in the order clients, viewer,
//! registry, screen, session, wake.

mod disk;
pub mod environment;
mod error;
mod foreground;
mod handover;
mod input;
mod integration;
mod kill;
mod link;
pub mod log;
mod memory;
mod options;
mod process;
mod readiness;
pub mod resources;
mod screen;
mod session;
mod sessions;
mod spawn;
mod status;
mod tmux;
mod totals;
mod viewers;
mod wake;

pub use bowline_protocol::frame::{Attention, Exit, Notice, Progress, Size};
pub use bowline_protocol::ids::{
    ClientId, Generation, LogId, LogPosition, ParseIdError, ServerId, SessionId,
};
pub use bowline_screen::History;
pub use error::{Error, Exhausted};
pub use handover::HandOverError;
pub use link::{HttpTransport, LinkError, Links, Transport};
pub use options::{Disk, KeepScreens, OnExit, Options, SizeRule, TmuxMode};
pub use screen::{ScreenFormat, ScreenShot};
pub use session::{ApiInput, Naming, Read, Recording, SessionHandle, SessionInfo, SessionState};
pub use sessions::{CreateSession, Created, Sessions, Still};
pub use status::{LastCommand, UnknownWord, Word};
pub use tmux::find_tmux;
pub use totals::Totals;

/// Takes a lock, also when a thread panicked while holding it: every critical section here leaves its
/// data consistent at each step, and a terminal that goes on is worth more than one that stops.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The id of a new life of sessions.
pub fn new_server_id() -> ServerId {
    ServerId::from_bytes(random_bytes())
}

/// Sixteen random bytes for an id.
fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .expect("the system's random source works once the system has started");
    bytes
}
