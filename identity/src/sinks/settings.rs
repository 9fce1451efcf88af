//! What is written: where to, by which token, and how Bowline is called for a fresh one.

use std::time::Duration;

use super::author::Author;
use super::broker::Broker;
use super::endpoint::{Endpoints, Host};
use super::models::Models;
use crate::secret::Secret;

/// How old the token is that a tool got of the helper, at most: younger than the time for which the one before stays good.
const REFRESH: Duration = Duration::from_secs(60);

/// What to put into the files of tools.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the tools ask.
    pub endpoints: Endpoints,
    /// Where tools ask models instead.
    pub broker: Option<Broker>,
    /// What they ask for.
    pub models: Models,
    /// How they call Bowline.
    pub bowline: Program,
    /// The profile of `~/.databrickscfg` that has the token; none to leave the file alone. Where a token is supplied by a
    /// profile of the user's, it must not be that one: what is written there dies.
    pub profile: Option<ProfileName>,
    /// For which git is to ask Bowline, beside the workspace.
    pub git_hosts: Vec<Host>,
    /// Folders in which Gemini works without asking first, as absolute paths.
    pub trusted: Vec<String>,
    /// Models of the workspace that the installed OpenCode knows by itself, with how to ask them.
    pub opencode_knows: Vec<String>,
    /// Servers of tools that Hermes is told of where its file is made here: names of letters, digits and -_, and addresses.
    pub hermes_servers: Vec<(String, String)>,
    /// Who commits, where the user has said nothing.
    pub author: Option<Author>,
    token: Secret,
}

/// What can't be put into files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// With what is no token, a file could say anything.
    #[error("this is not a token: it has characters that no token has")]
    Token,
    /// It would need another kind of quotes in each file.
    #[error("bowline is called by a name or a path of letters, digits and -._/+")]
    Program,
    /// Likewise.
    #[error("a profile has a name of letters, digits and -_.")]
    Profile,
    /// Tools would be pointed elsewhere.
    #[error("this is not the address and the secret of a broker on this machine")]
    Broker,
}

impl Settings {
    /// With the profile `DEFAULT`, without a broker, and `bowline` found on the path.
    pub fn new(endpoints: Endpoints, token: Secret, models: Models) -> Result<Self, BadSetting> {
        if !is_bearer(token.expose()) {
            return Err(BadSetting::Token);
        }
        Ok(Self {
            endpoints,
            broker: None,
            models,
            bowline: Program("bowline".to_owned()),
            profile: Some(ProfileName("DEFAULT".to_owned())),
            git_hosts: Vec::new(),
            trusted: Vec::new(),
            opencode_knows: Vec::new(),
            hermes_servers: Vec::new(),
            author: None,
            token,
        })
    }

    /// The credential in force.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Whether a text has what nobody else may read.
    pub(super) fn is_told_in(&self, text: &str) -> bool {
        let secret = self.broker.as_ref().map(Broker::secret);
        let mut all = [Some(self.token()), secret].into_iter().flatten();
        all.any(|secret| text.contains(secret.expose()))
    }

    pub(super) fn refresh(&self) -> Duration {
        REFRESH
    }
}

/// Whether a text is of the form that `Authorization: Bearer` takes (RFC 6750, `b64token`). Such a one stands for itself in
/// every file format, without quotes.
pub(super) fn is_bearer(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    !body.is_empty() && body.chars().all(is_fit)
}

/// A program that stands for itself in a shell's line, in JSON, in TOML and in git's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(String);

impl Program {
    /// A name that is looked for on the path, or an absolute path.
    pub fn new(name: &str) -> Result<Self, BadSetting> {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._/+".contains(c);
        let is_named = !name.is_empty() && !name.starts_with('-') && name.chars().all(is_fit);
        // Of a relative path nobody knows where it leads.
        match is_named && (name.starts_with('/') || !name.contains('/')) {
            true => Ok(Self(name.to_owned())),
            false => Err(BadSetting::Program),
        }
    }

    /// By which it is called.
    pub fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn call(&self, words: &[&str]) -> String {
        format!("{} {}", self.0, words.join(" "))
    }
}

/// A section of `~/.databrickscfg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    /// Of letters, digits and a few others.
    pub fn new(name: &str) -> Result<Self, BadSetting> {
        let is_fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        match !name.is_empty() && name.chars().all(is_fit) {
            true => Ok(Self(name.to_owned())),
            false => Err(BadSetting::Profile),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for ProfileName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_has_nothing_that_a_file_format_could_take_for_its_own() {
        for good in ["dapi0123abc-2", "eyJhbGciOi.J9_x-y.Zm9v", "YWJj+/=="] {
            assert!(is_bearer(good), "{good}");
        }
        for bad in [
            "", "==", "a b", "a\nb", "a\"b", "a#b", "a%b", "a$b", "a'b", "ä", "a=b",
        ] {
            assert!(!is_bearer(bad), "{bad}");
        }
    }
}
