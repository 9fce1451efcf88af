//! Panes: one terminal each, kept as long as it is in the workspace, hidden or not. All of them lie in one
//! list, each at a place of its own: moving one, or showing others, makes no terminal anew and moves none in
//! the document. The views here are the same on both sides; what runs in the browser is `live`. Terminal bytes go from the link to the emulator and
//! never into signals.

#![allow(
    unreachable_pub,
    reason = "the component macro makes its structs `pub`"
)]

mod divider;
#[cfg(feature = "hydrate")]
mod fingers;
mod head;
#[cfg(feature = "hydrate")]
mod live;
pub(crate) mod over;
#[cfg(feature = "hydrate")]
pub(crate) mod paste;
#[cfg(feature = "hydrate")]
mod registry;
#[cfg(feature = "hydrate")]
pub(crate) mod search;
#[cfg(feature = "hydrate")]
mod sink;
mod slots;

use bowline_protocol::SessionId;
use bowline_protocol::frame::{Exit, Role};
use leptos::html::Div;
use leptos::prelude::*;

use divider::Dividers;
use head::PaneHead;
use slots::EmptySlots;

use crate::components::drag_view::DropRoom;
use crate::state::desk::Desk;
use crate::state::drag::Load;
use crate::state::look::Look;
use crate::text;
use crate::workspace::{Rect, View};

#[cfg(feature = "hydrate")]
pub(crate) use registry::{
    awaiting_keyboard, install_hooks, redress, repaint, shown_emulator, shown_pane, shown_session,
};

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

/// What a pane's browser side needs.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    desk: Desk,
    pane: StoredValue<String>,
    state: RwSignal<PaneState>,
    look: RwSignal<Look>,
    role: Memo<Role>,
    session: Memo<Option<SessionId>>,
    /// It is on screen.
    shown: Memo<bool>,
    /// It is the pane in use.
    chosen: Memo<bool>,
    /// The document's focus is in it.
    focused: RwSignal<bool>,
    /// Counts the user's requests for a new program.
    restarts: RwSignal<u32>,
    /// Counts the user's requests to see the output that waits.
    catch_ups: RwSignal<u32>,
}

/// All panes; those of the active tab are shown.
#[component]
pub(crate) fn Panes() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let keys = Memo::new(move |_| {
        desk.with(|workspace| {
            let mut keys: Vec<_> = workspace.panes().map(|pane| pane.id.clone()).collect();
            // Not in the tabs' order: moving a tab or a pane moves no terminal in the document.
            keys.sort_unstable();
            keys
        })
    });
    view! {
        <main class="panes" data-region="panes">
            <div
                class="panel"
                class:grid=move || desk.view() == View::Grid
                id="panel"
                role="tabpanel"
                aria-labelledby=move || {
                    desk.with(|workspace| workspace.active.as_ref().map(|tab| format!("tab-{tab}")))
                }
            >
                <For each=move || keys.get() key=Clone::clone let:pane>
                    <PaneView pane=pane />
                </For>
                <Dividers />
                <EmptySlots />
                <DropRoom />
            </div>
        </main>
    }
}

#[component]
fn PaneView(pane: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<Div>::new();
    let pane = StoredValue::new(pane);
    let rect = Memo::new(move |_| pane.with_value(|pane| desk.rect(pane)));
    let shown = Memo::new(move |_| rect.get().is_some());
    let chosen = Memo::new(move |_| {
        let focused = desk.with(|workspace| {
            let focused = workspace.focused_pane()?;
            Some(pane.with_value(|pane| focused.id == *pane))
        });
        focused == Some(true)
    });
    let session = Memo::new(move |_| {
        pane.with_value(|pane| desk.with(|workspace| workspace.pane(pane)?.session))
    });
    let name = Memo::new(move |_| pane.with_value(|pane| desk.pane_name(pane)));
    let headed = Memo::new(move |_| shown.get() && desk.has_heads());
    let dragged = Memo::new(move |_| {
        let this = |load: &Load| pane.with_value(|pane| *load == Load::Pane(pane.clone()));
        desk.dragging.with_load(this) == Some(true)
    });
    let parts = Parts {
        desk,
        pane,
        state: RwSignal::new(PaneState::Connecting),
        look: RwSignal::new(Look::default()),
        role: Memo::new(move |_| desk.role(session.get())),
        session,
        shown,
        chosen,
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
        ..
    } = parts;
    view! {
        <div
            class="pane"
            class:shown=move || shown.get()
            class:headed=move || headed.get()
            class:chosen=move || chosen.get()
            class:foreign=move || look.with(Look::is_foreign)
            class:drop-target=move || {
                pane.with_value(|pane| desk.drop_target.with(|target| target.as_ref() == Some(pane)))
            }
            class:dragged=move || dragged.get()
            role="group"
            aria-label=move || name.get()
            style=move || rect.get().map(Rect::style)
            data-pane=pane.get_value()
            data-session=move || session.get().map(|session| session.to_string())
            data-state=move || state.with(PaneState::name)
            on:focusin=move |_| {
                focused.set(true);
                pane.with_value(|pane| desk.choose_pane(pane));
            }
            on:focusout=move |_| focused.set(false)
        >
            <Show when=move || headed.get()>
                <PaneHead pane=pane name=name />
            </Show>
            <div class="screen" node_ref=node></div>
            <div class="pane-wait" aria-hidden="true"></div>
            {move || desk.later.get().map(|chunk| (chunk.over)(parts))}
        </div>
    }
    .into_any()
}
