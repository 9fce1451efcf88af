//! The credential of the Databricks workspace: how it stands, giving a token, a fresh one now, forgetting it. What it says
//! is [`crate::state::credential`]'s. The token that is typed goes to the server and is kept nowhere in the page.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::clock;
use crate::error::AppError;
use crate::functions;
use crate::functions::credential::PatStatus;
use crate::state::credential::{advice, facts};
use crate::state::desk::Desk;
use crate::state::toasts::Tone;

/// How often it is looked how it stands.
const EVERY: Duration = Duration::from_secs(2);

/// What the form does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Still,
    Trying,
    Failed(String),
}

#[derive(Clone, Copy)]
struct Panel {
    desk: Desk,
    status: RwSignal<Option<PatStatus>>,
    stage: RwSignal<Stage>,
    typed: RwSignal<String>,
}

impl Panel {
    fn read(self) {
        spawn_local(async move {
            if let Ok(status) = functions::pat_status().await {
                self.status.try_set(Some(status));
            }
        });
    }

    fn give(self) {
        let token = self.typed.get_untracked();
        if token.trim().is_empty() || self.stage.get_untracked() == Stage::Trying {
            return;
        }
        self.stage.set(Stage::Trying);
        spawn_local(async move {
            match functions::configure_pat(token).await {
                Ok(reply) => {
                    self.typed.try_set(String::new());
                    self.stage.try_set(Stage::Still);
                    let text = format!("Programs reach the workspace as {} now.", reply.user);
                    self.desk.toasts.say(Tone::Info, text);
                }
                Err(error) => {
                    self.stage.try_set(Stage::Failed(error.to_string()));
                }
            }
            self.read();
        });
    }

    fn done(self, done: Result<functions::Done, AppError>, said: &'static str) {
        match done {
            Ok(_) => self.desk.toasts.say(Tone::Info, said),
            Err(error) => self.desk.toasts.say(Tone::Problem, error.to_string()),
        }
        self.read();
    }

    fn rotate(self) {
        spawn_local(async move {
            self.done(
                functions::rotate_pat().await,
                "A fresh token is being made.",
            );
        });
    }

    fn forget(self) {
        spawn_local(async move {
            let said = "The token is forgotten, and what was made by it is revoked.";
            self.done(functions::forget_pat().await, said);
        });
    }
}

/// The fields.
pub(super) fn view() -> AnyView {
    let panel = Panel {
        desk: expect_context(),
        status: RwSignal::new(None),
        stage: RwSignal::new(Stage::Still),
        typed: RwSignal::new(String::new()),
    };
    Effect::new(move |_| panel.read());
    clock::each(EVERY, move || panel.read());
    let now = clock::ticks(Duration::from_secs(1));
    let told = move || {
        let status = panel.status.get()?;
        let facts = facts(&status, now.get()).into_iter().map(|(name, text)| {
            view! {
                <div class="fact">
                    <dt>{name}</dt>
                    <dd>{text}</dd>
                </div>
            }
        });
        Some(view! { <dl class="facts">{facts.collect_view()}</dl> })
    };
    let notes = move || {
        let status = panel.status.get()?;
        let advice = advice(&status).map(|advice| view! { <p class="link-why">{advice}</p> });
        let problem = status
            .problem
            .map(|why| view! { <p class="setting-problem" role="alert">{why}</p> });
        Some(view! { {advice} {problem} })
    };
    let token_page = move || panel.status.get().and_then(|status| status.token_page);
    let configured = Memo::new(move |_| {
        panel
            .status
            .with(|status| status.as_ref().is_some_and(|status| status.configured))
    });
    let trying = move || panel.stage.with(|stage| *stage == Stage::Trying);
    let problem = move || {
        panel.stage.with(|stage| match stage {
            Stage::Failed(why) => why.clone(),
            _ => String::new(),
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        panel.give();
    };
    view! {
        {told}
        {notes}
        <form class="credential" on:submit=submit>
            <label class="field">
                <span>"Personal access token"</span>
                <input
                    type="password"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="dapi\u{2026}"
                    aria-describedby="credential-problem"
                    prop:value=move || panel.typed.get()
                    on:input=move |event| panel.typed.set(event_target_value(&event))
                />
            </label>
            <button type="submit" class="button primary" disabled=trying>
                {move || if trying() { "Asking the workspace\u{2026}" } else { "Use this token" }}
            </button>
            <p class="setting-hint">
                "Make one "
                <a href=token_page target="_blank" rel="noreferrer">"in the workspace\u{2019}s settings"</a>
                "."
            </p>
            <p class="setting-problem" id="credential-problem" role="alert">{problem}</p>
        </form>
        <footer class="settings-foot">
            <Show when=move || configured.get()>
                <button type="button" class="button" on:click=move |_| panel.rotate()>
                    "Fresh token now"
                </button>
                <button type="button" class="button" on:click=move |_| panel.forget()>
                    "Forget it"
                </button>
            </Show>
        </footer>
    }
    .into_any()
}
