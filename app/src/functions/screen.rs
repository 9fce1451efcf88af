//! A session's screen, for scripts and agents that read a terminal without a browser.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use bowline_protocol::SessionId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::client::PageClient;
use crate::error::AppError;

/// How a screen is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text: wrapped lines joined, without blanks at their ends.
    #[default]
    Text,
    /// Bytes that recreate it on a reset terminal of its size.
    Ansi,
}

/// How many of the lines above a screen come with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Above {
    /// At most so many, the youngest.
    Lines(u32),
    /// None or all of them.
    Named(AboveName),
}

/// `"none"` or `"all"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AboveName {
    /// The screen alone.
    None,
    /// Every line that is kept.
    All,
}

impl Above {
    /// All of them.
    pub const ALL: Self = Self::Named(AboveName::All);

    /// At most how many.
    pub fn lines(self) -> usize {
        match self {
            Self::Lines(lines) => usize::try_from(lines).unwrap_or(usize::MAX),
            Self::Named(AboveName::None) => 0,
            Self::Named(AboveName::All) => usize::MAX,
        }
    }
}

/// Where the cursor is, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorReply {
    /// Column; the number of columns while the next character would start a line.
    pub x: usize,
    /// Row of the screen.
    pub y: usize,
}

/// The answer of `POST /api/session/screen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenReply {
    /// In the format `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In the format `ansi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ansi: Option<String>,
    /// The output that is on it ends here; more is read from here on.
    pub offset: u64,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// The cursor.
    pub cursor: CursorReply,
    /// The title the program set; empty when none.
    pub title: String,
}

/// Shows a session's screen, with what is wanted of the lines above it (none if left out).
#[server(endpoint = "session/screen", input = Json, output = Json, client = PageClient)]
pub async fn session_screen(
    session_id: SessionId,
    format: Option<Format>,
    history: Option<Above>,
) -> Result<ScreenReply, AppError> {
    use bowline_terminal::ScreenFormat;

    let host = crate::context::AppContext::current()?.host;
    let format = format.unwrap_or_default();
    let wanted = match format {
        Format::Text => ScreenFormat::Text,
        Format::Ansi => ScreenFormat::Ansi,
    };
    let lines = history.map_or(0, Above::lines);
    let shot = host.screen(session_id, wanted, lines).await?;
    let (text, ansi) = match format {
        Format::Text => (Some(shot.content), None),
        Format::Ansi => (None, Some(shot.content)),
    };
    Ok(ScreenReply {
        text,
        ansi,
        offset: shot.offset,
        cols: shot.size.cols,
        rows: shot.size.rows,
        cursor: CursorReply {
            x: shot.cursor.0,
            y: shot.cursor.1,
        },
        title: shot.title,
    })
}
