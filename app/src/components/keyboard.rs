//! The page's keys, heard before the terminal hears them; and keys that no terminal would hear, because the
//! keyboard is still on its way to it. What a key's event says is [`crate::keys::stroke`]'s,
//! which chord means what [`crate::keys::keymap`]'s, what it does [`super::commands`]'s.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::KeyboardEvent;

use super::{dom, later};
use crate::keys::chord::NONE;
use crate::keys::command::Reach;
use crate::keys::held::Recording;
use crate::keys::place::{Place, System, Window};
use crate::keys::stroke::{Composing, IN_INPUT_METHOD, Stroke};
use crate::keys::{Chord, Command, Keys, Modifiers};
use crate::panes;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;
use crate::xterm::Press;

/// Learns where the page runs, and listens for the life of the page.
pub(crate) fn listen(desk: Desk) {
    let keys = expect_context::<Keys>();
    if keys.settle(place()) {
        // At once: until it is there, the defaults hold.
        later::load(desk);
    }
    dom::listen_first(&window(), "keydown", move |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            pressed(desk, keys, event);
        }
    });
}

/// Takes the keys that were saved.
pub(super) fn load(desk: Desk) {
    if let Some(problem) = expect_context::<Keys>().load() {
        let text = format!("Your keys can't be used, the defaults hold: {problem}");
        desk.toasts.say(Tone::Problem, text);
    }
}

/// The chord in a key's event, unless the key types.
pub(super) fn chord_of(keys: Keys, event: &KeyboardEvent) -> Option<Chord> {
    with_stroke(keys, event, |stroke, system| stroke.chord(system))
}

fn with_stroke<T>(
    keys: Keys,
    event: &KeyboardEvent,
    read: impl FnOnce(Stroke<'_>, System) -> T,
) -> T {
    let composing = event.is_composing() || event.key_code() == IN_INPUT_METHOD;
    let stroke = Stroke {
        modifiers: Modifiers {
            ctrl: event.ctrl_key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
            meta: event.meta_key(),
        },
        code: &event.code(),
        key: &event.key(),
        alt_graph: event.get_modifier_state("AltGraph"),
        composing: match composing {
            true => Composing::Yes,
            false => Composing::No,
        },
    };
    read(stroke, untrack(|| keys.place()).system)
}

fn pressed(desk: Desk, keys: Keys, event: &KeyboardEvent) {
    if keys.recording.get_untracked() == Recording::Yes {
        return;
    }
    // Before commands: some are for the terminal that has the keyboard.
    let awaiting = panes::awaiting_keyboard();
    let handled = chord_of(keys, event).is_some_and(|chord| command(desk, keys, event, chord));
    let Some(pane) = awaiting.filter(|_| !handled) else {
        return;
    };
    // Whatever hears it now was left for the terminal.
    if let Some(how) = with_stroke(keys, event, |stroke, system| stroke.retold(system)) {
        event.prevent_default();
        event.stop_propagation();
        pane.press(Press::of(event, how));
    }
}

/// Does what a chord means; whether it means anything here.
fn command(desk: Desk, keys: Keys, event: &KeyboardEvent, chord: Chord) -> bool {
    let Some(command) = keys.command(chord) else {
        return false;
    };
    let in_terminal = in_terminal();
    match command {
        _ if desk.overlay.get_untracked().is_some() && command.reach() == Reach::Terminals => {
            return false;
        }
        // Text fields copy and paste by themselves.
        Command::Copy | Command::CopySelection | Command::Paste if !in_terminal => return false,
        Command::CopySelection if !selected() => return false,
        // On a Mac it is no paste but the program's.
        Command::Paste
            if !event.shift_key() && untrack(|| keys.place()).system == System::MacOs =>
        {
            return false;
        }
        // The browser's own paste follows, as an event that the page takes. It knows only its own keys.
        Command::Paste if chord.code == "KeyV" => {
            event.stop_propagation();
            return true;
        }
        // Function keys are a full-screen program's own.
        _ if bare(chord) && in_terminal && full_screen() => return false,
        _ => {}
    }
    event.prevent_default();
    event.stop_propagation();
    later::run(desk, command);
    true
}

/// A function key with nothing but Shift.
fn bare(chord: Chord) -> bool {
    let without_shift = Modifiers {
        shift: false,
        ..chord.modifiers
    };
    without_shift == NONE
}

fn in_terminal() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| matches!(element.closest(".screen"), Ok(Some(_))))
}

fn selected() -> bool {
    panes::shown_emulator().is_some_and(|emulator| emulator.has_selection())
}

fn full_screen() -> bool {
    panes::shown_emulator().is_some_and(|emulator| emulator.is_full_screen())
}

fn place() -> Place {
    let shown_as = |mode: &str| {
        let query = window().match_media(&format!("(display-mode: {mode})"));
        query.ok().flatten().is_some_and(|query| query.matches())
    };
    let app = ["standalone", "minimal-ui", "window-controls-overlay"];
    let kind = match app.into_iter().any(shown_as) {
        true => Window::App,
        false => Window::Tab,
    };
    let agent = window().navigator().user_agent().unwrap_or_default();
    Place::of(&agent, kind)
}
