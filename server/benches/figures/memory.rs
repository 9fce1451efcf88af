//! Memory of a server, and of its keeper with no session and with many idle login shells. The shells' own
//! memory is not the keeper's and isn't counted.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::Sizes;
use crate::server::{Arrangement, Server};
use crate::table::Table;

/// Every shell prints its prompt within this time.
const PROMPTS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Measures both.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let most = sizes.sessions.iter().copied().max().unwrap_or(0);
    let server = Server::start(most, Arrangement::Keeper).await?;
    let url = format!("http://{}/ready", server.address);
    server.http.get(url).send().await?.error_for_status()?;
    let empty = server.resident_of_sessions()?;
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0);
    table.alone("memory of the server", mib(server.resident()?));
    table.alone("memory of the keeper, no session", mib(empty));
    let mut sessions = Vec::with_capacity(most);
    for &count in sizes.sessions {
        while sessions.len() < count {
            sessions.push(server.session(None).await?.to_string());
        }
        // Asked in pieces: an answer has a bound.
        for sessions in sessions.chunks(50) {
            tokio::time::timeout(PROMPTS_WITHIN, prompts(&server, sessions))
                .await
                .context("not every shell shows its prompt")??;
        }
        let full = server.resident_of_sessions()?;
        let each = full.saturating_sub(empty) as f64 / count as f64 / 1024.0;
        let name = format!("memory of the keeper, {count} idle sessions");
        table.alone(&name, format!("{}, {each:.0} KiB each", mib(full)));
    }
    server.stop().await
}

async fn prompts(server: &Server, sessions: &[String]) -> anyhow::Result<()> {
    let asked: Vec<Value> = sessions
        .iter()
        .map(|id| json!({"session_id": id}))
        .collect();
    let asked = json!({ "sessions": asked });
    loop {
        let answer = server.post("output-batch", &asked).await?;
        let outputs: BTreeMap<String, Value> = serde_json::from_value(answer["outputs"].clone())?;
        let ready = |output: &Value| {
            output["output"]
                .as_str()
                .is_some_and(|text| text.contains("$ "))
        };
        if outputs.values().filter(|output| ready(output)).count() == sessions.len() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
