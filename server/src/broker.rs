//! The broker of this server: where it listens and what opens it, kept in the state folder so that programs which run on
//! find the next server's where they left this one's; and the workspace as `bowline-broker` wants it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use bowline_app::workspace::store::write_private;
use bowline_broker::{Api, Bound, Limits, Pending, Secret, Serving, Workspace};
use bowline_identity::sinks;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::endpoints::Finding;
use crate::outward;
use crate::vault::Vault;

/// In the state folder.
const FILE: &str = "broker.json";
/// How often the port of before is tried: a connection of somebody's may have it for a moment,
const TRIES: u32 = 10;
/// and the time between.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Https(#[from] outward::Error),
}

/// A broker, until this is dropped.
pub(crate) struct Broker {
    serving: Serving,
    secret: Secret,
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    port: u16,
    secret: String,
}

struct At {
    vault: Arc<Vault>,
    endpoints: Finding,
}

impl Broker {
    /// Begins, at the port and with the secret of the last run if that port is free. Else both are new: whoever has the
    /// port now may have been shown the secret.
    pub(crate) async fn begin(
        vault: Arc<Vault>,
        endpoints: Finding,
        state_dir: &Path,
    ) -> Result<Self, Error> {
        let path = state_dir.join(FILE);
        let (bound, secret) = match again(&path).await {
            Some(found) => found,
            None => (Bound::at(0).await?, Secret::random()),
        };
        let kept = Kept {
            port: bound.port(),
            secret: secret.expose().to_owned(),
        };
        write_private(&path, &serde_json::to_vec(&kept).map_err(io::Error::from)?)?;
        let at = At { vault, endpoints };
        let serving = bound.serve(at, secret.clone(), Limits::default())?;
        tracing::info!(url = serving.url(), "tools reach models by a broker");
        Ok(Self { serving, secret })
    }

    /// Its secret, for tools that ask for it.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// As the files of tools name it.
    pub(crate) fn for_files(&self) -> Option<sinks::Broker> {
        let secret = bowline_identity::secret::Secret::new(self.secret.expose())?;
        sinks::Broker::new(&self.serving.url(), secret).ok()
    }
}

/// What was kept, if its port can be had.
async fn again(path: &Path) -> Option<(Bound, Secret)> {
    let kept = std::fs::read(path).ok()?;
    let kept: Kept = serde_json::from_slice(&kept).ok()?;
    let secret = Secret::parse(&kept.secret)?;
    for _ in 0..TRIES {
        match Bound::at(kept.port).await {
            Ok(bound) => return Some((bound, secret)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(_) => break,
        }
        tokio::time::sleep(PAUSE).await;
    }
    tracing::warn!(
        port = kept.port,
        "the broker's port is taken: it gets another one, and programs that hold the old address have to be started again"
    );
    None
}

impl Workspace for At {
    fn base(&self, api: Api) -> Pending<'_, Url> {
        Box::pin(async move {
            let endpoints = self.endpoints.found().await;
            let base = match api {
                Api::Messages => endpoints.claude(),
                Api::Responses => endpoints.codex(),
                Api::Gemini => endpoints.gemini(),
                Api::Chat => endpoints.chat(),
            };
            base.parse()
                .expect("what is made of a host and a path is a URL")
        })
    }

    fn token(&self) -> Pending<'_, Result<HeaderValue, String>> {
        Box::pin(async move {
            // One secret is for all sessions: what a proxy hands on for some of them is not used here.
            let given = self.vault.token_for(None).await?;
            let value = format!("Bearer {}", given.token.expose());
            let mut value: HeaderValue = value
                .parse()
                .map_err(|_| "the token in force can't stand in a header".to_owned())?;
            value.set_sensitive(true);
            Ok(value)
        })
    }
}
