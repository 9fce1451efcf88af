//! The page's state and what can be done with it: tabs, overlays, names, the session list. Views read its
//! signals and call its methods. Talks to the server by server functions only, and only in the browser;
//! the link and terminals are `panes`'.

use leptos::prelude::*;

mod drag;
mod grid;
mod hearing;
mod moving;
mod panes;
mod saving;
mod sessions;
mod tabs;

use super::gesture::Point;
use super::held::Held;
use super::known::Known;
use super::later::Later;
use super::ledger::{Change, Ledger};
use super::paste::Pasting;
use super::search::Searching;
use super::seed::Seed;
use super::settings::Taste;
use super::toasts::Toasts;
use super::uploads::Uploads;
use super::welcome::Welcome;
use crate::functions::sessions::SessionRow;
use crate::workspace::{Layout, Tab, View, Workspace};
use bowline_protocol::SessionId;
pub(crate) use drag::Dragging;
pub(crate) use grid::Slot;
use hearing::Pace;
pub(crate) use panes::STEP;
use panes::{Stretch, fresh_pane};

/// What lies over the terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// The session picker.
    Sessions,
    /// The key table.
    Shortcuts,
    /// The question before a paste.
    Paste,
    /// The command palette.
    Palette,
    /// The list of tabs.
    FindTab,
    /// The settings.
    Settings,
    /// The link's details.
    Connection,
    /// Dictation.
    Dictation,
}

/// Where the keyboard is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyboard {
    /// Where it is.
    Settled,
    /// In the terminal in use, which doesn't have it yet.
    Wanted,
}

/// The page's state. In context, copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    workspace: RwSignal<Workspace>,
    /// A divider that is being dragged.
    stretch: Stretch,
    /// How panes are shown where nobody chose.
    default_view: View,
    /// Where panes and dividers are.
    layout: Memo<Layout>,
    ledger: StoredValue<Ledger>,
    /// The server's workspace is known: an empty one is really empty.
    known: StoredValue<bool>,
    heard: StoredValue<Known>,
    pace: StoredValue<Pace>,
    /// What is known of sessions, as last shown.
    sessions: RwSignal<Vec<SessionRow>>,
    /// Sessions with output that nobody at this page has seen.
    unseen: RwSignal<Vec<SessionId>>,
    /// Sessions that this page only looks at.
    reads: RwSignal<Vec<SessionId>>,
    /// It only looks at all of them: the address says so.
    only_reads: RwSignal<bool>,
    /// Whether the server knows of a Databricks workspace.
    pub(crate) has_workspace: bool,
    /// What lies over the terminals.
    pub(crate) overlay: RwSignal<Option<Overlay>>,
    /// The tab whose name is being edited.
    pub(crate) renaming: RwSignal<Option<String>>,
    /// What the user likes. Also in context by itself.
    pub(crate) taste: Taste,
    /// The pane that is searched.
    pub(crate) searching: Searching,
    /// Where the menu of a terminal is open.
    pub(crate) menu: RwSignal<Option<Point>>,
    /// The pane over which something is dragged from outside.
    pub(crate) drop_target: RwSignal<Option<String>>,
    /// The pane or tab that is dragged about the page.
    pub(crate) dragging: Dragging,
    /// Files on their way to the server.
    pub(crate) uploads: Uploads,
    /// What is pasted.
    pub(crate) pasting: Pasting,
    /// The first-run hints.
    pub(crate) welcome: RwSignal<Welcome>,
    /// What comes behind the first prompt.
    pub(crate) later: Later,
    /// Messages.
    pub(crate) toasts: Toasts,
    /// Whether the keyboard is to go into the terminal in use.
    pub(crate) keyboard: RwSignal<Keyboard>,
    /// Modifiers that fingers hold down for the next key.
    pub(crate) held: RwSignal<Held>,
    /// Where something is offered for what a finger has selected.
    pub(crate) touch_menu: RwSignal<Option<Point>>,
}

