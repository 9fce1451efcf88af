//! Reading and saving the workspace.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use leptos::prelude::*;
use server_fn::codec::{GetUrl, Json};

use super::client::PageClient;
use crate::error::AppError;
use crate::workspace::{Workspace, WorkspaceReply};

/// The tabs and their revision.
#[server(name = GetWorkspace, endpoint = "workspace", input = GetUrl, output = Json, client = PageClient)]
pub async fn workspace() -> Result<WorkspaceReply, AppError> {
    let context = crate::context::AppContext::current()?;
    Ok(WorkspaceReply::clone(&context.workspace.current()))
}

/// Replaces the tabs, if `revision` is the present one; otherwise the error holds the present ones.
#[server(endpoint = "workspace", input = Json, output = Json, client = PageClient)]
pub async fn save_workspace(
    revision: u64,
    workspace: Workspace,
) -> Result<WorkspaceReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let saved = context.workspace.save(revision, workspace).await?;
    Ok(WorkspaceReply::clone(&saved))
}
