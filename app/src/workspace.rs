//! The workspace: which tabs there are, their names and order, and which session each shows. The model
//! is shared by the page (which changes it at once and saves it) and the server (which keeps it).
//! Views and signals are elsewhere; the store that keeps it on disk is [`store`].

use bowline_protocol::SessionId;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod store;

/// Most tabs a workspace may have.
pub const MAX_TABS: usize = 500;
/// Longest id of a tab or pane, bytes.
pub const MAX_ID: usize = 64;
/// Longest name of a tab, bytes.
pub const MAX_NAME: usize = 256;

/// All tabs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Workspace {
    /// In the order of the tab bar.
    #[serde(default)]
    pub tabs: Vec<Tab>,
    /// Id of the tab shown. `None` only without tabs.
    #[serde(default)]
    pub active: Option<String>,
}

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tab {
    /// Unique in the workspace, drawn by the page that made it.
    pub id: String,
    /// What the user called it; otherwise the session's label is shown.
    #[serde(default)]
    pub name: Option<String>,
    /// What it shows.
    pub pane: Pane,
}

/// One place for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane {
    /// Unique in the workspace; the `pane_id` of the session made for it.
    pub id: String,
    /// The session shown.
    #[serde(default)]
    pub session: Option<SessionId>,
}

/// A workspace and the revision it has: the answer to reading and saving it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkspaceReply {
    /// Grows by one with every save.
    pub revision: u64,
    /// The tabs.
    pub workspace: Workspace,
}

/// Why a workspace can't be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// See [`MAX_TABS`].
    #[error("a workspace has at most {MAX_TABS} tabs")]
    TooManyTabs,
    /// See [`MAX_ID`].
    #[error("an id has between 1 and {MAX_ID} bytes")]
    Id,
    /// Two tabs or two panes share an id.
    #[error("the id {0} is used twice")]
    Duplicate(String),
    /// See [`MAX_NAME`].
    #[error("a name has at most {MAX_NAME} bytes")]
    Name,
    /// `active` names no tab.
    #[error("the active tab doesn't exist")]
    Active,
}

impl Workspace {
    /// Where a tab stands.
    pub fn position(&self, tab: &str) -> Option<usize> {
        self.tabs.iter().position(|other| other.id == tab)
    }

    /// A tab by id.
    pub fn tab(&self, tab: &str) -> Option<&Tab> {
        self.tabs.iter().find(|other| other.id == tab)
    }

    /// The tab shown.
    pub fn active_tab(&self) -> Option<&Tab> {
        self.active.as_deref().and_then(|id| self.tab(id))
    }

    /// The tab that shows a session.
    pub fn tab_of(&self, session: SessionId) -> Option<&Tab> {
        self.tabs
            .iter()
            .find(|tab| tab.pane.session == Some(session))
    }

    /// Adds a tab behind the active one and shows it. A tab that is there already is only shown.
    pub fn add(&mut self, tab: Tab) {
        if self.position(&tab.id).is_none() {
            let at = self
                .active
                .as_deref()
                .and_then(|id| self.position(id))
                .map_or(self.tabs.len(), |at| at + 1);
            self.active = Some(tab.id.clone());
            self.tabs.insert(at, tab);
        } else {
            self.active = Some(tab.id);
        }
    }

    /// Takes a tab out. If it was shown, its right neighbour is shown next, or else its left one.
    pub fn close(&mut self, tab: &str) -> Option<Tab> {
        let at = self.position(tab)?;
        let closed = self.tabs.remove(at);
        if self.active.as_deref() == Some(tab) {
            let next = self.tabs.get(at).or_else(|| self.tabs.last());
            self.active = next.map(|tab| tab.id.clone());
        }
        Some(closed)
    }

    /// Gives a tab a name; an empty one takes it away, a long one is cut at a character.
    pub fn rename(&mut self, tab: &str, name: &str) {
        let name = name.trim();
        let name = &name[..name.floor_char_boundary(MAX_NAME)];
        if let Some(tab) = self.tabs.iter_mut().find(|other| other.id == tab) {
            tab.name = (!name.is_empty()).then(|| name.to_owned());
        }
    }

    /// Moves a tab so that it stands at `to` (or at the end).
    pub fn move_to(&mut self, tab: &str, to: usize) {
        if let Some(at) = self.position(tab) {
            let tab = self.tabs.remove(at);
            self.tabs.insert(to.min(self.tabs.len()), tab);
        }
    }

    /// Shows a tab, if it exists.
    pub fn activate(&mut self, tab: &str) {
        if self.position(tab).is_some() {
            self.active = Some(tab.to_owned());
        }
    }

    /// Shows the tab to the right, around the end.
    pub fn next(&mut self) {
        self.step(1);
    }

    /// Shows the tab to the left, around the end.
    pub fn previous(&mut self) {
        self.step(self.tabs.len().saturating_sub(1));
    }

    fn step(&mut self, by: usize) {
        let at = self.active.as_deref().and_then(|id| self.position(id));
        if let Some(at) = at {
            let next = (at + by) % self.tabs.len();
            self.active = Some(self.tabs[next].id.clone());
        }
    }

