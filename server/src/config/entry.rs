//! Who may enter.

use clap::{Args, ValueEnum};

use super::{ConfigError, Env};

/// Settings of who may enter, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Who may enter")]
pub struct EntryArgs {
    /// Who may enter: whoever has the printed code or the access token, or anybody on this machine.
    #[arg(long, env = "BOWLINE_AUTH", default_value = "token")]
    pub auth: Auth,
}

/// Who may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Whoever has the printed code or the access token.
    Token,
    /// Anybody who can connect; only on a loopback address.
    None,
}

/// Who may enter. Not `Debug`: it may hold the access token.
#[derive(Clone)]
pub struct Entry {
    /// By what.
    pub auth: Auth,
    /// An access token fixed from outside.
    pub token: Option<String>,
}

/// Shortest access token that may be fixed from outside, bytes.
pub const MIN_TOKEN: usize = 16;

impl EntryArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Result<Entry, ConfigError> {
        let token = env.text("BOWLINE_TOKEN").filter(|token| !token.is_empty());
        if token.as_ref().is_some_and(|token| token.len() < MIN_TOKEN) {
            return Err(ConfigError::Token);
        }
        Ok(Entry {
            auth: self.auth,
            token,
        })
    }
}
