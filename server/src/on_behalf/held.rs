//! The tokens that requests brought, one for each identity, and how long each is good. Pure.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowline_identity::secret::Secret;
use serde::Deserialize;

use super::News;
use crate::gate::Identity;

/// A token that ends sooner is as good as gone: it would end on the way.
const MARGIN: Duration = Duration::from_secs(30);
/// How long one counts that doesn't say until when it is good, after the last request that brought it: an open page asks
/// for something every half a minute.
const UNSAID: Duration = Duration::from_secs(10 * 60);
/// Identities at most; they are names of one person. Of further ones none is held.
const MOST: usize = 16;

#[derive(Default)]
pub(super) struct Tokens(HashMap<Identity, Held>);

struct Held {
    token: Secret,
    until: SystemTime,
}

impl Tokens {
    pub(super) fn bring(&mut self, who: &Identity, token: &str, now: SystemTime) -> News {
        let Some(token) = Secret::new(token) else {
            return News::No;
        };
        let until = end(token.expose()).unwrap_or(now + UNSAID);
        // A request that was long under way, or one of a page whose sign-in is over.
        if until <= now + MARGIN {
            return News::No;
        }
        self.0.retain(|_, held| held.until > now + MARGIN);
        if !self.0.contains_key(who) && self.0.len() >= MOST {
            return News::No;
        }
        match self.0.insert(who.clone(), Held { token, until }) {
            Some(_) => News::No,
            None => News::Yes,
        }
    }

    pub(super) fn of(&self, who: &Identity, now: SystemTime) -> Option<(Secret, SystemTime)> {
        let held = self.0.get(who)?;
        (held.until > now + MARGIN).then(|| (held.token.clone(), held.until))
    }
}

/// When a token ends, if it says so: as a JSON Web Token does (RFC 7519, `exp`). Nothing else of it is believed, and its
/// seal is not checked: whether it opens anything is the workspace's to say.
fn end(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
    }

    let mut parts = token.split('.').skip(1);
    let (claims, _seal) = (parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    fn after(seconds: u64) -> SystemTime {
        now() + Duration::from_secs(seconds)
    }

    fn until(seconds: u64) -> String {
        let claims = format!("{{\"sub\":\"ana\",\"exp\":{seconds}}}");
        format!("e30.{}.c2VhbA", URL_SAFE_NO_PAD.encode(claims))
    }

    fn who(name: &str) -> Identity {
        Identity::new(name).unwrap()
    }

    #[test]
    fn a_token_counts_until_just_before_its_end() {
        let mut tokens = Tokens::default();
        let token = until(1_003_600);
        assert_eq!(tokens.bring(&who("ana"), &token, now()), News::Yes);
        assert_eq!(tokens.bring(&who("ANA"), &token, now()), News::No);
        let (held, end) = tokens.of(&who("ana"), after(3569)).unwrap();
        assert_eq!((held.expose(), end), (&*token, after(3600)));
        assert!(tokens.of(&who("ana"), after(3570)).is_none());
        assert!(tokens.of(&who("eve"), now()).is_none());
        // Back after a time without.
        let next = until(1_007_200);
        assert_eq!(tokens.bring(&who("ana"), &next, after(3700)), News::Yes);
    }

    #[test]
    fn a_dead_token_takes_no_living_ones_place() {
        let mut tokens = Tokens::default();
        let token = until(1_003_600);
        tokens.bring(&who("ana"), &token, now());
        for dead in [&*until(1_000_010), "", "two words", "umläut"] {
            assert_eq!(tokens.bring(&who("ana"), dead, now()), News::No);
        }
        assert_eq!(tokens.of(&who("ana"), now()).unwrap().0.expose(), token);
    }

    #[test]
    fn one_that_does_not_say_its_end_counts_while_it_is_brought() {
        let mut tokens = Tokens::default();
        for odd in ["dapi-plain", "a.b.c", "a.e30.c", "a..c"] {
            tokens.bring(&who("ana"), odd, now());
            tokens.bring(&who("ana"), odd, after(60));
            assert!(tokens.of(&who("ana"), after(629)).is_some(), "{odd}");
            assert!(tokens.of(&who("ana"), after(631)).is_none(), "{odd}");
        }
    }

    #[test]
    fn many_names_take_no_more_room() {
        let mut tokens = Tokens::default();
        for number in 0..MOST + 3 {
            tokens.bring(&who(&format!("name{number}")), "token", now());
        }
        assert_eq!(tokens.0.len(), MOST);
        assert_eq!(tokens.bring(&who("late"), "token", after(700)), News::Yes);
        assert_eq!(tokens.0.len(), 1);
    }
}
