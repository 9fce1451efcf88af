//! A project carried to a store: only what changed since the last time, several files at once. Cut at any point, the next
//! time finds what is left to do: what is under way is written down before it begins.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use futures_util::stream::{self, StreamExt as _};

use super::Error;
use super::files::{PROJECTS, Project};
use super::index::{Index, Kept};
use crate::hash::Hash;
use crate::local::{self, Read};
use crate::place::Place;
use crate::store::{LARGEST, Store, StoreError};

/// Files under way at a time.
const WIDTH: usize = 6;
/// Names that are tried where another repository has the first.
const NAMES: u32 = 20;

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Where it is in the store.
    pub place: Place,
    /// Files that went there.
    pub sent: usize,
    /// Files that were removed there.
    pub removed: usize,
    /// Files that were there already.
    pub same: usize,
    /// What was not carried, and why.
    pub left: Vec<String>,
}

/// A file as it is here.
struct Here {
    bytes: Vec<u8>,
    hash: Hash,
    runs: bool,
}

/// Carries a project.
pub async fn send(project: &Project, store: &dyn Store) -> Result<Sent, Error> {
    let files = project.files().await?;
    let (folder, before) = find(project, store).await?;
    let mut done = Sent {
        place: folder.clone(),
        sent: 0,
        removed: 0,
        same: 0,
        left: files.left,
    };
    let mut now = BTreeMap::new();
    let mut wanted = Vec::new();
    for place in files.places {
        match look(&project.root, &place).await {
            Ok(Some(here)) => {
                let kept = Kept {
                    hash: Some(here.hash),
                    runs: here.runs,
                };
                match before.files.get(&place) == Some(&kept) {
                    true => done.same += 1,
                    false => wanted.push(place.clone()),
                }
                now.insert(place, kept);
            }
            // It is in git's index and removed here.
            Ok(None) => {}
            Err(why) => {
                // What is there of it stays: it is not gone here.
                if let Some(kept) = before.files.get(&place) {
                    now.insert(place.clone(), kept.clone());
                }
                done.left.push(format!("{place}: {why}"));
            }
        }
    }
    let gone: BTreeSet<Place> = before
        .files
        .keys()
        .filter(|place| !now.contains_key(*place))
        .cloned()
        .collect();
    let mut index = before.clone();
    index.head = project.head().await;
    if wanted.is_empty() && gone.is_empty() {
        if index != before {
            index.put(store, &folder).await?;
        }
        return Ok(done);
    }
    // First what may be there from now on, and of which nobody knows yet in which state.
    for place in &wanted {
        let kept = Kept {
            hash: None,
            runs: false,
        };
        index.files.insert(place.clone(), kept);
    }
    index.put(store, &folder).await?;
    let result = carry(project, store, &wanted, &gone, &mut index, &mut done).await;
    // Also what was done before it failed.
    let noted = index.put(store, &folder).await;
    result.and(noted).map(|()| done)
}

/// Where it belongs in the store: its name's folder, unless that is another repository's or somebody else's.
async fn find(project: &Project, store: &dyn Store) -> Result<(Place, Index), Error> {
    let projects = Place::parse(PROJECTS)?;
    for number in 1..=NAMES {
        let name = match number {
            1 => project.name.clone(),
            _ => project
                .name
                .beside(&format!("{}-{number}", project.name.name())),
        };
        let folder = projects.join(&name);
        match Index::get(store, &folder).await? {
            Some(index) if index.identity == project.identity => return Ok((folder, index)),
            Some(_) => {}
            None => {
                if !has_others(store, &folder).await? {
                    return Ok((folder, Index::new(project.identity.clone())));
                }
            }
        }
    }
    Err(Error::NoName(project.name.to_string()))
}

