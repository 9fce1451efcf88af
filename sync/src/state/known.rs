//! When both sides were last the same, file by file. Kept in the home itself: where the home is gone this is too, and then
//! nothing counts as removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::local::{self, Stamp};
use crate::place::Place;
use crate::store::Version;

/// Below the home.
const FILE: &str = ".local/share/bowline/saved-state.json";
/// The format's number: another one is read as nothing.
const FORMAT: u32 = 1;

/// A file when both sides were the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Same {
    /// Its content.
    pub(super) hash: Hash,
    /// How it was found here, so that it need not be read again.
    pub(super) stamp: Stamp,
    /// Its state there.
    pub(super) version: Version,
}

#[derive(Deserialize)]
struct File {
    format: u32,
    store: String,
    files: BTreeMap<Place, Same>,
}

/// The same as it is written.
#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    store: &'a str,
    files: &'a BTreeMap<Place, Same>,
}

/// Forgets what is known of any store: nothing counts as removed then. Blocks.
pub fn forget(home: &Path) -> io::Result<()> {
    let path = home.join(FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            // Others may have something in it.
            let _ = path.parent().map(fs::remove_dir);
            Ok(())
        }
    }
}

/// All of them, of one store.
#[derive(Debug)]
pub(super) struct Known {
    path: PathBuf,
    store: String,
    pub(super) files: BTreeMap<Place, Same>,
    /// What is in the file.
    written: Option<Hash>,
}

impl Known {
    /// What is known of a store; of another one nothing is. Blocks.
    pub(super) fn read(home: &Path, store: String) -> Self {
        let path = home.join(FILE);
        let bytes = fs::read(&path).unwrap_or_default();
        let file = serde_json::from_slice::<File>(&bytes).ok();
        let file = file.filter(|file| file.format == FORMAT && file.store == store);
        Self {
            path,
            store,
            written: file.is_some().then(|| Hash::of(&bytes)),
            files: file.map(|file| file.files).unwrap_or_default(),
        }
    }

    /// Writes it down, if there is news. Blocks.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let file = Written {
            format: FORMAT,
            store: &self.store,
            files: &self.files,
        };
        let bytes = serde_json::to_vec(&file)?;
        let hash = Some(Hash::of(&bytes));
        if self.written != hash || !self.path.exists() {
            local::put(&self.path, &bytes, 0o600)?;
            self.written = hash;
        }
        Ok(())
    }
}
