//! What the system lets this process have: open files, terminals, processes. Raises the first as far as it
//! may, counts how many sessions it holds, and says of each what to do when it is used up. Memory is
//! `memory`'s.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{Error, Exhausted};

/// Open files of a session: its terminal and the descriptor that tells of its end.
const PER_SESSION: u64 = 2;
/// Kept for everything else: pages, files, the end of sessions. A quarter, within these bounds.
const RESERVE: (u64, u64) = (64, 2048);

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

/// How many files this process may have open, if there is a limit.
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Sessions that the limit of open files lets run.
pub fn most_sessions() -> Option<usize> {
    open_files().map(sessions_within)
}

fn sessions_within(files: u64) -> usize {
    let (least, most) = RESERVE;
    let sessions = files.saturating_sub((files / 4).clamp(least, most)) / PER_SESSION;
    usize::try_from(sessions).unwrap_or(usize::MAX)
}

/// The soft limit that programs get, if it isn't ours.
pub(crate) fn of_programs() -> Option<Rlimit> {
    FOUND
        .get()
        .copied()
        .filter(|found| found.current != found.maximum)
}

/// While this lives, what is started inherits the limit that this process was started with, or the lowest
/// that leaves the process itself room for what it opens meanwhile.
#[derive(Debug)]
pub(crate) struct ForPrograms {
    raised: Option<Rlimit>,
}

impl ForPrograms {
    /// Just before a program is started; `newest` is a descriptor that was opened just now. One at a time.
    pub(crate) fn begin(newest: &OwnedFd) -> Self {
        /// For what other threads open meanwhile.
        const ROOM: u64 = 256;
        let Some(found) = of_programs() else {
            return Self { raised: None };
        };
        let raised = getrlimit(Resource::Nofile);
        // New descriptors get the lowest number that is free.
        let open = u64::from(newest.as_raw_fd().unsigned_abs());
        let lowered = Rlimit {
            current: found.current.max(Some(open + ROOM)).min(raised.current),
            maximum: raised.maximum,
        };
        let lowered = setrlimit(Resource::Nofile, lowered);
        Self {
            raised: lowered.is_ok().then_some(raised),
        }
    }
}

impl Drop for ForPrograms {
    fn drop(&mut self) {
        if let Some(raised) = self.raised
            && let Err(error) = setrlimit(Resource::Nofile, raised)
        {
            tracing::warn!(%error, "the limit of open files can't be raised again");
        }
    }
}

/// Who is to find the limit of open files as this process found it: each raises it by itself, and has to know
/// what programs are to get back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finder {
    /// Another image of this process, which has few files open once it is there.
    NextImage,
    /// Another host of sessions, which is started while this process goes on.
    Child,
}

/// While this lives, the limit is as it was found.
#[derive(Debug)]
#[must_use = "the limit is raised again as soon as it is dropped"]
pub struct AsFound {
    _limit: ForPrograms,
}

/// Lowers the limit again to what was found, or as far as this process can bear it.
///
/// # Errors
/// There are no more files, which has to be known to leave room for those that are open.
pub fn as_found(finder: Finder) -> io::Result<AsFound> {
    let limit = match finder {
        Finder::NextImage => {
            let raised = of_programs().and_then(|found| {
                let raised = getrlimit(Resource::Nofile);
                setrlimit(Resource::Nofile, found).is_ok().then_some(raised)
            });
            ForPrograms { raised }
        }
        Finder::Child => ForPrograms::begin(&fs::File::open("/dev/null")?.into()),
    };
    Ok(AsFound { _limit: limit })
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
        // The kernel counts devices as space, the C library's way to say it is "try again".
        Errno::NOSPC | Errno::AGAIN => Some(Error::Exhausted {
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
        assert_eq!(sessions_within(128), 32);
        assert_eq!(sessions_within(0), 0);
        assert!(sessions_within(1 << 20) > 500_000);
    }

    #[test]
    fn the_limit_is_as_it_was_found_for_as_long_as_that_is_wanted() {
        let limit = |current| Rlimit {
            current: Some(current),
            maximum: Some(current.max(400)),
        };
        let now = || getrlimit(Resource::Nofile).current;
        setrlimit(Resource::Nofile, limit(300)).expect("less is always allowed");
        assert_eq!(raise_open_files(), Some(400));
        for finder in [Finder::NextImage, Finder::Child] {
            let found = as_found(finder).expect("there are files");
            assert_eq!(now(), Some(300));
            drop(found);
            assert_eq!(now(), Some(400));
        }
    }

    #[test]
    fn each_shortage_names_its_remedy() {
        let opening = |errno: Errno| opening_a_terminal(&errno.into());
        let starting = |errno: Errno| starting_a_program(&errno.into());
        for (error, expected) in [
            (opening(Errno::NOSPC), "kernel.pty.max"),
            (opening(Errno::AGAIN), "kernel.pty.max"),
            (opening(Errno::MFILE), "ulimit -n"),
            (starting(Errno::NFILE), "fs.file-max"),
            (starting(Errno::AGAIN), "ulimit -u"),
        ] {
            let message = error.expect("a shortage").to_string();
            assert!(message.contains(expected), "{message}");
            assert!(message.contains("close"), "{message}");
        }
        assert!(opening(Errno::NOENT).is_none());
        assert!(starting(Errno::NOSPC).is_none());
    }
}
