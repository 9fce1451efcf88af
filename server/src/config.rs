//! The command line and the environment, and what they resolve to. Parse, then resolve: nothing
//! downstream sees what was typed. Secrets come from the environment or a file, never from a flag that
//! `ps` shows. Each group of settings stands in a file of its own, with its flags, their help and variables.

mod databricks;
mod entry;
mod frames;
mod git;
mod hub;
mod listen;
mod logging;
mod oidc;
mod sessions;
mod setup;
pub(crate) mod size;
mod sync;

use std::ffi::OsString;
use std::path::PathBuf;

use bowline_app::functions::setup::TerminalMode;
use bowline_provision::steps::Commits;
use bowline_terminal::{OnExit, Word};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::databricks::{Databricks, DatabricksArgs};
pub use self::entry::{Auth, Entry, EntryArgs, MIN_TOKEN, Platform};
pub use self::git::{GitPlace, GitToken};
pub use self::hub::Hub;
pub use self::listen::{Listen, ListenArgs, PublicUrl};
pub use self::logging::{LogFormat, Logging, LoggingArgs, Traces};
pub use self::oidc::{Oidc, OidcArgs};
pub use self::sessions::{AtExit, Keeper, SessionsArgs, ShellIntegration, Size};
pub use self::setup::{Setup, SetupArgs};
pub use self::sync::{Sync, SyncArgs, Target};
use crate::doctor::args::DoctorArgs;
use crate::git_credential::Action;
use crate::let_in::LoginArgs;
use crate::setup::args::SetupCommand;
use crate::sync::args::SyncCommand;
use crate::token::TokenArgs;
use crate::visit::args::{AttachArgs, SessionsArgs as ListArgs};

/// A workspace of terminals in the browser.
#[derive(Debug, Parser)]
#[command(name = "bowline", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; serving is the usual.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of `serve`.
    #[command(flatten)]
    pub serve: RawConfig,
}

impl Cli {
    /// The settings, whether or not `serve` was spelt out.
    pub fn into_serve(self) -> RawConfig {
        match self.command {
            Some(Command::Serve(config)) => *config,
            Some(Command::Keeper(keeper)) => keeper.config,
            _ => self.serve,
        }
    }
}

const WORDS: [&str; 4] = ["working", "waiting", "done", "clear"];

/// What `bowline` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the workspace (the default).
    Serve(Box<RawConfig>),
    /// Keep sessions for servers that come and go. `serve` starts it by itself; as a service of its own it
    /// takes the same settings.
    Keeper(Box<KeeperArgs>),
    /// List the sessions, or end some; also while no server runs.
    Sessions(Box<ListArgs>),
    /// Show a session in this terminal; also while no server runs.
    Attach(AttachArgs),
    /// Print a URL that lets one browser in, once, within five minutes.
    Login(LoginArgs),
    /// Look at what commonly goes wrong, and say what to do. Takes the settings of `serve`. Ends with 1 when there is a
    /// problem.
    Doctor(Box<DoctorArgs>),
    /// Install agents and write shell files, now and with what is seen of it; or take them out again.
    Setup(SetupCommand),
    /// Copy the repository that this runs in to where it outlives the machine, or bring one back.
    Sync(Box<SyncCommand>),
    /// Print the token of the Databricks workspace that is in force, for tools that call a helper.
    Token(TokenArgs),
    /// Answer git, as its credential helper: what is meant for exactly the host that it asks about, or nothing.
    GitCredential {
        /// What git wants.
        action: Action,
    },
    /// Say what the program in this terminal does; for hooks of agents and for scripts.
    Status {
        /// `clear` = nothing more: Bowline goes by what it sees.
        #[arg(value_parser = PossibleValuesParser::new(WORDS).try_map(|word| word.parse::<Word>()))]
        word: Word,
    },
}

/// How a keeper is started.
#[derive(Debug, Clone, Args)]
pub struct KeeperArgs {
    /// By a server: in a session of its own, with the settings on standard input.
    #[arg(long, hide = true)]
    pub started: bool,
    /// By the keeper before it in this process: what that hands over comes by standard input.
    #[arg(long, hide = true, conflicts_with = "started")]
    pub resumed: bool,
    /// Only to see whether it could: reads what is handed over, and ends.
    #[arg(long, hide = true, conflicts_with_all = ["started", "resumed"])]
    pub prove: bool,
    /// The settings that concern sessions.
    #[command(flatten)]
    pub config: RawConfig,
}

