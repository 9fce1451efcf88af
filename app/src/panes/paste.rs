//! What comes into a pane from outside: pasted text. Whether the user is asked first is not decided here.

use super::registry;
use crate::state::paste::Paste;
use crate::xterm::pointing::Mouse;

/// What a text would be as a paste into a pane. `None` without a terminal there.
pub(crate) fn prepared(pane: &str, text: &str) -> Option<Paste> {
    let emulator = registry::pane(pane)?.emulator()?;
    Some(Paste::new(text, emulator.brackets()))
}

/// Types a paste. The program may have changed its mind since it was prepared: what must not be pasted now
/// is taken out now.
pub(crate) fn paste(pane: &str, text: &str) {
    let Some(emulator) = registry::pane(pane).and_then(|live| live.emulator()) else {
        return;
    };
    emulator.paste(&Paste::new(text, emulator.brackets()).text);
}

/// Whose the mouse is in a pane.
pub(crate) fn mouse(pane: &str) -> Option<Mouse> {
    Some(registry::pane(pane)?.emulator()?.mouse())
}
