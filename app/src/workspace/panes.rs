//! What can be done with the panes of a workspace. Nothing here loses a pane: what is moved stands
//! somewhere else afterwards, and what can't be moved stays.

use bowline_protocol::SessionId;

use super::tree::{Beside, Node, Pane, Side};
use super::{MAX_DEPTH, MAX_PANES, MAX_PANES_PER_TAB, Tab, Workspace, Zoom};

/// Where a pane is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Beside another pane.
    Beside(Beside),
    /// The two panes change places.
    Swap(String),
    /// Into a tab, beside the pane in use there. The second is the id of the new split.
    Tab(String, String),
    /// Into a tab of its own with this id, behind the one it is in.
    NewTab(String),
}

/// Why there is no room for one more pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// See [`MAX_PANES`].
    #[error("there are {MAX_PANES} terminals already: close one first")]
    Panes,
    /// See [`MAX_PANES_PER_TAB`].
    #[error("this tab has {MAX_PANES_PER_TAB} panes already: open a new tab instead")]
    Tab,
    /// See [`MAX_DEPTH`].
    #[error("this pane is split as often as it can be: split another one")]
    Depth,
}

impl Workspace {
    /// All panes, in the order of tabs.
    pub fn panes(&self) -> impl Iterator<Item = &Pane> {
        self.tabs.iter().flat_map(Tab::panes)
    }

    /// A pane by id.
    pub fn pane(&self, pane: &str) -> Option<&Pane> {
        self.tabs.iter().find_map(|tab| tab.root.pane(pane))
    }

