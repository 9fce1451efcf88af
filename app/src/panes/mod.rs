//! Panes: one terminal each, kept while its tab exists, hidden or not. The views here are the same on
//! both sides; what runs in the browser is `live`. Terminal bytes go from the link to the emulator and
//! never into signals.

#![allow(
    unreachable_pub,
    reason = "the component macro makes its structs `pub`"
)]

#[cfg(feature = "hydrate")]
mod fingers;
#[cfg(feature = "hydrate")]
mod live;
#[cfg(feature = "hydrate")]
pub(crate) mod paste;
#[cfg(feature = "hydrate")]
mod registry;
#[cfg(feature = "hydrate")]
pub(crate) mod search;
#[cfg(feature = "hydrate")]
mod sink;

use bowline_protocol::SessionId;
use bowline_protocol::frame::{Exit, Role};
use leptos::html::Div;
use leptos::prelude::*;

use crate::components::search_bar::SearchBar;
use crate::state::desk::Desk;
use crate::state::look::Look;
use crate::text;

#[cfg(feature = "hydrate")]
pub(crate) use registry::{install_hooks, repaint, shown_emulator, shown_pane};

/// What is left of a program that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Its last screen.
    Screen,
    /// It never said anything, or that was not kept.
    Nothing,
}

/// What a pane shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaneState {
    /// A terminal is being made, or its session looked for.
    Connecting,
    /// A program runs.
    Live,
    /// The program ended.
    Exited(Exit, Left),
    /// There is no such session.
    Gone,
    /// No session could be started.
    Failed(String),
}

impl PaneState {
    /// The value of `data-state`.
    fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Exited(..) => "exited",
            Self::Gone => "gone",
            Self::Failed(_) => "failed",
        }
    }

    /// What the bar says and how a new program is asked for; `None` while there is nothing to say. The words
    /// are for when a lost session was last seen.
    fn bar(&self, last_seen: impl FnOnce() -> Option<String>) -> Option<(String, &'static str)> {
        match self {
            Self::Connecting | Self::Live => None,
            Self::Exited(Exit::Lost, left) => {
                Some((text::lost(*left, last_seen().as_deref()), "Restart"))
            }
            Self::Exited(exit, _) => Some((text::exit(*exit), "Restart")),
            Self::Gone => Some(("this session is gone".to_owned(), "Restart")),
            Self::Failed(why) => Some((why.clone(), "Try again")),
        }
    }
}

/// What identifies a pane in the list, so that switching or moving never makes a terminal anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pane: String,
    tab: String,
}

/// What a pane's browser side needs.
#[derive(Clone, Copy)]
struct Parts {
    desk: Desk,
    pane: StoredValue<String>,
    state: RwSignal<PaneState>,
    look: RwSignal<Look>,
    role: Memo<Role>,
    session: Memo<Option<SessionId>>,
    shown: Memo<bool>,
    focused: RwSignal<bool>,
    /// Counts the user's requests for a new program.
    restarts: RwSignal<u32>,
    /// Counts the user's requests to see the output that waits.
    catch_ups: RwSignal<u32>,
}

/// All panes, one above the other; the active tab's is shown.
#[component]
pub(crate) fn Panes() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let keys = Memo::new(move |_| {
        desk.with(|workspace| {
            let mut keys: Vec<_> = workspace
                .tabs
                .iter()
                .map(|tab| Key {
                    pane: tab.pane.id.clone(),
                    tab: tab.id.clone(),
                })
                .collect();
            // Not in the tabs' order: moving a tab moves no terminal in the document.
            keys.sort();
            keys
        })
    });
    view! {
        <main class="panes">
            <For each=move || keys.get() key=|key| key.pane.clone() let:key>
                <PaneView key=key />
            </For>
        </main>
    }
}

#[component]
fn PaneView(key: Key) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let Key { pane, tab } = key;
    let node = NodeRef::<Div>::new();
    let (label, panel) = (format!("tab-{tab}"), format!("panel-{tab}"));
    let closing = tab.clone();
    let shown = Memo::new(move |_| desk.with(|w| w.active.as_deref() == Some(tab.as_str())));
    let looked_up = pane.clone();
    let session = Memo::new(move |_| {
        desk.with(|workspace| {
            let mut tabs = workspace.tabs.iter();
            tabs.find(|tab| tab.pane.id == looked_up)
                .and_then(|tab| tab.pane.session)
        })
    });
    let parts = Parts {
        desk,
        pane: StoredValue::new(pane),
        state: RwSignal::new(PaneState::Connecting),
        look: RwSignal::new(Look::default()),
        role: Memo::new(move |_| desk.role(session.get())),
        session,
        shown,
        focused: RwSignal::new(false),
        restarts: RwSignal::new(0),
        catch_ups: RwSignal::new(0),
    };
    #[cfg(feature = "hydrate")]
    live::run(parts, node);

    let Parts {
        state,
        look,
        focused,
        restarts,
        ..
    } = parts;
    let last_seen = move || when(desk.last_seen(session.get()?)?);
    let bar = Memo::new(move |_| state.with(|state| state.bar(last_seen)));
    view! {
        <div
            id=panel
            class="pane"
            class:shown=move || shown.get()
            class:foreign=move || look.with(Look::is_foreign)
            role="tabpanel"
            aria-labelledby=label
            data-session=move || session.get().map(|session| session.to_string())
            data-state=move || state.with(PaneState::name)
            on:focusin=move |_| focused.set(true)
            on:focusout=move |_| focused.set(false)
        >
            <div class="screen" node_ref=node></div>
            <div class="pane-wait" aria-hidden="true"></div>
            <Notes parts=parts />
            <Show when=move || parts.pane.with_value(|pane| desk.searching.is_in(pane))>
                <SearchBar pane=parts.pane />
            </Show>
            {move || {
                let closing = closing.clone();
                bar.get().map(|(text, again)| view! {
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
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| {
                                let lost = state
                                    .with_untracked(|state| matches!(state, PaneState::Exited(Exit::Lost, _)));
                                if let (Some(session), true) = (session.get_untracked(), lost) {
                                    // It was seen; it would be kept for ever.
                                    desk.kill(session);
                                }
                                desk.close_tab(&closing);
                            }
                        >
                            "Close"
                        </button>
                    </div>
                })
            }}
        </div>
    }
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
}
