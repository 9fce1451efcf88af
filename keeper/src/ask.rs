//! Questions about sessions and their answers, as data, and the one place that answers them: for a server
//! that keeps the sessions itself, and for the keeper. As JSON, so that fields can be added: what is not known
//! is skipped, what is missing is as by default.

use std::path::PathBuf;
use std::time::Duration;

use bowline_protocol::frame::{Exit, Notice, Size};
use bowline_protocol::ids::{ClientId, SessionId};
use bowline_terminal::log::Recorded;
use bowline_terminal::{
    ApiInput, CreateSession, Created, Error, History, Links, OnExit, Options, Read, Recording,
    ScreenFormat, ScreenShot, SessionHandle, SessionInfo, Sessions, Totals, Word,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod fixtures;

/// Longest piece of a recording, bytes.
const RECORDED_MAX: usize = 1024 * 1024;
/// Whoever types by request gets an echo of at most this length in the answer, bytes.
const ECHO_MAX: usize = 1024 * 1024;

/// A question. Input comes as raw bytes beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Bounds and habits from now on.
    Configure(Box<Options>),
    Create(CreateSession),
    List,
    /// All of one session; its idle clock starts anew.
    Attach(SessionId),
    /// Idle clocks start anew.
    Touch(Vec<SessionId>),
    Read {
        session: SessionId,
        from: Option<u64>,
        max: usize,
    },
    Input {
        session: SessionId,
        client: Option<ClientId>,
        position: Option<u64>,
        /// How long the answer waits for output, milliseconds.
        echo_ms: u64,
    },
    Screen {
        session: SessionId,
        format: ScreenFormat,
        lines: usize,
    },
    Resize {
        session: SessionId,
        size: Size,
    },
    Rename {
        session: SessionId,
        label: String,
    },
    /// A program says what it does.
    Say {
        session: SessionId,
        word: Word,
    },
    Close(SessionId),
    InTmux,
    CloseInTmux(u32),
    /// Tells every page.
    Notify(Notice),
    /// The server ends: sessions end, or what can be kept is.
    End(OnExit),
    /// The keeper ends, its sessions with it.
    Stop,
    /// The keeper goes on as another program.
    Become(PathBuf),
    /// Starts an ended session's program again.
    Restart(SessionId),
    /// A piece of a session's recording.
    Record {
        session: SessionId,
        from: Option<u64>,
        max: usize,
    },
    /// How much went through all terminals.
    Totals,
}

/// An answer. Output comes as raw bytes beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Done,
    Created(Created),
    Listed(Vec<SessionInfo>),
    Attached {
        info: Box<SessionInfo>,
        start: u64,
        end: u64,
    },
    Touched {
        alive: Vec<SessionId>,
        gone: Vec<SessionId>,
    },
    Read(Piece),
    Typed {
        position: u64,
        echo: Piece,
    },
    Screen(ScreenShot),
    Tmux(Vec<u32>),
    Recorded {
        of: Box<RecordingOf>,
        piece: Recorded,
    },
    Totals(Totals),
}

/// A [`Recording`] without its pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordingOf {
    started_ms: u64,
    label: String,
    title: String,
    shell: String,
    exit: Option<Exit>,
}

impl RecordingOf {
    pub(crate) fn with(self, piece: Recorded, bytes: Bytes) -> Recording {
        Recording {
            started_ms: self.started_ms,
            label: self.label,
            title: self.title,
            shell: self.shell,
            exit: self.exit,
            piece,
            bytes,
        }
    }
}

/// A [`Read`] without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    offset: u64,
    next_offset: u64,
    skipped: u64,
    end: u64,
    exit: Option<Exit>,
}

impl Piece {
    fn of(read: Read) -> (Self, Bytes) {
        let piece = Self {
            offset: read.offset,
            next_offset: read.next_offset,
            skipped: read.skipped,
            end: read.end,
            exit: read.exit,
        };
        (piece, read.bytes.into())
    }

    pub(crate) fn with(self, bytes: &Bytes) -> Read {
        Read {
            offset: self.offset,
            bytes: bytes.to_vec(),
            next_offset: self.next_offset,
            skipped: self.skipped,
            end: self.end,
            exit: self.exit,
        }
    }
}

/// A question was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// For programs.
    pub reason: Reason,
    /// For people: what happened and what to do.
    pub message: String,
}

/// Why a question was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No such session, or not any more.
    Gone,
    /// Its program has ended.
    Exited,
    /// Its program still runs.
    Running,
    /// As many sessions, files, terminals or processes as there may be.
    Limit,
    /// Memory is short.
    Memory,
    /// The question makes no sense.
    Malformed,
    /// Input before this position never came.
    InputGap {
        /// Where input goes on.
        expected: u64,
    },
    /// The program doesn't read.
    InputFull,
    /// Too many ask at once.
    Busy,
    /// The program could not be started.
    Spawn,
    /// The keeper can't be reached.
    Unreachable,
    /// Whatever else, or something that only a newer keeper knows.
    #[serde(other)]
    Other,
}

impl Failure {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    pub(crate) fn unreachable() -> Self {
        Self::new(
            Reason::Unreachable,
            "the process that keeps the sessions cannot be reached: it is being looked for, try again in a moment",
        )
    }

