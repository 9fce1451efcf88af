//! What this page changed in the workspace and the server doesn't have yet. Saves are serial; when
//! somebody else saved first, their workspace is taken and our changes are made again on it: every change
//! is harmless where its tab is gone. A save whose answer was lost is known by what it saved: two panes that
//! were exchanged are not exchanged back.

use std::collections::VecDeque;

use bowline_protocol::SessionId;

use crate::workspace::{Beside, Pane, Preset, Tab, Target, View, Workspace, WorkspaceReply, Zoom};

/// Most saves without an answer that are remembered; of more, the oldest is taken as lost.
const UNANSWERED: usize = 8;

/// One change of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Adds a tab and shows it.
    Add(Tab),
    /// Adds a tab unless there is one: two pages opened on an empty workspace make one tab.
    AddFirst(Tab),
    /// Takes a tab out.
    Close(String),
    /// Puts a new pane beside another and uses it. Where that one is gone, it gets a tab of its own.
    Split(Beside, Pane),
    /// Takes a pane out, and its tab with it when it was the only one.
    ClosePane(String),
    /// Uses a pane and shows its tab.
    Focus(String),
    /// Moves a pane and uses it.
    Move(String, Target),
    /// Gives a tab's pane in use all the room, or takes it back.
    Zoom(String, Zoom),
    /// Moves the divider of a split.
    Resize(String, u16),
    /// Gives the panes of a tab equal sizes.
    Equalise(String),
    /// Chooses how panes are shown, or goes by the setting.
    View(Option<View>),
    /// Chooses the size of the grid, or goes by the number of panes.
    Preset(Option<Preset>),
    /// Keeps the grid's slots as they are, before one becomes empty.
    SettleGrid,
    /// Brings a pane on screen in the grid, instead of another.
    Reveal(String, Option<String>),
    /// Puts a pane into a slot of the grid.
    Slot(String, usize),
    /// Moves a tab so that it stands at a place in the bar.
    MoveTab(String, usize),
    /// Names a tab.
    Rename {
        /// Which.
        tab: String,
        /// Its name; empty takes it away.
        name: String,
    },
    /// Shows a tab.
    Activate(String),
    /// Lets a pane show a session.
    Show {
        /// Which pane.
        pane: String,
        /// Which session.
        session: SessionId,
    },
}

impl Change {
    fn apply(&self, workspace: &mut Workspace) {
        match self {
            Self::Add(tab) => workspace.add(tab.clone()),
            Self::AddFirst(tab) if workspace.tabs.is_empty() => workspace.add(tab.clone()),
            Self::AddFirst(_) => {}
            Self::Close(tab) => drop(workspace.close(tab)),
            Self::Split(beside, pane) => workspace.split(beside, pane.clone()),
            Self::ClosePane(pane) => drop(workspace.close_pane(pane)),
            Self::Focus(pane) => workspace.focus(pane),
            Self::Move(pane, target) => workspace.move_pane(pane, target),
            Self::Zoom(tab, zoom) => workspace.zoom(tab, *zoom),
            Self::Resize(split, ratio) => workspace.resize(split, *ratio),
            Self::Equalise(tab) => workspace.equalise(tab),
            Self::View(view) => workspace.choose_view(*view),
            Self::Preset(preset) => workspace.choose_preset(*preset),
            Self::SettleGrid => workspace.settle_grid(),
            Self::Reveal(pane, instead_of) => workspace.reveal(pane, instead_of.as_deref()),
            Self::Slot(pane, slot) => workspace.put_into_slot(pane, *slot),
            Self::MoveTab(tab, to) => workspace.move_to(tab, *to),
            Self::Rename { tab, name } => workspace.rename(tab, name),
            Self::Activate(tab) => workspace.activate(tab),
            Self::Show { pane, session } => workspace.show(pane, Some(*session)),
        }
    }
}

