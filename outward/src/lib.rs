//! HTTP requests that Bowline itself makes: one way to make a client, and bounded reading of what it answers.
//! Whoever answers is not trusted with time, with memory or with where a secret goes: a redirect is an error, except where
//! there is no secret (`files`). Knows nothing of whom it asks.

pub mod files;
mod privacy;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;

pub use self::privacy::is_private;

/// How long until somebody has to be connected.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take, its answer read to the end.
const WHOLE: Duration = Duration::from_secs(20);
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);
/// Largest answer that is read, bytes. Documents about keys and people are far smaller.
const MAX_BODY: usize = 1024 * 1024;

/// What went wrong. Says nothing of what was sent, nor of the answer's text: either may be secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No client could be made; without certificates of authorities, for one.
    #[error("no https requests can be made here: {0}")]
    Client(reqwest::Error),
    /// Nobody answered, or the connection broke.
    #[error("{0}")]
    Unanswered(String),
    /// It said no.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// It said not now, and when.
    #[error("it answered {status}, and to come again after {} s", after.as_secs())]
    Later {
        /// What it answered.
        status: StatusCode,
        /// When it wants to be asked again.
        after: Duration,
    },
    /// More than is ever read.
    #[error("its answer is longer than {0} bytes")]
    TooLong(u64),
    /// Not what was asked for.
    #[error("its answer makes no sense: {0}")]
    Malformed(serde_json::Error),
}

/// Chooses the cryptography of TLS for this process, before anybody makes a client.
pub fn choose_tls() {
    // Whoever comes second finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What every client of ours is made from: bounded in time, and following nobody elsewhere.
pub fn builder() -> ClientBuilder {
    unhurried().timeout(WHOLE)
}

fn unhurried() -> ClientBuilder {
    choose_tls();
    Client::builder()
        .user_agent(concat!("bowline/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(redirect::Policy::none())
}

/// A client.
pub fn client() -> Result<Client, Error> {
    builder().build().map_err(Error::Client)
}

/// A client for answers that are passed on while they come: they may take any time as a whole, but no longer than `silence`
/// without a piece.
pub fn streaming(silence: Duration) -> Result<Client, Error> {
    let client = unhurried().read_timeout(silence);
    // Longer than that, the other end may be about to close it.
    let client = client.pool_idle_timeout(IDLE);
    client.build().map_err(Error::Client)
}

/// Sends a request and reads its answer, which must be JSON and say that all is well.
pub async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    let response = request.send().await.map_err(unanswered)?;
    match response.status() {
        StatusCode::OK => {
            let body = body(response).await?;
            serde_json::from_slice(&body).map_err(Error::Malformed)
        }
        status => Err(refused(status, response.headers())),
    }
}

/// What a status says that isn't good, and `Retry-After` in seconds beside it; a date there says nothing, as clocks differ.
pub fn refused(status: StatusCode, headers: &HeaderMap) -> Error {
    let busy = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let after = after.and_then(|seconds| seconds.trim().parse::<u32>().ok());
    match after.filter(|_| busy.contains(&status)) {
        Some(seconds) => Error::Later {
            status,
            after: Duration::from_secs(seconds.into()),
        },
        None => Error::Status(status),
    }
}

/// Sends a request of which only counts that all is well.
pub async fn done(request: RequestBuilder) -> Result<(), Error> {
    let response = request.send().await.map_err(unanswered)?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(refused(status, response.headers())),
    }
}

/// Sends a request, and gives what is answered whatever it says, unless that is longer than `most` bytes.
pub async fn answer(request: RequestBuilder, most: usize) -> Result<http::Response<Bytes>, Error> {
    let response = request.send().await.map_err(unanswered)?;
    whole(response, most).await
}

async fn whole(response: Response, most: usize) -> Result<http::Response<Bytes>, Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = http::Response::new(body_within(response, most).await?);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// An answer's body, unless it is too long.
pub async fn body(response: Response) -> Result<Bytes, Error> {
    body_within(response, MAX_BODY).await
}

async fn body_within(mut response: Response, most: usize) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > most {
            return Err(Error::TooLong(most as u64));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The error without its URL, which may hold what is secret, but with its causes: the first says only that it failed.
fn unanswered(error: reqwest::Error) -> Error {
    Error::Unanswered(causes(&error.without_url()))
}

/// An error with all that caused it.
pub fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", causes(cause)),
        None => error.to_string(),
    }
}

/// Sends a request that somebody else wrote, and gives the answer whatever it says.
pub async fn exchange(
    client: &Client,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, Error> {
    let request = reqwest::Request::try_from(request).map_err(unanswered)?;
    let response = client.execute(request).await.map_err(unanswered)?;
    let answer = whole(response, MAX_BODY).await?;
    Ok(answer.map(|body| body.to_vec()))
}
