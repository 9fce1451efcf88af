//! `bowline login`: prints a URL by which one browser gets in, once. Asks the server of the state folder, through its
//! control socket.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::{ConfigError, state_dir};
use crate::control::{self, By, Request};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whom to ask.
#[derive(Debug, Clone, Args)]
pub struct LoginArgs {
    /// Which server: the folder that was said to `serve`.
    #[arg(long, env = "BOWLINE_STATE_DIR", value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
}

/// No URL can be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No server, or another user's.
    #[error("no server answers for {0}: start one, or say --state-dir ({1})")]
    Nobody(String, io::Error),
    /// The server said no.
    #[error("the server gives no login: {0}")]
    Refused(String),
    /// It can't be reached by a URL of its own.
    #[error(
        "the server listens on a Unix socket alone: say --public-url to it, the URL of the proxy in front"
    )]
    NoUrl,
}

/// A fresh URL for each name of the server, with the same code. `env` reads the environment.
pub fn urls(
    arguments: LoginArgs,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<String>, Error> {
    let folder = state_dir(arguments.state_dir, env)?;
    let asked = control::socket(&folder).and_then(|socket| {
        let request = Request::Login { login: By::Code };
        control::ask(&socket, &request, PATIENCE)
    });
    let answer = asked.map_err(|error| Error::Nobody(folder.display().to_string(), error))?;
    match answer.error {
        Some(error) => Err(Error::Refused(error)),
        None if answer.urls.is_empty() => Err(Error::NoUrl),
        None => Ok(answer.urls),
    }
}
