//! Who opened which session, kept in a file of the state folder: sessions outlive the server, and what they may have must
//! not change with it. Sessions that nobody in particular opened are not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use bowline_app::workspace::store::write_private;
use bowline_protocol::SessionId;

use crate::gate::Identity;

/// Largest file that is read, bytes: of a thousand sessions with the longest names, it is half of that.
const MAX_FILE: u64 = 1024 * 1024;

pub(super) struct Openers {
    path: PathBuf,
    by: BTreeMap<String, String>,
    /// Noted since sessions were last looked at: they may not have been there yet.
    fresh: BTreeSet<String>,
}

impl Openers {
    /// An unreadable file is an empty one: its sessions go on with the next source of tokens.
    pub(super) fn open(path: PathBuf) -> Self {
        let read = || -> io::Result<_> {
            match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
                Err(error) => Err(error),
                Ok(file) if file.len() > MAX_FILE => Err(io::Error::other("it is too long")),
                Ok(_) => Ok(serde_json::from_slice(&fs::read(&path)?)?),
            }
        };
        let by = read().unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "who opened the sessions of the last run is not known");
            BTreeMap::new()
        });
        Self {
            path,
            by,
            fresh: BTreeSet::new(),
        }
    }

    pub(super) fn of(&self, session: SessionId) -> Option<Identity> {
        Identity::new(self.by.get(&session.to_string())?)
    }

    pub(super) fn note(&mut self, session: SessionId, who: &Identity) {
        // A session that was found again stays whose it was.
        if self.by.contains_key(&session.to_string()) {
            return;
        }
        self.fresh.insert(session.to_string());
        self.by.insert(session.to_string(), who.to_string());
        self.save();
    }

    pub(super) fn keep_only(&mut self, there: impl Fn(SessionId) -> bool) {
        let (before, fresh) = (self.by.len(), std::mem::take(&mut self.fresh));
        self.by
            .retain(|session, _| fresh.contains(session) || session.parse().is_ok_and(&there));
        if self.by.len() != before {
            self.save();
        }
    }

    fn save(&self) {
        let written = serde_json::to_vec(&self.by).map_err(io::Error::from);
        let written = written.and_then(|text| write_private(&self.path, &text));
        if let Err(error) = written {
            tracing::error!(%error, "who opened a session could not be kept: after a restart it is nobody in particular");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opened_a_session_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("openers.json");
        let [one, two] = [1, 2].map(|byte| SessionId::from_bytes([byte; 16]));
        let ana = Identity::new("ana@example.com").unwrap();
        let ben = Identity::new("ben@example.com").unwrap();
        let mut openers = Openers::open(path.clone());
        openers.note(one, &ana);
        openers.note(one, &ben);
        openers.note(two, &ben);
        // The list may be older than the second.
        openers.keep_only(|session| session == one);
        assert_eq!(openers.of(two), Some(ben));
        openers.keep_only(|session| session == one);
        let next = Openers::open(path.clone());
        assert_eq!((next.of(one), next.of(two)), (Some(ana), None));
        fs::write(&path, "{half").unwrap();
        assert_eq!(Openers::open(path).of(one), None);
    }
}
