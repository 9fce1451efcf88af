//! What a program says through its output or by `bowline status`, with texts bounded. The emulator's
//! own list is larger: what is not about the session's status has no sign.

use std::str::FromStr;

use bowline_protocol::frame::Progress;
use bowline_screen::{PromptMark, Signal};
use serde::{Deserialize, Serialize};

use crate::session::bounded;

/// Something a program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sign {
    Title(String),
    /// The shell's folder.
    Cwd(String),
    Bell,
    Notification {
        title: Option<String>,
        body: String,
    },
    Progress(Progress),
    Mark(Mark),
    Word(Word),
}

impl Sign {
    /// What a signal says about the status, if it says something.
    pub(crate) fn of(signal: Signal) -> Option<Self> {
        Some(match signal {
            Signal::Title(title) => Self::Title(bounded(&title)),
            Signal::Cwd(cwd) => Self::Cwd(bounded(&cwd)),
            Signal::Bell => Self::Bell,
            Signal::Notification { title, body } => Self::Notification {
                title: title.map(|title| bounded(&title)),
                body: bounded(&body),
            },
            Signal::Progress(progress) => Self::Progress(match progress {
                bowline_screen::Progress::None => Progress::None,
                bowline_screen::Progress::Normal(percent) => Progress::Normal(percent),
                bowline_screen::Progress::Error(percent) => Progress::Error(percent),
                bowline_screen::Progress::Indeterminate => Progress::Indeterminate,
                bowline_screen::Progress::Paused(percent) => Progress::Paused(percent),
            }),
            Signal::Prompt(mark) => Self::Mark(match mark {
                PromptMark::PromptStart => Mark::Prompt,
                PromptMark::OutputStart => Mark::Output,
                PromptMark::CommandEnd { status } => Mark::End { status },
                PromptMark::CommandStart => return None,
            }),
            Signal::Status(word) => Self::Word(word.parse().ok()?),
            _ => return None,
        })
    }
}

/// A shell's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A prompt is shown.
    Prompt,
    /// A command line is carried out: what follows is its output.
    Output,
    /// It has ended.
    End { status: Option<i32> },
}

/// What a program says that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// It works.
    Working,
    /// It waits for its user.
    Waiting,
    /// Its work is done.
    Done,
    /// Nothing any more: Bowline goes by what it sees.
    Clear,
}

/// A word that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a status is working, waiting, done or clear")]
pub struct UnknownWord;

impl FromStr for Word {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "working" => Ok(Self::Working),
            "waiting" => Ok(Self::Waiting),
            "done" => Ok(Self::Done),
            "clear" => Ok(Self::Clear),
            _ => Err(UnknownWord),
        }
    }
}

impl Word {
    /// As it is typed and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Clear => "clear",
        }
    }
}
