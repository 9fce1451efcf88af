//! The desk's part about the grid: which view is shown, its size, its slots.

use leptos::prelude::*;

use super::{Change, Desk, fresh_tab};
use crate::workspace::{Preset, View};

/// One slot on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nothing is in it.
    Empty,
    /// A pane that is not in use.
    Pane(String),
    /// The pane in use.
    InUse(String),
}

impl Desk {
    /// How panes are shown, tracked.
    pub(crate) fn view(self) -> View {
        self.with(|workspace| workspace.view)
            .unwrap_or(self.default_view)
    }

    /// Whether somebody chose a view, tracked.
    pub(crate) fn chose_view(self) -> bool {
        self.with(|workspace| workspace.view.is_some())
    }

    pub(super) fn is_grid(self) -> bool {
        untrack(|| self.view()) == View::Grid
    }

    /// Tabs to grid and back.
    pub(crate) fn toggle_grid(self) {
        let view = match self.is_grid() {
            true => View::Tabs,
            false => View::Grid,
        };
        self.change(Change::View(Some(view)));
        self.focus();
    }

    /// Goes by the server's setting again, and the grid by the number of panes.
    pub(crate) fn reset_view(self) {
        self.change(Change::Preset(None));
        self.change(Change::View(None));
        self.focus();
    }

    /// Shows the grid in this size, or in one for all panes.
    pub(crate) fn choose_preset(self, preset: Option<Preset>) {
        if !self.is_grid() {
            self.change(Change::View(Some(View::Grid)));
        }
        self.change(Change::Preset(preset));
        self.focus();
    }

    /// What is in the slots on screen, tracked.
    pub(crate) fn slots(self) -> Vec<Slot> {
        self.with(|workspace| {
            let focused = workspace.focused_pane().map(|pane| &pane.id);
            let slots = workspace.slots().into_iter().map(|slot| match slot {
                None => Slot::Empty,
                Some(pane) if Some(&pane.id) == focused => Slot::InUse(pane.id.clone()),
                Some(pane) => Slot::Pane(pane.id.clone()),
            });
            slots.collect()
        })
    }

    /// Opens a terminal in an empty slot.
    pub(crate) fn fill_slot(self, slot: usize) {
        if self.may_start() {
            let tab = fresh_tab(None);
            let pane = tab.focused.clone();
            self.settle_grid();
            self.change(Change::Add(tab));
            self.change(Change::Slot(pane, slot));
            self.focus();
        }
    }

    /// Before a pane goes: its slot stays.
    pub(super) fn settle_grid(self) {
        if self.is_grid() {
            self.change(Change::SettleGrid);
        }
    }

    /// After a pane is used: it is on screen.
    pub(super) fn reveal(self, before: Option<String>) {
        if !self.is_grid() {
            return;
        }
        let hidden = self.peek(|workspace| {
            let focused = workspace.focused_pane()?;
            let arranged = workspace.arrangement();
            let seen = arranged.iter().take(workspace.preset().slots()).flatten();
            let hidden = !seen.into_iter().any(|pane| pane.id == focused.id);
            hidden.then(|| focused.id.clone())
        });
        if let Some(pane) = hidden {
            self.change(Change::Reveal(pane, before));
        }
    }
}
