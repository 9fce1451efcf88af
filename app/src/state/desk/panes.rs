//! The desk's part about panes: splitting, closing, moving, which of them is in use and where they are on the
//! page. The model decides what becomes of them; here it is changed, saved, and told where it can't be.

use bowline_protocol::SessionId;
use leptos::prelude::*;

use super::{Change, Desk, fresh_id};
use crate::functions::sessions::State;
use crate::state::toasts::Tone;
use crate::text;
use crate::workspace::layout::{of_tab, of_tree};
use crate::workspace::{
    Beside, Layout, Pane, Rect, SHARES, Side, Step, Target, View, Workspace, Zoom,
};

/// A divider that is being dragged, and where it is: nobody keeps that before it is let go.
pub(super) type Stretch = RwSignal<Option<(String, u16)>>;

/// Where everything is.
pub(super) fn layout(
    workspace: RwSignal<Workspace>,
    stretch: Stretch,
    default_view: View,
) -> Memo<Layout> {
    let of_active = move |workspace: &Workspace| {
        let tab = workspace.active_tab();
        stretch.with(|stretch| tab.map(|tab| of_tab(tab, stretch.as_ref())))
    };
    Memo::new(move |_| {
        workspace.with(|workspace| match workspace.view.unwrap_or(default_view) {
            View::Tabs => of_active(workspace).unwrap_or_default(),
            View::Grid => workspace.grid_layout(),
        })
    })
}

impl Desk {
    /// Reads what is to be seen of panes, tracked.
    pub(crate) fn with_layout<T>(self, read: impl FnOnce(&Layout) -> T) -> T {
        self.layout.with(read)
    }

    /// Where a pane is, if it is to be seen, tracked.
    pub(crate) fn rect(self, pane: &str) -> Option<Rect> {
        self.layout.with(|layout| layout.rect(pane))
    }

    /// Whether panes have heads: where there are several, tracked.
    pub(crate) fn has_heads(self) -> bool {
        if self.view() == View::Grid {
            return true;
        }
        let several = |workspace: &Workspace| {
            let tab = workspace.active_tab();
            tab.is_some_and(|tab| tab.panes().len() > 1)
        };
        self.with(several)
    }

    /// The pane in use, tracked.
    pub(crate) fn focused_pane(self) -> Option<String> {
        self.with(|workspace| workspace.focused_pane().map(|pane| pane.id.clone()))
    }

    /// What a pane is called, tracked.
    pub(crate) fn pane_name(self, pane: &str) -> String {
        let session = self.with(|workspace| workspace.pane(pane)?.session);
        self.sessions.with(|rows| {
            let row = rows.iter().find(|row| Some(row.session_id) == session);
            text::session_name(None, row)
        })
    }

    /// Uses a pane and puts the keyboard into it.
    pub(crate) fn focus_pane(self, pane: &str) {
        self.choose_pane(pane);
        self.focus();
    }

    /// Uses a pane; the keyboard stays where it is.
    pub(crate) fn choose_pane(self, pane: &str) {
        let already = self.peek(|workspace| {
            let focused = workspace.focused_pane();
            focused.is_none_or(|focused| focused.id == pane)
        });
        if !already {
            let before = untrack(|| self.focused_pane());
            self.change(Change::Focus(pane.to_owned()));
            self.reveal(before);
        }
    }

    /// Puts a new terminal beside the pane in use.
    pub(crate) fn split(self, side: Side) {
        if let Some(pane) = untrack(|| self.focused_pane()) {
            self.split_pane(&pane, side);
        }
    }

    /// Puts a new terminal beside a pane.
    pub(crate) fn split_pane(self, pane: &str, side: Side) {
        if !self.may_start() {
            return;
        }
        if let Err(full) = self.peek(|workspace| workspace.room_beside(pane)) {
            return self
                .toasts
                .say(Tone::Info, text::sentence(&full.to_string()));
        }
        let beside = Beside {
            pane: pane.to_owned(),
            side,
            split: fresh_id("split"),
        };
        let before = untrack(|| self.focused_pane());
        self.change(Change::Split(beside, fresh_pane(None)));
        self.reveal(before);
        self.focus();
    }

    /// Closes a pane, and its tab with it when it is the only one. Its session goes on.
    pub(crate) fn close_pane(self, pane: &str) {
        let tab = self.peek(|workspace| {
            let tab = workspace.tab_with(pane)?;
            (tab.panes().len() == 1).then(|| tab.id.clone())
        });
        if let Some(tab) = tab {
            return self.close_tab(&tab);
        }
        let session = self.peek(|workspace| workspace.pane(pane)?.session);
        if self.running_of(session.as_slice()) > 0 {
            let name = untrack(|| self.pane_name(pane));
            self.toasts.say(Tone::Info, text::detached(&name, 1));
        }
        self.settle_grid();
        self.change(Change::ClosePane(pane.to_owned()));
        self.focus();
    }

    /// Closes the pane in use.
    pub(crate) fn close_focused(self) {
        if let Some(pane) = untrack(|| self.focused_pane()) {
            self.close_pane(&pane);
        }
    }

