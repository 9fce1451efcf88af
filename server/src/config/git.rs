//! The token for git's servers, and which servers get it. It comes by the environment alone, and goes to nobody unless a
//! host is named.

use bowline_identity::secret::Secret;

use super::{ConfigError, Env, is_given};

/// The user's name where nothing else is said: most servers look at the token alone.
const USER: &str = "token";

/// A token for git's servers. Not `Debug`: it is secret.
#[derive(Clone)]
pub struct GitToken {
    /// The token.
    pub token: Secret,
    /// The name that is sent with it.
    pub user: String,
    /// Who gets it.
    pub places: Vec<GitPlace>,
}

/// A server, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitPlace {
    /// Its name, with the port if that is not the usual one; in lower case.
    host: String,
    /// Only repositories below this, without slashes around.
    path: Option<String>,
}

impl GitPlace {
    fn parse(given: &str) -> Option<Self> {
        let text = given.trim();
        let text = text
            .strip_prefix("https://")
            .unwrap_or(text)
            .trim_end_matches('/');
        let (host, path) = match text.split_once('/') {
            Some((host, path)) => (host, Some(path.trim_matches('/').to_owned())),
            None => (text, None),
        };
        let is_fit = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
        let is_host = !host.is_empty() && host.chars().all(is_fit);
        is_host.then(|| Self {
            host: host.to_ascii_lowercase(),
            path,
        })
    }

    /// The server, with its port if that is not the usual one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether a repository lies there. `path` is what git says of it, if it does.
    pub fn has(&self, host: &str, path: Option<&str>) -> bool {
        let below = |wanted: &str| {
            let path = path.unwrap_or_default().trim_start_matches('/');
            let rest = path.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        };
        self.host == host.to_ascii_lowercase() && self.path.as_deref().is_none_or(below)
    }
}

impl GitToken {
    /// `None` where there is no token.
    pub(super) fn resolve(env: &Env<'_>) -> Result<Option<Self>, ConfigError> {
        let given = |name| env.text(name).filter(|text| is_given(text));
        let Some(token) = given("GIT_TOKEN").and_then(|token| Secret::new(&token)) else {
            return Ok(None);
        };
        let hosts = given("GIT_TOKEN_HOST").unwrap_or_default();
        let hosts = hosts.split(',').filter(|host| is_given(host));
        let places = hosts.map(|host| {
            GitPlace::parse(host).ok_or_else(|| ConfigError::GitTokenHost(host.to_owned()))
        });
        Ok(Some(Self {
            token,
            user: given("GIT_TOKEN_USER").unwrap_or_else(|| USER.to_owned()),
            places: places.collect::<Result<_, _>>()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_exactly_the_named_place() {
        let place = GitPlace::parse(" https://GitHub.com/ ").unwrap();
        assert!(place.has("github.com", None) && place.has("GITHUB.COM", Some("a/b.git")));
        for other in [
            "github.com.evil.tld",
            "evil-github.com",
            "www.github.com",
            "github.com:8443",
            "",
        ] {
            assert!(!place.has(other, None), "{other}");
        }
        let part = GitPlace::parse("git.example:8443/team/one").unwrap();
        for (host, path, fine) in [
            ("git.example:8443", Some("team/one.git"), true),
            ("git.example:8443", Some("/team/one/two.git"), true),
            ("git.example:8443", Some("team/oneself.git"), false),
            ("git.example:8443", Some("other/team/one"), false),
            ("git.example:8443", None, false),
            ("git.example", Some("team/one"), false),
        ] {
            assert_eq!(part.has(host, path), fine, "{host} {path:?}");
        }
        for none in ["", "a b", "user@host", "https://"] {
            assert!(GitPlace::parse(none).is_none(), "{none:?}");
        }
    }
}
