//! Files that are dropped or pasted: heard here, so that the browser opens none of them; what is done with them is
//! [`super::uploading`]'s. In the browser only.

use js_sys::Array;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::wasm_bindgen::prelude::*;
use leptos::web_sys::{self, Event};

use super::{clipboard, dom, later};
use crate::panes;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;

#[wasm_bindgen(module = "bowline-transfer")]
extern "C" {
    fn brings(event: &Event) -> bool;
    fn accept(event: &Event);
    #[wasm_bindgen(js_name = filesOf)]
    fn files_of(event: &Event) -> Array;
    #[wasm_bindgen(js_name = foldersOf)]
    fn folders_of(event: &Event) -> u32;
}

/// Hears drags for the life of the page.
pub(crate) fn listen(desk: Desk) {
    for name in ["dragenter", "dragover"] {
        dom::listen_first(&window(), name, move |event| {
            if brings(&event) && desk.overlay.get_untracked().is_none() {
                event.prevent_default();
                accept(&event);
                aim(desk, pane_of(&event));
            }
        });
    }
    dom::listen_first(&window(), "dragleave", move |event| {
        // Into another element of the page, or out of it.
        let to = event
            .unchecked_ref::<web_sys::MouseEvent>()
            .related_target();
        if to.is_none() {
            aim(desk, None);
        }
    });
    dom::listen_first(&window(), "drop", move |event| {
        let aimed = desk.drop_target.get_untracked();
        aim(desk, None);
        let Some(pane) = aimed.filter(|_| brings(&event)) else {
            return;
        };
        event.prevent_default();
        event.stop_propagation();
        if !take(desk, &pane, &event) {
            clipboard::paste(desk, pane, &clipboard::text_of(&event));
        }
    });
}

/// Sends the files of a paste or a drop, if it has any.
pub(super) fn take(desk: Desk, pane: &str, event: &Event) -> bool {
    // Now: the event forgets them.
    let (files, folders) = (files_of(event), folders_of(event));
    if folders > 0 {
        let text = "Folders can\u{2019}t be uploaded. Pack them into one file first.";
        desk.toasts.say(Tone::Problem, text);
    }
    let brings = files.length() > 0;
    if brings {
        let pane = pane.to_owned();
        later::then(desk, move |chunk| (chunk.upload)(desk, &pane, &files));
    }
    brings || folders > 0
}

/// The pane under the pointer, else the one in front.
fn pane_of(event: &Event) -> Option<String> {
    let target = event.target()?.dyn_into::<web_sys::Element>().ok();
    let pane = target.and_then(|target| target.closest("[data-pane]").ok().flatten());
    pane.and_then(|pane| pane.get_attribute("data-pane"))
        .or_else(panes::shown_pane)
}

/// Shows where something would be dropped.
fn aim(desk: Desk, pane: Option<String>) {
    if desk.drop_target.with_untracked(|now| *now != pane) {
        desk.drop_target.set(pane);
    }
}
