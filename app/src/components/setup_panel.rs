//! How far the machine's set-up is: a line that opens, beside the terminals and never in their way. Nothing is
//! there without set-up to show. What it says is [`crate::state::setup`]'s.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use super::clock;
use super::icons::Icon;
use crate::functions::setup::{SetupReply, SetupState, SetupStep, StepState};
use crate::state::setup::{name, summary, took, word};

/// The panel.
#[component]
pub(crate) fn SetupPanel() -> impl IntoView {
    let reply = RwSignal::new(None::<SetupReply>);
    let dismissed = RwSignal::new(None::<SetupState>);
    #[cfg(feature = "hydrate")]
    ask::begin(reply);
    let shown = Memo::new(move |_| {
        let state = reply.with(|reply| reply.as_ref().map(|reply| reply.state));
        state.filter(|state| *state != SetupState::None && dismissed.get() != Some(*state))
    });
    view! {
        <Show when=move || shown.get().is_some()>
            <Steps reply=reply dismissed=dismissed />
        </Show>
    }
}

#[component]
fn Steps(
    reply: RwSignal<Option<SetupReply>>,
    dismissed: RwSignal<Option<SetupState>>,
) -> impl IntoView {
    let now = clock::ticks(Duration::from_secs(1));
    let state = Memo::new(move |_| {
        reply.with(|reply| reply.as_ref().map(|reply| reply.state).unwrap_or_default())
    });
    let line = Memo::new(move |_| reply.with(|reply| reply.as_ref().map(summary)));
    let ids = Memo::new(move |_| {
        reply.with(|reply| {
            let steps = reply.iter().flat_map(|reply| &reply.steps);
            steps.map(|step| step.id.clone()).collect::<Vec<_>>()
        })
    });
    let over = move || state.get() != SetupState::Running;
    let node = NodeRef::<html::Details>::new();
    // Opened for an error; folded by nobody but the user.
    Effect::new(move |_| {
        if let (Some(node), SetupState::Error) = (node.get(), state.get()) {
            node.set_open(true);
        }
    });
    view! {
        <details class="setup" data-state=move || kind(state.get()) node_ref=node>
            <summary class="setup-line">
                <span class="setup-mark" aria-hidden="true"></span>
                <span role="status">{move || line.get()}</span>
                <Show when=over>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click=move |event| {
                            event.prevent_default();
                            dismissed.set(Some(state.get_untracked()));
                        }
                    >
                        <Icon name="cross" />
                    </button>
                </Show>
            </summary>
            <ol class="setup-steps">
                <For each=move || ids.get() key=Clone::clone let:id>
                    <Step id=id reply=reply now=now />
                </For>
            </ol>
        </details>
    }
    .into_any()
}

#[component]
fn Step(id: String, reply: RwSignal<Option<SetupReply>>, now: ReadSignal<f64>) -> impl IntoView {
    let step = Memo::new(move |_| {
        reply.with(|reply| {
            let mut steps = reply.iter().flat_map(|reply| &reply.steps);
            steps.find(|step| step.id == id).cloned()
        })
    });
    let read = move |words: fn(&SetupStep) -> String| {
        step.with(|step| step.as_ref().map(words).unwrap_or_default())
    };
    let state = Memo::new(move |_| {
        step.with(|step| step.as_ref().map_or(StepState::Waiting, |step| step.state))
    });
    let icon = move || match state.get() {
        StepState::Waiting | StepState::Running => None,
        StepState::Complete => Some(view! { <Icon name="check" /> }),
        StepState::Warning | StepState::Error => Some(view! { <Icon name="failed" /> }),
    };
    // The time of one that ended stands still.
    let took = Memo::new(move |_| {
        let now = match state.get() {
            StepState::Running => now.get(),
            _ => 0.0,
        };
        step.with(|step| step.as_ref().and_then(|step| took(step, now)))
    });
    view! {
        <li class="setup-step" data-state=move || name(state.get())>
            <span class="setup-icon" aria-hidden="true">{icon}</span>
            <div class="setup-words">
                <div class="setup-title">
                    <span>{move || read(|step| step.label.clone())}</span>
                    <span class="setup-state">{move || word(state.get())}</span>
                    <span class="setup-time">{move || took.get()}</span>
                </div>
                <p class="setup-error">{move || read(|step| step.error.clone().unwrap_or_default())}</p>
                <pre class="setup-tail">{move || match state.get() {
                    StepState::Running | StepState::Warning | StepState::Error => {
                        read(crate::state::setup::tail)
                    }
                    StepState::Waiting | StepState::Complete => String::new(),
                }}</pre>
            </div>
        </li>
    }
    .into_any()
}

fn kind(state: SetupState) -> &'static str {
    match state {
        SetupState::None => "none",
        SetupState::Running => "running",
        SetupState::Complete => "complete",
        SetupState::Warning => "warning",
        SetupState::Error => "error",
    }
}

/// The questions.
#[cfg(feature = "hydrate")]
mod ask {
    use std::time::Duration;

    use leptos::prelude::*;
    use leptos::task::spawn_local;

    use crate::components::LinkState;
    use crate::functions;
    use crate::functions::setup::SetupReply;
    use crate::state::setup::again_ms;

    /// Asks whenever there is a connection anew, and then for as long as something runs.
    pub(super) fn begin(reply: RwSignal<Option<SetupReply>>) {
        let link = expect_context::<LinkState>().0;
        let connected = Memo::new(move |_| link.get().kind.is_connected());
        // An answer to a question of an earlier round leads to no other.
        let round = StoredValue::new(0_u32);
        Effect::new(move |_| {
            if connected.get() {
                round.update_value(|round| *round += 1);
                ask(reply, round, round.get_value(), 0);
            }
        });
    }

    fn ask(reply: RwSignal<Option<SetupReply>>, round: StoredValue<u32>, mine: u32, failures: u32) {
        spawn_local(async move {
            let answer = functions::setup_status().await;
            if round.try_get_value() != Some(mine) {
                return;
            }
            let failures = match answer {
                Ok(answer) => {
                    if reply.with_untracked(|reply| reply.as_ref() != Some(&answer)) {
                        reply.set(Some(answer));
                    }
                    0
                }
                Err(_) => failures + 1,
            };
            let state = reply.with_untracked(|reply| reply.as_ref().map(|reply| reply.state));
            if let Some(pause) = again_ms(state, failures) {
                let again = move || {
                    if round.try_get_value() == Some(mine) {
                        ask(reply, round, mine, failures);
                    }
                };
                set_timeout(again, Duration::from_millis(pause));
            }
        });
    }
}
