//! The page's icons: strokes in the text's colour, drawn here so that nothing is loaded.

use leptos::prelude::*;

/// The product's mark: a bowline's loop with its standing part.
#[component]
pub(crate) fn Knot() -> impl IntoView {
    view! {
        <svg class="knot" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d="M12 2.5v6.2" />
            <path d="M12 8.7c-5.2 0-8 2.7-8 6.4 0 3.8 3.3 6.4 8 6.4s8-2.6 8-6.4c0-2.4-1.3-4.3-3.6-5.4" />
            <path d="M15.6 6.3c0 2.6-1.6 4.6-4.3 5.6-1.5.6-2.6.2-2.9-.9-.4-1.4 1-2.7 3.6-2.7 2.4 0 4.4.9 4.4.9" />
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
        _ => "",
    };
    view! {
        <svg class=format!("icon icon-{name}") viewBox="0 0 16 16" fill="none" stroke="currentColor"
            stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
