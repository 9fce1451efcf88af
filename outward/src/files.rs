//! Files that anybody may have. Pages of releases lead elsewhere for them, so redirects are followed here: a few, and only to
//! where they are as private as before. Nothing secret may be sent by this client.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use crate::{Error, is_private, refused, unanswered, unhurried};

/// How often one request is sent elsewhere.
const HOPS: usize = 3;

/// Whoever fetches files.
#[derive(Debug, Clone)]
pub struct Fetcher(Client);

impl Fetcher {
    /// A file may take any time as a whole, but no longer than `silence` without a piece.
    pub fn new(silence: Duration) -> Result<Self, Error> {
        let client = unhurried()
            .read_timeout(silence)
            .redirect(redirect::Policy::custom(follow));
        Ok(Self(client.build().map_err(Error::Client)?))
    }

    /// Begins to fetch a file that may have so many bytes.
    pub async fn open(&self, url: &Url, largest: u64) -> Result<File, Error> {
        let response = self.0.get(url.clone()).send().await.map_err(unanswered)?;
        if response.status() != StatusCode::OK {
            return Err(refused(response.status(), response.headers()));
        }
        if response
            .content_length()
            .is_some_and(|length| length > largest)
        {
            return Err(Error::TooLong(largest));
        }
        Ok(File {
            response,
            largest,
            left: largest,
        })
    }
}

/// By https anywhere, by http only on this machine and only if it began there.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let before = attempt.previous();
    let came_by_https = before.last().is_some_and(|url| url.scheme() == "https");
    let is_fine =
        is_private(attempt.url()) && (!came_by_https || attempt.url().scheme() == "https");
    if before.len() > HOPS {
        attempt.error("it is sent elsewhere again and again")
    } else if is_fine {
        attempt.follow()
    } else {
        attempt.error("it is sent where others could change it")
    }
}

/// A file that is being fetched.
#[derive(Debug)]
pub struct File {
    response: Response,
    largest: u64,
    left: u64,
}

impl File {
    /// How long it is, if that was said.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Its next piece; none at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(piece) = self.response.chunk().await.map_err(unanswered)? else {
            return Ok(None);
        };
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(Error::TooLong(self.largest))?;
        Ok(Some(piece))
    }
}
