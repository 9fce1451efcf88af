//! A pane's head, where several are on screen: its name, and buttons to split, zoom and close it.

use leptos::prelude::*;

use crate::components::icons::Icon;
use crate::keys::{Command, Keys, hint};
use crate::state::desk::Desk;
use crate::workspace::{Side, Zoom};

/// The head.
#[component]
pub(super) fn PaneHead(pane: StoredValue<String>, name: Memo<String>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let keys = expect_context::<Keys>();
    let zoomed = Memo::new(move |_| {
        desk.with(|workspace| {
            let tab = pane.with_value(|pane| workspace.tab_with(pane));
            tab.is_some_and(|tab| tab.zoom == Zoom::On)
        })
    });
    let zoom_words = move || match zoomed.get() {
        true => "Show all panes",
        false => "Zoom pane",
    };
    let tip = move || {
        let by_key = keys.hint("By keys: to the left", Command::MovePane(Side::Left));
        format!("Drag to move the pane; a double click zooms it\n{by_key}")
    };
    view! {
        <div class="pane-head" on:dblclick=move |_| desk.toggle_zoom(&pane.get_value())>
            <span class="pane-name" title=tip>{move || name.get()}</span>
            <span class="pane-actions" on:dblclick=|event| event.stop_propagation()>
                <button
                    type="button"
                    class="pane-action wide"
                    aria-label=move || format!("Split {} to the right", name.get())
                    title=hint("Split right", Command::SplitRight)
                    on:click=move |_| desk.split_pane(&pane.get_value(), Side::Right)
                >
                    <Icon name="split-right" />
                </button>
                <button
                    type="button"
                    class="pane-action wide"
                    aria-label=move || format!("Split {} downwards", name.get())
                    title=hint("Split down", Command::SplitDown)
                    on:click=move |_| desk.split_pane(&pane.get_value(), Side::Down)
                >
                    <Icon name="split-down" />
                </button>
                <button
                    type="button"
                    class="pane-action"
                    aria-pressed=move || zoomed.get().to_string()
                    aria-label=move || format!("Zoom {}", name.get())
                    title=move || keys.hint(zoom_words(), Command::ZoomPane)
                    on:click=move |_| desk.toggle_zoom(&pane.get_value())
                >
                    <Show when=move || zoomed.get() fallback=|| view! { <Icon name="zoom" /> }>
                        <Icon name="unzoom" />
                    </Show>
                </button>
                <button
                    type="button"
                    class="pane-action"
                    aria-label=move || format!("Close pane {}", name.get())
                    title=hint("Close pane (the session goes on)", Command::ClosePane)
                    on:click=move |_| desk.close_pane(&pane.get_value())
                >
                    <Icon name="cross" />
                </button>
            </span>
        </div>
    }
    .into_any()
}
