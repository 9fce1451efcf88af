//! One pass over all files: both sides are looked at, then what changed is carried, file by file. Cut at any point, the next
//! pass finds what is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decide::{Action, Side, decide};
use super::items::{self, Here, Kind};
use super::known::{Known, Same};
use crate::hash::Hash;
use crate::local::{self, Read, Stamp};
use crate::place::Place;
use crate::store::{LARGEST, Store, StoreError, Version};

/// Where all of it lies in a store.
const FOLDER: &str = ".state";
/// After so many files what is known is written down.
const NOTED: usize = 32;
/// Names that are tried for a second copy.
const COPIES: u32 = 1000;

/// Which way files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Only from there to here; where both have something new, both get both.
    Restore,
    /// Both ways.
    Both,
}

/// What a pass came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that came here.
    pub fetched: usize,
    /// Files that went there.
    pub sent: usize,
    /// Files removed on either side.
    pub removed: usize,
    /// Files of which both sides had changed: what lies where now.
    pub both_kept: Vec<String>,
    /// What could not be carried, and why.
    pub left: Vec<String>,
}

/// A home's files and the store that they are kept in.
pub struct Saved {
    home: PathBuf,
    store: Arc<dyn Store>,
    known: Known,
    folder: Place,
}

/// One file, as all that is known of it.
struct One<'a> {
    place: &'a Place,
    here: Option<(&'a Stamp, Hash)>,
    there: Option<&'a Version>,
}

impl Saved {
    /// Those of a home. Blocks for a moment.
    pub fn new(home: &Path, store: Arc<dyn Store>) -> Result<Self, crate::place::BadPlace> {
        Ok(Self {
            home: home.to_owned(),
            known: Known::read(home, store.label()),
            store,
            folder: Place::parse(FOLDER)?,
        })
    }

    /// Carries what changed since the last pass. An error ends it; what was carried until then stays so.
    pub async fn pass(&mut self, way: Way) -> Result<Report, StoreError> {
        let mut report = Report::default();
        let mut apart = BTreeSet::new();
        let there = self.there(&mut apart, &mut report).await?;
        let home = self.home.clone();
        let scan = aside(move || items::scan(&home)).await?;
        report.left.extend(scan.left);
        apart.extend(scan.apart);
        let here: BTreeMap<Place, Stamp> = scan
            .files
            .into_iter()
            .map(|Here { place, stamp }| (place, stamp))
            .collect();
        let mut all: BTreeSet<Place> = here.keys().chain(there.keys()).cloned().collect();
        all.extend(self.known.files.keys().cloned());
        // On the side where it isn't carried it would look as if it were gone.
        all.retain(|place| !apart.contains(place));
        let done = self.carry(way, &all, &here, &there, &mut report).await;
        // Also what was done before it failed.
        self.write().await?;
        done.map(|()| report)
    }

