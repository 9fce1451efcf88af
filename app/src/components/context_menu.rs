//! The menu of a terminal, where the pointer asked for it. What its items do is `commands`'; with Shift held,
//! or where a program takes the mouse, it stays away.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use crate::keys::{Command, Keys};
use crate::state::desk::Desk;
use crate::state::gesture::Point;

/// What it offers; `None` is a line.
const ITEMS: &[Option<(Command, &str)>] = &[
    Some((Command::Copy, "Copy")),
    Some((Command::CopyHtml, "Copy with colours")),
    Some((Command::Paste, "Paste")),
    None,
    Some((Command::SelectAll, "Select everything")),
    Some((Command::CopyAll, "Copy everything")),
    Some((Command::Find, "Search\u{2026}")),
    None,
    Some((Command::SplitRight, "Split right")),
    Some((Command::SplitDown, "Split down")),
    Some((Command::ZoomPane, "Zoom, or show all")),
    Some((Command::ClosePane, "Close pane")),
    None,
    Some((Command::Upload, "Upload files\u{2026}")),
    Some((Command::DownloadText, "Download as text")),
    Some((Command::DownloadRecording, "Download a recording")),
];

/// The menu, open while it exists.
#[component]
pub(crate) fn ContextMenu(
    /// Where.
    place: Point,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let menu = NodeRef::<html::Div>::new();
    let leave = move || {
        desk.menu.set(None);
        desk.focus();
    };
    Effect::new(move |_| {
        if let Some(menu) = menu.get() {
            settle(&menu, place);
        }
    });
    let pressed = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "Escape" | "Tab" => leave(),
            "ArrowDown" => step(menu, 1),
            "ArrowUp" => step(menu, -1),
            "Home" => step(menu, 0),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let keys = expect_context::<Keys>();
    let items = ITEMS.iter().map(move |item| match item {
        None => view! { <div class="menu-line" role="separator"></div> }.into_any(),
        Some((command, words)) => {
            let chord = untrack(|| keys.best(*command));
            let system = untrack(|| keys.place()).system;
            let chord =
                chord.map(|chord| view! { <span class="menu-chord">{chord.said(system)}</span> });
            view! {
                <button
                    type="button"
                    class="menu-item"
                    role="menuitem"
                    tabindex="-1"
                    on:click=move |_| {
                        leave();
                        run(desk, *command);
                    }
                >
                    {*words}
                    {chord}
                </button>
            }
            .into_any()
        }
    });
    view! {
        <div
            class="menu-shade"
            on:mousedown=move |_| leave()
            on:contextmenu=move |event| {
                event.prevent_default();
                leave();
            }
        ></div>
        <div
            class="menu"
            role="menu"
            aria-label="Terminal"
            tabindex="-1"
            node_ref=menu
            style:left=format!("{}px", place.x)
            style:top=format!("{}px", place.y)
            on:keydown=pressed
            on:contextmenu=|event| event.prevent_default()
        >
            {items.collect_view()}
        </div>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
fn run(desk: Desk, command: Command) {
    super::commands::run(desk, command);
}

/// The server runs nothing.
#[cfg(not(feature = "hydrate"))]
fn run(_: Desk, _: Command) {}

/// Keeps the menu inside the page and gives it the keyboard.
#[cfg(feature = "hydrate")]
fn settle(menu: &leptos::web_sys::HtmlElement, Point { x, y }: Point) {
    let inside = |wanted: f64, size: i32, room: Option<f64>| {
        let most = room.unwrap_or(f64::MAX) - f64::from(size) - 6.0;
        format!("{}px", wanted.min(most).max(0.0))
    };
    let room = |side: Result<wasm_bindgen::JsValue, _>| side.ok().and_then(|side| side.as_f64());
    let left = inside(x, menu.offset_width(), room(window().inner_width()));
    let top = inside(y, menu.offset_height(), room(window().inner_height()));
    // Fail only for names and values that are none, and for elements outside the document.
    let _ = menu.style().set_property("left", &left);
    let _ = menu.style().set_property("top", &top);
    let _ = menu.focus();
}

#[cfg(not(feature = "hydrate"))]
fn settle(_: &leptos::web_sys::HtmlElement, _: Point) {}

/// Moves the keyboard through the items, round the ends; 0 = to the first.
fn step(menu: NodeRef<html::Div>, by: i32) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast as _;
        let Some(menu) = menu.get_untracked() else {
            return;
        };
        let children = menu.children();
        let items: Vec<leptos::web_sys::HtmlElement> = (0..children.length())
            .filter_map(|at| children.item(at)?.dyn_into().ok())
            .filter(|item: &leptos::web_sys::HtmlElement| item.class_name() == "menu-item")
            .collect();
        let focused = document().active_element();
        let is_focused = |item: &leptos::web_sys::HtmlElement| Some((**item).clone()) == focused;
        let next = match (items.iter().position(is_focused), by) {
            (_, 0) | (None, 1) => 0,
            (None, _) => items.len().saturating_sub(1),
            (Some(now), 1) => now + 1,
            (Some(now), _) => now + items.len() - 1,
        };
        if let Some(item) = items.get(next % items.len().max(1)) {
            // Fails only for elements that are not in the document.
            let _ = item.focus();
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (menu, by);
}