/// Whether a folder without an index holds anything but projects that lie below it.
async fn has_others(store: &dyn Store, folder: &Place) -> Result<bool, StoreError> {
    let all = store.list(folder).await?;
    let is_index = |place: &Place| place.name() == super::index::NAME;
    let projects = all.iter().filter(|entry| is_index(&entry.place));
    let projects: Vec<Place> = projects
        .filter_map(|entry| entry.place.folders().next())
        .collect();
    let is_of_one = |place: &Place| {
        projects
            .iter()
            .any(|project| place.within(project).is_some())
    };
    Ok(all.iter().any(|entry| !is_of_one(&entry.place)))
}

/// Reads a file; none if it isn't there.
async fn look(root: &Path, place: &Place) -> Result<Option<Here>, String> {
    let path = place.below(root);
    let read = move || {
        let read = local::read(&path, LARGEST)?;
        let runs = std::fs::symlink_metadata(&path)
            .is_ok_and(|meta| meta.permissions().mode() & 0o100 != 0);
        Ok::<_, std::io::Error>((read, runs))
    };
    let read = tokio::task::spawn_blocking(read).await;
    match read.map_err(std::io::Error::other).and_then(|read| read) {
        Ok((Read::Whole(bytes, _), runs)) => Ok(Some(Here {
            hash: Hash::of(&bytes),
            bytes,
            runs,
        })),
        Ok((Read::Nothing, _)) => Ok(None),
        Ok((Read::TooLarge, _)) => Err(format!("larger than {} MiB", LARGEST >> 20)),
        Ok((Read::NoFile, _)) => Err("a link, or a repository of its own".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

async fn carry(
    project: &Project,
    store: &dyn Store,
    wanted: &[Place],
    gone: &BTreeSet<Place>,
    index: &mut Index,
    done: &mut Sent,
) -> Result<(), Error> {
    // A file where a folder is wanted goes first; the others when what takes their place is there.
    let (in_the_way, rest): (Vec<&Place>, Vec<&Place>) = gone.iter().partition(|place| {
        wanted.iter().any(|wanted| {
            let mut folders = wanted.folders();
            folders.any(|folder| folder == **place) || place.within(wanted).is_some()
        })
    });
    remove(store, &in_the_way, index, done).await?;
    let folder = done.place.clone();
    let mut under_way = stream::iter(wanted)
        .map(|place| {
            let folder = &folder;
            async move {
                let here = match look(&project.root, place).await {
                    Ok(Some(here)) => here,
                    // It went meanwhile: the next time says so.
                    Ok(None) => return Ok((place, None)),
                    Err(why) => return Ok((place, Some(Err(why)))),
                };
                match store.put(&folder.join(place), here.bytes.into()).await {
                    Ok(()) => {
                        let kept = Kept {
                            hash: Some(here.hash),
                            runs: here.runs,
                        };
                        Ok((place, Some(Ok(kept))))
                    }
                    Err(error) if error.is_of_one() => Ok((place, Some(Err(error.to_string())))),
                    Err(error) => Err(error),
                }
            }
        })
        .buffer_unordered(WIDTH);
    while let Some(result) = under_way.next().await {
        match result? {
            (place, Some(Ok(kept))) => {
                index.files.insert(place.clone(), kept);
                done.sent += 1;
            }
            (place, Some(Err(why))) => done.left.push(format!("{place}: {why}")),
            (_, None) => {}
        }
    }
    drop(under_way);
    Ok(remove(store, &rest, index, done).await?)
}

/// Removes files, and the folders that nothing of the project is in any more.
async fn remove(
    store: &dyn Store,
    gone: &[&Place],
    index: &mut Index,
    done: &mut Sent,
) -> Result<(), StoreError> {
    let mut folders = BTreeSet::new();
    for place in gone {
        store.remove(&done.place.join(place)).await?;
        index.files.remove(*place);
        done.removed += 1;
        folders.extend(place.folders());
    }
    folders.retain(|folder| {
        index
            .files
            .keys()
            .all(|place| place.within(folder).is_none())
    });
    // Deepest first.
    let mut folders: Vec<Place> = folders.into_iter().collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.folders().count()));
    for folder in folders {
        store.tidy(&done.place.join(&folder)).await?;
    }
    Ok(())
}
