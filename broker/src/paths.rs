//! What may be asked: the requests of four model APIs, each below a name of its own. Pure. A path is compared as it came,
//! piece by piece, with what is allowed; so nothing that is written another way (`//`, `..`, `%2e`) leads anywhere.

use std::fmt;

use http::{Method, Uri};

/// All paths begin with it, so that an address of a broker is known for one wherever it stands.
pub const PREFIX: &str = "/bowline-broker";

/// A model API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
    /// Google's Gemini.
    Gemini,
    /// OpenAI's chat completions.
    Chat,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Responses, Self::Gemini, Self::Chat];

    /// Below which name of the broker's it is asked.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "anthropic",
            Self::Responses => "openai",
            Self::Gemini => "gemini",
            Self::Chat => "chat",
        }
    }

    /// Whether a request of this API has such a method and path, the latter without a slash in front.
    fn has(self, method: &Method, path: &str) -> bool {
        match self {
            Self::Messages => {
                method == Method::POST
                    && ["v1/messages", "v1/messages/count_tokens"].contains(&path)
            }
            Self::Responses => match path {
                "responses" | "responses/compact" => method == Method::POST,
                "models" => method == Method::GET,
                _ => false,
            },
            Self::Gemini => method == Method::POST && is_gemini(path),
            Self::Chat => match path {
                "chat/completions" => method == Method::POST,
                "models" => method == Method::GET,
                _ => false,
            },
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `v1beta/models/NAME:VERB`.
fn is_gemini(path: &str) -> bool {
    const VERSIONS: [&str; 3] = ["v1", "v1alpha", "v1beta"];
    const VERBS: [&str; 3] = ["generateContent", "streamGenerateContent", "countTokens"];
    let asked = || {
        let (version, rest) = path.split_once('/')?;
        let (name, verb) = rest.strip_prefix("models/")?.split_once(':')?;
        Some((version, name, verb))
    };
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    asked().is_some_and(|(version, name, verb)| {
        let is_name = name.chars().all(is_fit) && name.chars().any(|c| c.is_ascii_alphanumeric());
        VERSIONS.contains(&version) && VERBS.contains(&verb) && is_name
    })
}

/// Which API is asked, and what of it: a path without a slash in front.
pub(crate) fn find<'a>(method: &Method, uri: &'a Uri) -> Option<(Api, &'a str)> {
    // What a proxy is asked names a host.
    if uri.scheme().is_some() || uri.authority().is_some() {
        return None;
    }
    let path = uri.path().strip_prefix(PREFIX)?.strip_prefix('/')?;
    let (name, rest) = path.split_once('/')?;
    let api = Api::ALL.into_iter().find(|api| api.name() == name)?;
    api.has(method, rest).then_some((api, rest))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test that unwraps says enough by failing"
    )]

    use proptest::prelude::*;

    use super::*;

    fn found(method: &Method, uri: &str) -> Option<(Api, String)> {
        let uri: Uri = uri.parse().unwrap();
        find(method, &uri).map(|(api, rest)| (api, rest.to_owned()))
    }

    #[test]
    fn what_tools_ask_is_found() {
        for (method, path, api, rest) in [
            (
                Method::POST,
                "anthropic/v1/messages?beta=true",
                Api::Messages,
                "v1/messages",
            ),
            (
                Method::POST,
                "openai/responses",
                Api::Responses,
                "responses",
            ),
            (
                Method::GET,
                "openai/models?client_version=1",
                Api::Responses,
                "models",
            ),
            (
                Method::POST,
                "chat/chat/completions",
                Api::Chat,
                "chat/completions",
            ),
            (
                Method::POST,
                "gemini/v1beta/models/databricks-gemini-2-5-pro:streamGenerateContent?alt=sse",
                Api::Gemini,
                "v1beta/models/databricks-gemini-2-5-pro:streamGenerateContent",
            ),
        ] {
            let found = found(&method, &format!("{PREFIX}/{path}"));
            assert_eq!(found, Some((api, rest.to_owned())), "{path}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for path in [
            "/bowline-broker/openai/responses/../../api/2.0/token/create",
            "/bowline-broker/openai/%2e%2e/api",
            "/bowline-broker/openai//responses",
            "/bowline-broker//openai/responses",
            "//bowline-broker/openai/responses",
            "/bowline-broker/openai/responses/",
            "/bowline-broker/openai/responses%00",
            "/bowline-broker/openai/",
            "/bowline-broker/openai",
            "/bowline-broker",
            "/bowline-broker/gemini/v1beta/models/../x:generateContent",
            "/bowline-broker/gemini/v1beta/models/..:generateContent",
            "/bowline-broker/gemini/v1beta/models/a/b:generateContent",
            "/bowline-broker/gemini/v1beta/models/a%2fb:generateContent",
            "/bowline-broker/gemini/v1beta/models/:generateContent",
            "/bowline-broker/gemini/v1beta/models/a:deleteEverything",
            "/bowline-broker/gemini/v9/models/a:generateContent",
            "/openai/responses",
            "/api/2.0/token/create",
            "/",
            "http://127.0.0.1/bowline-broker/openai/responses",
            "http://evil.tld/bowline-broker/openai/responses",
        ] {
            assert_eq!(found(&Method::POST, path), None, "{path}");
        }
        assert_eq!(
            found(&Method::GET, "/bowline-broker/openai/responses"),
            None
        );
        assert_eq!(
            found(&Method::DELETE, "/bowline-broker/openai/models"),
            None
        );
        assert_eq!(found(&Method::CONNECT, "evil.tld:443"), None);
        assert_eq!(found(&Method::OPTIONS, "*"), None);
    }

    proptest! {
        #[test]
        fn what_is_found_stays_below_where_it_is_appended(
            name in prop_oneof![Just("openai"), Just("gemini"), Just("chat"), Just("anthropic")],
            rest in "[a-zA-Z0-9/.:%?_=&;@~-]{0,40}",
            tail in prop_oneof![Just(""), Just("responses"), Just("chat/completions"), Just("v1beta/models/x:countTokens")],
        ) {
            let path = format!("{PREFIX}/{name}/{rest}{tail}");
            let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
            if let Some((_, rest)) = find(&Method::POST, &uri) {
                let url = url::Url::parse(&format!("https://w.example/base/{rest}")).unwrap();
                prop_assert_eq!(url.path(), format!("/base/{rest}"));
                prop_assert_eq!(url.host_str(), Some("w.example"));
            }
        }
    }
}
