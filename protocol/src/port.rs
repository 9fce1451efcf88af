//! What the page and its link say to each other, whether the link runs in a Web Worker or beside the page.
//! Payloads (terminal bytes) travel beside these messages as transferred buffers, never inside.

use serde::{Deserialize, Serialize};

use crate::client::{Attention, Settings, Status};
use crate::frame::{ClientFrame, ServerFrame};
use crate::ids::{ClientId, SessionId};

/// Page to link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToLink {
    /// First of all.
    Start {
        /// This page load.
        client: ClientId,
        /// The page's secret, if it has one.
        proof: Option<String>,
        /// Absolute URL of the link's endpoints, ending in a slash.
        base: String,
        /// Times.
        settings: Settings,
    },
    /// Something to say to the server; an `Input` frame's bytes are the payload.
    Frame(ClientFrame),
    /// The emulator has parsed a session's output up to here.
    Parsed {
        /// Which session.
        session: SessionId,
        /// End of what is parsed.
        offset: u64,
    },
    /// Somebody looks at the page, or looks away.
    Attention(Attention),
    /// Try again now.
    RetryNow,
    /// Take another transport, whatever the present one is worth.
    Reconnect,
    /// The user has signed in again.
    SignedIn {
        /// The page's secret from now on.
        proof: Option<String>,
    },
    /// Ask how long an answer of the server takes.
    Measure,
}

/// Link to page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPage {
    /// The worker runs and takes messages.
    Ready,
    /// The server said this; an `Output` frame's bytes are the payload.
    Frame(ServerFrame),
    /// Sessions are detached: input waits until each is `Attached` again.
    Detached,
    /// The state of the link. Times are relative here: the page's clock is not the link's.
    Status {
        /// What to show.
        status: Status,
        /// For `Offline`: the next try in this many milliseconds.
        retry_in_ms: u64,
    },
    /// An answer of the server took so long.
    RoundTrip {
        /// Milliseconds.
        ms: u64,
    },
}
