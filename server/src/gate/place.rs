//! Which names this server answers to, and which pages may call it. Pure.
//!
//! A foreign page can make a browser send requests here, by a name of its own that resolves to this
//! machine (then `Host` is foreign) or directly (then `Origin` is foreign).

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bowline_app::error::{AppError, ErrorCode};

use super::proxy::{Forwarded, Scheme};
use crate::config::{Config, Platform, PublicUrl, Switch};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names and origins let in.
pub(super) struct Place {
    platform: Platform,
    hsts: Switch,
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
            platform: config.entry.platform,
            hsts: config.listen.hsts,
            allowed_hosts: config.listen.allowed_hosts.clone(),
            public_urls: config.listen.public_urls.clone(),
        }
    }

    /// The name must be a loopback one, whatever the port, so that proxies on this machine and
    /// forwarded ports work, or one that was allowed.
    pub(super) fn check_host(
        &self,
        headers: &HeaderMap,
        forwarded: &Forwarded,
    ) -> Result<(), AppError> {
        let host = asked_for(headers, forwarded)?;
        // Its proxy answers to the app's names alone, and no browser gets past it.
        if self.platform == Platform::DatabricksApp {
            return Ok(());
        }
        // A hub need not know its own name. Nobody gets in here by a name alone: logins are cookies of one.
        let is_named = !self.public_urls.is_empty() || !self.allowed_hosts.is_empty();
        if self.platform == Platform::JupyterHub && !is_named {
            return Ok(());
        }
        let name = name_of(&host);
        let allowed = self.allowed_hosts.iter().any(|a| *a == host || a == name)
            || self.public_urls.iter().any(|url| url.authority == host);
        if is_loopback(name) || allowed {
            Ok(())
        } else {
            Err(refused(format!(
                "this server is not known as {host}: start it with --allowed-host {name}, or with \
                 --public-url if a proxy stands in front"
            )))
        }
    }

    /// Whether the browser asked by https and is to be told to ask by nothing else. A loopback name belongs to every
    /// program of the browser's own machine, and what it is told holds for all ports.
    pub(super) fn is_strict(&self, headers: &HeaderMap, forwarded: &Forwarded) -> bool {
        if self.hsts == Switch::Off {
            return false;
        }
        let Ok(host) = asked_for(headers, forwarded) else {
            return false;
        };
        let mut https = self.public_urls.iter();
        let by_https = forwarded.scheme == Some(Scheme::Https)
            || https.any(|url| url.authority == host && url.origin.starts_with("https://"));
        by_https && !is_loopback(name_of(&host))
    }

    /// How the browser asked, and by which name: as a proven proxy says or a public URL does, else in the clear.
    pub(super) fn reached(
        &self,
        headers: &HeaderMap,
        forwarded: &Forwarded,
    ) -> Result<(Scheme, String), AppError> {
        let host = asked_for(headers, forwarded)?;
        let mut urls = self.public_urls.iter();
        let is_https = |url: &PublicUrl| url.origin.starts_with(Scheme::Https.prefix());
        let public = urls.any(|url| url.authority == host && is_https(url));
        let scheme = match (forwarded.scheme, public) {
            (Some(scheme), _) => scheme,
            (None, true) => Scheme::Https,
            (None, false) => Scheme::Http,
        };
        Ok((scheme, host))
    }

    /// The page's authority must equal `Host`, and its scheme what a proxy says, or the page is one of a public URL.
    pub(super) fn check_origin(
        &self,
        headers: &HeaderMap,
        forwarded: &Forwarded,
        rule: Origin,
    ) -> Result<(), AppError> {
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = match (sent.next(), sent.next()) {
            (None, _) if rule == Origin::IfSent => return Ok(()),
            (None, _) => {
                return Err(refused("this request must say its origin: a browser does"));
            }
            (Some(origin), None) => origin.to_str().unwrap_or("?").to_ascii_lowercase(),
            (Some(_), Some(_)) => return Err(refused("this request has two origins")),
        };
        let schemes = match &forwarded.scheme {
            Some(scheme) => std::slice::from_ref(scheme),
            None => &[Scheme::Http, Scheme::Https],
        };
        let mut authorities = schemes
            .iter()
            .filter_map(|scheme| origin.strip_prefix(scheme.prefix()));
        let host = asked_for(headers, forwarded)?;
        let same = authorities.any(|authority| authority == host);
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

/// A browser says how the page that sends a request is related to where it goes. Opening the page by a link from
/// elsewhere is fine; calling it from there never is.
pub(super) fn check_site(headers: &HeaderMap) -> Result<(), AppError> {
    match headers.get(SITE).map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(refused("a page of another site may not use this server")),
    }
}

