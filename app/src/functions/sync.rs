//! Which of the user's files outlive the machine, and how that goes: what agents and shells remember, and projects at each
//! commit.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

use super::client::PageClient;
use crate::error::AppError;

/// How far keeping what is remembered is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing opens the place yet.
    Waiting,
    /// It is being brought back.
    Restoring,
    /// It was brought back, and is saved from time to time.
    Kept,
}

/// Claude Code's memory and shells' histories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReply {
    /// Where they are kept.
    pub place: String,
    /// How far it is.
    pub phase: Phase,
    /// When all was last the same here and there, milliseconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_ms: Option<u64>,
    /// What went wrong last, if it hasn't gone well since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Files that could not be carried, and those of which there are two now.
    pub notes: Vec<String>,
}

/// Repositories below `~/projects`, at each commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectsReply {
    /// Where they go.
    pub place: String,
    /// The last lines of what was carried.
    pub log: String,
}

/// The answer of `GET /api/sync-status`. What is turned off is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncReply {
    /// What agents and shells remember.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateReply>,
    /// Projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<ProjectsReply>,
}

/// Which files are carried elsewhere, and how that goes.
#[server(endpoint = "sync-status", input = GetUrl, output = Json, client = PageClient)]
pub async fn sync_status() -> Result<SyncReply, AppError> {
    let context = crate::context::AppContext::current()?;
    Ok(match &context.carrier {
        Some(carrier) => carrier.status().await,
        None => SyncReply::default(),
    })
}
