//! Whose app this is, where only Databricks knows: asked for until it answers. Until then nobody enters.
//!
//! The app's own service principal asks the Apps API who made the app; where that isn't allowed, the personal access
//! token that the app was given says whose it is. Nothing here decides who may enter; it tells the gate.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::audit;
use crate::config::{Ask, Databricks};
use crate::gate::{Gate, Identity, Owners};
use crate::outward;

/// First wait after an attempt in vain; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait. The first visitor may be waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why it isn't known. Names nobody, and holds no secret.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The environment lacks what an app is given.
    #[error(
        "the environment lacks DATABRICKS_HOST, or both DATABRICKS_APP_NAME with the app's DATABRICKS_CLIENT_ID and \
         DATABRICKS_CLIENT_SECRET, and DATABRICKS_TOKEN"
    )]
    NothingToAsk,
    /// Databricks could not be asked.
    #[error("{what}: {source}")]
    Asking {
        /// What for.
        what: &'static str,
        /// What came of it.
        source: outward::Error,
    },
    /// The secret would have gone elsewhere.
    #[error("the workspace names another host as the place to get tokens")]
    Elsewhere,
    /// Nobody signs in as that.
    #[error("{0} names no person by an email address")]
    Nobody(&'static str),
}

fn asking(what: &'static str) -> impl FnOnce(outward::Error) -> Error {
    move |source| Error::Asking { what, source }
}

/// Asks until it is known, and tells the gate. Ends with what it returns.
pub(crate) fn find(gate: Arc<Gate>, databricks: Databricks) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut wait = FIRST_WAIT;
        let mut said = String::new();
        loop {
            let error = match ask(&databricks).await {
                Ok(owner) => {
                    audit::owner(&owner);
                    return gate.set_owners(Owners::new(vec![owner]));
                }
                Err(error) => error,
            };
            // The same again is no news.
            let problem = error.to_string();
            if problem != said {
                tracing::error!(
                    %problem,
                    "nobody may enter yet: it isn't known whose app this is; setting BOWLINE_OWNER says so"
                );
                said = problem;
            }
            if matches!(error, Error::NothingToAsk) {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }))
}

/// Asks in every way that there is; the first problem counts, for the ways stand in the order of what is usual.
async fn ask(databricks: &Databricks) -> Result<Identity, Error> {
    let root = databricks.host.as_ref().ok_or(Error::NothingToAsk)?;
    let client = outward::client().map_err(asking("preparing to ask"))?;
    let workspace = Workspace { client, root };
    let mut first = None;
    for ask in &databricks.asks {
        let found = match ask {
            Ask::Creator {
                app,
                client_id,
                client_secret,
            } => workspace.creator(app, client_id, client_secret).await,
            Ask::Me { token } => workspace.me(token).await,
        };
        match found {
            Ok(owner) => return Ok(owner),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or(Error::NothingToAsk))
}

/// A Databricks workspace, as far as it knows whose app this is.
struct Workspace<'a> {
    client: Client,
    root: &'a Url,
}

#[derive(Deserialize)]
struct AuthorizationServer {
    token_endpoint: Url,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

#[derive(Deserialize)]
struct App {
    creator: String,
}

#[derive(Deserialize)]
struct Me {
    #[serde(rename = "userName")]
    user_name: String,
}

impl Workspace<'_> {
    /// Who made an app, asked as its service principal.
    async fn creator(&self, app: &str, id: &str, secret: &str) -> Result<Identity, Error> {
        let place = self.at(&["oidc", ".well-known", "oauth-authorization-server"]);
        let server: AuthorizationServer = outward::json(self.client.get(place))
            .await
            .map_err(asking("finding where the workspace gives tokens"))?;
        // The secret goes to the workspace alone.
        if server.token_endpoint.origin() != self.root.origin() {
            return Err(Error::Elsewhere);
        }
        let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
        let request = self.client.post(server.token_endpoint);
        let request = request.basic_auth(id, Some(secret)).form(&form);
        let granted: Granted = outward::json(request)
            .await
            .map_err(asking("getting a token for the app's service principal"))?;
        let place = self.at(&["api", "2.0", "apps", app]);
        let request = self.client.get(place).bearer_auth(granted.access_token);
        let app: App = outward::json(request)
            .await
            .map_err(asking("asking the apps api who made the app"))?;
        person(&app.creator).ok_or(Error::Nobody("the maker of the app"))
    }

    /// Whose a personal access token is.
    async fn me(&self, token: &str) -> Result<Identity, Error> {
        let place = self.at(&["api", "2.0", "preview", "scim", "v2", "Me"]);
        let me: Me = outward::json(self.client.get(place).bearer_auth(token))
            .await
            .map_err(asking("asking whose DATABRICKS_TOKEN is"))?;
        person(&me.user_name).ok_or(Error::Nobody("the owner of DATABRICKS_TOKEN"))
    }

    /// A place in the workspace, each segment escaped.
    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

/// A service principal has an id, no address: nobody comes by that.
fn person(name: &str) -> Option<Identity> {
    Identity::new(name).filter(|who| who.as_str().contains('@'))
}
