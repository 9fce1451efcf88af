//! Where sessions live, how many, for how long, and what their shells get.

use std::path::Path;
use std::time::Duration;

use bowline_terminal::{Disk, KeepScreens, OnExit, Options, SizeRule, TmuxMode};
use clap::{Args, ValueEnum};

use super::{ConfigError, Env, Switch, is_given};

/// Settings of sessions, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sessions")]
pub struct SessionsArgs {
    /// Most sessions at a time; MAX_CONCURRENT_SESSIONS is honoured. [default: 50]
    #[arg(long, env = "BOWLINE_MAX_SESSIONS", value_name = "NUMBER")]
    pub max_sessions: Option<u32>,

    /// Lines kept above each session's screen, for pages that come later, 100 to 100000.
    #[arg(
        long,
        env = "BOWLINE_SCROLLBACK",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(100..=100_000),
        value_name = "LINES"
    )]
    pub scrollback: u32,

    /// A session without input, output or viewer for this long ends; such as 90m, 24h, 7d or never.
    #[arg(
        long,
        env = "BOWLINE_IDLE_LIMIT",
        default_value = "24h",
        value_name = "TIME"
    )]
    pub idle_limit: String,

    /// Whether sessions live in a tmux server of their own, which goes on when Bowline ends, however it ends;
    /// TMUX_ENABLED is honoured. [default: off]
    #[arg(long, env = "BOWLINE_TMUX")]
    pub tmux: Option<Switch>,

    /// Whether sessions live in a process of their own, the keeper, and go on when this one ends, however it
    /// ends; `off` = they live in this process.
    #[arg(long, env = "BOWLINE_KEEPER", default_value = "auto")]
    pub keeper: Keeper,

    /// What becomes of sessions when Bowline is told to end; without keeper and tmux they end in any case.
    /// [default: keep, but end under JupyterHub and on Databricks Apps]
    #[arg(long, env = "BOWLINE_ON_EXIT")]
    pub on_exit: Option<AtExit>,

    /// Whose size a session takes when several look at it.
    #[arg(long, env = "BOWLINE_SIZE_RULE", default_value = "focused")]
    pub size_rule: Size,

    /// Whether screens and their history are kept in the state folder while their sessions run, to be seen
    /// after a crash or a reboot.
    #[arg(long, env = "BOWLINE_KEEP_SCREENS", default_value = "on")]
    pub keep_screens: Switch,

    /// More environment variables that shells get from Bowline's own; separated by commas.
    #[arg(
        long,
        env = "BOWLINE_ENV_PASS",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub env_pass: Vec<String>,

    /// Whether bash, zsh and fish mark their prompts and commands, by which Bowline knows what a session
    /// does. No file of yours is touched.
    #[arg(long, env = "BOWLINE_SHELL_INTEGRATION", default_value = "auto")]
    pub shell_integration: ShellIntegration,
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

/// Where sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keeper {
    /// In a keeper, which is started where there is none.
    Auto,
    /// In the server's process.
    Off,
}

/// What becomes of sessions at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtExit {
    /// Those in a keeper or in tmux live on.
    Keep,
    /// All end.
    End,
}

const DEFAULT_MAX_SESSIONS: u32 = 50;

impl SessionsArgs {
    /// What becomes of sessions at the end.
    pub(super) fn on_exit(&self, env: &Env<'_>) -> OnExit {
        // Whoever ends the server there takes the whole machine away.
        let passing = ["DATABRICKS_APP_PORT", "JUPYTERHUB_SERVICE_PREFIX"]
            .into_iter()
            .any(|name| env.text(name).is_some());
        match self.on_exit {
            Some(AtExit::Keep) => OnExit::Keep,
            Some(AtExit::End) => OnExit::End,
            None if passing => OnExit::End,
            None => OnExit::Keep,
        }
    }

    /// Bounds and habits of sessions, but for their folder of projects.
    pub(super) fn resolve(self, env: &Env<'_>, state_dir: &Path) -> Result<Options, ConfigError> {
        let max_sessions = match (self.max_sessions, env.text("MAX_CONCURRENT_SESSIONS")) {
            (Some(max), _) => max,
            (None, Some(max)) => max
                .parse()
                .map_err(|_| ConfigError::Number("MAX_CONCURRENT_SESSIONS", max))?,
            (None, None) => DEFAULT_MAX_SESSIONS,
        };
        if max_sessions == 0 {
            return Err(ConfigError::MaxSessions);
        }
        let tmux = match (self.tmux, env.text("TMUX_ENABLED")) {
            (Some(Switch::On), _) => TmuxMode::On,
            (None, Some(enabled)) if enabled.eq_ignore_ascii_case("true") || enabled == "1" => {
                TmuxMode::On
            }
            _ => TmuxMode::Off,
        };
        Ok(Options {
            max_sessions: max_sessions as usize,
            idle_limit: idle_limit(self.idle_limit)?,
            scrollback: self.scrollback as usize,
            env_pass: self
                .env_pass
                .into_iter()
                .filter(|text| is_given(text))
                .collect(),
            shell_integration: match self.shell_integration {
                ShellIntegration::Auto => Some(state_dir.join("shell-integration")),
                ShellIntegration::Off => None,
            },
            size_rule: match self.size_rule {
                Size::Focused => SizeRule::Focused,
                Size::Smallest => SizeRule::Smallest,
            },
            tmux,
            tmux_dir: Some(state_dir.to_owned()),
            disk: Some(Disk {
                folder: state_dir.join("sessions"),
                screens: match self.keep_screens {
                    Switch::On => KeepScreens::Yes,
                    Switch::Off => KeepScreens::No,
                },
            }),
            ..Options::default()
        })
    }
}

/// Zero stands for never, as in [`bowline_terminal::Options::idle_limit`].
fn idle_limit(given: String) -> Result<Duration, ConfigError> {
    match given.trim() {
        "never" => Ok(Duration::ZERO),
        text => match duration(text) {
            Some(time) if !time.is_zero() => Ok(time),
            _ => Err(ConfigError::IdleLimit(given)),
        },
    }
}

/// A time such as 90s, 15m, 24h or 7d.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let seconds = digits.parse::<u64>().ok()?;
    seconds.checked_mul(unit).map(Duration::from_secs)
}
