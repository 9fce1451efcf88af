//! The grid: the panes of all tabs in equal cells. Slots keep their pane; a pane that was closed leaves its
//! slot empty, and what has no slot on screen waits behind the last one. The arrangement is derived from
//! what was saved and the panes there are, so that it fits whatever another page did.

use serde::{Deserialize, Serialize};

use super::layout::{Layout, Place, Rect};
use super::{Pane, Step, Workspace, Zoom};

/// How the page shows panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// One tab at a time.
    #[default]
    Tabs,
    /// The panes of all tabs.
    Grid,
}

/// A size of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// One.
    #[serde(rename = "1")]
    Single,
    /// Two side by side.
    #[serde(rename = "2h")]
    Beside,
    /// Two, one below the other.
    #[serde(rename = "2v")]
    Below,
    /// Two by two.
    #[serde(rename = "4")]
    Four,
    /// Three by two.
    #[serde(rename = "6")]
    Six,
    /// Three by three.
    #[serde(rename = "9")]
    Nine,
    /// Four by three.
    #[serde(rename = "12")]
    Twelve,
    /// Four by four.
    #[serde(rename = "16")]
    Sixteen,
    /// Five by four.
    #[serde(rename = "20")]
    Twenty,
}

impl Preset {
    /// All of them, the smallest first.
    pub const ALL: [Self; 9] = [
        Self::Single,
        Self::Beside,
        Self::Below,
        Self::Four,
        Self::Six,
        Self::Nine,
        Self::Twelve,
        Self::Sixteen,
        Self::Twenty,
    ];

    /// Columns and rows.
    pub fn cells(self) -> (u32, u32) {
        match self {
            Self::Single => (1, 1),
            Self::Beside => (2, 1),
            Self::Below => (1, 2),
            Self::Four => (2, 2),
            Self::Six => (3, 2),
            Self::Nine => (3, 3),
            Self::Twelve => (4, 3),
            Self::Sixteen => (4, 4),
            Self::Twenty => (5, 4),
        }
    }

    /// How many panes have a slot.
    pub fn slots(self) -> usize {
        let (columns, rows) = self.cells();
        (columns * rows) as usize
    }

    /// What its button says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "1",
            Self::Beside => "2h",
            Self::Below => "2v",
            Self::Four => "4",
            Self::Six => "6",
            Self::Nine => "9",
            Self::Twelve => "12",
            Self::Sixteen => "16",
            Self::Twenty => "20",
        }
    }

    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Single => "1 terminal",
            Self::Beside => "2 terminals side by side",
            Self::Below => "2 terminals, one below the other",
            Self::Four => "4 terminals",
            Self::Six => "6 terminals",
            Self::Nine => "9 terminals",
            Self::Twelve => "12 terminals",
            Self::Sixteen => "16 terminals",
            Self::Twenty => "20 terminals",
        }
    }

    /// The smallest that has a slot for each of so many.
    pub fn for_panes(panes: usize) -> Self {
        let fits = |preset: &&Self| preset.slots() >= panes;
        Self::ALL.iter().find(fits).copied().unwrap_or(Self::Twenty)
    }
}

/// What is saved of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grid {
    /// The size that was chosen. Without, the grid is as large as there are panes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// Ids of panes, as they were arranged last. May name some that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Option<String>>,
}

impl Grid {
    /// Whether nothing was ever arranged or chosen.
    pub fn is_untouched(&self) -> bool {
        self.preset.is_none() && self.slots.is_empty()
    }
}

impl Workspace {
    /// Which pane stands in which slot, those that have none on screen behind the others.
    pub fn arrangement(&self) -> Vec<Option<&Pane>> {
        let mut panes: Vec<&Pane> = self.panes().collect();
        let mut slots: Vec<Option<&Pane>> = Vec::with_capacity(panes.len());
        for slot in &self.grid.slots {
            let at = panes
                .iter()
                .position(|pane| Some(&pane.id) == slot.as_ref());
            slots.push(at.map(|at| panes.remove(at)));
        }
        for pane in panes {
            match slots.iter_mut().find(|slot| slot.is_none()) {
                Some(free) => *free = Some(pane),
                None => slots.push(Some(pane)),
            }
        }
        slots
    }

    /// The size of the grid: the one chosen, or one with a slot for everything.
    pub fn preset(&self) -> Preset {
        self.grid.preset.unwrap_or_else(|| {
            let slots = self.arrangement().len();
            Preset::for_panes(slots)
        })
    }

    /// The slots on screen. The pane in use is always in one: where it has none (any more), it takes the
    /// last one.
    pub fn slots(&self) -> Vec<Option<&Pane>> {
        let mut slots = self.arrangement();
        slots.resize(slots.len().max(self.preset().slots()), None);
        slots.truncate(self.preset().slots());
        if let Some(focused) = self.focused_pane() {
            let seen = slots.iter().flatten().any(|pane| pane.id == focused.id);
            if let (false, Some(last)) = (seen, slots.last_mut()) {
                *last = Some(focused);
            }
        }
        slots
    }

