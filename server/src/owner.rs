//! Whose app this is, where only Databricks knows: asked for until it answers. Until then nobody enters.
//!
//! The app's own service principal asks the Apps API who made the app; where that isn't allowed, the personal access
//! token that the app was given says whose it is. Nothing here decides who may enter; it tells the gate.

use std::sync::Arc;
use std::time::Duration;

use bowline_identity::secret::Secret;
use bowline_identity::workspace::{self, Principal, Workspace};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Databricks;
use crate::gate::{Gate, Identity, Owners};
use crate::{audit, outward};

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
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] outward::Error),
    /// Databricks could not be asked, or said no.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// Nobody signs in as that.
    #[error("{0} names no person by an email address")]
    Nobody(&'static str),
}

/// Asks until it is known, and tells the gate, and whoever else waits for it. Ends with what it returns.
pub(crate) fn find(
    gate: Arc<Gate>,
    databricks: Databricks,
    told: watch::Sender<Option<String>>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut wait = FIRST_WAIT;
        let mut said = String::new();
        loop {
            let error = match ask(&databricks).await {
                Ok(owner) => {
                    audit::owner(&owner);
                    told.send_replace(Some(owner.as_str().to_owned()));
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

/// Asks in every way that there is; the first problem counts, for the first way is the usual one.
async fn ask(databricks: &Databricks) -> Result<Identity, Error> {
    let root = databricks.host.clone().ok_or(Error::NothingToAsk)?;
    let workspace = Workspace::new(outward::client()?, root);
    let by_app = match (&databricks.app, &databricks.principal) {
        (Some(app), Some(principal)) => Some(creator(&workspace, app, principal).await),
        _ => None,
    };
    let by_token = match (&by_app, &databricks.token) {
        (Some(Ok(_)), _) | (_, None) => None,
        (_, Some(token)) => Some(holder(&workspace, token).await),
    };
    match (by_app, by_token) {
        (Some(Ok(owner)), _) | (_, Some(Ok(owner))) => Ok(owner),
        (Some(error), _) | (None, Some(error)) => error,
        (None, None) => Err(Error::NothingToAsk),
    }
}

/// Who made the app.
async fn creator(
    workspace: &Workspace,
    app: &str,
    principal: &Principal,
) -> Result<Identity, Error> {
    let granted = workspace.exchange(principal).await?;
    let creator = workspace.creator(&granted.token, app).await?;
    person(&creator).ok_or(Error::Nobody("the maker of the app"))
}

/// Whose token the app was given.
async fn holder(workspace: &Workspace, token: &Secret) -> Result<Identity, Error> {
    let me = workspace.me(token).await?;
    person(&me.user_name).ok_or(Error::Nobody("the owner of DATABRICKS_TOKEN"))
}

/// A service principal has an id, no address: nobody comes by that.
fn person(name: &str) -> Option<Identity> {
    Identity::new(name).filter(|who| who.as_str().contains('@'))
}
