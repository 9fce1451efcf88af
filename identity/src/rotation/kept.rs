//! What outlives a run of the process: which tokens were minted here. No secret is among it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a token is revoked by. No secret: it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// As the workspace names it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A token that was minted and may still be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: TokenId,
    /// For how long, at most.
    pub left: Duration,
}
