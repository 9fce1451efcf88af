//! What a tab shows: one pane, or a split of two such trees. Pure; which tab a tree belongs to is not
//! known here.

use bowline_protocol::SessionId;
use serde::{Deserialize, Serialize};

/// Smallest and largest share of a split's first half, of 1,000.
pub const SHARES: std::ops::RangeInclusive<u16> = 100..=900;
/// Both halves are the same.
pub const HALF: u16 = 500;

/// One place for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane {
    /// Unique in the workspace; the `pane_id` of the session made for it.
    pub id: String,
    /// The session shown.
    #[serde(default)]
    pub session: Option<SessionId>,
}

/// A pane or a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// One terminal.
    Pane(Pane),
    /// Two halves.
    Split(Box<Split>),
}

/// Two halves beside or below each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Unique in the workspace.
    pub id: String,
    /// How the halves lie.
    pub axis: Axis,
    /// The share of `a`, of 1,000; within [`SHARES`].
    pub ratio: u16,
    /// The left or upper half.
    pub a: Node,
    /// The right or lower half.
    pub b: Node,
}

/// How the halves of a split lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Side by side.
    Row,
    /// One below the other.
    Column,
}

/// A side of a pane, or a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Above.
    Up,
    /// Below.
    Down,
}

impl Side {
    /// How two panes lie, one of which is on this side of the other.
    pub fn axis(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis::Row,
            Self::Up | Self::Down => Axis::Column,
        }
    }

    /// Whether what is on this side comes first.
    pub fn is_first(self) -> bool {
        matches!(self, Self::Left | Self::Up)
    }
}

/// Where a pane comes to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Beside which pane.
    pub pane: String,
    /// On which side of it.
    pub side: Side,
    /// The id of the split that both become.
    pub split: String,
}

impl Node {
    /// All panes, from the upper left.
    pub fn panes(&self) -> Vec<&Pane> {
        let mut panes = Vec::new();
        self.each(&mut |pane| panes.push(pane));
        panes
    }

    fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Pane)) {
        match self {
            Self::Pane(pane) => see(pane),
            Self::Split(split) => {
                split.a.each(see);
                split.b.each(see);
            }
        }
    }

    /// The first pane.
    pub fn first(&self) -> &Pane {
        match self {
            Self::Pane(pane) => pane,
            Self::Split(split) => split.a.first(),
        }
    }

    /// A pane by id.
    pub fn pane(&self, id: &str) -> Option<&Pane> {
        match self {
            Self::Pane(pane) => (pane.id == id).then_some(pane),
            Self::Split(split) => split.a.pane(id).or_else(|| split.b.pane(id)),
        }
    }

    pub(super) fn pane_mut(&mut self, id: &str) -> Option<&mut Pane> {
        match self {
            Self::Pane(pane) => (pane.id == id).then_some(pane),
            Self::Split(split) => {
                let Split { a, b, .. } = &mut **split;
                a.pane_mut(id).or_else(|| b.pane_mut(id))
            }
        }
    }

    /// A split by id.
    pub fn split(&self, id: &str) -> Option<&Split> {
        match self {
            Self::Pane(_) => None,
            Self::Split(split) if split.id == id => Some(split),
            Self::Split(split) => split.a.split(id).or_else(|| split.b.split(id)),
        }
    }

    fn split_mut(&mut self, id: &str) -> Option<&mut Split> {
        let Self::Split(split) = self else {
            return None;
        };
        if split.id == id {
            return Some(split);
        }
        let Split { a, b, .. } = &mut **split;
        a.split_mut(id).or_else(|| b.split_mut(id))
    }

    /// The ids of all splits.
    pub(super) fn splits(&self) -> Vec<&str> {
        match self {
            Self::Pane(_) => Vec::new(),
            Self::Split(split) => {
                let mut ids = vec![split.id.as_str()];
                ids.extend(split.a.splits());
                ids.extend(split.b.splits());
                ids
            }
        }
    }

    /// How many splits lie above the deepest pane.
    pub fn depth(&self) -> usize {
        match self {
            Self::Pane(_) => 0,
            Self::Split(split) => 1 + split.a.depth().max(split.b.depth()),
        }
    }

    /// How many splits lie above a pane.
    pub fn depth_of(&self, id: &str) -> Option<usize> {
        match self {
            Self::Pane(pane) => (pane.id == id).then_some(0),
            Self::Split(split) => {
                let deeper = split.a.depth_of(id).or_else(|| split.b.depth_of(id));
                deeper.map(|depth| depth + 1)
            }
        }
    }

    /// Puts a pane beside another, which gives it half of its room. Gives it back if the other isn't here.
    pub(super) fn insert(&mut self, beside: &Beside, pane: Pane) -> Option<Pane> {
        match self {
            Self::Pane(here) if here.id == beside.pane => {
                let here = Self::Pane(std::mem::replace(here, nobody()));
                let (a, b) = match beside.side.is_first() {
                    true => (Self::Pane(pane), here),
                    false => (here, Self::Pane(pane)),
                };
                *self = Self::Split(Box::new(Split {
                    id: beside.split.clone(),
                    axis: beside.side.axis(),
                    ratio: HALF,
                    a,
                    b,
                }));
                None
            }
            Self::Pane(_) => Some(pane),
            Self::Split(split) => {
                let left = split.a.insert(beside, pane)?;
                split.b.insert(beside, left)
            }
        }
    }

    /// Takes a pane out; its sibling gets the room. `None` when nothing is left or the pane isn't here: the
    /// caller asks for that before.
    pub(super) fn remove(&mut self, id: &str) -> Option<Pane> {
        let Self::Split(split) = self else {
            return None;
        };
        let is_it = |node: &Self| matches!(node, Self::Pane(pane) if pane.id == id);
        let (gone, stays) = if is_it(&split.a) {
            (&mut split.a, &mut split.b)
        } else if is_it(&split.b) {
            (&mut split.b, &mut split.a)
        } else {
            let Split { a, b, .. } = &mut **split;
            return a.remove(id).or_else(|| b.remove(id));
        };
        let gone = std::mem::replace(gone, Self::Pane(nobody()));
        let stays = std::mem::replace(stays, Self::Pane(nobody()));
        *self = stays;
        match gone {
            Self::Pane(pane) => Some(pane),
            Self::Split(_) => None,
        }
    }

    /// Moves a divider.
    pub(super) fn resize(&mut self, split: &str, ratio: u16) {
        if let Some(split) = self.split_mut(split) {
            split.ratio = ratio.clamp(*SHARES.start(), *SHARES.end());
        }
    }

    /// Gives all panes that lie in one line the same size.
    pub(super) fn equalise(&mut self) {
        if let Self::Split(split) = self {
            let (a, b) = (split.a.in_line(split.axis), split.b.in_line(split.axis));
            let ratio = 1000 * a / (a + b);
            let ratio = u16::try_from(ratio).unwrap_or(HALF);
            split.ratio = ratio.clamp(*SHARES.start(), *SHARES.end());
            split.a.equalise();
            split.b.equalise();
        }
    }

    /// Whether every divider is within [`SHARES`].
    pub(super) fn is_balanced(&self) -> bool {
        match self {
            Self::Pane(_) => true,
            Self::Split(split) => {
                SHARES.contains(&split.ratio) && split.a.is_balanced() && split.b.is_balanced()
            }
        }
    }

    /// How many panes stand along an axis.
    fn in_line(&self, axis: Axis) -> usize {
        match self {
            Self::Split(split) if split.axis == axis => {
                split.a.in_line(axis) + split.b.in_line(axis)
            }
            _ => 1,
        }
    }
}

/// Stands where something is being taken out.
fn nobody() -> Pane {
    Pane {
        id: String::new(),
        session: None,
    }
}
