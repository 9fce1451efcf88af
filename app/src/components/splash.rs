//! The first-run hints, over an empty first terminal: HTML that lets the pointer through, leaves with the first
//! key, and comes by itself until it was dismissed once on this device. What it says is
//! [`crate::state::welcome`]'s.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::icons::Knot;
use super::shortcuts::chips;
use crate::functions;
use crate::keys::{Keys, TABLE};
use crate::state::desk::{Desk, Overlay};
use crate::state::welcome::{AGENTS, HINTS, Hint, Welcome};

/// The hints, while they are shown.
#[component]
pub(crate) fn Splash() -> impl IntoView {
    let desk = expect_context::<Desk>();
    #[cfg(feature = "hydrate")]
    browser::begin(desk);
    view! {
        <Show when=move || desk.welcome.get() != Welcome::Away>
            <Hints />
        </Show>
    }
}

#[component]
fn Hints() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<html::Div>::new();
    let version = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        spawn_local(async move {
            if let Ok(reply) = functions::version().await {
                version.try_set(Some(reply.version));
            }
        });
    });
    #[cfg(feature = "hydrate")]
    browser::watch(desk, node);
    let dismiss = move || {
        #[cfg(feature = "hydrate")]
        browser::dismiss(desk);
        desk.focus();
    };
    let agents = AGENTS.map(|(name, command)| {
        view! {
            <li><span>{name}</span><code>{command}</code></li>
        }
    });
    view! {
        <div class="splash" node_ref=node>
            <aside class="splash-card" aria-label="Welcome">
                <header class="splash-head">
                    <Knot />
                    <div>
                        <h2>"Bowline" <span class="splash-version">{move || version.get()}</span></h2>
                        <p>"Terminals that hold: sessions go on when you close the tab."</p>
                    </div>
                </header>
                <ul class="splash-hints">{HINTS.iter().filter_map(hint).collect_view()}</ul>
                <p class="splash-label">"Type the name of an agent to start it"</p>
                <ul class="splash-agents">{agents.collect_view()}</ul>
                <p class="splash-note"><code>"gh auth login"</code>" signs in to GitHub."</p>
                <div class="splash-actions">
                    <button type="button" class="button" on:click=move |_| {
                        dismiss();
                        desk.toggle(Overlay::Shortcuts);
                    }>
                        "All keys"
                    </button>
                    <button type="button" class="button primary" on:click=move |_| dismiss()>
                        "Got it"
                    </button>
                </div>
            </aside>
        </div>
    }
    .into_any()
}

/// One hint with its keys, if there is such a command.
fn hint(hint: &Hint) -> Option<AnyView> {
    let entry = TABLE.iter().find(|entry| entry.id == hint.command)?;
    let keys = expect_context::<Keys>();
    let command = entry.command;
    let keys = move || {
        let system = keys.place().system;
        keys.best(command).map(|chord| chips(chord.keys(system)))
    };
    let words = hint.words;
    let row = view! {
        <li><span>{words}</span>{keys}</li>
    };
    Some(row.into_any())
}

/// When they come and go.
#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::html;
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast as _;
    use leptos::web_sys::{HtmlElement, KeyboardEvent};

    use crate::browser::stored;
    use crate::components::{clock, dom};
    use crate::panes;
    use crate::state::desk::Desk;
    use crate::state::welcome::{Welcome, leaves_room};

    /// Set once somebody has dismissed them.
    const SEEN_KEY: &str = "bowline-welcomed";
    /// How often it is looked whether the terminal still leaves room.
    const EVERY: Duration = Duration::from_millis(250);

    /// Shows them to who has not seen them and has only one terminal.
    pub(super) fn begin(desk: Desk) {
        Effect::new(move |_| {
            let seen = stored::get(SEEN_KEY);
            let alone = desk.peek(|workspace| workspace.panes().count() <= 1);
            if seen.is_none() && alone && !untrack(|| desk.only_reads()) {
                desk.welcome.set(Welcome::First);
            }
            dom::listen_first(&window(), "keydown", move |event| {
                // For the life of the page, and nearly always: nothing may be asked of the document before.
                if desk.welcome.try_get_untracked() == Some(Welcome::Away) {
                    return;
                }
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                let key = event.key();
                let holds = matches!(key.as_str(), "Shift" | "Control" | "Alt" | "Meta");
                // Keys that walk to the buttons and press them are for these.
                let inside = document()
                    .active_element()
                    .is_some_and(|element| matches!(element.closest(".splash"), Ok(Some(_))));
                if !holds && !inside {
                    dismiss(desk);
                }
            });
        });
    }

    /// Takes them away for good.
    pub(super) fn dismiss(desk: Desk) {
        desk.welcome.set(Welcome::Away);
        // Where nothing can be kept they come again with the next page.
        stored::set(SEEN_KEY, "1");
    }

    /// Takes them away for now when what the terminal shows comes near.
    pub(super) fn watch(desk: Desk, node: NodeRef<html::Div>) {
        clock::each(EVERY, move || {
            if desk.welcome.get_untracked() != Welcome::First {
                return;
            }
            let Some(emulator) = panes::shown_emulator() else {
                return;
            };
            let Some(place) = node.get_untracked() else {
                return;
            };
            let card = place.first_element_child();
            let Some(card) = card.and_then(|card| card.dyn_into::<HtmlElement>().ok()) else {
                return;
            };
            // The place is as large as the panes.
            let begin = f64::from(card.offset_top()) / f64::from(place.offset_height()).max(1.0);
            if !leaves_room(&emulator.text(), emulator.size().rows, begin) {
                desk.welcome.set(Welcome::Away);
            }
        });
    }
}
