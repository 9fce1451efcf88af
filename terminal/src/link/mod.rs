//! The server end of the link: the viewers of all clients, and the transports that carry them.
//!
//! A client (page load) has one [`viewer::Viewer`], which holds its attachments and outlives transports.
//! Transports are numbered by generation: the highest serves, all others are told so and never deliver
//! again. That is how bytes go by one way only.

mod attachment;
mod http;
mod state;
mod transport;
mod viewer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bowline_protocol::codec::DecodeError;
use bowline_protocol::frame::Notice;
use bowline_protocol::ids::{ClientId, Generation, ServerId};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use crate::lock;
use crate::sessions::Sessions;
use viewer::{Kind, Viewer};

pub use http::HttpTransport;
pub use transport::Transport;

/// Pages known at a time; beyond it the one whose transport is gone longest is forgotten, and when all
/// are connected, a new one is refused.
const CLIENTS_MAX: usize = 1024;
/// Without transport for so long, a page counts as gone for now: its size rules nothing, its keyboard is
/// nowhere. Longer than any reconnect or pause between polls takes.
const AWAY_TIME: Duration = Duration::from_secs(5);
/// A viewer outlives its last transport this long.
const VIEWER_TIME: Duration = Duration::from_secs(60);

/// A transport was refused or is closed. Sessions live.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LinkError {
    /// The client has a newer transport, or this one was forgotten: open another.
    #[error("superseded by a newer transport")]
    Superseded,
    /// The client said something that is not the protocol.
    #[error("protocol error: {0}")]
    Protocol(#[from] DecodeError),
    /// The client speaks no version that the server speaks.
    #[error(
        "the page speaks versions {spoken:?} of the protocol, the server speaks {served}: reload the page"
    )]
    TooOld {
        /// What the client speaks.
        spoken: Vec<u16>,
        /// What the server speaks.
        served: u16,
    },
    /// `Hello` names another client or generation than the transport.
    #[error("the transport's client or generation differs from its hello")]
    WrongClient,
    /// More attachments than one page shows.
    #[error("too many sessions attached by one page")]
    TooManyAttachments,
    /// The client takes nothing of what it is told.
    #[error("the client does not read")]
    Overflow,
    /// Too many pages are connected.
    #[error("too many pages are connected: close some")]
    TooManyClients,
    /// The server is ending.
    #[error("the server is ending")]
    Closed,
    /// Sessions live in another process, which can't be reached now.
    #[error("the process that keeps the sessions cannot be reached: it is being looked for")]
    Unreachable,
}

/// All viewers of all clients. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Links(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sessions: Sessions,
    server: ServerId,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    viewers: HashMap<ClientId, Arc<Viewer>>,
    /// The newest revision told: every new transport is told it, as the last notice may have been lost.
    workspace: Option<u64>,
    closed: bool,
}

impl Links {
    /// No viewers yet.
    pub fn new(sessions: Sessions, server: ServerId) -> Self {
        Self(Arc::new(Inner {
            sessions,
            server,
            clients: Mutex::default(),
        }))
    }

    /// For a socket. Supersedes every lower generation of that client. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`LinkError::Superseded`] when this generation or a higher one was seen, [`LinkError::Closed`],
    /// [`LinkError::TooManyClients`].
    pub fn connect(
        &self,
        client: ClientId,
        generation: Generation,
    ) -> Result<Transport, LinkError> {
        let (viewer, workspace) = self.viewer(client)?;
        viewer.open(generation, Kind::Socket, workspace)?;
        Ok(Transport::new(viewer, generation))
    }

    /// For HTTP: the transport of this client and generation. It opens with its first send. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`LinkError::Superseded`] when a higher generation was seen, [`LinkError::Closed`],
    /// [`LinkError::TooManyClients`].
    pub fn http(
        &self,
        client: ClientId,
        generation: Generation,
    ) -> Result<HttpTransport, LinkError> {
        let (viewer, workspace) = self.viewer(client)?;
        viewer.check_http(generation)?;
        Ok(HttpTransport::new(viewer, generation, workspace))
    }

    /// Tells every client.
    pub fn notify(&self, notice: Notice) {
        let viewers: Vec<Arc<Viewer>> = {
            let mut clients = lock(&self.0.clients);
            if let Notice::Workspace { revision } = notice {
                clients.workspace = clients.workspace.max(Some(revision));
            }
            clients.viewers.values().cloned().collect()
        };
        for viewer in viewers {
            viewer.notify(notice);
        }
    }

    /// Closes every transport, after what was already to be said, and takes no new ones.
    pub fn disconnect_all(&self) {
        let viewers: Vec<Arc<Viewer>> = {
            let mut clients = lock(&self.0.clients);
            clients.closed = true;
            clients.viewers.drain().map(|(_, viewer)| viewer).collect()
        };
        for viewer in viewers {
            viewer.close();
        }
    }

    /// The client's viewer, made at first use, and the newest workspace revision.
    fn viewer(&self, client: ClientId) -> Result<(Arc<Viewer>, Option<u64>), LinkError> {
        let mut clients = lock(&self.0.clients);
        if clients.closed {
            return Err(LinkError::Closed);
        }
        let workspace = clients.workspace;
        if let Some(viewer) = clients.viewers.get(&client) {
            // Noted under the lock: the janitor can't take it away before its transport opens.
            viewer.touch();
            return Ok((viewer.clone(), workspace));
        }
        if clients.viewers.len() >= CLIENTS_MAX {
            let silent = clients
                .viewers
                .iter()
                .filter_map(|(id, viewer)| Some((viewer.unused_since()?, *id)))
                .min_by_key(|(since, _)| *since);
            let (_, id) = silent.ok_or(LinkError::TooManyClients)?;
            clients.viewers.remove(&id);
        }
        let viewer = Arc::new(Viewer::new(client, self.0.server, self.0.sessions.clone()));
        clients.viewers.insert(client, viewer.clone());
        tokio::spawn(forget_unused(
            Arc::downgrade(&self.0),
            Arc::downgrade(&viewer),
            client,
        ));
        Ok((viewer, workspace))
    }
}

/// Looks after a viewer whose last transport is gone: for [`AWAY_TIME`], and for [`VIEWER_TIME`].
async fn forget_unused(links: Weak<Inner>, viewer: Weak<Viewer>, client: ClientId) {
    loop {
        let unused = {
            let (Some(links), Some(viewer)) = (links.upgrade(), viewer.upgrade()) else {
                return;
            };
            let mut clients = lock(&links.clients);
            let unused = viewer.unused_since();
            if unused.is_some_and(|since| since + VIEWER_TIME <= Instant::now()) {
                clients.viewers.remove(&client);
                return;
            }
            drop(clients);
            if let Some(away) = Instant::now().checked_sub(AWAY_TIME) {
                viewer.leave_if_unused_since(away);
            }
            unused
        };
        // In use, or long unused: it may be left, or taken up again, at any time.
        let now = Instant::now();
        let away = unused.map(|since| since + AWAY_TIME);
        sleep_until(away.filter(|away| *away > now).unwrap_or(now + AWAY_TIME)).await;
    }
}
