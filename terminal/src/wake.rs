//! How sessions wake a client's transports: each names itself in the set of those with something to say
//! and rings the bell. The set is bounded by the client's attachments.

use std::sync::Mutex;

use bowline_protocol::ids::SessionId;
use tokio::sync::watch;

use crate::lock;

/// One client's bell.
#[derive(Debug)]
pub(crate) struct Wake {
    ready: Mutex<Vec<SessionId>>,
    bell: watch::Sender<()>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            ready: Mutex::new(Vec::new()),
            bell: watch::Sender::new(()),
        }
    }

    /// A session has something to say. The caller names it once until it was taken.
    pub(crate) fn ready(&self, session: SessionId) {
        lock(&self.ready).push(session);
        self.ring();
    }

    /// Something else changed.
    pub(crate) fn ring(&self) {
        self.bell.send_replace(());
    }

    /// Whoever waits listens first and looks afterwards, so that no ring is missed.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// The sessions that named themselves.
    pub(crate) fn take(&self) -> Vec<SessionId> {
        std::mem::take(&mut *lock(&self.ready))
    }
}
