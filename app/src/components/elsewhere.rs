//! Signing in where another site does it, in a small window: the page below stays as it is, and goes on with the proof
//! that the window brings. See [`crate::sign_in`].

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::task::spawn_local;
#[cfg(feature = "hydrate")]
use wasm_bindgen::prelude::*;

use super::icons::Knot;
#[cfg(feature = "hydrate")]
use super::login::Way;
use crate::sign_in::{PATH, WINDOW};

#[cfg(feature = "hydrate")]
#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = hearSignIns)]
    fn hear_sign_ins(channel: &str, took: &JsValue);
    #[wasm_bindgen(js_name = askForProof)]
    async fn ask_for_proof(url: &str) -> JsValue;
}

/// The small window, by its name and what a browser is told of it.
#[cfg(feature = "hydrate")]
const NAME: &str = "bowline-sign-in";
#[cfg(feature = "hydrate")]
const FEATURES: &str = "popup,width=520,height=720";

fn window_url() -> String {
    format!("{PATH}?{WINDOW}")
}

/// Goes on whenever somebody has signed in, in whichever window. Once per page.
#[cfg(feature = "hydrate")]
pub(super) fn follow(way: Way) {
    let took = Closure::<dyn Fn(String)>::new(move |proof: String| way.enter(&proof));
    let channel = crate::browser::own(crate::sign_in::CHANNEL);
    hear_sign_ins(&channel, &took.into_js_value());
}

/// Asks whether somebody is signed in over there still: then only the server is another one, and nobody is bothered.
#[cfg(feature = "hydrate")]
pub(super) fn ask_quietly(way: Way) {
    spawn_local(async move {
        if let Some(proof) = ask_for_proof(PATH).await.as_string() {
            way.enter(&proof);
        }
    });
}

/// Opens the window; false where the browser allows none.
#[cfg(feature = "hydrate")]
pub(super) fn open_window() -> bool {
    let opened = window().open_with_url_and_target_and_features(&window_url(), NAME, FEATURES);
    matches!(opened, Ok(Some(_)))
}

/// What the login view shows: a way there.
#[component]
pub(super) fn SignInElsewhere(
    /// A workspace lies below: it must not be left.
    waits: bool,
) -> impl IntoView {
    let (href, target) = match waits {
        true => (window_url(), Some("_blank")),
        false => (PATH.to_owned(), None),
    };
    view! {
        <main class="login">
            <div class="login-card">
                <div class="login-mark"><Knot /></div>
                <h1>"Sign in to Bowline"</h1>
                <p class="login-help">
                    {match waits {
                        true => "Your sign-in has ended. Sign in again in another window: everything here goes on.",
                        false => "You sign in at another site, and come back here.",
                    }}
                </p>
                <a class="button primary wide" href=href target=target rel=target.map(|_| "opener")>
                    "Sign in"
                </a>
            </div>
        </main>
    }
}
