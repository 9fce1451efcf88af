//! A folder of the file system: a mounted share, or a disk that stays.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{Entry, LARGEST, Later, Store, StoreError, Version};
use crate::local::{self, PREFIX};
use crate::place::Place;

/// A folder as a store.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder; it is made when something is put there, the one above it must be there.
    pub fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// Does what waits for the disk elsewhere.
    fn aside<'a, T: Send + 'static>(
        &self,
        what: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Later<'a, Result<T, StoreError>> {
        let root = self.0.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || what(&root)).await;
            done.map_err(|error| StoreError::Io(io::Error::other(error)))?
        })
    }
}

fn version(meta: &fs::Metadata) -> Version {
    let (seconds, rest) = (meta.mtime(), meta.mtime_nsec());
    Version(format!("{}-{seconds}.{rest}-{}", meta.ino(), meta.size()))
}

/// Nothing where nothing is.
fn found<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_nothing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn walk(root: &Path, folder: &Path, into: &mut Vec<Entry>) -> io::Result<()> {
    let Some(entries) = found(fs::read_dir(folder))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, into)?;
        } else if kind.is_file() && !entry.file_name().as_encoded_bytes().starts_with(PREFIX) {
            // What can't be a place was put there by somebody else.
            let place = path.strip_prefix(root).ok();
            let place = place.and_then(|path| Place::of(path).ok());
            if let (Some(place), Some(meta)) = (place, found(entry.metadata())?) {
                into.push(Entry {
                    place,
                    size: Some(meta.size()),
                    version: version(&meta),
                });
            }
        }
    }
    Ok(())
}

impl Store for Folder {
    fn list<'a>(&'a self, below: &'a Place) -> Later<'a, Result<Vec<Entry>, StoreError>> {
        let below = below.clone();
        self.aside(move |root| {
            let mut all = Vec::new();
            walk(root, &below.below(root), &mut all)?;
            Ok(all)
        })
    }

    fn get<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Bytes>, StoreError>> {
        let at = at.clone();
        self.aside(move |root| match local::read(&at.below(root), LARGEST)? {
            local::Read::Whole(bytes, _) => Ok(Some(bytes.into())),
            local::Read::TooLarge => Err(StoreError::TooLarge(at)),
            local::Read::Nothing => Ok(None),
            local::Read::NoFile => Err(StoreError::Taken(at)),
        })
    }

    fn put<'a>(&'a self, at: &'a Place, bytes: Bytes) -> Later<'a, Result<(), StoreError>> {
        let at = at.clone();
        self.aside(move |root| {
            // A share that isn't mounted is not replaced by a folder of that name.
            let above = root.parent().filter(|above| above.is_dir());
            above.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is not mounted"))?;
            let path = at.below(root);
            if path.is_dir() {
                return Err(StoreError::Taken(at));
            }
            local::put(&path, &bytes, 0o600)?;
            Ok(())
        })
    }

    fn version<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Version>, StoreError>> {
        let at = at.clone();
        self.aside(move |root| {
            let meta = found(fs::symlink_metadata(at.below(root)))?;
            Ok(meta
                .filter(fs::Metadata::is_file)
                .map(|meta| version(&meta)))
        })
    }

    fn remove<'a>(&'a self, at: &'a Place) -> Later<'a, Result<(), StoreError>> {
        let at = at.clone();
        self.aside(move |root| {
            found(fs::remove_file(at.below(root)))?;
            Ok(())
        })
    }

    fn tidy<'a>(&'a self, folder: &'a Place) -> Later<'a, Result<(), StoreError>> {
        let folder = folder.clone();
        self.aside(move |root| match fs::remove_dir(folder.below(root)) {
            Err(error)
                if !is_nothing(&error) && error.kind() != io::ErrorKind::DirectoryNotEmpty =>
            {
                Err(error.into())
            }
            _ => Ok(()),
        })
    }

    fn label(&self) -> String {
        self.0.display().to_string()
    }
}
