//! What is kept on disk of sessions that run, so that after a crash or a reboot it can be said which there
//! were, what was on their screens, and how they are started again. For every session a [`Record`]; where
//! screens are wanted, its [`Screen`] too. Both go when the session ends by itself or is ended by its user.
//!
//! Nothing here is on the way of a byte: output only notes that something changed ([`Store::changed`]). The
//! screens are made by the trail and written by a thread of their own, one at a time.

mod files;
mod record;
mod saver;
mod screen;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bowline_protocol::frame::Size;
use bowline_protocol::ids::SessionId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::lock;
use crate::options::{Disk, KeepScreens};
use files::Files;
pub(crate) use files::Leftover;
pub(crate) use record::{Facts, Origin, Record, unix_ms};
pub(crate) use saver::{begin, run, save_all};
pub(crate) use screen::Screen;

/// Lost sessions that are kept; beyond it the oldest go.
pub(crate) const LOST_MAX: usize = 32;

/// What is on disk, and what of it is as the sessions are.
#[derive(Debug)]
pub(crate) struct Store {
    files: Arc<Files>,
    /// As many as sessions run. One that is not here any more is not written either.
    saved: Mutex<HashMap<SessionId, Saved>>,
    /// The saver waits for [`Store::changed`].
    waits: AtomicBool,
    wake: Notify,
    /// One save at a time.
    turn: Semaphore,
    /// This process ends in good order: what is there stays.
    closing: AtomicBool,
    /// The last write failed, which was told.
    failing: AtomicBool,
    /// There is a saver.
    started: AtomicBool,
}

/// What of a session is on disk.
#[derive(Debug, Clone, Default)]
struct Saved {
    /// That it began was written, or could not be; until then its record is no business of the saver's.
    is_noted: bool,
    record: Option<Record>,
    /// How the session was when it was last written, and when that was.
    state: Option<(State, Instant)>,
    /// What the last look saw: a session that still is as it was is quiet.
    seen: Option<State>,
}

/// What is on disk depends on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Where its output ends.
    pub(crate) end: u64,
    pub(crate) size: Size,
    /// How often it got another label.
    pub(crate) label: u64,
}

impl Store {
    /// Nothing is read or written yet.
    pub(crate) fn new(disk: Disk) -> Self {
        Self {
            files: Arc::new(Files::new(disk.folder, disk.screens)),
            saved: Mutex::default(),
            waits: AtomicBool::new(false),
            wake: Notify::new(),
            turn: Semaphore::new(1),
            closing: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            started: AtomicBool::new(false),
        }
    }

    /// Whether screens are kept from now on. If not, those that were are removed. Needs a tokio runtime.
    pub(crate) fn configure(&self, screens: KeepScreens) {
        if self.files.keep_screens(screens) != screens && screens == KeepScreens::No {
            let files = self.files.clone();
            tokio::task::spawn_blocking(move || files.remove_screens());
        }
    }

    /// Whether a saver is yet to be started, which the caller does.
    pub(crate) fn needs_saver(&self) -> bool {
        !self.started.swap(true, Ordering::SeqCst)
    }

    /// The saver looks whether there still is anything to do.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Something of a session changed. Cheap: called for every read of a terminal.
    pub(crate) fn changed(&self) {
        if self.waits.load(Ordering::Relaxed) && self.waits.swap(false, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// A session runs from now on; [`begin`] follows.
    pub(crate) fn begun(&self, session: SessionId) {
        lock(&self.saved).insert(session, Saved::default());
    }

    /// Whether what is on disk is to outlive this process's sessions.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// What lies there of sessions other than these, newest first and at most [`LOST_MAX`]; what is older is
    /// removed. What can't be read is removed too, or left for a newer version.
    pub(crate) async fn leftovers(&self, but: Vec<SessionId>) -> Vec<Leftover> {
        let files = self.files.clone();
        off_thread(move || files.leftovers(&but, LOST_MAX)).await
    }

    /// What was known of a session before.
    pub(crate) async fn record(&self, session: SessionId) -> Option<Record> {
        let files = self.files.clone();
        off_thread(move || Ok(files.record(session))).await
    }

    /// Removes what is kept of a session, unless it is to outlive this process.
    pub(crate) async fn forget(&self, session: SessionId) {
        if self.is_closing() {
            return;
        }
        // First, so that whoever is just writing sees that it is too late.
        lock(&self.saved).remove(&session);
        self.remove(session).await;
    }

    async fn remove(&self, session: SessionId) {
        let files = self.files.clone();
        off_thread(move || {
            files.remove(session);
            Ok(())
        })
        .await;
    }

    /// Tells once that nothing can be kept, and once that it can again.
    fn note(&self, result: &io::Result<()>) {
        match result {
            Ok(()) => {
                if self.failing.swap(false, Ordering::SeqCst) {
                    tracing::info!("sessions are kept on disk again");
                }
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::SeqCst) {
                    let folder = self.files.folder().display();
                    tracing::warn!(
                        %folder, %error,
                        "sessions can't be kept on disk: after a crash nobody will know of them"
                    );
                }
            }
        }
    }
}

/// Reads or writes files off the sessions' thread. What fails gives nothing.
async fn off_thread<T: Default + Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => {
            tracing::warn!(%error, "what was kept of sessions can't be read");
            T::default()
        }
        Err(_) => T::default(),
    }
}
