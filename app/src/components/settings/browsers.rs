//! Who is signed in, and signing out: this browser, another, or all others. Not a setting; it stands here since people
//! look for it here. The list is read again while it is shown.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::clock;
use crate::error::AppError;
use crate::functions;
use crate::functions::logins::Browser;
use crate::state::browsers;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;

/// How often the list is read.
const EVERY: Duration = Duration::from_secs(5);

/// What is known of who is signed in.
#[derive(Clone, Copy)]
struct SignedIn {
    desk: Desk,
    /// `None` until the first answer.
    list: RwSignal<Option<Vec<Browser>>>,
}

impl SignedIn {
    fn read(self) {
        spawn_local(async move {
            match functions::logins().await {
                Ok(reply) => {
                    self.list.try_set(Some(reply.browsers));
                }
                // The link says it too, if it is away.
                Err(error) => leptos::logging::debug_warn!("{error}"),
            }
        });
    }

    /// Signs out another one, or, without an id, all others.
    fn end(self, id: Option<String>) {
        spawn_local(async move {
            let ended = functions::end_logins(id).await;
            match ended {
                Ok(reply) => self.desk.toasts.say(Tone::Info, said(reply.ended)),
                Err(error) => self.complain(&error),
            }
            self.read();
        });
    }

    /// Signs this one out; then the server shows its login.
    fn leave(self) {
        spawn_local(async move {
            match functions::logout().await {
                Ok(reply) => {
                    #[cfg(feature = "hydrate")]
                    {
                        crate::browser::set_proof(None);
                        let location = window().location();
                        // Fails only where there is no page.
                        let _ = match reply.elsewhere {
                            // Or the other site would let in whoever comes next.
                            Some(url) => location.replace(&url),
                            None => location.reload(),
                        };
                    }
                    #[cfg(not(feature = "hydrate"))]
                    let _ = reply;
                }
                Err(error) => self.complain(&error),
            }
        });
    }

    fn complain(self, error: &AppError) {
        self.desk.toasts.say(Tone::Problem, error.to_string());
    }
}

fn said(ended: usize) -> String {
    match ended {
        0 => "No other browser was signed in.".to_owned(),
        1 => "One browser was signed out.".to_owned(),
        many => format!("{many} browsers were signed out."),
    }
}

/// The list.
pub(super) fn view() -> AnyView {
    let signed = SignedIn {
        desk: expect_context(),
        list: RwSignal::new(None),
    };
    Effect::new(move |_| signed.read());
    clock::each(EVERY, move || signed.read());
    let now = clock::ticks(EVERY);
    let shown = move || {
        signed.list.with(|list| match list.as_deref() {
            None => ().into_any(),
            Some([]) => view! {
                <p class="browsers-none">
                    "Nobody signs in here by itself: a proxy in front of Bowline says who comes, or everybody on this \
                     machine may. Sign out where you signed in."
                </p>
            }
            .into_any(),
            Some(browsers) => {
                let rows = browsers.iter().map(|browser| row(signed, browser, now));
                view! { <ul class="browsers">{rows.collect_view()}</ul> }.into_any()
            }
        })
    };
    let others = move || {
        signed.list.with(|list| {
            let list = list.as_deref().unwrap_or_default();
            list.iter().filter(|browser| !browser.is_this).count()
        })
    };
    let is_here = move || {
        signed.list.with(|list| {
            let list = list.as_deref().unwrap_or_default();
            list.iter().any(|browser| browser.is_this)
        })
    };
    view! {
        {shown}
        <footer class="settings-foot">
            <Show when=move || others() != 0>
                <button type="button" class="button" on:click=move |_| signed.end(None)>
                    "Sign out all others"
                </button>
            </Show>
            <Show when=is_here>
                <button type="button" class="button" on:click=move |_| signed.leave()>
                    "Sign out here"
                </button>
            </Show>
        </footer>
    }
    .into_any()
}

fn row(signed: SignedIn, browser: &Browser, now: ReadSignal<f64>) -> impl IntoView + use<> {
    let name = browsers::name(browser.agent.as_deref());
    let agent = browser.agent.clone();
    let end = (!browser.is_this).then(|| {
        let id = browser.id.clone();
        view! {
            <button
                type="button"
                class="button"
                aria-label=format!("Sign out {name}")
                on:click=move |_| signed.end(Some(id.clone()))
            >
                "Sign out"
            </button>
        }
    });
    let here = browser
        .is_this
        .then(|| view! { <span class="browser-this">"this browser"</span> });
    let browser = browser.clone();
    view! {
        <li class="setting">
            <div class="setting-words">
                <span class="setting-name" title=agent>{name} {here}</span>
                <span class="setting-hint">{move || browsers::facts(&browser, now.get())}</span>
            </div>
            {end}
        </li>
    }
}
