//! What is to be seen of a drag: the room that a drop would take, and a label at the pointer. Both exist only while
//! something is dragged.

use leptos::prelude::*;

use crate::state::desk::Desk;
use crate::state::drag::words;
use crate::state::grip::Hand;
use crate::workspace::Rect;

/// The room that a drop would take, among the panes.
#[component]
pub(crate) fn DropRoom() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let room = Memo::new(move |_| desk.drop_room());
    view! {
        <Show when=move || room.with(Option::is_some)>
            <div
                class="drop-room"
                aria-hidden="true"
                style=move || room.get().map(Rect::style)
            ></div>
        </Show>
    }
    .into_any()
}

/// What is dragged and what a drop would do, at the pointer.
#[component]
pub(crate) fn DragLabel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let on = Memo::new(move |_| desk.dragging.is_on());
    let words = Memo::new(move |_| desk.dragging.with_place(words));
    let place = move || {
        let (at, hand) = desk.dragging.at();
        // Not under the finger; within the window also at its edges.
        let (x, y) = match hand {
            Hand::Mouse => (at.x + 14.0, at.y + 18.0),
            Hand::Finger => (at.x - 40.0, at.y - 64.0),
        };
        format!("left:clamp(4px,{x}px,calc(100vw - 204px));top:clamp(4px,{y}px,calc(100vh - 40px))")
    };
    view! {
        <Show when=move || on.get()>
            <div class="drag-label" aria-hidden="true" style=place>
                <span class="drag-name">{move || desk.load_name()}</span>
                <span class="drag-words">{move || words.get()}</span>
            </div>
        </Show>
    }
    .into_any()
}
