//! The server as a whole: the real router on a free port, real shells, real sockets.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

mod api;
mod audit;
mod base_path;
mod chaos;
mod docs;
mod faults;
mod gate;
mod hostile;
mod keepers;
mod lifecycle;
mod link;
mod listen;
mod login;
mod page;
mod recording;
mod signals;
mod status;
mod support;
mod upload;
mod visit;
