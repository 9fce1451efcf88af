//! Heads of requests and answers: whether the secret is shown, and what of a head is passed on. Pure.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName};

use crate::secret::Secret;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const GOOGLE_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const ALT_SVC: HeaderName = HeaderName::from_static("alt-svc");

/// What is between two ends of a connection, and nobody else's.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
/// What is said to the broker, or made anew.
const OURS: [HeaderName; 8] = [
    HOST,
    AUTHORIZATION,
    API_KEY,
    GOOGLE_KEY,
    COOKIE,
    CONTENT_LENGTH,
    EXPECT,
    FORWARDED,
];
/// What the workspace says of its own host.
const THEIRS: [HeaderName; 3] = [SET_COOKIE, STRICT_TRANSPORT_SECURITY, ALT_SVC];

/// Whether one of the headers by which tools show what they hold has the secret.
pub(crate) fn shows(headers: &HeaderMap, secret: &Secret) -> bool {
    let bearers = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
    });
    let plain = [API_KEY, GOOGLE_KEY];
    let keys = plain.iter().flat_map(|name| headers.get_all(name).iter());
    let shown = bearers.chain(keys.map(http::HeaderValue::as_bytes));
    // All of them are looked at.
    shown.fold(false, |found, shown| secret.is(shown) | found)
}

/// Whether a request was sent to where the broker listens, by a name that nobody else decides about.
pub(crate) fn is_for(headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_ours = |host: &http::HeaderValue| names.iter().any(|name| host == name);
    other.is_none() && host.is_some_and(is_ours)
}

/// What of a request is passed on. The credential is not in it.
pub(crate) fn onward(mut headers: HeaderMap) -> HeaderMap {
    drop_hops(&mut headers);
    for name in OURS {
        headers.remove(name);
    }
    let forwarded: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in forwarded {
        headers.remove(name);
    }
    headers
}

/// What of an answer is passed back.
pub(crate) fn back(mut headers: HeaderMap) -> HeaderMap {
    drop_hops(&mut headers);
    for name in THEIRS {
        headers.remove(name);
    }
    headers
}

fn drop_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test that unwraps says enough by failing"
    )]

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_secret_is_shown_as_each_tool_shows_it_and_not_otherwise() {
        let secret = Secret::random();
        let text = secret.expose();
        for (name, value) in [
            ("authorization", format!("Bearer {text}")),
            ("authorization", format!("bearer {text}")),
            ("x-api-key", text.to_owned()),
            ("x-goog-api-key", text.to_owned()),
        ] {
            assert!(
                shows(&headers(&[(name, &value)]), &secret),
                "{name}: {value}"
            );
        }
        for (name, value) in [
            ("authorization", text.to_owned()),
            ("authorization", format!("Basic {text}")),
            ("authorization", "Bearer".to_owned()),
            ("authorization", format!("Bearer  {text}")),
            ("authorization", format!("Bearer {text}0")),
            ("x-api-key", format!("Bearer {text}")),
            ("x-api-key", text[1..].to_owned()),
            ("x-goog-api-key", String::new()),
            ("cookie", text.to_owned()),
            ("x-other", text.to_owned()),
        ] {
            assert!(
                !shows(&headers(&[(name, &value)]), &secret),
                "{name}: {value}"
            );
        }
        let second = [
            ("x-api-key", "something"),
            ("authorization", &format!("Bearer {text}")),
        ];
        assert!(shows(&headers(&second), &secret));
        assert!(!shows(&headers(&[]), &secret));
    }

    #[test]
    fn the_host_is_this_machine_by_a_name_of_its_own() {
        for host in ["127.0.0.1:81", "localhost:81"] {
            assert!(is_for(&headers(&[("host", host)]), 81), "{host}");
        }
        for host in [
            "127.0.0.1",
            "127.0.0.1:82",
            "evil.tld:81",
            "127.0.0.1:81.evil.tld",
        ] {
            assert!(!is_for(&headers(&[("host", host)]), 81), "{host}");
        }
        let twice = [("host", "127.0.0.1:81"), ("host", "evil.tld")];
        assert!(!is_for(&headers(&twice), 81));
        assert!(!is_for(&headers(&[]), 81));
    }

    #[test]
    fn what_was_said_to_the_broker_goes_no_further() {
        let kept = [
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
            ("x-databricks-use-coding-agent-mode", "true"),
        ];
        let dropped = [
            ("host", "127.0.0.1:81"),
            ("authorization", "Bearer x"),
            ("x-api-key", "x"),
            ("x-goog-api-key", "x"),
            ("cookie", "a=b"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "1"),
            ("proxy-authorization", "x"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("content-length", "12"),
            ("expect", "100-continue"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-access-token", "x"),
        ];
        let all = [&kept[..], &dropped[..]].concat();
        assert_eq!(onward(headers(&all)), headers(&kept));
    }

    #[test]
    fn an_answer_leaves_its_hosts_own_things_behind() {
        let kept = [("content-type", "text/event-stream"), ("x-request-id", "1")];
        let dropped = [
            ("set-cookie", "a=b"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("strict-transport-security", "max-age=1"),
            ("alt-svc", "h3=\":443\""),
        ];
        let all = [&kept[..], &dropped[..]].concat();
        assert_eq!(back(headers(&all)), headers(&kept));
    }
}
