//! What is told of a session to those who list them: plain data, made in one look.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bowline_protocol::frame::{Activity, Attention, Exit, Progress, Size};
use bowline_protocol::ids::SessionId;
use serde::{Deserialize, Serialize, Serializer};

use crate::status::LastCommand;

/// What a session's program does, as far as it says so or it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    /// It works.
    Running,
    /// It waits for its user, who knows.
    Idle,
    /// Somebody should look.
    NeedsAttention(Attention),
    /// It ended; its output can still be read.
    Exited(Exit),
}

impl SessionState {
    /// Whether its program has ended.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Exited(_))
    }
}

impl From<Activity> for SessionState {
    fn from(activity: Activity) -> Self {
        match activity {
            Activity::Running => Self::Running,
            Activity::Idle => Self::Idle,
            Activity::NeedsAttention(why) => Self::NeedsAttention(why),
        }
    }
}

/// Where a session's label comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Naming {
    /// Somebody gave it.
    Given,
    /// It is the name of the program that was started.
    Program,
}

/// A session at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Which.
    pub id: SessionId,
    /// The pane it was created for.
    pub pane_id: Option<String>,
    /// Its name for people.
    pub label: String,
    /// Where that comes from.
    pub naming: Naming,
    /// The program in the foreground; empty once ended.
    pub process: String,
    /// Where the shell says it is; else where that program is. Once ended, where it last was, if that is known.
    #[serde(serialize_with = "as_text")]
    pub cwd: Option<PathBuf>,
    /// The terminal's title; empty = none.
    pub title: String,
    /// Since it was started.
    pub age: Duration,
    /// Since anybody typed, looked, or it said something.
    pub idle: Duration,
    /// Columns and rows.
    pub size: Size,
    /// Pages attached.
    pub viewers: usize,
    /// Its number in tmux, if it is there.
    pub tmux: Option<u32>,
    /// What whoever looks at it should know, such as why it isn't in tmux.
    pub notice: Option<String>,
    /// How long until it ends for lack of use, once that is near enough to warn of.
    pub ends_in: Option<Duration>,
    /// What it does.
    pub state: SessionState,
    /// How far its program says it is.
    pub progress: Progress,
    /// How the last command line ended, where the shell marks them.
    pub last_command: Option<LastCommand>,
    /// For one that a crash or a reboot ended ([`Exit::Lost`]): when it was last seen, milliseconds of Unix
    /// time. Its screen is as it was then.
    #[serde(default)]
    pub last_seen_ms: Option<u64>,
}

/// A folder's name need not be text: one such must not make all sessions untold.
fn as_text<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let path = path.as_deref().map(Path::to_string_lossy);
    path.serialize(serializer)
}
