//! What is told of the server's work, and how.

use clap::Args;

use super::Env;

/// Settings of the log, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct LoggingArgs {
    /// What is logged to standard error, such as `warn` or `bowline_server=debug`; RUST_LOG is
    /// honoured. [default: info]
    #[arg(long, env = "BOWLINE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// What is told, and how.
#[derive(Debug, Clone)]
pub struct Logging {
    /// What to log.
    pub filter: String,
}

impl LoggingArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Logging {
        let given = self.log.or_else(|| env.text("RUST_LOG"));
        Logging {
            filter: given
                .filter(|log| !log.is_empty())
                .unwrap_or_else(|| "info".to_owned()),
        }
    }
}
