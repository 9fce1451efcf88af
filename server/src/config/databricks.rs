//! What the environment says of a Databricks workspace: where it is, and what opens it. On Databricks Apps the platform
//! says it.

use std::path::PathBuf;
use std::time::Duration;

use bowline_identity::credentials::{Source, Supplied};
use bowline_identity::rotation::Times;
use bowline_identity::secret::Secret;
use bowline_identity::sinks::{Host as Gateway, Tool};
use bowline_identity::workspace::Principal;
use clap::Args;
use url::Url;

use super::sessions::duration;
use super::{ConfigError, Env, Switch};
use crate::outward;

/// Settings of the workspace's credential, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Databricks")]
pub struct DatabricksArgs {
    /// How long a token is good that Bowline makes for a workspace (DATABRICKS_HOST): 15m, 4h.
    #[arg(
        long,
        env = "BOWLINE_TOKEN_LIFE",
        default_value = "15m",
        value_name = "TIME"
    )]
    pub token_life: String,
    /// How old such a token gets before the next one takes its place.
    #[arg(
        long,
        env = "BOWLINE_TOKEN_EVERY",
        default_value = "10m",
        value_name = "TIME"
    )]
    pub token_every: String,
    /// Whether programs of a session may use the token that the proxy hands on of whoever opened it
    /// (X-Forwarded-Access-Token).
    #[arg(long, env = "BOWLINE_ON_BEHALF", default_value = "on")]
    pub on_behalf: Switch,
    /// Whether the files of tools are kept up to date with the workspace's address and token: the Databricks CLI, git,
    /// Claude Code, Codex, Gemini, OpenCode, Hermes. [default: on on Databricks Apps, else off]
    #[arg(long, env = "BOWLINE_TOOL_FILES")]
    pub tool_files: Option<Switch>,
    /// Whether agents reach the workspace's models by a broker on this machine, which puts in the token in force.
    /// [default: as --tool-files]
    #[arg(long, env = "BOWLINE_BROKER")]
    pub broker: Option<Switch>,
}

/// A workspace, and what opens it. Not `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Databricks {
    /// Where it is, if anywhere.
    pub host: Option<Url>,
    /// The app, on Databricks Apps.
    pub app: Option<String>,
    /// The app's service principal.
    pub principal: Option<Principal>,
    /// A personal access token.
    pub token: Option<Secret>,
    /// The principal's tokens are used by programs too, though its doing is audited as its own.
    pub uses_principal: bool,
    /// How long tokens are good that are made here.
    pub life: Duration,
    /// When they are made and revoked.
    pub times: Times,
    /// Whether tokens that the proxy hands on count.
    pub on_behalf: Switch,
    /// Whether the files of tools are kept up to date.
    pub tool_files: Switch,
    /// Whether tools reach models by a broker.
    pub broker: Switch,
    /// Where they are.
    pub home: Option<PathBuf>,
    /// Which profile of the Databricks CLI is the user's.
    pub profile: String,
    /// Where models are asked instead of at the workspace itself.
    pub gateway: Option<Gateway>,
    /// The workspace's number, by which its gateway is found.
    pub workspace_id: Option<String>,
    /// Models that are wanted instead of the usual ones.
    pub models: Vec<(Tool, String)>,
}

/// Which models a variable chooses.
const MODELS: [(&str, &[Tool]); 4] = [
    ("ANTHROPIC_MODEL", &[Tool::Claude, Tool::OpenCode]),
    ("CODEX_MODEL", &[Tool::Codex]),
    ("GEMINI_MODEL", &[Tool::Gemini]),
    ("HERMES_MODEL", &[Tool::Hermes]),
];

/// Shortest life of a token: below a minute a slow workspace makes gaps.
const SHORTEST: Duration = Duration::from_secs(60);
/// A service principal's token, which lives an hour, is replaced so often.
const PRINCIPAL_EVERY: Duration = Duration::from_secs(30 * 60);