    /// The tab that a pane is in.
    pub fn tab_with(&self, pane: &str) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.root.pane(pane).is_some())
    }

    pub(super) fn tab_with_mut(&mut self, pane: &str) -> Option<&mut Tab> {
        let mut tabs = self.tabs.iter_mut();
        tabs.find(|tab| tab.root.pane(pane).is_some())
    }

    /// The pane in use.
    pub fn focused_pane(&self) -> Option<&Pane> {
        self.active_tab().map(Tab::focused_pane)
    }

    /// The pane that shows a session.
    pub fn pane_of(&self, session: SessionId) -> Option<&Pane> {
        self.panes().find(|pane| pane.session == Some(session))
    }

    /// Uses a pane and shows its tab.
    pub fn focus(&mut self, pane: &str) {
        if let Some(tab) = self.tab_with_mut(pane) {
            tab.focus(pane);
            let tab = tab.id.clone();
            self.active = Some(tab);
        }
    }

    /// Uses a pane of a tab, if it is there; the tab need not be the one shown.
    pub fn keep_focus(&mut self, tab: &str, pane: &str) {
        if let Some(tab) = self.tab_mut(tab) {
            tab.focus(pane);
        }
    }

    /// Whether one more pane may stand beside another.
    pub fn room_beside(&self, pane: &str) -> Result<(), Full> {
        if self.panes().count() >= MAX_PANES {
            return Err(Full::Panes);
        }
        let Some(tab) = self.tab_with(pane) else {
            return Ok(());
        };
        if tab.panes().len() >= MAX_PANES_PER_TAB {
            Err(Full::Tab)
        } else if tab.root.depth_of(pane).unwrap_or(0) >= MAX_DEPTH {
            Err(Full::Depth)
        } else {
            Ok(())
        }
    }

    /// Puts a new pane beside another and uses it; where that is not possible (any more) it gets a tab of
    /// its own. One that is there already is only used.
    pub fn split(&mut self, beside: &Beside, pane: Pane) {
        let id = pane.id.clone();
        if self.pane(&id).is_none()
            && let Some(left) = self.place(beside, pane)
        {
            self.add(Tab::new(id.clone(), left));
        }
        self.focus(&id);
    }

    /// Puts a pane beside another, and gives it back where it can't.
    fn place(&mut self, beside: &Beside, pane: Pane) -> Option<Pane> {
        let known = |id: &str| self.tabs.iter().any(|tab| tab.root.split(id).is_some());
        if self.room_beside(&beside.pane).is_err() || known(&beside.split) {
            return Some(pane);
        }
        match self.tab_with_mut(&beside.pane) {
            Some(tab) => {
                tab.zoom = Zoom::Off;
                tab.root.insert(beside, pane)
            }
            None => Some(pane),
        }
    }

    /// Takes a pane out, and its tab with it when it was the only one.
    pub fn close_pane(&mut self, pane: &str) -> Option<Pane> {
        let tab = self.tab_with_mut(pane)?;
        match &tab.root {
            Node::Split(_) => tab.remove(pane),
            Node::Pane(_) => {
                let tab = tab.id.clone();
                match self.close(&tab)?.root {
                    Node::Pane(pane) => Some(pane),
                    Node::Split(_) => None,
                }
            }
        }
    }

    /// Moves a divider.
    pub fn resize(&mut self, split: &str, ratio: u16) {
        for tab in &mut self.tabs {
            tab.root.resize(split, ratio);
        }
    }

    /// Gives the panes of a tab equal sizes.
    pub fn equalise(&mut self, tab: &str) {
        if let Some(tab) = self.tab_mut(tab) {
            tab.root.equalise();
        }
    }

    /// Gives a tab's focused pane all the room, or takes it back.
    pub fn zoom(&mut self, tab: &str, zoom: Zoom) {
        if let Some(tab) = self.tab_mut(tab) {
            tab.zoom = zoom;
        }
    }

    /// Moves a pane and uses it. Nothing happens where the target is gone or full.
    pub fn move_pane(&mut self, pane: &str, target: &Target) {
        match target {
            Target::Beside(beside) => self.move_beside(pane, beside),
            Target::Swap(other) => self.swap(pane, other),
            Target::Tab(tab, split) => {
                let home = self.tab_with(pane).map(|tab| tab.id.clone());
                let Some(there) = self
                    .tab(tab)
                    .filter(|there| home.as_ref() != Some(&there.id))
                else {
                    return;
                };
                let rect = super::layout::of_tab(there, None).rect(&there.focused);
                let beside = Beside {
                    pane: there.focused.clone(),
                    side: rect.map_or(Side::Right, super::Rect::longer),
                    split: split.clone(),
                };
                self.move_beside(pane, &beside);
            }
            Target::NewTab(id) => self.move_to_new_tab(pane, id),
        }
    }

    fn move_beside(&mut self, pane: &str, beside: &Beside) {
        if pane == beside.pane || self.pane(&beside.pane).is_none() {
            return;
        }
        // Tried on a copy: what can't be placed there must stay where it is.
        let mut after = self.clone();
        if let Some(moved) = after.close_pane(pane)
            && after.place(beside, moved).is_none()
        {
            *self = after;
            self.focus(pane);
        }
    }

    fn swap(&mut self, one: &str, other: &str) {
        let (Some(first), Some(second)) = (self.pane(one).cloned(), self.pane(other).cloned())
        else {
            return;
        };
        if one == other {
            return;
        }
        let homes = [one, other].map(|pane| self.tab_with(pane).map(|tab| tab.id.clone()));
        let focused = self.tabs.iter().map(|tab| tab.focused.clone());
        let focused: Vec<_> = focused.collect();
        // Through a name that nobody has: both are never there twice.
        let put = |workspace: &mut Self, at: &str, pane: Pane| {
            if let Some(place) = workspace
                .tab_with_mut(at)
                .and_then(|tab| tab.root.pane_mut(at))
            {
                *place = pane;
            }
        };
        let between = Pane {
            id: String::new(),
            session: None,
        };
        put(self, one, between);
        put(self, other, first);
        put(self, "", second);
        if homes[0] != homes[1] {
            for (tab, focused) in self.tabs.iter_mut().zip(focused) {
                if focused == one {
                    other.clone_into(&mut tab.focused);
                } else if focused == other {
                    one.clone_into(&mut tab.focused);
                }
            }
        }
        self.focus(one);
    }

    fn move_to_new_tab(&mut self, pane: &str, id: &str) {
        let Some(home) = self.tab_with(pane).map(|tab| tab.id.clone()) else {
            return;
        };
        let alone = self.tab(&home).is_some_and(|tab| tab.panes().len() == 1);
        if alone || self.position(id).is_some() {
            return self.focus(pane);
        }
        if let Some(moved) = self.close_pane(pane) {
            self.active = Some(home);
            self.add(Tab::new(id.to_owned(), moved));
        }
    }

    /// The pane after the one in use within its tab, or before it, around the end.
    pub fn pane_at_step(&self, step: Step) -> Option<&str> {
        let tab = self.active_tab()?;
        let panes = tab.panes();
        let at = panes.iter().position(|pane| pane.id == tab.focused)?;
        Some(&panes[step.from(at, panes.len())].id)
    }
}

/// A way through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Onward.
    Next,
    /// Back.
    Previous,
}

impl Step {
    /// Where it leads in a list that is not empty, around the end.
    pub(super) fn from(self, at: usize, length: usize) -> usize {
        let by = match self {
            Self::Next => 1,
            Self::Previous => length - 1,
        };
        (at + by) % length
    }
}
