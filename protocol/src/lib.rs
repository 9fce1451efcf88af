//! The link's language: ids, frames, limits, and the pure state machines of both ends.
//!
//! Knows nobody: no IO, no clock, no randomness, no async. Time enters as milliseconds given by the
//! caller, random ids as arguments. What a frame looks like on the wire is decided here and nowhere
//! else; frames are added, never changed (`tests/it/fixtures.rs` pins their bytes).
//!
//! - [`ids`]: newtypes for everything that is named;
//! - [`frame`]: what both ends say;
//! - [`codec`]: how a batch of frames is written and read;
//! - [`http`]: header names and bodies' conventions of the polling transport;
//! - [`limits`]: every bound of the link, with its reason;
//! - [`input`]: keystrokes exactly once (sender and receiver halves);
//! - [`window`]: how much a viewer may have in flight;
//! - [`client`]: the client end as one state machine;
//! - [`port`]: what the page and its link say to each other.

pub mod client;
pub mod codec;
pub mod frame;
pub mod http;
pub mod ids;
pub mod input;
pub mod limits;
pub mod port;
pub mod window;

pub use frame::{ClientFrame, ServerFrame};
pub use ids::{ClientId, Generation, LogId, LogPosition, SessionId};
