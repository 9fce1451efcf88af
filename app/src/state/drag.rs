//! Dragging a pane by its head or a tab along the bar: where it would be dropped, as plain decisions. What lies
//! under the pointer is asked of the browser in `components::dragging`; the desk does what is decided.

use crate::workspace::layout::{WHOLE, of_tree};
use crate::workspace::{Axis, Layout, Rect, Side, View, Workspace, Zoom};

/// How near to an edge a pane is split there, of its width and height.
const EDGE: f64 = 0.25;
/// How near to an end of the bar it scrolls, CSS pixels.
const PULL: f64 = 36.0;

/// What is dragged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Load {
    /// A pane.
    Pane(String),
    /// A tab.
    Tab(String),
}

/// What is under the pointer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Under {
    /// The room of the panes, and where in it as shares of its width and height.
    Panes(f64, f64),
    /// A tab, and where in it as a share of its width.
    Tab(String, f64),
    /// The bar beside the tabs.
    Bar,
    /// Nothing that takes anything.
    Nothing,
}

/// Where something would be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Beside a pane.
    Beside(String, Side),
    /// On a pane: both change places.
    Swap(String),
    /// In a slot of the grid; what is there gets the one that becomes free.
    Slot(usize),
    /// In a tab.
    Into(String),
    /// In a tab of its own at the end of the bar.
    NewTab,
    /// Between two tabs: before the one that stands here, or behind the last.
    Gap(usize),
}

/// What becomes of what is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped.
    Dropped,
    /// It stays where it was.
    Kept,
}

/// What a drag is decided by.
pub(crate) struct Ground<'a> {
    /// All tabs.
    pub(crate) workspace: &'a Workspace,
    /// Where panes are on screen.
    pub(crate) layout: &'a Layout,
    /// How they are shown.
    pub(crate) view: View,
}

