//! Which names this server answers to, and which pages may call it. Pure.
//!
//! A foreign page can make a browser send requests here, by a name of its own that resolves to this
//! machine (then `Host` is foreign) or directly (then `Origin` is foreign).

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use bowline_app::error::{AppError, ErrorCode};

use crate::config::{Config, PublicUrl};

/// Names and origins let in.
pub(super) struct Place {
    allowed_hosts: Vec<String>,
    public_urls: Vec<PublicUrl>,
}

/// Whether a request must say which page sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Programs other than browsers send none; one that is sent must be ours.
    IfSent,
    /// A browser always sends one here.
    Required,
}

impl Place {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            allowed_hosts: config.listen.allowed_hosts.clone(),
            public_urls: config.listen.public_urls.clone(),
        }
    }

    /// The name must be a loopback one, whatever the port, so that proxies on this machine and
    /// forwarded ports work, or one that was allowed.
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<(), AppError> {
        let host = host(headers)?;
        let name = name_of(&host);
        let is_loopback = name == "localhost"
            || name.ends_with(".localhost")
            || name
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let allowed = self.allowed_hosts.iter().any(|a| *a == host || a == name)
            || self.public_urls.iter().any(|url| url.authority == host);
        if is_loopback || allowed {
            Ok(())
        } else {
            Err(refused(format!(
                "this server is not known as {host}: start it with --allowed-host {name}, or with \
                 --public-url if a proxy stands in front"
            )))
        }
    }

    /// The page's authority must equal `Host`, or the page is one of a public URL.
    pub(super) fn check_origin(&self, headers: &HeaderMap, rule: Origin) -> Result<(), AppError> {
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = match (sent.next(), sent.next()) {
            (None, _) if rule == Origin::IfSent => return Ok(()),
            (None, _) => {
                return Err(refused("this request must say its origin: a browser does"));
            }
            (Some(origin), None) => origin.to_str().unwrap_or("?").to_ascii_lowercase(),
            (Some(_), Some(_)) => return Err(refused("this request has two origins")),
        };
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let same = authority == Some(host(headers)?.as_str());
        if same || self.public_urls.iter().any(|url| url.origin == origin) {
            Ok(())
        } else {
            Err(refused(format!(
                "a page of {origin} may not use this server: if a proxy stands in front, let it pass \
                 the Host header on, or start the server with --public-url"
            )))
        }
    }
}

/// The one `Host` of a request, in lower case.
fn host(headers: &HeaderMap) -> Result<String, AppError> {
    let mut sent = headers.get_all(HOST).iter();
    match (sent.next().and_then(|host| host.to_str().ok()), sent.next()) {
        (Some(host), None) if !host.is_empty() => Ok(host.to_ascii_lowercase()),
        _ => Err(refused("this request must have one Host header")),
    }
}

/// The host without its port; an IPv6 address keeps its brackets.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => {
            // A bare IPv6 address has colons of its own, and no port.
            if name.contains(':') && !name.ends_with(']') {
                host
            } else {
                name
            }
        }
        _ => host,
    }
}

fn refused(message: impl Into<String>) -> AppError {
    AppError::new(ErrorCode::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            allowed_hosts: vec!["desk.example".to_owned(), "fixed.example:8443".to_owned()],
            public_urls: vec![PublicUrl {
                origin: "https://terminals.example".to_owned(),
                authority: "terminals.example".to_owned(),
            }],
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn loopback_names_with_any_port_and_allowed_names_are_ours() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:1",
            "127.8.9.10",
            "[::1]:8000",
            "[::1]",
            "a.localhost:80",
            "desk.example",
            "desk.example:99",
            "fixed.example:8443",
            "terminals.example",
        ] {
            assert!(
                place().check_host(&headers(&[("host", host)])).is_ok(),
                "{host}"
            );
        }
    }

    #[test]
    fn other_names_are_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "fixed.example",
            "fixed.example:1",
            "terminals.example:444",
            "localhost@evil.example",
            "",
        ] {
            assert!(
                place().check_host(&headers(&[("host", host)])).is_err(),
                "{host}"
            );
        }
        assert!(place().check_host(&headers(&[])).is_err());
        let twice = headers(&[("host", "localhost"), ("host", "localhost")]);
        assert!(place().check_host(&twice).is_err());
    }

    #[test]
    fn a_page_must_be_of_the_same_authority_or_public() {
        for (host, origin, fine) in [
            ("localhost:8000", "http://localhost:8000", true),
            ("localhost:8000", "https://localhost:8000", true),
            ("localhost:8000", "http://localhost:8001", false),
            ("localhost:8000", "http://127.0.0.1:8000", false),
            ("localhost:8000", "null", false),
            ("localhost:8000", "file://localhost:8000", false),
            ("127.0.0.1:8000", "https://terminals.example", true),
            ("127.0.0.1:8000", "http://terminals.example", false),
        ] {
            let headers = headers(&[("host", host), ("origin", origin)]);
            let checked = place().check_origin(&headers, Origin::IfSent);
            assert_eq!(checked.is_ok(), fine, "{origin} at {host}");
        }
    }

    #[test]
    fn an_origin_may_be_required() {
        let headers = headers(&[("host", "localhost")]);
        assert!(place().check_origin(&headers, Origin::IfSent).is_ok());
        assert!(place().check_origin(&headers, Origin::Required).is_err());
    }
}
