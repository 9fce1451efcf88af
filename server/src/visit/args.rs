//! What can be said behind `bowline sessions` and `bowline attach`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use crate::visit::keys::{DetachKey, NoKey};

/// What becomes of sessions.
#[derive(Debug, Clone, Args)]
pub struct SessionsArgs {
    /// Without it they are listed.
    #[command(subcommand)]
    pub what: Option<SessionsCommand>,
    /// As JSON, in the format of `GET /api/sessions`.
    #[arg(long)]
    pub json: bool,
    /// Whose sessions: the folder that was said to `serve`.
    #[arg(long, env = "BOWLINE_STATE_DIR", global = true, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
}

impl SessionsArgs {
    pub(super) fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Table
        }
    }
}

/// How sessions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What else can be done to sessions.
#[derive(Debug, Clone, Subcommand)]
pub enum SessionsCommand {
    /// End sessions with every process of theirs.
    Kill {
        /// The beginning of an id, or a label.
        #[arg(required = true, value_name = "ID")]
        names: Vec<String>,
    },
}

/// Which session to show, and how to leave it.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// The beginning of its id, or its label.
    #[arg(value_name = "ID")]
    pub name: String,
    /// Leaves the session, which runs on: such as ctrl-] or ^a.
    #[arg(
        long,
        env = "BOWLINE_DETACH_KEY",
        default_value = "ctrl-]",
        value_name = "KEY"
    )]
    pub detach_key: DetachKey,
    /// Whose sessions: the folder that was said to `serve`.
    #[arg(long, env = "BOWLINE_STATE_DIR", value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
}
