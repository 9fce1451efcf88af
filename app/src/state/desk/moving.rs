//! The desk's part about moving panes and tabs to a place, whether they were dragged there or sent by keys.

use leptos::prelude::untrack;

use super::{Change, Desk, fresh_id};
use crate::state::drag::{Load, Place, only_pane};
use crate::state::toasts::Tone;
use crate::text;
use crate::workspace::{Beside, Side, Step, Target};

impl Desk {
    /// Moves a pane to a side.
    pub(crate) fn shift_pane(self, pane: &str, side: Side) {
        if let Some(place) = untrack(|| self.on_ground(|ground| ground.beyond(pane, side))) {
            self.put(pane, place);
        }
    }

    /// Moves a pane into the tab after its own, or before it, not beyond the ends of the bar.
    pub(crate) fn move_to_tab_at(self, pane: &str, step: Step) {
        let tab = self.peek(|workspace| {
            let at = workspace.position(&workspace.tab_with(pane)?.id)?;
            let to = match step {
                Step::Next => at + 1,
                Step::Previous => at.checked_sub(1)?,
            };
            Some(workspace.tabs.get(to)?.id.clone())
        });
        if let Some(tab) = tab {
            self.put(pane, Place::Into(tab));
        }
    }

    /// Puts a load where it was dropped.
    pub(super) fn drop_on(self, load: Load, place: Place) {
        let pane = match load {
            Load::Pane(pane) => pane,
            Load::Tab(tab) => match (place, self.peek(|workspace| only_pane(workspace, &tab))) {
                (Place::Gap(gap), _) => return self.move_tab_to_gap(&tab, gap),
                (Place::Beside(other, side), Some(pane)) => {
                    return self.put(&pane, Place::Beside(other, side));
                }
                _ => return,
            },
        };
        self.put(&pane, place);
    }

    /// Puts a pane where it was dropped.
    pub(super) fn put(self, pane: &str, place: Place) {
        // Cells of the grid stay what they are, whatever becomes of tabs.
        self.settle_grid();
        match place {
            Place::Beside(other, side) if self.has_room(pane, &other) => {
                let beside = Beside {
                    pane: other,
                    side,
                    split: fresh_id("split"),
                };
                self.move_pane(pane, Target::Beside(beside));
            }
            Place::Into(tab) => {
                let there = self.peek(|workspace| Some(workspace.tab(&tab)?.focused.clone()));
                if there.is_some_and(|there| self.has_room(pane, &there)) {
                    self.move_pane(pane, Target::Tab(tab, fresh_id("split")));
                }
            }
            Place::Swap(other) => self.move_pane(pane, Target::Swap(other)),
            Place::Slot(slot) => {
                self.change(Change::Slot(pane.to_owned(), slot));
                self.choose_pane(pane);
            }
            Place::NewTab => {
                let tab = fresh_id("tab");
                self.move_pane(pane, Target::NewTab(tab.clone()));
                self.move_tab(&tab, usize::MAX);
            }
            Place::Beside(..) | Place::Gap(_) => {}
        }
    }

    /// Moves a tab before the one that stands at a place now, or behind the last.
    fn move_tab_to_gap(self, tab: &str, gap: usize) {
        if let Some(at) = self.peek(|workspace| workspace.position(tab)) {
            self.move_tab(tab, if gap > at { gap - 1 } else { gap });
        }
    }

    /// Whether a pane may come to stand beside another; says so where it may not.
    fn has_room(self, pane: &str, other: &str) -> bool {
        let room = self.peek(|workspace| {
            let mut without = workspace.clone();
            without.close_pane(pane);
            without.room_beside(other)
        });
        if let Err(full) = room {
            let text = text::sentence(&full.to_string());
            self.toasts.say(Tone::Info, text);
        }
        room.is_ok()
    }
}