    /// Shows the nth tab, counted from 1; 9 is the last one, as in browsers.
    pub fn jump(&mut self, nth: usize) {
        let tab = match nth {
            9 => self.tabs.last(),
            nth => nth.checked_sub(1).and_then(|at| self.tabs.get(at)),
        };
        if let Some(tab) = tab {
            self.active = Some(tab.id.clone());
        }
    }

    /// Lets a pane show another session, or none.
    pub fn show(&mut self, pane: &str, session: Option<SessionId>) {
        if let Some(tab) = self.tabs.iter_mut().find(|tab| tab.pane.id == pane) {
            tab.pane.session = session;
        }
    }

    /// Whether the server can keep it.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.tabs.len() > MAX_TABS {
            return Err(Invalid::TooManyTabs);
        }
        let mut tabs = std::collections::HashSet::new();
        let mut panes = std::collections::HashSet::new();
        for tab in &self.tabs {
            for (id, seen) in [(&tab.id, &mut tabs), (&tab.pane.id, &mut panes)] {
                if !(1..=MAX_ID).contains(&id.len()) {
                    return Err(Invalid::Id);
                }
                if !seen.insert(id) {
                    return Err(Invalid::Duplicate(id.clone()));
                }
            }
            if tab.name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
                return Err(Invalid::Name);
            }
        }
        match &self.active {
            Some(active) if !tabs.contains(active) => Err(Invalid::Active),
            None if !self.tabs.is_empty() => Err(Invalid::Active),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(id: &str) -> Tab {
        Tab {
            id: id.to_owned(),
            name: None,
            pane: Pane {
                id: format!("pane-{id}"),
                session: None,
            },
        }
    }

    fn workspace(ids: &str) -> Workspace {
        let mut workspace = Workspace::default();
        for id in ids.split_whitespace() {
            workspace.add(tab(id));
        }
        workspace
    }

    /// The tabs in order, the active one in brackets.
    fn shown(workspace: &Workspace) -> String {
        let name = |tab: &Tab| match workspace.active.as_ref() == Some(&tab.id) {
            true => format!("[{}]", tab.id),
            false => tab.id.clone(),
        };
        let names: Vec<_> = workspace.tabs.iter().map(name).collect();
        names.join(" ")
    }

    #[track_caller]
    fn check(start: &str, change: impl FnOnce(&mut Workspace), expected: &str) {
        let mut workspace = workspace(start);
        change(&mut workspace);
        assert_eq!(shown(&workspace), expected);
        assert_eq!(workspace.check(), Ok(()));
    }

    #[test]
    fn a_new_tab_stands_behind_the_active_one() {
        check("a b c", |_| {}, "a b [c]");
        check(
            "a b c",
            |w| {
                w.activate("a");
                w.add(tab("d"));
            },
            "a [d] b c",
        );
        check("a b", |w| w.add(tab("a")), "[a] b");
    }

    #[test]
    fn closing_shows_a_neighbour() {
        check("a b c", |w| drop(w.close("c")), "a [b]");
        check(
            "a b c",
            |w| {
                w.activate("b");
                w.close("b");
            },
            "a [c]",
        );
        check("a b c", |w| drop(w.close("a")), "b [c]");
        check("a", |w| drop(w.close("a")), "");
        check("a", |w| drop(w.close("x")), "[a]");
    }

    #[test]
    fn moving_keeps_the_active_tab() {
        check("a b c", |w| w.move_to("c", 0), "[c] a b");
        check("a b c", |w| w.move_to("a", 2), "b [c] a");
        check("a b c", |w| w.move_to("a", 99), "b [c] a");
    }

    #[test]
    fn cycling_goes_around() {
        check("a b c", Workspace::next, "[a] b c");
        check("a b c", Workspace::previous, "a [b] c");
        check("", Workspace::next, "");
        check("", Workspace::previous, "");
    }

    #[test]
    fn jumping_counts_from_one_and_nine_is_the_last() {
        check("a b c", |w| w.jump(1), "[a] b c");
        check("a b c", |w| w.jump(7), "a b [c]");
        check(
            "a b c",
            |w| {
                w.jump(1);
                w.jump(9);
            },
            "a b [c]",
        );
        check("a b c", |w| w.jump(0), "a b [c]");
    }

    #[test]
    fn names_are_trimmed_cut_at_a_character_and_can_be_taken_away() {
        let mut workspace = workspace("a");
        workspace.rename("a", "  build  ");
        assert_eq!(workspace.tabs[0].name.as_deref(), Some("build"));
        workspace.rename("a", &"é".repeat(MAX_NAME));
        assert_eq!(workspace.check(), Ok(()));
        workspace.rename("a", " ");
        assert_eq!(workspace.tabs[0].name, None);
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let mut twice = workspace("a");
        twice.tabs.push(tab("a"));
        assert_eq!(twice.check(), Err(Invalid::Duplicate("a".to_owned())));

        let mut lost = workspace("a");
        lost.active = Some("b".to_owned());
        assert_eq!(lost.check(), Err(Invalid::Active));

        let mut empty = workspace("a");
        empty.tabs[0].pane.id.clear();
        assert_eq!(empty.check(), Err(Invalid::Id));
    }
}