/// The settings as typed.
#[derive(Debug, Clone, Args)]
pub struct RawConfig {
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Who may enter.
    #[command(flatten)]
    pub entry: EntryArgs,
    /// Its files.
    #[command(flatten)]
    pub files: FilesArgs,
    /// Sessions.
    #[command(flatten)]
    pub sessions: SessionsArgs,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
    /// The Databricks workspace.
    #[command(flatten)]
    pub databricks: DatabricksArgs,
    /// Set-up of the machine.
    #[command(flatten)]
    pub setup: SetupArgs,
    /// What is carried elsewhere.
    #[command(flatten)]
    pub sync: SyncArgs,
    /// The log.
    #[command(flatten)]
    pub logging: LoggingArgs,
}

/// Settings of files, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Files")]
pub struct FilesArgs {
    /// Folder of the access token, logins and the workspace.
    /// [default: $XDG_STATE_HOME/bowline or ~/.local/state/bowline]
    #[arg(long, env = "BOWLINE_STATE_DIR", value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,

    /// Folder in which shells start, if it exists. [default: ~/projects]
    #[arg(long, env = "BOWLINE_PROJECTS_DIR", value_name = "FOLDER")]
    pub projects_dir: Option<PathBuf>,

    /// Folder of files that are dropped or pasted into the page; made when the first comes.
    /// [default: ~/uploads]
    #[arg(long, env = "BOWLINE_UPLOADS_DIR", value_name = "FOLDER")]
    pub uploads_dir: Option<PathBuf>,

    /// Largest of these files; such as 512K, 32MiB or 1G.
    #[arg(
        long,
        env = "BOWLINE_UPLOAD_LIMIT",
        default_value = "32MiB",
        value_name = "SIZE"
    )]
    pub upload_limit: String,

    /// Most that these files may take together; such as 500M or 10G.
    #[arg(
        long,
        env = "BOWLINE_UPLOADS_QUOTA",
        default_value = "1GiB",
        value_name = "SIZE"
    )]
    pub uploads_quota: String,
}

/// Settings of the page, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Page")]
pub struct PageArgs {
    /// How the page shows terminals to who has chosen nothing: one tab at a time, or many side by side;
    /// TERMINAL_MODE is honoured. [default: tabs]
    #[arg(long, env = "BOWLINE_TERMINAL_MODE")]
    pub terminal_mode: Option<Mode>,

    /// Origin whose pages may show Bowline in a frame, such as https://portal.example.com, https://*.example.com, or
    /// self; may be repeated. [default: none may]
    #[arg(
        long,
        env = "BOWLINE_FRAME_ANCESTORS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub frame_ancestors: Vec<String>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes.
    #[value(aliases = ["true", "yes", "1"])]
    On,
    /// No.
    #[value(aliases = ["false", "no", "0"])]
    Off,
}

/// How the page shows terminals to who has chosen nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// One tab at a time.
    Tabs,
    /// Many side by side.
    Grid,
}

/// The settings as used. Not `Debug`: it may hold the access token.
#[derive(Clone)]
pub struct Config {
    /// What is told of its work.
    pub logging: Logging,
    /// Where to listen.
    pub listen: Listen,
    /// Who may enter.
    pub entry: Entry,
    /// A Databricks workspace, and what opens it.
    pub databricks: Databricks,
    /// A token for git's servers.
    pub git: Option<GitToken>,
    /// What of the machine is set up.
    pub setup: Setup,
    /// Which files are carried elsewhere.
    pub sync: Sync,
    /// Bowline's own files.
    pub state_dir: PathBuf,
    /// Where files go that are dropped or pasted into the page.
    pub uploads_dir: PathBuf,
    /// Largest of these, bytes.
    pub upload_limit: u64,
    /// Most of all of them together, bytes.
    pub uploads_quota: u64,
    /// Where sessions live.
    pub keeper: Keeper,
    /// What a keeper is started as; `None` = this process's own program.
    pub keeper_program: Option<PathBuf>,
    /// What becomes of sessions at the end.
    pub on_exit: OnExit,
    /// How the page shows terminals to who has chosen nothing.
    pub terminal_mode: TerminalMode,
    /// Who may put the page into a frame, as a policy says it.
    pub frame_ancestors: String,
    /// Bounds and habits of sessions.
    pub sessions: bowline_terminal::Options,
}

