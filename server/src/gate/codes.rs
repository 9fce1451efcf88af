//! One-time login codes: each is good for one login and a few minutes. Pure; the caller gives the time.

use std::time::{Duration, Instant};

use super::secret::{Hash, random};

/// How long a code is good for.
const LIFE: Duration = Duration::from_secs(5 * 60);
/// Codes kept; the oldest goes first.
const MOST: usize = 16;

/// Codes that were given out and not used.
#[derive(Default)]
pub(super) struct Codes {
    open: Vec<(Hash, Instant)>,
}

impl Codes {
    /// A fresh code.
    pub(super) fn issue(&mut self, now: Instant) -> String {
        let code = random::<16>();
        self.open.retain(|(_, made)| now - *made < LIFE);
        if self.open.len() == MOST {
            self.open.remove(0);
        }
        self.open.push((Hash::of(&code), now));
        code
    }

    /// Whether the code is good. It isn't a second time.
    pub(super) fn redeem(&mut self, code: &str, now: Instant) -> bool {
        self.open.retain(|(_, made)| now - *made < LIFE);
        let at = self.open.iter().position(|(hash, _)| hash.matches(code));
        at.map(|at| self.open.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_once() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let code = codes.issue(now);
        assert!(!codes.redeem("wrong", now));
        assert!(codes.redeem(&code, now));
        assert!(!codes.redeem(&code, now));
    }

    #[test]
    fn a_code_works_for_five_minutes() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let code = codes.issue(now);
        let other = codes.issue(now);
        assert!(codes.redeem(&code, now + LIFE - Duration::from_secs(1)));
        assert!(!codes.redeem(&other, now + LIFE));
    }
}
