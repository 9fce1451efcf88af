//! The line between two halves of a split: dragged by mouse, pen and finger, moved by arrow keys, equal
//! halves by a double click. While it is dragged only this page knows; where it is let go is saved.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use crate::state::desk::{Desk, STEP};
use crate::workspace::layout::WHOLE;
use crate::workspace::{Axis, Divider, SHARES};

/// All dividers that are to be seen.
#[component]
pub(super) fn Dividers() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let ids = Memo::new(move |_| {
        desk.with_layout(|layout| {
            let ids = layout.dividers.iter().map(|divider| divider.split.clone());
            ids.collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || ids.get() key=Clone::clone let:split>
            <DividerView split=split />
        </For>
    }
}

#[component]
fn DividerView(split: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let split = StoredValue::new(split);
    let node = NodeRef::<Div>::new();
    let divider = Memo::new(move |_| {
        desk.with_layout(|layout| {
            let mut dividers = layout.dividers.iter();
            let found = split.with_value(|split| dividers.find(|other| other.split == *split));
            found.cloned()
        })
    });
    let axis = move || divider.with(|divider| divider.as_ref().map_or(Axis::Row, |one| one.axis));
    let ratio =
        move || divider.with(|divider| divider.as_ref().map_or(0, |one| u32::from(one.ratio)));
    let dragged = RwSignal::new(false);

    let on_down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        event.prevent_default();
        if let Some(node) = node.get_untracked() {
            // Fails only for a pointer that is gone by now.
            let _ = node.set_pointer_capture(event.pointer_id());
            let _ = node.focus();
            dragged.set(true);
        }
    };
    let on_move = move |event: PointerEvent| {
        if dragged.get_untracked()
            && let Some(room) = node.get_untracked().and_then(|node| node.parent_element())
            && let Some(at) = within(&room, &event)
            && let Some(divider) = divider.get_untracked()
        {
            split.with_value(|split| desk.stretch(split, share(&divider, at)));
        }
    };
    let on_end = move |_: PointerEvent| {
        if dragged.get_untracked() {
            dragged.set(false);
            desk.stretched();
        }
    };
    let set = move |share: u16| split.with_value(|split| desk.resize(split, share));
    let on_key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let now = divider.with_untracked(|divider| divider.as_ref().map_or(0, |one| one.ratio));
        match event.key().as_str() {
            "ArrowLeft" | "ArrowUp" => set(now.saturating_sub(STEP)),
            "ArrowRight" | "ArrowDown" => set(now.saturating_add(STEP)),
            "Home" => set(*SHARES.start()),
            "End" => set(*SHARES.end()),
            "Enter" | " " => set(crate::workspace::tree::HALF),
            "Escape" => desk.focus(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div
            class="divider"
            class:dragged=move || dragged.get()
            role="separator"
            tabindex="0"
            aria-label="Divider between panes"
            aria-orientation=move || match axis() {
                Axis::Row => "vertical",
                Axis::Column => "horizontal",
            }
            aria-valuemin=SHARES.start() / 10
            aria-valuemax=SHARES.end() / 10
            aria-valuenow=move || (ratio() / 10).to_string()
            title="Drag, or use the arrow keys; a double click makes both sides equal"
            style=move || divider.with(|divider| divider.as_ref().map(|one| one.line().style()))
            node_ref=node
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_end
            on:pointercancel=on_end
            on:lostpointercapture=on_end
            on:dblclick=move |_| set(crate::workspace::tree::HALF)
            on:keydown=on_key
        ></div>
    }
    .into_any()
}

/// Where in an element a pointer is, as shares of its width and height. Only a browser knows.
fn within(element: &leptos::web_sys::Element, event: &PointerEvent) -> Option<(f64, f64)> {
    #[cfg(feature = "hydrate")]
    return Some(crate::components::dom::within(element, event));
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (element, event);
        None
    }
}

/// The share that a point of the whole room means, of 1,000.
fn share(divider: &Divider, (x, y): (f64, f64)) -> u16 {
    let (at, from, to) = match divider.axis {
        Axis::Row => (x, divider.rect.left, divider.rect.right),
        Axis::Column => (y, divider.rect.top, divider.rect.bottom),
    };
    let within = at * f64::from(WHOLE) - f64::from(from);
    // Saturates at both ends.
    (within * 1000.0 / f64::from(to - from).max(1.0)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Rect;

    #[test]
    fn a_point_means_a_share_of_the_splits_own_room() {
        let divider = Divider {
            split: "s".to_owned(),
            axis: Axis::Row,
            ratio: 500,
            rect: Rect {
                left: WHOLE / 2,
                ..Rect::ALL
            },
        };
        assert_eq!(share(&divider, (0.75, 0.1)), 500);
        assert_eq!(share(&divider, (0.6, 0.9)), 200);
        assert_eq!(share(&divider, (0.1, 0.9)), 0);
        assert_eq!(share(&divider, (2.0, 0.9)), 3000);
    }
}
