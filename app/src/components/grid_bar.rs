//! The grid's toolbar: a button per size, a dot per slot, and the way back to what the server or the number
//! of terminals says.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::keys::{Command, hint};
use crate::state::desk::{Desk, Slot};
use crate::workspace::{Preset, View};

/// The toolbar, while the grid is shown.
#[component]
pub(crate) fn GridBar() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let is_grid = Memo::new(move |_| desk.view() == View::Grid);
    view! {
        <Show when=move || is_grid.get()>
            <Toolbar />
        </Show>
    }
}

#[component]
fn Toolbar() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let chosen = Memo::new(move |_| desk.with(|workspace| workspace.grid.preset));
    let shown = Memo::new(move |_| desk.with(crate::workspace::Workspace::preset));
    let slots = Memo::new(move |_| desk.slots());
    let count = Memo::new(move |_| slots.with(Vec::len));
    let presets = Preset::ALL.map(|preset| {
        let pressed = move || shown.get() == preset;
        view! {
            <button
                type="button"
                class="preset"
                class:automatic=move || pressed() && chosen.get().is_none()
                aria-pressed=move || pressed().to_string()
                aria-label=preset.words()
                title=hint(preset.words(), Command::Grid(preset))
                tabindex=move || if pressed() { "0" } else { "-1" }
                on:click=move |_| desk.choose_preset(Some(preset))
            >
                {preset.name()}
            </button>
        }
    });
    view! {
        <div class="grid-bar" role="toolbar" aria-label="Grid" on:keydown=move |event| walk(desk, &event)>
            {presets.collect_view()}
            <button
                type="button"
                class="preset"
                tabindex="-1"
                aria-pressed=move || chosen.get().is_none().to_string()
                title="As many as there are terminals"
                on:click=move |_| desk.choose_preset(None)
            >
                "auto"
            </button>
            <For each=move || 0..count.get() key=|at| *at let:at>
                <Dot at=at slots=slots />
            </For>
            <Show when=move || desk.chose_view()>
                <button
                    type="button"
                    class="preset"
                    tabindex="-1"
                    title=hint("Tabs or grid as the server is set", Command::ResetView)
                    on:click=move |_| desk.reset_view()
                >
                    "Reset view"
                </button>
            </Show>
        </div>
    }
    .into_any()
}

/// Says what is in a slot, and goes there.
#[component]
fn Dot(at: usize, slots: Memo<Vec<Slot>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let slot =
        Memo::new(move |_| slots.with(|slots| slots.get(at).cloned().unwrap_or(Slot::Empty)));
    let state = move || {
        slot.with(|slot| match slot {
            Slot::Empty => "empty",
            Slot::Pane(_) => "live",
            Slot::InUse(_) => "focused",
        })
    };
    let words = move || {
        let number = at + 1;
        slot.with(|slot| match slot {
            Slot::Empty => format!("Slot {number}: empty"),
            Slot::Pane(pane) => format!("Slot {number}: {}", desk.pane_name(pane)),
            Slot::InUse(pane) => format!("Slot {number}: {}, in use", desk.pane_name(pane)),
        })
    };
    view! {
        <button
            type="button"
            class="dot"
            tabindex="-1"
            data-slot=state
            aria-label=words
            title=words
            on:click=move |_| match slot.get_untracked() {
                Slot::Empty => desk.fill_slot(at),
                Slot::Pane(pane) | Slot::InUse(pane) => desk.focus_pane(&pane),
            }
        ></button>
    }
}

/// Arrow keys go along the bar, as in any toolbar; Escape goes back to the terminal.
fn walk(desk: Desk, event: &KeyboardEvent) {
    if event.key() == "Escape" {
        desk.focus();
    } else {
        #[cfg(feature = "hydrate")]
        super::dom::walk_toolbar(event);
    }
}
