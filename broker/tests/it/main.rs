//! The broker by real sockets, between a client and a workspace that say each byte by themselves.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

mod bodies;
mod bounds;
mod refusals;
mod relay;
mod support;
mod tokens;
