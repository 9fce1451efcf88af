//! Which of the user's files are carried to a place that outlives the machine, and where that is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::sessions::duration;
use super::{ConfigError, Databricks, Env, is_given};

/// Shortest time between two looks: each asks the store what it has.
const SHORTEST: Duration = Duration::from_secs(1);

/// Settings of what is carried, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Saved files")]
pub struct SyncArgs {
    /// Where Claude Code's memory and shells' histories are kept, and brought back from at the start: on (the Databricks
    /// workspace), off, or a folder. [default: on where there is a workspace]
    #[arg(long, env = "BOWLINE_STATE_SYNC", value_name = "WHERE")]
    pub state_sync: Option<String>,
    /// How often that is saved, besides at the end.
    #[arg(
        long,
        env = "BOWLINE_STATE_SYNC_EVERY",
        default_value = "5m",
        value_name = "TIME"
    )]
    pub state_sync_every: String,
    /// Where repositories below ~/projects are copied to at each commit: on (the Databricks workspace), off, or a folder.
    /// [default: off]
    #[arg(long, env = "BOWLINE_WORKSPACE_SYNC", value_name = "WHERE")]
    pub workspace_sync: Option<String>,
}

/// A place that files are carried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// None.
    Off,
    /// The user's folder of the workspace.
    Workspace,
    /// A mounted share, or a disk that stays.
    Folder(PathBuf),
}

/// What is carried, and where to.
#[derive(Debug, Clone)]
pub struct Sync {
    /// What agents and shells remember.
    pub state: Target,
    /// How often it is saved.
    pub every: Duration,
    /// Projects, at each commit.
    pub projects: Target,
    /// Where they are, if that is known.
    pub home: Option<PathBuf>,
}

impl SyncArgs {
    /// Checks and completes them; `env` reads the environment.
    pub(super) fn resolve(
        self,
        env: &Env<'_>,
        databricks: &Databricks,
    ) -> Result<Sync, ConfigError> {
        let has_workspace = databricks.host.is_some();
        let given = |flag: Option<String>, name: &str| {
            let flag = flag.or_else(|| env.text(name));
            flag.filter(|text| is_given(text))
        };
        let usual = match has_workspace {
            true => Target::Workspace,
            false => Target::Off,
        };
        let state = match given(self.state_sync, "STATE_SYNC") {
            None => usual.clone(),
            Some(text) => target(&text, "--state-sync", &usual)?,
        };
        let projects = match given(self.workspace_sync, "WORKSPACE_SYNC") {
            None => Target::Off,
            Some(text) => target(&text, "--workspace-sync", &usual)?,
        };
        let every = duration(&self.state_sync_every).filter(|every| *every >= SHORTEST);
        let every = every.ok_or(ConfigError::SyncEvery(self.state_sync_every))?;
        Ok(Sync {
            state,
            every,
            projects,
            home: super::folder(|name| env.os(name), "HOME"),
        })
    }
}

/// What was meant; `on` without a workspace is nothing, as it was in the original.
fn target(text: &str, name: &'static str, on: &Target) -> Result<Target, ConfigError> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(on.clone()),
        "off" | "false" | "no" | "0" => Ok(Target::Off),
        _ if Path::new(text).is_absolute() => Ok(Target::Folder(text.into())),
        _ => Err(ConfigError::Sync(name, text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_on_off_or_a_whole_path() {
        let of = |text: &str| target(text, "--state-sync", &Target::Workspace);
        assert_eq!(of("True").unwrap(), Target::Workspace);
        assert_eq!(of("0").unwrap(), Target::Off);
        assert_eq!(of("/mnt/a").unwrap(), Target::Folder("/mnt/a".into()));
        let refused = of("somewhere").unwrap_err().to_string();
        assert!(refused.starts_with("--state-sync somewhere: "), "{refused}");
    }
}
