//! Logins that browsers hold: a cookie and a proof each, kept as hashes in the state folder, so that a
//! restart of the server logs nobody out.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bowline_app::functions::logins::Browser;
use bowline_app::workspace::store::write_private;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::identity::Identity;
use super::secret::{Hash, random};
use crate::unix_time::{since_epoch, whole_ms};

/// A login that nobody used for this long ends.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The file's note of a login's last use is at most this old.
const NOTE_USE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A cookie is exchanged for another when the page is loaded and it is older: what is stolen is good for a day or
/// two.
const ROTATE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the last cookie is good once the next one has come back: for requests that were under way.
const LAST_COOKIE_LIFE: Duration = Duration::from_secs(60);
/// Logins kept; the one unused for longest goes first.
const MOST: usize = 64;
/// Longest text kept of how a browser names itself, bytes.
const AGENT_MAX: usize = 256;

/// All logins, and the file that keeps them.
pub(super) struct Logins {
    path: PathBuf,
    /// What those of the file were let in by.
    rule: Option<String>,
    /// Held for moments, and during the rare write of the file.
    open: Mutex<Vec<Login>>,
}

struct Login {
    id: String,
    cookie: Hash,
    /// The cookie before this one, and since when its successor has been seen.
    last_cookie: Option<(Hash, Option<Duration>)>,
    proof: Hash,
    by: By,
    made: Duration,
    rotated: Duration,
    used: Duration,
    /// `used` as it stands in the file.
    noted: Duration,
    ended: CancellationToken,
}

/// Who logged in, and with what; for people to tell their browsers apart.
#[derive(Debug, Clone, Default)]
pub(super) struct By {
    /// As an identity provider named them; `None` = by a code or the access token.
    pub(super) who: Option<Identity>,
    /// How the browser names itself.
    pub(super) agent: Option<String>,
    /// Where it was.
    pub(super) address: Option<IpAddr>,
}

/// The login a request came with.
#[derive(Clone)]
pub struct Visit {
    id: String,
    proof: Hash,
    /// As an identity provider named them.
    pub who: Option<Identity>,
    /// Cancelled when the login ends; links that came by it end too.
    pub ended: CancellationToken,
}

impl Visit {
    /// Whether the page that sends this has logged in itself.
    pub fn proves(&self, proof: &str) -> bool {
        self.proof.matches(proof)
    }

    /// Which login; no secret.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What a browser gets.
pub(super) struct Fresh {
    /// Which login; no secret.
    pub(super) id: String,
    pub(super) cookie: String,
    pub(super) proof: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    id: String,
    cookie: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_cookie: Option<String>,
    proof: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(default)]
    made: u64,
    #[serde(default)]
    rotated: u64,
    used: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

impl Kept {
    fn into_login(self) -> Option<Login> {
        let used = Duration::from_secs(self.used);
        let last_cookie = self.last_cookie.as_deref().and_then(Hash::from_hex);
        Some(Login {
            id: if self.id.is_empty() {
                random::<8>()
            } else {
                self.id
            },
            cookie: Hash::from_hex(&self.cookie)?,
            last_cookie: last_cookie.map(|hash| (hash, None)),
            proof: Hash::from_hex(&self.proof)?,
            by: By {
                who: self.who.as_deref().and_then(Identity::new),
                agent: self.agent,
                address: self.address,
            },
            made: Duration::from_secs(self.made),
            rotated: Duration::from_secs(self.rotated),
            used,
            noted: used,
            ended: CancellationToken::new(),
        })
    }
}

impl Login {
    fn to_kept(&self, rule: Option<&String>) -> Kept {
        Kept {
            id: self.id.clone(),
            cookie: self.cookie.to_hex(),
            last_cookie: self.last_cookie.map(|(hash, _)| hash.to_hex()),
            proof: self.proof.to_hex(),
            who: self.by.who.as_ref().map(|who| who.as_str().to_owned()),
            agent: self.by.agent.clone(),
            address: self.by.address,
            made: self.made.as_secs(),
            rotated: self.rotated.as_secs(),
            used: self.used.as_secs(),
            rule: rule.cloned(),
        }
    }

    /// Whether a cookie is this login's, or was until a moment ago.
    fn is_of(&mut self, cookie: &Hash, now: Duration) -> bool {
        let is_current = self.cookie.equals(cookie);
        let is_last = match &mut self.last_cookie {
            Some((last, seen)) => {
                if is_current {
                    // The browser has the new one: the last runs out.
                    seen.get_or_insert(now);
                }
                let is_good = seen.is_none_or(|seen| now.saturating_sub(seen) < LAST_COOKIE_LIFE);
                last.equals(cookie) && is_good
            }
            None => false,
        };
        is_current || is_last
    }