/// The name by which the browser asked: what a proven proxy says, else `Host`.
fn asked_for(headers: &HeaderMap, forwarded: &Forwarded) -> Result<String, AppError> {
    let host = host(headers)?;
    Ok(forwarded.host.clone().unwrap_or(host))
}

/// The one `Host` of a request, in lower case.
fn host(headers: &HeaderMap) -> Result<String, AppError> {
    let mut sent = headers.get_all(HOST).iter();
    match (sent.next().and_then(|host| host.to_str().ok()), sent.next()) {
        (Some(host), None) if !host.is_empty() => Ok(host.to_ascii_lowercase()),
        _ => Err(refused("this request must have one Host header")),
    }
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost"
        || name.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
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
            platform: Platform::Plain,
            hsts: Switch::On,
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
                place()
                    .check_host(&headers(&[("host", host)]), &Forwarded::default())
                    .is_ok(),
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
                place()
                    .check_host(&headers(&[("host", host)]), &Forwarded::default())
                    .is_err(),
                "{host}"
            );
        }
        assert!(
            place()
                .check_host(&headers(&[]), &Forwarded::default())
                .is_err()
        );
        let twice = headers(&[("host", "localhost"), ("host", "localhost")]);
        assert!(place().check_host(&twice, &Forwarded::default()).is_err());
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
            let checked = place().check_origin(&headers, &Forwarded::default(), Origin::IfSent);
            assert_eq!(checked.is_ok(), fine, "{origin} at {host}");
        }
    }

    #[test]
    fn an_origin_may_be_required() {
        let headers = headers(&[("host", "localhost")]);
        assert!(
            place()
                .check_origin(&headers, &Forwarded::default(), Origin::IfSent)
                .is_ok()
        );
        assert!(
            place()
                .check_origin(&headers, &Forwarded::default(), Origin::Required)
                .is_err()
        );
    }

    #[test]
    fn a_proven_proxy_says_name_and_scheme() {
        let https = Forwarded {
            scheme: Some(Scheme::Https),
            host: Some("desk.example".to_owned()),
            client: None,
        };
        for (origin, fine) in [
            ("https://desk.example", true),
            ("http://desk.example", false),
            ("https://inner:8000", false),
        ] {
            let headers = headers(&[("host", "inner:8000"), ("origin", origin)]);
            assert!(place().check_host(&headers, &https).is_ok());
            let checked = place().check_origin(&headers, &https, Origin::Required);
            assert_eq!(checked.is_ok(), fine, "{origin}");
        }
    }

    #[test]
    fn https_is_for_good_where_the_name_is_ours() {
        let https = |scheme| Forwarded {
            scheme,
            ..Forwarded::default()
        };
        let none = https(None);
        for (host, forwarded, strict) in [
            ("terminals.example", &none, true),
            ("desk.example", &none, false),
            ("desk.example", &https(Some(Scheme::Http)), false),
            ("desk.example", &https(Some(Scheme::Https)), true),
            ("localhost:8000", &https(Some(Scheme::Https)), false),
            ("127.0.0.1", &https(Some(Scheme::Https)), false),
            ("[::1]:80", &https(Some(Scheme::Https)), false),
        ] {
            let headers = headers(&[("host", host)]);
            assert_eq!(place().is_strict(&headers, forwarded), strict, "{host}");
            let off = Place {
                hsts: Switch::Off,
                ..place()
            };
            assert!(!off.is_strict(&headers, forwarded));
        }
    }

    #[test]
    fn on_a_platform_any_name_is_the_apps_but_its_page_must_be_ours() {
        let place = Place {
            platform: Platform::DatabricksApp,
            ..place()
        };
        let none = Forwarded::default();
        let headers = |origin| {
            let host = "bowline-1.aws.databricksapps.com";
            headers(&[("host", host), ("origin", origin)])
        };
        let ours = headers("https://bowline-1.aws.databricksapps.com");
        assert!(place.check_host(&ours, &none).is_ok());
        assert!(place.check_origin(&ours, &none, Origin::Required).is_ok());
        let theirs = headers("https://other-2.aws.databricksapps.com");
        assert!(place.check_origin(&theirs, &none, Origin::IfSent).is_err());
    }
}
