//! The headers that stand on every answer: what an answer lacks of them is put there at the end. Who may put the page
//! into a frame is written into every policy here, and nowhere else.

use axum::http::HeaderMap;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const VERSION: HeaderName = HeaderName::from_static(bowline_protocol::http::SERVER_VERSION);

/// The policy of what isn't a page.
const NOTHING: &str = "default-src 'none'";
/// How long a browser asks by https alone: half a year, in seconds.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=15552000");

/// What a JupyterHub looks for in the answers of a server that it started: the version of what they say to each other, as
/// tested.
const HUB_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-jupyterhub-version"),
    HeaderValue::from_static("6.1.1"),
);

/// What of these headers depends on settings.
#[derive(Debug)]
pub(crate) struct Standing {
    /// `frame-ancestors` with its value.
    ancestors: String,
    nothing: HeaderValue,
}

impl Standing {
    /// `ancestors` is the value of `frame-ancestors`.
    pub(crate) fn new(ancestors: &str) -> Self {
        let ancestors = format!("frame-ancestors {ancestors}");
        Self {
            nothing: with(NOTHING, &ancestors),
            ancestors,
        }
    }

    /// Puts what is missing.
    pub(crate) fn complete(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            (VERSION, crate::VERSION),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (
                PERMISSIONS,
                "camera=(), geolocation=(), microphone=(self), clipboard-read=(self), clipboard-write=(self)",
            ),
            // The small window of a sign-in elsewhere may close itself.
            (OPENER, "same-origin-allow-popups"),
            (RESOURCE, "same-origin"),
            (CACHE_CONTROL, "no-store"),
        ] {
            let value = HeaderValue::from_static(value);
            headers.entry(name).or_insert(value);
        }
        let policy = match headers
            .get(CONTENT_SECURITY_POLICY)
            .map(HeaderValue::to_str)
        {
            Some(Ok(policy)) => with(policy, &self.ancestors),
            _ => self.nothing.clone(),
        };
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Tells a hub to whom it speaks.
pub(crate) fn below_hub(headers: &mut HeaderMap) {
    let (name, value) = HUB_VERSION;
    headers.insert(name, value);
}

/// Tells the browser to ask by https alone from now on.
pub(crate) fn strict(headers: &mut HeaderMap) {
    headers.insert(STRICT_TRANSPORT_SECURITY, STRICT);
}

fn with(policy: &str, ancestors: &str) -> HeaderValue {
    let policy = HeaderValue::try_from(format!("{policy}; {ancestors}"));
    policy.expect("a policy and checked settings are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_says_who_may_frame() {
        let standing = Standing::new("'self' https://portal.example");
        let mut headers = HeaderMap::new();
        standing.complete(&mut headers);
        let expected = "default-src 'none'; frame-ancestors 'self' https://portal.example";
        assert_eq!(headers[CONTENT_SECURITY_POLICY], expected);

        let policy = HeaderValue::from_static("default-src 'self'");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        standing.complete(&mut headers);
        let expected = "default-src 'self'; frame-ancestors 'self' https://portal.example";
        assert_eq!(headers[CONTENT_SECURITY_POLICY], expected);
    }

    #[test]
    fn what_an_answer_says_itself_stands() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        Standing::new("'none'").complete(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "public");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
