//! Keys: which chord means which command. Hears no keyboard and does nothing: `components::keyboard` hears,
//! `components::commands` does.
//!
//! [`table`] holds every command with its defaults, [`keymap`] what the user changed, [`held`] both in context;
//! [`stroke`] finds the chord in a key's event, [`reserved`] knows which chords never come.

pub(crate) mod chord;
pub(crate) mod codes;
pub(crate) mod command;
pub(crate) mod held;
pub(crate) mod keymap;
pub(crate) mod place;
pub(crate) mod reserved;
pub(crate) mod stroke;
pub(crate) mod table;

pub(crate) use chord::{Chord, Modifiers};
pub(crate) use command::Command;
pub(crate) use held::{Keys, hint};
pub(crate) use table::{Entry, TABLE, entry_of};

#[cfg(test)]
mod tests {
    use super::chord::{ALT_SHIFT, CTRL, CTRL_SHIFT, NONE};
    use super::keymap::Keymap;
    use super::*;

    #[test]
    fn physical_keys_decide() {
        let command = |modifiers, code| Keymap::default().command(Chord::of(modifiers, code));
        assert_eq!(command(ALT_SHIFT, "KeyT"), Some(Command::NewTab));
        assert_eq!(command(CTRL_SHIFT, "BracketRight"), Some(Command::NextTab));
        assert_eq!(command(ALT_SHIFT, "Digit9"), Some(Command::JumpToTab(9)));
        assert_eq!(command(CTRL, "KeyT"), None);
        assert_eq!(command(NONE, "KeyT"), None);
    }
}