    fn visit(&self) -> Visit {
        Visit {
            id: self.id.clone(),
            proof: self.proof,
            who: self.by.who.clone(),
            ended: self.ended.clone(),
        }
    }
}

impl Logins {
    /// Reads the file. One that can't be understood only means that people log in again. Logins by another rule than
    /// today's are over: who they let in might not be let in today.
    pub(super) fn open(path: PathBuf, rule: Option<String>) -> std::io::Result<Self> {
        let kept: Vec<Kept> = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), %error, "logins can't be read; everybody logs in again");
                Vec::new()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let kept = kept.into_iter().filter(|login| login.rule == rule);
        let logins = kept.filter_map(Kept::into_login).collect();
        Ok(Self {
            path,
            rule,
            open: Mutex::new(logins),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Login>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a login. Where it can't be written it is good until the server ends: whoever is to make room on
    /// the disk must get in.
    pub(super) fn create(&self, mut by: By, now: SystemTime) -> Fresh {
        let fresh = Fresh {
            id: random::<8>(),
            cookie: random::<32>(),
            proof: random::<32>(),
        };
        if let Some(agent) = &mut by.agent {
            agent.truncate(agent.floor_char_boundary(AGENT_MAX));
        }
        let mut open = self.lock();
        let now = since_epoch(now);
        open.retain(|login| now.saturating_sub(login.used) < LIFE);
        while open.len() >= MOST {
            let oldest = (0..open.len()).min_by_key(|&at| open[at].used);
            open.remove(oldest.expect("the list is not empty"))
                .ended
                .cancel();
        }
        open.push(Login {
            id: fresh.id.clone(),
            cookie: Hash::of(&fresh.cookie),
            last_cookie: None,
            proof: Hash::of(&fresh.proof),
            by,
            made: now,
            rotated: now,
            used: now,
            noted: now,
            ended: CancellationToken::new(),
        });
        self.write_or(
            &mut open,
            "a login can't be written and will not survive a restart",
        );
        fresh
    }

    /// The login of a cookie.
    pub(super) fn visit(&self, cookie: &str, now: SystemTime) -> Option<Visit> {
        let cookie = Hash::of(cookie);
        let now = since_epoch(now);
        let mut open = self.lock();
        let login = open
            .iter_mut()
            .find_map(|login| login.is_of(&cookie, now).then_some(login))?;
        if now.saturating_sub(login.used) >= LIFE {
            return None;
        }
        login.used = now.max(login.used);
        let visit = login.visit();
        if now.saturating_sub(login.noted) >= NOTE_USE_EVERY {
            self.write_or(&mut open, "the use of a login could not be noted");
        }
        Some(visit)
    }

    /// Another cookie for a login whose cookie is old. The old one stays good until the new one has come back:
    /// an answer can get lost.
    pub(super) fn rotate(&self, visit: &Visit, now: SystemTime) -> Option<String> {
        let now = since_epoch(now);
        let mut open = self.lock();
        let login = open.iter_mut().find(|login| login.id == visit.id)?;
        if now.saturating_sub(login.rotated) < ROTATE_AFTER {
            return None;
        }
        let cookie = random::<32>();
        let last = std::mem::replace(&mut login.cookie, Hash::of(&cookie));
        login.last_cookie = Some((last, None));
        login.rotated = now;
        self.write_or(
            &mut open,
            "a login's new cookie can't be written and will not survive a restart",
        );
        Some(cookie)
    }

    /// Whether there is a login of this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.lock().iter().any(|login| login.id == id)
    }

    /// Ends a login; whether there was one.
    pub(super) fn end(&self, id: &str) -> std::io::Result<bool> {
        self.end_those(|login| login.id == id)
            .map(|ended| ended > 0)
    }

    /// Ends all but one; how many.
    pub(super) fn end_others(&self, id: Option<&str>) -> std::io::Result<usize> {
        self.end_those(|login| Some(login.id.as_str()) != id)
    }

    fn end_those(&self, ends: impl Fn(&Login) -> bool) -> std::io::Result<usize> {
        let mut open = self.lock();
        let before = open.len();
        open.retain(|login| {
            let stays = !ends(login);
            if !stays {
                login.ended.cancel();
            }
            stays
        });
        let ended = before - open.len();
        if ended > 0 {
            self.write(&mut open)?;
        }
        Ok(ended)
    }

    /// All that are good, the one used last first.
    pub(super) fn list(&self, current: Option<&str>, now: SystemTime) -> Vec<Browser> {
        let now = since_epoch(now);
        let open = self.lock();
        let good = open
            .iter()
            .filter(|login| now.saturating_sub(login.used) < LIFE);
        let mut browsers: Vec<_> = good
            .map(|login| Browser {
                id: login.id.clone(),
                who: login.by.who.as_ref().map(|who| who.as_str().to_owned()),
                agent: login.by.agent.clone(),
                address: login.by.address.map(|address| address.to_string()),
                made_ms: whole_ms(login.made),
                used_ms: whole_ms(login.used),
                is_this: current == Some(login.id.as_str()),
            })
            .collect();
        browsers.sort_by_key(|browser| std::cmp::Reverse(browser.used_ms));
        browsers
    }

    fn write_or(&self, open: &mut [Login], problem: &'static str) {
        if let Err(error) = self.write(open) {
            tracing::error!(%error, "{problem}");
        }
    }

    fn write(&self, open: &mut [Login]) -> std::io::Result<()> {
        let kept: Vec<_> = open
            .iter()
            .map(|login| login.to_kept(self.rule.as_ref()))
            .collect();
        write_private(&self.path, &serde_json::to_vec(&kept)?)?;
        for login in open {
            login.noted = login.used;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn logins(dir: &tempfile::TempDir) -> Logins {
        Logins::open(dir.path().join("logins.json"), None).unwrap()
    }

    #[test]
    fn a_login_survives_a_restart_and_only_hashes_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let fresh = logins(&dir).create(By::default(), now);
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
        let fresh = logins.create(By::default(), now);
        let visit = logins.visit(&fresh.cookie, now).unwrap();
        assert!(logins.end(visit.id()).unwrap());
        assert!(!logins.end(visit.id()).unwrap());
        assert!(visit.ended.is_cancelled());
        assert!(logins.visit(&fresh.cookie, now).is_none());
    }

    #[test]
    fn a_login_lives_while_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, start) = (logins(&dir), SystemTime::now());
        let fresh = logins.create(By::default(), start);
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
        let first = logins.create(By::default(), start);
        let ended = logins.visit(&first.cookie, start).unwrap().ended;
        for second in 1..=MOST as u64 {
            logins.create(By::default(), start + Duration::from_secs(second));
        }
        assert!(ended.is_cancelled());
        assert!(logins.visit(&first.cookie, start).is_none());
    }

