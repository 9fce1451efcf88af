//! Where what this process tells of itself goes: the log on standard error, the audit trail, traces.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, LogFormat};
use crate::{access, audit, traces};

/// The log can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What `--log` says.
    #[error("--log: {0}")]
    Filter(#[from] ParseError),
    /// There is one already.
    #[error("the log is set up twice: {0}")]
    Twice(#[from] TryInitError),
}

/// What of this process is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// It answers requests, which are traced.
    Server,
    /// It keeps sessions.
    Keeper,
}

/// Tells what is left when it is dropped.
#[derive(Debug)]
pub struct Logs {
    _traces: Option<traces::Exporting>,
}

/// Sets up the log. To be called before there is a runtime.
pub fn init(config: &Config, process: Process) -> Result<Logs, LogError> {
    let filter = EnvFilter::try_new(&config.logging.filter)?.and(filter_fn(is_fit));
    let said = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let said: Box<dyn Layer<Registry> + Send + Sync> = match config.logging.format {
        LogFormat::Pretty => Box::new(said),
        LogFormat::Json => Box::new(
            said.with_ansi(false)
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        ),
    };
    let mut layers = vec![
        said.with_filter(filter).boxed(),
        audit::layer(&config.state_dir).boxed(),
    ];
    let (traces, failed) = match (process, &config.logging.traces) {
        (Process::Server, Some(to)) => match traces::export(to) {
            Ok((layer, exporting)) => {
                layers.push(layer);
                (Some(exporting), None)
            }
            Err(error) => (None, Some(error)),
        },
        _ => (None, None),
    };
    tracing_subscriber::registry().with(layers).try_init()?;
    if let Some(error) = failed {
        // Who only watches must not keep anybody from working.
        tracing::warn!(%error, "no traces are exported");
    }
    Ok(Logs { _traces: traces })
}

/// What of libraries is told in most detail may be what goes through them, such as frames of a socket with keys in
/// them: it isn't told, whatever `--log` says.
fn is_fit(of: &Metadata<'_>) -> bool {
    let is_ours = || {
        let target = of.target();
        target.starts_with("bowline") || target == access::TARGET || target == audit::TARGET
    };
    *of.level() <= Level::DEBUG && of.target() != traces::TARGET || is_ours()
}
