//! The command line and the environment, and what they resolve to. Parse, then resolve: nothing
//! downstream sees what was typed. Secrets come from the environment or a file, never from a flag that
//! `ps` shows. Long because every flag stands here with its help and its variable: one table, in one place.

pub(crate) mod size;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bowline_app::functions::setup::TerminalMode;
use bowline_terminal::{Disk, KeepScreens, OnExit, SizeRule, TmuxMode, Word};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::visit::args::{AttachArgs, SessionsArgs};

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
    Sessions(Box<SessionsArgs>),
    /// Show a session in this terminal; also while no server runs.
    Attach(AttachArgs),
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
    /// Address and port; port 0 takes any free one. Without it, DATABRICKS_APP_PORT is honoured.
    /// [default: 127.0.0.1:8000]
    #[arg(
        long,
        env = "BOWLINE_LISTEN",
        help_heading = "Where it listens",
        value_name = "ADDRESS"
    )]
    pub listen: Option<String>,
    /// Path below which everything is served.
    #[arg(
        long,
        env = "BOWLINE_BASE_PATH",
        help_heading = "Where it listens",
        default_value = "/",
        value_name = "PATH"
    )]
    pub base_path: String,
    /// URL under which a proxy offers Bowline; may be repeated. Its host and origin are let in.
    #[arg(
        long,
        env = "BOWLINE_PUBLIC_URL",
        help_heading = "Where it listens",
        value_delimiter = ',',
        value_name = "URL"
    )]
    pub public_url: Vec<String>,
    /// Host name, with or without a port, under which Bowline may be reached besides loopback names;
    /// may be repeated.
    #[arg(
        long,
        env = "BOWLINE_ALLOWED_HOST",
        help_heading = "Where it listens",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_host: Vec<String>,

    /// Who may enter: whoever has the printed code or the access token, or anybody on this machine.
    #[arg(
        long,
        env = "BOWLINE_AUTH",
        help_heading = "Who may enter",
        default_value = "token"
    )]
    pub auth: Auth,

    /// Folder of the access token, logins and the workspace.
    /// [default: $XDG_STATE_HOME/bowline or ~/.local/state/bowline]
    #[arg(
        long,
        env = "BOWLINE_STATE_DIR",
        help_heading = "Files",
        value_name = "FOLDER"
    )]
    pub state_dir: Option<PathBuf>,
    /// Folder in which shells start, if it exists. [default: ~/projects]
    #[arg(
        long,
        env = "BOWLINE_PROJECTS_DIR",
        help_heading = "Files",
        value_name = "FOLDER"
    )]
    pub projects_dir: Option<PathBuf>,

    /// Folder of files that are dropped or pasted into the page; made when the first comes.
    /// [default: ~/uploads]
    #[arg(
        long,
        env = "BOWLINE_UPLOADS_DIR",
        help_heading = "Files",
        value_name = "FOLDER"
    )]
    pub uploads_dir: Option<PathBuf>,
    /// Largest of these files; such as 512K, 32MiB or 1G.
    #[arg(
        long,
        env = "BOWLINE_UPLOAD_LIMIT",
        help_heading = "Files",
        default_value = "32MiB",
        value_name = "SIZE"
    )]
    pub upload_limit: String,

    /// Most sessions at a time; MAX_CONCURRENT_SESSIONS is honoured. [default: 50]
    #[arg(
        long,
        env = "BOWLINE_MAX_SESSIONS",
        help_heading = "Sessions",
        value_name = "NUMBER"
    )]
    pub max_sessions: Option<u32>,
    /// Lines kept above each session's screen, for pages that come later, 100 to 100000.
    #[arg(
        long,
        env = "BOWLINE_SCROLLBACK",
        help_heading = "Sessions",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(100..=100_000),
        value_name = "LINES"
    )]
    pub scrollback: u32,
    /// A session without input, output or viewer for this long ends; such as 90m, 24h, 7d or never.
    #[arg(
        long,
        env = "BOWLINE_IDLE_LIMIT",
        help_heading = "Sessions",
        default_value = "24h",
        value_name = "TIME"
    )]
    pub idle_limit: String,
    /// Whether sessions live in a tmux server of their own, which goes on when Bowline ends, however it ends;
    /// TMUX_ENABLED is honoured. [default: off]
    #[arg(long, env = "BOWLINE_TMUX", help_heading = "Sessions")]
    pub tmux: Option<Switch>,
    /// Whether sessions live in a process of their own, the keeper, and go on when this one ends, however it
    /// ends; `off` = they live in this process.
    #[arg(
        long,
        env = "BOWLINE_KEEPER",
        help_heading = "Sessions",
        default_value = "auto"
    )]
    pub keeper: Keeper,
    /// What becomes of sessions when Bowline is told to end; without keeper and tmux they end in any case.
    /// [default: keep, but end under JupyterHub and on Databricks Apps]
    #[arg(long, env = "BOWLINE_ON_EXIT", help_heading = "Sessions")]
    pub on_exit: Option<AtExit>,
    /// Whose size a session takes when several look at it.
    #[arg(
        long,
        env = "BOWLINE_SIZE_RULE",
        help_heading = "Sessions",
        default_value = "focused"
    )]
    pub size_rule: Size,
    /// Whether screens and their history are kept in the state folder while their sessions run, to be seen
    /// after a crash or a reboot.
    #[arg(
        long,
        env = "BOWLINE_KEEP_SCREENS",
        help_heading = "Sessions",
        default_value = "on"
    )]
    pub keep_screens: Switch,
    /// More environment variables that shells get from Bowline's own; separated by commas.
    #[arg(
        long,
        env = "BOWLINE_ENV_PASS",
        help_heading = "Sessions",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub env_pass: Vec<String>,
    /// Whether bash, zsh and fish mark their prompts and commands, by which Bowline knows what a session
    /// does. No file of yours is touched.
    #[arg(
        long,
        env = "BOWLINE_SHELL_INTEGRATION",
        help_heading = "Sessions",
        default_value = "auto"
    )]
    pub shell_integration: ShellIntegration,

    /// How the page shows terminals to who has chosen nothing: one tab at a time, or many side by side;
    /// TERMINAL_MODE is honoured. [default: tabs]
    #[arg(long, env = "BOWLINE_TERMINAL_MODE", help_heading = "Page")]
    pub terminal_mode: Option<Mode>,

    /// What is logged to standard error, such as `warn` or `bowline_server=debug`; RUST_LOG is
    /// honoured. [default: info]
    #[arg(
        long,
        env = "BOWLINE_LOG",
        help_heading = "Logging",
        value_name = "FILTER"
    )]
    pub log: Option<String>,
}

