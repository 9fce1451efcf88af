//! Lists of sessions.

use bowline_protocol::SessionId;
use bowline_protocol::frame::Exit;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

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
    /// The program in the foreground.
    pub process: String,
    /// Where that program is.
    pub cwd: Option<String>,
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
    /// Whether it runs.
    pub state: State,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ExitReply>,
}

/// Whether a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does.
    Running,
    /// Its program ended.
    Exited,
}

/// How a session ended: `{"code": 3}`, `{"signal": 9}`, `"killed"` or `"idle"`.
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
}

impl From<Exit> for ExitReply {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
            Exit::Killed => Self::Killed,
            Exit::Idle => Self::Idle,
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

/// All sessions with what is known of them.
#[server(endpoint = "sessions", input = GetUrl, output = Json, client = PageClient)]
pub async fn sessions() -> Result<SessionsReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let sessions = context.sessions.list();
    Ok(SessionsReply {
        sessions: sessions.into_iter().map(SessionRow::from).collect(),
    })
}

/// All sessions with their panes only.
#[server(endpoint = "active-sessions", input = GetUrl, output = Json, client = PageClient)]
pub async fn active_sessions() -> Result<ActiveSessionsReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let sessions = context.sessions.list().into_iter();
    Ok(ActiveSessionsReply {
        sessions: sessions
            .map(|info| ActiveSession {
                session_id: info.id,
                alive: matches!(info.state, bowline_terminal::SessionState::Running),
                pane_id: info.pane_id,
            })
            .collect(),
    })
}

#[cfg(feature = "ssr")]
impl From<bowline_terminal::SessionInfo> for SessionRow {
    fn from(info: bowline_terminal::SessionInfo) -> Self {
        use bowline_terminal::SessionState;
        let (state, exit) = match info.state {
            SessionState::Running => (State::Running, None),
            SessionState::Exited(exit) => (State::Exited, Some(exit.into())),
        };
        Self {
            session_id: info.id,
            pane_id: info.pane_id,
            label: info.label,
            process: info.process,
            cwd: info.cwd.map(|cwd| cwd.to_string_lossy().into_owned()),
            age_s: info.age.as_secs(),
            idle_s: info.idle.as_secs(),
            cols: info.size.cols,
            rows: info.size.rows,
            viewers: u32::try_from(info.viewers).unwrap_or(u32::MAX),
            state,
            exit,
        }
    }
}
