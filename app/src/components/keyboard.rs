//! The page's keys, heard before the terminal hears them. Which chord means what is decided by
//! [`crate::keys`], what it does by
//! [`super::commands`].

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::KeyboardEvent;

use super::{commands, dom};
use crate::keys::{self, Command, Modifiers};
use crate::panes;
use crate::state::desk::Desk;

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
        Command::Sessions
            | Command::Shortcuts
            | Command::Settings
            | Command::ToggleTheme
            | Command::LargerText
            | Command::SmallerText
            | Command::ResetText
    );
    let in_terminal = in_terminal();
    match command {
        _ if desk.overlay.get_untracked().is_some() && !overlays => return,
        // Text fields copy and paste by themselves.
        Command::Copy | Command::CopySelection | Command::Paste if !in_terminal => return,
        Command::CopySelection if !selected() => return,
        // On a Mac it is no paste but the program's.
        Command::Paste if !event.shift_key() && is_mac() => return,
        // The browser's own paste follows, as an event that the page takes.
        Command::Paste => return event.stop_propagation(),
        _ => {}
    }
    event.prevent_default();
    event.stop_propagation();
    commands::run(desk, command);
}

fn in_terminal() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| matches!(element.closest(".screen"), Ok(Some(_))))
}

fn is_mac() -> bool {
    let system = window().navigator().user_agent().unwrap_or_default();
    system.contains("Mac OS")
}

fn selected() -> bool {
    panes::shown_emulator().is_some_and(|emulator| emulator.has_selection())
}
