//! Walks the parts of the page by keyboard, although a terminal takes the Tab key: the bar, the terminals, messages.
//! A part is whatever says `data-region`; inside it Tab goes on as everywhere. In the browser only.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Element, HtmlElement};

use crate::state::desk::Desk;

/// Which part is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Down the page.
    On,
    /// Up.
    Back,
}

/// What in a part takes the keyboard, best first.
const ENTRIES: [&str; 2] = ["[tabindex=\"0\"]", "button:not([disabled]), a[href], input"];

/// Moves the keyboard to the next part that can take it.
pub(crate) fn go(desk: Desk, way: Way) {
    let Ok(parts) = document().query_selector_all("[data-region]") else {
        return;
    };
    let mut parts: Vec<Element> = (0..parts.length())
        .filter_map(|nth| parts.item(nth)?.dyn_into().ok())
        .collect();
    if way == Way::Back {
        parts.reverse();
    }
    let focused = document().active_element();
    let here = focused.and_then(|focused| focused.closest("[data-region]").ok().flatten());
    let at = parts.iter().position(|part| Some(part) == here.as_ref());
    let first = at.map_or(0, |at| (at + 1) % parts.len());
    parts.rotate_left(first);
    for part in parts {
        if part.get_attribute("data-region").as_deref() == Some("panes") {
            return desk.focus();
        }
        if let Some(entry) = entry(&part) {
            // Fails only for elements outside the document.
            let _ = entry.focus();
            return desk.settle_keyboard();
        }
    }
}

fn entry(part: &Element) -> Option<HtmlElement> {
    ENTRIES.iter().find_map(|wanted| {
        let found = part.query_selector_all(wanted).ok()?;
        let mut found = (0..found.length()).filter_map(|nth| found.item(nth)?.dyn_into().ok());
        // What is not displayed has no box.
        found.find(|element: &HtmlElement| element.offset_width() > 0)
    })
}
