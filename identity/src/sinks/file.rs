//! Somebody else's file, read and replaced. A replacement is whole or not at all, at 0600 from its first byte, and only if
//! nobody changed the file since it was read. Who has read one keeps others of ours out of its folder until it is let go, so
//! that of two who change it none loses what the other wrote. Links are followed to where dotfile managers keep the file.
//! Knows no format.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};

/// No settings file is larger; Claude Code's grows with its projects.
const LARGEST: u64 = 4 << 20;
/// Links that are followed, as many as the kernel would.
const LINKS: usize = 40;
/// How long somebody else may have a folder before it is done without: one that was stopped in the middle keeps it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks whether it is free.
const LOOK: Duration = Duration::from_millis(5);
/// For its owner alone.
const OURS_ALONE: u32 = 0o600;

/// Why a file is left as it is. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder, a device, a pipe.
    #[error("not a regular file")]
    NotAFile,
    /// Somebody else could read it, or put another one in its place.
    #[error("it, or the folder that it is in, belongs to somebody else")]
    NotOurs,
    /// Larger than a settings file can be.
    #[error("larger than 4 MiB")]
    TooLarge,
    /// Not UTF-8.
    #[error("not text")]
    NotText,
    /// A program wrote it at the same time.
    #[error("changed by somebody else at the same moment")]
    Changed,
    /// The links go round.
    #[error("too many links")]
    Links,
    /// The system says no.
    #[error("{}", .0.kind())]
    Io(#[from] io::Error),
}

/// Where a file really is, and the state that it was found in. While it lives, others of ours wait for the files of that
/// folder: whoever holds one must not read another one of there.
pub struct Held {
    path: PathBuf,
    found: Option<Found>,
    /// None where there is no folder yet, or no lock to be had.
    _turn: Option<File>,
}

/// Who may have a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its owner, whoever could have it before: it may hold a secret.
    Owner,
    /// Whoever could before.
    AsBefore,
}

struct Found {
    text: String,
    mode: u32,
    mark: Mark,
}

/// What tells one state of a file from another.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    place: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in it may be a secret.
        f.debug_tuple("Held").field(&self.path).finish()
    }
}

impl Mark {
    fn of(meta: &fs::Metadata) -> Self {
        Self {
            place: (meta.dev(), meta.ino()),
            size: meta.size(),
            changed: (meta.mtime(), meta.mtime_nsec()),
        }
    }
}

