//! A field and a list under it to choose from by typing: the palette and the tab finder. The combobox pattern:
//! the keyboard stays in the field, arrows move the choice. What there is to choose is its user's.

use leptos::either::Either;
use leptos::ev::KeyboardEvent;
use leptos::html::Ul;
use leptos::prelude::*;

use super::dialog::Dialog;
use super::icons::Icon;
use crate::keys::Command;
use bowline_protocol::SessionId;

/// Rows that a page key moves by.
const PAGE: usize = 8;

/// What a row leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Does something.
    Command(Command),
    /// Shows a tab.
    Tab(String),
    /// Shows a session, in its pane or a new tab.
    Session(SessionId),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What is chosen by it.
    pub(crate) target: Target,
    /// Heading above it, where it differs from the row before.
    pub(crate) section: &'static str,
    /// Its words.
    pub(crate) title: String,
    /// Places of the letters in the words that were typed, in characters.
    pub(crate) places: Vec<usize>,
    /// What stands small beside the words.
    pub(crate) note: String,
    /// An icon at its end.
    pub(crate) icon: Option<&'static str>,
    /// Keys that do the same.
    pub(crate) keys: Vec<&'static str>,
}

/// What is the same for every row: where the choice is and how many rows there are.
#[derive(Clone, Copy)]
struct At {
    chosen: RwSignal<usize>,
    count: Memo<usize>,
}

impl At {
    fn now(self) -> usize {
        self.chosen.get().min(self.count.get().saturating_sub(1))
    }

    fn step(self, key: &str) -> bool {
        let count = self.count.get_untracked();
        let now = self.chosen.get_untracked().min(count.saturating_sub(1));
        let last = count.saturating_sub(1);
        let next = match key {
            "ArrowDown" if now == last => 0,
            "ArrowDown" => now + 1,
            "ArrowUp" if now == 0 => last,
            "ArrowUp" => now - 1,
            "PageDown" => (now + PAGE).min(last),
            "PageUp" => now.saturating_sub(PAGE),
            _ => return false,
        };
        self.chosen.set(next);
        true
    }
}

/// The dialog. `pick` closes it, or not.
#[component]
pub(crate) fn Chooser(
    /// Its accessible name.
    title: &'static str,
    /// What the empty field says.
    placeholder: &'static str,
    /// What was typed.
    query: RwSignal<String>,
    /// What matches it.
    choices: Memo<Vec<Choice>>,
    /// Told what was chosen.
    #[prop(into)]
    pick: Callback<Target>,
) -> impl IntoView {
    let list = NodeRef::<Ul>::new();
    let at = At {
        chosen: RwSignal::new(0),
        count: Memo::new(move |_| choices.with(Vec::len)),
    };
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let (now, count) = (at.now(), at.count.get());
        let row = document().get_element_by_id(&format!("choice-{now}"));
        if let Some(row) = row.filter(|_| count > 0 && list.get_untracked().is_some()) {
            super::dom::reveal(&row);
        }
    });
    let choose = move |nth: usize| {
        let target =
            choices.with_untracked(|choices| choices.get(nth).map(|row| row.target.clone()));
        if let Some(target) = target {
            pick.run(target);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "Enter" => choose(untrack(|| at.now())),
            key if at.step(key) => {}
            _ => return,
        }
        event.prevent_default();
    };
    let rows = move || {
        let mut before = "";
        let rows = choices.get().into_iter().enumerate().map(|(nth, choice)| {
            let heading = (choice.section != before).then_some(choice.section);
            before = choice.section;
            (
                heading.map(heading_row),
                row(nth, choice, at, Callback::new(choose)),
            )
        });
        rows.collect_view()
    };
    view! {
        <Dialog title=title class="chooser">
            <div class="chooser-search">
                <Icon name="search" />
                <input
                    type="text"
                    class="chooser-field"
                    role="combobox"
                    aria-label=title
                    aria-expanded="true"
                    aria-autocomplete="list"
                    aria-controls="choices"
                    aria-activedescendant=move || {
                        (at.count.get() > 0).then(|| format!("choice-{}", at.now()))
                    }
                    placeholder=placeholder
                    spellcheck="false"
                    autocomplete="off"
                    autofocus
                    prop:value=move || query.get()
                    on:input=move |event| {
                        query.set(event_target_value(&event));
                        at.chosen.set(0);
                    }
                    on:keydown=on_key
                />
            </div>
            <ul class="choices" id="choices" role="listbox" aria-label=title node_ref=list>{rows}</ul>
            <p class="chooser-count" class:nothing=move || at.count.get() == 0 role="status">
                {move || match at.count.get() {
                    0 => "Nothing matches.".to_owned(),
                    1 => "1 match".to_owned(),
                    count => format!("{count} matches"),
                }}
            </p>
            <footer class="dialog-foot">
                <span><kbd>"\u{2191}"</kbd><kbd>"\u{2193}"</kbd>" choose"</span>
                <span><kbd>"Enter"</kbd>" go"</span>
                <span><kbd>"Esc"</kbd>" close"</span>
            </footer>
        </Dialog>
    }
}

fn heading_row(heading: &'static str) -> AnyView {
    view! { <li class="choice-heading" role="presentation">{heading}</li> }.into_any()
}

fn row(nth: usize, choice: Choice, at: At, choose: Callback<usize>) -> AnyView {
    let chosen = move || at.now() == nth;
    let Choice {
        title,
        places,
        note,
        icon,
        keys,
        ..
    } = choice;
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> });
    view! {
        <li
            class="choice"
            class:chosen=chosen
            id=format!("choice-{nth}")
            role="option"
            aria-selected=move || chosen().to_string()
            on:pointerdown=|event| event.prevent_default()
            on:click=move |_| choose.run(nth)
        >
            <span class="choice-title">{marked(&title, &places)}</span>
            <span class="choice-note">{note}</span>
            {icon.map(|name| view! { <Icon name=name /> })}
            <span class="chord">{keys.collect_view()}</span>
        </li>
    }
    .into_any()
}

/// The words with the typed letters marked.
fn marked(title: &str, places: &[usize]) -> AnyView {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for (at, letter) in title.chars().enumerate() {
        let is_typed = places.contains(&at);
        match parts.last_mut() {
            Some((typed, part)) if *typed == is_typed => part.push(letter),
            _ => parts.push((is_typed, letter.to_string())),
        }
    }
    let parts = parts.into_iter().map(|(typed, part)| match typed {
        true => Either::Left(view! { <b>{part}</b> }),
        false => Either::Right(part),
    });
    parts.collect_view().into_any()
}
