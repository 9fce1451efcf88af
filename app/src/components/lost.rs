//! What a page says when several sessions were lost at once, and the button that starts them all again. Which
//! are news is decided in [`crate::state::lost`]; here is what this browser was told before.

use leptos::prelude::*;

use super::icons::Icon;
use crate::state::desk::Desk;
use crate::state::lost;

/// Where the browser keeps which ones it was told of.
#[cfg(feature = "hydrate")]
const TOLD_KEY: &str = "bowline-lost-told";

/// The notice, while there is something to say.
#[component]
pub(crate) fn LostNotice() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let told = RwSignal::new(Vec::new());
    #[cfg(feature = "hydrate")]
    tell_once(desk, told);
    // What was started again or closed since is no longer spoken of.
    let left = Memo::new(move |_| {
        let lost = desk.with_sessions(lost::lost);
        told.with(|told| {
            let left = told.iter().filter(|session| lost.contains(session));
            left.copied().collect::<Vec<_>>()
        })
    });
    view! {
        <Show when=move || !left.with(Vec::is_empty)>
            <div class="banner lost">
                <span class="banner-mark" aria-hidden="true"></span>
                <span class="banner-text">{move || lost::words(left.with(Vec::len))}</span>
                <Show when=move || !desk.only_reads()>
                    <button
                        type="button"
                        class="button primary"
                        on:click=move |_| {
                            desk.restart_all(left.get_untracked());
                            told.set(Vec::new());
                        }
                    >
                        "Restart all"
                    </button>
                </Show>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Dismiss"
                    on:click=move |_| told.set(Vec::new())
                >
                    <Icon name="cross" />
                </button>
            </div>
        </Show>
    }
}

/// Looks for news whenever sessions are listed.
#[cfg(feature = "hydrate")]
fn tell_once(desk: Desk, told: RwSignal<Vec<bowline_protocol::SessionId>>) {
    use crate::browser::stored;

    let lost = Memo::new(move |_| desk.with_sessions(lost::lost));
    Effect::new(move |_| {
        let lost = lost.get();
        if lost.is_empty() {
            return;
        }
        let known = stored::get(TOLD_KEY);
        let known: Vec<_> = known
            .iter()
            .flat_map(|known| known.split(' '))
            .filter_map(|id| id.parse().ok())
            .collect();
        if let Some(news) = lost::news(&lost, &known) {
            told.update(|told| told.extend(news));
        }
        let ids: Vec<_> = lost.iter().map(ToString::to_string).collect();
        // Where nothing can be kept it is told again by the next page.
        stored::set(TOLD_KEY, &ids.join(" "));
    });
}
