//! What signs the doctor in: headers for the proxy that somebody gave it, and the access token for Bowline itself, which
//! goes nowhere but to where the settings say that this server is.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;

/// The variable with headers for the proxy; a flag would be shown by `ps`.
pub(in crate::doctor) const HEADERS: &str = "BOWLINE_DOCTOR_HEADERS";

/// The headers can't be read. Says nothing of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{HEADERS}: give a header on each line, such as `Cookie: name=value`")]
pub(in crate::doctor) struct NoHeaders;

/// What can be shown. Not `Debug`: all of it is secret.
pub(in crate::doctor) struct Login {
    headers: String,
    token: Option<String>,
    token_file: Option<PathBuf>,
    hosts: Vec<String>,
}

impl Login {
    pub(in crate::doctor) fn new(
        config: Option<&Config>,
        variables: &BTreeMap<OsString, OsString>,
    ) -> Self {
        let headers = variables.get(OsStr::new(HEADERS));
        let headers = headers.and_then(|headers| headers.to_str());
        let hosts = config.map_or_else(Vec::new, |config| {
            let urls = config.listen.public_urls.iter();
            let urls = urls.map(|url| url.authority.clone());
            urls.chain(config.listen.allowed_hosts.iter().cloned())
                .collect()
        });
        Self {
            headers: headers.unwrap_or_default().to_owned(),
            token: config.and_then(|config| config.entry.token.clone()),
            token_file: config.map(|config| config.state_dir.join("access-token")),
            hosts,
        }
    }

    /// What is sent with every request.
    pub(super) fn headers(&self) -> Result<HeaderMap, NoHeaders> {
        let mut headers = HeaderMap::new();
        for line in self.headers.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':').ok_or(NoHeaders)?;
            let name = HeaderName::from_bytes(name.trim().as_bytes());
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| NoHeaders)?;
            value.set_sensitive(true);
            headers.append(name.map_err(|_| NoHeaders)?, value);
        }
        Ok(headers)
    }

    /// The access token, if it may go there: this machine, or by TLS a name of this server's.
    pub(super) fn token_for(&self, url: &Url) -> Option<HeaderValue> {
        if !self.is_ours(url) {
            return None;
        }
        let kept = || std::fs::read_to_string(self.token_file.as_ref()?).ok();
        let token = self.token.clone().or_else(kept)?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn is_ours(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
            return true;
        }
        // As a browser writes it in `Host`.
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        url.scheme() == "https"
            && self
                .hosts
                .iter()
                .any(|known| *known == authority || known == host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            headers: "Cookie: a=b\n\n X-Other : c \n".to_owned(),
            token: Some("the token".to_owned()),
            token_file: None,
            hosts: vec!["desk.example".to_owned(), "odd.example:8443".to_owned()],
        }
    }

    #[test]
    fn the_token_goes_only_to_where_this_server_is() {
        for (url, goes) in [
            ("http://127.0.0.1:8000/", true),
            ("http://[::1]/", true),
            ("https://localhost/", true),
            ("https://desk.example/work/", true),
            ("https://odd.example:8443/", true),
            ("http://desk.example/", false),
            ("https://odd.example/", false),
            ("https://desk.example.evil.example/", false),
            ("https://evil.example/", false),
            ("http://localhost.evil.example/", false),
        ] {
            let token = login().token_for(&Url::parse(url).unwrap());
            assert_eq!(token.is_some(), goes, "{url}");
        }
    }

    #[test]
    fn headers_stand_on_lines() {
        let headers = login().headers().unwrap();
        assert_eq!(headers["cookie"], "a=b");
        assert_eq!(headers["x-other"], "c");
        assert!(headers["cookie"].is_sensitive());
        let headers = "a secret without a name".to_owned();
        assert_eq!(Login { headers, ..login() }.headers(), Err(NoHeaders));
    }
}
