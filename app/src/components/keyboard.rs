//! The page's keys, heard before the terminal hears them. Which chord means what is decided by
//! [`crate::keys`]; here it is done.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;
use web_sys::KeyboardEvent;

use super::{dom, wiring};
use crate::keys::{self, Command, Modifiers};
use crate::panes;
use crate::state::desk::{Desk, Overlay};
use crate::theme::browser as theme;
use crate::workspace::Workspace;

/// Listens for the life of the page.
pub(crate) fn listen(desk: Desk) {
    dom::listen_first(&window(), "keydown", move |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            pressed(desk, event);
        }
    });
}

fn pressed(desk: Desk, event: &KeyboardEvent) {
    let modifiers = Modifiers {
        ctrl: event.ctrl_key(),
        alt: event.alt_key(),
        shift: event.shift_key(),
        meta: event.meta_key(),
    };
    let Some(command) = keys::command(modifiers, &event.code()) else {
        return;
    };
    let overlays = matches!(
        command,
        Command::Sessions | Command::Shortcuts | Command::ToggleTheme
    );
    let in_terminal = in_terminal();
    match command {
        _ if desk.overlay.get_untracked().is_some() && !overlays => return,
        // Text fields copy and paste by themselves.
        Command::Copy | Command::CopySelection | Command::Paste if !in_terminal => return,
        Command::CopySelection if !selected() => return,
        // The browser's own paste follows, as an event that the terminal takes.
        Command::Paste => return event.stop_propagation(),
        _ => {}
    }
    event.prevent_default();
    event.stop_propagation();
    run(desk, command);
}

fn in_terminal() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| matches!(element.closest(".screen"), Ok(Some(_))))
}

fn selected() -> bool {
    panes::shown_emulator().is_some_and(|emulator| emulator.has_selection())
}

fn run(desk: Desk, command: Command) {
    let active = || desk.peek(|workspace| workspace.active.clone());
    match command {
        Command::NewTab => desk.new_tab(),
        Command::CloseTab => {
            if let Some(tab) = active() {
                desk.close_tab(&tab);
            }
        }
        Command::NextTab => desk.step(Workspace::next),
        Command::PreviousTab => desk.step(Workspace::previous),
        Command::JumpToTab(nth) => desk.step(|workspace| workspace.jump(nth.into())),
        Command::RenameTab => desk.renaming.set(active()),
        Command::Sessions => desk.toggle(Overlay::Sessions),
        Command::Shortcuts => desk.toggle(Overlay::Shortcuts),
        Command::ToggleTheme => toggle_theme(),
        Command::Copy | Command::CopySelection => copy(),
        Command::Paste => {}
    }
}

/// Dark to light and back, terminals included.
pub(crate) fn toggle_theme() {
    theme::toggle();
    wiring::repaint();
}

fn copy() {
    let Some(emulator) = panes::shown_emulator() else {
        return;
    };
    if emulator.has_selection() {
        copy_text(&emulator.selection());
        emulator.clear_selection();
    }
}

/// Writes the clipboard; where the browser offers none (plain HTTP), by way of a text field.
fn copy_text(text: &str) {
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
