//! What others hold of a session. Message-shaped: every method is a question with an answer, so that a
//! separate process can stand behind it.

use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::{Exit, InputRefusal, Size};
use bowline_protocol::ids::{ClientId, SessionId};
use bowline_protocol::limits;
use bowline_screen::History;
use bytes::Bytes;
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::input::Rest;
use crate::log::Recorded;
use crate::screen::{ScreenFormat, ScreenShot};
use crate::session::{Session, SessionInfo};
use crate::spawn;
use crate::status::Word;

/// Input that names no client is numbered together.
const NOBODY: ClientId = ClientId::from_bytes([0; 16]);

/// Input by request rather than by link.
#[derive(Debug, Clone)]
pub struct ApiInput {
    /// Whose position counts; `None` = nobody's in particular.
    pub client: Option<ClientId>,
    /// Bytes this client sent before; `None` = behind all before.
    pub position: Option<u64>,
    /// What is typed.
    pub bytes: Bytes,
}

/// A piece of a session's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Offset of the first byte.
    pub offset: u64,
    /// Whole UTF-8 characters, where the program wrote such.
    pub bytes: Vec<u8>,
    /// Where to read on.
    pub next_offset: u64,
    /// Bytes between what was asked for and `offset` that are no longer kept.
    pub skipped: u64,
    /// End of the log now.
    pub end: u64,
    /// How the program ended, if it did.
    pub exit: Option<Exit>,
}

/// A piece of a session's recording, and what its header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The session's start, milliseconds of Unix time: times count from there.
    pub started_ms: u64,
    /// What people call the session.
    pub label: String,
    /// What the program called its terminal, else the label.
    pub title: String,
    /// The value of `SHELL` in it.
    pub shell: String,
    /// How the program ended, if it did.
    pub exit: Option<Exit>,
    /// Times and sizes.
    pub piece: Recorded,
    /// The output.
    pub bytes: Bytes,
}

/// A session as others see it.
#[derive(Debug, Clone)]
pub struct SessionHandle(Arc<Session>);

