//! The credential of the Databricks workspace: how it stands, supplying one, a fresh one now, and forgetting it. The
//! server's vault does it; here the answer is written. No answer holds a secret.

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

/// How the credential stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// There is none.
    #[default]
    None,
    /// A token is in force, or just asked for.
    Good,
    /// Nobody uses one; it is made for the next session.
    Resting,
    /// The last attempt to get one failed; it is tried again.
    Failing,
    /// What was supplied is used itself: the workspace makes no others by it.
    Fixed,
    /// What was supplied is good for nothing (any more).
    Refused,
}

/// Where what was supplied came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialSource {
    /// The server's environment.
    Environment,
    /// The page.
    Page,
    /// A profile of the Databricks CLI.
    Profile,
    /// A service principal: what is done by it is audited as its doing.
    ServicePrincipal,
}

/// The answer of `GET /api/pat-status`. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PatStatus {
    /// Something was supplied.
    pub configured: bool,
    /// A token is in force.
    pub valid: bool,
    /// How it stands.
    pub state: CredentialState,
    /// The workspace's host; none where the server knows of no workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_host: Option<String>,
    /// Where tokens are made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_page: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<CredentialSource>,
    /// Since when the token is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// Until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// When the next one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<u64>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The token that the proxy in front hands on of whoever asks: programs of the sessions that they open use it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<Forwarded>,
}

/// A token that a proxy hands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// Whose it is, as the proxy says.
    pub user: String,
    /// Until when it is good, if no request brings another, milliseconds since 1970.
    pub until_ms: u64,
}

/// The answer of `POST /api/configure-pat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// Whose the token is.
    pub user: String,
}

/// How the credential stands.
#[server(name = GetPatStatus, endpoint = "pat-status", input = GetUrl, output = Json, client = PageClient)]
pub async fn pat_status() -> Result<PatStatus, AppError> {
    let Some(vault) = crate::context::AppContext::current()?.vault else {
        return Ok(PatStatus::default());
    };
    Ok(vault.status(&super::login::server::request()?))
}

/// Supplies a token. It is shown to the workspace first; one that isn't good changes nothing.
#[server(endpoint = "configure-pat", input = Json, output = Json, client = PageClient)]
pub async fn configure_pat(token: String) -> Result<Configured, AppError> {
    let vault = server::vault()?;
    let user = vault
        .configure(token, &super::login::server::request()?)
        .await?;
    Ok(Configured { user })
}

/// Wants a fresh token now.
#[server(endpoint = "pat-rotate", input = Json, output = Json, client = PageClient)]
pub async fn rotate_pat() -> Result<Done, AppError> {
    server::vault()?
        .rotate(&super::login::server::request()?)
        .await;
    Ok(Done {})
}

/// Forgets what was supplied and revokes what was made by it.
#[server(endpoint = "pat-forget", input = Json, output = Json, client = PageClient)]
pub async fn forget_pat() -> Result<Done, AppError> {
    server::vault()?
        .forget(&super::login::server::request()?)
        .await;
    Ok(Done {})
}

#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use crate::context::{AppContext, Vault};
    use crate::error::{AppError, ErrorCode};

    pub(super) fn vault() -> Result<Arc<dyn Vault>, AppError> {
        AppContext::current()?.vault.ok_or_else(|| {
            AppError::new(
                ErrorCode::NotFound,
                "this server knows of no databricks workspace: start it with DATABRICKS_HOST",
            )
        })
    }
}
