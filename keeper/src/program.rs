//! Which program a process runs, so that a keeper can be told from a newer one, also when both say the same
//! version.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A program's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    identity: String,
}

impl Program {
    /// The one that this process runs.
    ///
    /// # Errors
    /// Its file can't be looked at.
    pub fn own() -> io::Result<Self> {
        // Not by its path: another file may have taken that.
        let identity = identity(Path::new("/proc/self/exe"))?;
        Ok(Self {
            path: std::env::current_exe()?,
            identity,
        })
    }

    /// The file at a path.
    ///
    /// # Errors
    /// It isn't there.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same text for the same file with the same content, on this machine.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether its file is still at its path.
    pub fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|identity| identity == self.identity)
    }
}

fn identity(path: &Path) -> io::Result<String> {
    let file = path.metadata()?;
    Ok(format!(
        "{} {}:{}:{}:{}.{:09}",
        env!("CARGO_PKG_VERSION"),
        file.dev(),
        file.ino(),
        file.size(),
        file.mtime(),
        file.mtime_nsec()
    ))
}