impl DatabricksArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Result<Databricks, ConfigError> {
        let given = |name| {
            let value = env.text(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let host = given("DATABRICKS_HOST");
        let host = host.map(|host| workspace(&host).ok_or(ConfigError::DatabricksHost(host)));
        let principal = || {
            Some(Principal {
                id: given("DATABRICKS_CLIENT_ID")?,
                secret: Secret::new(&given("DATABRICKS_CLIENT_SECRET")?)?,
            })
        };
        let life = duration(&self.token_life);
        let life = life.filter(|life| *life >= SHORTEST);
        let life = life.ok_or(ConfigError::TokenLife(self.token_life))?;
        let every = duration(&self.token_every);
        let every = every.filter(|every| *every < life && !every.is_zero());
        let every = every.ok_or(ConfigError::TokenEvery(self.token_every))?;
        let token = given("DATABRICKS_TOKEN").and_then(|token| Secret::new(&token));
        let uses_principal = given("CODA_USE_M2M")
            .is_some_and(|value| ["true", "1", "yes"].contains(&&*value.to_ascii_lowercase()));
        let by_principal = uses_principal && token.is_none();
        let overlap = life - every;
        let usual = match env.text("DATABRICKS_APP_PORT") {
            Some(_) => Switch::On,
            None => Switch::Off,
        };
        let tool_files = self.tool_files.unwrap_or(usual);
        let gateway = given("DATABRICKS_GATEWAY_HOST");
        let gateway = gateway
            .map(|host| Gateway::parse(&host).map_err(|_| ConfigError::DatabricksGateway(host)));
        let models = MODELS
            .iter()
            .filter_map(|(name, tools)| Some((given(name)?, tools)));
        let models =
            models.flat_map(|(model, tools)| tools.iter().map(move |tool| (*tool, model.clone())));
        Ok(Databricks {
            host: host.transpose()?,
            app: given("DATABRICKS_APP_NAME"),
            principal: principal(),
            token,
            on_behalf: self.on_behalf,
            tool_files,
            broker: self.broker.unwrap_or(tool_files),
            home: given("HOME").map(PathBuf::from),
            profile: given("DATABRICKS_CONFIG_PROFILE").unwrap_or_else(|| "DEFAULT".to_owned()),
            gateway: gateway.transpose()?,
            workspace_id: given("DATABRICKS_WORKSPACE_ID"),
            models: models.collect(),
            uses_principal,
            life,
            times: Times {
                every: if by_principal { PRINCIPAL_EVERY } else { every },
                margin: overlap,
                grace: overlap,
            },
        })
    }
}

impl Databricks {
    /// The token of the environment.
    pub fn by_token(&self) -> Option<(Supplied, Source)> {
        let token = self.token.clone()?;
        Some((Supplied::Token(token), Source::Environment))
    }

    /// The service principal, if programs are to use it.
    pub fn by_principal(&self) -> Option<(Supplied, Source)> {
        let principal = self.principal.clone().filter(|_| self.uses_principal)?;
        Some((Supplied::Principal(principal), Source::Principal))
    }
}

/// The root of a workspace, given with or without its scheme. Secrets go there: in the clear only to this machine.
fn workspace(given: &str) -> Option<Url> {
    let text = match given.contains("://") {
        true => given.to_owned(),
        false => format!("https://{given}"),
    };
    let url = Url::parse(&text).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let mut root = url.join("/").ok()?;
    root.set_query(None);
    (outward::is_private(&url) && is_bare).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_given_with_or_without_its_scheme() {
        let root = "https://adb-1.2.azuredatabricks.net/";
        for given in [
            "adb-1.2.azuredatabricks.net",
            "https://adb-1.2.azuredatabricks.net",
            "https://adb-1.2.azuredatabricks.net/?o=12",
        ] {
            assert_eq!(workspace(given).unwrap().as_str(), root, "{given}");
        }
        assert!(workspace("http://127.0.0.1:8080").is_some());
    }

    #[test]
    fn secrets_never_go_anywhere_in_the_clear() {
        for given in [
            "http://adb-1.2.azuredatabricks.net",
            "http://10.0.0.7",
            "ftp://adb-1.2.azuredatabricks.net",
            "https://me:secret@adb-1.2.azuredatabricks.net",
            "not a host",
            "https://",
        ] {
            assert!(workspace(given).is_none(), "{given}");
        }
    }
}
