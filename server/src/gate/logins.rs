//! Logins that browsers hold: a cookie and a proof each, kept as hashes in the state folder, so that a
//! restart of the server logs nobody out.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bowline_app::workspace::store::write_private;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::secret::{Hash, random};

/// A login that nobody used for this long ends.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The file's note of a login's last use is at most this old.
const NOTE_USE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Logins kept; the one unused for longest goes first.
const MOST: usize = 64;

/// All logins, and the file that keeps them.
pub(super) struct Logins {
    path: PathBuf,
    /// Held for moments, and during the rare write of the file.
    open: Mutex<Vec<Login>>,
}

struct Login {
    cookie: Hash,
    proof: Hash,
    used: Duration,
    ended: CancellationToken,
}

/// The login a request came with.
#[derive(Clone)]
pub struct Visit {
    cookie: Hash,
    proof: Hash,
    /// Cancelled when the login ends; links that came by it end too.
    pub ended: CancellationToken,
}

impl Visit {
    /// Whether the page that sends this has logged in itself.
    pub fn proves(&self, proof: &str) -> bool {
        self.proof.matches(proof)
    }
}

/// What a browser gets.
pub(super) struct Fresh {
    pub(super) cookie: String,
    pub(super) proof: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    cookie: String,
    proof: String,
    used: u64,
}

impl Logins {
    /// Reads the file. One that can't be understood only means that people log in again.
    pub(super) fn open(path: PathBuf) -> std::io::Result<Self> {
        let kept: Vec<Kept> = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), %error, "logins can't be read; everybody logs in again");
                Vec::new()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let logins = kept.iter().filter_map(|kept| {
            Some(Login {
                cookie: Hash::from_hex(&kept.cookie)?,
                proof: Hash::from_hex(&kept.proof)?,
                used: Duration::from_secs(kept.used),
                ended: CancellationToken::new(),
            })
        });
        Ok(Self {
            path,
            open: Mutex::new(logins.collect()),
        })
    }

    /// Makes a login. Where it can't be written it is good until the server ends: whoever is to make room on
    /// the disk must get in.
    pub(super) fn create(&self, now: SystemTime) -> Fresh {
        let fresh = Fresh {
            cookie: random::<32>(),
            proof: random::<32>(),
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = since_epoch(now);
        open.retain(|login| now.saturating_sub(login.used) < LIFE);
        while open.len() >= MOST {
            let oldest = (0..open.len()).min_by_key(|&at| open[at].used);
            open.remove(oldest.expect("the list is not empty"))
                .ended
                .cancel();
        }
        open.push(Login {
            cookie: Hash::of(&fresh.cookie),
            proof: Hash::of(&fresh.proof),
            used: now,
            ended: CancellationToken::new(),
        });
        if let Err(error) = self.write(&open) {
            tracing::error!(%error, "a login can't be written and will not survive a restart");
        }
        fresh
    }

    /// The login of a cookie.
    pub(super) fn visit(&self, cookie: &str, now: SystemTime) -> Option<Visit> {
        let cookie = Hash::of(cookie);
        let now = since_epoch(now);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let login = open.iter_mut().find(|login| login.cookie.equals(&cookie))?;
        let unused = now.saturating_sub(login.used);
        if unused >= LIFE {
            return None;
        }
        let visit = Visit {
            cookie: login.cookie,
            proof: login.proof,
            ended: login.ended.clone(),
        };
        if unused >= NOTE_USE_EVERY {
            login.used = now;
            if let Err(error) = self.write(&open) {
                tracing::warn!(%error, "the use of a login could not be noted");
            }
        }
        Some(visit)
    }

    /// Ends a login.
    pub(super) fn end(&self, visit: &Visit) -> std::io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|login| !login.cookie.equals(&visit.cookie));
        visit.ended.cancel();
        self.write(&open)
    }

    fn write(&self, open: &[Login]) -> std::io::Result<()> {
        let kept: Vec<_> = open
            .iter()
            .map(|login| Kept {
                cookie: login.cookie.to_hex(),
                proof: login.proof.to_hex(),
                used: login.used.as_secs(),
            })
            .collect();
        write_private(&self.path, &serde_json::to_vec(&kept)?)
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn logins(dir: &tempfile::TempDir) -> Logins {
        Logins::open(dir.path().join("logins.json")).unwrap()
    }

    #[test]
    fn a_login_survives_a_restart_and_only_hashes_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let fresh = logins(&dir).create(now);
        let visit = logins(&dir).visit(&fresh.cookie, now).unwrap();
        assert!(visit.proves(&fresh.proof));
        assert!(!visit.proves(&fresh.cookie));

        let path = dir.path().join("logins.json");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&fresh.cookie) && !text.contains(&fresh.proof));
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_login_ends_by_logging_out() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, now) = (logins(&dir), SystemTime::now());
        let fresh = logins.create(now);
        let visit = logins.visit(&fresh.cookie, now).unwrap();
        logins.end(&visit).unwrap();
        assert!(visit.ended.is_cancelled());
        assert!(logins.visit(&fresh.cookie, now).is_none());
    }

    #[test]
    fn a_login_lives_while_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, start) = (logins(&dir), SystemTime::now());
        let fresh = logins.create(start);
        let day = Duration::from_secs(24 * 60 * 60);
        for days in 1..60 {
            assert!(logins.visit(&fresh.cookie, start + day * days).is_some());
        }
        assert!(logins.visit(&fresh.cookie, start + day * 100).is_none());
    }

    #[test]
    fn the_longest_unused_login_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, start) = (logins(&dir), SystemTime::now());
        let first = logins.create(start);
        let ended = logins.visit(&first.cookie, start).unwrap().ended;
        for second in 1..=MOST as u64 {
            logins.create(start + Duration::from_secs(second));
        }
        assert!(ended.is_cancelled());
        assert!(logins.visit(&first.cookie, start).is_none());
    }

    #[test]
    fn an_unreadable_file_means_logging_in_again() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("logins.json"), "{half").unwrap();
        let logins = logins(&dir);
        let fresh = logins.create(SystemTime::now());
        assert!(logins.visit(&fresh.cookie, SystemTime::now()).is_some());
    }
}
