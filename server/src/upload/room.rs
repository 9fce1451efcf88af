//! How much the uploads folder may take in all, and what the disk keeps for others. Counts every byte before it is
//! written, of all uploads together; may block.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, Dir, FileType};

use super::part::ON_ITS_WAY;

/// So many bytes, or a share of the disk if that is less, stay free for others.
const SPARE: u64 = 64 * 1024 * 1024;
/// That share.
const SPARE_SHARE: u64 = 20;
/// How often the disk is asked, bytes.
const ASK_EVERY: u64 = 1024 * 1024;

/// The folder has as much as it may.
#[derive(Debug, thiserror::Error)]
#[error("the uploads folder is full")]
pub(super) struct Full;

/// The room of a folder.
#[derive(Debug)]
pub(super) struct Room {
    quota: u64,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    /// By files that are whole, as seen when the last upload began, and those that came since.
    whole: u64,
    /// By those on their way.
    under_way: u64,
}

/// What one upload takes. Given back when it is dropped before its end.
#[derive(Debug)]
pub(super) struct Share {
    room: Arc<Room>,
    bytes: u64,
    asked_at: u64,
}

impl Room {
    pub(super) fn new(quota: u64) -> Arc<Self> {
        Arc::new(Self {
            quota,
            taken: Mutex::default(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks how full the folder is, and begins an upload into it.
    pub(super) fn begin(self: &Arc<Self>, folder: impl AsFd) -> io::Result<Share> {
        {
            // Nothing becomes whole meanwhile.
            let mut taken = self.taken();
            taken.whole = whole(&folder)?;
        }
        let mut share = Share {
            room: self.clone(),
            bytes: 0,
            asked_at: 0,
        };
        share.take(0, folder)?;
        Ok(share)
    }
}

impl Share {
    /// Takes room for what is about to be written.
    pub(super) fn take(&mut self, bytes: u64, folder: impl AsFd) -> io::Result<()> {
        {
            let mut taken = self.room.taken();
            let all = taken.whole + taken.under_way;
            if all.saturating_add(bytes) > self.room.quota || all == self.room.quota {
                return Err(io::Error::other(Full));
            }
            taken.under_way += bytes;
            self.bytes += bytes;
        }
        if bytes == 0 || self.bytes >= self.asked_at + ASK_EVERY {
            self.asked_at = self.bytes;
            let disk = rustix::fs::fstatvfs(folder)?;
            let spare = SPARE.min(disk.f_blocks * disk.f_frsize / SPARE_SHARE);
            if disk.f_bavail * disk.f_frsize < spare {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        Ok(())
    }

    /// The file becomes whole by `keep`.
    pub(super) fn keep<T>(mut self, keep: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let room = self.room.clone();
        let mut taken = room.taken();
        let kept = keep()?;
        taken.whole += self.bytes;
        taken.under_way -= std::mem::take(&mut self.bytes);
        Ok(kept)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.room.taken().under_way -= self.bytes;
        }
    }
}

/// Bytes of the files that lie in a folder; not of those below it, which nobody uploaded.
fn whole(folder: impl AsFd) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_bytes().starts_with(ON_ITS_WAY.as_bytes()) {
            continue;
        }
        // One that has just gone takes nothing.
        let Ok(file) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        if FileType::from_raw_mode(file.st_mode).is_file() {
            bytes = bytes.saturating_add(u64::try_from(file.st_size).unwrap_or(0));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn is_full<T: std::fmt::Debug>(taken: io::Result<T>) -> bool {
        taken.is_err_and(|error| error.get_ref().is_some_and(|error| error.is::<Full>()))
    }

    #[test]
    fn all_files_together_stay_within_the_quota() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("there"), vec![0; 40]).unwrap();
        std::fs::write(folder.path().join(format!("{ON_ITS_WAY}1")), vec![0; 500]).unwrap();
        let open = File::open(folder.path()).unwrap();
        let room = Room::new(100);
        let mut first = room.begin(&open).unwrap();
        let mut second = room.begin(&open).unwrap();
        first.take(30, &open).unwrap();
        second.take(20, &open).unwrap();
        assert!(is_full(second.take(11, &open)));
        second.take(10, &open).unwrap();
        assert!(is_full(room.begin(&open)));
        // What is given up is room again, what is kept is not.
        drop(second);
        first
            .keep(|| std::fs::write(folder.path().join("first"), vec![0; 30]))
            .unwrap();
        let mut third = room.begin(&open).unwrap();
        third.take(30, &open).unwrap();
        assert!(is_full(third.take(1, &open)));
        drop(third);
        std::fs::remove_file(folder.path().join("there")).unwrap();
        room.begin(&open).unwrap().take(70, &open).unwrap();
    }
}
