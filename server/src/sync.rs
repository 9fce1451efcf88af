//! The user's files that outlive the machine, as far as a server is concerned: who opens the store, when it is looked at,
//! and what the page is told. How files are carried is the crate `sync`'s.

pub mod args;
mod bearer;
pub mod command;
mod detach;
mod log;
mod state;
mod step;

use std::path::PathBuf;
use std::sync::Arc;

use bowline_app::context::{Carrier, Pending};
use bowline_app::functions::sync::{Phase as Told, ProjectsReply, StateReply, SyncReply};
use serde::{Deserialize, Serialize};

pub(crate) use self::state::Keeping;
pub(crate) use self::step::step;
use crate::config::{Sync as Settings, Target};
use crate::unix_time::unix_ms;
use crate::vault::Vault;

/// What a program that carries a project is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Where {
    /// Whose files they are, in which workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workspace: Option<Theirs>,
    /// Or below which folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
    /// Where what was carried is written down.
    pub(crate) state_dir: PathBuf,
}

/// A folder of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Theirs {
    /// The workspace's root.
    pub(crate) root: String,
    /// Whose folder.
    pub(crate) who: String,
}

/// All that is carried.
pub(crate) struct Carried {
    settings: Settings,
    state_dir: PathBuf,
    vault: Option<Arc<Vault>>,
    keeping: Option<Keeping>,
}

impl Carried {
    /// Begins what the settings want.
    pub(crate) fn begin(
        settings: Settings,
        state_dir: PathBuf,
        vault: Option<Arc<Vault>>,
    ) -> Arc<Self> {
        let keeping = state::keep(&settings, vault.clone());
        Arc::new(Self {
            settings,
            state_dir,
            vault,
            keeping,
        })
    }

    /// What keeps what agents and shells remember, if anything does.
    pub(crate) fn keeping(&self) -> Option<&Keeping> {
        self.keeping.as_ref()
    }

    /// Where projects go; nowhere if that is off.
    pub(crate) async fn projects(&self) -> Result<Option<Where>, String> {
        let state_dir = self.state_dir.clone();
        match &self.settings.projects {
            Target::Off => Ok(None),
            Target::Folder(folder) => Ok(Some(Where {
                folder: Some(folder.clone()),
                state_dir,
                ..Where::default()
            })),
            Target::Workspace => {
                let vault = self.vault.as_ref();
                let vault = vault.ok_or("this server knows of no databricks workspace")?;
                let who = vault.who().await?;
                let root = vault.credentials().workspace().root().to_string();
                Ok(Some(Where {
                    workspace: Some(Theirs { root, who }),
                    state_dir,
                    ..Where::default()
                }))
            }
        }
    }

    /// Saves a last time, as far as there is time for it.
    pub(crate) async fn flush(&self) {
        if let Some(keeping) = &self.keeping {
            keeping.flush().await;
        }
    }

    fn told_state(&self) -> Option<StateReply> {
        let view = self.keeping.as_ref()?.view();
        Some(StateReply {
            place: view.label,
            phase: match view.phase {
                state::Phase::Waiting => Told::Waiting,
                state::Phase::Restoring => Told::Restoring,
                state::Phase::Kept => Told::Kept,
            },
            saved_ms: view.saved.map(unix_ms),
            problem: view.problem,
            notes: view.notes,
        })
    }
}

impl Carrier for Carried {
    fn status(&self) -> Pending<'_, SyncReply> {
        Box::pin(async move {
            let projects = match &self.settings.projects {
                Target::Off => None,
                target => {
                    let place = match target {
                        Target::Folder(folder) => folder.display().to_string(),
                        _ => "the workspace".to_owned(),
                    };
                    let state_dir = self.state_dir.clone();
                    let read = tokio::task::spawn_blocking(move || log::read(&state_dir)).await;
                    let log = read.unwrap_or_default();
                    Some(ProjectsReply { place, log })
                }
            };
            SyncReply {
                state: self.told_state(),
                projects,
            }
        })
    }

    fn restored(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            if let Some(keeping) = &self.keeping {
                keeping.before_a_shell().await;
            }
        })
    }
}