    #[test]
    fn an_unreadable_file_means_logging_in_again() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("logins.json"), "{half").unwrap();
        let logins = logins(&dir);
        let fresh = logins.create(By::default(), SystemTime::now());
        assert!(logins.visit(&fresh.cookie, SystemTime::now()).is_some());
    }

    #[test]
    fn a_login_by_another_rule_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let under = |rule: &str| {
            let path = dir.path().join("logins.json");
            Logins::open(path, Some(rule.to_owned())).unwrap()
        };
        let fresh = under("owned by ana").create(By::default(), now);
        let good = |logins: &Logins| logins.visit(&fresh.cookie, now).is_some();
        assert!(good(&under("owned by ana")));
        assert!(!good(&under("owned by bo")));
        assert!(!good(&logins(&dir)));
    }

    #[test]
    fn a_cookie_is_exchanged_and_the_last_one_runs_out_once_the_next_was_seen() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, start) = (logins(&dir), SystemTime::now());
        let fresh = logins.create(By::default(), start);
        let visit = logins.visit(&fresh.cookie, start).unwrap();
        assert!(logins.rotate(&visit, start).is_none());

        let next_day = start + ROTATE_AFTER;
        let next = logins.rotate(&visit, next_day).unwrap();
        assert!(logins.rotate(&visit, next_day).is_none());
        // The answer that brought it may have got lost.
        let later = next_day + Duration::from_secs(3600);
        assert!(logins.visit(&fresh.cookie, later).is_some());
        assert!(logins.visit(&next, later).unwrap().proves(&fresh.proof));
        let soon = later + LAST_COOKIE_LIFE / 2;
        assert!(logins.visit(&fresh.cookie, soon).is_some());
        let over = later + LAST_COOKIE_LIFE;
        assert!(logins.visit(&fresh.cookie, over).is_none());
        assert!(logins.visit(&next, over).is_some());
    }

    #[test]
    fn an_exchanged_cookie_survives_a_restart_with_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let start = SystemTime::now();
        let fresh = logins(&dir).create(By::default(), start);
        let before = logins(&dir);
        let visit = before.visit(&fresh.cookie, start).unwrap();
        let next = before.rotate(&visit, start + ROTATE_AFTER).unwrap();
        let after = logins(&dir);
        let now = start + ROTATE_AFTER;
        assert!(after.visit(&fresh.cookie, now).is_some());
        assert!(after.visit(&next, now).is_some());
    }

    #[test]
    fn browsers_are_listed_and_others_ended() {
        let dir = tempfile::tempdir().unwrap();
        let (logins, now) = (logins(&dir), SystemTime::now());
        let by = |agent: &str| By {
            agent: Some(agent.to_owned()),
            ..By::default()
        };
        let here = logins.create(by("here"), now);
        let there = logins.create(by(&"x".repeat(1000)), now);
        let visit = logins.visit(&here.cookie, now).unwrap();
        let other = logins.visit(&there.cookie, now).unwrap();
        let listed = logins.list(Some(visit.id()), now);
        assert_eq!(listed.len(), 2);
        assert_eq!(listed.iter().filter(|browser| browser.is_this).count(), 1);
        assert!(
            listed
                .iter()
                .all(|browser| browser.agent.as_ref().unwrap().len() <= AGENT_MAX)
        );

        assert_eq!(logins.end_others(Some(visit.id())).unwrap(), 1);
        assert!(other.ended.is_cancelled() && !visit.ended.is_cancelled());
        assert!(logins.visit(&there.cookie, now).is_none());
    }
}
