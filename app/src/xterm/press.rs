//! Keys for a terminal that did not hear them: they were pressed while the keyboard was on its way to it.

use wasm_bindgen::JsCast as _;
use web_sys::{KeyboardEvent, KeyboardEventInit};

use super::Emulator;
use crate::keys::stroke::Retold;

/// Where xterm.js hears keys.
const TEXTAREA: &str = ".xterm-helper-textarea";

/// A key that is told again.
#[derive(Debug)]
pub(crate) enum Press {
    /// The text that it types.
    Text(String),
    /// An event like the one that was heard elsewhere.
    Event(KeyboardEventInit),
}

impl Press {
    /// The key of an event.
    pub(crate) fn of(event: &KeyboardEvent, how: Retold) -> Self {
        if how == Retold::Text {
            return Self::Text(event.key());
        }
        let again = KeyboardEventInit::new();
        again.set_key(&event.key());
        again.set_code(&event.code());
        again.set_key_code(event.key_code());
        again.set_location(event.location());
        again.set_repeat(event.repeat());
        again.set_ctrl_key(event.ctrl_key());
        again.set_alt_key(event.alt_key());
        again.set_shift_key(event.shift_key());
        again.set_cancelable(true);
        Self::Event(again)
    }
}

impl Emulator {
    /// Types a key.
    pub(crate) fn press(&self, press: &Press) {
        match press {
            Press::Text(text) => self.type_in(text),
            Press::Event(again) => {
                let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", again);
                let element = self.modern().element();
                let heard = element.and_then(|it| it.query_selector(TEXTAREA).ok().flatten());
                if let (Ok(event), Some(heard)) = (event, heard) {
                    // Fails only for an event that is on its way already.
                    let _ = heard.dispatch_event(event.unchecked_ref());
                }
            }
        }
    }
}
