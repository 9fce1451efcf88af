//! What the page's components see of the link: its state to show, and a handle to attach panes, type
//! and resize. Terminal bytes pass through [`PaneSink`] and never enter signals.
//!
//! The handle itself lives in [`crate::browser`], in the browser only; the state is known on both sides
//! so that the server renders what the browser builds.

/// How the page reaches the server, for people to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkKind {
    /// Not yet connected for the first time.
    #[default]
    Connecting,
    /// By WebSocket.
    WebSocket,
    /// By polling.
    Poll,
    /// Not reachable.
    Offline {
        /// Seconds until the next try, at the moment this state began.
        retry_in_s: u32,
    },
    /// Somebody wants us to sign in.
    Auth,
}

impl LinkKind {
    /// Whether frames go to and fro.
    pub fn is_connected(self) -> bool {
        matches!(self, Self::WebSocket | Self::Poll)
    }

    /// The value of `<html data-link>`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::WebSocket => "websocket",
            Self::Poll => "poll",
            Self::Offline { .. } => "offline",
            Self::Auth => "auth",
        }
    }
}

/// The link's state, for people to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkView {
    /// How the page reaches the server.
    pub kind: LinkKind,
}

/// How good the link is, for people to see.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// What an answer of the server takes, milliseconds.
    pub round_trip_ms: Option<u32>,
    /// Since when the present transport works, by the page's clock.
    pub since_ms: Option<f64>,
    /// How often another was taken since the page was loaded.
    pub reconnects: u32,
}

/// Whether a pane is shown in a visible page. Only then does output stream to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// On screen.
    Shown,
    /// In a hidden tab, or the page is hidden.
    Hidden,
}

/// Whether a pane has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// It has.
    Focused,
    /// Something else has.
    Unfocused,
}

#[cfg(feature = "hydrate")]
pub use crate::browser::link::{
    Attached, ConnectLink, LinkHandle, News, OnMessage, PaneSink, Post, Reason, Snapshot,
};
