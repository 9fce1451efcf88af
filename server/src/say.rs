//! `bowline status`: a program says what it does. Through the control socket of the server whose session
//! it runs in; where there is none (behind ssh, in a container), by a sequence on its terminal, which
//! the server at the other end sees in the output.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bowline_terminal::Word;

use crate::control::{self, Answer, Request};

/// A server that doesn't answer for this long is not waited for: hooks run often.
const PATIENCE: Duration = Duration::from_secs(2);
/// Ancestors that are asked for a terminal.
const ANCESTORS_MAX: usize = 16;

/// Neither way was there.
#[derive(Debug, thiserror::Error)]
#[error("no Bowline to tell: {by_socket}, and no terminal to say it on")]
pub struct Unheard {
    by_socket: String,
}

/// Says it. `env` reads the environment.
pub fn say(word: Word, env: impl Fn(&str) -> Option<String>) -> Result<(), Unheard> {
    let by_socket = match (env("BOWLINE_SOCKET"), env("BOWLINE_SESSION")) {
        (Some(socket), Some(session)) => match ask(&socket, session, word) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        },
        _ => "this is no shell of its own (BOWLINE_SOCKET and BOWLINE_SESSION are not set)".into(),
    };
    let in_tmux = env("TMUX").is_some_and(|tmux| !tmux.is_empty());
    let text = sequence(word, in_tmux);
    let said = terminal().is_some_and(|mut terminal| terminal.write_all(text.as_bytes()).is_ok());
    if said {
        Ok(())
    } else {
        Err(Unheard { by_socket })
    }
}

fn ask(socket: &str, session: String, word: Word) -> Result<(), String> {
    let request = Request::Status {
        session,
        status: word.as_str().to_owned(),
    };
    match control::ask(Path::new(socket), &request, PATIENCE) {
        Ok(Answer { ok: true, .. }) => Ok(()),
        Ok(Answer { error, .. }) => Err(error.unwrap_or_else(|| "it refused".to_owned())),
        Err(error) => Err(format!("{socket}: {error}")),
    }
}

/// What the terminal is told; through tmux, if that lets it (`allow-passthrough on`).
fn sequence(word: Word, in_tmux: bool) -> String {
    let text = format!("\x1b]7777;bowline;status={}\x07", word.as_str());
    if in_tmux {
        format!("\x1bPtmux;\x1b{text}\x1b\\")
    } else {
        text
    }
}

/// Our terminal, or that of the nearest ancestor that has one: agents start hooks without.
fn terminal() -> Option<File> {
    let open = |path: &Path| File::options().write(true).open(path).ok();
    if let Some(terminal) = open(Path::new("/dev/tty")) {
        return Some(terminal);
    }
    let mut pid = rustix::process::getpid().as_raw_pid();
    for _ in 0..ANCESTORS_MAX {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (parent, terminal) = parent_and_terminal(&stat)?;
        if let Some(terminal) = terminal {
            return open(&terminal);
        }
        pid = parent;
    }
    None
}

/// The parent's number and the controlling terminal, from a process's `stat` line.
fn parent_and_terminal(stat: &str) -> Option<(i32, Option<PathBuf>)> {
    /// The first major number of pseudo-terminals.
    const PTS: u32 = 136;

    // Behind the name, which may hold anything: state, parent, group, session, terminal.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let device: u32 = fields.nth(2)?.parse().ok()?;
    let (major, minor) = (
        (device >> 8) & 0xfff,
        (device & 0xff) | ((device >> 12) & 0xfff00),
    );
    let terminal = (major == PTS).then(|| PathBuf::from(format!("/dev/pts/{minor}")));
    Some((parent, terminal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmux_is_asked_to_pass_it_on() {
        let plain = "\x1b]7777;bowline;status=done\x07";
        assert_eq!(sequence(Word::Done, false), plain);
        let passed = format!("\x1bPtmux;\x1b{plain}\x1b\\");
        assert_eq!(sequence(Word::Done, true), passed);
    }

    #[test]
    fn the_terminal_of_a_process_is_read_from_its_line() {
        let read =
            |terminal: &str| parent_and_terminal(&format!("7 (a) b) S 5 7 7 {terminal} 7 0"));
        let pts = |number| Some((5, Some(PathBuf::from(format!("/dev/pts/{number}")))));
        assert_eq!(read("34818"), pts(2));
        assert_eq!(read("1083394"), pts(258));
        // None, and a console.
        assert_eq!(read("0"), Some((5, None)));
        assert_eq!(read("1025"), Some((5, None)));
    }
}