impl Held {
    /// Reads it, if it is there.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let path = target(path)?;
        let turn = turn(path.parent().unwrap_or(Path::new("")));
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => {
                return Ok(Self {
                    path,
                    found: None,
                    _turn: turn,
                });
            }
            Err(errno) => return Err(Error::Io(errno.into())),
        };
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(Error::NotAFile);
        }
        if meta.uid() != me() {
            return Err(Error::NotOurs);
        }
        let mut bytes = Vec::new();
        (&file).take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(Error::TooLarge);
        }
        let mark = Mark::of(&meta);
        // Half of what a program just writes is nothing.
        if bytes.len() as u64 != meta.size() || Mark::of(&file.metadata()?) != mark {
            return Err(Error::Changed);
        }
        let text = String::from_utf8(bytes).map_err(|_| Error::NotText)?;
        let mode = meta.mode() & 0o7777;
        let found = Found { text, mode, mark };
        Ok(Self {
            path,
            found: Some(found),
            _turn: turn,
        })
    }

    /// What is in it; none if there is no file.
    pub fn text(&self) -> Option<&str> {
        self.found.as_ref().map(|found| found.text.as_str())
    }

    /// Whether others than its owner may read or change it.
    pub fn is_wide(&self) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|found| found.mode & !OURS_ALONE & 0o777 != 0)
    }

    /// Puts another text in its place, for its owner alone.
    pub fn replace(&self, text: &str) -> Result<(), Error> {
        self.replace_for(text, Reach::Owner)
    }

    /// Puts another text in its place.
    pub fn replace_for(&self, text: &str, reach: Reach) -> Result<(), Error> {
        let folder = self.path.parent().ok_or(Error::NotAFile)?;
        make_folder(folder)?;
        if !is_safe(&fs::metadata(folder)?) {
            return Err(Error::NotOurs);
        }
        let kept = match reach {
            Reach::Owner => OURS_ALONE,
            Reach::AsBefore => 0o777,
        };
        let mode = self
            .found
            .as_ref()
            .map_or(OURS_ALONE, |found| found.mode & kept);
        let mut fresh = tempfile::Builder::new()
            .prefix(".bowline-")
            .permissions(Permissions::from_mode(OURS_ALONE))
            .tempfile_in(folder)?;
        fresh.write_all(text.as_bytes())?;
        // A narrower one is kept; it is set last because it may forbid writing.
        fresh
            .as_file()
            .set_permissions(Permissions::from_mode(mode))?;
        fresh.as_file().sync_all()?;
        self.check_unchanged()?;
        match self.found {
            Some(_) => fresh.persist(&self.path).map_err(|err| err.error)?,
            // Nor is a file replaced that came up meanwhile.
            None => fresh
                .persist_noclobber(&self.path)
                .map_err(|err| match err.error.kind() {
                    io::ErrorKind::AlreadyExists => Error::Changed,
                    _ => Error::Io(err.error),
                })?,
        };
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Takes it away.
    pub fn remove(&self) -> Result<(), Error> {
        self.check_unchanged()?;
        Ok(fs::remove_file(&self.path)?)
    }

    /// Takes from others what they may not have, and leaves the rest.
    pub fn narrow(&self) -> Result<(), Error> {
        let Some(found) = &self.found else {
            return Ok(());
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(&self.path, flags, Mode::empty()).map_err(io::Error::from)?;
        let file = File::from(file);
        if Mark::of(&file.metadata()?) != found.mark {
            return Err(Error::Changed);
        }
        file.set_permissions(Permissions::from_mode(found.mode & OURS_ALONE))?;
        Ok(())
    }

    /// Narrows the moment in which somebody else's change could be lost to the time of a rename.
    fn check_unchanged(&self) -> Result<(), Error> {
        let now = match fs::symlink_metadata(&self.path) {
            Ok(meta) => Some(Mark::of(&meta)),
            Err(err) if err.kind() == io::ErrorKind::NotFound => None,
            Err(err) => return Err(err.into()),
        };
        let then = self.found.as_ref().map(|found| &found.mark);
        match now.as_ref() == then {
            true => Ok(()),
            false => Err(Error::Changed),
        }
    }
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Ours alone, among those of ours, while what it returns lives. Where nothing is locked (some network drives), or somebody
/// has it for too long, what is left is to look whether the file was changed.
fn turn(folder: &Path) -> Option<File> {
    let folder = match folder.as_os_str() == OsStr::new("") {
        true => Path::new("."),
        false => folder,
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = File::from(rustix::fs::open(folder, flags, Mode::empty()).ok()?);
    let began = Instant::now();
    loop {
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Some(folder),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::WOULDBLOCK) if began.elapsed() < PATIENCE => {
                std::thread::sleep(LOOK);
            }
            Err(_) => return None,
        }
    }
}

/// Whether nobody but us, and those who may do anything, decide what is in a folder. Some containers run as a user of any
/// number, in a home of root's that the group may write to.
fn is_safe(folder: &fs::Metadata) -> bool {
    folder.uid() == me() || (folder.uid() == 0 && folder.mode() & 0o002 == 0)
}

/// Follows links to the file that they stand for, which need not be there yet.
fn target(path: &Path) -> Result<PathBuf, Error> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            // Whoever made the link says where the credential goes.
            Ok(_) if fs::symlink_metadata(&path)?.uid() != me() => return Err(Error::NotOurs),
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            // Not a link, or nothing there.
            Err(err) if err.kind() == io::ErrorKind::InvalidInput => return Ok(path),
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(err) => return Err(err.into()),
        }
    }
    Err(Error::Links)
}

/// Makes the folder of a file that is not there yet, for its owner alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str() == OsStr::new("") || folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests;