impl Ground<'_> {
    /// Where a load would be dropped. Nowhere, where that would change nothing.
    pub(crate) fn place(&self, load: &Load, under: &Under) -> Option<Place> {
        match (load, under, self.view) {
            (Load::Pane(pane), Under::Panes(x, y), View::Grid) => self.slot(pane, (*x, *y)),
            (Load::Pane(pane), Under::Panes(x, y), View::Tabs) => {
                let (other, side) = self.pane_at((*x, *y))?;
                (other != *pane).then_some(match side {
                    Some(side) => Place::Beside(other, side),
                    None => Place::Swap(other),
                })
            }
            (Load::Pane(pane), Under::Tab(tab, _), _) => {
                let home = self.workspace.tab_with(pane)?;
                (home.id != *tab).then(|| Place::Into(tab.clone()))
            }
            (Load::Pane(pane), Under::Bar, _) => {
                let home = self.workspace.tab_with(pane)?;
                (home.panes().len() > 1).then_some(Place::NewTab)
            }
            (Load::Tab(tab), Under::Tab(other, share), _) => {
                let other = self.workspace.position(other)?;
                self.gap(tab, other + usize::from(*share >= 0.5))
            }
            (Load::Tab(tab), Under::Bar, _) => self.gap(tab, self.workspace.tabs.len()),
            (Load::Tab(tab), Under::Panes(x, y), View::Tabs) => {
                let own = only_pane(self.workspace, tab)?;
                match self.pane_at((*x, *y))? {
                    (other, Some(side)) if other != own => Some(Place::Beside(other, side)),
                    _ => None,
                }
            }
            (Load::Tab(_), Under::Panes(..), View::Grid) | (_, Under::Nothing, _) => None,
        }
    }

    /// Where a pane goes that is sent to a side: the places of it and its neighbour there change; without one, it comes
    /// to stand on that side of a neighbour across.
    pub(crate) fn beyond(&self, pane: &str, side: Side) -> Option<Place> {
        if self.view == View::Grid {
            return self.slot_beyond(pane, side);
        }
        // By where it would be: a zoomed pane has neighbours all the same.
        let layout = of_tree(&self.workspace.tab_with(pane)?.root);
        if let Some(other) = layout.neighbour(pane, side) {
            return Some(Place::Swap(other.to_owned()));
        }
        let across = match side.axis() {
            Axis::Row => [Side::Up, Side::Down],
            Axis::Column => [Side::Left, Side::Right],
        };
        let mut others = across.into_iter();
        let other = others.find_map(|across| layout.neighbour(pane, across))?;
        Some(Place::Beside(other.to_owned(), side))
    }

    fn slot_beyond(&self, pane: &str, side: Side) -> Option<Place> {
        let (columns, rows) = self.workspace.preset().cells();
        let slots = self.workspace.slots();
        let at = slots
            .iter()
            .position(|slot| slot.is_some_and(|there| there.id == pane))?;
        let at = u32::try_from(at).ok()?;
        let (column, row) = (at % columns, at / columns);
        let (column, row) = match side {
            Side::Left => (column.checked_sub(1)?, row),
            Side::Right => (column + 1, row),
            Side::Up => (column, row.checked_sub(1)?),
            Side::Down => (column, row + 1),
        };
        let to = row * columns + column;
        (column < columns && row < rows).then_some(Place::Slot(to as usize))
    }

    /// The part of the panes' room that is taken by a drop.
    pub(crate) fn room(&self, place: &Place) -> Option<Rect> {
        match place {
            Place::Beside(pane, side) => Some(self.layout.rect(pane)?.half(*side)),
            Place::Swap(pane) => self.layout.rect(pane),
            Place::Slot(slot) => {
                let (columns, rows) = self.workspace.preset().cells();
                Some(Rect::cell(columns, rows, u32::try_from(*slot).ok()?))
            }
            Place::Into(_) | Place::NewTab | Place::Gap(_) => None,
        }
    }

    /// The pane at a point of the room, and the edge of it that is near.
    fn pane_at(&self, (x, y): (f64, f64)) -> Option<(String, Option<Side>)> {
        let mut places = self.layout.places.iter();
        places.find_map(|place| {
            let within = |at: f64, from: u32, to: u32| {
                let at = (at * f64::from(WHOLE) - f64::from(from)) / f64::from(to - from);
                (0.0..1.0).contains(&at).then_some(at)
            };
            let x = within(x, place.rect.left, place.rect.right)?;
            let y = within(y, place.rect.top, place.rect.bottom)?;
            Some((place.pane.clone(), edge(x, y)))
        })
    }

    fn slot(&self, pane: &str, (x, y): (f64, f64)) -> Option<Place> {
        let zoomed = self
            .workspace
            .active_tab()
            .is_some_and(|tab| tab.zoom == Zoom::On);
        if zoomed || !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return None;
        }
        let (columns, rows) = self.workspace.preset().cells();
        // Both are within the grid.
        let at = (y * f64::from(rows)) as u32 * columns + (x * f64::from(columns)) as u32;
        let at = at as usize;
        let own = self
            .workspace
            .slots()
            .get(at)
            .is_none_or(|there| there.is_some_and(|there| there.id == pane));
        (!own).then_some(Place::Slot(at))
    }

    fn gap(&self, tab: &str, gap: usize) -> Option<Place> {
        let at = self.workspace.position(tab)?;
        (gap != at && gap != at + 1).then_some(Place::Gap(gap))
    }
}

/// The pane of a tab that has no other.
pub(crate) fn only_pane(workspace: &Workspace, tab: &str) -> Option<String> {
    match workspace.tab(tab)?.panes()[..] {
        [only] => Some(only.id.clone()),
        _ => None,
    }
}

/// The edge that a point of a pane is near to.
fn edge(x: f64, y: f64) -> Option<Side> {
    let edges = [
        (x, Side::Left),
        (1.0 - x, Side::Right),
        (y, Side::Up),
        (1.0 - y, Side::Down),
    ];
    let nearest = edges.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearest.0 < EDGE).then_some(nearest.1)
}

/// How fast the bar scrolls for a pointer at `x`, from -1 (all to the left) to 1; 0 away from its ends.
pub(crate) fn pull(x: f64, left: f64, right: f64) -> f64 {
    let near = |way: f64| ((PULL - way) / PULL).clamp(0.0, 1.0);
    near(right - x) - near(x - left)
}

