//! Tracing of Claude Code by MLflow: variables in its settings, and a hook at the end of each turn, once. The hook takes what
//! it is told, ends at once, and does its work apart from the agent, within a time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::home;
use super::pieces::{At, Piece};
use super::wanted::CLAUDE;

/// How long it is waited for somebody to say whose traces they are.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the hook runs.
const SCRIPT: &str = include_str!("../../../data/mlflow-stop.sh");
/// The experiment's name where the app has none.
const NAME: &str = "coding-agents";

/// What is traced.
#[derive(Debug, Clone)]
pub struct Tracing {
    /// Whose traces they are, once that is known.
    pub owner: watch::Receiver<Option<String>>,
    /// The name of the app that this is.
    pub app: Option<String>,
}

/// The same, when it is known.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    owner: String,
    app: String,
}

impl Tracing {
    pub(super) async fn settle(&self) -> Option<Settled> {
        let mut owner = self.owner.clone();
        let known = owner.wait_for(Option::is_some);
        let known = tokio::time::timeout(PATIENCE, known).await;
        let owner = match known {
            Ok(Ok(owner)) => owner.clone(),
            _ => None,
        };
        Some(Settled {
            owner: owner?,
            app: self.app.clone().unwrap_or_else(|| NAME.to_owned()),
        })
    }
}

/// What is to be in the settings.
pub(super) fn pieces(home: &Path, tracing: &Settled) -> Vec<Piece> {
    let experiment = format!("/Users/{}/{}", tracing.owner, tracing.app);
    let variables = [
        ("MLFLOW_CLAUDE_TRACING_ENABLED", "true"),
        ("MLFLOW_TRACKING_URI", "databricks"),
        ("MLFLOW_EXPERIMENT_NAME", &experiment),
        // Traces would go to the machine's own collector instead.
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    ];
    let variables = variables.into_iter().rev().map(|(name, value)| Piece {
        at: At::key(&["env", name]),
        value: value.into(),
    });
    let mut all: Vec<Piece> = variables.collect();
    if let Some(path) = script(home).to_str().filter(|_| !has_other(home)) {
        let command = format!("sh '{}'", path.replace('\'', "'\\''"));
        all.push(Piece {
            at: At::list(&["hooks", "Stop"]),
            value: json!({"hooks": [{"type": "command", "command": command, "timeout": 10}]}),
        });
    }
    all
}

/// Whether the user has such a hook: each turn is traced once.
fn has_other(home: &Path) -> bool {
    let text = fs::read_to_string(home.join(CLAUDE)).unwrap_or_default();
    let settings: Value = serde_json::from_str(&text).unwrap_or_default();
    let stops = settings["hooks"]["Stop"].as_array();
    let mut stops = stops.into_iter().flatten().map(Value::to_string);
    let ours = script(home);
    stops.any(|stop| {
        stop.contains("mlflow") && !ours.to_str().is_some_and(|ours| stop.contains(ours))
    })
}

fn script(home: &Path) -> PathBuf {
    home::shelf(home, "mlflow-stop.sh")
}

pub(super) fn install(home: &Path) -> io::Result<()> {
    let path = script(home);
    home::make(home, path.parent().unwrap_or(home))?;
    home::write(&path, SCRIPT, 0o600)
}

pub(super) fn remove(home: &Path) -> io::Result<()> {
    match fs::remove_file(script(home)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
