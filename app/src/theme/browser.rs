//! The theme of the page that is open: its style sheet, its cookie, its terminals' colours, and what the
//! system has.

use bowline_protocol::frame::{Colours, Sixteen};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::choice::STYLE_ID;
use super::{Choice, Kind, derive};

fn query() -> Option<web_sys::MediaQueryList> {
    window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten()
}

/// What the system has. Dark if it doesn't say.
pub(crate) fn system() -> Kind {
    match query() {
        Some(query) if !query.matches() => Kind::Light,
        _ => Kind::Dark,
    }
}

/// Calls back when the system changes between dark and light. For the life of the page.
pub(crate) fn on_system_change(callback: impl Fn() + 'static) {
    if let Some(query) = query() {
        crate::components::dom::listen(&query, "change", move |_| callback());
    }
}

fn cookies() -> Option<web_sys::HtmlDocument> {
    document().dyn_into().ok()
}

/// The choice that the cookie keeps.
pub(crate) fn kept() -> Choice {
    let cookies = cookies().and_then(|page| page.cookie().ok());
    let kept = cookies.and_then(|cookies| Choice::from_cookies(&cookies));
    kept.unwrap_or_default()
}

/// Shows a theme and keeps it for the next first paint.
pub(crate) fn show(choice: &Choice) {
    let page = document();
    if let Some(root) = page.document_element() {
        // Fails only for names that aren't attribute names.
        let _ = root.set_attribute("data-theme", choice.attribute());
    }
    if let Some(sheet) = page.get_element_by_id(STYLE_ID) {
        let css = choice.css();
        // The server wrote the same at the first paint.
        if sheet.text_content().as_deref() != Some(&css) {
            sheet.set_text_content(Some(&css));
        }
    }
    for (system, name) in [(Kind::Dark, "dark"), (Kind::Light, "light")] {
        let bar = format!("meta[name=theme-color][media*={name}]");
        if let Ok(Some(bar)) = page.query_selector(&bar) {
            let _ = bar.set_attribute("content", &choice.bar(system).to_string());
        }
    }
    let folder = page.base_uri().ok().flatten().unwrap_or_default();
    let folder = web_sys::Url::new(&folder).map_or_else(|_| "/".to_owned(), |url| url.pathname());
    let folder = folder.rfind('/').map_or("/", |slash| &folder[..=slash]);
    if let Some(cookies) = cookies() {
        // A browser that refuses cookies keeps the choice for this page only.
        let _ = cookies.set_cookie(&choice.cookie(folder));
    }
}

/// xterm.js's names for the custom properties that colour a terminal. The sixteen come last.
const COLOURS: [(&str, &str); 8] = [
    ("foreground", "--term-foreground"),
    ("background", "--term-background"),
    ("cursor", "--term-cursor"),
    ("cursorAccent", "--term-background"),
    ("selectionBackground", "--term-selection"),
    ("scrollbarSliderBackground", "--term-slider"),
    ("scrollbarSliderHoverBackground", "--term-slider-hover"),
    ("scrollbarSliderActiveBackground", "--term-slider-hover"),
];

/// xterm.js's names for the sixteen.
const SIXTEEN: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "brightBlack",
    "brightRed",
    "brightGreen",
    "brightYellow",
    "brightBlue",
    "brightMagenta",
    "brightCyan",
    "brightWhite",
];

/// A terminal's colours, in the words of xterm.js and as programs ask for them.
#[derive(Clone)]
pub(crate) struct Painting {
    /// For the emulator.
    pub(crate) palette: crate::xterm::Palette,
    /// For programs: text, ground and cursor.
    pub(crate) colours: Colours,
    /// For programs: the sixteen.
    pub(crate) sixteen: Sixteen,
}

/// What a choice makes of terminals, as the system is now.
pub(crate) fn painting(choice: &Choice) -> Painting {
    let all = derive::colours(choice.shown(system()));
    let of = |wanted: &str| all.iter().find(|(name, _)| *name == wanted);
    let number = |name: &str| of(name).map_or(0, |(_, ink)| ink.colour.number());
    let named = COLOURS.iter().copied();
    let names = named.chain(SIXTEEN.into_iter().zip(derive::SIXTEEN));
    Painting {
        palette: names
            .filter_map(|(name, property)| Some((name, of(property)?.1.to_string())))
            .collect(),
        colours: Colours {
            foreground: number("--term-foreground"),
            background: number("--term-background"),
            cursor: number("--term-cursor"),
        },
        sixteen: derive::SIXTEEN.map(number),
    }
}
