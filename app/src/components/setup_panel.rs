//! How far the machine's set-up is: a line that opens, beside the terminals and never in their way. Nothing is
//! there without set-up to show. What it says is [`crate::state::setup`]'s.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::clock;
use super::icons::Icon;
use crate::functions;
use crate::functions::setup::{SetupReply, SetupState, SetupStep, StepState};
use crate::state::desk::Desk;
use crate::state::setup::{Remedy, is_shown, name, remedy, summary, took, word};
use crate::state::toasts::Tone;

/// The panel.
#[component]
pub(crate) fn SetupPanel() -> impl IntoView {
    let reply = RwSignal::new(None::<SetupReply>);
    let dismissed = RwSignal::new(None::<SetupState>);
    let asking = Asking::new(reply);
    #[cfg(feature = "hydrate")]
    ask::begin(asking);
    let state = Memo::new(move |_| {
        reply.with(|reply| reply.as_ref().map(|reply| reply.state).unwrap_or_default())
    });
    let ran_here = Memo::new(move |ran: Option<&bool>| {
        ran.copied().unwrap_or_default() || state.get() == SetupState::Running
    });
    let shown = Memo::new(move |_| is_shown(state.get(), dismissed.get(), ran_here.get()));
    view! {
        <Show when=move || shown.get()>
            <Steps asking=asking dismissed=dismissed />
        </Show>
    }
}

/// The last answer, and the round of questions it belongs to.
#[derive(Clone, Copy)]
struct Asking {
    reply: RwSignal<Option<SetupReply>>,
    /// An answer to a question of an earlier round leads to no other.
    round: StoredValue<u32>,
}

impl Asking {
    fn new(reply: RwSignal<Option<SetupReply>>) -> Self {
        Self {
            reply,
            round: StoredValue::new(0),
        }
    }

    /// Asks now, and then for as long as something runs.
    fn again(self) {
        #[cfg(feature = "hydrate")]
        ask::round(self);
        #[cfg(not(feature = "hydrate"))]
        let _ = self.round;
    }

    /// Does what can be done about a step, and looks what comes of it.
    fn mend(self, id: String, state: StepState, desk: Desk) {
        spawn_local(async move {
            let done = match remedy(state) {
                Remedy::None => return,
                Remedy::Cancel => functions::cancel_setup(id).await,
                Remedy::Retry => functions::retry_setup(id).await,
            };
            if let Err(error) = done {
                desk.toasts.say(Tone::Problem, error.to_string());
            }
            self.again();
        });
    }
}

#[component]
fn Steps(asking: Asking, dismissed: RwSignal<Option<SetupState>>) -> impl IntoView {
    let reply = asking.reply;
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
                    <Step id=id asking=asking now=now />
                </For>
            </ol>
        </details>
    }
    .into_any()
}

#[component]
fn Step(id: String, asking: Asking, now: ReadSignal<f64>) -> impl IntoView {
    let desk: Desk = expect_context();
    let own = StoredValue::new(id);
    let step = Memo::new(move |_| {
        asking.reply.with(|reply| {
            let mut steps = reply.iter().flat_map(|reply| &reply.steps);
            steps
                .find(|step| own.with_value(|id| step.id == *id))
                .cloned()
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
        StepState::Warning | StepState::Error | StepState::Skipped => {
            Some(view! { <Icon name="failed" /> })
        }
    };
    let remedy = Memo::new(move |_| remedy(state.get()));
    let mend = move |_| asking.mend(own.get_value(), state.get_untracked(), desk);
    let offer = move |what: &str| {
        let label = step.with(|step| step.as_ref().map(|step| step.label.clone()));
        format!("{what}: {}", label.unwrap_or_default())
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
                    <span class="setup-version">
                        {move || read(|step| step.version.clone().unwrap_or_default())}
                    </span>
                    <span class="setup-state">{move || word(state.get())}</span>
                    <span class="setup-time">{move || took.get()}</span>
                </div>
                <p class="setup-error">{move || read(|step| step.error.clone().unwrap_or_default())}</p>
                <pre class="setup-tail">{move || match state.get() {
                    StepState::Running | StepState::Warning | StepState::Error => {
                        read(crate::state::setup::tail)
                    }
                    StepState::Waiting | StepState::Complete | StepState::Skipped => String::new(),
                }}</pre>
                {move || match remedy.get() {
                    Remedy::None => None,
                    Remedy::Cancel => Some(("Cancel", offer("Cancel"))),
                    Remedy::Retry => Some(("Try again", offer("Try again"))),
                }
                    .map(|(text, label)| {
                        view! {
                            <button
                                type="button"
                                class="button setup-remedy"
                                aria-label=label
                                on:click=mend
                            >
                                {text}
                            </button>
                        }
                    })}
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

    use super::Asking;
    use crate::components::LinkState;
    use crate::functions;
    use crate::state::setup::again_ms;

    /// Asks whenever there is a connection anew, and then for as long as something runs.
    pub(super) fn begin(asking: Asking) {
        let link = expect_context::<LinkState>().0;
        let connected = Memo::new(move |_| link.get().kind.is_connected());
        Effect::new(move |_| {
            if connected.get() {
                round(asking);
            }
        });
    }

    /// Asks at once, and then for as long as something runs.
    pub(super) fn round(asking: Asking) {
        asking.round.update_value(|round| *round += 1);
        ask(asking, asking.round.get_value(), 0);
    }

    fn ask(asking: Asking, mine: u32, failures: u32) {
        let Asking { reply, round } = asking;
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
                        ask(asking, mine, failures);
                    }
                };
                set_timeout(again, Duration::from_millis(pause));
            }
        });
    }
}
