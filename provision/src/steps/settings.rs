//! What agents are told beside their credential, a step for each: servers of tools, who is told when they wait, folders
//! that they may work in, instructions. Each file is merged into: what the user has stays, byte for byte, and what is ours is
//! noted (`~/.local/share/bowline/settings/`), so that it goes again when it isn't wanted any more.
//!
//! The server keeps the credential in some of these files at the same time; both hold a file while they change it.

mod files;
mod instructions;
mod json;
mod pieces;
mod toml;
mod tracing;
mod wanted;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use bowline_identity::sinks::file::Held;

use self::files::{Done, Error, Said, Wanted, left, notes_folder, notes_path, put, read_notes};
use self::instructions::Instructions;
use self::json::Json;
use self::pieces::{Form, Piece, keep};
use self::toml::Toml;
pub use self::tracing::Tracing;
use super::mcp::McpServer;
use super::{Undone, home};
use crate::run::{Call, Failed, Job, Later, Note, Shown, Task};

/// What OpenCode knows by itself of the workspace's models, a line each; the server reads it.
pub const OPENCODE_MODELS: &str = ".local/share/bowline/settings/opencode-models";

/// What agents are told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Servers of tools.
    pub servers: Vec<McpServer>,
    /// Tracing of Claude Code, if somebody asked for it.
    pub tracing: Option<Tracing>,
}

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    Claude,
    Codex,
    Gemini,
    OpenCode,
}

/// A step.
pub(super) struct AgentSettings {
    pub(super) agent: Agent,
    pub(super) told: Told,
}

impl Agent {
    pub(super) const ALL: [Self; 4] = [Self::Claude, Self::Codex, Self::Gemini, Self::OpenCode];

    /// The step that installs it.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::OpenCode => "opencode",
        }
    }

    pub(super) fn step(self) -> &'static str {
        match self {
            Self::Claude => "claude-settings",
            Self::Codex => "codex-settings",
            Self::Gemini => "gemini-settings",
            Self::OpenCode => "opencode-settings",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Claude => "Settings of Claude Code",
            Self::Codex => "Settings of Codex",
            Self::Gemini => "Settings of Gemini CLI",
            Self::OpenCode => "Settings of OpenCode",
        }
    }

    /// Its files, below the home.
    pub(super) fn touches(self) -> Vec<&'static str> {
        let files: &[&str] = match self {
            Self::Claude => &[wanted::CLAUDE, wanted::CLAUDE_STATE],
            Self::Codex => &[wanted::CODEX],
            Self::Gemini => &[wanted::GEMINI, wanted::GEMINI_TRUSTED],
            Self::OpenCode => &wanted::OPENCODE,
        };
        let mut all = files.to_vec();
        all.push(Instructions::of(self).path);
        all
    }

    fn form(path: &str) -> &'static dyn Form {
        match path.ends_with(".toml") {
            true => &Toml,
            false => &Json,
        }
    }
}

impl AgentSettings {
    async fn write(&self, job: &Job) -> Result<Note, Failed> {
        let mut notes = Vec::new();
        if self.agent == Agent::OpenCode {
            self.ask_opencode(job).await?;
        }
        let tracing = match &self.told.tracing {
            Some(tracing) if self.agent == Agent::Claude => {
                let settled = tracing.settle().await;
                if settled.is_none() {
                    notes.push(
                        "whose traces they are isn't known yet, so MLflow tracing is not set up: try again later"
                            .to_owned(),
                    );
                }
                settled
            }
            _ => None,
        };
        let (agent, servers, home) = (self.agent, self.told.servers.clone(), job.home().to_owned());
        let said = job
            .blocking(move || {
                let traces = tracing.is_some();
                if agent == Agent::Claude && traces {
                    tracing::install(&home).map_err(home::unwritable)?;
                }
                let said = put(&home, agent, &|home| {
                    wanted::of(agent, home, &servers, tracing.as_ref())
                });
                if agent == Agent::Claude && !traces {
                    tracing::remove(&home).map_err(home::unwritable)?;
                }
                said
            })
            .await?;
        for line in &said.lines {
            job.say(line).await;
        }
        notes.extend(said.problems);
        Ok(match notes.is_empty() {
            true => Note::Nothing,
            false => Note::But(notes.join("; ")),
        })
    }

