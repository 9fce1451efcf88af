//! Sign-ins that are under way at another site. Each is told to the browser alone, in a cookie that only this server can
//! have written, and everything else about it is made of that cookie and a key: nothing is kept for a stranger who begins
//! thousands, and nobody's sign-in makes room for another's. What was used is remembered while it could be used again.
//! Pure but for the random source; the caller gives the time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::super::secret::random;
use crate::hex::hex;
use crate::unix_time::since_epoch;

/// How long somebody may take to sign in over there.
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);
/// Used ones remembered; the oldest goes first. Whoever wants one forgotten has to bring so many real ones back, and could
/// only try a code again that the other site takes once.
const MOST: usize = 4096;

/// Makes and takes back transactions.
pub(super) struct Transactions {
    /// Of this process: a restart ends what is under way.
    key: Hmac<Sha256>,
    used: Mutex<VecDeque<(String, Duration)>>,
}

/// What happens where the sign-in ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// The page is opened.
    Page,
    /// A page waits in another window: this one closes.
    Window,
}

/// A sign-in that is under way. Not `Debug`: all of it is secret.
pub(super) struct Transaction {
    id: String,
    begun: Duration,
    pub(super) back: Back,
    /// Comes back in the address.
    pub(super) state: String,
    /// Comes back in what the other site signs.
    pub(super) nonce: String,
    /// Proves to the other site that the code is ours (PKCE).
    pub(super) verifier: String,
    /// What the browser holds meanwhile.
    pub(super) cookie: String,
}

/// It is not one that this browser began here, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotOurs;

impl Transactions {
    pub(super) fn new() -> Self {
        let key = random::<32>();
        Self {
            key: Hmac::new_from_slice(key.as_bytes()).expect("a key may have any length"),
            used: Mutex::default(),
        }
    }

    /// A fresh one.
    pub(super) fn begin(&self, back: Back, now: SystemTime) -> Transaction {
        self.transaction(random::<16>(), since_epoch(now), back)
    }

    /// The one that this browser began. It isn't taken a second time.
    pub(super) fn finish(
        &self,
        cookie: &str,
        state: &str,
        now: SystemTime,
    ) -> Result<Transaction, NotOurs> {
        let now = since_epoch(now);
        let found = self.read(cookie).ok_or(NotOurs)?;
        let is_its = same(&found.cookie, cookie) & same(&found.state, state);
        let is_fresh = now.saturating_sub(found.begun) < LIFE;
        if !is_its || !is_fresh {
            return Err(NotOurs);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|(_, begun)| now.saturating_sub(*begun) < LIFE);
        if used.iter().any(|(id, _)| *id == found.id) {
            return Err(NotOurs);
        }
        if used.len() >= MOST {
            used.pop_front();
        }
        used.push_back((found.id.clone(), found.begun));
        Ok(found)
    }

    /// What a cookie says, made anew: whether it is ours is seen by comparing them.
    fn read(&self, cookie: &str) -> Option<Transaction> {
        let mut parts = cookie.split('.');
        let (id, begun, back) = (parts.next()?, parts.next()?, parts.next()?);
        let back = match back {
            "page" => Back::Page,
            "window" => Back::Window,
            _ => return None,
        };
        let begun = Duration::from_secs(begun.parse().ok()?);
        Some(self.transaction(id.to_owned(), begun, back))
    }

    fn transaction(&self, id: String, begun: Duration, back: Back) -> Transaction {
        let name = match back {
            Back::Page => "page",
            Back::Window => "window",
        };
        let told = format!("{id}.{}.{name}", begun.as_secs());
        Transaction {
            state: self.word("state", &told),
            nonce: self.word("nonce", &told),
            verifier: self.word("verifier", &told),
            cookie: format!("{told}.{}", self.word("cookie", &told)),
            id,
            begun,
            back,
        }
    }

    fn word(&self, what: &str, told: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(what.as_bytes());
        mac.update(b"\0");
        mac.update(told.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_comes_back_once_to_the_browser_that_began_it() {
        let (transactions, now) = (Transactions::new(), SystemTime::now());
        let begun = transactions.begin(Back::Window, now);
        let other = transactions.begin(Back::Window, now);
        let finish = |cookie: &str, state: &str| {
            let found = transactions.finish(cookie, state, now);
            found.map(|found| (found.back, found.nonce, found.verifier))
        };
        assert_eq!(finish(&begun.cookie, &other.state), Err(NotOurs));
        assert_eq!(finish(&other.cookie, &begun.state), Err(NotOurs));
        let (back, nonce, verifier) = finish(&begun.cookie, &begun.state).unwrap();
        assert_eq!(back, Back::Window);
        assert!(nonce == begun.nonce && verifier == begun.verifier);
        assert_eq!(finish(&begun.cookie, &begun.state), Err(NotOurs));
        assert!(finish(&other.cookie, &other.state).is_ok());
    }

    #[test]
    fn what_was_not_written_here_is_nothing() {
        let (transactions, now) = (Transactions::new(), SystemTime::now());
        let begun = transactions.begin(Back::Page, now);
        let elsewhere = Transactions::new().begin(Back::Page, now);
        let later = begun.cookie.replacen('.', ".9", 1);
        let window = begun.cookie.replace("page", "window");
        for cookie in ["", "a.b.c", &elsewhere.cookie, &later, &window] {
            for state in [&begun.state, &elsewhere.state, ""] {
                let finished = transactions.finish(cookie, state, now);
                assert!(finished.is_err(), "{cookie}");
            }
        }
    }

    #[test]
    fn nobody_may_take_longer_than_ten_minutes() {
        let (transactions, now) = (Transactions::new(), SystemTime::now());
        let begun = transactions.begin(Back::Page, now);
        let late = now + LIFE;
        assert!(
            transactions
                .finish(&begun.cookie, &begun.state, late)
                .is_err()
        );
        let just = late - Duration::from_secs(1);
        assert!(
            transactions
                .finish(&begun.cookie, &begun.state, just)
                .is_ok()
        );
    }

    #[test]
    fn no_word_is_another() {
        let begun = Transactions::new().begin(Back::Page, SystemTime::now());
        let words = [&begun.state, &begun.nonce, &begun.verifier];
        for (at, word) in words.iter().enumerate() {
            assert_eq!(word.len(), 64);
            assert!(!begun.cookie.contains(*word));
            assert!(words[at + 1..].iter().all(|other| other != word));
        }
    }
}
