//! The desk's part about dragging panes and tabs: what is dragged and where it would be dropped. What a drop does is
//! `moving`'s, where it leads decides [`crate::state::drag`], pointers are heard in `components::dragging`.

use leptos::prelude::*;

use super::Desk;
use crate::state::drag::{Fate, Ground, Load, Place, Under};
use crate::state::gesture::Point;
use crate::state::grip::Hand;
use crate::workspace::Rect;

/// A drag, if one is under way.
#[derive(Clone, Copy)]
pub(crate) struct Dragging {
    load: RwSignal<Option<Load>>,
    over: RwSignal<Option<Place>>,
    at: RwSignal<(Point, Hand)>,
}

impl Dragging {
    /// None.
    pub(super) fn new() -> Self {
        let nowhere = Point { x: 0.0, y: 0.0 };
        Self {
            load: RwSignal::new(None),
            over: RwSignal::new(None),
            at: RwSignal::new((nowhere, Hand::Mouse)),
        }
    }

    /// Whether something is dragged, tracked.
    pub(crate) fn is_on(self) -> bool {
        self.load.with(Option::is_some)
    }

    /// Reads what is dragged, tracked.
    pub(crate) fn with_load<T>(self, read: impl FnOnce(&Load) -> T) -> Option<T> {
        self.load.with(|load| load.as_ref().map(read))
    }

    /// Reads where it would be dropped, tracked.
    pub(crate) fn with_place<T>(self, read: impl FnOnce(&Place) -> T) -> Option<T> {
        self.over.with(|over| over.as_ref().map(read))
    }

    /// Where the pointer is, and what it is, tracked.
    pub(crate) fn at(self) -> (Point, Hand) {
        self.at.get()
    }
}

impl Desk {
    /// The name of what is dragged, tracked.
    pub(crate) fn load_name(self) -> Option<String> {
        self.dragging.with_load(|load| match load {
            Load::Pane(pane) => self.pane_name(pane),
            Load::Tab(tab) => self.name(tab),
        })
    }

    /// The part of the panes' room that a drop would take now, tracked.
    pub(crate) fn drop_room(self) -> Option<Rect> {
        let place = self.dragging.over.get()?;
        self.on_ground(|ground| ground.room(&place))
    }

    /// What a drag makes of a tab: `self`, `into` it, `before` or `after` it. Tracked.
    pub(crate) fn drag_mark(self, tab: &str) -> Option<&'static str> {
        let own = self
            .dragging
            .with_load(|load| matches!(load, Load::Tab(own) if own == tab))?;
        if own {
            return Some("self");
        }
        self.dragging.over.with(|over| match over.as_ref()? {
            Place::Into(into) => (into == tab).then_some("into"),
            Place::Gap(gap) => self.beside_gap(tab, *gap),
            Place::NewTab => self.beside_gap(tab, usize::MAX),
            Place::Beside(..) | Place::Swap(_) | Place::Slot(_) => None,
        })
    }

    /// The side of a tab that a gap between tabs is at; the last gap is behind the last tab.
    fn beside_gap(self, tab: &str, gap: usize) -> Option<&'static str> {
        self.with(|workspace| {
            let at = workspace.position(tab)?;
            let last = at + 1 == workspace.tabs.len();
            match gap {
                gap if gap == at => Some("before"),
                gap if gap > at && last => Some("after"),
                _ => None,
            }
        })
    }

    /// Begins to drag.
    pub(crate) fn drag(self, load: Load, hand: Hand) {
        let (at, _) = self.dragging.at.get_untracked();
        self.dragging.over.set(None);
        self.dragging.at.set((at, hand));
        self.dragging.load.set(Some(load));
    }

    /// What is dragged is held over something.
    pub(crate) fn hold(self, at: Point, under: &Under) {
        let Dragging {
            load,
            over,
            at: place,
        } = self.dragging;
        place.update(|place| place.0 = at);
        let next = load.get_untracked().and_then(|load| {
            let decide = |ground: Ground<'_>| ground.place(&load, under);
            untrack(|| self.on_ground(decide))
        });
        if over.with_untracked(|now| *now != next) {
            over.set(next);
        }
    }

    /// What is dragged is let go: dropped where it was held last, or else it stays where it is.
    pub(crate) fn let_go(self, fate: Fate) {
        let (load, over) = (self.dragging.load, self.dragging.over);
        let dropped = (load.get_untracked(), over.get_untracked());
        load.set(None);
        over.set(None);
        if let (Fate::Dropped, (Some(load), Some(place))) = (fate, dropped) {
            self.drop_on(load, place);
        }
        self.focus();
    }

    pub(super) fn on_ground<T>(self, decide: impl FnOnce(Ground<'_>) -> T) -> T {
        let view = self.view();
        self.with(|workspace| {
            self.with_layout(|layout| {
                decide(Ground {
                    workspace,
                    layout,
                    view,
                })
            })
        })
    }
}