    /// Where the panes of the grid are. A zoomed one has all the room.
    pub fn grid_layout(&self) -> Layout {
        match self.active_tab() {
            Some(tab) if tab.zoom == Zoom::On => super::layout::of_tab(tab, None),
            _ => self.whole_grid(),
        }
    }

    /// The same with all panes, zoomed or not.
    pub fn whole_grid(&self) -> Layout {
        let (columns, rows) = self.preset().cells();
        let slots = self.slots().into_iter().zip(0..);
        let places = slots.filter_map(|(pane, at)| {
            Some(Place {
                pane: pane?.id.clone(),
                rect: Rect::cell(columns, rows, at),
            })
        });
        Layout {
            places: places.collect(),
            ..Layout::default()
        }
    }

    /// Keeps the arrangement as it is on screen, so that what goes leaves its slot empty.
    pub fn settle_grid(&mut self) {
        let mut slots: Vec<_> = self.arrangement();
        slots.resize(slots.len().max(self.preset().slots()), None);
        let slots = slots.into_iter().map(|slot| Some(slot?.id.clone()));
        self.grid.slots = slots.collect();
    }

    /// Chooses how panes are shown, or goes by the setting again. A grid without a chosen size begins without
    /// empty slots.
    pub fn choose_view(&mut self, view: Option<View>) {
        self.view = view;
        for tab in &mut self.tabs {
            tab.zoom = Zoom::Off;
        }
        if self.grid.preset.is_none() {
            let known: Vec<_> = self.panes().map(|pane| pane.id.clone()).collect();
            let stays = |slot: &Option<String>| slot.as_ref().is_some_and(|id| known.contains(id));
            self.grid.slots.retain(stays);
        }
    }

    /// Chooses a size of the grid, or goes by the number of panes again.
    pub fn choose_preset(&mut self, preset: Option<Preset>) {
        self.settle_grid();
        self.grid.preset = preset;
        match preset {
            None => self.grid.slots.retain(Option::is_some),
            // What waited gets the free slots, and empty ones behind the last are no matter.
            Some(preset) => self.fill_from_behind(preset.slots()),
        }
        if let Some(focused) = self.focused_pane().map(|pane| pane.id.clone()) {
            self.reveal(&focused, None);
        }
    }

    /// Moves panes that wait behind the last slot on screen into free ones.
    fn fill_from_behind(&mut self, on_screen: usize) {
        let slots = &mut self.grid.slots;
        let behind = slots.split_off(on_screen.min(slots.len()));
        for pane in behind.into_iter().flatten() {
            match slots.iter_mut().find(|slot| slot.is_none()) {
                Some(free) => *free = Some(pane),
                None => slots.push(Some(pane)),
            }
        }
    }

    /// Sees to it that a pane is on screen: where it is not, it changes places with another there, or with
    /// the last one.
    pub fn reveal(&mut self, pane: &str, instead_of: Option<&str>) {
        self.settle_grid();
        let on_screen = self.preset().slots();
        let slots = &mut self.grid.slots;
        let at = |id: &str| slots.iter().position(|slot| slot.as_deref() == Some(id));
        let Some(from) = at(pane).filter(|at| *at >= on_screen) else {
            return;
        };
        let other = instead_of.and_then(at).filter(|at| *at < on_screen);
        slots.swap(from, other.unwrap_or(on_screen - 1));
    }

    /// The pane after the one in use among the slots on screen, or before it, around the end.
    pub fn slot_at_step(&self, step: Step) -> Option<&str> {
        let panes: Vec<_> = self.slots().into_iter().flatten().collect();
        let focused = self.focused_pane()?;
        let at = panes.iter().position(|pane| pane.id == focused.id)?;
        Some(&panes[step.from(at, panes.len())].id)
    }

