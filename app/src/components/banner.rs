//! The bar that says why nothing comes, and what can be done about it. What it says is decided in
//! [`crate::state::banner`]; here is the clock.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::elsewhere;
use super::{Gate, LinkState, RestartTold};
use crate::context::GateView;
#[cfg(feature = "hydrate")]
use crate::link_api::LinkKind;
#[cfg(feature = "hydrate")]
use crate::sign_in::SignIn;
use crate::state::banner::{Banner, Offer};
use crate::state::desk::Desk;
#[cfg(feature = "hydrate")]
use crate::state::seed;

/// The bar, while there is something to say. Lies over the panes: nothing moves when it comes or goes.
#[component]
pub(crate) fn LinkBanner() -> impl IntoView {
    let gate = expect_context::<Gate>().0;
    let link = expect_context::<LinkState>().0;
    let desk = expect_context::<Desk>();
    let shown = RwSignal::new(None::<Banner>);

    #[cfg(feature = "hydrate")]
    watch(link, shown, expect_context::<RestartTold>().0);
    #[cfg(feature = "hydrate")]
    if seed::sign_in() == SignIn::Elsewhere {
        let way = super::login::Way::expect();
        Effect::new(move |_| {
            if link.get().kind == LinkKind::Auth {
                elsewhere::ask_quietly(way);
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (link, expect_context::<RestartTold>());

    #[cfg(feature = "hydrate")]
    let retry = {
        let link = expect_context::<crate::link_api::LinkHandle>();
        move || link.retry_now()
    };
    #[cfg(not(feature = "hydrate"))]
    let retry = || {};
    let retry = StoredValue::new(retry);

    // Apart from each other: nothing is made anew, or read out again, because a second passed.
    let offer = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|banner| banner.offer)));
    let text = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|banner| banner.text)));
    let next =
        Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|banner| banner.next.clone())));
    let button = move |offer| match offer {
        Offer::Wait => None,
        Offer::Retry => Some(
            view! {
                <button
                    type="button"
                    class="button"
                    on:click=move |_| retry.with_value(|retry| retry())
                >
                    "Retry now"
                </button>
            }
            .into_any(),
        ),
        Offer::SignIn => Some(
            view! {
                <button
                    type="button"
                    class="button primary"
                    on:click=move |_| sign_in(gate)
                >
                    "Sign in again"
                </button>
            }
            .into_any(),
        ),
    };
    view! {
        <div class="banner-place" role="status" aria-live="polite" data-region="messages">
            {move || offer.get().map(|offer| view! {
                <div class="banner">
                    <span class="banner-mark" aria-hidden="true"></span>
                    <span>
                        {move || text.get()}
                        " "
                        <span aria-hidden="true">{move || next.get()}</span>
                    </span>
                    {button(offer)}
                </div>
            }.into_any())}
            {move || desk.later.get().map(|chunk| (chunk.notices)())}
        </div>
    }
}

/// Where another site does it a small window opens; else, or where the browser allows none, the login view.
fn sign_in(gate: RwSignal<GateView>) {
    #[cfg(feature = "hydrate")]
    if seed::sign_in() == SignIn::Elsewhere && elsewhere::open_window() {
        return;
    }
    gate.set(GateView::Login);
}

/// Looks at the clock twice a second while there is no connection.
#[cfg(feature = "hydrate")]
fn watch(
    link: Signal<crate::link_api::LinkView>,
    shown: RwSignal<Option<Banner>>,
    told: StoredValue<Option<f64>>,
) {
    use std::time::Duration;

    use crate::state::banner::{Elapsed, banner};

    /// When things began, by the page's clock.
    #[derive(Clone, Copy)]
    struct Since {
        broken: Option<f64>,
        state: f64,
    }
    let now = || js_sys::Date::now();
    let since = StoredValue::new(Since {
        broken: None,
        state: now(),
    });
    let look = move || {
        let (kind, now) = (link.get_untracked().kind, now());
        let Some(since) = since.try_get_value() else {
            return;
        };
        let elapsed = Elapsed {
            broken_ms: since.broken.map_or(0.0, |broken| now - broken),
            state_ms: now - since.state,
            restart_ms: told.get_value().map(|told| now - told),
        };
        let next = banner(kind, elapsed);
        if shown.with_untracked(|shown| *shown != next) {
            shown.set(next);
        }
    };
    Effect::new(move |_| {
        let kind = link.get().kind;
        let connected = kind.is_connected();
        since.update_value(|since| {
            since.state = now();
            since.broken = (!connected).then(|| since.broken.unwrap_or(since.state));
        });
        look();
    });
    super::clock::each(Duration::from_millis(500), look);
}
