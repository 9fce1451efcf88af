//! The link's dot in the bar with the round trip beside it, and what a click on it tells: transport, times,
//! server. What the words are is decided in [`crate::state::quality`].

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::dialog::Dialog;
use super::{Gate, LinkState, PageVisible, clock};
use crate::context::GateView;
use crate::functions;
use crate::keys::{Command, Keys};
use crate::link_api::{LinkKind, Quality};
use crate::state::banner::connection;
use crate::state::desk::{Desk, Overlay};
use crate::state::quality::{self, milliseconds};
use crate::text;

/// Between two measurements while somebody looks at the page.
const EVERY: Duration = Duration::from_secs(5);
/// The same while the details are open, and for what counts there.
const CLOSELY: Duration = Duration::from_secs(1);

/// How good the link is; the server doesn't know.
fn quality() -> Signal<Quality> {
    #[cfg(feature = "hydrate")]
    return expect_context::<crate::link_api::LinkHandle>().quality();
    #[cfg(not(feature = "hydrate"))]
    Signal::stored(Quality::default())
}

/// Measures again and again while the page is visible and the view exists.
fn measure(every: Duration) {
    let visible = expect_context::<PageVisible>().0;
    #[cfg(feature = "hydrate")]
    let link = expect_context::<crate::link_api::LinkHandle>();
    clock::each(every, move || {
        if visible.get_untracked() {
            #[cfg(feature = "hydrate")]
            link.measure();
        }
    });
}

/// The dot.
#[component]
pub(crate) fn LinkDot() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let keys = expect_context::<Keys>();
    let link = expect_context::<LinkState>().0;
    let quality = quality();
    measure(EVERY);
    let kind = Memo::new(move |_| link.get().kind);
    let round_trip = Memo::new(move |_| {
        let connected = kind.get().is_connected();
        let ms = quality.get().round_trip_ms.filter(|_| connected);
        ms.map(milliseconds)
    });
    let words = Memo::new(move |_| {
        let how = connection(kind.get());
        match round_trip.get() {
            Some(round_trip) => format!("{how}, round trip {round_trip}"),
            None => how.to_owned(),
        }
    });
    view! {
        <button
            type="button"
            class="link-button"
            aria-haspopup="dialog"
            aria-label=move || words.get()
            title=move || keys.hint(&words.get(), Command::Connection)
            on:click=move |_| desk.toggle(Overlay::Connection)
        >
            <span class="link-time">{move || round_trip.get()}</span>
            <span class="link-dot" data-kind=move || kind.get().name()></span>
        </button>
    }
}

/// The details.
#[component]
pub(crate) fn LinkDetails() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let link = expect_context::<LinkState>().0;
    let gate = expect_context::<Gate>().0;
    let quality = quality();
    let now = clock::ticks(CLOSELY);
    measure(CLOSELY);
    let version = RwSignal::new(None::<String>);
    let kind = Memo::new(move |_| link.get().kind);
    Effect::new(move |_| {
        // Asked again by whoever comes back: it may be another server by then.
        kind.track();
        spawn_local(async move {
            if let Ok(reply) = functions::version().await {
                version.try_set(Some(reply.version));
            }
        });
    });
    let connected = move || kind.get().is_connected();
    let round_trip = move || {
        let ms = quality.get().round_trip_ms.filter(|_| connected());
        ms.map_or_else(|| "\u{2013}".to_owned(), milliseconds)
    };
    let held = move || {
        let since = quality.get().since_ms.filter(|_| connected());
        match since {
            Some(since) => text::age(((now.get() - since) / 1000.0).max(0.0) as u64),
            None => "\u{2013}".to_owned(),
        }
    };
    let reconnects = move || match quality.get().reconnects {
        0 => "none since the page was loaded".to_owned(),
        count => format!("{count} since the page was loaded"),
    };
    let server = move || match version.get() {
        Some(version) => format!("Bowline {version}"),
        None => "\u{2013}".to_owned(),
    };
    #[cfg(feature = "hydrate")]
    let handle = expect_context::<crate::link_api::LinkHandle>();
    let act = move |_| {
        if kind.get_untracked() == LinkKind::Auth {
            desk.overlay.set(None);
            gate.set(GateView::Login);
        } else {
            #[cfg(feature = "hydrate")]
            handle.reconnect();
        }
    };
    view! {
        <Dialog title="Connection" class="link-details">
            <div class="link-body">
                <dl class="facts">
                    <Fact name="Transport" value=Signal::derive(move || quality::transport(kind.get()).to_owned()) />
                    <Fact name="Round trip" value=Signal::derive(round_trip) />
                    <Fact name="Connected for" value=Signal::derive(held) />
                    <Fact name="Reconnects" value=Signal::derive(reconnects) />
                    <Fact name="Server" value=Signal::derive(server) />
                    <Fact name="Sessions" value=Signal::derive(move || text::session_count(desk.running())) />
                </dl>
                {move || quality::reason(kind.get()).map(|why| view! { <p class="link-why">{why}</p> })}
                <div class="link-actions">
                    <button type="button" class="button" autofocus on:click=act>
                        {move || quality::again(kind.get())}
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Fact(name: &'static str, value: Signal<String>) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>{move || value.get()}</dd>
        </div>
    }
}
