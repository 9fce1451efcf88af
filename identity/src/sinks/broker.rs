//! The broker on this machine: tools that use models are pointed there, and are given its secret instead of the token: it
//! stays the same while they run, and what they were given they use for a while or for ever. Where a file says another way to the workspace, that is the user's and the token goes with it.

use url::{Host, Url};

use super::Settings;
use super::endpoint::Endpoints;
use super::settings::{BadSetting, is_bearer};
use crate::secret::Secret;

/// Paths of every broker begin with it, so that files that name one of an earlier run are known for ours.
const PREFIX: &str = "/bowline-broker";

/// A broker.
#[derive(Debug, Clone)]
pub struct Broker {
    url: String,
    secret: Secret,
}

/// A model API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Messages,
    Responses,
    Gemini,
    Chat,
}

/// By what a tool gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Token,
    Secret,
}

impl By {
    /// How a tool asks Bowline for it.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Token => &["token"],
            Self::Secret => &["token", "--broker"],
        }
    }
}

/// Where a tool is to ask, and by what.
pub(super) struct Way<'a> {
    pub(super) url: String,
    pub(super) key: &'a Secret,
    pub(super) by: By,
}

impl Broker {
    /// One that listens there: `http://127.0.0.1:PORT/bowline-broker`.
    pub fn new(url: &str, secret: Secret) -> Result<Self, BadSetting> {
        let is_plain = url.ends_with(PREFIX) && !url.contains(['?', '#', ' ', '"', '\'']);
        match is_plain && is_brokers(url) && is_bearer(secret.expose()) {
            true => Ok(Self {
                url: url.to_owned(),
                secret,
            }),
            false => Err(BadSetting::Broker),
        }
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    fn at(&self, api: Api) -> String {
        let name = match api {
            Api::Messages => "anthropic",
            Api::Responses => "openai",
            Api::Gemini => "gemini",
            Api::Chat => "chat",
        };
        format!("{}/{name}", self.url)
    }
}

impl Settings {
    /// The way of a tool whose file has an address or none.
    pub(super) fn way(&self, api: Api, has: Option<&str>) -> Way<'_> {
        let way = self.straight(api, has);
        match &self.broker {
            // Another way to the workspace is the user's.
            Some(broker) if way.url == self.usual(api) => Way {
                url: broker.at(api),
                key: &broker.secret,
                by: By::Secret,
            },
            _ => way,
        }
    }

    /// The same without a broker.
    pub(super) fn straight(&self, api: Api, has: Option<&str>) -> Way<'_> {
        Way {
            url: Endpoints::settle(has, self.usual(api)),
            key: self.token(),
            by: By::Token,
        }
    }

    /// Whether an address in a file is one that Bowline may have put there.
    pub(super) fn knows(&self, url: &str) -> bool {
        self.endpoints.has(url) || is_brokers(url)
    }

    fn usual(&self, api: Api) -> String {
        match api {
            Api::Messages => self.endpoints.claude(),
            Api::Responses => self.endpoints.codex(),
            Api::Gemini => self.endpoints.gemini(),
            Api::Chat => self.endpoints.chat(),
        }
    }
}

/// Whether this is a broker's address, of now or of before.
pub(super) fn is_brokers(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let is_here = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback());
    let path = url.path().strip_prefix(PREFIX);
    let is_below = path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_bare = url.username().is_empty() && url.password().is_none();
    url.scheme() == "http" && is_here && is_below && is_bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brokers_address_is_known_by_its_path_on_this_machine() {
        for url in [
            "http://127.0.0.1:41234/bowline-broker",
            "http://127.0.0.1:1/bowline-broker/gemini",
        ] {
            assert!(is_brokers(url), "{url}");
        }
        for url in [
            "http://127.0.0.1:41234/bowline-brokers",
            "http://127.0.0.1:41234/serving-endpoints",
            "https://127.0.0.1:41234/bowline-broker",
            "http://10.0.0.1:41234/bowline-broker",
            "http://localhost.evil.tld/bowline-broker",
            "http://a@127.0.0.1/bowline-broker",
            "",
        ] {
            assert!(!is_brokers(url), "{url}");
        }
    }
}
