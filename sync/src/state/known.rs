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

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    store: String,
    files: BTreeMap<Place, Same>,
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
}

impl Known {
    /// What is known of a store; of another one nothing is. Blocks.
    pub(super) fn read(home: &Path, store: String) -> Self {
        let path = home.join(FILE);
        let file = fs::read(&path).ok();
        let file = file.and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok());
        let file = file.filter(|file| file.format == FORMAT && file.store == store);
        Self {
            path,
            store,
            files: file.map(|file| file.files).unwrap_or_default(),
        }
    }

    /// Writes it down. Blocks.
    pub(super) fn write(&self) -> io::Result<()> {
        let file = File {
            format: FORMAT,
            store: self.store.clone(),
            files: self.files.clone(),
        };
        local::put(&self.path, &serde_json::to_vec(&file)?, 0o600)
    }
}
