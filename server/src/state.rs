//! The state folder: made private, held by one server at a time.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use bowline_app::workspace::store::{Found, WorkspaceStore};

use crate::Error;

/// The folder, locked while this lives. The lock ends with the process, however it ends.
pub(crate) struct StateDir {
    path: PathBuf,
    lock: File,
}

impl Drop for StateDir {
    fn drop(&mut self) {
        // A program that is just being started holds the descriptor too, until it is itself.
        let _ = self.lock.unlock();
    }
}

impl StateDir {
    /// Makes the folder if need be, for its owner only, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::State {
            path: path.display().to_string(),
            source,
        };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).map_err(fail)?;
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        let lock = options.open(path.join("lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(Error::StateInUse(path.display().to_string()));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(fail(error)),
        }
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// The workspace in this folder.
    pub(crate) fn open_workspace(
        &self,
        changed: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<WorkspaceStore, Error> {
        let path = self.path.join("workspace.json");
        let (store, found) =
            WorkspaceStore::open(path, changed).map_err(|error| self.error(error))?;
        if let Found::KeptAside { path, reason } = found {
            tracing::error!(
                kept = %path.display(),
                reason,
                "the workspace's file can't be read; it is kept aside and the workspace starts empty"
            );
        }
        Ok(store)
    }

    /// An error of a file in this folder.
    pub(crate) fn error(&self, source: std::io::Error) -> Error {
        Error::State {
            path: self.path.display().to_string(),
            source,
        }
    }
}
