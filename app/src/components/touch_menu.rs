//! What can be done with what a finger has selected: a small bar above it.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::commands;
#[cfg(feature = "hydrate")]
use crate::keys::Command;
use crate::state::desk::Desk;

/// The bar, while something is offered.
#[component]
pub(crate) fn TouchMenuView() -> impl IntoView {
    let desk = expect_context::<Desk>();
    move || {
        desk.touch_menu.get().map(|at| {
            // Within the window also at its edges.
            let style = format!(
                "left: clamp(90px, {}px, calc(100vw - 90px)); top: max({}px, 110px)",
                at.x, at.y
            );
            view! {
                <div
                    class="touch-menu"
                    role="toolbar"
                    aria-label="Selection"
                    style=style
                    on:pointerdown=|event| event.prevent_default()
                >
                    <button
                        type="button"
                        on:click=move |_| {
                            desk.touch_menu.set(None);
                            #[cfg(feature = "hydrate")]
                            commands::run(desk, Command::Copy);
                        }
                    >
                        "Copy"
                    </button>
                    <button
                        type="button"
                        on:click=move |_| {
                            desk.touch_menu.set(None);
                            #[cfg(feature = "hydrate")]
                            if let Some(emulator) = crate::panes::shown_emulator() {
                                emulator.clear_selection();
                            }
                        }
                    >
                        "Cancel"
                    </button>
                </div>
            }
        })
    }
}
