//! What is said over a terminal: of its program's end, of how its session is shown, and the search bar. Comes with the
//! later chunk. What the words are is decided elsewhere.

use bowline_protocol::frame::{Exit, Role};
use leptos::prelude::*;

use super::{PaneState, Parts};
use crate::components::search_bar::SearchBar;
use crate::state::look::Look;

/// All of it.
pub(crate) fn over(parts: Parts) -> AnyView {
    let Parts { desk, pane, .. } = parts;
    view! {
        <Notes parts=parts />
        <Show when=move || pane.with_value(|pane| desk.searching.is_in(pane))>
            <SearchBar pane=pane />
        </Show>
        <Ending parts=parts />
    }
    .into_any()
}

/// What is said of a program that ended, or could not be started, and what can be done about it.
#[component]
fn Ending(parts: Parts) -> impl IntoView {
    let Parts {
        desk,
        pane,
        state,
        session,
        restarts,
        ..
    } = parts;
    let last_seen = move || when(desk.last_seen(session.get()?)?);
    let bar = Memo::new(move |_| state.with(|state| state.bar(last_seen)));
    let close = move |_| {
        let lost = state.with_untracked(|state| matches!(state, PaneState::Exited(Exit::Lost, _)));
        if let (Some(session), true) = (session.get_untracked(), lost) {
            // It was seen; it would be kept for ever.
            desk.kill(session);
        }
        desk.close_pane(&pane.get_value());
    };
    let view = move || {
        bar.get().map(|(text, again)| {
            view! {
                <div class="pane-bar" role="status">
                    <span class="pane-bar-mark" aria-hidden="true"></span>
                    <span class="pane-bar-text">{text}</span>
                    <button
                        type="button"
                        class="button primary"
                        on:click=move |_| restarts.update(|count| *count += 1)
                    >
                        {again}
                    </button>
                    <button type="button" class="button" on:click=close>
                        "Close"
                    </button>
                </div>
            }
        })
    };
    view.into_any()
}

/// A moment of Unix time by the reader's clock, which the server doesn't know.
fn when(unix_ms: u64) -> Option<String> {
    #[cfg(feature = "hydrate")]
    return Some(crate::components::dom::when(unix_ms));
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = unix_ms;
        None
    }
}

/// What is said quietly about how the session is shown: over the terminal, so that nothing moves.
#[component]
fn Notes(parts: Parts) -> impl IntoView {
    let Parts {
        desk,
        look,
        session,
        catch_ups,
        ..
    } = parts;
    let held = Memo::new(move |_| look.with(Look::held_note));
    let size = Memo::new(move |_| look.with(Look::size_note));
    let reads = Memo::new(move |_| look.with(|look| look.role == Role::Reader));
    view! {
        <div class="pane-notes">
            {move || held.get().map(|note| view! {
                <button
                    type="button"
                    class="pane-note held"
                    on:click=move |_| catch_ups.update(|count| *count += 1)
                >
                    {note}
                </button>
            })}
            <div class="pane-note-place" role="status">
                {move || reads.get().then(|| view! {
                    <span class="pane-note">
                        "Read only"
                        <Show when=move || !desk.only_reads()>
                            <button
                                type="button"
                                class="pane-note-action"
                                on:click=move |_| desk.write_to(session.get_untracked())
                            >
                                "Type here"
                            </button>
                        </Show>
                    </span>
                })}
                {move || size.get().map(|note| view! { <span class="pane-note">{note}</span> })}
            </div>
        </div>
    }
    .into_any()
}
