//! What the system lets this process have: open files, terminals, processes. Raises the first as far as it
//! may, counts how many sessions it holds, and says of each what to do when it is used up. Memory is
//! `memory`'s.

use std::fs;
use std::io;
use std::process::Child;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::error::{Error, Exhausted};

/// Open files of a session: its terminal and the descriptor that tells of its end.
const PER_SESSION: u64 = 2;
/// Kept for everything else: pages, files, the end of sessions. A quarter, but not more than this.
const RESERVE: u64 = 2048;

/// The soft limit as it was found. Programs get that one back: some look at every number below it.
static FOUND: OnceLock<Rlimit> = OnceLock::new();

/// Raises this process's limit of open files to what it may have, and gives the limit. To be called once, at
/// the start; without it the limit stays as it is.
pub fn raise_open_files() -> Option<u64> {
    let found = *FOUND.get_or_init(|| getrlimit(Resource::Nofile));
    if found.current != found.maximum {
        let raised = Rlimit {
            current: found.maximum,
            maximum: found.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files can't be raised");
        }
    }
    getrlimit(Resource::Nofile).current
}

/// Sessions that the limit of open files lets run.
pub fn most_sessions() -> Option<usize> {
    getrlimit(Resource::Nofile).current.map(sessions_within)
}

fn sessions_within(files: u64) -> usize {
    let sessions = (files - RESERVE.min(files / 4)) / PER_SESSION;
    usize::try_from(sessions).unwrap_or(usize::MAX)
}

/// The soft limit that programs get, if it isn't ours.
pub(crate) fn of_programs() -> Option<Rlimit> {
    FOUND
        .get()
        .copied()
        .filter(|found| found.current != found.maximum)
}

/// Gives a program that has just been started the limit that this process was started with. It is still being
/// loaded, and what it starts inherits the limit.
pub(crate) fn restore_for(child: &Child) {
    if let Some(limit) = of_programs()
        && let Err(error) = prlimit(Some(Pid::from_child(child)), Resource::Nofile, limit)
    {
        tracing::debug!(%error, "a program keeps the raised limit of open files");
    }
}

/// Why no further session may start, if open files don't suffice.
pub(crate) fn shortage(running: usize) -> Option<Error> {
    let limit = getrlimit(Resource::Nofile).current?;
    (running >= sessions_within(limit)).then_some(Error::Exhausted {
        what: Exhausted::Files,
        limit: Some(limit),
    })
}

/// What a failure to open a terminal means, if the system has no more of something.
pub(crate) fn opening_a_terminal(error: &io::Error) -> Option<Error> {
    match Errno::from_io_error(error)? {
        // Devices count as space.
        Errno::NOSPC => Some(Error::Exhausted {
            what: Exhausted::Terminals,
            limit: terminals(),
        }),
        _ => starting_a_program(error),
    }
}

/// What a failure to start a program means, if the system has no more of something.
pub(crate) fn starting_a_program(error: &io::Error) -> Option<Error> {
    let (what, limit) = match Errno::from_io_error(error)? {
        Errno::MFILE => (Exhausted::Files, getrlimit(Resource::Nofile).current),
        Errno::NFILE => (Exhausted::Files, None),
        Errno::AGAIN => (Exhausted::Processes, getrlimit(Resource::Nproc).current),
        _ => return None,
    };
    Some(Error::Exhausted { what, limit })
}

fn terminals() -> Option<u64> {
    let text = fs::read_to_string("/proc/sys/kernel/pty/max").ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_sessions_fit_into_the_usual_hard_limit() {
        assert!(sessions_within(4096) >= 1000);
        assert_eq!(sessions_within(1024), 384);
        assert_eq!(sessions_within(0), 0);
        assert!(sessions_within(1 << 20) > 500_000);
    }

    #[test]
    fn each_shortage_names_its_remedy() {
        for (errno, expected) in [
            (Errno::NOSPC, "kernel.pty.max"),
            (Errno::MFILE, "ulimit -n"),
            (Errno::NFILE, "fs.file-max"),
            (Errno::AGAIN, "ulimit -u"),
        ] {
            let error = opening_a_terminal(&errno.into()).expect("a shortage");
            let message = error.to_string();
            assert!(message.contains(expected), "{message}");
            assert!(message.contains("close"), "{message}");
        }
        assert!(opening_a_terminal(&Errno::NOENT.into()).is_none());
        assert!(starting_a_program(&Errno::NOSPC.into()).is_none());
    }
}
