//! The search bar over a pane. It is there while the pane is searched; the search ends with it. What is
//! found, and how, is not decided here.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::icons::Icon;
use crate::state::desk::Desk;
use crate::state::search::{Query, Step, Tally, Way};
#[cfg(feature = "hydrate")]
use crate::xterm::search::Finder;

/// One search.
#[derive(Clone, Copy)]
struct Search {
    query: RwSignal<Query>,
    tally: RwSignal<Tally>,
    #[cfg(feature = "hydrate")]
    finder: StoredValue<Option<Finder>, LocalStorage>,
}

/// The bar.
#[component]
pub(crate) fn SearchBar(
    /// The pane that is searched.
    pane: StoredValue<String>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let search = Search {
        query: RwSignal::new(Query::default()),
        tally: RwSignal::new(Tally::default()),
        #[cfg(feature = "hydrate")]
        finder: StoredValue::new_local(None),
    };
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        desk.searching.asked();
        if let Some(field) = field.get() {
            // Fails only for elements that are not in the document.
            let _ = field.focus();
            field.select();
            desk.settle_keyboard();
        }
    });
    pane.with_value(|pane| search.run(pane));

    let leave = move || {
        desk.searching.end();
        desk.focus();
    };
    let pressed = move |event: KeyboardEvent| {
        let step = match event.shift_key() {
            true => Step::Previous,
            false => Step::Next,
        };
        let in_field = event.target() == field.get_untracked().map(|field| (*field).clone().into());
        match event.key().as_str() {
            "Escape" => leave(),
            "F3" => search.step(step),
            "Enter" if in_field && !event.is_composing() => search.step(step),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let Search { query, tally, .. } = search;
    let icon_button = move |name, label, title, action: fn(Search)| {
        view! {
            <button
                type="button"
                class="icon-button"
                aria-label=label
                title=title
                on:click=move |_| action(search)
            >
                <Icon name=name />
            </button>
        }
    };
    view! {
        <div class="search-bar" role="search" aria-label="Search the terminal" on:keydown=pressed>
            <input
                class="search-field"
                type="text"
                aria-label="Search"
                placeholder="Search"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-invalid=move || (tally.get() == Tally::Invalid).then_some("true")
                node_ref=field
                prop:value=move || query.with(|query| query.text.clone())
                on:input=move |event| query.update(|query| query.text = event_target_value(&event))
            />
            <span
                class="search-count"
                class:problem=move || tally.get().is_problem()
                role="status"
            >
                {move || tally.get().words()}
            </span>
            {Way::ALL
                .map(|way| {
                    let (face, label) = way.button();
                    view! {
                        <button
                            type="button"
                            class="search-way"
                            aria-label=label
                            title=label
                            aria-pressed=move || query.with(|query| query.has(way)).to_string()
                            on:click=move |_| query.update(|query| query.toggle(way))
                        >
                            {face}
                        </button>
                    }
                })
                .into_iter()
                .collect_view()}
            {icon_button("up", "Previous match", "Previous match (Shift+Enter)", |search| {
                search.step(Step::Previous);
            })}
            {icon_button("down", "Next match", "Next match (Enter)", |search| {
                search.step(Step::Next);
            })}
            <button
                type="button"
                class="icon-button"
                aria-label="Close search"
                title="Close search (Esc)"
                on:click=move |_| leave()
            >
                <Icon name="cross" />
            </button>
        </div>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
impl Search {
    /// Looks for what the query says until the bar is gone.
    fn run(self, pane: &str) {
        use crate::panes;
        let Some(emulator) = panes::search::begin(pane, move || self.look()) else {
            return;
        };
        let selected = emulator.selection();
        if !selected.is_empty() && !selected.contains('\n') {
            self.query.update(|query| query.text = selected);
        }
        leptos::task::spawn_local(async move {
            let tell = move |tally| {
                // The bar may be gone by now.
                let _ = self.tally.try_set(tally);
            };
            let finder = emulator.finder(tell).await;
            if self.finder.try_set_value(finder).is_none() {
                self.look();
            }
        });
        Effect::new(move |_| {
            self.query.track();
            self.look();
        });
        let pane = pane.to_owned();
        on_cleanup(move || {
            // Dropped: it selects nothing any more, and what waits for the selection comes in.
            self.finder.set_value(None);
            panes::search::end(&pane);
        });
    }

    fn look(self) {
        let Some(query) = self.query.try_get_untracked() else {
            return;
        };
        if query.text.is_empty() {
            self.tally.set(Tally::Idle);
        }
        self.finder.try_with_value(|finder| {
            if let Some(finder) = finder {
                finder.look(&query);
            }
        });
    }

    fn step(self, step: Step) {
        self.finder.with_value(|finder| {
            if let Some(finder) = finder {
                finder.step(step);
            }
        });
    }
}

/// The server searches nothing.
#[cfg(not(feature = "hydrate"))]
impl Search {
    fn run(self, _: &str) {}

    fn step(self, _: Step) {}
}
