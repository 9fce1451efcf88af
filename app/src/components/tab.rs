//! One tab: click shows it, double click or F2 names it, middle click or its button closes it (its
//! session goes on), arrow keys go along the bar.

use leptos::either::Either;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

use super::icons::Icon;
use crate::state::desk::Desk;
use crate::state::face::{self, Face};
use crate::workspace::Workspace;

/// One tab.
#[component]
pub(crate) fn TabView(tab: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let id = StoredValue::new(tab);
    let node = NodeRef::<Div>::new();
    let active = Memo::new(move |_| {
        desk.with(|workspace| id.with_value(|id| workspace.active.as_ref() == Some(id)))
    });
    let face = Memo::new(move |_| id.with_value(|id| desk.face(id)));
    let name = Memo::new(move |_| face.with(|face| face.name.clone()));
    let detail = Memo::new(move |_| face.with(|face| face.detail.clone()));
    let mark = Memo::new(move |_| face.with(|face| face.mark));
    let progress = Memo::new(move |_| face.with(|face| face.progress));
    let renaming = Memo::new(move |_| {
        desk.renaming
            .with(|renaming| id.with_value(|id| renaming.as_ref() == Some(id)))
    });
    let drag = Memo::new(move |_| id.with_value(|id| desk.drag_mark(id)));
    let close = move || desk.close_tab(&id.get_value());
    let rename = move || desk.renaming.set(Some(id.get_value()));

    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if active.get()
            && let Some(node) = node.get()
        {
            super::dom::reveal(&node);
        }
    });

    let on_key = move |event: KeyboardEvent| {
        if renaming.get_untracked() {
            return;
        }
        match event.key().as_str() {
            "ArrowRight" => walk(desk, Workspace::next),
            "ArrowLeft" => walk(desk, Workspace::previous),
            "Home" => walk(desk, |workspace| workspace.jump(1)),
            "End" => walk(desk, |workspace| workspace.jump(9)),
            "F2" => rename(),
            "Delete" => close(),
            "Enter" | " " => desk.activate(&id.get_value()),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    // The middle button would otherwise scroll, or paste on Linux.
    let on_down = move |event: MouseEvent| {
        if event.button() == 1 {
            event.prevent_default();
        }
    };
    let on_middle = move |event: MouseEvent| {
        if event.button() == 1 {
            event.prevent_default();
            close();
        }
    };

    view! {
        <div
            class="tab"
            class:active=move || active.get()
            data-mark=move || mark.get().name()
            data-drag=move || drag.get()
            node_ref=node
            on:mousedown=on_down
            on:auxclick=on_middle
        >
            <div
                class="tab-face"
                role="tab"
                id=id.with_value(|id| format!("tab-{id}"))
                aria-controls="panel"
                aria-selected=move || active.get().to_string()
                aria-label=move || face.with(Face::words)
                aria-keyshortcuts="Delete F2"
                tabindex=move || if active.get() { "0" } else { "-1" }
                title=move || face.with(Face::tip)
                on:click=move |_| {
                    if !renaming.get_untracked() {
                        desk.activate(&id.get_value());
                    }
                }
                on:dblclick=move |_| rename()
                on:keydown=on_key
            >
                <span class="tab-mark" aria-hidden="true">
                    {move || mark.get().icon().map(|name| view! { <Icon name=name /> })}
                </span>
                {move || match desk.later.get().filter(|_| renaming.get()) {
                    Some(chunk) => Either::Left((chunk.name)(id, name.get_untracked())),
                    None => Either::Right(view! {
                        <span class="tab-name">{move || name.get()}</span>
                        <span class="tab-detail" data-words=move || detail.get()></span>
                    }),
                }}
            </div>
            <button
                type="button"
                class="tab-close"
                tabindex="-1"
                aria-hidden="true"
                title="Close (the session goes on)"
                on:click=move |_| close()
            >
                <Icon name="cross" />
            </button>
            <span
                class="tab-progress"
                data-kind=move || progress.get().map(face::kind)
                aria-hidden="true"
            >
                <span style=move || {
                    let filled = progress.get().map_or(0, face::filled);
                    format!("transform:scaleX(calc({filled} / 100))")
                }></span>
            </span>
        </div>
    }
    // Erased: types that grow deeper than the compiler takes.
    .into_any()
}

/// Shows another tab and moves the keyboard's focus along the bar.
fn walk(desk: Desk, step: impl FnOnce(&mut Workspace)) {
    let mut after = desk.peek(Clone::clone);
    step(&mut after);
    let Some(tab) = after.active else { return };
    desk.select(&tab);
    let element = document().get_element_by_id(&format!("tab-{tab}"));
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // Fails only for elements outside the document.
        let _ = element.focus();
    }
}
