//! The workspace: which tabs there are, their names and order, how their panes lie, and which session each
//! shows. The model is shared by the page (which changes it at once and saves it) and the server (which
//! keeps it). Here are the tabs; what is in one is [`tree`] and [`tab`], what is done with panes [`panes`],
//! where they are on the page [`layout`] and [`grid`]. Views and signals are elsewhere; the store that keeps it on disk
//! is [`store`].

use bowline_protocol::SessionId;
use serde::{Deserialize, Serialize};

pub mod grid;
pub mod layout;
pub mod panes;
#[cfg(feature = "ssr")]
pub mod store;
pub mod tab;
#[cfg(test)]
pub(crate) mod tests;
pub mod tree;

pub use grid::{Grid, Preset, View};
pub use layout::{Divider, Layout, Place, Rect};
pub use panes::{Full, Step, Target};
pub use tab::{Tab, Zoom};
pub use tree::{Axis, Beside, Node, Pane, SHARES, Side, Split};

/// Most tabs a workspace may have.
pub const MAX_TABS: usize = 500;
/// Most panes a workspace may have.
pub const MAX_PANES: usize = 500;
/// Most panes a tab may have.
pub const MAX_PANES_PER_TAB: usize = 64;
/// Most splits above a pane.
pub const MAX_DEPTH: usize = 16;
/// Longest id of a tab, split or pane, bytes.
pub const MAX_ID: usize = 64;
/// Longest name of a tab, bytes.
pub const MAX_NAME: usize = 256;

/// All tabs, and how they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Workspace {
    /// In the order of the tab bar.
    #[serde(default)]
    pub tabs: Vec<Tab>,
    /// Id of the tab shown. `None` only without tabs.
    #[serde(default)]
    pub active: Option<String>,
    /// How panes are shown, if somebody chose that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// How they are arranged in the grid.
    #[serde(default, skip_serializing_if = "Grid::is_untouched")]
    pub grid: Grid,
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
    /// See [`MAX_PANES`] and [`MAX_PANES_PER_TAB`].
    #[error(
        "a workspace has at most {MAX_PANES} panes, and at most {MAX_PANES_PER_TAB} in one tab"
    )]
    TooManyPanes,
    /// The grid names more panes than there can be, or by ids that are too long.
    #[error("the grid has more slots than there can be panes")]
    Slots,
    /// See [`MAX_DEPTH`].
    #[error("panes are split at most {MAX_DEPTH} times")]
    TooDeep,
    /// See [`SHARES`].
    #[error("each half of a split has between a tenth and nine tenths of the room")]
    Ratio,
    /// See [`MAX_ID`].
    #[error("an id has between 1 and {MAX_ID} bytes")]
    Id,
    /// Two tabs, two splits or two panes share an id.
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

    fn tab_mut(&mut self, tab: &str) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|other| other.id == tab)
    }

    /// The tab shown.
    pub fn active_tab(&self) -> Option<&Tab> {
        self.active.as_deref().and_then(|id| self.tab(id))
    }

    /// The tab that shows a session.
    pub fn tab_of(&self, session: SessionId) -> Option<&Tab> {
        self.tabs
            .iter()
            .find(|tab| tab.panes().iter().any(|pane| pane.session == Some(session)))
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
        if let Some(tab) = self.tab_mut(tab) {
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
        let tab = self.tab_with_mut(pane);
        if let Some(pane) = tab.and_then(|tab| tab.root.pane_mut(pane)) {
            pane.session = session;
        }
    }

    /// Whether the server can keep it.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.tabs.len() > MAX_TABS {
            return Err(Invalid::TooManyTabs);
        }
        let (mut tabs, mut splits, mut panes) = (Seen::new(), Seen::new(), Seen::new());
        for tab in &self.tabs {
            see(&mut tabs, &tab.id)?;
            for split in tab.root.splits() {
                see(&mut splits, split)?;
            }
            let here = tab.panes();
            for pane in &here {
                see(&mut panes, &pane.id)?;
            }
            if here.len() > MAX_PANES_PER_TAB || panes.len() > MAX_PANES {
                return Err(Invalid::TooManyPanes);
            }
            if tab.root.depth() > MAX_DEPTH {
                return Err(Invalid::TooDeep);
            }
            if !tab.root.is_balanced() {
                return Err(Invalid::Ratio);
            }
            if tab.name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
                return Err(Invalid::Name);
            }
        }
        let slots = &self.grid.slots;
        if slots.len() > MAX_PANES + Preset::Twenty.slots()
            || slots.iter().flatten().any(|id| id.len() > MAX_ID)
        {
            return Err(Invalid::Slots);
        }
        match &self.active {
            Some(active) if !tabs.contains(active.as_str()) => Err(Invalid::Active),
            None if !self.tabs.is_empty() => Err(Invalid::Active),
            _ => Ok(()),
        }
    }
}

type Seen<'a> = std::collections::HashSet<&'a str>;

/// Notes an id that nobody had so far.
fn see<'a>(seen: &mut Seen<'a>, id: &'a str) -> Result<(), Invalid> {
    if !(1..=MAX_ID).contains(&id.len()) {
        Err(Invalid::Id)
    } else if !seen.insert(id) {
        Err(Invalid::Duplicate(id.to_owned()))
    } else {
        Ok(())
    }
}
