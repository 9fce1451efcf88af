//! The notice of sessions that end soon because nobody uses them, and the button that keeps them. What it says is
//! [`crate::state::ending`]'s; here are the clock and what was dismissed.

use std::time::Duration;

use bowline_protocol::SessionId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::clock;
use super::icons::Icon;
use crate::functions;
use crate::state::desk::Desk;
use crate::state::ending::{Ending, ending, when, who};
use crate::state::toasts::Tone;

/// The notice, while there is something to say.
#[component]
pub(crate) fn EndingNotice() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let dismissed = RwSignal::new(Vec::<SessionId>::new());
    let soon = Memo::new(move |_| {
        dismissed.with(|dismissed| desk.with_sessions(|rows| ending(rows, dismissed)))
    });
    // A session that was used is warned of again when its time comes again.
    Effect::new(move |_| {
        let warned = desk.with_sessions(|rows| ending(rows, &[]));
        let warned: Vec<_> = warned.into_iter().map(|ending| ending.session).collect();
        let some_are_over = dismissed.with_untracked(|dismissed: &Vec<SessionId>| {
            dismissed.iter().any(|session| !warned.contains(session))
        });
        if some_are_over {
            dismissed.update(|dismissed| dismissed.retain(|session| warned.contains(session)));
        }
    });
    view! {
        <Show when=move || !soon.with(Vec::is_empty)>
            <Soon soon=soon dismissed=dismissed />
        </Show>
    }
}

#[component]
fn Soon(soon: Memo<Vec<Ending>>, dismissed: RwSignal<Vec<SessionId>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let now = clock::ticks(Duration::from_secs(1));
    let listed = Memo::new(move |_| {
        soon.track();
        clock::now_ms()
    });
    let later = move || ((now.get() - listed.get()).max(0.0) / 1_000.0) as u64;
    let sessions = move || {
        soon.with_untracked(|soon| soon.iter().map(|ending| ending.session).collect::<Vec<_>>())
    };
    let keep = move |_| {
        spawn_local(async move {
            if let Err(error) = functions::heartbeat(sessions()).await {
                desk.toasts.say(Tone::Problem, error.to_string());
            }
            desk.refresh_sessions();
        });
    };
    view! {
        <div class="banner ending">
            <span class="banner-mark" aria-hidden="true"></span>
            <span class="banner-text">
                {move || soon.with(|soon| who(soon))}
                " "
                // Not read out again with every second.
                <span aria-hidden="true">{move || soon.with(|soon| when(soon, later()))}</span>
            </span>
            <button type="button" class="button primary" on:click=keep>
                {move || if soon.with(Vec::len) == 1 { "Keep it" } else { "Keep them" }}
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label="Dismiss"
                on:click=move |_| dismissed.update(|dismissed| dismissed.extend(sessions()))
            >
                <Icon name="cross" />
            </button>
        </div>
    }
    .into_any()
}