/// What a drop would do, in few words.
pub(crate) fn words(place: &Place) -> &'static str {
    match place {
        Place::Beside(_, Side::Left) => "to the left",
        Place::Beside(_, Side::Right) => "to the right",
        Place::Beside(_, Side::Up) => "above",
        Place::Beside(_, Side::Down) => "below",
        Place::Swap(_) => "change places",
        Place::Slot(_) => "to this slot",
        Place::Into(_) => "into this tab",
        Place::NewTab => "a tab of its own",
        Place::Gap(_) => "move here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Preset;
    use crate::workspace::layout::of_tab;
    use crate::workspace::tests::{beside, pane, workspace};

    /// Tabs `a`, `b` and `c`; `c` is shown, with `pane-c` at the left of `pane-d`.
    fn desk() -> Workspace {
        let mut workspace = workspace("a b c");
        workspace.split(&beside("pane-c", Side::Right), pane("pane-d"));
        workspace
    }

    fn place(workspace: &Workspace, load: &Load, under: &Under) -> Option<Place> {
        let layout = of_tab(workspace.active_tab().unwrap(), None);
        let view = workspace.view.unwrap_or_default();
        let layout = match view {
            View::Tabs => layout,
            View::Grid => workspace.grid_layout(),
        };
        Ground {
            workspace,
            layout: &layout,
            view,
        }
        .place(load, under)
    }

    fn load(pane: &str) -> Load {
        Load::Pane(pane.to_owned())
    }

    fn tab(tab: &str) -> Load {
        Load::Tab(tab.to_owned())
    }

    fn on_tab(tab: &str, share: f64) -> Under {
        Under::Tab(tab.to_owned(), share)
    }

    #[test]
    fn edges_split_and_the_middle_swaps() {
        let desk = desk();
        let over = |x, y| place(&desk, &load("pane-c"), &Under::Panes(x, y));
        let d = || "pane-d".to_owned();
        assert_eq!(over(0.6, 0.5), Some(Place::Beside(d(), Side::Left)));
        assert_eq!(over(0.75, 0.9), Some(Place::Beside(d(), Side::Down)));
        assert_eq!(over(0.95, 0.8), Some(Place::Beside(d(), Side::Right)));
        assert_eq!(over(0.75, 0.1), Some(Place::Beside(d(), Side::Up)));
        assert_eq!(over(0.75, 0.5), Some(Place::Swap(d())));
        // On itself, and outside.
        assert_eq!(over(0.25, 0.5), None);
        assert_eq!(over(0.75, 1.2), None);
        assert_eq!(over(-0.1, 0.5), None);
    }

    #[test]
    fn the_preview_is_what_will_be_taken() {
        let desk = desk();
        let layout = of_tab(desk.active_tab().unwrap(), None);
        let ground = Ground {
            workspace: &desk,
            layout: &layout,
            view: View::Tabs,
        };
        let room = |place| ground.room(&place).map(Rect::style);
        assert_eq!(
            room(Place::Beside("pane-d".to_owned(), Side::Down)).as_deref(),
            Some("left:50.0000%;top:50.0000%;right:0.0000%;bottom:0.0000%")
        );
        assert_eq!(
            room(Place::Swap("pane-c".to_owned())).as_deref(),
            Some("left:0.0000%;top:0.0000%;right:50.0000%;bottom:0.0000%")
        );
        assert_eq!(room(Place::NewTab), None);
    }

    #[test]
    fn a_pane_goes_into_another_tab_or_one_of_its_own() {
        let desk = desk();
        let over = |pane: &str, under| place(&desk, &load(pane), &under);
        let into = Some(Place::Into("a".to_owned()));
        assert_eq!(over("pane-c", on_tab("a", 0.9)), into);
        assert_eq!(over("pane-c", on_tab("c", 0.5)), None);
        assert_eq!(over("pane-c", Under::Bar), Some(Place::NewTab));
        // It has one already.
        assert_eq!(over("pane-b", Under::Bar), None);
        assert_eq!(over("pane-c", Under::Nothing), None);
    }

    #[test]
    fn a_tab_goes_between_others_but_not_beside_itself() {
        let desk = desk();
        let over = |id: &str, under| place(&desk, &tab(id), &under);
        assert_eq!(over("a", on_tab("b", 0.6)), Some(Place::Gap(2)));
        assert_eq!(over("c", on_tab("a", 0.4)), Some(Place::Gap(0)));
        assert_eq!(over("a", Under::Bar), Some(Place::Gap(3)));
        for (id, under) in [
            ("a", on_tab("a", 0.9)),
            ("a", on_tab("b", 0.2)),
            ("b", on_tab("a", 0.8)),
            ("c", Under::Bar),
        ] {
            assert_eq!(over(id, under), None);
        }
    }

    #[test]
    fn a_tab_with_a_single_pane_becomes_a_split() {
        let mut desk = desk();
        let under = |x| Under::Panes(x, 0.5);
        let left = Some(Place::Beside("pane-c".to_owned(), Side::Left));
        assert_eq!(place(&desk, &tab("a"), &under(0.05)), left);
        assert_eq!(place(&desk, &tab("a"), &under(0.25)), None);
        assert_eq!(place(&desk, &tab("c"), &under(0.05)), None);
        desk.activate("a");
        assert_eq!(place(&desk, &tab("a"), &under(0.05)), None);
        assert_eq!(place(&desk, &tab("c"), &under(0.05)), None);
    }

    #[test]
    fn in_the_grid_panes_go_to_slots() {
        let mut desk = workspace("a b c");
        desk.choose_view(Some(View::Grid));
        desk.choose_preset(Some(Preset::Four));
        let over = |desk: &Workspace, x, y| place(desk, &load("pane-a"), &Under::Panes(x, y));
        assert_eq!(over(&desk, 0.6, 0.1), Some(Place::Slot(1)));
        assert_eq!(over(&desk, 0.99, 0.99), Some(Place::Slot(3)));
        assert_eq!(over(&desk, 0.1, 0.1), None);
        assert_eq!(over(&desk, 1.0, 0.1), None);
        assert_eq!(place(&desk, &tab("a"), &Under::Panes(0.6, 0.1)), None);
        // A zoomed one covers them.
        desk.focus("pane-a");
        desk.zoom("a", Zoom::On);
        assert_eq!(over(&desk, 0.6, 0.1), None);
    }

    fn beyond(workspace: &Workspace, pane: &str, side: Side) -> Option<Place> {
        Ground {
            workspace,
            layout: &Layout::default(),
            view: workspace.view.unwrap_or_default(),
        }
        .beyond(pane, side)
    }

    #[test]
    fn a_pane_sent_to_a_side_changes_places_or_stands_there() {
        let desk = desk();
        let c = || "pane-c".to_owned();
        assert_eq!(beyond(&desk, "pane-d", Side::Left), Some(Place::Swap(c())));
        let below = Some(Place::Beside(c(), Side::Down));
        assert_eq!(beyond(&desk, "pane-d", Side::Down), below);
        assert_eq!(beyond(&desk, "pane-d", Side::Right), None);
        assert_eq!(beyond(&desk, "pane-a", Side::Right), None);
    }

    #[test]
    fn in_the_grid_a_pane_is_sent_to_the_next_slot() {
        let mut desk = workspace("a b c");
        desk.choose_view(Some(View::Grid));
        desk.choose_preset(Some(Preset::Four));
        let to = |pane, side| beyond(&desk, pane, side);
        assert_eq!(to("pane-a", Side::Right), Some(Place::Slot(1)));
        assert_eq!(to("pane-b", Side::Down), Some(Place::Slot(3)));
        for (pane, side) in [
            ("pane-a", Side::Left),
            ("pane-a", Side::Up),
            ("pane-b", Side::Right),
            ("pane-c", Side::Down),
        ] {
            assert_eq!(to(pane, side), None);
        }
    }

    #[test]
    fn the_bar_is_pulled_at_its_ends_only() {
        assert_eq!(pull(200.0, 0.0, 400.0), 0.0);
        assert_eq!(pull(0.0, 0.0, 400.0), -1.0);
        assert_eq!(pull(500.0, 0.0, 400.0), 1.0);
        assert_eq!(pull(382.0, 0.0, 400.0), 0.5);
    }
}