    /// Uses the pane in a direction.
    pub(crate) fn go(self, side: Side) {
        let Some(pane) = untrack(|| self.focused_pane()) else {
            return;
        };
        // By where it would be: a zoomed pane has neighbours all the same.
        let grid = self.is_grid();
        let next = self.peek(|workspace| {
            let layout = match workspace.active_tab() {
                Some(tab) if !grid => of_tree(&tab.root),
                _ => workspace.whole_grid(),
            };
            layout.neighbour(&pane, side).map(str::to_owned)
        });
        if let Some(next) = next {
            self.focus_pane(&next);
        }
    }

    /// Uses the next terminal: in a grid the next one there; else the next pane of the tab, and behind the
    /// last one the first of the next tab.
    pub(crate) fn next_terminal(self) {
        let onward = self.peek(|workspace| {
            let tab = workspace.active_tab()?;
            let last = tab.panes().last().map(|pane| pane.id == tab.focused)?;
            let mut after = workspace.clone();
            after.next();
            let first = after.active_tab()?.panes().first()?.id.clone();
            last.then_some(first)
        });
        match onward {
            Some(first) if untrack(|| self.view()) == View::Tabs => self.focus_pane(&first),
            _ => self.step_pane(Step::Next),
        }
    }

    /// Uses the next pane of the tab, or the one before.
    pub(crate) fn step_pane(self, step: Step) {
        let grid = self.is_grid();
        let next = self.peek(|workspace| {
            let next = match grid {
                true => workspace.slot_at_step(step),
                false => workspace.pane_at_step(step),
            };
            next.map(str::to_owned)
        });
        if let Some(next) = next {
            self.focus_pane(&next);
        }
    }

    /// Gives a pane all the room of its tab, or takes it back.
    pub(crate) fn toggle_zoom(self, pane: &str) {
        let tab = self.peek(|workspace| {
            let tab = workspace.tab_with(pane)?;
            Some((tab.id.clone(), tab.zoom))
        });
        let Some((tab, zoom)) = tab.filter(|_| untrack(|| self.has_heads())) else {
            return;
        };
        let zoom = match zoom {
            Zoom::Off => Zoom::On,
            Zoom::On => Zoom::Off,
        };
        self.choose_pane(pane);
        self.change(Change::Zoom(tab, zoom));
        self.focus();
    }

    /// Gives the panes of the tab shown equal sizes.
    pub(crate) fn equalise(self) {
        if let Some(tab) = self.peek(|workspace| workspace.active.clone()) {
            self.change(Change::Equalise(tab));
        }
    }

    /// Moves a pane.
    pub(crate) fn move_pane(self, pane: &str, target: Target) {
        self.change(Change::Move(pane.to_owned(), target));
        self.focus();
    }

    /// Moves a pane into a tab of its own.
    pub(crate) fn move_to_new_tab(self, pane: &str) {
        self.move_pane(pane, Target::NewTab(fresh_id("tab")));
    }

    /// Moves a divider for as long as it is dragged.
    pub(crate) fn stretch(self, split: &str, ratio: u16) {
        let ratio = ratio.clamp(*SHARES.start(), *SHARES.end());
        self.stretch.set(Some((split.to_owned(), ratio)));
    }

    /// Keeps the divider where it was dragged.
    pub(crate) fn stretched(self) {
        if let Some((split, ratio)) = self.stretch.get_untracked() {
            // Kept first: nothing jumps back in between.
            self.resize(&split, ratio);
            self.stretch.set(None);
        }
    }

    /// Moves a divider.
    pub(crate) fn resize(self, split: &str, ratio: u16) {
        let ratio = ratio.clamp(*SHARES.start(), *SHARES.end());
        let now = self.peek(|workspace| {
            let mut tabs = workspace.tabs.iter();
            tabs.find_map(|tab| tab.root.split(split))
                .map(|split| split.ratio)
        });
        if now.is_some_and(|now| now != ratio) {
            self.change(Change::Resize(split.to_owned(), ratio));
        }
    }

    /// Moves the nearest divider so that the pane in use grows to a side, or where there is none, shrinks
    /// from the other.
    pub(crate) fn push_divider(self, side: Side) {
        let Some(pane) = untrack(|| self.focused_pane()) else {
            return;
        };
        let found = self
            .layout
            .with_untracked(|layout| layout.divider_of(&pane, side.axis()).cloned());
        if let Some(divider) = found {
            let ratio = match side.is_first() {
                true => divider.ratio.saturating_sub(STEP),
                false => divider.ratio.saturating_add(STEP),
            };
            self.resize(&divider.split, ratio);
        }
    }

    /// How many of these sessions run.
    pub(super) fn running_of(self, sessions: &[SessionId]) -> usize {
        let runs = |row: &&crate::functions::sessions::SessionRow| {
            sessions.contains(&row.session_id) && row.state != State::Exited
        };
        self.sessions
            .with_untracked(|rows| rows.iter().filter(runs).count())
    }
}

/// How far a key moves a divider, of 1,000.
pub(crate) const STEP: u16 = 20;

/// A pane that no other page makes.
pub(super) fn fresh_pane(session: Option<SessionId>) -> Pane {
    Pane {
        id: fresh_id("pane"),
        session,
    }
}
