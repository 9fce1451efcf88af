//! The picker's foot: its keys, and the end of many sessions at once, which asks with their number.

use leptos::ev::KeyboardEvent;
use leptos::html::Button;
use leptos::prelude::*;

use super::focus_soon;
use crate::state::desk::Desk;
use crate::state::listing;

/// Which sessions would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Many {
    /// Those that nobody uses.
    Unused,
    /// All of them; a fresh one follows.
    All,
}

/// The foot.
#[component]
pub(super) fn Foot() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let asking = RwSignal::new(None::<Many>);
    let keep = NodeRef::<Button>::new();
    let unused = Memo::new(move |_| desk.with_sessions(listing::unused));
    let running = Memo::new(move |_| desk.with_sessions(listing::running));
    let words = move || match asking.get() {
        None => String::new(),
        Some(Many::Unused) => {
            let who = listing::sessions(unused.with(Vec::len));
            format!("Kill {who} that nobody used or looked at for an hour?")
        }
        Some(Many::All) => {
            let who = listing::sessions(running.with(Vec::len));
            format!("Kill {who} with everything in them and start afresh?")
        }
    };
    let ask = move |which| {
        asking.set(Some(which));
        focus_soon(keep);
    };
    let kill = move |_| {
        let which = asking.get_untracked();
        asking.set(None);
        match which {
            Some(Many::Unused) => desk.kill_many(unused.get_untracked()),
            Some(Many::All) => desk.start_afresh(running.get_untracked()),
            None => {}
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && asking.get_untracked().is_some() {
            // The dialog stays.
            event.prevent_default();
            event.stop_propagation();
            asking.set(None);
        }
    };
    view! {
        <footer class="dialog-foot picker-foot">
            <Show
                when=move || asking.get().is_some()
                fallback=move || view! {
                    <span class="picker-keys"><kbd>"\u{2191}"</kbd><kbd>"\u{2193}"</kbd>" choose"</span>
                    <span class="picker-keys"><kbd>"Enter"</kbd>" open"</span>
                    <span class="picker-keys"><kbd>"F2"</kbd>" rename"</span>
                    <span class="picker-keys"><kbd>"Shift"</kbd><kbd>"Del"</kbd>" kill"</span>
                    <span class="picker-many">
                        <Show when=move || !unused.with(Vec::is_empty)>
                            <button type="button" class="button danger" on:click=move |_| ask(Many::Unused)>
                                {move || format!("Kill idle ({})\u{2026}", unused.with(Vec::len))}
                            </button>
                        </Show>
                        <Show when=move || running.with(Vec::len) != 0 && !desk.only_reads()>
                            <button type="button" class="button danger" on:click=move |_| ask(Many::All)>
                                "Kill all\u{2026}"
                            </button>
                        </Show>
                    </span>
                }.into_any()
            >
                <div class="picker-sure" role="group" aria-label=words on:keydown=on_key>
                    <span class="picker-question">{words}</span>
                    <button type="button" class="button danger" on:click=kill>"Kill"</button>
                    <button type="button" class="button" node_ref=keep on:click=move |_| asking.set(None)>
                        "Keep"
                    </button>
                </div>
            </Show>
        </footer>
    }
    .into_any()
}
