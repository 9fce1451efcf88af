//! What the system lets a process have, against the sessions that may run; and the time.

use std::fs;
use std::time::{Duration, SystemTime};

use bowline_terminal::resources;

use super::report::{Check, Report};

/// A clock that is behind the program's own file by more than this is wrong.
const BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// Open files.
pub(super) fn files(max_sessions: usize, report: &mut Report) {
    // As a server does at its start.
    let files = resources::raise_open_files();
    let (Some(files), Some(fit)) = (files, resources::most_sessions()) else {
        return report.fine(Check::Limits, "open files are not limited");
    };
    let found = format!("{files} open files are enough for {fit} sessions");
    if fit < max_sessions {
        report.warning(
            Check::Limits,
            format!("{found}, fewer than --max-sessions {max_sessions}"),
            "raise the hard limit: `ulimit -Hn`, LimitNOFILE= of a service",
        );
    } else {
        report.fine(Check::Limits, found);
    }
}

/// Pseudo-terminals of the machine.
pub(super) fn terminals(max_sessions: usize, report: &mut Report) {
    let number = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/kernel/pty/{name}")).ok()?;
        text.trim().parse::<usize>().ok()
    };
    let (Some(most), Some(used)) = (number("max"), number("nr")) else {
        return;
    };
    let left = most.saturating_sub(used);
    if left < max_sessions {
        report.warning(
            Check::Limits,
            format!("{left} more terminals can be opened on this machine, fewer than --max-sessions {max_sessions}"),
            "raise it: sysctl kernel.pty.max",
        );
    }
}

/// The clock: logins and certificates go by it.
pub(super) fn clock(report: &mut Report) {
    let made = std::env::current_exe().and_then(|path| path.metadata()?.modified());
    let behind = made
        .ok()
        .and_then(|made| made.duration_since(SystemTime::now()).ok());
    match behind.filter(|behind| *behind > BEHIND) {
        Some(behind) => {
            let hours = behind.as_secs() / 3600;
            let found = format!(
                "the clock is {hours} hours behind the time at which this program was written"
            );
            report.problem(
                Check::Clock,
                found,
                "set it: logins end, and certificates count, by it",
            );
        }
        None => report.fine(Check::Clock, "the clock is later than this program"),
    }
}
