//! Where models are asked: at a gateway that is named or that answers, else at the workspace itself. Looked for once, and
//! waited for by who needs it.

use std::time::Duration;

use bowline_identity::sinks::{BadHost, Endpoints, Host};
use tokio::sync::watch;
use url::Url;

use crate::config::Databricks;
use crate::outward;

/// How long a gateway may take to show that it exists.
const KNOCK: Duration = Duration::from_secs(2);

/// What is known of it.
#[derive(Clone)]
pub(crate) struct Finding {
    usual: Endpoints,
    found: watch::Receiver<Option<Endpoints>>,
}

impl Finding {
    /// Begins to look.
    pub(crate) fn begin(databricks: &Databricks, root: &Url) -> Result<Self, BadHost> {
        let usual = Endpoints::new(Host::parse(root.as_str())?);
        let (told, found) = watch::channel(None);
        let (named, id) = (databricks.gateway.clone(), databricks.workspace_id.clone());
        let endpoints = usual.clone();
        tokio::spawn(async move {
            let endpoints = match find_gateway(named, id).await {
                Some(gateway) => endpoints.with_gateway(gateway),
                None => endpoints,
            };
            told.send_replace(Some(endpoints));
        });
        Ok(Self { usual, found })
    }

    /// What was found.
    pub(crate) async fn found(&self) -> Endpoints {
        let mut found = self.found.clone();
        let found = found.wait_for(Option::is_some).await;
        // It is told before its teller ends.
        let found = found.ok().and_then(|found| found.clone());
        found.unwrap_or_else(|| self.usual.clone())
    }
}

/// The gateway that is named, or that of the workspace's number if it answers.
async fn find_gateway(named: Option<Host>, workspace_id: Option<String>) -> Option<Host> {
    if named.is_some() {
        return named;
    }
    let to_try = Endpoints::gateway_to_try(&workspace_id?)?;
    let client = outward::client().ok()?;
    // Whatever it says.
    let knocking = client.get(to_try.origin()).timeout(KNOCK).send();
    knocking.await.is_ok().then_some(to_try)
}
