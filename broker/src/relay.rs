//! One request: who asks and what, passed on with the token in force, and the answer passed back as it comes.

use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use reqwest::{Body, Client};
use url::Url;

use crate::answer::refuse;
use crate::body::{Attempt, Broken, Source};
use crate::secret::Secret;
use crate::{Limits, Workspace, head, paths};

/// What all requests share.
pub(crate) struct Relay<W> {
    pub(crate) workspace: W,
    pub(crate) secret: Secret,
    pub(crate) port: u16,
    pub(crate) client: Client,
    pub(crate) limits: Limits,
}

impl<W: Workspace> Relay<W> {
    /// Answers whatever comes.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        // Before anything else: a stranger does not learn what there is.
        let is_ours = head::is_for(&parts.headers, self.port);
        if !is_ours || !head::shows(&parts.headers, &self.secret) {
            let why = "this is not the secret that the tools' files hold";
            return refuse(StatusCode::UNAUTHORIZED, "unauthenticated", why);
        }
        let Some((api, path)) = paths::find(&parts.method, &parts.uri) else {
            let why = "only requests to models are passed on";
            return refuse(StatusCode::NOT_FOUND, "not_found", why);
        };
        if said_size(&parts.headers) > self.limits.body {
            return too_large();
        }
        let query = parts.uri.query().map(|query| format!("?{query}"));
        let base = self.workspace.base(api).await;
        let url = format!("{base}/{path}{}", query.unwrap_or_default());
        let Ok(url) = Url::parse(&url) else {
            let why = "this path leads nowhere";
            return refuse(StatusCode::NOT_FOUND, "not_found", why);
        };
        let onward = Onward {
            method: parts.method,
            url,
            headers: head::onward(parts.headers),
        };
        let body = Source::new(body, self.limits.body, self.limits.kept);
        let answer = self.pass_on(&onward, &body).await;
        let status = answer.status().as_u16();
        tracing::debug!(%api, status, "a request to a model was passed on");
        answer
    }

    /// Asks with the token in force, and once more if that was replaced meanwhile and the workspace didn't take it.
    async fn pass_on(&self, onward: &Onward, body: &Source<Incoming>) -> Response<Body> {
        let mut used: Option<HeaderValue> = None;
        let mut refused = None;
        loop {
            let token = match self.workspace.token().await {
                Ok(token) => token,
                Err(why) => {
                    let no_token = || refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &why);
                    return refused.unwrap_or_else(no_token);
                }
            };
            let attempt = match used.as_ref() {
                Some(used) if *used == token => None,
                _ => body.again(),
            };
            let Some(attempt) = attempt else {
                return refused.unwrap_or_else(|| broken(body));
            };
            let is_first = used.is_none();
            used = Some(token.clone());
            // The one before ends here: its connection is of no use any more.
            drop(refused.take());
            let answer = match self.client.execute(onward.with(token, attempt)).await {
                Ok(answer) => passed_back(answer),
                Err(error) => return failed(&error, body),
            };
            let is_refusal =
                [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status());
            if !is_first || !is_refusal {
                return answer;
            }
            refused = Some(answer);
        }
    }
}

/// A request as the workspace gets it, but for its token and its body.
struct Onward {
    method: http::Method,
    url: Url,
    headers: HeaderMap,
}

impl Onward {
    fn with(&self, token: HeaderValue, body: Attempt<Incoming>) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(AUTHORIZATION, token);
        *request.body_mut() = Some(Body::wrap(body));
        request
    }
}

fn passed_back(answer: reqwest::Response) -> Response<Body> {
    // Whoever follows it would take the broker's secret along.
    if answer.status().is_redirection() {
        let why = "the workspace sends elsewhere, where nothing is passed on to";
        return refuse(StatusCode::BAD_GATEWAY, "unavailable", why);
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut passed = Response::new(Body::from(answer));
    *passed.status_mut() = status;
    *passed.headers_mut() = head::back(headers);
    passed
}

fn failed(error: &reqwest::Error, body: &Source<Incoming>) -> Response<Body> {
    if body.broken().is_some() {
        return broken(body);
    }
    let (status, why) = match (error.is_timeout(), error.is_connect()) {
        (true, _) => (
            StatusCode::GATEWAY_TIMEOUT,
            "the workspace does not answer in time",
        ),
        (false, true) => (StatusCode::BAD_GATEWAY, "the workspace can't be reached"),
        (false, false) => (
            StatusCode::BAD_GATEWAY,
            "the connection to the workspace broke",
        ),
    };
    refuse(status, "unavailable", why)
}

fn broken(body: &Source<Incoming>) -> Response<Body> {
    match body.broken() {
        Some(Broken::TooLarge) => too_large(),
        // Its sender is gone, or will hear why.
        _ => refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the request's body broke off",
        ),
    }
}

fn too_large() -> Response<Body> {
    let why = "the request is larger than any may be";
    refuse(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", why)
}

fn said_size(headers: &HeaderMap) -> u64 {
    let size = headers.get(CONTENT_LENGTH);
    let size = size.and_then(|size| size.to_str().ok()?.parse().ok());
    size.unwrap_or_default()
}
