//! What can be said behind `bowline setup`.

use clap::Args;

use crate::config::SetupArgs;

/// What to set up, or to take out again.
#[derive(Debug, Clone, Args)]
pub struct SetupCommand {
    /// Which steps, with what they need; without any, those of the profile.
    #[arg(value_name = "STEP")]
    pub steps: Vec<String>,
    /// Take out what the steps put into the home, all of them if none is named.
    #[arg(long, conflicts_with = "list")]
    pub undo: bool,
    /// Show the steps that there are.
    #[arg(long)]
    pub list: bool,
    /// At the end all of it as JSON, in the format of `GET /api/setup-status`, and nothing before.
    #[arg(long)]
    pub json: bool,
    /// As for the server.
    #[command(flatten)]
    pub settings: SetupArgs,
}
