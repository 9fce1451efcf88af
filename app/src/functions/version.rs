//! Which server this is.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

use super::client::PageClient;
use crate::error::AppError;

/// The answer of `GET /api/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionReply {
    /// The server's version.
    pub version: String,
    /// Versions of the link's protocol that it speaks.
    pub protocol: Vec<u16>,
}

/// Which server this is.
#[server(endpoint = "version", input = GetUrl, output = Json, client = PageClient)]
pub async fn version() -> Result<VersionReply, AppError> {
    let context = crate::context::AppContext::current()?;
    Ok(VersionReply {
        version: context.version.to_owned(),
        protocol: vec![bowline_protocol::limits::VERSION],
    })
}