    /// Puts a pane into a slot; what stood there takes the place it leaves.
    pub fn put_into_slot(&mut self, pane: &str, slot: usize) {
        self.settle_grid();
        let slots = &mut self.grid.slots;
        let from = slots
            .iter()
            .position(|other| other.as_deref() == Some(pane));
        if let Some(from) = from
            && slot < slots.len()
        {
            slots.swap(from, slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::workspace;

    /// The slots on screen, `-` empty, `*` in use.
    fn drawn(workspace: &Workspace) -> String {
        let focused = workspace.focused_pane().map(|pane| pane.id.clone());
        let slots = workspace.slots().into_iter().map(|slot| match slot {
            Some(pane) if Some(&pane.id) == focused.as_ref() => format!("{}*", &pane.id[5..]),
            Some(pane) => pane.id[5..].to_owned(),
            None => "-".to_owned(),
        });
        slots.collect::<Vec<_>>().join(" ")
    }

    fn close(workspace: &mut Workspace, tab: &str) {
        workspace.settle_grid();
        workspace.close(tab);
    }

    #[test]
    fn the_grid_is_as_large_as_there_are_panes() {
        for (tabs, slots) in [
            ("a", "a*"),
            ("a b", "a b*"),
            ("a b c", "a b c* -"),
            ("a b c d e", "a b c d e* -"),
            ("a b c d e f g", "a b c d e f g* - -"),
        ] {
            assert_eq!(drawn(&workspace(tabs)), slots);
        }
        let sizes = [10, 13, 17, 25].map(|panes| Preset::for_panes(panes).name());
        assert_eq!(sizes, ["12", "16", "20", "20"]);
    }

    #[test]
    fn a_closed_pane_leaves_its_slot_empty_and_a_new_one_takes_it() {
        let mut workspace = workspace("a b c d");
        close(&mut workspace, "b");
        assert_eq!(drawn(&workspace), "a - c d*");
        workspace.add(crate::workspace::tests::tab("e", "pane-e"));
        assert_eq!(drawn(&workspace), "a e* c d");
        close(&mut workspace, "a");
        close(&mut workspace, "e");
        assert_eq!(drawn(&workspace), "- - c d*");
        // Shown anew, it begins without holes.
        workspace.choose_view(Some(View::Grid));
        assert_eq!(drawn(&workspace), "c d*");
    }

    #[test]
    fn what_has_no_slot_waits_and_comes_back() {
        let mut workspace = workspace("a b c d e");
        workspace.focus("pane-a");
        workspace.choose_preset(Some(Preset::Beside));
        assert_eq!(drawn(&workspace), "a* b");
        assert_eq!(workspace.panes().count(), 5);
        // Used, it takes the place of who was.
        workspace.focus("pane-d");
        workspace.reveal("pane-d", Some("pane-a"));
        assert_eq!(drawn(&workspace), "d* b");
        workspace.choose_preset(Some(Preset::Six));
        assert_eq!(drawn(&workspace), "d* b c a e -");
        close(&mut workspace, "b");
        assert_eq!(drawn(&workspace), "d* - c a e -");
        workspace.choose_preset(Some(Preset::Four));
        assert_eq!(drawn(&workspace), "d* e c a");
        workspace.choose_preset(None);
        assert_eq!(drawn(&workspace), "d* e c a");
    }

    #[test]
    fn the_pane_in_use_is_always_on_screen() {
        let mut workspace = workspace("a b c");
        workspace.grid.preset = Some(Preset::Single);
        assert_eq!(drawn(&workspace), "c*");
        workspace.focus("pane-b");
        assert_eq!(drawn(&workspace), "b*");
        workspace.choose_preset(Some(Preset::Below));
        assert_eq!(drawn(&workspace), "a b*");
    }

    #[test]
    fn panes_change_slots() {
        let mut workspace = workspace("a b c");
        workspace.put_into_slot("pane-a", 3);
        assert_eq!(drawn(&workspace), "- b c* a");
        workspace.put_into_slot("pane-a", 2);
        assert_eq!(drawn(&workspace), "- b a c*");
        workspace.put_into_slot("pane-a", 99);
        workspace.put_into_slot("pane-x", 0);
        assert_eq!(drawn(&workspace), "- b a c*");
    }

    #[test]
    fn slots_of_panes_that_are_gone_are_free() {
        let mut workspace = workspace("a b");
        let slot = |id: &str| Some(id.to_owned());
        workspace.grid.slots = vec![slot("pane-x"), slot("pane-b"), slot("pane-b"), None];
        assert_eq!(drawn(&workspace), "a b* - -");
        assert_eq!(workspace.check(), Ok(()));
    }

    #[test]
    fn cells_are_equal_and_neighbours_are_found() {
        let workspace = workspace("a b c d e f");
        let layout = workspace.grid_layout();
        let style = layout.rect("pane-e").map(Rect::style);
        assert_eq!(
            style.as_deref(),
            Some("left:33.3333%;top:50.0000%;right:33.3334%;bottom:0.0000%")
        );
        let down = layout.neighbour("pane-b", crate::workspace::Side::Down);
        assert_eq!(down, Some("pane-e"));
    }

    #[test]
    fn what_was_chosen_comes_back() {
        let mut workspace = workspace("a b");
        workspace.choose_view(Some(View::Grid));
        workspace.choose_preset(Some(Preset::Below));
        let text = serde_json::to_string(&workspace).unwrap();
        assert!(
            text.contains(r#""view":"grid","grid":{"preset":"2v","#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Workspace>(&text).unwrap(), workspace);
    }
}
