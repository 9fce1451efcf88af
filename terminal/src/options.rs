//! What whoever hosts the sessions decides.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whose size a session has when several viewers look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SizeRule {
    /// The viewer that had the keyboard last, of those that are visible.
    #[default]
    Focused,
    /// The smallest columns and rows of all visible viewers.
    Smallest,
}

/// Whether new sessions live in a tmux server, which outlives this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TmuxMode {
    /// They live in this process and end with it.
    #[default]
    Off,
    /// They do, where tmux is there; else they are as if it were off, with a notice.
    On,
}

/// What becomes of sessions when this process ends in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnExit {
    /// Those in tmux live on. All others end.
    Keep,
    /// All end.
    #[default]
    End,
}

/// Whether screens and their history are kept on disk while their sessions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum KeepScreens {
    /// They are, so that what a crash or a reboot ended can still be read.
    #[default]
    Yes,
    /// Only which sessions there were.
    No,
}

/// What is kept on disk of sessions that run, for the time after a crash or a reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Made private, if need be. Nothing else lies in it.
    pub folder: PathBuf,
    /// Whether what was on the screens lies there too.
    pub screens: KeepScreens,
}

/// Bounds and habits of all sessions. As text, what is left out is as by default.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Sessions that may run at a time.
    pub max_sessions: usize,
    /// A session that nobody used or watched for this long ends; zero = never.
    pub idle_limit: Duration,
    /// Output kept per session, bytes. Grown as output comes.
    pub log_bytes: usize,
    /// Lines kept above each session's screen, for who comes later.
    pub scrollback: usize,
    /// Where shells start when nothing else is asked and it exists.
    pub projects_dir: Option<PathBuf>,
    /// The environment from which programs get what they may have; `None` = this process's own.
    pub environment: Option<BTreeMap<String, String>>,
    /// More names of environment variables to pass on.
    pub env_pass: Vec<String>,
    /// Environment variables to set.
    pub env_set: Vec<(String, String)>,
    /// Folder for the scripts that make login shells mark their prompts and commands; `None` = shells
    /// are left as they are.
    pub shell_integration: Option<PathBuf>,
    /// Whose size rules.
    pub size_rule: SizeRule,
    /// Time between HUP and KILL.
    pub kill_grace: Duration,
    /// Whether new sessions live in tmux.
    pub tmux: TmuxMode,
    /// Private folder for tmux's socket and configuration; without it there is no tmux mode.
    pub tmux_dir: Option<PathBuf>,
    /// What is kept on disk; `None` = nothing.
    pub disk: Option<Disk>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_sessions: 100,
            idle_limit: Duration::from_secs(24 * 60 * 60),
            log_bytes: 4 * 1024 * 1024,
            scrollback: 10_000,
            projects_dir: None,
            environment: None,
            env_pass: Vec::new(),
            env_set: Vec::new(),
            shell_integration: None,
            size_rule: SizeRule::default(),
            kill_grace: Duration::from_millis(500),
            tmux: TmuxMode::default(),
            tmux_dir: None,
            disk: None,
        }
    }
}
