//! The browsers that are signed in: listed, and signed out from afar. The gate keeps them; here the answer is written.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

use super::client::PageClient;
use crate::error::AppError;

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Browser {
    /// Names it; no secret.
    pub id: String,
    /// Who signed in, where an identity provider said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How it names itself (`User-Agent`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Where it was when it signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When it signed in, milliseconds since 1970.
    pub made_ms: u64,
    /// When it was heard of last, milliseconds since 1970.
    pub used_ms: u64,
    /// The one that asks.
    pub is_this: bool,
}

/// The answer of `GET /api/logins`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginsReply {
    /// The one used last first.
    pub browsers: Vec<Browser>,
}

/// The answer of `POST /api/logins/end`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndedReply {
    /// How many were signed out.
    pub ended: usize,
}

/// Lists the browsers that are signed in.
#[server(endpoint = "logins", input = GetUrl, output = Json, client = PageClient)]
pub async fn logins() -> Result<LoginsReply, AppError> {
    let gate = crate::context::AppContext::current()?.gate;
    let browsers = gate.browsers(&super::login::server::request()?);
    Ok(LoginsReply { browsers })
}

/// Signs a browser out, or, without an id, all but the one that asks. Their links are closed at once.
#[server(endpoint = "logins/end", input = Json, output = Json, client = PageClient)]
pub async fn end_logins(id: Option<String>) -> Result<EndedReply, AppError> {
    let gate = crate::context::AppContext::current()?.gate;
    let ended = gate.end(id.as_deref(), &super::login::server::request()?)?;
    Ok(EndedReply { ended })
}