    /// It can't be written down for the other end.
    pub(crate) fn unspeakable() -> Self {
        Self::new(
            Reason::Malformed,
            "the question is too long, or holds a path that is no text",
        )
    }

    /// The other end does not know recordings.
    pub(crate) fn unrecorded() -> Self {
        Self::new(
            Reason::Other,
            "the process that keeps the sessions is of an older version, which makes no recordings: restart the \
             server to let it go on as the present one",
        )
    }

    /// The other end answered something else than was asked.
    pub(crate) fn strange() -> Self {
        Self::new(
            Reason::Other,
            "the process that keeps the sessions is of another version and answers something else",
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = match &error {
            Error::Gone => Reason::Gone,
            Error::Exited => Reason::Exited,
            Error::Running => Reason::Running,
            Error::Limit { .. } | Error::Exhausted { .. } => Reason::Limit,
            Error::Memory { .. } => Reason::Memory,
            Error::BadSize | Error::Invalid { .. } => Reason::Malformed,
            Error::InputGap { expected } => Reason::InputGap {
                expected: *expected,
            },
            Error::InputFull => Reason::InputFull,
            Error::Busy => Reason::Busy,
            Error::Spawn { .. } => Reason::Spawn,
            _ => Reason::Other,
        };
        Self::new(reason, error.to_string())
    }
}

/// Answers a question about sessions. `Stop` and `Become` are for the keeper's process, not for its sessions.
pub(crate) async fn carry_out(
    sessions: &Sessions,
    links: &Links,
    request: Request,
    body: Bytes,
) -> Result<(Answer, Bytes), Failure> {
    let answer = match request {
        Request::Configure(options) => {
            sessions.configure(*options);
            Answer::Done
        }
        Request::Create(create) => Answer::Created(sessions.create(create).await?),
        Request::Restart(session) => Answer::Created(sessions.restart(session).await?),
        Request::List => Answer::Listed(sessions.list()),
        Request::Totals => Answer::Totals(Totals::now()),
        Request::Attach(session) => {
            let session = sessions.get(session)?;
            session.touch();
            let read = session.read(None, 0);
            Answer::Attached {
                info: Box::new(session.info()),
                start: read.offset,
                end: read.end,
            }
        }
        Request::Touch(ids) => {
            let (mut alive, mut gone) = (Vec::new(), Vec::new());
            for id in ids {
                match sessions.get(id) {
                    Ok(session) => {
                        session.touch();
                        alive.push(id);
                    }
                    Err(_) => gone.push(id),
                }
            }
            Answer::Touched { alive, gone }
        }
        Request::Read { session, from, max } => {
            let (piece, bytes) = Piece::of(sessions.get(session)?.read(from, max));
            return Ok((Answer::Read(piece), bytes));
        }
        Request::Record { session, from, max } => {
            let recording = sessions
                .get(session)?
                .recording(from, max.min(RECORDED_MAX));
            let of = Box::new(RecordingOf {
                started_ms: recording.started_ms,
                label: recording.label,
                title: recording.title,
                shell: recording.shell,
                exit: recording.exit,
            });
            let piece = recording.piece;
            return Ok((Answer::Recorded { of, piece }, recording.bytes));
        }
        Request::Input {
            session,
            client,
            position,
            echo_ms,
        } => {
            let session = sessions.get(session)?;
            let before = end_of_text(&session);
            let input = ApiInput {
                client,
                position,
                bytes: body,
            };
            let position = session.input(input).await?;
            let echo = Duration::from_millis(echo_ms);
            session.wait_output(before, echo).await;
            let (echo, bytes) = Piece::of(session.read(Some(before), ECHO_MAX));
            return Ok((Answer::Typed { position, echo }, bytes));
        }
        Request::Screen {
            session,
            format,
            lines,
        } => {
            let session = sessions.get(session)?;
            Answer::Screen(session.screen(format, History::Lines(lines)).await?)
        }
        Request::Resize { session, size } => {
            sessions.get(session)?.resize(size)?;
            Answer::Done
        }
        Request::Rename { session, label } => {
            sessions.get(session)?.rename(&label);
            Answer::Done
        }
        Request::Say { session, word } => {
            sessions.get(session)?.say_status(word);
            Answer::Done
        }
        Request::Close(session) => {
            sessions.close(session).await?;
            Answer::Done
        }
        Request::InTmux => Answer::Tmux(sessions.in_tmux().await),
        Request::CloseInTmux(number) => {
            sessions.close_in_tmux(number).await?;
            Answer::Done
        }
        Request::Notify(notice) => {
            links.notify(notice);
            Answer::Done
        }
        Request::End(on_exit) => {
            // The machine may be going down, and nobody else will remember.
            sessions.save_all().await;
            sessions.end_all(on_exit).await;
            Answer::Done
        }
        Request::Stop | Request::Become(_) => return Err(Failure::strange()),
    };
    Ok((answer, Bytes::new()))
}

/// Where a session's output ends, in front of a character that has only begun.
fn end_of_text(session: &SessionHandle) -> u64 {
    let end = session.read(None, 0).end;
    session.read(Some(end.saturating_sub(3)), 4).next_offset
}
