//! What `/proc` says about processes. Reads only; forks nothing.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// What a process's `stat` line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    name: String,
    state: char,
    session: i32,
    /// The device number of its terminal.
    terminal: i32,
    /// The group in the foreground of its terminal; -1 without one.
    foreground: i32,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // The name stands in parentheses and may hold anything, parentheses too.
        let (head, tail) = line.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let mut fields = tail.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let session = fields.nth(2)?.parse().ok()?;
        let terminal = fields.next()?.parse().ok()?;
        let foreground = fields.next()?.parse().ok()?;
        Some(Self {
            name: name.to_owned(),
            state,
            session,
            terminal,
            foreground,
        })
    }

    fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

fn stat(pid: i32) -> Option<Stat> {
    let line = fs::read(format!("/proc/{pid}/stat")).ok()?;
    Stat::parse(&String::from_utf8_lossy(&line))
}

/// A process's name, as `ps` shows it.
pub(crate) fn name(pid: Pid) -> Option<String> {
    stat(pid.as_raw_pid()).map(|stat| stat.name)
}

/// A process's working directory, if it is ours to see.
pub(crate) fn cwd(pid: Pid) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid())).ok()
}

/// The group in the foreground of a process's terminal.
pub(crate) fn foreground_of(pid: Pid) -> Option<Pid> {
    stat(pid.as_raw_pid()).and_then(|stat| Pid::from_raw(stat.foreground.max(0)))
}

/// The terminal device of a process.
pub(crate) fn terminal_of(pid: Pid) -> Option<PathBuf> {
    stat(pid.as_raw_pid()).and_then(|stat| pts(stat.terminal))
}

/// The path of a terminal by its device number, as the kernel writes it into `stat`.
fn pts(device: i32) -> Option<PathBuf> {
    const UNIX98: i32 = 136;
    let major = (device >> 8) & 0xfff;
    let minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    (major == UNIX98).then(|| PathBuf::from(format!("/dev/pts/{minor}")))
}

/// Whether a process lives; a zombie doesn't.
pub(crate) fn is_alive(pid: Pid) -> bool {
    stat(pid.as_raw_pid()).is_some_and(|stat| stat.is_alive())
}

/// Whether a process, which may have ended, is a child of this one.
pub(crate) fn is_child(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), options).is_ok()
}

/// Whether a process lives and belongs to a terminal session.
pub(crate) fn is_member(pid: Pid, session: Pid) -> bool {
    stat(pid.as_raw_pid())
        .is_some_and(|stat| stat.is_alive() && stat.session == session.as_raw_pid())
}

/// Every living process by its terminal session.
pub(crate) fn by_session() -> io::Result<HashMap<i32, Vec<Pid>>> {
    let mut sessions: HashMap<i32, Vec<Pid>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        let Some(pid) = number.and_then(Pid::from_raw) else {
            continue;
        };
        // One that is gone meanwhile is nobody's.
        if let Some(stat) = stat(pid.as_raw_pid()).filter(Stat::is_alive) {
            sessions.entry(stat.session).or_default().push(pid);
        }
    }
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses_and_spaces() {
        let stat = Stat::parse("42 (a) b (c)) S 1 40 39 34816 41 4194304").expect("a stat line");
        assert_eq!(stat.name, "a) b (c)");
        assert_eq!(stat.state, 'S');
        assert_eq!((stat.session, stat.foreground), (39, 41));
        assert!(stat.is_alive());
    }

    #[test]
    fn a_terminal_is_named_by_its_number() {
        let name = |number| pts(number).map(|path| path.display().to_string());
        assert_eq!(name(34_816).as_deref(), Some("/dev/pts/0"));
        assert_eq!(name(34_816 + 7).as_deref(), Some("/dev/pts/7"));
        assert_eq!(
            name((1 << 20) | (136 << 8) | 2).as_deref(),
            Some("/dev/pts/258")
        );
        assert_eq!(name(0), None);
    }

    #[test]
    fn a_program_of_a_terminal_is_a_member_of_its_session() {
        // Not this process: a container's may belong to a session outside it, which has no number.
        let (_pty, pts) = pty_process::blocking::open().expect("a terminal");
        let mut child = pty_process::blocking::Command::new("cat")
            .spawn(pts)
            .expect("a program");
        let leader = Pid::from_child(&child);
        let sessions = by_session().expect("/proc is there");
        assert!(sessions[&leader.as_raw_pid()].contains(&leader));
        assert!(is_member(leader, leader));
        assert!(!is_member(rustix::process::getpid(), leader));
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert!(!is_member(leader, leader));
    }
}
