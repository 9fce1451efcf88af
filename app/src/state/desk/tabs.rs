//! The desk's part about tabs: what each shows, opening, closing, moving and naming them.

use bowline_protocol::SessionId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Change, Desk, fresh_tab};
use crate::functions;
use crate::state::face::{Face, Output};
use crate::state::toasts::Tone;
use crate::text;
use crate::workspace::{Pane, Step, Tab, Workspace};

impl Desk {
    /// What a tab shows of its sessions, tracked: the name of the one in use, and what is most urgent of
    /// all. Only a pane that isn't on screen has output to see.
    pub(crate) fn face(self, tab: &str) -> Face {
        self.workspace.with(|workspace| {
            let Some(tab) = workspace.tab(tab) else {
                return Face::default();
            };
            let output = |pane: &Pane| {
                let unseen = |session: SessionId| self.unseen.with(|all| all.contains(&session));
                let news = pane.session.is_some_and(unseen) && self.rect(&pane.id).is_none();
                match news {
                    true => Output::Unseen,
                    false => Output::Seen,
                }
            };
            self.sessions.with(|sessions| {
                let row = |pane: &Pane| {
                    let mut rows = sessions.iter();
                    rows.find(|row| Some(row.session_id) == pane.session)
                };
                let front = tab.focused_pane();
                let face = Face::of(tab, row(front), output(front));
                let others = tab.panes().into_iter().filter(|pane| pane.id != front.id);
                others.fold(face, |face, pane| face.beside(row(pane), output(pane)))
            })
        })
    }

    /// The name a tab is shown by, tracked.
    pub(crate) fn name(self, tab: &str) -> String {
        self.face(tab).name
    }

    /// Whether this page starts programs; says so where it doesn't.
    pub(super) fn may_start(self) -> bool {
        let reads = self.only_reads.get_untracked();
        if reads {
            let text = "This page is read only: it starts no program.".to_owned();
            self.toasts.say(Tone::Info, text);
        }
        !reads
    }

    /// Adds a tab with a shell of its own.
    pub(crate) fn new_tab(self) {
        if self.may_start() {
            self.add_tab(None);
        }
    }

    pub(super) fn add_tab(self, session: Option<SessionId>) {
        let before = untrack(|| self.focused_pane());
        self.change(Change::Add(fresh_tab(session)));
        self.reveal(before);
        self.focus();
    }

    /// Makes sure that there is a tab, once it is known that there is none.
    pub(crate) fn ensure_tab(self) {
        let may = !self.only_reads.get_untracked() && self.known.get_value();
        if may && self.peek(|workspace| workspace.tabs.is_empty()) {
            self.change(Change::AddFirst(fresh_tab(None)));
        }
    }

    /// Closes a tab with all its panes. Their sessions go on; the last tab is replaced by a fresh one.
    pub(crate) fn close_tab(self, tab: &str) {
        let sessions: Vec<_> = self.peek(|workspace| {
            let panes = workspace.tab(tab).map(Tab::panes).unwrap_or_default();
            panes.iter().filter_map(|pane| pane.session).collect()
        });
        let running = self.running_of(&sessions);
        if running > 0 {
            let name = untrack(|| self.name(tab));
            self.toasts.say(Tone::Info, text::detached(&name, running));
        }
        self.settle_grid();
        self.change(Change::Close(tab.to_owned()));
        self.ensure_tab();
        self.focus();
    }

    /// Shows a tab and puts the keyboard into it.
    pub(crate) fn activate(self, tab: &str) {
        self.select(tab);
        self.focus();
    }

    /// Shows a tab; the keyboard stays where it is.
    pub(crate) fn select(self, tab: &str) {
        self.settle_keyboard();
        if self.peek(|workspace| workspace.active.as_deref() != Some(tab)) {
            let before = untrack(|| self.focused_pane());
            self.change(Change::Activate(tab.to_owned()));
            self.reveal(before);
        }
    }

    /// Moves the tab shown along the bar, not beyond its ends.
    pub(crate) fn shift_tab(self, step: Step) {
        let at = self.peek(|workspace| {
            let tab = workspace.active.clone()?;
            Some((workspace.position(&tab)?, tab))
        });
        if let Some((at, tab)) = at {
            let to = match step {
                Step::Next => at + 1,
                Step::Previous => at.saturating_sub(1),
            };
            self.move_tab(&tab, to);
        }
    }

    /// Moves a tab to a place in the bar.
    pub(crate) fn move_tab(self, tab: &str, to: usize) {
        let last = self
            .peek(|workspace| workspace.tabs.len())
            .saturating_sub(1);
        let to = to.min(last);
        if self
            .peek(|workspace| workspace.position(tab))
            .is_some_and(|at| at != to)
        {
            self.change(Change::MoveTab(tab.to_owned(), to));
        }
    }

    /// Shows the tab that a step leads to.
    pub(crate) fn step(self, step: impl FnOnce(&mut Workspace)) {
        let mut after = self.workspace.get_untracked();
        step(&mut after);
        if let Some(tab) = after.active {
            self.activate(&tab);
        }
    }

    /// Names a tab, and the session of its only pane with it, so that the picker shows the same name.
    pub(crate) fn rename(self, tab: &str, name: &str) {
        self.renaming.set(None);
        let session = self.peek(|workspace| match workspace.tab(tab)?.panes()[..] {
            [only] => only.session,
            _ => None,
        });
        let label = name.trim().to_owned();
        if untrack(|| self.name(tab)) != label {
            self.change(Change::Rename {
                tab: tab.to_owned(),
                name: label.clone(),
            });
            if let (Some(session), false) = (session, label.is_empty()) {
                spawn_local(async move {
                    // The tab has its name either way; a session that is gone needs none.
                    let _ = functions::rename_session(session, label).await;
                    self.refresh_sessions();
                });
            }
        }
        self.focus();
    }
}
