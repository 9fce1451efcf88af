//! The login view: explains where the secret is, takes it, and trades it for a cookie and the page's
//! proof. A code in the address is used by itself and taken out of the address.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Gate;
#[cfg(feature = "hydrate")]
use super::OpenLink;
use super::elsewhere::SignInElsewhere;
use super::icons::Knot;
use crate::context::GateView;
use crate::functions;
use crate::sign_in::SignIn;
use crate::state::seed;

/// A login code that came in the address, in context.
#[derive(Clone, Copy, Default)]
pub(crate) struct LoginCode(StoredValue<Option<String>>);

impl LoginCode {
    /// Moves the code from the address into memory, so that it is in no history and no screenshot.
    #[cfg(feature = "hydrate")]
    pub(crate) fn take_from_address(self) {
        let location = window().location();
        let hash = location.hash().unwrap_or_default();
        let Some(code) = code_in(&hash) else { return };
        self.0.set_value(Some(code.to_owned()));
        let clean =
            location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
        if let Ok(history) = window().history() {
            // Fails only for another origin's address.
            let state = leptos::wasm_bindgen::JsValue::NULL;
            let _ = history.replace_state_with_url(&state, "", Some(&clean));
        }
    }

    /// Whether one came.
    #[cfg(feature = "hydrate")]
    pub(crate) fn is_there(self) -> bool {
        self.0.with_value(Option::is_some)
    }

    fn take(self) -> Option<String> {
        self.0.try_update_value(Option::take).flatten()
    }
}

/// The code in a fragment or in a whole printed address.
fn code_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("code=")?;
    let code = rest.split(['&', '#']).next().unwrap_or_default().trim();
    (!code.is_empty()).then_some(code)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Asking,
    Trying,
    Refused(String),
}

/// What to log in with.
enum Secret {
    Code(String),
    Token(String),
}

async fn log_in(secret: Secret) -> Result<String, String> {
    let (code, token) = match secret {
        Secret::Code(code) => (Some(code), None),
        Secret::Token(token) => (None, Some(token)),
    };
    let answer = functions::login(code, token).await;
    answer
        .map(|reply| reply.proof)
        .map_err(|error| error.to_string())
}

fn try_secret(stage: RwSignal<Stage>, way: Way, secret: Secret) {
    stage.set(Stage::Trying);
    spawn_local(async move {
        match log_in(secret).await {
            Ok(proof) => way.enter(&proof),
            Err(why) => stage.set(Stage::Refused(why)),
        }
    });
}

/// The way in.
#[derive(Clone, Copy)]
pub(super) struct Way {
    gate: RwSignal<GateView>,
    #[cfg(feature = "hydrate")]
    open: OpenLink,
}

impl Way {
    /// That of the page, by its context.
    pub(super) fn expect() -> Self {
        Self {
            gate: expect_context::<Gate>().0,
            #[cfg(feature = "hydrate")]
            open: expect_context::<OpenLink>(),
        }
    }

    /// Whether a workspace lies below the login view.
    fn waits(self) -> bool {
        #[cfg(feature = "hydrate")]
        return self.open.0.with_value(Option::is_some);
        #[cfg(not(feature = "hydrate"))]
        false
    }

    /// Keeps the proof. A workspace that lies below goes on with it; without one the page is loaded again, now
    /// with the cookie.
    pub(super) fn enter(self, proof: &str) {
        #[cfg(feature = "hydrate")]
        {
            crate::browser::set_proof(Some(proof));
            if let Some(link) = self.open.0.get_value() {
                link.signed_in(proof);
                self.gate.set(GateView::Open);
                return;
            }
            // Fails only while the page is being left.
            let _ = window().location().reload();
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (self.gate, proof);
    }
}

/// The login view.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let way = Way::expect();
    match seed::sign_in() {
        SignIn::Secret => view! { <SignInBySecret way /> }.into_any(),
        SignIn::Elsewhere => view! { <SignInElsewhere waits=way.waits() /> }.into_any(),
    }
}

#[component]
fn SignInBySecret(way: Way) -> impl IntoView {
    let code = expect_context::<LoginCode>();
    let stage = RwSignal::new(Stage::Asking);
    let secret = RwSignal::new(String::new());

    let field = NodeRef::<Input>::new();
    // Before the page listens, the browser itself would submit the form: the secret would stand in the
    // address. So nothing can be typed until then.
    let listening = RwSignal::new(false);
    Effect::new(move |_| {
        listening.set(true);
        if let Some(code) = code.take() {
            try_secret(stage, way, Secret::Code(code));
        }
    });
    Effect::new(move |_| {
        if listening.get()
            && let Some(field) = field.get()
        {
            // Fails only for elements outside the document.
            let _ = field.focus();
        }
    });

    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = secret.get_untracked();
        let text = text.trim();
        if text.is_empty() || stage.with_untracked(|stage| *stage == Stage::Trying) {
            return;
        }
        let offered = match code_in(text) {
            Some(code) => Secret::Code(code.to_owned()),
            None => Secret::Token(text.to_owned()),
        };
        try_secret(stage, way, offered);
    };
    let trying = Signal::derive(move || stage.with(|stage| *stage == Stage::Trying));
    let problem = Signal::derive(move || {
        stage.with(|stage| match stage {
            Stage::Refused(why) => why.clone(),
            _ => String::new(),
        })
    });

    view! {
        <main class="login">
            <form class="login-card" on:submit=submit aria-busy=move || trying.get().to_string()>
                <div class="login-mark"><Knot /></div>
                <h1>"Sign in to Bowline"</h1>
                <p class="login-help">
                    "Open the link that the server printed when it started, or paste that link or your access token here."
                </p>
                <label class="field">
                    <span>"Access token or link"</span>
                    <input
                        type="password"
                        autocomplete="current-password"
                        spellcheck="false"
                        required
                        disabled=move || !listening.get()
                        node_ref=field
                        aria-describedby="login-problem"
                        prop:value=move || secret.get()
                        on:input=move |event| secret.set(event_target_value(&event))
                    />
                </label>
                <p class="login-problem" id="login-problem" role="alert">{move || problem.get()}</p>
                <button type="submit" class="button primary wide" disabled=move || trying.get() || !listening.get()>
                    {move || if trying.get() { "Signing in\u{2026}" } else { "Sign in" }}
                </button>
                <p class="login-foot">
                    "A printed link works once, for five minutes. For a new one, run " <code>"bowline login"</code>
                    " on the server."
                </p>
            </form>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::code_in;

    #[test]
    fn a_code_is_found_in_a_fragment_and_in_an_address() {
        assert_eq!(code_in("#code=abc"), Some("abc"));
        assert_eq!(code_in("http://127.0.0.1:8000/#code=abc "), Some("abc"));
        assert_eq!(code_in("#code=abc&x=1"), Some("abc"));
        assert_eq!(code_in("#code="), None);
        assert_eq!(code_in("0123456789abcdef"), None);
    }
}