    async fn carry(
        &mut self,
        way: Way,
        all: &BTreeSet<Place>,
        here: &BTreeMap<Place, Stamp>,
        there: &BTreeMap<Place, Version>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        for (at, place) in all.iter().enumerate() {
            let stamp = here.get(place);
            let here = match stamp {
                None => None,
                Some(stamp) => match self.hash(place, stamp).await {
                    Ok(hash) => Some((stamp, hash)),
                    Err(why) => {
                        report.left.push(format!("{place}: {why}"));
                        continue;
                    }
                },
            };
            let one = One {
                place,
                here,
                there: there.get(place),
            };
            match self.carry_one(way, &one, report).await {
                Err(error) if error.is_of_one() => report.left.push(error.to_string()),
                done => done?,
            }
            if at % NOTED == NOTED - 1 {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn carry_one(
        &mut self,
        way: Way,
        one: &One<'_>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let known = self.known.files.get(one.place);
        let hash = one.here.as_ref().map(|(_, hash)| hash);
        let here = Side::of(known.map(|known| &known.hash), hash);
        let there = Side::of(known.map(|known| &known.version), one.there);
        match (decide(here, there), way) {
            (Action::Nothing, _) => {
                // It may have been touched: then it need not be read at the next pass.
                if let (Some((stamp, _)), Some(known)) =
                    (&one.here, self.known.files.get_mut(one.place))
                {
                    known.stamp = (*stamp).clone();
                }
                Ok(())
            }
            (Action::Forget, _) => {
                self.known.files.remove(one.place);
                Ok(())
            }
            (Action::Fetch, _) => self.fetch(one, report).await,
            (Action::RemoveHere, _) => self.remove_here(one, report).await,
            (Action::Compare, _) => self.compare(one, report).await,
            (Action::Send | Action::RemoveThere, Way::Restore) => Ok(()),
            (Action::Send, Way::Both) => self.send(one.place, report).await,
            (Action::RemoveThere, Way::Both) => {
                let far = self.folder.join(one.place);
                self.store.remove(&far).await?;
                for folder in far.folders().take_while(|folder| *folder != self.folder) {
                    self.store.tidy(&folder).await?;
                }
                self.known.files.remove(one.place);
                report.removed += 1;
                Ok(())
            }
        }
    }

    /// What is there, of what is kept at all. What can't be carried goes to `apart`.
    async fn there(
        &self,
        apart: &mut BTreeSet<Place>,
        report: &mut Report,
    ) -> Result<BTreeMap<Place, Version>, StoreError> {
        let mut there = BTreeMap::new();
        let mut rest = 0;
        for entry in self.store.list(&self.folder).await? {
            let place = entry.place.within(&self.folder);
            let Some(place) = place.filter(|place| items::kind(place).is_some()) else {
                continue;
            };
            if entry.size.is_some_and(|size| size > LARGEST as u64) {
                let said = StoreError::TooLarge(place.clone()).to_string();
                report.left.push(said);
                apart.insert(place);
            } else if there.len() == items::MOST {
                rest += 1;
                apart.insert(place);
            } else {
                there.insert(place, entry.version);
            }
        }
        if rest > 0 {
            report.left.push(items::too_many(rest));
        }
        Ok(there)
    }

    /// A content's hash, read only where the file looks otherwise than when it was read last.
    async fn hash(&self, place: &Place, stamp: &Stamp) -> Result<Hash, String> {
        if let Some(known) = self
            .known
            .files
            .get(place)
            .filter(|known| known.stamp == *stamp)
        {
            return Ok(known.hash.clone());
        }
        let (bytes, _) = self.read(place).await?;
        Ok(Hash::of(&bytes))
    }

    async fn read(&self, place: &Place) -> Result<(Vec<u8>, Stamp), String> {
        let path = place.below(&self.home);
        match aside(move || local::read(&path, LARGEST)).await {
            Ok(Read::Whole(bytes, stamp)) => Ok((bytes, stamp)),
            Ok(Read::TooLarge) => Err(format!("larger than {} MiB", LARGEST >> 20)),
            Ok(Read::Nothing | Read::NoFile) => Err("it went while it was looked at".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn send(&mut self, place: &Place, report: &mut Report) -> Result<(), StoreError> {
        let (bytes, stamp) = match self.read(place).await {
            Ok(read) => read,
            Err(why) => {
                report.left.push(format!("{place}: {why}"));
                return Ok(());
            }
        };
        let hash = Hash::of(&bytes);
        let far = self.folder.join(place);
        self.store.put(&far, bytes.into()).await?;
        report.sent += 1;
        self.note(place, hash, stamp).await
    }

    /// Notes that both sides are the same now.
    async fn note(&mut self, place: &Place, hash: Hash, stamp: Stamp) -> Result<(), StoreError> {
        // Taken away again in the meantime: then the next pass finds that out.
        if let Some(version) = self.store.version(&self.folder.join(place)).await? {
            let same = Same {
                hash,
                stamp,
                version,
            };
            self.known.files.insert(place.clone(), same);
        }
        Ok(())
    }

    async fn fetch(&mut self, one: &One<'_>, report: &mut Report) -> Result<(), StoreError> {
        let Some(version) = one.there.cloned() else {
            return Ok(());
        };
        let far = self.folder.join(one.place);
        let Some(bytes) = self.store.get(&far).await? else {
            return Ok(());
        };
        let (path, then) = (one.place.below(&self.home), one.here.as_ref());
        let then = then.map(|(stamp, _)| (*stamp).clone());
        let hash = Hash::of(&bytes);
        let put = aside(move || local::replace(&path, &bytes, then.as_ref())).await?;
        // Somebody wrote it meanwhile: the next pass finds two that changed.
        if let Some(stamp) = put {
            report.fetched += 1;
            let same = Same {
                hash,
                stamp,
                version,
            };
            self.known.files.insert(one.place.clone(), same);
        }
        Ok(())
    }

    async fn remove_here(&mut self, one: &One<'_>, report: &mut Report) -> Result<(), StoreError> {
        let path = one.place.below(&self.home);
        let then = one.here.as_ref().map(|(stamp, _)| (*stamp).clone());
        let is_gone = aside(move || {
            let is_still = local::is_still(&path, then.as_ref())?;
            if is_still {
                std::fs::remove_file(&path)?;
            }
            Ok(is_still)
        });
        if is_gone.await? {
            self.known.files.remove(one.place);
            report.removed += 1;
        }
        Ok(())
    }

    /// Both have something new.
    async fn compare(&mut self, one: &One<'_>, report: &mut Report) -> Result<(), StoreError> {
        let far = self.folder.join(one.place);
        let Some(theirs) = self.store.get(&far).await? else {
            return Ok(());
        };
        let (ours, stamp) = match self.read(one.place).await {
            Ok(read) => read,
            Err(why) => {
                report.left.push(format!("{}: {why}", one.place));
                return Ok(());
            }
        };
        if ours == theirs {
            return self.note(one.place, Hash::of(&ours), stamp).await;
        }
        match items::kind(one.place) {
            Some(Kind::History) => {
                let rest = beyond(&ours, &theirs).to_vec();
                if !rest.is_empty() {
                    let path = one.place.below(&self.home);
                    aside(move || local::append(&path, &rest)).await?;
                    report.fetched += 1;
                }
            }
            Some(Kind::Document) => {
                // Both are there before either is replaced.
                let copy = self.copy(one.place, &theirs).await?;
                report.both_kept.push(format!("{} and {copy}", one.place));
                self.send(&copy, report).await?;
            }
            None => return Ok(()),
        }
        self.send(one.place, report).await
    }

    /// Puts another content beside a file, under a name that is free.
    async fn copy(&self, place: &Place, bytes: &[u8]) -> Result<Place, StoreError> {
        let name = place.name();
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        for number in 1..COPIES {
            let copy = place.beside(&format!("{stem}.elsewhere-{number}{ending}"));
            let (path, bytes) = (copy.below(&self.home), bytes.to_vec());
            let put = move || {
                // A pass that was cut may have put it there.
                let is_there =
                    matches!(local::read(&path, LARGEST)?, Read::Whole(there, _) if there == bytes);
                Ok(is_there || local::replace(&path, &bytes, None)?.is_some())
            };
            if aside(put).await? {
                return Ok(copy);
            }
        }
        let said = format!("{place}: there are too many copies of it");
        Err(StoreError::Io(io::Error::other(said)))
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        // A few hundred kilobytes at most, on the disk that the files are on.
        Ok(self.known.write()?)
    }
}

/// What a history has beyond where it begins like another: whole lines.
fn beyond<'a>(ours: &[u8], theirs: &'a [u8]) -> &'a [u8] {
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let lines = |text: &[u8]| {
        text.iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1)
    };
    // Where one has all of the other, that may end without a line's end.
    let start = match same == theirs.len() {
        true => same,
        false => lines(&theirs[..same]),
    };
    &theirs[start..]
}

/// Does what waits for the disk elsewhere.
async fn aside<T: Send + 'static>(
    what: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(what).await;
    done.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_histories_only_what_is_new_is_appended() {
        let rest = |ours: &str, theirs: &'static str| beyond(ours.as_bytes(), theirs.as_bytes());
        assert_eq!(rest("ls\ncd a\n", "ls\npwd\n"), b"pwd\n");
        assert_eq!(rest("ls\n", "ls\ncd\n"), b"cd\n");
        assert_eq!(rest("ls\ncd\n", "ls\n"), b"");
        assert_eq!(rest("cd a\n", "cd b\n"), b"cd b\n");
        assert_eq!(rest("", "ls\n"), b"ls\n");
    }
}
