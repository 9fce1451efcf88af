//! One session in the picker. Kept while it is listed, so that nothing changes under the pointer but its words.

use leptos::either::Either;
use leptos::ev::KeyboardEvent;
use leptos::html::{Button, Input, Li};
use leptos::prelude::*;

use super::{Picking, focus_soon};
use crate::functions::sessions::SessionRow;
use crate::state::desk::Desk;
use crate::state::listing::{
    Place, attention, ended, facts, notice, program, question, whereabouts, work,
};
use crate::text;
use crate::workspace::MAX_NAME;
use bowline_protocol::SessionId;

/// The row.
#[component]
pub(super) fn Row(id: SessionId, picking: Picking) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<Li>::new();
    let found = Memo::new(move |_| {
        picking
            .rows
            .with(|rows| rows.iter().find(|(_, row)| row.session_id == id).cloned())
    });
    let read = move |words: fn(&SessionRow) -> String| {
        found.with(|found| {
            found
                .as_ref()
                .map(|(_, row)| words(row))
                .unwrap_or_default()
        })
    };
    let place = move || found.with(|found| found.as_ref().map(|(place, _)| *place));
    let chosen = Memo::new(move |_| {
        let at = picking.at();
        picking.ids.with(|ids| ids.get(at) == Some(&id))
    });
    let naming = Memo::new(move |_| picking.naming.get() == Some(id));
    let open = move |_| {
        if let Some((_, row)) = found.get_untracked() {
            desk.open_session(&row);
        }
    };
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if chosen.get()
            && let Some(node) = node.get()
        {
            crate::components::dom::reveal(&node);
        }
    });
    view! {
        <li
            class="session-row"
            class:chosen=move || chosen.get()
            class:ended=move || place() == Some(Place::Ended)
            node_ref=node
        >
            <div class="session-words" on:dblclick=open>
                <div class="session-title">
                    {move || match naming.get() {
                        true => Either::Left(view! {
                            <NameField id=id picking=picking name=untrack(|| read(|row| row.label.clone())) />
                        }),
                        false => Either::Right(view! {
                            <span class="session-name">{move || read(|row| row.label.clone())}</span>
                        }),
                    }}
                    <span class="session-process">{move || read(program)}</span>
                    <span class="session-place working">{move || read(work)}</span>
                    <span class="session-place" title=move || read(ended)>
                        {move || found.with(|found| found.as_ref().map(|(place, row)| whereabouts(*place, row)))}
                    </span>
                    <span class="session-place attention">{move || read(attention)}</span>
                </div>
                <div class="session-folder">
                    {move || read(|row| row.cwd.as_deref().map(text::folder).unwrap_or_default())}
                </div>
                <div class="session-facts">{move || read(facts)}</div>
                <Show when=move || !read(notice).is_empty()>
                    <div class="session-notice">{move || read(notice)}</div>
                </Show>
            </div>
            <Actions id=id picking=picking found=found />
        </li>
    }
    // Erased: the dialog's type would grow beyond what the compiler takes.
    .into_any()
}

/// What can be done with it.
#[component]
fn Actions(
    id: SessionId,
    picking: Picking,
    found: Memo<Option<(Place, SessionRow)>>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let place = move || found.with(|found| found.as_ref().map(|(place, _)| *place));
    let runs = move || place() != Some(Place::Ended);
    let open = move |_| {
        if let Some((_, row)) = found.get_untracked() {
            desk.open_session(&row);
        }
    };
    let watch = move |_| {
        if let Some((_, row)) = found.get_untracked() {
            desk.watch(&row);
        }
    };
    view! {
        <div
            class="session-actions"
            class:asks=move || picking.asking.get() == Some(id) && runs()
        >
            <button type="button" class="button primary" on:click=open>
                {move || if place() == Some(Place::Shown) { "Show" } else { "Attach" }}
            </button>
            <Show when=move || !runs()>
                <Show when=move || !desk.only_reads()>
                    <button
                        type="button"
                        class="button"
                        title="Start the same command in the same folder"
                        on:click=move |_| desk.restart(id)
                    >
                        "Restart"
                    </button>
                </Show>
                <button
                    type="button"
                    class="button danger"
                    title="Remove it from the list, with what it showed"
                    on:click=move |_| desk.kill(id)
                >
                    "Forget"
                </button>
            </Show>
            <Show when=runs>
                <button
                    type="button"
                    class="button"
                    title="Show it without typing into it"
                    on:click=watch
                >
                    "Watch"
                </button>
                <Show when=move || !desk.only_reads()>
                    <button
                        type="button"
                        class="button"
                        title="Give it another name (F2)"
                        on:click=move |_| picking.naming.set(Some(id))
                    >
                        "Rename"
                    </button>
                </Show>
                <Sure id=id picking=picking found=found />
            </Show>
        </div>
    }
    .into_any()
}

/// The end of a session, which needs a second word while it runs.
#[component]
fn Sure(
    id: SessionId,
    picking: Picking,
    found: Memo<Option<(Place, SessionRow)>>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let (kill, keep) = (NodeRef::<Button>::new(), NodeRef::<Button>::new());
    let asking = Memo::new(move |_| picking.asking.get() == Some(id));
    let words = move || {
        found.with(|found| {
            let row = found.as_ref().map(|(_, row)| row);
            row.map(question).unwrap_or_default()
        })
    };
    Effect::new(move |before: Option<bool>| {
        let asks = asking.get();
        match (before, asks) {
            (_, true) => focus_soon(keep),
            (Some(true), false) => focus_soon(kill),
            _ => {}
        }
        asks
    });
    let take_back = move || picking.asking.set(None);
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && asking.get_untracked() {
            // The dialog stays.
            event.prevent_default();
            event.stop_propagation();
            take_back();
        }
    };
    view! {
        <button
            type="button"
            class="button danger"
            title="End it with everything in it (Shift+Delete)"
            node_ref=kill
            on:click=move |_| picking.asking.set(Some(id))
        >
            "Kill"
        </button>
        // "Keep" stands where "Kill" stood: a double click does no harm.
        <div class="session-sure" role="group" aria-label=words on:keydown=on_key>
            <span class="session-question">{words}</span>
            <button type="button" class="button danger" on:click=move |_| {
                take_back();
                desk.kill(id);
            }>
                "Kill"
            </button>
            <button
                type="button"
                class="button"
                node_ref=keep
                on:click=move |_| take_back()
            >
                "Keep"
            </button>
        </div>
    }
    .into_any()
}

/// The name being edited in place. Enter and leaving keep it, Escape doesn't.
#[component]
fn NameField(id: SessionId, picking: Picking, name: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = node.get() {
            // Fails only for elements outside the document.
            let _ = input.focus();
            input.select();
        }
    });
    let keep = move || {
        let mine = picking.naming.get_untracked() == Some(id);
        // Leaving also comes from the field's own removal, when its node is no longer to be asked for.
        if mine && let Some(input) = node.get_untracked() {
            let name = input.value();
            picking.naming.set(None);
            desk.rename_session(id, &name);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        event.stop_propagation();
        match event.key().as_str() {
            "Enter" if !event.is_composing() => keep(),
            "Escape" => picking.naming.set(None),
            _ => return,
        }
        event.prevent_default();
        picking.back();
    };
    view! {
        <input
            class="session-name-field"
            type="text"
            aria-label="Name of the session"
            maxlength=MAX_NAME
            spellcheck="false"
            autocomplete="off"
            value=name
            node_ref=node
            on:keydown=on_key
            on:blur=move |_| keep()
            on:dblclick=|event| event.stop_propagation()
        />
    }
}
