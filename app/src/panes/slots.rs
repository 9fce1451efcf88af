//! Empty slots of the grid: each opens a terminal in its place.

use leptos::prelude::*;

use crate::components::icons::Icon;
use crate::state::desk::{Desk, Slot};
use crate::workspace::{Rect, View, Workspace};

/// All empty slots that are to be seen.
#[component]
pub(super) fn EmptySlots() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let cells = Memo::new(move |_| desk.with(Workspace::preset).cells());
    let empty = Memo::new(move |_| {
        // A zoomed pane covers them.
        let covered = desk.with_layout(|layout| {
            let mut places = layout.places.iter();
            cells.get() != (1, 1) && places.any(|place| place.rect == Rect::ALL)
        });
        if desk.view() != View::Grid || covered {
            return Vec::new();
        }
        let slots = desk.slots().into_iter().enumerate();
        let empty = slots.filter_map(|(at, slot)| (slot == Slot::Empty).then_some(at));
        empty.collect::<Vec<_>>()
    });
    view! {
        <For each=move || empty.get() key=|at| *at let:at>
            <div
                class="slot"
                style=move || {
                    let (columns, rows) = cells.get();
                    Rect::cell(columns, rows, u32::try_from(at).unwrap_or(0)).style()
                }
            >
                <button
                    type="button"
                    class="slot-open"
                    aria-label=format!("Open a terminal in slot {}", at + 1)
                    title="Open a terminal here"
                    on:click=move |_| desk.fill_slot(at)
                >
                    <Icon name="plus" />
                </button>
            </div>
        </For>
    }
}
