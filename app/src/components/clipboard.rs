//! The system's clipboard, and pastes into terminals: heard before the terminal hears them, so that what is
//! doubtful can be asked about. What is doubtful is decided by [`crate::state::paste`].

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::JsCast as _;
use leptos::wasm_bindgen::prelude::*;
use leptos::web_sys::{self, MouseEvent};
use wasm_bindgen_futures::JsFuture;

use super::{dom, files, later};
use crate::keys::Command;
use crate::panes;
use crate::state::copied;
use crate::state::desk::{Desk, Overlay};
use crate::state::gesture::Point;
use crate::state::paste::Offer;
use crate::state::settings::RightClick;
use crate::state::toasts::Tone;
use crate::xterm::pointing::Mouse;

#[wasm_bindgen(module = "bowline-transfer")]
extern "C" {
    #[wasm_bindgen(js_name = textOf)]
    pub(super) fn text_of(event: &web_sys::Event) -> String;
    #[wasm_bindgen(js_name = readText, catch)]
    async fn read_text() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = writeText, catch)]
    async fn write_text(text: &str) -> Result<(), JsValue>;
}

/// The right button's number.
const RIGHT: i16 = 2;

/// Hears pastes for the life of the page.
pub(crate) fn listen(desk: Desk) {
    dom::listen_first(&window(), "paste", move |event| {
        if !is_in_terminal(&event) {
            return;
        }
        let Some(pane) = panes::shown_pane() else {
            return;
        };
        event.prevent_default();
        event.stop_propagation();
        // Copied text may come with a picture of itself.
        let text = text_of(&event);
        if text.is_empty() {
            files::take(desk, &pane, &event);
        } else {
            paste(desk, pane, &text);
        }
    });
    dom::listen_first(&window(), "contextmenu", move |event| {
        if let Some(event) = event.dyn_ref::<MouseEvent>() {
            right_click(desk, event);
        }
    });
    let selecting = Rc::new(Cell::new(false));
    let pressed = Rc::clone(&selecting);
    dom::listen_first(&window(), "mousedown", move |event| {
        let left = event.unchecked_ref::<MouseEvent>().button() == 0;
        pressed.set(left && is_in_terminal(&event));
    });
    // Behind the terminal, which selects until then. Also beside it, where the pointer is let go.
    dom::listen(&window(), "mouseup", move |_| {
        if selecting.take() {
            copy_on_select(desk);
        }
    });
}

/// Copies what was just selected, for who likes that.
pub(crate) fn copy_on_select(desk: Desk) {
    if !desk.taste.peek(|settings| settings.clipboard.on_select) {
        return;
    }
    if let Some(emulator) = panes::shown_emulator().filter(|emulator| emulator.has_selection()) {
        write(&copied::tidy(&emulator.selection()));
    }
}

/// Opens the terminal's menu, or copies or pastes for who likes that; with Shift held, or where a program has
/// the mouse, the browser or the program has its own.
fn right_click(desk: Desk, event: &MouseEvent) {
    let pointer = event.dyn_ref::<web_sys::PointerEvent>();
    // A finger that rests has a menu of its own.
    let finger = pointer.is_some_and(|pointer| pointer.pointer_type() == "touch");
    if finger || event.shift_key() || !is_in_terminal(event) {
        return;
    }
    let programs = panes::shown_pane().and_then(|pane| panes::paste::mouse(&pane));
    if programs != Some(Mouse::Ours) {
        return;
    }
    event.prevent_default();
    event.stop_propagation();
    // The menu's key asks for the menu.
    let by_pointer = event.button() == RIGHT || event.ctrl_key();
    let liked = desk.taste.peek(|settings| settings.clipboard.right_click);
    if by_pointer && liked == RightClick::Paste {
        let selected = panes::shown_emulator().is_some_and(|emulator| emulator.has_selection());
        return later::run(
            desk,
            match selected {
                true => Command::Copy,
                false => Command::Paste,
            },
        );
    }
    desk.menu.set(Some(Point {
        x: f64::from(event.client_x()),
        y: f64::from(event.client_y()),
    }));
}

