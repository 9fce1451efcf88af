//! What a caller of the HTTP API is told when something can't be done: a stable code, a sentence, and
//! for some codes the fact needed to go on. Written as `{"error": {"code", "message", …}}`.
//!
//! The code decides the HTTP status ([`ErrorCode::status`]); nothing here carries secrets or an
//! operating system's internals.

use std::fmt;

use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::workspace::WorkspaceReply;

/// What went wrong, for programs. Codes are added, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request can't be read, or says something impossible.
    Malformed,
    /// Nobody is logged in.
    Unauthenticated,
    /// Not from here: wrong Host, wrong Origin.
    Refused,
    /// No such session (any more).
    Gone,
    /// The session's program has ended; its output can still be read.
    Exited,
    /// The session's program still runs.
    Running,
    /// No such path.
    NotFound,
    /// The path exists, but not for this method.
    Method,
    /// The rest of the body did not come in time.
    Timeout,
    /// The body is packed, and isn't unpacked here.
    Encoding,
    /// Based on an older state; `current` holds the present one.
    Stale,
    /// Input before the given position never arrived; `expected` says where to go on.
    InputGap,
    /// A newer transport of the same client is served.
    Superseded,
    /// The body is too large.
    TooLarge,
    /// As many sessions as allowed exist.
    SessionLimit,
    /// The program doesn't read and the session's input queue is full.
    InputFull,
    /// Too many wrong attempts in a short time.
    RateLimited,
    /// More pages, or more of a page, than allowed.
    TooMany,
    /// The server is ending.
    Ending,
    /// Not enough memory for another session.
    Memory,
    /// The process that keeps the sessions can't be reached just now.
    Keeper,
    /// The site at which people sign in can't be used just now.
    Provider,
    /// The program could not be started.
    Spawn,
    /// A file can't be stored: the disk is full, or the folder can't be used.
    Storage,
    /// Another server that this one asks did not answer as it should.
    Upstream,
    /// The server failed; its log says more.
    Internal,
    /// Said by the browser's side only: no answer, or one that isn't ours.
    Unreachable,
    /// A code that this build doesn't know.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// Every code that a server says.
    pub const ON_THE_WIRE: &[Self] = &[
        Self::Malformed,
        Self::Unauthenticated,
        Self::Refused,
        Self::Gone,
        Self::Exited,
        Self::Running,
        Self::NotFound,
        Self::Method,
        Self::Timeout,
        Self::Encoding,
        Self::Stale,
        Self::InputGap,
        Self::Superseded,
        Self::TooLarge,
        Self::SessionLimit,
        Self::InputFull,
        Self::RateLimited,
        Self::TooMany,
        Self::Ending,
        Self::Memory,
        Self::Keeper,
        Self::Provider,
        Self::Spawn,
        Self::Storage,
        Self::Upstream,
        Self::Internal,
    ];

    /// The code as it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::Exited => "exited",
            Self::Running => "running",
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::Stale => "stale",
            Self::InputGap => "input_gap",
            Self::Superseded => "superseded",
            Self::TooLarge => "too_large",
            Self::SessionLimit => "session_limit",
            Self::InputFull => "input_full",
            Self::RateLimited => "rate_limited",
            Self::TooMany => "too_many",
            Self::Ending => "ending",
            Self::Memory => "memory",
            Self::Keeper => "keeper",
            Self::Provider => "provider",
            Self::Spawn => "spawn",
            Self::Storage => "storage",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Encoding => "encoding",
            Self::Other => "other",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Spawn => 400,
            Self::Unauthenticated => 401,
            Self::Refused => 403,
            Self::Gone | Self::NotFound => 404,
            Self::Method => 405,
            Self::Timeout => 408,
            Self::Exited | Self::Running | Self::Stale | Self::InputGap | Self::Superseded => 409,
            Self::TooLarge => 413,
            Self::Encoding => 415,
            Self::SessionLimit | Self::InputFull | Self::RateLimited | Self::TooMany => 429,
            Self::Memory | Self::Ending | Self::Keeper | Self::Provider => 503,
            Self::Internal | Self::Other => 500,
            Self::Storage => 507,
            Self::Upstream | Self::Unreachable => 502,
        }
    }
}

/// An error of the HTTP API and of its server functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError {
    error: Problem,
}

/// What stands under `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// With [`ErrorCode::InputGap`]: the position from which to send again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// With [`ErrorCode::Stale`]: the present state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<WorkspaceReply>>,
}

impl AppError {
    /// An error with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            error: Problem {
                code,
                message: message.into(),
                expected: None,
                current: None,
            },
        }
    }

    /// The request says something impossible.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Malformed, message)
    }

    /// The workspace was changed by somebody else.
    pub fn stale(current: WorkspaceReply) -> Self {
        let mut error = Self::new(
            ErrorCode::Stale,
            "the workspace was changed elsewhere; take the current one and try again",
        );
        error.error.current = Some(Box::new(current));
        error
    }

    /// Input before the given position never arrived.
    pub fn input_gap(expected: u64) -> Self {
        let mut error = Self::new(
            ErrorCode::InputGap,
            format!("input before this position is missing; send again from position {expected}"),
        );
        error.error.expected = Some(expected);
        error
    }

    /// What went wrong, for programs.
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }

    /// Everything that is said.
    pub fn problem(&self) -> &Problem {
        &self.error
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.message)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        match value {
            // In the browser it is the answer that could not be read: somebody in between wrote it.
            E::Deserialization(_) | E::Request(_) if cfg!(not(feature = "ssr")) => Self::new(
                ErrorCode::Unreachable,
                "the server could not be reached, or somebody else answered",
            ),
            E::Args(what)
            | E::MissingArg(what)
            | E::Deserialization(what)
            | E::UnsupportedRequestMethod(what) => Self::malformed(what),
            other => Self::new(ErrorCode::Internal, other.to_string()),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<bowline_keeper::Failure> for AppError {
    fn from(failure: bowline_keeper::Failure) -> Self {
        use bowline_keeper::Reason as R;
        let code = match failure.reason {
            R::Gone => ErrorCode::Gone,
            R::Limit => ErrorCode::SessionLimit,
            R::Exited => ErrorCode::Exited,
            R::Running => ErrorCode::Running,
            R::Memory => ErrorCode::Memory,
            R::Malformed => ErrorCode::Malformed,
            R::InputGap { expected } => return Self::input_gap(expected),
            R::InputFull => ErrorCode::InputFull,
            R::Busy => ErrorCode::TooMany,
            R::Spawn => ErrorCode::Spawn,
            R::Unreachable => ErrorCode::Keeper,
            _ => ErrorCode::Internal,
        };
        Self::new(code, failure.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_code_and_message() {
        let error = AppError::new(ErrorCode::Gone, "no such session");
        assert_eq!(
            String::from_utf8_lossy(&error.ser()),
            r#"{"error":{"code":"gone","message":"no such session"}}"#
        );
        assert_eq!(AppError::de(error.ser()), error);
    }

    #[test]
    fn a_gap_says_where_to_go_on() {
        let text = AppError::input_gap(7).ser();
        assert!(String::from_utf8_lossy(&text).contains(r#""expected":7"#));
    }

    #[test]
    fn a_code_of_a_newer_server_is_still_an_error() {
        let text = r#"{"error":{"code":"brand_new","message":"m"}}"#;
        let error = AppError::de(bytes::Bytes::from_static(text.as_bytes()));
        assert_eq!(error.code(), ErrorCode::Other);
        assert_eq!(error.to_string(), "m");
    }
}
