//! What can go wrong with a session. Messages say what to do; none holds a secret.

use std::io;

/// A request about a session was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such session, or not any more.
    #[error("this session does not exist (any more)")]
    Gone,
    /// The session's program runs: there is nothing to start again.
    #[error("the program in this session still runs: close it before it is started again")]
    Running,
    /// The session's program has ended; its output can still be read.
    #[error("the program in this session has ended")]
    Exited,
    /// As many sessions run as may.
    #[error("{max} sessions are running, the most allowed: close one to free its place")]
    Limit {
        /// The bound.
        max: usize,
    },
    /// Memory is short.
    #[error("{}", short_of_memory(*.available_mib, *.limit_mib))]
    Memory {
        /// What is left.
        available_mib: u64,
        /// What the server's control group may have, if that is the bound and not the machine.
        limit_mib: Option<u64>,
    },
    /// The system has no more of something that every session needs.
    #[error("{}", exhausted(.what, .limit))]
    Exhausted {
        /// Of what.
        what: Exhausted,
        /// How many there may be, if that is known.
        limit: Option<u64>,
    },
    /// A terminal can't have this size.
    #[error("a terminal has 2 to 1000 columns and 1 to 1000 rows")]
    BadSize,
    /// Input before the given position never came.
    #[error("input is missing: send again from position {expected}")]
    InputGap {
        /// Where input goes on.
        expected: u64,
    },
    /// The program doesn't read, and no more input can wait for it.
    #[error("the program does not read its input: try again when it does")]
    InputFull,
    /// Too many look at the screen at once.
    #[error("too many requests for this screen wait already: try again in a moment")]
    Busy,
    /// The program could not be started.
    #[error("cannot start {what}: {source}")]
    Spawn {
        /// The program, or what of it was refused.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// The request itself makes no sense.
    #[error("{what}")]
    Invalid {
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What the system can run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exhausted {
    /// Open files.
    Files,
    /// Terminal devices.
    Terminals,
    /// Processes.
    Processes,
}

fn short_of_memory(available_mib: u64, limit_mib: Option<u64>) -> String {
    match limit_mib {
        Some(limit) => format!(
            "only {available_mib} of {limit} MiB of memory are left that the server and its sessions may \
             have: close a session or a program, or raise the limit of the container or service"
        ),
        None => format!(
            "only {available_mib} MiB of the machine's memory are left: close a session or a program first"
        ),
    }
}

fn exhausted(what: &Exhausted, limit: &Option<u64>) -> String {
    let (what, remedy) = match (what, limit) {
        (Exhausted::Files, Some(limit)) => (
            format!("all {limit} open files that the server may have are in use"),
            "close sessions, or start the server with a higher limit (`ulimit -n`, or LimitNOFILE of \
             its service)",
        ),
        (Exhausted::Files, None) => (
            "the machine has no more open files".to_owned(),
            "close sessions or programs, or raise the kernel's fs.file-max",
        ),
        (Exhausted::Terminals, limit) => (
            limit.map_or("the system has no more terminals".to_owned(), |limit| {
                format!("all terminals that the system may have ({limit}) are in use")
            }),
            "close sessions or other terminals, or raise the kernel's kernel.pty.max",
        ),
        (Exhausted::Processes, _) => (
            "no more processes may be started".to_owned(),
            "close sessions or programs, or raise the limit (`ulimit -u`, or TasksMax of the server's \
             service)",
        ),
    };
    format!("{what}: {remedy}")
}
