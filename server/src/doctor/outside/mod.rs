//! A running server seen from outside, through whatever stands before it: does it answer by this name, does a WebSocket
//! get through. What comes back was written by others: it is read within bounds, and only its codes and our own sentences
//! are told.

mod login;
mod socket;

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{DATE, HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, Response, StatusCode, Url};

pub(super) use self::login::{HEADERS, Login};
use super::report::{Check, Report};
use crate::{VERSION, outward};

/// Largest answer that is read, bytes.
const LARGEST: usize = 64 * 1024;
/// Said on every answer of ours.
const OURS: &str = "bowline-version";
/// Clocks that differ by more than this are told.
const SKEW: Duration = Duration::from_secs(60);

/// Where the server is offered, and how it is asked.
struct Target {
    url: Url,
    client: Client,
    /// What signs in at the proxy.
    headers: HeaderMap,
}

impl Target {
    fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap_or_else(|_| self.url.clone())
    }

    async fn get(&self, path: &str) -> Result<Response, reqwest::Error> {
        let request = self.client.get(self.at(path)).headers(self.headers.clone());
        request.send().await
    }
}

/// Asks the server at `url`, and watches a socket for as long as `idle` says.
pub(super) async fn check(
    url: &str,
    login: &Login,
    idle: Option<Duration>,
    report: &mut Report,
    asked: impl Fn(Check) -> bool,
) {
    if ![Check::Health, Check::Name, Check::Websocket]
        .into_iter()
        .any(&asked)
    {
        return;
    }
    let url = match address(url) {
        Ok(url) => url,
        Err(advice) => {
            return report.problem(Check::Health, "--url is no address of a page", advice);
        }
    };
    let client = outward::builder().build();
    let (client, headers) = match (client, login.headers()) {
        (Ok(client), Ok(headers)) => (client, headers),
        (Err(error), _) => return report.failure(Check::Health, error),
        (_, Err(error)) => return report.failure(Check::Health, error),
    };
    let target = Target {
        url,
        client,
        headers,
    };
    // Whoever asks for one of them hears why it can't be looked at.
    if !reached(&target, report).await {
        return;
    }
    if (asked(Check::Name) || asked(Check::Websocket)) && !named(&target, report).await {
        return;
    }
    if asked(Check::Websocket) {
        socket::check(&target, login, idle, report).await;
    }
}

fn address(text: &str) -> Result<Url, &'static str> {
    let url =
        Url::parse(text).map_err(|_| "say it whole, such as https://terminals.example.com/")?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err("say it whole, such as https://terminals.example.com/");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "`ps` shows it: say what signs you in by BOWLINE_DOCTOR_HEADERS, and the address without it",
        );
    }
    let mut url = url;
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether Bowline answers there.
async fn reached(target: &Target, report: &mut Report) -> bool {
    let answer = match target.get("health").await {
        Ok(answer) => answer,
        Err(error) => {
            let found = format!("nobody answers at {}: {}", target.url, causes(&error));
            report.problem(Check::Health, found, unreached(&error));
            return false;
        }
    };
    clocks(answer.headers(), report);
    let status = answer.status();
    let version = answer
        .headers()
        .get(OURS)
        .and_then(|value| value.to_str().ok());
    match version {
        Some(version) if status == StatusCode::OK => {
            let found = format!("version {version} answers at {}", target.url);
            match version == VERSION {
                true => report.fine(Check::Health, found),
                false => report.warning(
                    Check::Health,
                    format!("{found}; this is version {VERSION}"),
                    "if that is meant to be this program, restart the server",
                ),
            }
            true
        }
        Some(_) => {
            report.problem(
                Check::Health,
                format!("Bowline answers /health with {status} at {}", target.url),
                "is the path what --base-path says, and does the proxy pass it on as it is?",
            );
            false
        }
        None => {
            elsewhere(target, &answer, report);
            false
        }
    }
}

/// Who answers is not Bowline.
fn elsewhere(target: &Target, answer: &Response, report: &mut Report) {
    let status = answer.status();
    let signs_in = format!(
        "sign in there with a browser, and set {HEADERS} to what it then sends, such as `Cookie: …`"
    );
    if status.is_redirection() {
        let to = answer
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| target.url.join(to).ok());
        let host = to
            .as_ref()
            .and_then(Url::host_str)
            .unwrap_or("another page");
        let is_https = to
            .as_ref()
            .is_some_and(|to| to.scheme() == "https" && target.url.scheme() == "http");
        let advice = if is_https {
            "say https in --url".to_owned()
        } else {
            signs_in
        };
        let found = format!("the proxy leads to {host} instead of Bowline ({status})");
        report.warning(Check::Health, found, advice);
    } else if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
        report.warning(
            Check::Health,
            format!("the proxy lets nobody in without a sign-in ({status})"),
            signs_in,
        );
    } else if status.is_server_error() {
        report.problem(
            Check::Health,
            format!("a proxy answers at {}, and does not reach Bowline ({status})", target.url),
            "does the server run, and does the proxy ask where it listens? `bowline doctor --only server` says where",
        );
    } else {
        report.problem(
            Check::Health,
            format!(
                "another program answers at {} ({status}, no {OURS} header)",
                target.url
            ),
            "compare address and path with the proxy's configuration and --base-path",
        );
    }
}

/// Whether Bowline knows itself by this name, and takes its page's origin for its own.
async fn named(target: &Target, report: &mut Report) -> bool {
    let origin = target.url.origin().ascii_serialization();
    let request = target
        .client
        .get(target.at("api/version"))
        .headers(target.headers.clone());
    let answer = match request.header(ORIGIN, &origin).send().await {
        Ok(answer) => answer,
        Err(error) => {
            report.failure(Check::Name, causes(&error));
            return false;
        }
    };
    if !answer.headers().contains_key(OURS) {
        elsewhere(target, &answer, report);
        return false;
    }
    let status = answer.status();
    let body = read(answer).await.unwrap_or_default();
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = said["error"]["message"].as_str().unwrap_or("no reason");
    match status {
        StatusCode::OK | StatusCode::UNAUTHORIZED => {
            report.fine(
                Check::Name,
                format!("it knows itself by this name, and pages of {origin} are its own"),
            );
            true
        }
        // It says itself what to do.
        _ => {
            report.problem(Check::Name, format!("Bowline refuses ({status})"), message);
            false
        }
    }
}

/// An answer's body, as far as it isn't too long.
async fn read(mut answer: Response) -> Result<Bytes, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > LARGEST {
            break;
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The time there against the time here.
fn clocks(headers: &HeaderMap, report: &mut Report) {
    let there = headers.get(DATE).and_then(|date| date.to_str().ok());
    let Some(there) = there.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return;
    };
    let here = SystemTime::now();
    let apart = here
        .duration_since(there)
        .or_else(|_| there.duration_since(here));
    if let Ok(apart) = apart
        && apart > SKEW
    {
        let found = format!("the clocks here and there are {} s apart", apart.as_secs());
        report.warning(
            Check::Clock,
            found,
            "set both: logins end, and certificates count, by them",
        );
    }
}

/// What failed, without the address, which may hold what is secret.
fn causes(error: &reqwest::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => outward::causes(cause),
        None => "it does not answer in time".to_owned(),
    }
}

fn unreached(error: &reqwest::Error) -> &'static str {
    let text = causes(error).to_lowercase();
    if text.contains("certificate") {
        "the certificate must be for this name and from an authority that this machine knows (SSL_CERT_FILE)"
    } else if text.contains("dns") || text.contains("lookup") {
        "the name must lead to the proxy: look at its DNS entry"
    } else {
        "does the proxy run, and listen there?"
    }
}
