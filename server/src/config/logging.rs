//! What is told of the server's work, and how.

use clap::{Args, ValueEnum};

use super::Env;

/// Settings of the log, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct LoggingArgs {
    /// What is logged to standard error, such as `warn` or `bowline_server=debug`; RUST_LOG is
    /// honoured. [default: info]
    #[arg(long, env = "BOWLINE_LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// How it is written: lines for people, or a line of JSON each. [default: pretty; json on Databricks Apps]
    #[arg(long, env = "BOWLINE_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Also serve `/metrics`, `/health` and `/ready` on this address and port, for whoever can connect.
    /// [default: only behind the gate]
    #[arg(long, env = "BOWLINE_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<String>,

    /// Export traces of requests to this OpenTelemetry collector, by OTLP over HTTP, such as
    /// `http://127.0.0.1:4318`; the OTEL_ variables are honoured. [default: none]
    #[arg(long, env = "BOWLINE_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Pretty,
    /// A line of JSON each.
    Json,
}

/// What is told, and how.
#[derive(Debug, Clone)]
pub struct Logging {
    /// What to log.
    pub filter: String,
    /// How to write it.
    pub format: LogFormat,
    /// Where else metrics are served.
    pub metrics_listen: Option<String>,
    /// Where traces go.
    pub traces: Option<Traces>,
}

/// Where traces go. Not `Debug` in full: a URL may hold a password.
#[derive(Clone)]
pub struct Traces {
    /// Whole.
    pub url: String,
    /// The environment names this service.
    pub is_named: bool,
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traces").finish_non_exhaustive()
    }
}

impl LoggingArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Logging {
        let given = self.log.or_else(|| env.text("RUST_LOG"));
        let format = self
            .log_format
            .unwrap_or_else(|| match env.text("DATABRICKS_APP_PORT") {
                Some(_) => LogFormat::Json,
                None => LogFormat::Pretty,
            });
        Logging {
            filter: given
                .filter(|log| !log.is_empty())
                .unwrap_or_else(|| "info".to_owned()),
            format,
            metrics_listen: self.metrics_listen.filter(|address| !address.is_empty()),
            traces: traces(self.otlp_endpoint, env),
        }
    }
}

/// Where traces go, by our setting or by the standard variables. What those ask for in another protocol is not ours to
/// send.
fn traces(given: Option<String>, env: &Env<'_>) -> Option<Traces> {
    let text = |name: &str| env.text(name).filter(|text| !text.is_empty());
    let either = |rest: &str| {
        text(&format!("OTEL_EXPORTER_OTLP_TRACES_{rest}"))
            .or_else(|| text(&format!("OTEL_EXPORTER_OTLP_{rest}")))
    };
    let below = |url: String| format!("{}/v1/traces", url.trim_end_matches('/'));
    let url = match given.filter(|url| !url.is_empty()) {
        Some(url) => below(url),
        None => {
            let is_off = text("OTEL_SDK_DISABLED")
                .is_some_and(|off| off.eq_ignore_ascii_case("true"))
                || text("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter != "otlp")
                || either("PROTOCOL").is_some_and(|protocol| protocol != "http/protobuf");
            if is_off {
                return None;
            }
            let whole = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
            whole.or_else(|| text("OTEL_EXPORTER_OTLP_ENDPOINT").map(below))?
        }
    };
    let names_service = |attributes: String| attributes.contains("service.name=");
    let is_named = text("OTEL_SERVICE_NAME").is_some()
        || text("OTEL_RESOURCE_ATTRIBUTES").is_some_and(names_service);
    Some(Traces { url, is_named })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(given: Option<&str>, set: &[(&str, &str)]) -> Option<String> {
        let env = |name: &str| {
            let value = set.iter().find(|(key, _)| *key == name);
            value.map(|(_, value)| (*value).into())
        };
        traces(given.map(str::to_owned), &Env(&env)).map(|traces| traces.url)
    }

    #[test]
    fn traces_go_where_the_setting_or_the_standard_variables_say() {
        const BASE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
        assert_eq!(url(None, &[]), None);
        let found = url(None, &[BASE]);
        assert_eq!(found.as_deref(), Some("http://c:4318/v1/traces"));
        let found = url(Some("http://ours/"), &[BASE]);
        assert_eq!(found.as_deref(), Some("http://ours/v1/traces"));
        let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/whole");
        assert_eq!(url(None, &[BASE, whole]).as_deref(), Some("http://c/whole"));
        for off in [
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ] {
            assert_eq!(url(None, &[BASE, off]), None, "{off:?}");
        }
    }
}
