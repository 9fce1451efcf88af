//! A socket's two halves: batches in, batches out. Dropping it disconnects; the viewer lives on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowline_protocol::codec::encode;
use bowline_protocol::frame::ServerFrame;
use bowline_protocol::ids::Generation;
use bowline_protocol::limits::KEEP_ALIVE_MS;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::link::LinkError;
use crate::link::viewer::{Scope, Viewer};
use crate::lock;

/// One socket of one client.
#[derive(Debug)]
pub struct Transport {
    viewer: Arc<Viewer>,
    generation: Generation,
    /// When the server last said something.
    said: Mutex<Instant>,
}

impl Transport {
    pub(super) fn new(viewer: Arc<Viewer>, generation: Generation) -> Self {
        viewer.enter();
        Self {
            viewer,
            generation,
            said: Mutex::new(Instant::now()),
        }
    }

    /// Carries out every frame of a batch; replies come by [`Transport::next_batch`].
    ///
    /// # Errors
    /// Any [`LinkError`]: the socket is to be closed. Sessions live.
    pub async fn receive(&self, batch: Bytes) -> Result<(), LinkError> {
        let mut state = self.viewer.state();
        state.check(self.generation)?;
        let handled = self.viewer.handle(&mut state, self.generation, batch);
        // An error too is news for whoever waits for the next batch.
        self.viewer.wake().ring();
        state.tell(handled?.replies);
        state.check(self.generation)
    }

    /// The next batch to send; ask again when it is sent. `None` = superseded or closed. Cancel-safe.
    pub async fn next_batch(&self) -> Option<Bytes> {
        let mut bell = self.viewer.wake().listen();
        loop {
            {
                let mut state = self.viewer.state();
                state.check(self.generation).ok()?;
                let last = state.last_word();
                let batch = self.viewer.build(&mut state, Scope::All, &[]);
                if !batch.is_empty() {
                    *lock(&self.said) = Instant::now();
                    return Some(batch);
                }
                if last {
                    return None;
                }
            }
            let silent = *lock(&self.said) + Duration::from_millis(u64::from(KEEP_ALIVE_MS));
            // The viewer holds the bell: it can't be gone.
            if timeout_at(silent, bell.changed()).await.is_err() {
                *lock(&self.said) = Instant::now();
                return Some(encode(&ServerFrame::KeepAlive));
            }
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.viewer.exit();
    }
}
