//! Tokens of the Databricks workspace that the proxy in front hands on, of whoever is signed in there: one acts on behalf
//! of them. It is given to programs of sessions which that same identity opened, and to no others. Held in memory alone.

mod held;
mod openers;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::HeaderName;
use bowline_identity::secret::Secret;
use bowline_protocol::SessionId;
use tokio::sync::watch;

use self::held::Tokens;
use self::openers::Openers;
use crate::gate::Identity;

/// What such a token comes in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-forwarded-access-token");

/// How long a program waits until it is known who opened its session, at most.
const OPENING: Duration = Duration::from_secs(2);

/// The tokens, and who opened which session.
pub(crate) struct OnBehalf {
    tokens: Mutex<Tokens>,
    openers: Mutex<Openers>,
    /// How many sessions are being opened, of which nobody knows yet by whom.
    openings: watch::Sender<usize>,
}

/// Somebody opens a session, until this is dropped.
struct Opening(Arc<OnBehalf>);

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.openings.send_modify(|count| *count -= 1);
    }
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
            openings: watch::Sender::new(0),
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

    /// The token that programs of a session may have. A program that asks in its session's first moment waits until it is
    /// known who opened that.
    pub(crate) async fn of_session(&self, session: SessionId) -> Option<Secret> {
        let who = match self.opener(session) {
            None => {
                let mut openings = self.openings.subscribe();
                let known = openings.wait_for(|count| *count == 0);
                // Whoever goes on opening sessions holds nobody up for long.
                let _ = tokio::time::timeout(OPENING, known).await;
                self.opener(session)
            }
            known => known,
        };
        self.of(&who?).map(|(token, _)| token)
    }

    fn opener(&self, session: SessionId) -> Option<Identity> {
        lock(&self.openers).of(session)
    }

    /// A session is being opened, until what comes back is dropped.
    pub(crate) fn opening(self: &Arc<Self>) -> impl Send + use<> {
        self.openings.send_modify(|count| *count += 1);
        Opening(self.clone())
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