    /// Which of the workspace's models OpenCode knows by itself: those need no settings of ours.
    async fn ask_opencode(&self, job: &Job) -> Result<(), Failed> {
        let folder = tempfile::tempdir().map_err(home::unwritable)?;
        let mut environment: Vec<(String, OsString)> = [
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            // Without these it would not count the provider as one that is set up. Nobody is asked.
            ("DATABRICKS_HOST", "workspace.invalid"),
            ("DATABRICKS_TOKEN", "none"),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .to_vec();
        environment.push(("HOME".to_owned(), folder.path().into()));
        environment.extend(home::apart(folder.path()));
        let call = Call {
            program: home::bin(job.home()).join("opencode").into(),
            arguments: ["models", "databricks"].map(OsString::from).to_vec(),
            folder: folder.path().to_owned(),
            environment,
            shown: Shown::Nothing,
        };
        let answer = job.run(call).await?;
        let known: Vec<&str> = match answer.status.success() {
            true => answer
                .text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("databricks/"))
                .collect(),
            // There is no such provider.
            false => Vec::new(),
        };
        job.say(&format!(
            "OpenCode knows {} models of a workspace by itself",
            known.len()
        ))
        .await;
        let text = known
            .iter()
            .fold(String::new(), |text, model| text + model + "\n");
        let home = job.home().to_owned();
        job.blocking(move || {
            home::make(&home, &notes_folder(&home)).map_err(home::unwritable)?;
            let held = Held::read(&home.join(OPENCODE_MODELS));
            let wrote = held.and_then(|held| match held.text() == Some(&*text) {
                true => Ok(()),
                false => held.replace(&text),
            });
            wrote.map_err(|error| Failed::for_good(format!("~/{OPENCODE_MODELS}: {error}")))
        })
        .await
    }

    /// Everything is as it was noted.
    async fn check(&self, job: &Job) -> Result<Option<String>, Failed> {
        let (agent, home) = (self.agent, job.home().to_owned());
        job.blocking(move || {
            let notes = read_notes(&home, agent)
                .map_err(|error| left(&notes_path(&home, agent), &error))?;
            for (path, noted) in notes {
                let read = || -> Result<bool, Error> {
                    let held = Held::read(&home.join(&path))?;
                    let wanted: Vec<Piece> = noted.wanted();
                    let kept = keep(Agent::form(&path), held.text(), &noted, &wanted)?;
                    Ok(kept.theirs.is_empty() && kept.text.as_deref() == held.text())
                };
                if !read().map_err(|error| left(Path::new(&path), &error))? {
                    return Err(Failed::for_now(format!(
                        "~/{path} does not keep what was put into it"
                    )));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Takes everything out. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        let mut undone = Undone::Nothing;
        let path = notes_path(home, self.agent);
        if path.exists() {
            let said = put(home, self.agent, &|_| Vec::new())?;
            if let Some(problem) = said.problems.into_iter().next() {
                return Err(Failed::for_good(problem));
            }
            let held = Held::read(&path).and_then(|held| held.remove());
            held.map_err(|error| left(&path, &error.into()))?;
            undone = Undone::Removed;
        }
        let instructions = Instructions::of(self.agent);
        if instructions
            .take(home)
            .map_err(|error| left(Path::new(instructions.path), &error))?
            == Done::Changed
        {
            undone = Undone::Removed;
        }
        match self.agent {
            Agent::Claude => tracing::remove(home).map_err(home::unwritable)?,
            Agent::OpenCode => {
                let _ = std::fs::remove_file(home.join(OPENCODE_MODELS));
            }
            Agent::Codex | Agent::Gemini => {}
        }
        let _ = std::fs::remove_dir(notes_folder(home));
        Ok(undone)
    }
}

impl Task for AgentSettings {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.write(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(self.check(job))
    }
}

/// Every agent's step.
pub(super) fn all(told: &Told) -> impl Iterator<Item = Arc<AgentSettings>> {
    Agent::ALL.into_iter().map(|agent| {
        Arc::new(AgentSettings {
            agent,
            told: told.clone(),
        })
    })
}

#[cfg(test)]
mod tests;
