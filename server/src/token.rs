//! `bowline token`: prints the workspace's token that is in force, for tools that call a helper instead of keeping a
//! literal; or what opens the broker, for those that are pointed there. Asks the server whose session it runs in, or that
//! of a state folder, through the control socket.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::control::{self, Request};

/// Whom to ask.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// Which server: the folder that was said to `serve`. In a session's shell it is known.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// Says what the token comes from, instead of the token: on_behalf, page, environment, profile, service_principal.
    #[arg(long)]
    pub source: bool,
    /// Prints what opens the broker on this machine instead: it stays the same.
    #[arg(long, conflicts_with = "source")]
    pub broker: bool,
}

/// No token can be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server, or another user's.
    #[error("no server answers: run it in a session of Bowline, or say --state-dir ({0})")]
    Nobody(#[from] io::Error),
    /// The server said no.
    #[error("{0}")]
    Refused(String),
}

/// The token, or its source. `env` reads the environment.
pub fn token(
    arguments: TokenArgs,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<String, Error> {
    let socket = control::find(arguments.state_dir, &env)?;
    let token = match arguments.broker {
        true => control::Of::Broker,
        false => control::Of::Databricks,
    };
    let session = control::session(&env);
    let answer = control::ask(
        &socket,
        &Request::Token { token, session },
        control::PATIENCE,
    )?;
    let told = match arguments.source {
        true => answer.source,
        false => answer.token,
    };
    match (told, answer.error) {
        (Some(token), None) => Ok(token),
        (_, error) => Err(Error::Refused(
            error.unwrap_or_else(|| "the server has no token".to_owned()),
        )),
    }
}