/// Who may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Whoever has the printed code or the access token.
    Token,
    /// Anybody who can connect; only on a loopback address.
    None,
}

/// Whose size a session takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// The one that had the keyboard last.
    Focused,
    /// The smallest of all that are visible.
    Smallest,
}

/// Whether login shells are made to mark their prompts and commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShellIntegration {
    /// Those that are known; marks of your own are not doubled.
    Auto,
    /// None.
    Off,
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

/// Where sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keeper {
    /// In a keeper, which is started where there is none.
    Auto,
    /// In the server's process.
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

/// What becomes of sessions at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtExit {
    /// Those in a keeper or in tmux live on.
    Keep,
    /// All end.
    End,
}

/// The settings as used. Not `Debug`: it may hold the access token.
#[derive(Clone)]
pub struct Config {
    /// What to log.
    pub log: String,
    /// Where to listen.
    pub listen: String,
    /// Path of the page; begins and ends with `/`.
    pub base_path: String,
    /// URLs of proxies in front.
    pub public_urls: Vec<PublicUrl>,
    /// Further hosts, in lower case.
    pub allowed_hosts: Vec<String>,
    /// Who may enter.
    pub auth: Auth,
    /// An access token fixed from outside.
    pub token: Option<String>,
    /// Bowline's own files.
    pub state_dir: PathBuf,
    /// Where files go that are dropped or pasted into the page.
    pub uploads_dir: PathBuf,
    /// Largest of these, bytes.
    pub upload_limit: u64,
    /// Where sessions live.
    pub keeper: Keeper,
    /// What a keeper is started as; `None` = this process's own program.
    pub keeper_program: Option<PathBuf>,
    /// What becomes of sessions at the end.
    pub on_exit: OnExit,
    /// How the page shows terminals to who has chosen nothing.
    pub terminal_mode: TerminalMode,
    /// Bounds and habits of sessions.
    pub sessions: bowline_terminal::Options,
}

