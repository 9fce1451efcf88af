//! Where the workspace and its gateway answer, and which path each tool asks there. A credential belongs to these places
//! and to no other: what a file says of another one is never given a token.

use std::fmt;

use bowline_outward as outward;
use url::Url;

/// A scheme, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    origin: String,
    authority: String,
}

/// What is no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHost {
    /// Nothing that could be asked.
    #[error("not a host: give a name such as example.cloud.databricks.com")]
    Form,
    /// Whoever listens would have the token.
    #[error("a token is sent by https alone, except to this machine itself")]
    Plain,
    /// A name and a password in the address.
    #[error("leave the user name out of the host")]
    User,
}

impl Host {
    /// Of what people write: with or without scheme, with a path behind it, with space around it.
    pub fn parse(text: &str) -> Result<Self, BadHost> {
        let text = text.trim();
        // Who reads URLs leaves out tabs and line ends, which files give a meaning to.
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(BadHost::Form);
        }
        let url = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("https://{text}"))
        };
        let url = url.map_err(|_| BadHost::Form)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadHost::User);
        }
        match url.scheme() {
            "https" | "http" if outward::is_private(&url) => {}
            "http" => return Err(BadHost::Plain),
            _ => return Err(BadHost::Form),
        }
        // A host of other characters is no name of the DNS, and files take some of them for their own.
        let is_fit = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
        let authority = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(BadHost::Form),
        };
        if !authority.chars().all(is_fit) {
            return Err(BadHost::Form);
        }
        let origin = format!("{}://{authority}", url.scheme());
        Ok(Self { origin, authority })
    }

    /// As a URL without a path: `https://example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Name, and the port if it is not the usual one.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// The places that a token may be sent to.
#[derive(Debug, Clone)]
pub struct Endpoints {
    workspace: Host,
    gateway: Option<Host>,
    formerly: Vec<Host>,
}

impl Endpoints {
    /// A workspace, asked at its own serving endpoints.
    pub fn new(workspace: Host) -> Self {
        Self {
            workspace,
            gateway: None,
            formerly: Vec::new(),
        }
    }

    /// Asked at its gateway instead.
    #[must_use]
    pub fn with_gateway(mut self, gateway: Host) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Places that Bowline pointed tools at before: files that still name one are brought up to date.
    #[must_use]
    pub fn with_former(mut self, formerly: impl IntoIterator<Item = Host>) -> Self {
        self.formerly.extend(formerly);
        self
    }

    /// Where a workspace of this number has its gateway, if it has one: somebody has to knock first.
    pub fn gateway_to_try(workspace_id: &str) -> Option<Host> {
        let id = workspace_id.trim();
        let is_number = !id.is_empty() && id.len() <= 32 && id.bytes().all(|b| b.is_ascii_digit());
        is_number
            .then(|| format!("{id}.ai-gateway.cloud.databricks.com"))
            .and_then(|name| Host::parse(&name).ok())
    }

    /// The workspace.
    pub fn workspace(&self) -> &Host {
        &self.workspace
    }

    /// Of the Anthropic API; Claude Code appends `/v1/messages`.
    pub fn claude(&self) -> String {
        self.at("/anthropic", "/serving-endpoints/anthropic")
    }

    /// Of the Responses API; Codex appends `/responses`.
    pub fn codex(&self) -> String {
        self.at("/openai/v1", "/serving-endpoints")
    }

    /// Of the Gemini API; Gemini appends the version and the model.
    pub fn gemini(&self) -> String {
        self.at("/gemini", "/serving-endpoints/google")
    }

    /// Of chat completions, for OpenCode and Hermes; they append `/chat/completions`.
    pub fn chat(&self) -> String {
        self.at("/mlflow/v1", "/serving-endpoints")
    }

    /// Whether a URL leads to one of these places.
    pub fn has(&self, url: &str) -> bool {
        let all = [&self.workspace].into_iter().chain(&self.gateway);
        Host::parse(url).is_ok_and(|host| all.chain(&self.formerly).any(|ours| *ours == host))
    }

