//! What is said on the keeper's socket. Frames are added, never changed: a newer server talks to an older
//! keeper, and the other way round. Written by the same codec as the link's; their batches pass unread.
//!
//! A connection begins with `Hello` on both sides, and is then one of three things: a link's socket
//! (`Link`), one request of a link by polling (`Exchange`), or any number of questions (`Ask`).

use bowline_protocol::codec::Frame;
use bowline_protocol::ids::{ClientId, Generation, ServerId};
use serde::{Deserialize, Serialize};

/// Versions of these frames that are spoken here.
pub const VERSIONS: [u16; 1] = [1];

/// Which of the two requests of a link by polling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lane {
    /// It carries everything that changes something.
    Send,
    /// It waits for output.
    Poll,
}

/// To the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToKeeper {
    /// The first frame of every connection.
    Hello {
        /// Versions that the other end speaks.
        versions: Vec<u16>,
    },
    /// This connection is a link's socket: batches follow, both ways.
    Link {
        /// Of which page.
        client: ClientId,
        /// Which of its transports.
        generation: Generation,
    },
    /// A batch of a link. Payload: the batch.
    Batch,
    /// This connection is one request of a link. Payload: its batch. The answer is a `Batch` or `Closed`.
    Exchange {
        /// Of which page.
        client: ClientId,
        /// Which of its transports.
        generation: Generation,
        /// Which of its two requests.
        lane: Lane,
        /// The request's number in its lane.
        seq: u64,
        /// How long it may be held, milliseconds.
        hold_ms: u32,
    },
    /// A question. Payload: `head` bytes of JSON (`Request`), then raw bytes.
    Ask {
        /// Comes back with the answer. Answers come in any order.
        number: u64,
        /// Length of the JSON.
        head: u32,
    },
}

/// From the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromKeeper {
    /// The first frame of every connection.
    Hello {
        /// The version that is spoken from here on; 0 = none is spoken by both, and this is the end.
        version: u16,
        /// This life of the sessions.
        server: ServerId,
        /// The keeper's process.
        pid: u32,
        /// Which program it runs: see [`crate::program::Program::identity`].
        program: String,
    },
    /// A batch of a link. Payload: the batch.
    Batch,
    /// The link is closed. Payload: why, as JSON (`LinkError`).
    Closed,
    /// An answer. Payload: `head` bytes of JSON (`Result<Answer, Failure>`), then raw bytes.
    Answer {
        /// The question's number.
        number: u64,
        /// Length of the JSON.
        head: u32,
    },
}

impl Frame for ToKeeper {
    const KNOWN: u32 = 5;
    const OPEN: Option<u32> = None;
}

impl Frame for FromKeeper {
    const KNOWN: u32 = 4;
    const OPEN: Option<u32> = None;
}
