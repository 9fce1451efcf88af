//! Lists of sessions.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use bowline_protocol::SessionId;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
use bowline_protocol::frame::Progress;
use bowline_protocol::frame::{Attention, Exit};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

use super::Done;
use super::client::PageClient;
use crate::error::AppError;

/// The answer of `GET /api/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionsReply {
    /// Running and recently ended, oldest first.
    pub sessions: Vec<SessionRow>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its id.
    pub session_id: SessionId,
    /// The pane it was made for.
    pub pane_id: Option<String>,
    /// What people call it.
    pub label: String,
    /// Whether somebody gave it that label; else it is the name of the program that was started.
    #[serde(default)]
    pub named: bool,
    /// The program in the foreground.
    pub process: String,
    /// Where the shell says it is; else where that program is.
    pub cwd: Option<String>,
    /// The terminal's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Seconds since it began.
    pub age_s: u64,
    /// Seconds since anybody used it.
    pub idle_s: u64,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// Who looks at it.
    pub viewers: u32,
    /// Its number in tmux, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux: Option<u32>,
    /// What whoever looks at it should know, such as why it isn't in tmux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Seconds until it ends for lack of use, once that is near enough to warn of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_in_s: Option<u64>,
    /// What its program does.
    pub state: State,
    /// Why somebody should look, if somebody should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<AttentionReply>,
    /// How far its program says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressReply>,
    /// How its last command line ended, where the shell tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_command: Option<LastCommandReply>,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ExitReply>,
    /// For one that a crash or a reboot ended: when it was last seen, milliseconds of Unix time. Its screen is
    /// as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_ms: Option<u64>,
}

/// What a session's program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works.
    Running,
    /// It waits for its user, who knows.
    Idle,
    /// Somebody should look.
    NeedsAttention,
    /// It ended.
    Exited,
}

/// Why somebody should look at a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionReply {
    /// Its bell rang.
    Bell,
    /// It showed a notification.
    Notification,
    /// After work it is quiet, at a prompt or a question.
    Quiet,
    /// It says that it waits for its user.
    Waiting,
    /// It says that it is done.
    Done,
}

impl From<Attention> for AttentionReply {
    fn from(why: Attention) -> Self {
        match why {
            Attention::Bell => Self::Bell,
            Attention::Notification => Self::Notification,
            Attention::Quiet => Self::Quiet,
            Attention::Waiting => Self::Waiting,
            Attention::Done => Self::Done,
        }
    }
}

/// How far a program says it is: `{"normal": 40}`, `{"error": 40}`, `{"paused": 40}` or `"indeterminate"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgressReply {
    /// So many percent.
    Normal(u8),
    /// It failed there.
    Error(u8),
    /// It goes on; nobody knows how far it is.
    Indeterminate,
    /// It waits there.
    Paused(u8),
}

#[cfg(any(feature = "ssr", feature = "hydrate"))]
impl ProgressReply {
    /// `None` = nothing is under way.
    pub(crate) fn of(progress: Progress) -> Option<Self> {
        match progress {
            Progress::None => None,
            Progress::Normal(percent) => Some(Self::Normal(percent)),
            Progress::Error(percent) => Some(Self::Error(percent)),
            Progress::Indeterminate => Some(Self::Indeterminate),
            Progress::Paused(percent) => Some(Self::Paused(percent)),
        }
    }
}

/// How a command line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCommandReply {
    /// Its exit status, where the shell tells.
    pub status: Option<i32>,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
}

/// How a session ended: `{"code": 3}`, `{"signal": 9}`, `"killed"`, `"idle"` or `"lost"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReply {
    /// The program returned this status.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// Somebody killed the session.
    Killed,
    /// Nobody used it for the idle limit.
    Idle,
    /// The machine, or the process that kept it, ended.
    Lost,
}

impl From<Exit> for ExitReply {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
            Exit::Killed => Self::Killed,
            Exit::Idle => Self::Idle,
            Exit::Lost => Self::Lost,
        }
    }
}

