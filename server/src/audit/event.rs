//! What is put into the trail, each kind by a function of its own, so that every line says the same of the same. None
//! takes a secret: what was shown is named, never given.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::TARGET;
use super::refusals::{From, Refusals, Told};
use crate::gate::Identity;
use crate::metrics::metrics;

/// How often refusals that were held back are looked for.
const LOOK: Duration = Duration::from_secs(10);

/// Who did it.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The other end of the connection, or where a proxy that is believed says that the browser is.
    pub from: String,
    /// Who it is, where the gate knows more than that it may enter.
    pub identity: Option<String>,
}

/// What somebody wants done about a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Another one in its place.
    Set,
    /// A fresh one by the same.
    Rotate,
    /// None any more.
    Forget,
}

impl Wish {
    const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Rotate => "rotate",
            Self::Forget => "forget",
        }
    }
}

/// Somebody logged in; `with` says what kind of secret was shown.
pub fn login(actor: &Actor, with: &'static str) {
    metrics().login(with);
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    tracing::info!(target: TARGET, with, from, identity, "login");
}

/// A browser signed out; `login` names its login, and is no secret.
pub fn logout(actor: &Actor, login: &str) {
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    tracing::info!(target: TARGET, login, from, identity, "logout");
}

/// So many other browsers were signed out from afar.
pub fn logins_ended(actor: &Actor, ended: usize) {
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    tracing::info!(target: TARGET, ended, from, identity, "browsers signed out");
}

/// It became known who may enter; nobody could before.
pub fn owner(owner: &Identity) {
    let owner = owner.as_str();
    tracing::info!(target: TARGET, owner, "owner found");
}

/// A login was refused. As for requests, many of the same are one line.
pub fn login_refused(actor: &Actor, with: &'static str) {
    note(actor, "login", with);
}

/// A request was refused. Of the same reason and address there is one line at once and then one a minute, with how
/// many there were.
pub fn refused(actor: &Actor, reason: &'static str) {
    note(actor, "request", reason);
}

/// A file was taken in. What people call it is theirs: `file` is the number in front of its name in the folder.
pub fn upload(actor: &Actor, file: &str, bytes: u64) {
    metrics().upload(bytes);
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    tracing::info!(target: TARGET, file, bytes, from, identity, "upload");
}

/// Somebody wants a credential changed; `what` is its name. That it was done is a line of whoever does it.
pub fn credential_wanted(actor: &Actor, what: &str, wish: Wish) {
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    let wish = wish.name();
    tracing::info!(target: TARGET, what, wish, from, identity, "credential wanted");
}

/// A proxy handed on a token of somebody of whom there was none.
pub fn handed_on(actor: &Actor) {
    let (from, identity) = (&*actor.from, actor.identity.as_deref());
    let (what, change) = ("on behalf", "set");
    tracing::info!(target: TARGET, what, change, from, identity, "credential changed");
}

static REFUSALS: LazyLock<Mutex<Refusals>> = LazyLock::new(Mutex::default);

fn refusals() -> MutexGuard<'static, Refusals> {
    REFUSALS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(actor: &Actor, of: &'static str, reason: &'static str) {
    metrics().refusal(reason);
    let from = From {
        of,
        reason,
        address: actor.from.as_str().into(),
    };
    tell(refusals().note(from, Instant::now()));
}

fn tell(told: Vec<Told>) {
    for Told { from, count } in told {
        let From {
            of,
            reason,
            address,
        } = from;
        let from = &*address;
        match of {
            "login" => tracing::warn!(target: TARGET, with = reason, from, count, "login refused"),
            _ => tracing::warn!(target: TARGET, reason, from, count, "request refused"),
        }
    }
}

/// Tells of refusals that were held back when their minute is over, until it is dropped; then of all.
#[derive(Debug)]
pub(crate) struct Telling {
    _stop: DropGuard,
}

impl Telling {
    /// Begins. Needs a tokio runtime.
    pub(crate) fn begin() -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            while let Err(_over) = tokio::time::timeout(LOOK, stopped.cancelled()).await {
                let told = refusals().over(Instant::now());
                tell(told);
            }
        });
        Self {
            _stop: stop.drop_guard(),
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let told = refusals().all();
        tell(told);
    }
}
