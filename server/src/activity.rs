//! Tells the JupyterHub that started this server when its terminals were used last, so that a Hub which ends idle servers
//! ends no busy one. Must not know how people sign in.

use std::time::{Duration, SystemTime};

use bowline_keeper::Host;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Hub;
use crate::outward;

/// Times nearer than this are the same one: a session's is told as how long ago it was.
const SAME: Duration = Duration::from_secs(1);

/// Tells it now and then. Ends with what it returns.
pub(crate) fn tell(host: Host, hub: Hub) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut told = SystemTime::UNIX_EPOCH;
        loop {
            tokio::time::sleep(hub.tell_every).await;
            let Some(used) = last_used(&host).await.filter(|used| *used > told + SAME) else {
                continue;
            };
            match send(&hub, used).await {
                Ok(()) => told = used,
                Err(error) => tracing::warn!(%error, "the hub could not be told of activity"),
            }
        }
    }))
}

/// When anybody typed or looked, or a program said something.
async fn last_used(host: &Host) -> Option<SystemTime> {
    let sessions = host.list().await.ok()?;
    let running = sessions.iter().filter(|session| !session.state.has_ended());
    let idle = running.map(|session| session.idle).min()?;
    SystemTime::now().checked_sub(idle)
}

async fn send(hub: &Hub, used: SystemTime) -> Result<(), outward::Error> {
    let used = DateTime::<Utc>::from(used).to_rfc3339_opts(SecondsFormat::Millis, true);
    let body = json!({
        "last_activity": used,
        "servers": {&*hub.server_name: {"last_activity": used}},
    });
    let request = outward::client()?.post(hub.activity.clone());
    outward::done(request.bearer_auth(&hub.token).json(&body)).await
}
