//! What is kept of a session beside its screen: who it is, and how it is started again. Pure.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bowline_protocol::frame::Size;
use bowline_protocol::ids::SessionId;
use serde::{Deserialize, Serialize};

use crate::session::Naming;

/// Written by this version; members may be added, the meaning of one never changes.
const VERSION: u32 = 1;

/// How a session was started, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Program and arguments; `None` = the user's login shell.
    pub(crate) command: Option<Vec<String>>,
    /// The folder it started in.
    pub(crate) folder: Option<PathBuf>,
}

/// What is known of a session that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    version: u32,
    pub(crate) session: SessionId,
    pub(crate) pane_id: Option<String>,
    pub(crate) label: String,
    /// Whether somebody gave it that.
    named: bool,
    pub(crate) origin: Origin,
    /// The last folder that its shell said, or it was seen in.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) size: Size,
    /// When it was started, milliseconds of Unix time.
    pub(crate) started_ms: u64,
    /// When this was written, likewise.
    pub(crate) written_ms: u64,
}

/// What a record is made of.
pub(crate) struct Facts {
    pub(crate) session: SessionId,
    pub(crate) pane_id: Option<String>,
    pub(crate) label: String,
    pub(crate) naming: Naming,
    pub(crate) origin: Origin,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) size: Size,
    pub(crate) started_ms: u64,
}

/// Why a file is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// A newer version wrote it.
    #[error("version {0} wrote it")]
    Newer(u32),
    #[error("{0}")]
    Corrupt(String),
}

impl Record {
    pub(crate) fn new(facts: Facts, written_ms: u64) -> Self {
        Self {
            version: VERSION,
            session: facts.session,
            pane_id: facts.pane_id,
            label: facts.label,
            named: facts.naming == Naming::Given,
            origin: facts.origin,
            folder: facts.folder,
            size: facts.size,
            started_ms: facts.started_ms,
            written_ms,
        }
    }

    /// Where its label came from.
    pub(crate) fn naming(&self) -> Naming {
        if self.named {
            Naming::Given
        } else {
            Naming::Program
        }
    }

    /// Whether another says the same, whenever it was written.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        let then = Self {
            written_ms: other.written_ms,
            ..self.clone()
        };
        then == *other
    }

    /// What a file holds, or nothing if that can't be said: a folder whose name is no text.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let corrupt = |error: serde_json::Error| Unreadable::Corrupt(error.to_string());
        let Versioned { version } = serde_json::from_slice(bytes).map_err(corrupt)?;
        if version > VERSION {
            return Err(Unreadable::Newer(version));
        }
        let record: Self = serde_json::from_slice(bytes).map_err(corrupt)?;
        record
            .size
            .checked()
            .ok_or_else(|| Unreadable::Corrupt("it has no size".to_owned()))?;
        Ok(record)
    }
}

/// Milliseconds of Unix time, now.
pub(crate) fn unix_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let facts = Facts {
            session: SessionId::from_bytes([0xaa; 16]),
            pane_id: Some("p1".to_owned()),
            label: "logs".to_owned(),
            naming: Naming::Given,
            origin: Origin {
                command: Some(vec!["tail".to_owned(), "-f".to_owned()]),
                folder: Some("/var".into()),
            },
            folder: Some("/var/log".into()),
            size: Size { cols: 90, rows: 30 },
            started_ms: 5,
        };
        Record::new(facts, 7)
    }

    /// Files of version 1 are read for ever: add members with `#[serde(default)]`, never change these.
    #[test]
    fn a_record_of_version_1_never_changes() {
        let text = "{\"version\":1,\"session\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"pane_id\":\"p1\",\
                    \"label\":\"logs\",\"named\":true,\"origin\":{\"command\":[\"tail\",\"-f\"],\
                    \"folder\":\"/var\"},\"folder\":\"/var/log\",\"size\":{\"cols\":90,\"rows\":30},\
                    \"started_ms\":5,\"written_ms\":7}";
        assert_eq!(Record::decode(text.as_bytes()), Ok(record()));
        let more = text.replacen('{', "{\"more\":[1],", 1);
        assert_eq!(Record::decode(more.as_bytes()), Ok(record()));
        let written = record().encode().expect("text");
        assert_eq!(String::from_utf8(written).expect("UTF-8"), text);
    }

    #[test]
    fn what_is_no_record_says_why() {
        let refused = Record::decode(b"{\"version\": 2, \"pane\": 3}");
        assert_eq!(refused, Err(Unreadable::Newer(2)));
        let text = record().encode().expect("text");
        for cut in [0, 1, 20, text.len() - 1] {
            let refused = Record::decode(&text[..cut]);
            assert!(
                matches!(refused, Err(Unreadable::Corrupt(_))),
                "{refused:?}"
            );
        }
        let text = String::from_utf8(text).expect("UTF-8");
        let refused = Record::decode(text.replace("90", "0").as_bytes());
        assert!(
            matches!(refused, Err(Unreadable::Corrupt(_))),
            "{refused:?}"
        );
    }

    #[test]
    fn when_it_was_written_is_no_news() {
        let later = Record {
            written_ms: 99,
            ..record()
        };
        assert!(record().says_as(&later));
        let moved = Record {
            folder: None,
            ..later
        };
        assert!(!record().says_as(&moved));
    }
}
