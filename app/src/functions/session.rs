//! One session: made, found, named, sized, kept alive, ended.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use bowline_protocol::SessionId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::Done;
use super::client::PageClient;
use super::sessions::SessionRow;
use crate::error::AppError;

/// The answer of `POST /api/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedReply {
    /// The session.
    pub session_id: SessionId,
    /// Whether it ran already for this pane.
    pub reattached: bool,
    /// What whoever asked should know, such as why the session isn't in tmux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// The answer of `POST /api/session/attach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachReply {
    /// What is known of it.
    #[serde(flatten)]
    pub session: SessionRow,
    /// Offset of the oldest byte kept: where reading can start.
    pub offset: u64,
    /// Offset behind the newest byte.
    pub next_offset: u64,
}

/// The answer of `POST /api/heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeartbeatReply {
    /// Sessions whose idle clock starts again now.
    pub alive: Vec<SessionId>,
    /// Unknown ones.
    pub gone: Vec<SessionId>,
}

/// Starts a program on a terminal of its own: a login shell, or `command`. A live session made for the
/// same `pane_id` is found again instead.
#[server(endpoint = "session", input = Json, output = Json, client = PageClient)]
pub async fn create_session(
    label: Option<String>,
    cols: Option<u16>,
    rows: Option<u16>,
    pane_id: Option<String>,
    command: Option<Vec<String>>,
    cwd: Option<String>,
) -> Result<CreatedReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let texts = [&label, &pane_id, &cwd].into_iter().flatten();
    server::check_texts(texts.chain(command.iter().flatten()))?;
    if command.as_ref().is_some_and(Vec::is_empty) {
        return Err(AppError::malformed("the command names no program"));
    }
    let _opening = server::prepare(&context).await;
    let created = context
        .host
        .create(bowline_terminal::CreateSession {
            label,
            size: server::size(cols, rows)?,
            pane_id,
            command,
            cwd: cwd.map(Into::into),
        })
        .await?;
    server::opened(&context, &created)?;
    Ok(created.into())
}

/// Starts the program of an ended session again: the same command, in the folder where it last was, for the
/// same pane. The ended session is forgotten.
#[server(endpoint = "session/restart", input = Json, output = Json, client = PageClient)]
pub async fn restart_session(session_id: SessionId) -> Result<CreatedReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let _opening = server::prepare(&context).await;
    let created = context.host.restart(session_id).await?;
    server::opened(&context, &created)?;
    Ok(created.into())
}

/// What is known of a session, and where its output can be read from. Starts its idle clock again.
#[server(endpoint = "session/attach", input = Json, output = Json, client = PageClient)]
pub async fn attach_session(session_id: SessionId) -> Result<AttachReply, AppError> {
    let host = crate::context::AppContext::current()?.host;
    let known = host.attach(session_id).await?;
    Ok(AttachReply {
        session: known.info.into(),
        offset: known.start,
        next_offset: known.end,
    })
}

/// Gives a session a label.
#[server(endpoint = "session/rename", input = Json, output = Json, client = PageClient)]
pub async fn rename_session(session_id: SessionId, label: String) -> Result<Done, AppError> {
    let context = crate::context::AppContext::current()?;
    server::check_texts([&label])?;
    context.host.rename(session_id, label).await?;
    Ok(Done {})
}

/// Kills a session with every process of its terminal. Answers once that has begun.
#[server(endpoint = "session/close", input = Json, output = Json, client = PageClient)]
pub async fn close_session(session_id: SessionId) -> Result<Done, AppError> {
    let context = crate::context::AppContext::current()?;
    context.host.close(session_id).await?;
    Ok(Done {})
}

/// Gives a session's terminal another size.
#[server(endpoint = "resize", input = Json, output = Json, client = PageClient)]
pub async fn resize_session(session_id: SessionId, cols: u16, rows: u16) -> Result<Done, AppError> {
    let context = crate::context::AppContext::current()?;
    if let Some(size) = server::size(Some(cols), Some(rows))? {
        context.host.resize(session_id, size).await?;
    }
    Ok(Done {})
}

/// Says that sessions are still wanted: their idle clocks start again.
#[server(endpoint = "heartbeat", input = Json, output = Json, client = PageClient)]
pub async fn heartbeat(session_ids: Vec<SessionId>) -> Result<HeartbeatReply, AppError> {
    let context = crate::context::AppContext::current()?;
    let touched = context.host.touch(session_ids).await?;
    Ok(HeartbeatReply {
        alive: touched.alive,
        gone: touched.gone,
    })
}

#[cfg(feature = "ssr")]
impl From<bowline_terminal::Created> for CreatedReply {
    fn from(created: bowline_terminal::Created) -> Self {
        Self {
            session_id: created.session,
            reattached: created.reattached,
            notice: created.notice,
        }
    }
}

#[cfg(feature = "ssr")]
mod server {
    use bowline_protocol::frame::Size;
    use bowline_protocol::limits;

    use bowline_terminal::Created;

    use crate::context::AppContext;
    use crate::error::AppError;
    use crate::functions::login::server::request;

    /// Makes ready what a shell needs from its first moment; what comes back is kept until it is known who opened it.
    pub(super) async fn prepare(context: &AppContext) -> Option<Box<dyn Send>> {
        if let Some(carrier) = &context.carrier {
            carrier.restored().await;
        }
        context.vault.as_ref().map(|vault| vault.opening())
    }

    /// Who asked has a session now.
    pub(super) fn opened(context: &AppContext, created: &Created) -> Result<(), AppError> {
        if let Some(vault) = &context.vault {
            vault.opened(created.session, &request()?);
        }
        Ok(())
    }

    /// A size with what was left out filled in; `None` if all was.
    pub(super) fn size(cols: Option<u16>, rows: Option<u16>) -> Result<Option<Size>, AppError> {
        if (cols, rows) == (None, None) {
            return Ok(None);
        }
        let usual = Size::default();
        let size = Size {
            cols: cols.unwrap_or(usual.cols),
            rows: rows.unwrap_or(usual.rows),
        };
        let checked = size.checked().ok_or_else(|| {
            AppError::malformed(format!(
                "a terminal has {} to {} columns and {} to {} rows",
                limits::COLS.start(),
                limits::COLS.end(),
                limits::ROWS.start(),
                limits::ROWS.end(),
            ))
        });
        checked.map(Some)
    }

    /// Bounds every text; none may hold a NUL, which no program's arguments can.
    pub(super) fn check_texts<'a>(
        texts: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), AppError> {
        for text in texts {
            if text.len() > limits::TEXT {
                return Err(AppError::malformed(format!(
                    "a text has at most {} bytes",
                    limits::TEXT
                )));
            }
            if text.contains('\0') {
                return Err(AppError::malformed("a text must not hold a NUL character"));
            }
        }
        Ok(())
    }
}