impl SessionHandle {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self(session)
    }

    /// Which session.
    pub fn id(&self) -> SessionId {
        self.0.id
    }

    /// How it is now. Reads `/proc`.
    pub fn info(&self) -> SessionInfo {
        self.0.info()
    }

    /// The screen, with all on it that the program has said so far.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many ask at once.
    pub async fn screen(
        &self,
        format: ScreenFormat,
        history: History,
    ) -> Result<ScreenShot, Error> {
        let at = self.0.shared().log.end();
        let asked = self.0.trail().ask(&self.0, format, history, at);
        asked.ok_or(Error::Busy)?.await.map_err(|_| Error::Busy)
    }

    /// Types. Gives the end position of what is accepted from this client.
    ///
    /// # Errors
    /// [`Error::InputGap`] when bytes before never came, [`Error::InputFull`] when the program doesn't
    /// read, [`Error::Exited`] when it has ended.
    pub async fn input(&self, input: ApiInput) -> Result<u64, Error> {
        let ApiInput {
            client,
            position,
            bytes,
        } = input;
        if self.0.shared().exit.is_some() {
            return Err(Error::Exited);
        }
        self.0
            .input(client.unwrap_or(NOBODY), position, bytes, Rest::Last)
            .map_err(|refused| match refused.reason {
                InputRefusal::Full => Error::InputFull,
                InputRefusal::Missing | InputRefusal::OtherLog | InputRefusal::ReadOnly => {
                    Error::InputGap {
                        expected: refused.expected,
                    }
                }
            })
    }

    /// Output from an offset on (`None` = the oldest kept), at most `max` bytes. Reading never consumes.
    pub fn read(&self, from: Option<u64>, max: usize) -> Read {
        let shared = self.0.shared();
        let log = &shared.log;
        let asked = from.unwrap_or(log.start()).min(log.end());
        let mut offset = asked.max(log.start());
        let mut bytes = log.read(offset, max.max(4)).concat();
        if offset > asked {
            // The character whose beginning is lost goes with it.
            let torn = bytes.iter().take_while(|byte| **byte & 0xc0 == 0x80);
            let torn = torn.take(3).count();
            bytes.drain(..torn);
            offset += torn as u64;
        }
        let whole_log_read = offset + bytes.len() as u64 == log.end();
        if shared.exit.is_none() || !whole_log_read {
            bytes.truncate(whole_characters(&bytes));
        }
        Read {
            offset,
            next_offset: offset + bytes.len() as u64,
            bytes,
            skipped: offset - asked,
            end: log.end(),
            exit: shared.exit,
        }
    }

    /// Output from an offset on (`None` = the oldest kept), at most `max` bytes, with times and sizes.
    pub fn recording(&self, from: Option<u64>, max: usize) -> Recording {
        let shared = self.0.shared();
        let (piece, bytes) = shared.log.recorded(from, max);
        let said = &shared.status.facts().title.value;
        let label = shared.label.text.clone();
        Recording {
            started_ms: self.0.started_ms(),
            title: if said.is_empty() {
                label.clone()
            } else {
                said.clone()
            },
            label,
            shell: spawn::told_shell(),
            exit: shared.exit,
            piece,
            bytes: bytes.into(),
        }
    }

    /// Waits until there is output beyond an offset, the program ends, or time is over.
    pub async fn wait_output(&self, beyond: u64, at_most: Duration) {
        let waiting = async {
            loop {
                let grown = self.0.grown.notified();
                tokio::pin!(grown);
                grown.as_mut().enable();
                {
                    let shared = self.0.shared();
                    if shared.log.end() > beyond || shared.exit.is_some() {
                        return;
                    }
                }
                grown.await;
            }
        };
        let _ = timeout(at_most, waiting).await;
    }

    /// Asks for a size. Equal sizes are not applied.
    ///
    /// # Errors
    /// [`Error::BadSize`] out of bounds, [`Error::Exited`] after the end.
    pub fn resize(&self, size: Size) -> Result<(), Error> {
        self.0.resize(size)
    }

    /// Somebody still cares: the idle clock starts anew.
    pub fn touch(&self) {
        self.0.shared().used = Instant::now();
    }

    /// A program in it says what it does. It stands above what is guessed.
    pub fn say_status(&self, word: Word) {
        self.0.say_status(word);
    }

    /// Gives it another name for people; everybody who looks is told.
    pub fn rename(&self, label: &str) {
        self.0.rename(bounded(label));
    }
}

/// A label without control characters and of bounded length.
pub(crate) fn bounded(label: &str) -> String {
    let mut text: String = label.chars().filter(|c| !c.is_control()).collect();
    let mut end = text.len().min(limits::TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// Length without a UTF-8 character that has only begun. What isn't UTF-8 is left as it is.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let Some(lead) = bytes[tail..].iter().rposition(|byte| byte & 0xc0 != 0x80) else {
        return bytes.len();
    };
    let lead = tail + lead;
    let needed = match bytes[lead] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    if lead + needed > bytes.len() {
        lead
    } else {
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_character_waits_for_its_end() {
        let text = "a€😀";
        let bytes = text.as_bytes();
        assert_eq!(whole_characters(bytes), 8);
        assert_eq!(whole_characters(&bytes[..7]), 4);
        assert_eq!(whole_characters(&bytes[..5]), 4);
        assert_eq!(whole_characters(&bytes[..3]), 1);
        assert_eq!(whole_characters(b"\xff\xfe"), 2);
        assert_eq!(whole_characters(b"\x80\x80\x80\x80"), 4);
        assert_eq!(whole_characters(b""), 0);
    }

    #[test]
    fn labels_are_bounded() {
        assert_eq!(bounded("two\nlines\x1b"), "twolines");
        assert!(bounded(&"€".repeat(5000)).len() <= limits::TEXT);
    }
}
