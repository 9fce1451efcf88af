//! A file on its way into the uploads folder: written under a name of its own, visible under its real one when
//! it is whole, gone otherwise. Works relative to the open folder, so that nothing in it can lead elsewhere; may
//! block.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// What is on its way is called so, and a number; hidden, and like nothing that a name is made into.
pub(super) const ON_ITS_WAY: &str = ".bowline-upload-";
/// So many names are tried: another than the first is needed about once in four billion files.
const TRIES: usize = 16;

/// A file that isn't whole yet. Goes when it is dropped.
#[derive(Debug)]
pub(super) struct Part {
    folder: OwnedFd,
    name: String,
    file: File,
}

/// A file that is whole.
#[derive(Debug)]
pub(super) struct Kept {
    folder: OwnedFd,
    /// Its name in the folder.
    pub(super) name: String,
}

impl Part {
    /// Begins a file. The folder is made for its owner only, if it isn't there.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
        let folder = open_folder(folder)?;
        let (name, file) = create(&folder, || Ok(format!("{ON_ITS_WAY}{}", random()?)))?;
        let part = Self { folder, name, file };
        // As long as it is held, no server takes it for a leftover.
        part.file.try_lock().map_err(io::Error::other)?;
        Ok(part)
    }

    /// The open folder.
    pub(super) fn folder(&self) -> &OwnedFd {
        &self.folder
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it a name that nothing in the folder has, ending in `name`.
    pub(super) fn keep(self, name: &str) -> io::Result<Kept> {
        let mut tries = 0..TRIES;
        let name = loop {
            let name = format!("{}-{name}", random()?);
            match self.rename(&name) {
                Ok(()) => break name,
                Err(Errno::EXIST) if tries.next().is_some() => {}
                Err(error) => return Err(error.into()),
            }
        };
        let folder = self.folder.try_clone()?;
        // Nothing is left under the old name to be removed.
        Ok(Kept { folder, name })
    }

    fn rename(&self, name: &str) -> rustix::io::Result<()> {
        let (from, to) = (&self.folder, &self.folder);
        match rustix::fs::renameat_with(from, &self.name, to, name, RenameFlags::NOREPLACE) {
            // This file system can't. Then the name is taken first, and what replaces it is ours.
            Err(Errno::INVAL | Errno::NOSYS) => {
                new_file(&self.folder, name)?;
                rustix::fs::renameat(from, &self.name, to, name)
            }
            renamed => renamed,
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

impl Kept {
    /// What tells it from files of the same name.
    pub(super) fn number(&self) -> &str {
        self.name.split('-').next().unwrap_or_default()
    }

    /// Nobody wants it.
    pub(super) fn remove(self) {
        let _ = rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

/// Removes what broken uploads left in a folder; not what another server is writing.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    let open = match open_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        open => open?,
    };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(ON_ITS_WAY));
        if !is_ours || !entry.file_type()?.is_file() {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(left) = rustix::fs::openat(&open, &name, flags, Mode::empty()) else {
            continue;
        };
        if File::from(left).try_lock().is_ok() {
            rustix::fs::unlinkat(&open, &name, AtFlags::empty())?;
        }
    }
    Ok(())
}

fn open_folder(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?)
}

/// A new file under the first name that nothing has.
fn create(
    folder: &OwnedFd,
    mut name: impl FnMut() -> io::Result<String>,
) -> io::Result<(String, File)> {
    let mut tries = 0..TRIES;
    loop {
        let name = name()?;
        match new_file(folder, &name) {
            Ok(file) => return Ok((name, file.into())),
            Err(Errno::EXIST) if tries.next().is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Fails if there is anything of that name, also a link to nowhere.
fn new_file(folder: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
}

/// Eight hexadecimal digits.
fn random() -> io::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:08x}", u32::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    fn mode(path: &Path) -> u32 {
        path.symlink_metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_seen_when_it_is_whole_and_only_by_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/uploads");
        let mut part = Part::begin(&folder).unwrap();
        part.write(b"one ").unwrap();
        part.write(b"two").unwrap();
        assert!(names(&folder)[0].starts_with(ON_ITS_WAY));
        let kept = part.keep("notes.txt").unwrap();
        assert_eq!(names(&folder).concat(), kept.name);
        let (number, rest) = kept.name.split_once('-').unwrap();
        assert_eq!((number.len(), rest), (8, "notes.txt"));
        let path = folder.join(&kept.name);
        assert_eq!(std::fs::read(&path).unwrap(), b"one two");
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        kept.remove();
        assert!(names(&folder).is_empty());
    }

    #[test]
    fn one_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = Part::begin(folder.path()).unwrap();
        part.write(b"half").unwrap();
        drop(part);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_is_there_is_neither_followed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        let uploads = folder.path().join("uploads");
        let part = Part::begin(&uploads).unwrap();
        std::os::unix::fs::symlink(&outside, uploads.join("taken")).unwrap();
        assert_eq!(part.rename("taken"), Err(Errno::EXIST));
        assert!(new_file(&part.folder, "taken").is_err());
        assert!(!outside.exists());
        assert!(part.keep("x").is_ok());
    }

    #[test]
    fn leftovers_go_but_nothing_that_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let leftover = folder.path().join(format!("{ON_ITS_WAY}00000000"));
        let target = folder.path().join("target");
        let link = folder.path().join(format!("{ON_ITS_WAY}00000001"));
        std::fs::write(&leftover, "half").unwrap();
        std::fs::write(&target, "whole").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let part = Part::begin(folder.path()).unwrap();
        sweep(folder.path()).unwrap();
        assert!(!leftover.exists() && target.exists() && link.is_symlink());
        assert!(part.keep("x").is_ok());
        sweep(&folder.path().join("none")).unwrap();
    }
}
