//! What settings are made of: a row with a name, a word of explanation and one control. Each control shows a
//! value and calls back with the wanted one; it keeps nothing.

#![allow(dead_code, reason = "one set of controls for all groups")]

use leptos::prelude::*;

/// What a row says.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    /// Its name, also for assistive technology.
    pub(crate) name: &'static str,
    /// What it does, where the name does not say it. May be empty.
    pub(crate) hint: &'static str,
}

/// Words without an explanation.
pub(crate) const fn plain(name: &'static str) -> Words {
    Words { name, hint: "" }
}

/// A name for the elements of a row, to tie them together.
fn id_of(words: Words) -> String {
    let word = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    format!(
        "setting-{}",
        words.name.chars().map(word).collect::<String>()
    )
}

fn row(words: Words, control: AnyView) -> AnyView {
    let id = id_of(words);
    let (name, hint) = (format!("{id}-name"), format!("{id}-hint"));
    let hint = (!words.hint.is_empty())
        .then(|| view! { <span class="setting-hint" id=hint>{words.hint}</span> });
    view! {
        <div class="setting">
            <div class="setting-words">
                <label class="setting-name" id=name for=id>{words.name}</label>
                {hint}
            </div>
            {control}
        </div>
    }
    .into_any()
}

/// The id of the explanation, if there is one.
fn described(words: Words) -> Option<String> {
    (!words.hint.is_empty()).then(|| format!("{}-hint", id_of(words)))
}

/// On or off.
pub(crate) fn switch(words: Words, on: Signal<bool>, change: Callback<bool>) -> AnyView {
    let control = view! {
        <input
            type="checkbox"
            role="switch"
            class="switch"
            id=id_of(words)
            aria-describedby=described(words)
            prop:checked=move || on.get()
            on:change=move |event| change.run(event_target_checked(&event))
        />
    };
    row(words, control.into_any())
}

/// One of a few, all of them in sight: (value, name).
pub(crate) fn segments(
    words: Words,
    options: &'static [(&'static str, &'static str)],
    value: Signal<&'static str>,
    change: Callback<String>,
) -> AnyView {
    let id = id_of(words);
    let buttons = options.iter().map(|(option, name)| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name=id.clone()
                    value=*option
                    prop:checked=move || value.get() == *option
                    on:change=move |_| change.run((*option).to_owned())
                />
                <span>{*name}</span>
            </label>
        }
    });
    let control = view! {
        <div
            class="segments"
            role="radiogroup"
            id=id.clone()
            aria-labelledby=format!("{id}-name")
            aria-describedby=described(words)
        >
            {buttons.collect_view()}
        </div>
    };
    row(words, control.into_any())
}

/// One of many: (value, name).
pub(crate) fn choice(
    words: Words,
    options: Signal<Vec<(String, String)>>,
    value: Signal<String>,
    change: Callback<String>,
) -> AnyView {
    let list = move || {
        let option = |(option, name): (String, String)| {
            let this = option.clone();
            let selected = move || value.get() == this;
            view! { <option value=option prop:selected=selected>{name}</option> }
        };
        options.get().into_iter().map(option).collect_view()
    };
    let control = view! {
        <select
            class="select"
            id=id_of(words)
            aria-describedby=described(words)
            on:change=move |event| change.run(event_target_value(&event))
        >
            {list}
        </select>
    };
    row(words, control.into_any())
}

/// The numbers a [`stepper`] goes through.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    /// The least.
    pub(crate) least: f64,
    /// The most.
    pub(crate) most: f64,
    /// From one to the next.
    pub(crate) step: f64,
    /// Behind the number.
    pub(crate) unit: &'static str,
}

/// A number, by buttons or typed.
pub(crate) fn stepper(
    words: Words,
    steps: Steps,
    value: Signal<f64>,
    change: Callback<f64>,
) -> AnyView {
    let id = id_of(words);
    let to = move |wanted: f64| {
        // In whole steps: 1.1 + 0.1 is 1.2.
        let whole = (wanted / steps.step).round() * steps.step;
        let short = (whole * 1_000.0).round() / 1_000.0;
        change.run(short.clamp(steps.least, steps.most));
    };
    let typed = move |event: leptos::ev::Event| {
        if let Ok(number) = event_target_value(&event).parse::<f64>() {
            to(number);
        }
        // What was out of bounds, or no number, doesn't stay there.
        let field: leptos::web_sys::HtmlInputElement = event_target(&event);
        field.set_value(&value.get_untracked().to_string());
    };
    let at_least = Memo::new(move |_| value.get() <= steps.least);
    let at_most = Memo::new(move |_| value.get() >= steps.most);
    let less = move |_: leptos::ev::MouseEvent| to(value.get_untracked() - steps.step);
    let more = move |_: leptos::ev::MouseEvent| to(value.get_untracked() + steps.step);
    let control = view! {
        <div class="stepper">
            <button
                type="button"
                class="stepper-button"
                aria-label=format!("Less: {}", words.name)
                disabled=move || at_least.get()
                on:click=less
            >
                "\u{2212}"
            </button>
            <input
                type="number"
                id=id
                min=steps.least.to_string()
                max=steps.most.to_string()
                step=steps.step.to_string()
                aria-describedby=described(words)
                prop:value=move || value.get().to_string()
                on:change=typed
            />
            <span class="stepper-unit" aria-hidden="true">{steps.unit}</span>
            <button
                type="button"
                class="stepper-button"
                aria-label=format!("More: {}", words.name)
                disabled=move || at_most.get()
                on:click=more
            >
                "+"
            </button>
        </div>
    };
    row(words, control.into_any())
}
