//! The file that says which tokens were minted here, so that the next run revokes them and no others. No secret is in it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::rotation::{Kept, TokenId};

/// Largest file that is read, bytes: a run keeps a handful of tokens.
const MAX_FILE: u64 = 64 * 1024;

/// The file.
#[derive(Debug)]
pub(crate) struct Store(PathBuf);

#[derive(Serialize, Deserialize)]
struct Line {
    id: TokenId,
    /// Until when it is good, seconds since 1970.
    until: u64,
}

fn since_epoch(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Store {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// What the last run left. An unreadable file is nothing: those tokens die by themselves.
    pub(crate) fn read(&self, now: SystemTime) -> Vec<Kept> {
        let length = fs::metadata(&self.0).map_or(0, |file| file.len());
        let text = match length {
            0 => return Vec::new(),
            length if length > MAX_FILE => Err(io::Error::other("it is too long")),
            _ => fs::read(&self.0),
        };
        let lines = text.and_then(|text| Ok(serde_json::from_slice::<Vec<Line>>(&text)?));
        let lines = lines.unwrap_or_else(|error| {
            let path = self.0.display();
            tracing::warn!(%path, %error, "which tokens the last run minted is not known: they are left to die");
            Vec::new()
        });
        let now = since_epoch(now);
        let good = lines.into_iter().filter(|line| line.until > now);
        good.map(|line| Kept {
            id: line.id,
            left: Duration::from_secs(line.until - now),
        })
        .collect()
    }

    /// Writes what the next run has to know, whole or not at all.
    pub(crate) fn write(&self, kept: Vec<Kept>, now: SystemTime) -> io::Result<()> {
        let now = since_epoch(now);
        let lines = kept.into_iter().map(|kept| Line {
            id: kept.id,
            until: now + kept.left.as_secs(),
        });
        let text = serde_json::to_vec(&lines.collect::<Vec<_>>())?;
        let beside = self.0.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file: File = options.open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(beside, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_minted_is_known_to_the_next_run_until_it_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("tokens.json"));
        let now = SystemTime::now();
        assert_eq!(store.read(now), []);
        let kept = Kept {
            id: TokenId::new("one"),
            left: Duration::from_secs(900),
        };
        store.write(vec![kept.clone()], now).unwrap();
        assert_eq!(store.read(now), [kept]);
        assert_eq!(store.read(now + Duration::from_secs(901)), []);
        fs::write(folder.path().join("tokens.json"), "{half").unwrap();
        assert_eq!(store.read(now), []);
    }
}