impl Desk {
    /// Starts from what the server rendered.
    pub(crate) fn new(seed: Seed) -> Self {
        let heard = Known::new(seed.sessions);
        let workspace = RwSignal::new(seed.workspace.workspace);
        let stretch = RwSignal::new(None);
        Self {
            layout: panes::layout(workspace, stretch, seed.default_view),
            default_view: seed.default_view,
            workspace,
            stretch,
            sessions: RwSignal::new(heard.rows()),
            unseen: RwSignal::new(Vec::new()),
            heard: StoredValue::new(heard),
            pace: StoredValue::new(Pace::Free),
            known: StoredValue::new(seed.known),
            ledger: StoredValue::new(Ledger::new(seed.workspace.revision)),
            reads: RwSignal::new(Vec::new()),
            only_reads: RwSignal::new(false),
            has_workspace: seed.has_workspace,
            overlay: RwSignal::new(None),
            renaming: RwSignal::new(None),
            taste: Taste::new(),
            searching: Searching::new(),
            menu: RwSignal::new(None),
            drop_target: RwSignal::new(None),
            dragging: Dragging::new(),
            uploads: Uploads::new(seed.upload_limit),
            pasting: Pasting::new(),
            welcome: RwSignal::new(Welcome::Away),
            later: Later::new(),
            toasts: Toasts::new(),
            keyboard: RwSignal::new(Keyboard::Wanted),
            held: RwSignal::new(Held::default()),
            touch_menu: RwSignal::new(None),
        }
    }

    /// Reads the workspace, tracked.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Workspace) -> T) -> T {
        self.workspace.with(read)
    }

    /// Reads the workspace for an action.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&Workspace) -> T) -> T {
        self.workspace.with_untracked(read)
    }

    /// Puts the keyboard into the terminal in use, as soon as that can be. What is typed from now on is for
    /// that terminal.
    pub(crate) fn focus(self) {
        self.keyboard.set(Keyboard::Wanted);
    }

    /// The keyboard is where it was wanted, or is needed elsewhere. Wakes nobody: only a wish is news.
    pub(crate) fn settle_keyboard(self) {
        self.keyboard
            .update_untracked(|keyboard| *keyboard = Keyboard::Settled);
    }

    /// Opens an overlay, or closes it if it is open.
    pub(crate) fn toggle(self, overlay: Overlay) {
        let next = (self.overlay.get_untracked() != Some(overlay)).then_some(overlay);
        self.overlay.set(next);
        if next.is_none() {
            self.focus();
        }
    }
}

/// What is typed.
#[cfg(feature = "hydrate")]
impl Desk {
    /// Whether something over the terminals has the keyboard.
    pub(crate) fn keyboard_is_elsewhere(self) -> bool {
        self.overlay.get_untracked().is_some()
            || self.renaming.get_untracked().is_some()
            || self.menu.get_untracked().is_some()
    }

    /// What typed bytes become with what fingers hold down.
    pub(crate) fn typed(self, bytes: Vec<u8>) -> Vec<u8> {
        let held = self.held.get_untracked();
        if held.is_empty() {
            return bytes;
        }
        self.spend_held();
        held.typed(bytes)
    }

    /// A key was pressed: what was held down for one key goes up.
    pub(crate) fn spend_held(self) {
        if !self.held.with_untracked(|held| held.is_empty()) {
            self.held.update(|held| *held = held.spent());
        }
    }
}

/// A tab with a pane of its own.
fn fresh_tab(session: Option<SessionId>) -> Tab {
    Tab::new(fresh_id("tab"), fresh_pane(session))
}

/// An id that no other page draws.
fn fresh_id(kind: &str) -> String {
    let digits: String = random().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-{digits}")
}

#[cfg(feature = "hydrate")]
fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window().crypto() {
        // Fails only for arrays over 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// The server makes no tabs.
#[cfg(not(feature = "hydrate"))]
fn random() -> [u8; 8] {
    [0; 8]
}
