//! The tab finder: all tabs in a list to find one by typing, and the button that shows when not all of them have room.

use leptos::html::Div;
use leptos::prelude::*;

use super::chooser::Chooser;
use super::icons::Icon;
use super::palette::{find_places, go, tabs};
use crate::keys::{Command, hint};
use crate::state::desk::{Desk, Overlay};

/// The dialog.
#[component]
pub(crate) fn TabFinder() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let query = RwSignal::new(String::new());
    let choices = Memo::new(move |_| {
        let tabs = tabs(desk);
        query.with(|query| find_places(tabs, query))
    });
    let pick = move |target| {
        desk.overlay.set(None);
        go(desk, target);
    };
    view! {
        <Chooser
            title="Find a tab"
            placeholder="The name of a tab or of what runs in it"
            query=query
            choices=choices
            pick=pick
        />
    }
}

/// Opens the finder; shown while tabs are scrolled out of sight.
#[component]
pub(crate) fn FinderButton(list: NodeRef<Div>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let overflows = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    watch(desk, list, overflows);
    #[cfg(not(feature = "hydrate"))]
    let _ = list;
    view! {
        <button
            type="button"
            class="icon-button finder-button"
            class:needed=move || overflows.get()
            aria-label="Find a tab"
            title=hint("Find a tab", Command::FindTab)
            aria-haspopup="dialog"
            on:click=move |_| desk.toggle(Overlay::FindTab)
        >
            <Icon name="down" />
        </button>
    }
}

/// Looks whenever the list's box or the tabs in it change.
#[cfg(feature = "hydrate")]
fn watch(desk: Desk, list: NodeRef<Div>, overflows: RwSignal<bool>) {
    use super::dom::BoxWatcher;

    let look = move || {
        if let Some(list) = list.try_get_untracked().flatten() {
            let now = list.scroll_width() > list.client_width();
            if overflows.try_with_untracked(|before| *before != now) == Some(true) {
                overflows.set(now);
            }
        }
    };
    let count = Memo::new(move |_| desk.with(|workspace| workspace.tabs.len()));
    Effect::new(
        move |watcher: Option<Option<send_wrapper::SendWrapper<BoxWatcher>>>| {
            let list = list.get()?;
            count.track();
            // After the tabs are in the document.
            set_timeout(look, std::time::Duration::ZERO);
            let watcher = watcher.flatten();
            watcher.or_else(|| BoxWatcher::new(&list, look).map(send_wrapper::SendWrapper::new))
        },
    );
}
