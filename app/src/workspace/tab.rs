//! One tab: its name, its tree of panes and which of them is in use. A tab always has a pane, and its
//! focused pane is one of its own.

use serde::{Deserialize, Serialize};

use super::tree::{Node, Pane, Split};

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Tab {
    /// Unique in the workspace, drawn by the page that made it.
    pub id: String,
    /// What the user called it; otherwise the session's label is shown.
    pub name: Option<String>,
    /// What it shows.
    pub root: Node,
    /// The pane in use: it has the keyboard, commands act on it.
    pub focused: String,
    /// Whether the focused pane has all the room for now.
    pub zoom: Zoom,
}

/// Whether one pane has the room of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zoom {
    /// Every pane has its own.
    #[default]
    Off,
    /// The focused one has it.
    On,
}

impl Tab {
    /// A tab with one pane.
    pub fn new(id: String, pane: Pane) -> Self {
        Self {
            id,
            name: None,
            focused: pane.id.clone(),
            root: Node::Pane(pane),
            zoom: Zoom::Off,
        }
    }

    /// All panes, from the upper left.
    pub fn panes(&self) -> Vec<&Pane> {
        self.root.panes()
    }

    /// The pane in use.
    pub fn focused_pane(&self) -> &Pane {
        self.root
            .pane(&self.focused)
            .unwrap_or_else(|| self.root.first())
    }

    /// Uses a pane of this tab.
    pub(super) fn focus(&mut self, pane: &str) {
        if self.root.pane(pane).is_some() {
            pane.clone_into(&mut self.focused);
        }
    }

    /// Takes out a pane that is not the only one. The nearest one is used next if it was in use.
    pub(super) fn remove(&mut self, pane: &str) -> Option<Pane> {
        let ids: Vec<_> = self.panes().iter().map(|pane| pane.id.clone()).collect();
        let at = ids.iter().position(|id| id == pane)?;
        let removed = self.root.remove(pane)?;
        if self.focused == pane {
            let next = match at {
                0 => ids.get(1),
                at => ids.get(at - 1),
            };
            self.focused = next.cloned().unwrap_or_default();
            self.zoom = Zoom::Off;
        }
        if matches!(self.root, Node::Pane(_)) {
            self.zoom = Zoom::Off;
        }
        Some(removed)
    }
}

/// How a tab is kept: one with a single pane as ever.
#[derive(Serialize, Deserialize)]
struct Saved {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pane: Option<Pane>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<Box<Split>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    focused: Option<String>,
    #[serde(default, skip_serializing_if = "is_off")]
    zoom: Zoom,
}

/// By reference, as serde asks.
fn is_off(zoom: &Zoom) -> bool {
    *zoom == Zoom::Off
}

impl TryFrom<Saved> for Tab {
    type Error = &'static str;

    fn try_from(saved: Saved) -> Result<Self, Self::Error> {
        let root = match (saved.split, saved.pane) {
            (Some(split), _) => Node::Split(split),
            (None, Some(pane)) => Node::Pane(pane),
            (None, None) => return Err("a tab has a `pane` or a `split`"),
        };
        let focused = saved.focused.filter(|id| root.pane(id).is_some());
        let focused = focused.unwrap_or_else(|| root.first().id.clone());
        Ok(Self {
            id: saved.id,
            name: saved.name,
            root,
            focused,
            zoom: saved.zoom,
        })
    }
}

impl From<Tab> for Saved {
    fn from(tab: Tab) -> Self {
        let (pane, split) = match tab.root {
            Node::Pane(pane) => (Some(pane), None),
            Node::Split(split) => (None, Some(split)),
        };
        Self {
            id: tab.id,
            name: tab.name,
            focused: split.is_some().then_some(tab.focused),
            pane,
            split,
            zoom: tab.zoom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Tab {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_tab_of_before_there_were_splits_is_read_and_written_as_it_was() {
        let old = r#"{"id":"t","name":"build","pane":{"id":"p","session":null}}"#;
        let tab = read(old);
        assert_eq!((tab.focused.as_str(), tab.zoom), ("p", Zoom::Off));
        assert_eq!(serde_json::to_string(&tab).unwrap(), old);
    }

    #[test]
    fn a_tree_comes_back_as_it_was() {
        let json = concat!(
            r#"{"id":"t","name":null,"split":{"id":"s","axis":"row","ratio":400,"#,
            r#""a":{"pane":{"id":"p","session":null}},"b":{"split":{"id":"u","axis":"column","ratio":500,"#,
            r#""a":{"pane":{"id":"q","session":null}},"b":{"pane":{"id":"r","session":null}}}}},"#,
            r#""focused":"q","zoom":"on"}"#
        );
        let tab = read(json);
        assert_eq!(tab.panes().len(), 3);
        assert_eq!(tab.root.depth(), 2);
        assert_eq!(serde_json::to_string(&tab).unwrap(), json);
    }

    #[test]
    fn what_is_focused_is_always_a_pane_of_the_tab() {
        let tab = read(r#"{"id":"t","pane":{"id":"p"},"focused":"elsewhere"}"#);
        assert_eq!(tab.focused, "p");
        assert!(serde_json::from_str::<Tab>(r#"{"id":"t"}"#).is_err());
    }
}