/// The page's account with the server.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    revision: u64,
    pending: Vec<Change>,
    /// How many of `pending` are in the save under way.
    saving: Option<usize>,
    /// What was sent since `pending` last became shorter, and how many of its changes are in it.
    unanswered: VecDeque<(usize, Workspace)>,
    /// The newest revision somebody told us of.
    announced: u64,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Save the workspace as it is, on this revision.
    Save(u64),
    /// Read the workspace: somebody else changed it.
    Fetch,
    /// Nothing.
    Rest,
}

impl Ledger {
    /// Starts from what the server rendered.
    pub(crate) fn new(revision: u64) -> Self {
        Self {
            revision,
            ..Self::default()
        }
    }

    /// Makes a change here; it will be saved.
    pub(crate) fn change(&mut self, workspace: &mut Workspace, change: Change) {
        change.apply(workspace);
        self.pending.push(change);
    }

    /// Asked after every step. A save counts as begun once it is answered here.
    pub(crate) fn next(&mut self) -> Next {
        if self.saving.is_some() {
            Next::Rest
        } else if self.announced > self.revision {
            Next::Fetch
        } else if self.pending.is_empty() {
            Next::Rest
        } else {
            self.saving = Some(self.pending.len());
            Next::Save(self.revision)
        }
    }

