//! Typing and reading. Reading never consumes: everybody reads the same log from an offset of theirs.
//! Text never splits a UTF-8 character: one that is not complete yet stays for the next read.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use std::collections::BTreeMap;

use bowline_protocol::{ClientId, SessionId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::client::PageClient;
use super::sessions::ExitReply;
use crate::error::AppError;

/// Most bytes of output in one answer for one session.
pub const MAX_OUTPUT: u64 = 1024 * 1024;
/// Most bytes of output in one answer for several sessions.
pub const MAX_OUTPUTS: u64 = 4 * MAX_OUTPUT;
/// How long `POST /api/input` waits for the echo, milliseconds.
pub const ECHO_MS: u64 = 5;

/// The answer of `POST /api/input`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReply {
    /// What the session printed within [`ECHO_MS`].
    pub output: String,
    /// Offset of its first byte.
    pub offset: u64,
    /// Where to read on.
    pub next_offset: u64,
    /// The client's position after this input.
    pub position: u64,
}

/// The answer of `POST /api/output`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputReply {
    /// The text; bytes that are no UTF-8 read as U+FFFD.
    pub output: String,
    /// Offset of its first byte.
    pub offset: u64,
    /// Where to read on.
    pub next_offset: u64,
    /// Bytes between the offset asked for and `offset` that are no longer kept.
    pub skipped: u64,
    /// The program ended, and this is the end of what it printed.
    pub exited: bool,
    /// With `exited`: how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ExitReply>,
}

/// One question of `POST /api/output-batch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFrom {
    /// Which session.
    pub session_id: SessionId,
    /// From where; the oldest byte kept if left out.
    #[serde(default)]
    pub offset: Option<u64>,
}

/// The answer of `POST /api/output-batch`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutputsReply {
    /// By session.
    pub outputs: BTreeMap<SessionId, OutputReply>,
    /// Unknown sessions.
    pub gone: Vec<SessionId>,
}

/// Types into a session, and waits a moment for the echo. With `client` and `position` (bytes this
/// client sent before) a repeated request types only once.
#[server(endpoint = "input", input = Json, output = Json, client = PageClient)]
pub async fn write_input(
    session_id: SessionId,
    input: String,
    client: Option<ClientId>,
    position: Option<u64>,
) -> Result<InputReply, AppError> {
    use bowline_terminal::ApiInput;

    if client.is_some() != position.is_some() {
        return Err(AppError::malformed(
            "client and position belong together: give both or none",
        ));
    }
    let host = crate::context::AppContext::current()?.host;
    let input = ApiInput {
        client,
        position,
        bytes: input.into(),
    };
    let echo = std::time::Duration::from_millis(ECHO_MS);
    let typed = host.input(session_id, input, echo).await?;
    let reply = text::reply(&typed.echo);
    Ok(InputReply {
        output: reply.output,
        offset: reply.offset,
        next_offset: reply.next_offset,
        position: typed.position,
    })
}

/// Reads a session's output from an offset, or from the oldest byte kept.
#[server(endpoint = "output", input = Json, output = Json, client = PageClient)]
pub async fn read_output(
    session_id: SessionId,
    offset: Option<u64>,
) -> Result<OutputReply, AppError> {
    let host = crate::context::AppContext::current()?.host;
    let read = host
        .read(session_id, offset, text::size(MAX_OUTPUT))
        .await?;
    Ok(text::reply(&read))
}

/// Reads several sessions' output at once.
#[server(endpoint = "output-batch", input = Json, output = Json, client = PageClient)]
pub async fn read_outputs(sessions: Vec<OutputFrom>) -> Result<OutputsReply, AppError> {
    use bowline_keeper::Reason;

    let host = crate::context::AppContext::current()?.host;
    let mut reply = OutputsReply::default();
    let mut room = MAX_OUTPUTS;
    for OutputFrom { session_id, offset } in sessions {
        let most = text::size(room.min(MAX_OUTPUT));
        match host.read(session_id, offset, most).await {
            Ok(read) => {
                let output = text::reply(&read);
                room = room.saturating_sub(output.next_offset - output.offset);
                reply.outputs.insert(session_id, output);
            }
            Err(failure) if failure.reason == Reason::Gone => reply.gone.push(session_id),
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(reply)
}

#[cfg(feature = "ssr")]
mod text {
    //! Bytes of a log as text. That characters are whole is `terminal`'s part.

    use bowline_terminal::Read;

    use super::OutputReply;

    pub(super) fn size(bytes: u64) -> usize {
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn reply(read: &Read) -> OutputReply {
        let is_last = read.exit.is_some() && read.next_offset == read.end;
        OutputReply {
            output: String::from_utf8_lossy(&read.bytes).into_owned(),
            offset: read.offset,
            next_offset: read.next_offset,
            skipped: read.skipped,
            exited: is_last,
            exit: read.exit.filter(|_| is_last).map(Into::into),
        }
    }
}
