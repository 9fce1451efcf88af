//! A user's own files, read and replaced: whole or not at all, and never over a change that somebody made meanwhile.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// How files begin that are not finished.
pub(crate) const PREFIX: &[u8] = b".bowline-";

/// What tells two states of a file apart without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(meta: &fs::Metadata) -> Self {
        Self {
            inode: meta.ino(),
            size: meta.size(),
            changed: (meta.mtime(), meta.mtime_nsec()),
        }
    }

    /// That of a path, if a file is there.
    pub(crate) fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Some(Self::of(&meta))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What reading came to.
#[derive(Debug)]
pub(crate) enum Read {
    /// All of it, in one state.
    Whole(Vec<u8>, Stamp),
    /// More than wanted.
    TooLarge,
    /// Nothing is there.
    Nothing,
    /// A folder, a link, a device.
    NoFile,
}

/// Reads a file of `most` bytes at most. Links are not followed.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Read> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(Read::Nothing),
        Err(rustix::io::Errno::LOOP) => return Ok(Read::NoFile),
        Err(errno) => return Err(errno.into()),
    };
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Ok(Read::NoFile);
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Ok(Read::TooLarge);
    }
    // One that grew meanwhile has another stamp when it is looked at again.
    Ok(Read::Whole(bytes, Stamp::of(&meta)))
}

/// A file of its owner's alone, with a content, to be put into its place in that folder, which is made if it isn't there.
fn fresh(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut fresh = tempfile::Builder::new()
        .prefix(".bowline-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    fresh.write_all(bytes)?;
    Ok(fresh)
}

/// Puts a file, whatever is there, with these permissions.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let fresh = fresh(path.parent().unwrap_or(path), bytes)?;
    let file = fresh.as_file();
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether a file is still as it was, or still nothing.
pub(crate) fn is_still(path: &Path, then: Option<&Stamp>) -> io::Result<bool> {
    Ok(
        Stamp::at(path)?.as_ref() == then
            && (then.is_some() || fs::symlink_metadata(path).is_err()),
    )
}

/// Puts a file where `then` was, or nothing; its new stamp, or none if somebody was there meanwhile.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    then: Option<&Stamp>,
) -> io::Result<Option<Stamp>> {
    let fresh = fresh(path.parent().unwrap_or(path), bytes)?;
    if let Ok(meta) = fs::metadata(path) {
        fresh.as_file().set_permissions(meta.permissions())?;
    }
    fresh.as_file().sync_all()?;
    if !is_still(path, then)? {
        return Ok(None);
    }
    let put = match then {
        Some(_) => fresh.persist(path),
        None => match fresh.persist_noclobber(path) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            put => put,
        },
    };
    let file = put.map_err(|error| error.error)?;
    Ok(Some(Stamp::of(&file.metadata()?)))
}

/// Appends at once, as shells do themselves: nothing that they append meanwhile is lost.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = options.append(true).custom_flags(flags).open(path)?;
    file.write_all(bytes)
}
