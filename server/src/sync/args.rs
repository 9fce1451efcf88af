//! What can be said behind `bowline sync`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to carry, and where from.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SyncCommand {
    /// Bring something back, or look what was carried.
    #[command(subcommand)]
    pub what: Option<SyncWhat>,
    /// A folder of the repository; without it, where this runs.
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Go on alone, and say nothing: for hooks of git.
    #[arg(long)]
    pub hook: bool,
    /// Where it runs on alone; started by `--hook`.
    #[arg(long, hide = true, conflicts_with = "hook")]
    pub alone: bool,
    /// Which server says where to.
    #[command(flatten)]
    pub server: WhichServer,
}

/// Which server is asked where files go, and what opens that.
#[derive(Debug, Clone, Args)]
pub struct WhichServer {
    /// Which server: the folder that was said to `serve`. In a session's shell it is known.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// Use this folder instead of what the server says.
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
}

/// Besides carrying.
#[derive(Debug, Clone, Subcommand)]
pub enum SyncWhat {
    /// Brings a project back into ~/projects.
    Restore {
        /// Which, as it is called there.
        name: String,
        /// Also where it is, over what git has.
        #[arg(long)]
        over: bool,
        /// Which server says where from.
        #[command(flatten)]
        server: WhichServer,
    },
    /// Prints what was carried.
    Log {
        /// Which server's.
        #[command(flatten)]
        server: WhichServer,
    },
}