    /// What a file is to say: what it has, if that is at the same place by another way, which is the user's; else ours.
    pub(super) fn settle(has: Option<&str>, ours: String) -> String {
        let place = Host::parse(&ours).ok();
        match has.filter(|has| place.is_some() && Host::parse(has).ok() == place) {
            // Space around it is none of the address: a line end would end the line.
            Some(has) => has.trim().to_owned(),
            None => ours,
        }
    }

    fn at(&self, on_gateway: &str, on_workspace: &str) -> String {
        match &self.gateway {
            Some(gateway) => format!("{gateway}{on_gateway}"),
            None => format!("{}{on_workspace}", self.workspace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn hosts_come_as_people_write_them() {
        for text in [
            "example.com",
            " example.com\n",
            "https://example.com/",
            "https://EXAMPLE.com/?o=12#x",
            "https://example.com:443",
        ] {
            assert_eq!(host(text).origin(), "https://example.com", "{text}");
        }
        assert_eq!(
            host("http://127.0.0.1:81/x").origin(),
            "http://127.0.0.1:81"
        );
        assert_eq!(host("http://[::1]:81").authority(), "[::1]:81");
    }

    #[test]
    fn what_would_lead_a_token_astray_is_refused() {
        assert_eq!(Host::parse("http://example.com"), Err(BadHost::Plain));
        assert_eq!(
            Host::parse("http://localhost.evil.tld"),
            Err(BadHost::Plain)
        );
        assert_eq!(Host::parse("https://a@example.com"), Err(BadHost::User));
        for bad in [
            "",
            " ",
            "https://",
            "file:///etc",
            "a b",
            "ex\"ample.com",
            "a'b",
            "x$y.com",
        ] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_gateway_goes_before_the_workspace() {
        let own = Endpoints::new(host("w.example"));
        assert_eq!(
            own.claude(),
            "https://w.example/serving-endpoints/anthropic"
        );
        assert_eq!(own.codex(), "https://w.example/serving-endpoints");
        assert_eq!(own.gemini(), "https://w.example/serving-endpoints/google");
        assert_eq!(own.chat(), "https://w.example/serving-endpoints");
        let gateway = own.with_gateway(Endpoints::gateway_to_try(" 123\n").unwrap());
        let name = "https://123.ai-gateway.cloud.databricks.com";
        assert_eq!(gateway.claude(), format!("{name}/anthropic"));
        assert_eq!(gateway.codex(), format!("{name}/openai/v1"));
        assert_eq!(gateway.gemini(), format!("{name}/gemini"));
        assert_eq!(gateway.chat(), format!("{name}/mlflow/v1"));
        for bad in ["", "12a", "1.2", "1/2", "1@evil.tld"] {
            assert_eq!(Endpoints::gateway_to_try(bad), None, "{bad}");
        }
    }

    #[test]
    fn another_way_to_the_same_place_is_the_users() {
        let settle = |has| Endpoints::settle(has, "https://w.example/x".to_owned());
        assert_eq!(settle(None), "https://w.example/x");
        assert_eq!(
            settle(Some("https://w.example/ai-gateway/y")),
            "https://w.example/ai-gateway/y"
        );
        for other in ["https://old.example/y", "https://w.example:1/y", "", "y"] {
            assert_eq!(settle(Some(other)), "https://w.example/x", "{other}");
        }
    }

    #[test]
    fn a_url_is_ours_by_its_whole_host() {
        let ours = Endpoints::new(host("w.example")).with_former([host("old.example")]);
        for url in ["https://w.example/x", "w.example", "https://old.example/y"] {
            assert!(ours.has(url), "{url}");
        }
        for url in [
            "https://w.example.evil.tld",
            "https://evil.tld/w.example",
            "https://w.example@evil.tld",
            "https://w.example:8443",
            "http://w.example",
            "",
        ] {
            assert!(!ours.has(url), "{url}");
        }
    }
}
