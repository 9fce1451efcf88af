//! Where panes and dividers are on the page: rectangles in millionths of the room, shared edges exactly
//! shared. Pure; knows no pixels.

use super::tree::{Axis, HALF, Node, Side};
use super::{Tab, Zoom};

/// A whole side.
pub const WHOLE: u32 = 1_000_000;

/// A part of the room, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub left: u32,
    /// Upper edge.
    pub top: u32,
    /// Right edge.
    pub right: u32,
    /// Lower edge.
    pub bottom: u32,
}

/// A pane and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which pane.
    pub pane: String,
    /// Where it is.
    pub rect: Rect,
}

/// The line between two halves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divider {
    /// The split's id.
    pub split: String,
    /// How the halves lie: a [`Axis::Row`] has an upright line.
    pub axis: Axis,
    /// The share of the first half, of 1,000.
    pub ratio: u16,
    /// The room of both halves.
    pub rect: Rect,
}

/// All that is to be seen of panes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The panes on screen.
    pub places: Vec<Place>,
    /// The lines between them that can be moved.
    pub dividers: Vec<Divider>,
}

impl Rect {
    /// All the room.
    pub const ALL: Self = Self {
        left: 0,
        top: 0,
        right: WHOLE,
        bottom: WHOLE,
    };

    /// Cut in two.
    fn cut(self, axis: Axis, ratio: u16) -> (Self, Self) {
        let part = |from: u32, to: u32| {
            from + u32::try_from(u64::from(to - from) * u64::from(ratio) / 1000).unwrap_or(0)
        };
        match axis {
            Axis::Row => {
                let at = part(self.left, self.right);
                (Self { right: at, ..self }, Self { left: at, ..self })
            }
            Axis::Column => {
                let at = part(self.top, self.bottom);
                (Self { bottom: at, ..self }, Self { top: at, ..self })
            }
        }
    }

    /// The half on a side.
    pub fn half(self, side: Side) -> Self {
        let (first, second) = self.cut(side.axis(), HALF);
        if side.is_first() { first } else { second }
    }

    /// The cell of a grid.
    pub fn cell(columns: u32, rows: u32, at: u32) -> Self {
        let (column, row) = (at % columns, at / columns);
        Self {
            left: WHOLE * column / columns,
            top: WHOLE * row / rows,
            right: WHOLE * (column + 1) / columns,
            bottom: WHOLE * (row + 1) / rows,
        }
    }

    /// As a style.
    pub fn style(self) -> String {
        let percent = |part: u32| format!("{}.{:04}%", part / 10_000, part % 10_000);
        format!(
            "left:{};top:{};right:{};bottom:{}",
            percent(self.left),
            percent(self.top),
            percent(WHOLE - self.right),
            percent(WHOLE - self.bottom)
        )
    }

    fn width(self) -> u32 {
        self.right - self.left
    }

    fn height(self) -> u32 {
        self.bottom - self.top
    }

    /// The side of a new half: along the longer side of a room that is wider than high.
    pub fn longer(self) -> Side {
        if self.width() >= self.height() {
            Side::Right
        } else {
            Side::Down
        }
    }
}

impl Divider {
    /// Where the line is.
    pub fn line(&self) -> Rect {
        let (first, _) = self.rect.cut(self.axis, self.ratio);
        match self.axis {
            Axis::Row => Rect {
                left: first.right,
                right: first.right,
                ..self.rect
            },
            Axis::Column => Rect {
                top: first.bottom,
                bottom: first.bottom,
                ..self.rect
            },
        }
    }
}

/// Where everything of a tab is. A split in `stretch` has another ratio than its own.
pub fn of_tab(tab: &Tab, stretch: Option<&(String, u16)>) -> Layout {
    let mut layout = Layout::default();
    match tab.zoom {
        Zoom::On => layout.places.push(Place {
            pane: tab.focused.clone(),
            rect: Rect::ALL,
        }),
        Zoom::Off => fill(&tab.root, Rect::ALL, stretch, &mut layout),
    }
    layout
}

/// The same with all panes, zoomed or not.
pub fn of_tree(root: &Node) -> Layout {
    let mut layout = Layout::default();
    fill(root, Rect::ALL, None, &mut layout);
    layout
}

fn fill(node: &Node, rect: Rect, stretch: Option<&(String, u16)>, layout: &mut Layout) {
    match node {
        Node::Pane(pane) => layout.places.push(Place {
            pane: pane.id.clone(),
            rect,
        }),
        Node::Split(split) => {
            let ratio = match stretch {
                Some((id, ratio)) if *id == split.id => *ratio,
                _ => split.ratio,
            };
            layout.dividers.push(Divider {
                split: split.id.clone(),
                axis: split.axis,
                ratio,
                rect,
            });
            let (a, b) = rect.cut(split.axis, ratio);
            fill(&split.a, a, stretch, layout);
            fill(&split.b, b, stretch, layout);
        }
    }
}

impl Layout {
    /// Where a pane is, if it is to be seen.
    pub fn rect(&self, pane: &str) -> Option<Rect> {
        let place = self.places.iter().find(|place| place.pane == pane)?;
        Some(place.rect)
    }

