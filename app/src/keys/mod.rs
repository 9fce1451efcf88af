//! Keys: which chord means which command. Hears no keyboard and does nothing: `components::keyboard` hears,
//! `components::commands` does.

pub(crate) mod chord;
pub(crate) mod command;
pub(crate) mod table;

pub(crate) use chord::{Chord, Modifiers};
pub(crate) use command::Command;
pub(crate) use table::{Entry, TABLE, entry_of};

/// The command of a pressed key.
pub(crate) fn command(modifiers: Modifiers, code: &str) -> Option<Command> {
    let has = |chord: &Chord| chord.modifiers == modifiers && chord.code == code;
    let entry = TABLE.iter().find(|entry| entry.chords.iter().any(has))?;
    Some(entry.command)
}

/// A tooltip: the words, and the first chord of the command if it has one.
pub(crate) fn hint(words: &str, command: Command) -> String {
    let chord = entry_of(command).and_then(|entry| entry.chords.first());
    match chord {
        Some(chord) => format!("{words} ({})", chord.text()),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::chord::{ALT_SHIFT, CTRL, CTRL_SHIFT};
    use super::*;

    #[test]
    fn physical_keys_decide() {
        assert_eq!(command(ALT_SHIFT, "KeyT"), Some(Command::NewTab));
        assert_eq!(command(CTRL_SHIFT, "BracketRight"), Some(Command::NextTab));
        assert_eq!(command(ALT_SHIFT, "Digit9"), Some(Command::JumpToTab(9)));
        assert_eq!(command(CTRL, "KeyT"), None);
        assert_eq!(command(Modifiers::default(), "KeyT"), None);
    }

    #[test]
    fn a_hint_names_the_first_chord() {
        assert_eq!(hint("New tab", Command::NewTab), "New tab (Alt+Shift+T)");
    }
}
