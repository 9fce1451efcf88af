//! The folder: private, every file replaced as a whole, corrupt ones removed. Blocks; callers are off the
//! sessions' thread.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use bowline_protocol::ids::SessionId;

use super::record::{Record, Unreadable};
use super::screen::{SCREEN_MAX, Screen};
use crate::lock;
use crate::options::KeepScreens;

const RECORD: &str = "json";
const SCREEN: &str = "screen.gz";
/// What is being written.
const UNFINISHED: &str = "new";
/// More than any record or screen is never read, bytes.
const READ_MAX: u64 = SCREEN_MAX as u64;

/// What is left of a session.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) record: Record,
    /// When it was last written to, milliseconds of Unix time.
    pub(crate) at_ms: u64,
    pub(crate) screen: Option<Screen>,
}

#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    /// Where they are not kept, those of before are removed.
    screens: Mutex<KeepScreens>,
}

impl Files {
    pub(super) fn new(folder: PathBuf, screens: KeepScreens) -> Self {
        Self {
            folder,
            screens: Mutex::new(screens),
        }
    }

    pub(super) fn screens(&self) -> KeepScreens {
        *lock(&self.screens)
    }

    /// Whether screens are kept from now on. Gives whether they were.
    pub(super) fn keep_screens(&self, screens: KeepScreens) -> KeepScreens {
        std::mem::replace(&mut lock(&self.screens), screens)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, session: SessionId, kind: &str) -> PathBuf {
        self.folder.join(format!("{session}.{kind}"))
    }

    pub(super) fn write_record(&self, session: SessionId, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.path(session, RECORD), bytes)
    }

    pub(super) fn write_screen(&self, session: SessionId, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.path(session, SCREEN), bytes)
    }

    /// Removes all there is of a session.
    pub(super) fn remove(&self, session: SessionId) {
        remove(&self.path(session, RECORD));
        remove(&self.path(session, SCREEN));
    }

    /// What is known of a session, if that can be read.
    pub(super) fn record(&self, session: SessionId) -> Option<Record> {
        let bytes = read(&self.path(session, RECORD)).ok()?;
        let record = Record::decode(&bytes).ok()?;
        (record.session == session).then_some(record)
    }

    /// What is left of sessions other than these, newest first and no more than `most`.
    pub(super) fn leftovers(&self, but: &[SessionId], most: usize) -> io::Result<Vec<Leftover>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut records = Vec::new();
        let mut others = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some((id, kind)) = name.and_then(|name| name.split_once('.')) else {
                continue;
            };
            let Ok(session) = id.parse::<SessionId>() else {
                continue;
            };
            match kind {
                RECORD => records.extend(self.found(session, &path)),
                _ => others.push((session, path)),
            }
        }
        // A screen without a record is of nobody; what was being written never will be.
        for (session, path) in others {
            let is_screen =
                path == self.path(session, SCREEN) && self.screens() == KeepScreens::Yes;
            let has_record = || self.path(session, RECORD).exists();
            if !is_screen || !has_record() {
                remove(&path);
            }
        }
        records.retain(|left| !but.contains(&left.record.session));
        records.sort_by_key(|left| std::cmp::Reverse(left.at_ms));
        for old in records.drain(most.min(records.len())..) {
            self.remove(old.record.session);
        }
        for left in &mut records {
            left.screen = self.screen(left.record.session);
        }
        Ok(records)
    }

    /// Removes all screens, and leaves who they belonged to.
    pub(super) fn remove_screens(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().and_then(|name| name.to_str());
            let is_screen = name
                .and_then(|name| name.split_once('.'))
                .is_some_and(|(id, kind)| kind == SCREEN && id.parse::<SessionId>().is_ok());
            if is_screen {
                remove(&path);
            }
        }
    }

    fn found(&self, session: SessionId, path: &Path) -> Option<Leftover> {
        let record = match read(path) {
            Ok(bytes) => Record::decode(&bytes),
            Err(error) => Err(Unreadable::Corrupt(error.to_string())),
        };
        let file = path.display();
        match record {
            Ok(record) if record.session == session => {
                let written = [path.to_owned(), self.path(session, SCREEN)];
                let written = written.iter().filter_map(|path| modified_ms(path)).max();
                let at_ms = written.unwrap_or(record.written_ms);
                Some(Leftover {
                    record,
                    at_ms,
                    screen: None,
                })
            }
            Err(Unreadable::Newer(version)) => {
                tracing::warn!(%file, version, "a newer version kept this session; it is left there");
                None
            }
            Ok(_) | Err(Unreadable::Corrupt(_)) => {
                let why = record.err().map_or_else(
                    || "it is another session's".to_owned(),
                    |error| error.to_string(),
                );
                tracing::warn!(%file, why, "what was kept of a session can't be read and is removed");
                remove(path);
                None
            }
        }
    }

    fn screen(&self, session: SessionId) -> Option<Screen> {
        let path = self.path(session, SCREEN);
        let file = match read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a screen can't be read");
                return None;
            }
        };
        match Screen::decode(&file) {
            Ok(screen) => Some(screen),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a screen is torn and is removed");
                remove(&path);
                None
            }
        }
    }

    /// Replaces a file as a whole; only its owner may read it, and look into its folder.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.make_folder()?;
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(UNFINISHED);
        let beside = PathBuf::from(name);
        remove(&beside);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = options
            .open(&beside)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                // Else a reboot may find the new name on an empty file.
                file.sync_data()
            })
            .and_then(|()| fs::rename(&beside, path));
        if written.is_err() {
            remove(&beside);
        }
        written
    }

    fn make_folder(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.folder)?;
        let permissions = fs::metadata(&self.folder)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?
        .take(READ_MAX + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > READ_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is too large",
        ));
    }
    Ok(bytes)
}

fn modified_ms(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(file = %path.display(), %error, "a file stays");
    }
}
