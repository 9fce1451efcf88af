//! Who came through a proxy, so that the audit trail says it once for each name and address and day, not for each
//! request. Pure; the caller gives the time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::identity::Identity;

/// After so long, the same one is news again.
const NEWS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Remembered at most; when there are more, all are news again.
const MOST: usize = 256;

/// Who came, from where, and when that was told.
#[derive(Default)]
pub(super) struct Comers(HashMap<(Identity, Option<IpAddr>), Instant>);

impl Comers {
    /// Whether this is to be told. `None` = from a Unix socket.
    pub(super) fn is_news(&mut self, who: &Identity, from: Option<IpAddr>, now: Instant) -> bool {
        let told = self.0.get(&(who.clone(), from));
        if told.is_some_and(|told| now.saturating_duration_since(*told) < NEWS_AFTER) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert((who.clone(), from), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_a_day_for_each_place() {
        let (mut comers, now) = (Comers::default(), Instant::now());
        let ana = Identity::new("ana@example.com").unwrap();
        let ben = Identity::new("ben@example.com").unwrap();
        let here: Option<IpAddr> = Some([192, 0, 2, 1].into());
        assert!(comers.is_news(&ana, here, now));
        assert!(!comers.is_news(&ana, here, now + NEWS_AFTER / 2));
        assert!(comers.is_news(&ana, None, now));
        assert!(comers.is_news(&ben, here, now));
        assert!(comers.is_news(&ana, here, now + NEWS_AFTER));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut comers, now) = (Comers::default(), Instant::now());
        let ana = Identity::new("ana@example.com").unwrap();
        for n in 0..10_000_u32 {
            comers.is_news(&ana, Some(n.to_be_bytes().into()), now);
            assert!(comers.0.len() <= MOST);
        }
    }
}