impl From<ExitReply> for Exit {
    fn from(exit: ExitReply) -> Self {
        match exit {
            ExitReply::Code(code) => Self::Code(code),
            ExitReply::Signal(signal) => Self::Signal(signal),
            ExitReply::Killed => Self::Killed,
            ExitReply::Idle => Self::Idle,
            ExitReply::Lost => Self::Lost,
        }
    }
}

/// The answer of `GET /api/active-sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ActiveSessionsReply {
    /// Oldest first.
    pub sessions: Vec<ActiveSession>,
}

/// Which pane a session belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSession {
    /// Its id.
    pub session_id: SessionId,
    /// The pane it was made for.
    pub pane_id: Option<String>,
    /// Whether it runs.
    pub alive: bool,
}

/// The answer of `GET /api/tmux-sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TmuxSessionsReply {
    /// The numbers of all sessions in Bowline's tmux server, lowest first.
    pub sessions: Vec<u32>,
}

/// All sessions with what is known of them.
#[server(endpoint = "sessions", input = GetUrl, output = Json, client = PageClient)]
pub async fn sessions() -> Result<SessionsReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let sessions = context.host.list().await?;
    Ok(SessionsReply {
        sessions: sessions.into_iter().map(SessionRow::from).collect(),
    })
}

/// All sessions with their panes only.
#[server(endpoint = "active-sessions", input = GetUrl, output = Json, client = PageClient)]
pub async fn active_sessions() -> Result<ActiveSessionsReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let sessions = context.host.list().await?.into_iter();
    Ok(ActiveSessionsReply {
        sessions: sessions
            .map(|info| ActiveSession {
                session_id: info.id,
                alive: !info.state.has_ended(),
                pane_id: info.pane_id,
            })
            .collect(),
    })
}

/// What is in Bowline's tmux server, whether or not a session of the list shows it.
#[server(endpoint = "tmux-sessions", input = GetUrl, output = Json, client = PageClient)]
pub async fn tmux_sessions() -> Result<TmuxSessionsReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let sessions = context.host.in_tmux().await?;
    Ok(TmuxSessionsReply { sessions })
}

/// Kills a session in Bowline's tmux server with every process of its terminal, whether or not a session of
/// the list shows it.
#[server(endpoint = "tmux-session/close", input = Json, output = Json, client = PageClient)]
pub async fn close_tmux_session(session: u32) -> Result<Done, AppError> {
    let context = crate::context::AppContext::current()?;
    context.host.close_in_tmux(session).await?;
    Ok(Done {})
}

#[cfg(feature = "ssr")]
impl From<bowline_terminal::SessionInfo> for SessionRow {
    fn from(info: bowline_terminal::SessionInfo) -> Self {
        use bowline_terminal::SessionState;
        let (state, attention, exit) = match info.state {
            SessionState::Running => (State::Running, None, None),
            SessionState::Idle => (State::Idle, None, None),
            SessionState::NeedsAttention(why) => (State::NeedsAttention, Some(why.into()), None),
            SessionState::Exited(exit) => (State::Exited, None, Some(exit.into())),
        };
        Self {
            session_id: info.id,
            pane_id: info.pane_id,
            label: info.label,
            named: info.naming == bowline_terminal::Naming::Given,
            process: info.process,
            cwd: info.cwd.map(|cwd| cwd.to_string_lossy().into_owned()),
            title: Some(info.title).filter(|title| !title.is_empty()),
            age_s: info.age.as_secs(),
            idle_s: info.idle.as_secs(),
            cols: info.size.cols,
            rows: info.size.rows,
            viewers: u32::try_from(info.viewers).unwrap_or(u32::MAX),
            tmux: info.tmux,
            notice: info.notice,
            ends_in_s: info.ends_in.map(|left| left.as_secs()),
            state,
            attention,
            progress: ProgressReply::of(info.progress),
            last_command: info.last_command.map(|command| LastCommandReply {
                status: command.status,
                duration_ms: u64::try_from(command.duration.as_millis()).unwrap_or(u64::MAX),
            }),
            exit,
            last_seen_ms: info.last_seen_ms,
        }
    }
}
