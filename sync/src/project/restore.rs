//! A project brought back from a store: into a folder that becomes the project when it is whole, or over one whose changes
//! are all committed.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::Error;
use super::files::{PROJECTS, is_dirty};
use super::index::{Index, Kept, NAME};
use crate::hash::Hash;
use crate::local;
use crate::place::Place;
use crate::store::{Store, StoreError};

/// Files under way at a time.
const WIDTH: usize = 6;

/// Whether a project that is here is written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It stays as it is.
    No,
    /// It is, if git has all of it.
    Yes,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where it is now.
    pub path: PathBuf,
    /// Files that came.
    pub files: usize,
    /// Where its history is, if it has an address: that is never carried.
    pub identity: String,
    /// What is missing there, or not as it was noted.
    pub left: Vec<String>,
}

/// Brings a project back into `~/projects`.
pub async fn restore(
    home: &Path,
    store: &dyn Store,
    name: &str,
    over: Over,
) -> Result<Restored, Error> {
    let name = Place::parse(name)?;
    let folder = Place::parse(PROJECTS)?.join(&name);
    let Some(index) = Index::get(store, &folder).await? else {
        return Err(Error::Nothing(name.to_string(), names(store).await?));
    };
    let path = folder.below(home);
    let is_here = fs::symlink_metadata(&path).is_ok();
    match (is_here, over) {
        (true, Over::No) => return Err(Error::Here(name.to_string())),
        (true, Over::Yes) => {
            if is_dirty(&path).await? {
                return Err(Error::Uncommitted(name.to_string()));
            }
            let mut done = Restored::new(path.clone(), &index);
            fetch(store, &folder, &index, &path, &mut done).await?;
            return Ok(done);
        }
        (false, _) => {}
    }
    let above = path.parent().unwrap_or(home);
    fs::create_dir_all(above)?;
    // Gone with this, unless it became the project.
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(above)?;
    let mut done = Restored::new(path.clone(), &index);
    fetch(store, &folder, &index, unfinished.path(), &mut done).await?;
    fs::set_permissions(unfinished.path(), fs::Permissions::from_mode(0o755))?;
    match renameat_with(CWD, unfinished.path(), CWD, &path, RenameFlags::NOREPLACE) {
        Ok(()) => {
            let _ = unfinished.keep();
            Ok(done)
        }
        Err(rustix::io::Errno::EXIST) => Err(Error::Here(name.to_string())),
        Err(error) => Err(std::io::Error::from(error).into()),
    }
}

impl Restored {
    fn new(path: PathBuf, index: &Index) -> Self {
        Self {
            path,
            files: 0,
            identity: index.identity.clone(),
            left: Vec::new(),
        }
    }
}

async fn fetch(
    store: &dyn Store,
    folder: &Place,
    index: &Index,
    into: &Path,
    done: &mut Restored,
) -> Result<(), Error> {
    let mut under_way = stream::iter(&index.files)
        .map(|(place, kept)| async move {
            let got = store.get(&folder.join(place)).await;
            (place, kept, got)
        })
        .buffer_unordered(WIDTH);
    while let Some((place, kept, got)) = under_way.next().await {
        match got {
            Ok(Some(bytes)) => {
                if kept
                    .hash
                    .as_ref()
                    .is_some_and(|hash| *hash != Hash::of(&bytes))
                {
                    done.left.push(format!(
                        "{place}: changed there since it was saved; brought as it is"
                    ));
                }
                let (into, place_there, kept) = (into.to_owned(), place.clone(), kept.clone());
                let put = move || put(&into, &place_there, &bytes, &kept);
                let put = tokio::task::spawn_blocking(put).await;
                match put.map_err(std::io::Error::other)? {
                    Ok(()) => done.files += 1,
                    Err(error) => done.left.push(format!("{place}: {error}")),
                }
            }
            Ok(None) => done.left.push(format!("{place}: it is not there")),
            Err(error) if error.is_of_one() => done.left.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn put(root: &Path, place: &Place, bytes: &Bytes, kept: &Kept) -> std::io::Result<()> {
    let path = place.below(root);
    let folder = path.parent().unwrap_or(root);
    // A link in the project may lead out of it.
    let is_link = |folder: &Place| folder.below(root).is_symlink();
    if place.folders().any(|folder| is_link(&folder)) {
        return Err(std::io::Error::other(
            "a link is in the place of its folder",
        ));
    }
    fs::create_dir_all(folder)?;
    let mode = if kept.runs { 0o755 } else { 0o644 };
    local::put(&path, bytes, mode)
}

/// The projects that are there, for people.
async fn names(store: &dyn Store) -> Result<String, StoreError> {
    let Ok(projects) = Place::parse(PROJECTS) else {
        return Ok(String::new());
    };
    let all = store.list(&projects).await?;
    let names: BTreeSet<String> = all
        .iter()
        .filter(|entry| entry.place.name() == NAME)
        .filter_map(|entry| entry.place.within(&projects)?.folders().next())
        .map(|folder| folder.to_string())
        .collect();
    Ok(match names.is_empty() {
        true => "none".to_owned(),
        false => names.into_iter().collect::<Vec<_>>().join(", "),
    })
}