/// Whether an event happened in a terminal.
pub(super) fn is_in_terminal(event: &web_sys::Event) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.closest(".screen"), Ok(Some(_))))
}

/// Pastes a text, or asks first.
pub(crate) fn paste(desk: Desk, pane: String, text: &str) {
    let Some(paste) = panes::paste::prepared(&pane, text) else {
        return;
    };
    if paste.text.is_empty() {
        return;
    }
    let liked = desk.taste.peek(|settings| settings.clipboard);
    if paste.is_doubtful(liked) && !desk.pasting.trusts(&pane) {
        desk.pasting.offer.set(Some(Offer { pane, paste }));
        desk.overlay.set(Some(Overlay::Paste));
    } else {
        panes::paste::paste(&pane, &paste.text);
    }
}

/// Pastes what is on the clipboard, where the browser lets a page read it.
pub(crate) fn read_and_paste(desk: Desk) {
    let Some(pane) = panes::shown_pane() else {
        return;
    };
    spawn_local(async move {
        match read_text().await {
            Ok(text) => paste(desk, pane, &text.as_string().unwrap_or_default()),
            Err(_) => {
                let text = "This browser does not let the page read the clipboard. Press Ctrl+V (or \u{2318}V) instead.";
                desk.toasts.say(Tone::Info, text);
            }
        }
        desk.focus();
    });
}

/// Copies what a program asks for, while somebody looks at the page.
pub(crate) fn copy_for_program(desk: Desk, text: String) {
    if !document().has_focus().unwrap_or(false) {
        return;
    }
    let count = text.chars().count();
    let characters = match count {
        1 => "1 character".to_owned(),
        _ => format!("{count} characters"),
    };
    if !desk.taste.peek(|settings| settings.clipboard.programs) {
        let said =
            format!("A program wanted to copy {characters}; your settings don\u{2019}t allow it.");
        return desk.toasts.say(Tone::Info, said);
    }
    spawn_local(async move {
        match write_text(&text).await {
            Ok(()) => {
                let said = format!("A program copied {characters} to the clipboard.");
                desk.toasts.say(Tone::Info, said);
            }
            Err(_) => {
                let said = format!(
                    "A program wanted to copy {characters}; this browser does not allow it."
                );
                desk.toasts.say(Tone::Problem, said);
            }
        }
    });
}

/// Copies what is selected with its colours.
pub(crate) fn copy_as_html(desk: Desk) {
    let Some(emulator) = panes::shown_emulator() else {
        return;
    };
    if !emulator.has_selection() {
        desk.toasts.say(Tone::Info, "Nothing is selected.");
        return;
    }
    let copying = emulator.copy_as_html();
    spawn_local(async move {
        match JsFuture::from(copying).await {
            Ok(_) => {
                desk.toasts.say(Tone::Info, "Copied with colours.");
                emulator.clear_selection();
            }
            Err(_) => {
                let text = "This browser does not let the page copy with colours.";
                desk.toasts.say(Tone::Problem, text);
            }
        }
    });
}

/// Writes the clipboard; where the browser offers none (plain HTTP), by way of a text field.
pub(crate) fn write(text: &str) {
    let clipboard = window().navigator().clipboard();
    if !clipboard.is_undefined() {
        // Refused only without a user's gesture, and this is one.
        let _ = clipboard.write_text(text);
        return;
    }
    let Ok(field) = document().create_element("textarea") else {
        return;
    };
    let Ok(field) = field.dyn_into::<web_sys::HtmlTextAreaElement>() else {
        return;
    };
    let (Some(body), Ok(page)) = (
        document().body(),
        document().dyn_into::<web_sys::HtmlDocument>(),
    ) else {
        return;
    };
    let before = document().active_element();
    field.set_value(text);
    // Nothing here fails for elements of this document.
    let _ = body.append_child(&field);
    field.select();
    let _ = page.exec_command("copy");
    field.remove();
    if let Some(before) = before.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = before.focus();
    }
}
