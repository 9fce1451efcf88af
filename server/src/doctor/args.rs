//! What can be said behind `bowline doctor`.

use std::time::Duration;

use clap::Args;

use super::report::Check;
use crate::config::RawConfig;

/// What to look at, and how to tell.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Look only at these; may be repeated. The last three take `--url`.
    #[arg(long, value_delimiter = ',', value_name = "CHECKS")]
    pub only: Vec<Check>,
    /// Also ask a running server from outside, at the address that browsers use. BOWLINE_DOCTOR_HEADERS holds headers that
    /// sign in at a proxy, a line each, such as `Cookie: …`.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// With --url: keep a WebSocket open for so many seconds, at most 600, to see whether it is cut.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=600), requires = "url")]
    pub idle: Option<u16>,
    /// The settings of the server.
    #[command(flatten)]
    pub config: RawConfig,
}

impl DoctorArgs {
    /// How long a socket is watched, if it is.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.idle.map(|seconds| Duration::from_secs(seconds.into()))
    }
}