    /// The nearest divider at a pane's edge, the right or lower one if there are two.
    pub fn divider_of(&self, pane: &str, axis: Axis) -> Option<&Divider> {
        let rect = self.rect(pane)?;
        let touches = |edge: fn(Rect, Axis) -> u32| {
            self.dividers.iter().rev().find(|divider| {
                let line = divider.line();
                let inside = match axis {
                    Axis::Row => line.top <= rect.top && rect.bottom <= line.bottom,
                    Axis::Column => line.left <= rect.left && rect.right <= line.right,
                };
                divider.axis == axis && inside && start(line, axis) == edge(rect, axis)
            })
        };
        touches(end).or_else(|| touches(start))
    }

    /// The pane in a direction from another: the nearest, and of these the one that lies most beside it.
    pub fn neighbour(&self, pane: &str, side: Side) -> Option<&str> {
        let from = self.rect(pane)?;
        let score = |rect: Rect| {
            let (gap, one, other) = match side {
                Side::Left => (from.left.checked_sub(rect.right)?, rows(from), rows(rect)),
                Side::Right => (rect.left.checked_sub(from.right)?, rows(from), rows(rect)),
                Side::Up => (
                    from.top.checked_sub(rect.bottom)?,
                    columns(from),
                    columns(rect),
                ),
                Side::Down => (
                    rect.top.checked_sub(from.bottom)?,
                    columns(from),
                    columns(rect),
                ),
            };
            let common = one.1.min(other.1).checked_sub(one.0.max(other.0))?;
            (common > 0).then_some((gap, WHOLE - common))
        };
        let scored = self.places.iter().filter(|place| place.pane != pane);
        scored
            .filter_map(|place| Some((score(place.rect)?, place)))
            .min_by_key(|(score, _)| *score)
            .map(|(_, place)| place.pane.as_str())
    }
}

fn start(rect: Rect, axis: Axis) -> u32 {
    match axis {
        Axis::Row => rect.left,
        Axis::Column => rect.top,
    }
}

fn end(rect: Rect, axis: Axis) -> u32 {
    match axis {
        Axis::Row => rect.right,
        Axis::Column => rect.bottom,
    }
}

fn rows(rect: Rect) -> (u32, u32) {
    (rect.top, rect.bottom)
}

fn columns(rect: Rect) -> (u32, u32) {
    (rect.left, rect.right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{beside, pane, tab};

    /// `a` at the left; `b` above `c` at the right.
    fn three() -> Tab {
        let mut tab = tab("t", "a");
        tab.root.insert(&beside("a", Side::Right), pane("b"));
        tab.root.insert(&beside("b", Side::Down), pane("c"));
        tab
    }

    #[test]
    fn halves_share_their_edge() {
        let mut tab = three();
        tab.root.resize("split-a", 333);
        let layout = of_tab(&tab, None);
        let at = |pane| layout.rect(pane).unwrap();
        assert_eq!(at("a").right, 333_000);
        assert_eq!(at("b").left, 333_000);
        assert_eq!(at("b").bottom, at("c").top);
        assert_eq!(
            at("c").style(),
            "left:33.3000%;top:50.0000%;right:0.0000%;bottom:0.0000%"
        );
    }

    #[test]
    fn a_zoomed_pane_has_all_the_room() {
        let mut tab = three();
        tab.focus("c");
        tab.zoom = Zoom::On;
        let layout = of_tab(&tab, None);
        assert_eq!(layout.rect("c"), Some(Rect::ALL));
        assert_eq!((layout.places.len(), layout.dividers.len()), (1, 0));
    }

    #[test]
    fn a_divider_that_is_dragged_moves_before_it_is_kept() {
        let layout = of_tab(&three(), Some(&("split-a".to_owned(), 700)));
        assert_eq!(layout.rect("a").unwrap().right, 700_000);
        assert_eq!(layout.dividers[0].line().left, 700_000);
    }

    #[test]
    fn the_divider_of_a_pane_is_at_its_edge() {
        let layout = of_tab(&three(), None);
        let of = |pane, axis| {
            let divider = layout.divider_of(pane, axis);
            divider.map(|divider| divider.split.as_str())
        };
        assert_eq!(of("a", Axis::Row), Some("split-a"));
        assert_eq!(of("b", Axis::Row), Some("split-a"));
        assert_eq!(of("c", Axis::Column), Some("split-b"));
        assert_eq!(of("a", Axis::Column), None);
    }

    #[test]
    fn neighbours_are_found_by_where_they_are() {
        let layout = of_tab(&three(), None);
        let from = |pane, side| layout.neighbour(pane, side);
        assert_eq!(from("a", Side::Right), Some("b"));
        assert_eq!(from("c", Side::Left), Some("a"));
        assert_eq!(from("c", Side::Up), Some("b"));
        assert_eq!(from("b", Side::Up), None);
        assert_eq!(from("a", Side::Down), None);
        assert_eq!(from("x", Side::Left), None);
    }
}
