//! A way to a workspace's models on this machine's loopback. Programs that run for hours hold the broker's address
//! and its secret instead of a token, which never change while they run; what they ask is passed on with the token that is in force at
//! that moment. Whoever doesn't show the secret learns nothing, only the requests of model APIs are passed on, and they go to
//! the workspace alone. Nothing of what is said either way is kept or logged.
//!
//! Knows neither where tokens come from nor where the secret is kept: see [`Workspace`].

mod answer;
mod body;
mod head;
mod paths;
mod relay;
mod secret;
mod serve;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

pub use self::paths::{Api, PREFIX};
pub use self::secret::Secret;
pub use self::serve::{Bound, Serving};

/// What is being found out.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where requests are passed on to, and by which token.
pub trait Workspace: Send + Sync {
    /// What a model API's paths are appended to there, without a slash at its end.
    fn base(&self, api: Api) -> Pending<'_, Url>;

    /// The token in force, as the value of `Authorization`; waits for one that is just being made. Else why there is none,
    /// for people.
    fn token(&self) -> Pending<'_, Result<HeaderValue, String>>;
}

/// What programs may take. Tests lower it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time, and with them requests. Further ones wait in the kernel's queue until one ends.
    pub connections: usize,
    /// Until the head of a request is there, counted from the end of the one before: also how long a connection is kept
    /// that is not used.
    pub head_within: Duration,
    /// Of a request's body. What is larger is refused, and what was passed on of it is cut off.
    pub body: u64,
    /// Of a request's body that is kept so that it can be said again with a newer token; of a larger one nothing is.
    pub kept: usize,
    /// Without anything from the workspace, the time to its first byte included.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            head_within: Duration::from_secs(10),
            body: 64 << 20,
            // A context of a million tokens.
            kept: 4 << 20,
            silence: Duration::from_secs(600),
        }
    }
}
