//! `bowline git-credential`: git asks for a user's name and a password, and the server of the session gives what is meant
//! for exactly that host, or nothing. As git's `credential` documentation says: one `key=value` a line, until a blank one.

pub(crate) mod link;

use std::ffi::OsString;
use std::io::{self, BufRead, Write};

use clap::ValueEnum;

pub use self::link::NAME as ALSO_CALLED;
use crate::control::{self, Request, Wanted};

/// Longest line that is read, bytes.
const LINE_MAX: u64 = 8192;
/// Most lines.
const LINES_MAX: usize = 64;

/// What git wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Say a name and a password.
    Get,
    /// Keep what was right: nothing is kept here.
    Store,
    /// Forget what was wrong: nothing is kept here.
    Erase,
}

/// Does it. `env` reads the environment.
pub fn answer(
    action: Action,
    env: impl Fn(&str) -> Option<OsString>,
    asked: impl BufRead,
    mut told: impl Write,
) -> io::Result<()> {
    if action != Action::Get {
        return Ok(());
    }
    let Some(wanted) = read(asked)? else {
        return Ok(());
    };
    let socket = control::find(None, &env)?;
    let request = Request::Git {
        git: wanted,
        session: control::session(env),
    };
    let answer = control::ask(&socket, &request, control::PATIENCE)?;
    // Without one, git asks the next helper, or the user.
    if let (Some(user), Some(token)) = (answer.user, answer.token) {
        write!(told, "username={user}\npassword={token}\n")?;
    }
    Ok(())
}

/// What git says of the place; none if that is no place on the web.
fn read(asked: impl BufRead) -> io::Result<Option<Wanted>> {
    let mut asked = asked;
    let (mut protocol, mut host, mut path) = (None, None, None);
    for _ in 0..LINES_MAX {
        let mut line = String::new();
        io::Read::take(&mut asked, LINE_MAX).read_line(&mut line)?;
        let line = line.trim_end_matches(['\n', '\r']);
        let Some((key, value)) = line.split_once('=') else {
            break;
        };
        let value = value.to_owned();
        match key {
            "protocol" => protocol = Some(value),
            "host" => host = Some(value),
            "path" => path = Some(value),
            _ => {}
        }
    }
    Ok(protocol.zip(host).map(|(protocol, host)| Wanted {
        protocol,
        host,
        path,
    }))
}
