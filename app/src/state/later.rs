//! What the page's later chunk gives once it is there. Knows neither what is in it nor how it is fetched: that is
//! `components::later`'s.

use leptos::prelude::*;

use super::desk::Desk;
use crate::keys::Command;
use crate::panes::Parts;

/// What the chunk gives.
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    /// Makes all that lies over the panes.
    pub(crate) layers: fn(fingers: RwSignal<bool>) -> AnyView,
    /// Makes what is said over a terminal.
    pub(crate) over: fn(Parts) -> AnyView,
    /// Makes the notices about sessions.
    pub(crate) notices: fn() -> AnyView,
    /// Makes the field for a tab's name.
    pub(crate) name: fn(tab: StoredValue<String>, name: String) -> AnyView,
    /// Sends files, and types their paths in a pane.
    #[cfg(feature = "hydrate")]
    pub(crate) upload: fn(Desk, pane: &str, files: &js_sys::Array),
    /// Does a command.
    pub(crate) run: fn(Desk, Command),
}

/// The chunk, as soon as it is there. Part of the desk.
#[derive(Clone, Copy)]
pub(crate) struct Later(RwSignal<Option<Chunk>>);

impl Later {
    /// It isn't there.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// It, tracked.
    pub(crate) fn get(self) -> Option<Chunk> {
        self.0.get()
    }

    /// It is there.
    pub(crate) fn set(self, chunk: Chunk) {
        self.0.set(Some(chunk));
    }
}
