//! Times of the client's machine, in one place so that tests can shorten them. Milliseconds throughout.

use serde::{Deserialize, Serialize};

/// When the client gives up on one way and tries another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A socket not open after this long is refused, as far as we care.
    pub socket_open_ms: u64,
    /// A socket on which the server hasn't answered the greeting after this long carries nothing: polling begins.
    pub first_word_ms: u64,
    /// A cut sooner than this after opening is an early one.
    pub early_cut_ms: u64,
    /// This many early cuts in a row mean that the way doesn't carry sockets.
    pub early_cuts: u32,
    /// While polling, the socket is tried again after this long …
    pub probe_ms: u64,
    /// … doubling up to this.
    pub probe_max_ms: u64,
    /// The hold a poll asks for at first.
    pub poll_hold_ms: u32,
    /// Silence of a socket before it is asked whether it lives: one and a half keep-alives.
    pub silence_ms: u64,
    /// Time a socket has to answer that.
    pub pong_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            socket_open_ms: 3_000,
            // Before the server gives up on a socket that greets nobody.
            first_word_ms: 6_000,
            early_cut_ms: 10_000,
            early_cuts: 3,
            probe_ms: 30_000,
            probe_max_ms: 300_000,
            poll_hold_ms: crate::limits::POLL_HOLD_MS,
            silence_ms: 30_000,
            pong_ms: 3_000,
        }
    }
}
