//! The page's icons: strokes in the text's colour, drawn here so that nothing is loaded.

use leptos::prelude::*;

/// The product's mark: a rope's standing part, its loop, and the end that passes under: a b.
#[component]
pub(crate) fn Knot() -> impl IntoView {
    view! {
        <svg class="knot" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d="M7.6 2.6v12.6" />
            <path d="M7.6 15.2a5.9 5.9 0 1 1 5.9 5.9c-3.7 0-6.9-1.9-9.7-5.3" />
        </svg>
    }
}

/// An icon by name.
#[component]
pub(crate) fn Icon(name: &'static str) -> impl IntoView {
    let path = match name {
        "plus" => "M8 3v10M3 8h10",
        "cross" => "M4 4l8 8M12 4l-8 8",
        "stack" => "M8 2.5l6 3-6 3-6-3zM2 8.5l6 3 6-3M2 11.5l6 3 6-3",
        "sun" => {
            "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6zM8 1.3v1.4M8 13.3v1.4M1.3 8h1.4M13.3 8h1.4\
             M3.3 3.3l1 1M11.7 11.7l1 1M3.3 12.7l1-1M11.7 4.3l1-1"
        }
        "moon" => "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
        "keyboard" => {
            "M2.5 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z\
             M4.4 6.8h.1M6.8 6.8h.1M9.1 6.8h.1M11.5 6.8h.1M5.4 9.5h5.2"
        }
        "gear" => {
            "M8 5.7a2.3 2.3 0 1 0 0 4.6a2.3 2.3 0 1 0 0-4.6zM6.8 1.8h2.4l.3 1.7 1.4.8 1.6-.6 1.2 2.1-1.3 1.1v1.6             l1.3 1.1-1.2 2.1-1.6-.6-1.4.8-.3 1.7H6.8l-.3-1.7-1.4-.8-1.6.6-1.2-2.1 1.3-1.1V7.3L2.3 6.2l1.2-2.1             1.6.6 1.4-.8z"
        }
        "letters" => {
            "M2 12.5L5.4 4l3.4 8.5M3.2 9.6h4.4M14 7.4v5.1M14 10a2.2 2.5 0 1 0-4.4 0a2.2 2.5 0 1 0 4.4 0"
        }
        "prompt" => {
            "M2.5 3h11a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM4.4 6l2 2-2 2M8.2 10.2h3"
        }
        "palette" => {
            "M8 1.8a6.2 6.2 0 1 0 0 12.4c1 0 1.4-.7 1.2-1.5-.3-1.1.3-2 1.5-2h1.4c1.3 0 2.1-1 2.1-2.4             C14.2 4.7 11.4 1.8 8 1.8zM5 8.2v.1M6.3 5.3v.1M9.6 4.9v.1"
        }
        "split-right" => "M2.5 3h11v10h-11zM8 3v10",
        "split-down" => "M2.5 3h11v10h-11zM2.5 8h11",
        "grid" => "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
        "zoom" => "M9.5 2.8h3.7v3.7M13 3L9.3 6.7M6.5 13.2H2.8V9.5M3 13l3.7-3.7",
        "unzoom" => "M13.2 6.5H9.5V2.8M9.5 6.5l3.8-3.8M2.8 9.5h3.7v3.7M6.5 9.5l-3.8 3.8",
        "bell" => "M4 11.5c.9-1 1-2 1-4a3 3 0 0 1 6 0c0 2 .1 3 1 4zM6.9 13.7h2.2",
        "person" => {
            "M8 1.9a1.2 1.2 0 1 0 0 2.4a1.2 1.2 0 1 0 0-2.4zM2.8 5.9L6.4 7v2.4l-1.6 4.9M13.2 5.9L9.6 7v2.4l1.6 4.9M6.4 9.4h3.2"
        }
        "lock" => {
            "M4 7.2h8a1 1 0 0 1 1 1v4.6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8.2a1 1 0 0 1 1-1zM5.2 7.2V5a2.8 2.8 0 0 1 5.6 0v2.2"
        }
        "box" => "M2.5 5.2h11v8h-11zM2.5 5.2L4 2.8h8l1.5 2.4M6.4 8h3.2",
        "note" => "M2.8 3.2h10.4v7.2H7.6l-2.8 2.6v-2.6h-2z",
        "pause" => "M5.8 4v8M10.2 4v8",
        "question" => "M5.4 6a2.6 2.6 0 1 1 3.9 2.3c-.8.5-1.3.9-1.3 1.8M8 12.7v.1",
        "mic" => {
            "M8 1.8a2 2 0 0 1 2 2v3.6a2 2 0 0 1-4 0V3.8a2 2 0 0 1 2-2zM3.8 7.4a4.2 4.2 0 0 0 8.4 0M8 11.6v2.6"
        }
        "check" => "M3.2 8.6l3.2 3.2 6.4-7.2",
        "stop" => "M4.5 4.5h7v7h-7z",
        "paste" => {
            "M6 3H4.5a1 1 0 0 0-1 1v8.5a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1V4a1 1 0 0 0-1-1H10M6 2h4v2.4H6z"
        }
        "more" => "M3.5 8h.1M8 8h.1M12.5 8h.1",
        "up" => "M3.5 10l4.5-4.5 4.5 4.5",
        "down" => "M3.5 6l4.5 4.5 4.5-4.5",
        "search" => "M7 2.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 1 0 0-8.4zM10.2 10.2l3.2 3.2",
        "undo" => "M3 3.2v3.6h3.6M3.2 6.6a5.2 5.2 0 1 1-.4 3.6",
        "failed" => "M8 3.4v5.8M8 12.4v.1",
        _ => "",
    };
    view! {
        <svg class=format!("icon icon-{name}") viewBox="0 0 16 16" fill="none" stroke="currentColor"
            stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
