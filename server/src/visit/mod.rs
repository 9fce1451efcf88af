//! `bowline sessions` and `bowline attach`: sessions from any terminal of this machine, by the socket of the
//! state folder, whether or not a server runs. Nothing is started here, and nothing is said to a server by HTTP.
//!
//! - [`args`], [`find`]: what was asked, and which session is meant;
//! - `list`: the table, and killing;
//! - `attach`: a session in this terminal; `link`, `tty`, `quiet`, `keys` are its parts.

pub mod args;
mod attach;
pub mod find;
mod keys;
mod link;
mod list;
mod quiet;
mod tty;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bowline_keeper::{Visit, VisitError, place};
use bowline_terminal::{Exit, SessionId};

use crate::config::{ConfigError, state_dir};
use crate::visit::args::{AttachArgs, SessionsArgs, SessionsCommand};
use crate::visit::find::FindError;

/// Why a visitor leaves with nothing done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Where to look is not known.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody keeps sessions there, or refused.
    #[error(transparent)]
    Visit(#[from] VisitError),
    /// No session, or several, go by the name.
    #[error(transparent)]
    Find(#[from] FindError),
    /// It would show itself in itself.
    #[error("this terminal is in session {0}: a session cannot be attached within itself")]
    Within(String),
    /// There is nobody to type.
    #[error("attach needs a terminal: standard input and output must be one")]
    NoTerminal,
    /// Sessions can't be reached any more.
    #[error("lost session {name}: {why}")]
    Lost {
        /// How it was called.
        name: String,
        /// What the link said last.
        why: String,
    },
    /// It was forgotten, or the keeper died with it.
    #[error("session {0} is gone")]
    Gone(String),
    /// Not all of several could be killed.
    #[error("{failed} of {asked} sessions were not killed")]
    NotKilled {
        /// How many failed.
        failed: usize,
        /// How many were meant.
        asked: usize,
    },
    /// The terminal, or signals.
    #[error("cannot use this terminal: {0}")]
    Io(#[from] std::io::Error),
}

/// Lists or ends sessions; `env` reads the environment.
///
/// # Errors
/// Nobody keeps sessions there, or no session goes by a name.
pub async fn sessions(
    args: SessionsArgs,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<(), Error> {
    let format = args.format();
    let visit = Visit::new(socket(args.state_dir, env)?);
    match args.what {
        None => list::list(&visit, format).await,
        Some(SessionsCommand::Kill { names }) => list::kill(&visit, &names).await,
    }
}

/// Shows a session in this terminal until one of them ends, and gives the status to end with.
///
/// # Errors
/// No such session, or no terminal.
pub async fn attach(
    args: AttachArgs,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<ExitCode, Error> {
    let own = env("BOWLINE_SESSION").and_then(|id| id.into_string().ok());
    let own = own.and_then(|id| id.parse::<SessionId>().ok());
    let visit = Visit::new(socket(args.state_dir, env)?);
    let sessions = visit.list().await?;
    let session = find::find(&sessions, &args.name)?;
    if own == Some(session.id) {
        return Err(Error::Within(session.label.clone()));
    }
    let left = attach::attach(visit, session, args.detach_key).await?;
    println!("{}", left.message);
    Ok(left.status)
}

/// The socket of the sessions that are meant: of the folder that was said, else of those of the shell that this
/// is called from, else of the usual folder.
fn socket(
    given: Option<PathBuf>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Error> {
    if given.is_none()
        && let Some(control) = env("BOWLINE_SOCKET").filter(|path| !path.is_empty())
        && let Some(folder) = Path::new(&control).parent()
    {
        return Ok(folder.join(place::KEEPER_SOCKET));
    }
    Ok(place::keeper_socket(&state_dir(given, env)?)?)
}

/// How a program ended, for people.
fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(0) => "ended".to_owned(),
        Exit::Code(code) => format!("ended with status {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::Killed => "was killed".to_owned(),
        Exit::Idle => "was ended because nobody used it".to_owned(),
        Exit::Lost => "ended when the machine or the keeper stopped".to_owned(),
    }
}
