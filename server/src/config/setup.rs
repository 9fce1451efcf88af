//! What of the machine is set up, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bowline_outward::is_private;
use bowline_provision::graph::StepId;
use bowline_provision::profile::Profile;
use bowline_provision::steps::{self, McpServer, Options, Repository, Told, Tracing};
use clap::Args;
use tokio::sync::watch;
use url::Url;

use super::sessions::duration;
use super::{ConfigError, Env, Switch, is_given};

/// Settings of set-up, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Set-up")]
pub struct SetupArgs {
    /// What is installed and written into the home at the start: minimal (nothing), agents, databricks, or a list of
    /// steps as `bowline setup --list` shows them. [default: minimal; databricks on Databricks Apps]
    #[arg(long, env = "BOWLINE_PROFILE", value_name = "PROFILE")]
    pub profile: Option<String>,

    /// Versions of agents and tools, such as claude=2.1.0,codex=latest,gh=2.96.0; agents that aren't named are the latest,
    /// tools those that this Bowline was made for.
    #[arg(
        long,
        env = "BOWLINE_AGENT_VERSIONS",
        value_delimiter = ',',
        value_name = "AGENT=VERSION"
    )]
    pub agent_versions: Vec<String>,

    /// Where downloads come from instead of https://github.com: a mirror of it, by https or on this machine.
    #[arg(long, env = "BOWLINE_DOWNLOAD_MIRROR", value_name = "URL")]
    pub download_mirror: Option<String>,

    /// How long one attempt at installing an agent or a tool may take, such as 90s or 10m.
    #[arg(
        long,
        env = "BOWLINE_SETUP_LIMIT",
        default_value = "10m",
        value_name = "TIME"
    )]
    pub setup_limit: String,

    /// Servers of tools (MCP) that agents are told of, changed from the usual ones: none, name=https://…, or name= to leave
    /// one out. [usual: deepwiki, exa, and team-memory where TEAM_MEMORY_MCP_URL is set]
    #[arg(
        long,
        env = "BOWLINE_MCP_SERVERS",
        value_delimiter = ',',
        value_name = "SERVER"
    )]
    pub mcp_servers: Vec<String>,

    /// Traces what Claude Code does by MLflow, in the workspace. [default: off; on where MLFLOW_CLAUDE_TRACING_ENABLED is
    /// true]
    #[arg(long, env = "BOWLINE_MLFLOW", value_enum, value_name = "on|off")]
    pub mlflow: Option<Switch>,
}

/// What is set up, and how.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What.
    pub profile: Profile,
    /// How.
    pub options: Options,
    /// Where, if that is known.
    pub home: Option<PathBuf>,
    /// Whose the machine is is told here, once it is known.
    pub owner: watch::Sender<Option<String>>,
}

impl SetupArgs {
    /// Checks and completes them; `env` reads the environment.
    pub(crate) fn resolve(self, env: &Env<'_>) -> Result<Setup, ConfigError> {
        let usual = match env.text("DATABRICKS_APP_PORT") {
            Some(_) => Profile::Databricks,
            None => Profile::Minimal,
        };
        let given = self.profile.filter(|given| is_given(given));
        let profile = match given.map(|given| given.parse()) {
            Some(Ok(profile)) => profile,
            Some(Err(never)) => match never {},
            None => usual,
        };
        let mut versions = BTreeMap::new();
        for given in self
            .agent_versions
            .into_iter()
            .filter(|text| is_given(text))
        {
            let (agent, version) = match given.split_once('=') {
                Some((agent, version)) => (agent.trim(), version.trim()),
                None => return Err(ConfigError::AgentVersions(given)),
            };
            versions.insert(StepId::new(agent), version.to_owned());
        }
        let limit = duration(&self.setup_limit).filter(|limit| *limit > Duration::ZERO);
        let limit = limit.ok_or(ConfigError::SetupLimit(self.setup_limit))?;
        let repositories = env.text("GIT_REPOS").unwrap_or_default();
        let repositories = Repository::list(&repositories);
        let repositories =
            repositories.map_err(|error| ConfigError::Setup(format!("GIT_REPOS: {error}")))?;
        let mirror = self.download_mirror.filter(|given| is_given(given));
        // As the original said it.
        let hermes = env.text("ENABLE_HERMES").unwrap_or_default();
        let is_off = ["false", "0", "no"].contains(&&*hermes.trim().to_ascii_lowercase());
        let left_out = is_off.then(|| StepId::new("hermes"));
        let team = env.text("TEAM_MEMORY_MCP_URL");
        let servers = self.mcp_servers.iter().map(String::as_str);
        let servers = McpServer::list(servers, team.as_deref())
            .map_err(|error| ConfigError::Setup(format!("--mcp-servers: {error}")))?;
        let asked = env.text("MLFLOW_CLAUDE_TRACING_ENABLED");
        let asked = asked.is_some_and(|asked| asked.trim().eq_ignore_ascii_case("true"));
        let is_traced = self.mlflow.map_or(asked, |mlflow| mlflow == Switch::On);
        let named = ["BOWLINE_OWNER", "APP_OWNER_EMAIL"];
        let named = named.into_iter().find_map(|name| env.text(name));
        let (owner, known) = watch::channel(named.filter(|owner| !owner.contains(',')));
        let tracing = is_traced.then(|| Tracing {
            owner: known,
            app: env.text("DATABRICKS_APP_NAME"),
        });
        let options = Options {
            left_out: left_out.into_iter().collect(),
            limit,
            versions,
            repositories,
            told: Told { servers, tracing },
            mirror: mirror.map(mirror_of).transpose()?,
            ..Options::default()
        };
        // What can't be is said at once.
        steps::plan(&profile, &options).map_err(|error| ConfigError::Setup(error.to_string()))?;
        Ok(Setup {
            profile,
            options,
            home: super::folder(|name| env.os(name), "HOME"),
            owner,
        })
    }
}

/// Where others can neither change what comes nor read a password on the way: there is none.
fn mirror_of(given: String) -> Result<String, ConfigError> {
    let url = Url::parse(given.trim()).ok();
    let url = url.filter(|url| is_private(url) && url.password().is_none());
    match url {
        Some(url) => Ok(url.to_string()),
        None => Err(ConfigError::DownloadMirror(given)),
    }
}
