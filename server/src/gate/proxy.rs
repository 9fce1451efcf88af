//! Which proxies are believed, and what they say about a request: who sent it, from where, by which scheme and
//! name. Nothing of it counts unless the proxy is *proven*: anybody on this machine reaches a loopback port, and
//! anybody can send headers. Pure.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::identity::Identity;
use super::secret::Hash;
use crate::config::{Entry, Platform};
use crate::on_behalf;
use crate::peer::Peer;

/// The header by which a proxy shows the shared secret.
pub(super) const SECRET: HeaderName = HeaderName::from_static("bowline-proxy-secret");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// By what a proxy proves itself; any of them is enough.
pub(super) struct Proxies {
    platform: Platform,
    trusted: Vec<IpNet>,
    secret: Option<Hash>,
    identity_headers: Vec<HeaderName>,
}

/// What a proven proxy said about a request; nothing without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Forwarded {
    /// `http` or `https`.
    pub(super) scheme: Option<Scheme>,
    /// The name by which the browser asked, in lower case.
    pub(super) host: Option<String>,
    /// Where it is.
    pub(super) client: Option<IpAddr>,
}

/// How the browser asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// As it begins an origin.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }
}

/// Whether the header that names somebody can be taken for one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It names this one.
    One(Identity),
    /// No header names anybody.
    Nobody,
    /// A header stands there twice, or holds no name. Whoever sent it wanted to be taken for somebody.
    Malformed,
}

impl Proxies {
    pub(super) fn new(entry: &Entry) -> Self {
        Self {
            platform: entry.platform,
            trusted: entry.trusted_proxies.clone(),
            secret: entry.proxy_secret.as_deref().map(Hash::of),
            identity_headers: entry.identity_headers.clone(),
        }
    }

