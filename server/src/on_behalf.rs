//! Tokens of the Databricks workspace that the proxy in front hands on, of whoever is signed in there: one acts on behalf
//! of them. It is given to programs of sessions which that same identity opened, and to no others. Held in memory alone.

mod held;
mod openers;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::http::HeaderName;
use bowline_identity::secret::Secret;
use bowline_protocol::SessionId;

use self::held::Tokens;
use self::openers::Openers;
use crate::gate::Identity;

/// What such a token comes in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-forwarded-access-token");

/// The tokens, and who opened which session.
pub(crate) struct OnBehalf {
    tokens: Mutex<Tokens>,
    openers: Mutex<Openers>,
}

/// Whether something was not there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Yes,
    No,
}

impl OnBehalf {
    /// Who opened the sessions of the last run stands in a file of the state folder.
    pub(crate) fn open(path: PathBuf) -> Self {
        Self {
            tokens: Mutex::default(),
            openers: Mutex::new(Openers::open(path)),
        }
    }

    /// A request of theirs brought a token. News is one after a time without.
    pub(crate) fn brought(&self, who: &Identity, token: &str) -> News {
        lock(&self.tokens).bring(who, token, SystemTime::now())
    }

    /// The token in force of an identity, and until when.
    pub(crate) fn of(&self, who: &Identity) -> Option<(Secret, SystemTime)> {
        lock(&self.tokens).of(who, SystemTime::now())
    }

    /// The token that programs of a session may have.
    pub(crate) fn of_session(&self, session: SessionId) -> Option<Secret> {
        let who = lock(&self.openers).of(session)?;
        self.of(&who).map(|(token, _)| token)
    }

    /// Notes who opened a session.
    pub(crate) fn opened(&self, session: SessionId, who: &Identity) {
        lock(&self.openers).note(session, who);
    }

    /// Forgets who opened sessions that are no more.
    pub(crate) fn keep_only(&self, there: impl Fn(SessionId) -> bool) {
        lock(&self.openers).keep_only(there);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