    /// This goes to the server, with all that is pending in it.
    pub(crate) fn sent(&mut self, workspace: Workspace) {
        if self.unanswered.len() == UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.pending.len(), workspace));
    }

    /// The save under way was taken.
    pub(crate) fn saved(&mut self, revision: u64) {
        self.revision = revision;
        let saved = self.saving.take().unwrap_or(0);
        self.settled(saved);
    }

    /// The server has so many of the pending changes.
    fn settled(&mut self, count: usize) {
        self.pending.drain(..count);
        self.unanswered.clear();
    }

    /// The save under way failed for no fault of its own; the changes wait.
    pub(crate) fn failed(&mut self) {
        self.saving = None;
    }

    /// The server will never take what is pending; it is given up.
    pub(crate) fn refused(&mut self) {
        self.saving = None;
        self.settled(self.pending.len());
    }

    /// Somebody saved this revision.
    pub(crate) fn announced(&mut self, revision: u64) {
        self.announced = self.announced.max(revision);
    }

    /// Whether the server may lack something: it waits, or its save is not answered yet.
    #[cfg(any(test, feature = "hydrate"))]
    pub(crate) fn owes(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The revision that this page goes by.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// A workspace that was asked for at one revision came as another: whether it is to be taken. Not
    /// when a save overtook it: then it may be older than what is here.
    pub(crate) fn fetched(&mut self, asked_at: u64, came_as: u64) -> bool {
        if self.saving.is_some() || self.revision != asked_at {
            return false;
        }
        // What was announced is not there (any more): asking again would bring the same.
        self.announced = self.announced.min(came_as);
        came_as != asked_at
    }

    /// Takes the server's workspace and makes our pending changes again on it. The tab shown here stays,
    /// where it still exists, and so do the panes in use: which ones another page uses is its own affair.
    pub(crate) fn adopt(&mut self, workspace: &mut Workspace, current: WorkspaceReply) {
        self.saving = None;
        self.revision = current.revision;
        self.announced = current.revision;
        let mut newest_first = self.unanswered.iter().rev();
        let taken = newest_first.find(|(_, sent)| *sent == current.workspace);
        self.settled(taken.map_or(0, |(count, _)| *count));
        let before = std::mem::replace(workspace, current.workspace);
        for change in &self.pending {
            change.apply(workspace);
        }
        for tab in before.tabs {
            workspace.keep_focus(&tab.id, &tab.focused);
        }
        if let Some(shown) = before.active {
            workspace.activate(&shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Side;
    use crate::workspace::tests::{beside, pane};

    fn tab(id: &str) -> Tab {
        crate::workspace::tests::tab(id, &format!("pane-{id}"))
    }

    fn shown(workspace: &Workspace) -> String {
        let ids: Vec<_> = workspace.tabs.iter().map(|tab| tab.id.as_str()).collect();
        format!(
            "{} @{}",
            ids.join(" "),
            workspace.active.as_deref().unwrap_or("-")
        )
    }

    fn reply(revision: u64, ids: &str) -> WorkspaceReply {
        let mut workspace = Workspace::default();
        ids.split(' ').for_each(|id| workspace.add(tab(id)));
        WorkspaceReply {
            revision,
            workspace,
        }
    }

    #[test]
    fn saves_are_serial_and_later_changes_follow() {
        let (mut ledger, mut workspace) = (Ledger::new(4), Workspace::default());
        assert_eq!(ledger.next(), Next::Rest);
        ledger.change(&mut workspace, Change::Add(tab("a")));
        assert_eq!(ledger.next(), Next::Save(4));
        ledger.change(&mut workspace, Change::Add(tab("b")));
        assert_eq!(ledger.next(), Next::Rest);
        ledger.saved(5);
        assert_eq!(ledger.next(), Next::Save(5));
        assert!(ledger.owes());
        ledger.saved(6);
        assert!(!ledger.owes());
        assert_eq!(ledger.next(), Next::Rest);
        assert_eq!(shown(&workspace), "a b @b");
    }

    #[test]
    fn a_stale_save_is_made_again_on_the_servers_workspace() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a").workspace);
        ledger.change(&mut workspace, Change::Add(tab("mine")));
        assert_eq!(ledger.next(), Next::Save(1));
        ledger.adopt(&mut workspace, reply(7, "a theirs"));
        assert_eq!(shown(&workspace), "a theirs mine @mine");
        assert_eq!(ledger.next(), Next::Save(7));
    }

    #[test]
    fn what_was_saved_and_not_answered_is_not_done_again() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a b").workspace);
        let exchange = || {
            let (pane, other) = ("pane-a".to_owned(), "pane-b".to_owned());
            Change::Move(pane, Target::Swap(other))
        };
        ledger.change(&mut workspace, exchange());
        assert_eq!(ledger.next(), Next::Save(1));
        ledger.sent(workspace.clone());
        let saved = WorkspaceReply {
            revision: 2,
            workspace: workspace.clone(),
        };
        // It came to the server, and its answer didn't come back; something was done meanwhile.
        ledger.failed();
        ledger.change(&mut workspace, Change::Add(tab("c")));
        let wanted = workspace.clone();
        assert_eq!(ledger.next(), Next::Save(1));
        ledger.sent(workspace.clone());
        ledger.adopt(&mut workspace, saved);
        assert_eq!(workspace, wanted);
        assert_eq!(ledger.next(), Next::Save(2));
        ledger.saved(3);
        assert!(!ledger.owes());

        // Where something else is there, it is.
        ledger.change(&mut workspace, Change::Close("c".to_owned()));
        ledger.next();
        ledger.sent(workspace.clone());
        ledger.failed();
        ledger.adopt(&mut workspace, reply(4, "a b c d"));
        assert_eq!(shown(&workspace), "a b d @b");
        assert_eq!(ledger.next(), Next::Save(4));
    }

    #[test]
    fn another_pages_change_is_fetched_and_the_shown_tab_stays() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a b").workspace);
        workspace.activate("a");
        ledger.announced(2);
        assert_eq!(ledger.next(), Next::Fetch);
        ledger.adopt(&mut workspace, reply(2, "a b c"));
        assert_eq!(shown(&workspace), "a b c @a");
        ledger.announced(3);
        ledger.adopt(&mut workspace, reply(3, "b c"));
        assert_eq!(shown(&workspace), "b c @c");
    }

    #[test]
    fn the_notice_of_our_own_save_fetches_nothing() {
        let (mut ledger, mut workspace) = (Ledger::new(1), Workspace::default());
        ledger.change(&mut workspace, Change::Add(tab("a")));
        ledger.next();
        ledger.announced(2);
        assert_eq!(ledger.next(), Next::Rest);
        ledger.saved(2);
        assert_eq!(ledger.next(), Next::Rest);
    }

    #[test]
    fn an_answer_that_a_save_overtook_is_not_taken() {
        let (mut ledger, mut workspace) = (Ledger::new(1), Workspace::default());
        let asked_at = ledger.revision();
        assert!(ledger.fetched(asked_at, 2));
        assert!(!ledger.fetched(asked_at, 1));
        ledger.change(&mut workspace, Change::Add(tab("a")));
        ledger.next();
        assert!(!ledger.fetched(asked_at, 2));
        ledger.saved(2);
        assert!(!ledger.fetched(asked_at, 1));
    }

    #[test]
    fn a_false_announcement_is_asked_for_once() {
        let mut ledger = Ledger::new(1);
        ledger.announced(9);
        assert_eq!(ledger.next(), Next::Fetch);
        assert!(!ledger.fetched(1, 1));
        assert_eq!(ledger.next(), Next::Rest);
    }

    #[test]
    fn changes_wait_for_a_server_that_is_away() {
        let (mut ledger, mut workspace) = (Ledger::new(1), Workspace::default());
        ledger.change(&mut workspace, Change::Add(tab("a")));
        ledger.next();
        ledger.failed();
        assert_eq!(ledger.next(), Next::Save(1));
        ledger.refused();
        assert_eq!(ledger.next(), Next::Rest);
    }

    #[test]
    fn two_pages_on_an_empty_workspace_make_one_tab() {
        let (mut ledger, mut workspace) = (Ledger::new(0), Workspace::default());
        ledger.change(&mut workspace, Change::AddFirst(tab("mine")));
        ledger.next();
        ledger.adopt(&mut workspace, reply(1, "theirs"));
        assert_eq!(shown(&workspace), "theirs @theirs");
    }

    #[test]
    fn two_pages_that_split_at_once_lose_nothing_and_keep_their_own_focus() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a").workspace);
        let split = |at: &str, name: &str| {
            Change::Split(beside(&format!("pane-{at}"), Side::Right), pane(name))
        };
        ledger.change(&mut workspace, split("a", "mine"));
        ledger.next();
        let mut theirs = reply(2, "a");
        let mut beside = beside("pane-a", Side::Down);
        "their split".clone_into(&mut beside.split);
        theirs.workspace.split(&beside, pane("theirs"));
        ledger.adopt(&mut workspace, theirs);
        assert_eq!(workspace.check(), Ok(()));
        let panes: Vec<_> = workspace.panes().map(|pane| pane.id.as_str()).collect();
        assert_eq!(panes, ["pane-a", "mine", "theirs"]);
        assert_eq!(workspace.tabs[0].focused, "mine");

        // And where the other page closed what was split, the new pane is kept all the same.
        ledger.adopt(&mut workspace, reply(3, "b"));
        let panes: Vec<_> = workspace.panes().map(|pane| pane.id.as_str()).collect();
        assert_eq!(panes, ["pane-b", "mine"]);
    }

    #[test]
    fn changes_of_a_pane_that_is_gone_do_nothing() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a b").workspace);
        let gone = || "pane-b".to_owned();
        let beside = beside("pane-b", Side::Up);
        for change in [
            Change::Focus(gone()),
            Change::Move(gone(), Target::NewTab("new".to_owned())),
            Change::Move("pane-a".to_owned(), Target::Swap(gone())),
            Change::Move("pane-a".to_owned(), Target::Beside(beside)),
            Change::Zoom("b".to_owned(), Zoom::On),
            Change::Resize("split-b".to_owned(), 300),
            Change::Equalise("b".to_owned()),
            Change::ClosePane(gone()),
        ] {
            ledger.change(&mut workspace, change);
        }
        ledger.next();
        ledger.adopt(&mut workspace, reply(2, "a"));
        assert_eq!(workspace, reply(2, "a").workspace);
    }

    #[test]
    fn changes_of_a_tab_that_is_gone_do_nothing() {
        let (mut ledger, mut workspace) = (Ledger::new(1), reply(1, "a b").workspace);
        let name = "x".to_owned();
        let tab = "b".to_owned();
        ledger.change(&mut workspace, Change::Rename { tab, name });
        ledger.change(&mut workspace, Change::Activate("b".to_owned()));
        ledger.change(&mut workspace, Change::Close("b".to_owned()));
        ledger.next();
        ledger.adopt(&mut workspace, reply(2, "a"));
        assert_eq!(shown(&workspace), "a @a");
    }
}