    /// Whether a request came through a proxy that is believed.
    pub(super) fn prove(&self, peer: &Peer, headers: &HeaderMap) -> bool {
        let by_address = match peer {
            // Who may connect is a matter of the socket's mode.
            Peer::Unix { .. } => true,
            Peer::Tcp(address) => self.trusts(address.ip()),
        };
        let by_secret = || {
            let secret = self.secret.as_ref();
            secret.is_some_and(|secret| {
                one(headers, &SECRET).is_some_and(|shown| secret.matches(shown))
            })
        };
        self.platform == Platform::DatabricksApp || by_address || by_secret()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// What a proven proxy says about the browser's request.
    pub(super) fn forwarded(&self, headers: &HeaderMap) -> Forwarded {
        let scheme = match one(headers, &FORWARDED_PROTO) {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(Scheme::Https),
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(Scheme::Http),
            _ => None,
        };
        // Each proxy adds who connected to it: what a browser sent itself stands further left, and is not believed.
        let hops = headers.get_all(&FORWARDED_FOR).iter();
        let hops: Vec<IpAddr> = hops
            .filter_map(|hops| hops.to_str().ok())
            .flat_map(|hops| hops.split(','))
            .map_while(|hop| hop.trim().parse().ok())
            .collect();
        let client = hops.iter().rev().find(|hop| !self.trusts(**hop));
        Forwarded {
            scheme,
            host: one(headers, &FORWARDED_HOST).map(str::to_ascii_lowercase),
            client: client.or(hops.first()).copied(),
        }
    }

    /// Whom a proven proxy names: the first of the known headers that is there.
    pub(super) fn named(&self, headers: &HeaderMap) -> Named {
        let is_there = |name: &&HeaderName| headers.contains_key(*name);
        let Some(name) = self.identity_headers.iter().find(is_there) else {
            return Named::Nobody;
        };
        // The others may say it in other words, but none may be there twice.
        let mut others = self.identity_headers.iter();
        if others.any(|name| headers.get_all(name).iter().count() > 1) {
            return Named::Malformed;
        }
        let text = headers
            .get(name)
            .map(|value| str::from_utf8(value.as_bytes()));
        match text {
            Some(Ok(text)) => Identity::new(text).map_or(Named::Malformed, Named::One),
            _ => Named::Malformed,
        }
    }
}

/// The token that a proxy handed on of whom it named: to be asked only where a proven one did.
pub(crate) fn handed_on(headers: &HeaderMap) -> Option<&str> {
    one(headers, &on_behalf::HEADER)
}

/// The value of a header that is there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        Proxies {
            platform: Platform::Plain,
            trusted: vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()],
            secret: Some(Hash::of("a secret of two programs")),
            identity_headers: ["x-forwarded-email", "x-forwarded-user"]
                .map(HeaderName::from_static)
                .into(),
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(*name, value);
        }
        headers
    }

    fn tcp(address: &str) -> Peer {
        Peer::Tcp(format!("{address}:4000").parse().unwrap())
    }

    #[test]
    fn a_proxy_is_proven_by_socket_address_or_secret() {
        let none = headers(&[]);
        let secret = "bowline-proxy-secret";
        for (peer, headers, fine) in [
            (tcp("127.0.0.1"), &none, false),
            (tcp("10.1.2.3"), &none, true),
            (tcp("10.2.2.3"), &none, false),
            (tcp("[::ffff:10.1.2.3]"), &none, true),
            (tcp("[::1]"), &none, true),
            (Peer::Unix { uid: 0 }, &none, true),
            (
                tcp("127.0.0.1"),
                &headers(&[(secret, "a secret of two programs")]),
                true,
            ),
            (tcp("127.0.0.1"), &headers(&[(secret, "another")]), false),
            (
                tcp("127.0.0.1"),
                &headers(&[(secret, "a secret of two programs"), (secret, "x")]),
                false,
            ),
        ] {
            assert_eq!(
                proxies().prove(&peer, headers),
                fine,
                "{peer:?} {headers:?}"
            );
        }
    }

    #[test]
    fn the_first_known_header_names_somebody() {
        for (pairs, expected) in [
            (vec![], Named::Nobody),
            (vec![("x-other", "a@b")], Named::Nobody),
            (
                vec![("x-forwarded-email", "A@b.c"), ("x-forwarded-user", "7")],
                Named::One(Identity::new("a@b.c").unwrap()),
            ),
            (
                vec![("x-forwarded-user", "ana")],
                Named::One(Identity::new("ana").unwrap()),
            ),
            (
                vec![("x-forwarded-user", "åsa@b.c")],
                Named::One(Identity::new("åsa@b.c").unwrap()),
            ),
            (vec![("x-forwarded-email", "")], Named::Malformed),
            (vec![("x-forwarded-email", "a@b,c@d")], Named::Malformed),
            (
                vec![("x-forwarded-email", "a@b"), ("x-forwarded-email", "a@b")],
                Named::Malformed,
            ),
            (
                vec![
                    ("x-forwarded-email", "a@b"),
                    ("x-forwarded-user", "1"),
                    ("x-forwarded-user", "2"),
                ],
                Named::Malformed,
            ),
        ] {
            assert_eq!(proxies().named(&headers(&pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn what_a_browser_writes_into_the_chain_is_not_believed() {
        for (chain, client) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("1.1.1.1, 203.0.113.9", Some("203.0.113.9")),
            ("1.1.1.1, 203.0.113.9, 10.1.0.7", Some("203.0.113.9")),
            ("10.1.0.8, 10.1.0.7", Some("10.1.0.8")),
            ("nonsense", None),
        ] {
            let forwarded = proxies().forwarded(&headers(&[("x-forwarded-for", chain)]));
            assert_eq!(
                forwarded.client,
                client.map(|ip| ip.parse().unwrap()),
                "{chain}"
            );
        }
    }

    #[test]
    fn scheme_and_name_count_when_they_are_said_once() {
        let forwarded = proxies().forwarded(&headers(&[
            ("x-forwarded-proto", "HTTPS"),
            ("x-forwarded-host", "Desk.example"),
        ]));
        assert_eq!(forwarded.scheme, Some(Scheme::Https));
        assert_eq!(forwarded.host.as_deref(), Some("desk.example"));
        let twice = headers(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-proto", "http"),
        ]);
        assert_eq!(proxies().forwarded(&twice), Forwarded::default());
    }
}
