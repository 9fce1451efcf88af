//! How far the set-up of this machine is: the steps that install and configure what sessions need, as far as that is
//! wanted. Steps never stand in the way of a terminal.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

use super::Done;
use super::client::PageClient;
use crate::error::AppError;

/// How all steps together are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupState {
    /// There is nothing to set up.
    #[default]
    None,
    /// Some step waits or runs.
    Running,
    /// Every step is done and was verified.
    Complete,
    /// What is needed works; something else does not.
    Warning,
    /// Something that is needed does not work.
    Error,
}

/// How one step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// For its turn, or for a step before it.
    Waiting,
    /// Under way.
    Running,
    /// Done and verified.
    Complete,
    /// Done in part; `error` says what is missing.
    Warning,
    /// Failed; `error` says why.
    Error,
    /// Not tried to the end; `error` says why.
    Skipped,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupStep {
    /// For programs; unique, and the same at every start.
    pub id: String,
    /// For people.
    pub label: String,
    /// How it is.
    pub state: StepState,
    /// What is there, such as `2.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it began, milliseconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<u64>,
    /// When it ended, milliseconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// The last lines that it printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
    /// What is wrong, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How the page shows terminals to who has chosen nothing (`--terminal-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TerminalMode {
    /// One tab at a time.
    #[default]
    Tabs,
    /// Many side by side.
    Grid,
}

/// The answer of `GET /api/setup-status`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SetupReply {
    /// How all steps together are.
    pub state: SetupState,
    /// In the order in which they are shown.
    pub steps: Vec<SetupStep>,
    /// How the page shows terminals to who has chosen nothing.
    pub terminal_mode: TerminalMode,
}

/// How far the set-up of this machine is.
#[server(endpoint = "setup-status", input = GetUrl, output = Json, client = PageClient)]
pub async fn setup_status() -> Result<SetupReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let (state, steps) = match &context.setup {
        Some(setup) => setup.status(),
        None => Default::default(),
    };
    Ok(SetupReply {
        state,
        steps,
        terminal_mode: context.terminal_mode,
    })
}

/// Runs a step that is over again, with what it needs and what waited for it.
#[server(endpoint = "setup-retry", input = Json, output = Json, client = PageClient)]
pub async fn retry_setup(id: String) -> Result<Done, AppError> {
    server::setup()?.retry(&id).await?;
    Ok(Done {})
}

/// Stops a step, or has it never begin.
#[server(endpoint = "setup-cancel", input = Json, output = Json, client = PageClient)]
pub async fn cancel_setup(id: String) -> Result<Done, AppError> {
    server::setup()?.cancel(&id).await?;
    Ok(Done {})
}

#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use crate::context::{AppContext, Setup};
    use crate::error::{AppError, ErrorCode};

    pub(super) fn setup() -> Result<Arc<dyn Setup>, AppError> {
        AppContext::current()?.setup.ok_or_else(|| {
            AppError::new(
                ErrorCode::NotFound,
                "nothing is set up here: start the server with --profile",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_a_step_is_left_out() {
        let step = r#"{"id":"gh","label":"GitHub CLI","state":"running","started_ms":5}"#;
        let read: SetupStep = serde_json::from_str(step).unwrap();
        assert_eq!(read.state, StepState::Running);
        assert_eq!((read.started_ms, read.ended_ms), (Some(5), None));
        assert_eq!(serde_json::to_string(&read).unwrap(), step);
    }
}