/// A setting makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A path that can't be a base path.
    #[error("--base-path {0}: give a path such as /bowline/, of letters, digits and - _ . ~ /")]
    BasePath(String),
    /// No permissions.
    #[error("--socket-mode {0}: give permissions in octal digits, such as 600 or 660")]
    SocketMode(String),
    /// Not a URL of a proxy.
    #[error("--public-url {0}: give scheme and host, such as https://terminals.example.com")]
    PublicUrl(String),
    /// No duration.
    #[error("--idle-limit {0}: give a time such as 90m, 24h, 7d or never")]
    IdleLimit(String),
    /// No size.
    #[error("--upload-limit {0}: give a size such as 512K, 32MiB or 1G")]
    UploadLimit(String),
    /// No size.
    #[error("--uploads-quota {0}: give a size such as 500M or 10G")]
    UploadsQuota(String),
    /// No sessions at all.
    #[error("--max-sessions 0: at least one session must be allowed")]
    MaxSessions,
    /// A number was expected.
    #[error("{0}={1}: expected a number")]
    Number(&'static str, String),
    /// No way of showing terminals.
    #[error("TERMINAL_MODE={0}: expected tabs or grid")]
    TerminalMode(String),
    /// Nowhere to keep files.
    #[error("neither HOME nor XDG_STATE_HOME is set: say --state-dir where to keep files")]
    StateDir,
    /// Too easily guessed.
    #[error("{0} is shorter than {MIN_TOKEN} characters: choose one that can't be guessed")]
    Secret(&'static str),
    /// Nobody's name.
    #[error("--owner {0}: give an email address or a user name")]
    Owner(String),
    /// No address.
    #[error(
        "--trusted-proxy {0}: give an address such as 10.0.0.7, or a network such as 10.0.0.0/8"
    )]
    TrustedProxy(String),
    /// No origin.
    #[error("--frame-ancestors {0}: give an origin such as https://portal.example.com, or self")]
    FrameAncestors(String),
    /// No time.
    #[error("--token-life {0}: give a time of a minute or more, such as 15m or 4h")]
    TokenLife(String),
    /// No time.
    #[error("--token-every {0}: give a time shorter than --token-life, such as 10m")]
    TokenEvery(String),
    /// No host.
    #[error(
        "GIT_TOKEN_HOST={0}: give host names such as github.com or git.example.com/team, separated by commas"
    )]
    GitTokenHost(String),
    /// No gateway.
    #[error("DATABRICKS_GATEWAY_HOST={0}: expected an https address")]
    DatabricksGateway(String),
    /// No workspace.
    #[error(
        "DATABRICKS_HOST={0}: expected an https address, such as https://example.cloud.databricks.com"
    )]
    DatabricksHost(String),
    /// No pair.
    #[error("--agent-versions {0}: give an agent or a tool and its version, such as claude=2.1.0")]
    AgentVersions(String),
    /// Nowhere that downloads may come from.
    #[error(
        "--download-mirror {0}: give an https address without a password, such as https://mirror.example.com/github"
    )]
    DownloadMirror(String),
    /// No time.
    #[error("--setup-limit {0}: give a time such as 90s or 10m")]
    SetupLimit(String),
    /// Steps or versions that there are not.
    #[error("{0}")]
    Setup(String),
    /// Nowhere.
    #[error("{0} {1}: give on, off, or the whole path of a folder")]
    Sync(&'static str, String),
    /// No time.
    #[error("--state-sync-every {0}: give a time of a second or more, such as 5m")]
    SyncEvery(String),
    /// What a way of signing in needs.
    #[error("{0} needs {1}")]
    Missing(&'static str, &'static str),
    /// Something that a hub says and that can't be used.
    #[error(
        "{0}={1}: this can't be used, as it is no http URL, or not what a JupyterHub says there"
    )]
    Hub(&'static str, String),
    /// Not a provider's URL.
    #[error(
        "--oidc-issuer {0}: give the provider's https URL, exactly as it names itself (http only on this machine)"
    )]
    OidcIssuer(String),
    /// A secret's file.
    #[error("{0}={1} holds no secret: {2}")]
    SecretFile(&'static str, String, String),
    /// No header.
    #[error("--identity-header {0}: give a header's name, such as X-Forwarded-Email")]
    IdentityHeader(String),
}

