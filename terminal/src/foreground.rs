//! How the foreground of a terminal reads it: asked of the terminal itself and of `/proc`. Reads only;
//! whatever can't be seen is [`Waits::Unknown`].

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};

use crate::process;
use crate::status::{Foreground, Reads, Waits};

/// Processes of one foreground that are looked at; the reader is near the top.
const PROCESSES_MAX: usize = 32;
/// The number of `read` in `/proc/PID/syscall`.
const READ: &str = if cfg!(target_arch = "x86_64") {
    "0"
} else {
    // The list that newer architectures share.
    "63"
};

/// Looks at the foreground of a terminal of which we hold the controlling end.
pub(crate) fn foreground(terminal: &OwnedFd) -> Foreground {
    look(terminal, || tcgetpgrp(terminal).ok())
}

/// Looks at the foreground of another's terminal, on which this program was started.
pub(crate) fn foreground_beside(program: Pid) -> Foreground {
    // Without blocking, and without becoming its user.
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let terminal = process::terminal_of(program)
        .and_then(|path| rustix::fs::open(path, flags, Mode::empty()).ok());
    terminal.map_or_else(Foreground::default, |terminal| {
        look(&terminal, || process::foreground_of(program))
    })
}

fn look(terminal: &OwnedFd, leader: impl FnOnce() -> Option<Pid>) -> Foreground {
    let Ok(settings) = tcgetattr(terminal) else {
        return Foreground::default();
    };
    let reads = if !settings.local_modes.contains(LocalModes::ICANON) {
        // Who waits for keys also does other things meanwhile: what it is blocked in tells nothing.
        return Foreground {
            reads: Reads::Keys,
            waits: Waits::Unknown,
        };
    } else if settings.local_modes.contains(LocalModes::ECHO) {
        Reads::Lines
    } else {
        Reads::Secret
    };
    Foreground {
        reads,
        waits: leader().map_or(Waits::Unknown, waits),
    }
}

/// What the leader of a process group and its descendants wait for.
fn waits(leader: Pid) -> Waits {
    let mut pending = vec![leader.as_raw_pid()];
    let mut looked = 0;
    let mut answer = Waits::Unknown;
    while let Some(pid) = pending.pop() {
        match waits_of(pid) {
            Waits::ForTerminal => return Waits::ForTerminal,
            Waits::ForOther => answer = Waits::ForOther,
            Waits::Unknown => {}
        }
        looked += 1;
        if looked == PROCESSES_MAX {
            break;
        }
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        pending.extend(
            children
                .split_ascii_whitespace()
                .filter_map(|pid| pid.parse::<i32>().ok()),
        );
    }
    answer
}

fn waits_of(pid: i32) -> Waits {
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/syscall")) else {
        return Waits::Unknown;
    };
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some(READ) {
        return Waits::ForOther;
    }
    let descriptor = words
        .next()
        .and_then(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let reads_terminal = descriptor
        .and_then(|descriptor| fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).ok())
        .is_some_and(|path| path.starts_with("/dev/pts") || path.ends_with("dev/tty"));
    if reads_terminal {
        Waits::ForTerminal
    } else {
        Waits::ForOther
    }
}
