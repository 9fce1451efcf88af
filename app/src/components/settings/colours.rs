//! The settings about colours: dark or light, a scheme for each, and schemes of the user's own.

use leptos::prelude::*;

use super::fields::{self, Words};
use super::import::Import;
use crate::state::settings::{Settings, Taste};
use crate::theme::{Colour, Kind, Mode, Scheme, builtin, import};

const MODE: Words = Words {
    name: "Appearance",
    hint: "As the system has it, live, or always the same.",
};

const MODES: &[(&str, &str)] = &[("system", "System"), ("dark", "Dark"), ("light", "Light")];

/// What a fresh page has; the user's own schemes stay.
pub(super) fn reset(settings: &mut Settings) {
    let imported = std::mem::take(&mut settings.looks.imported);
    settings.looks = Default::default();
    settings.looks.imported = imported;
}

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let value = Signal::derive(move || taste.with(|settings| settings.looks.mode.name()));
    let change = Callback::new(move |name: String| {
        taste.change(|settings| settings.looks.mode = Mode::of(&name));
    });
    view! {
        {fields::segments(MODE, MODES, value, change)}
        {gallery(taste, Kind::Dark)}
        {gallery(taste, Kind::Light)}
        <Import />
    }
    .into_any()
}

/// The schemes of a kind, one of them chosen.
fn gallery(taste: Taste, kind: Kind) -> AnyView {
    let (title, name) = match kind {
        Kind::Dark => ("Dark theme", "dark-theme"),
        Kind::Light => ("Light theme", "light-theme"),
    };
    let schemes = taste.memo(move |settings| settings.looks.schemes(kind));
    let chosen = taste.memo(move |settings| match kind {
        Kind::Dark => settings.looks.dark.clone(),
        Kind::Light => settings.looks.light.clone(),
    });
    view! {
        <fieldset class="gallery" role="radiogroup">
            <legend>{title}</legend>
            <For
                each=move || schemes.get()
                key=|scheme| (scheme.slug.clone(), scheme.digits())
                let:scheme
            >
                {card(taste, chosen, name, &scheme)}
            </For>
        </fieldset>
    }
    .into_any()
}

/// One scheme: a small terminal in its colours, its name, and what can be done with it if it is the user's own.
fn card(taste: Taste, chosen: Memo<String>, group: &'static str, scheme: &Scheme) -> AnyView {
    let slug = scheme.slug.clone().into_owned();
    let this = slug.clone();
    let checked = move || chosen.with(|chosen| *chosen == this);
    let choose = {
        let slug = slug.clone();
        move |_| taste.change(|settings| settings.looks.choose(&slug))
    };
    let dots = scheme.sixteen[1..7].iter().map(|colour| {
        view! { <i style=format!("background:{colour}")></i> }
    });
    let ink = |colour: Colour| format!("color:{colour}");
    let own = builtin::of(&slug).is_none().then(|| own(taste, scheme));
    view! {
        <div class="card">
            <label class="card-face">
                <input
                    type="radio"
                    name=group
                    value=slug
                    aria-label=scheme.name.clone()
                    prop:checked=checked
                    on:change=choose
                />
                <span
                    class="card-screen"
                    aria-hidden="true"
                    style=format!("background:{};color:{}", scheme.background, scheme.foreground)
                >
                    <span>
                        <b style=ink(scheme.sixteen[2])>"~"</b>
                        " $ ls "
                        <b style=ink(scheme.sixteen[4])>"src"</b>
                        <em style=format!("background:{}", scheme.cursor)></em>
                    </span>
                    <span class="card-dots">{dots.collect_view()}</span>
                </span>
                <span class="card-name">{scheme.name.clone()}</span>
            </label>
            {own}
        </div>
    }
    .into_any()
}

/// What can be done with a scheme of the user's own.
fn own(taste: Taste, scheme: &Scheme) -> AnyView {
    let slug = scheme.slug.clone().into_owned();
    let name = &scheme.name;
    let file = encoded(&import::written(scheme));
    view! {
        <span class="card-own">
            <a
                class="card-action"
                download=format!("{slug}.json")
                href=format!("data:application/json,{file}")
                aria-label=format!("Export {name}")
            >
                "Export"
            </a>
            <button
                type="button"
                class="card-action"
                aria-label=format!("Remove {name}")
                on:click=move |_| taste.change(|settings| settings.looks.remove(&slug))
            >
                "Remove"
            </button>
        </span>
    }
    .into_any()
}

/// A text in an address.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_an_address_is_only_letters_digits_and_percents() {
        assert_eq!(encoded("a\"#\u{e9}\n"), "a%22%23%C3%A9%0A");
    }
}