/// The environment, by name.
pub(crate) struct Env<'a>(pub(crate) &'a dyn Fn(&str) -> Option<OsString>);

impl Env<'_> {
    /// A variable, text or not.
    pub(crate) fn os(&self, name: &str) -> Option<OsString> {
        self.0(name)
    }

    /// A variable that is text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0(name).and_then(|value| value.into_string().ok())
    }
}

/// A variable that is set to nothing is a list of one empty text.
fn is_given(text: &str) -> bool {
    !text.trim().is_empty()
}

impl RawConfig {
    /// Checks and completes the settings; `env` reads the environment.
    pub fn resolve(self, env: impl Fn(&str) -> Option<OsString>) -> Result<Config, ConfigError> {
        let home = folder(&env, "HOME");
        let state_dir = state_dir(self.files.state_dir, &env)?;
        let env = &Env(&env);

        let mode = match (self.page.terminal_mode, env.text("TERMINAL_MODE")) {
            (None, Some(mode)) if !mode.is_empty() => {
                Mode::from_str(&mode, true).map_err(|_| ConfigError::TerminalMode(mode))?
            }
            (given, _) => given.unwrap_or(Mode::Tabs),
        };
        let uploads_dir = self.files.uploads_dir;
        let uploads_dir = uploads_dir
            .or_else(|| home.as_ref().map(|home| home.join("uploads")))
            .unwrap_or_else(|| state_dir.join("uploads"));
        let limit = self.files.upload_limit;
        let upload_limit = size::parse(&limit).ok_or(ConfigError::UploadLimit(limit))?;
        let quota = self.files.uploads_quota;
        let uploads_quota = size::parse(&quota).ok_or(ConfigError::UploadsQuota(quota))?;
        let projects_dir = self.files.projects_dir;
        let projects_dir = projects_dir
            .or_else(|| hub::root_dir(env))
            .or_else(|| home.map(|home| home.join("projects")));

        let databricks = self.databricks.resolve(env)?;
        let sync = self.sync.resolve(env, &databricks)?;
        let mut setup = self.setup.resolve(env)?;
        if sync.projects != Target::Off {
            setup.options.commits = Commits::Told;
        }
        Ok(Config {
            sync,
            logging: self.logging.resolve(env),
            listen: self.listen.resolve(env)?,
            entry: self.entry.resolve(env)?,
            databricks,
            git: GitToken::resolve(env)?,
            setup,
            keeper: self.sessions.keeper,
            keeper_program: None,
            on_exit: self.sessions.on_exit(env),
            terminal_mode: match mode {
                Mode::Tabs => TerminalMode::Tabs,
                Mode::Grid => TerminalMode::Grid,
            },
            frame_ancestors: frames::ancestors(self.page.frame_ancestors)?,
            sessions: bowline_terminal::Options {
                projects_dir,
                ..self.sessions.resolve(env, &state_dir)?
            },
            // Shells are told paths in it.
            uploads_dir: std::path::absolute(&uploads_dir).unwrap_or(uploads_dir),
            upload_limit,
            uploads_quota,
            state_dir,
        })
    }
}

fn folder(env: impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    let value = env(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// The state folder: what was given, else the usual one; absolute, because shells are told paths in it,
/// wherever they are.
pub(crate) fn state_dir(
    given: Option<PathBuf>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, ConfigError> {
    // Two servers of one user of a hub have two folders.
    let usual = |state: PathBuf| match hub::folder(&Env(&env)) {
        Some(server) => state.join(server),
        None => state,
    };
    let state_dir = given
        .or_else(|| folder(&env, "XDG_STATE_HOME").map(|state| usual(state.join("bowline"))))
        .or_else(|| folder(&env, "HOME").map(|home| usual(home.join(".local/state/bowline"))))
        .ok_or(ConfigError::StateDir)?;
    Ok(std::path::absolute(&state_dir).unwrap_or(state_dir))
}

#[cfg(test)]
mod tests;