/// Scheme, host and port of a public URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// As a browser writes it in `Origin`, such as `https://example.com`.
    pub origin: String,
    /// As a browser writes it in `Host`, such as `example.com`.
    pub authority: String,
}

/// A setting makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A path that can't be a base path.
    #[error("--base-path {0}: give a path such as /bowline/, of letters, digits and - _ . ~ /")]
    BasePath(String),
    /// Not a URL of a proxy.
    #[error("--public-url {0}: give scheme and host, such as https://terminals.example.com")]
    PublicUrl(String),
    /// No duration.
    #[error("--idle-limit {0}: give a time such as 90m, 24h, 7d or never")]
    IdleLimit(String),
    /// No size.
    #[error("--upload-limit {0}: give a size such as 512K, 32MiB or 1G")]
    UploadLimit(String),
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
    #[error(
        "BOWLINE_TOKEN is shorter than {MIN_TOKEN} characters: choose one that can't be guessed"
    )]
    Token,
}

/// Shortest access token that may be fixed from outside, bytes.
pub const MIN_TOKEN: usize = 16;

const DEFAULT_LISTEN: &str = "127.0.0.1:8000";
const DEFAULT_MAX_SESSIONS: u32 = 50;

impl RawConfig {
    /// Checks and completes the settings; `env` reads the environment.
    pub fn resolve(self, env: impl Fn(&str) -> Option<OsString>) -> Result<Config, ConfigError> {
        let text = |name| env(name).and_then(|value| value.into_string().ok());
        let home = folder(&env, "HOME");

        let given = self.listen.filter(|listen| !listen.is_empty());
        let listen = match (given, text("DATABRICKS_APP_PORT")) {
            (Some(listen), _) => listen,
            (None, Some(port)) => {
                let port: u16 = port
                    .parse()
                    .map_err(|_| ConfigError::Number("DATABRICKS_APP_PORT", port))?;
                format!("0.0.0.0:{port}")
            }
            (None, None) => DEFAULT_LISTEN.to_owned(),
        };
        let max_sessions = match (self.max_sessions, text("MAX_CONCURRENT_SESSIONS")) {
            (Some(max), _) => max,
            (None, Some(max)) => max
                .parse()
                .map_err(|_| ConfigError::Number("MAX_CONCURRENT_SESSIONS", max))?,
            (None, None) => DEFAULT_MAX_SESSIONS,
        };
        if max_sessions == 0 {
            return Err(ConfigError::MaxSessions);
        }
        let tmux = match (self.tmux, text("TMUX_ENABLED")) {
            (Some(Switch::On), _) => TmuxMode::On,
            (None, Some(enabled)) if enabled.eq_ignore_ascii_case("true") || enabled == "1" => {
                TmuxMode::On
            }
            _ => TmuxMode::Off,
        };
        // Whoever ends the server there takes the whole machine away.
        let passing = ["DATABRICKS_APP_PORT", "JUPYTERHUB_SERVICE_PREFIX"]
            .into_iter()
            .any(|name| text(name).is_some());
        let on_exit = match self.on_exit {
            Some(AtExit::Keep) => OnExit::Keep,
            Some(AtExit::End) => OnExit::End,
            None if passing => OnExit::End,
            None => OnExit::Keep,
        };
        let state_dir = state_dir(self.state_dir, &env)?;
        let mode = match (self.terminal_mode, text("TERMINAL_MODE")) {
            (None, Some(mode)) if !mode.is_empty() => {
                Mode::from_str(&mode, true).map_err(|_| ConfigError::TerminalMode(mode))?
            }
            (given, _) => given.unwrap_or(Mode::Tabs),
        };
        let shell_integration = match self.shell_integration {
            ShellIntegration::Auto => Some(state_dir.join("shell-integration")),
            ShellIntegration::Off => None,
        };
        let token = text("BOWLINE_TOKEN").filter(|token| !token.is_empty());
        if token.as_ref().is_some_and(|token| token.len() < MIN_TOKEN) {
            return Err(ConfigError::Token);
        }
        let uploads_dir = self
            .uploads_dir
            .or_else(|| home.as_ref().map(|home| home.join("uploads")))
            .unwrap_or_else(|| state_dir.join("uploads"));
        let upload_limit =
            size::parse(&self.upload_limit).ok_or(ConfigError::UploadLimit(self.upload_limit))?;
        // A variable that is set to nothing is a list of one empty text.
        let is_given = |text: &String| !text.trim().is_empty();
        let public_urls = self.public_url.into_iter().filter(is_given);
        let public_urls = public_urls.map(public_url);
        let hosts = self.allowed_host.iter().map(|host| host.trim());

        Ok(Config {
            log: self
                .log
                .or_else(|| text("RUST_LOG"))
                .filter(|log| !log.is_empty())
                .unwrap_or_else(|| "info".to_owned()),
            listen,
            base_path: base_path(self.base_path)?,
            public_urls: public_urls.collect::<Result<_, _>>()?,
            allowed_hosts: hosts
                .filter(|host| !host.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
            auth: self.auth,
            token,
            keeper: self.keeper,
            keeper_program: None,
            on_exit,
            terminal_mode: match mode {
                Mode::Tabs => TerminalMode::Tabs,
                Mode::Grid => TerminalMode::Grid,
            },
            sessions: bowline_terminal::Options {
                max_sessions: max_sessions as usize,
                idle_limit: idle_limit(self.idle_limit)?,
                scrollback: self.scrollback as usize,
                projects_dir: self
                    .projects_dir
                    .or_else(|| home.map(|home| home.join("projects"))),
                env_pass: self.env_pass.into_iter().filter(is_given).collect(),
                shell_integration,
                size_rule: match self.size_rule {
                    Size::Focused => SizeRule::Focused,
                    Size::Smallest => SizeRule::Smallest,
                },
                tmux,
                tmux_dir: Some(state_dir.clone()),
                disk: Some(Disk {
                    folder: state_dir.join("sessions"),
                    screens: match self.keep_screens {
                        Switch::On => KeepScreens::Yes,
                        Switch::Off => KeepScreens::No,
                    },
                }),
                ..bowline_terminal::Options::default()
            },
            // Shells are told paths in it.
            uploads_dir: std::path::absolute(&uploads_dir).unwrap_or(uploads_dir),
            upload_limit,
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
    let state_dir = given
        .or_else(|| folder(&env, "XDG_STATE_HOME").map(|state| state.join("bowline")))
        .or_else(|| folder(&env, "HOME").map(|home| home.join(".local/state/bowline")))
        .ok_or(ConfigError::StateDir)?;
    Ok(std::path::absolute(&state_dir).unwrap_or(state_dir))
}

fn base_path(given: String) -> Result<String, ConfigError> {
    let trimmed = given.trim_matches('/');
    let fine = |segment: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(plain)
    };
    if trimmed.is_empty() {
        Ok("/".to_owned())
    } else if trimmed.split('/').all(fine) {
        Ok(format!("/{trimmed}/"))
    } else {
        Err(ConfigError::BasePath(given))
    }
}

fn public_url(given: String) -> Result<PublicUrl, ConfigError> {
    let parsed: Result<http::Uri, _> = given.trim().parse();
    if let Ok(uri) = parsed
        && let (Some(scheme @ ("http" | "https")), Some(authority)) =
            (uri.scheme_str(), uri.authority())
        && !authority.as_str().contains('@')
    {
        // Browsers leave a scheme's own port out.
        let usual = if scheme == "https" { 443 } else { 80 };
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port_u16() {
            Some(port) if port != usual => format!("{host}:{port}"),
            _ => host,
        };
        return Ok(PublicUrl {
            origin: format!("{scheme}://{authority}"),
            authority,
        });
    }
    Err(ConfigError::PublicUrl(given))
}

/// Zero stands for never, as in [`bowline_terminal::Options::idle_limit`].
fn idle_limit(given: String) -> Result<Duration, ConfigError> {
    let text = given.trim();
    if text == "never" {
        return Ok(Duration::ZERO);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(ConfigError::IdleLimit(given)),
    };
    let seconds = digits.parse::<u64>().ok();
    match seconds.and_then(|number| number.checked_mul(unit)) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(ConfigError::IdleLimit(given)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(arguments: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
        let raw = Cli::try_parse_from(arguments).unwrap().into_serve();
        raw.resolve(|name| {
            let found = env.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    const HOME: (&str, &str) = ("HOME", "/home/me");

    #[test]
    fn without_settings_it_serves_loopback_with_a_token() {
        let config = resolve("", &[HOME]).unwrap();
        assert_eq!(config.listen, "127.0.0.1:8000");
        assert_eq!(config.base_path, "/");
        assert_eq!(config.auth, Auth::Token);
        assert_eq!(
            config.state_dir,
            PathBuf::from("/home/me/.local/state/bowline")
        );
        assert_eq!(config.sessions.max_sessions, 50);
        assert_eq!(config.sessions.scrollback, 10_000);
        assert_eq!(config.sessions.idle_limit, Duration::from_secs(24 * 3600));
        let projects = config.sessions.projects_dir;
        assert_eq!(projects, Some(PathBuf::from("/home/me/projects")));
    }

    #[test]
    fn serve_may_be_spelt_out() {
        let config = resolve("serve --listen 127.0.0.1:0", &[HOME]).unwrap();
        assert_eq!(config.listen, "127.0.0.1:0");
    }

    #[test]
    fn names_of_platforms_are_honoured_below_our_own() {
        let env = [
            HOME,
            ("DATABRICKS_APP_PORT", "9001"),
            ("MAX_CONCURRENT_SESSIONS", "5"),
        ];
        let config = resolve("", &env).unwrap();
        assert_eq!(config.listen, "0.0.0.0:9001");
        assert_eq!(config.sessions.max_sessions, 5);
        let config = resolve("--listen 127.0.0.1:1 --max-sessions 7", &env).unwrap();
        assert_eq!(config.listen, "127.0.0.1:1");
        assert_eq!(config.sessions.max_sessions, 7);
    }

    #[test]
    fn sessions_are_kept_where_the_machine_stays() {
        let config = resolve("", &[HOME]).unwrap();
        assert_eq!(config.sessions.tmux, TmuxMode::Off);
        assert_eq!(config.on_exit, OnExit::Keep);
        let state_dir = Some(PathBuf::from("/home/me/.local/state/bowline"));
        assert_eq!(config.sessions.tmux_dir, state_dir);
        for name in ["DATABRICKS_APP_PORT", "JUPYTERHUB_SERVICE_PREFIX"] {
            let config = resolve("", &[HOME, (name, "8000")]).unwrap();
            assert_eq!(config.on_exit, OnExit::End);
            let config = resolve("--on-exit keep", &[HOME, (name, "8000")]).unwrap();
            assert_eq!(config.on_exit, OnExit::Keep);
        }
    }

    #[test]
    fn tmux_mode_is_a_switch_with_an_older_name() {
        for (arguments, env, expected) in [
            ("--tmux on", ("TMUX_ENABLED", "false"), TmuxMode::On),
            ("--tmux true", ("", ""), TmuxMode::On),
            ("--tmux off", ("TMUX_ENABLED", "true"), TmuxMode::Off),
            ("", ("TMUX_ENABLED", "true"), TmuxMode::On),
            ("", ("TMUX_ENABLED", "false"), TmuxMode::Off),
        ] {
            let config = resolve(arguments, &[HOME, env]).unwrap();
            assert_eq!(config.sessions.tmux, expected, "{arguments} {env:?}");
        }
    }

    #[test]
    fn the_first_view_has_an_older_name_too() {
        for (arguments, env, expected) in [
            ("", ("", ""), TerminalMode::Tabs),
            ("", ("TERMINAL_MODE", ""), TerminalMode::Tabs),
            ("", ("TERMINAL_MODE", "Grid"), TerminalMode::Grid),
            (
                "--terminal-mode tabs",
                ("TERMINAL_MODE", "grid"),
                TerminalMode::Tabs,
            ),
            ("--terminal-mode grid", ("", ""), TerminalMode::Grid),
        ] {
            let config = resolve(arguments, &[HOME, env]).unwrap();
            assert_eq!(config.terminal_mode, expected, "{arguments} {env:?}");
        }
        assert!(resolve("", &[HOME, ("TERMINAL_MODE", "piles")]).is_err());
    }

    #[test]
    fn a_base_path_begins_and_ends_with_a_slash() {
        for (given, expected) in [("/", "/"), ("/a", "/a/"), ("a/b/", "/a/b/")] {
            let config = resolve(&format!("--base-path {given}"), &[HOME]).unwrap();
            assert_eq!(config.base_path, expected);
        }
        for given in ["/a?b", "/../x", "/a//b", "/a#b", "/{x}"] {
            assert!(
                resolve(&format!("--base-path {given}"), &[HOME]).is_err(),
                "{given}"
            );
        }
    }

    #[test]
    fn a_public_url_is_written_as_browsers_do() {
        for (given, origin, authority) in [
            ("https://Example.com", "https://example.com", "example.com"),
            (
                "https://example.com:443/x/",
                "https://example.com",
                "example.com",
            ),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
        ] {
            let config = resolve(&format!("--public-url {given}"), &[HOME]).unwrap();
            assert_eq!(config.public_urls[0].origin, origin);
            assert_eq!(config.public_urls[0].authority, authority);
        }
        for given in ["example.com", "ftp://x", "https://u@x"] {
            assert!(
                resolve(&format!("--public-url {given}"), &[HOME]).is_err(),
                "{given}"
            );
        }
    }

    #[test]
    fn an_idle_limit_has_a_unit() {
        for (given, seconds) in [("90m", 5400), ("24h", 86400), ("7d", 604800), ("never", 0)] {
            let config = resolve(&format!("--idle-limit {given}"), &[HOME]).unwrap();
            assert_eq!(config.sessions.idle_limit.as_secs(), seconds);
        }
        for given in ["90", "0h", "h", "1.5h", "99999999999999999999d"] {
            assert!(
                resolve(&format!("--idle-limit {given}"), &[HOME]).is_err(),
                "{given}"
            );
        }
    }

    #[test]
    fn shells_are_integrated_unless_told_otherwise() {
        let config = resolve("--state-dir /s", &[HOME]).unwrap();
        let scripts = config.sessions.shell_integration;
        assert_eq!(scripts, Some(PathBuf::from("/s/shell-integration")));
        let config = resolve("--shell-integration off", &[HOME]).unwrap();
        assert_eq!(config.sessions.shell_integration, None);
    }

    #[test]
    fn screens_are_kept_in_the_state_folder_unless_told_otherwise() {
        for (given, screens) in [
            ("", KeepScreens::Yes),
            ("--keep-screens off", KeepScreens::No),
        ] {
            let config = resolve(&format!("--state-dir /s {given}"), &[HOME]).unwrap();
            let folder = PathBuf::from("/s/sessions");
            assert_eq!(config.sessions.disk, Some(Disk { folder, screens }));
        }
    }

    #[test]
    fn uploads_have_a_folder_and_a_limit() {
        let config = resolve("", &[HOME]).unwrap();
        assert_eq!(config.uploads_dir, PathBuf::from("/home/me/uploads"));
        assert_eq!(config.upload_limit, 32 << 20);
        let config = resolve("--uploads-dir /u --upload-limit 1k", &[HOME]).unwrap();
        assert_eq!(config.uploads_dir, PathBuf::from("/u"));
        assert_eq!(config.upload_limit, 1024);
        let config = resolve("--state-dir /s", &[]).unwrap();
        assert_eq!(config.uploads_dir, PathBuf::from("/s/uploads"));
        for given in ["0", "much"] {
            assert!(resolve(&format!("--upload-limit {given}"), &[HOME]).is_err());
        }
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused() {
        assert!(resolve("", &[HOME, ("BOWLINE_TOKEN", "hunter2")]).is_err());
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
