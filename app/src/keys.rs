//! The key table: which chord means which command. One table for the keyboard and for the dialog that
//! shows it. Chords go by physical key codes, because Shift, Option and layouts change what a key types;
//! none of the default ones is kept by a browser for itself, unless another chord does the same.

/// What a chord asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Adds a tab.
    NewTab,
    /// Closes the active tab; its session goes on.
    CloseTab,
    /// Shows the tab to the right.
    NextTab,
    /// Shows the tab to the left.
    PreviousTab,
    /// Shows the nth tab, from 1; 9 is the last.
    JumpToTab(u8),
    /// Edits the active tab's name.
    RenameTab,
    /// Opens the session picker.
    Sessions,
    /// Opens the list of these keys.
    Shortcuts,
    /// Dark to light and back.
    ToggleTheme,
    /// Copies the selection and clears it. Without a selection the key goes to the program.
    CopySelection,
    /// Copies the selection, if there is one; never goes to the program.
    Copy,
    /// Pastes.
    Paste,
}

/// Modifier keys held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Modifiers {
    /// Control.
    pub(crate) ctrl: bool,
    /// Alt or Option.
    pub(crate) alt: bool,
    /// Shift.
    pub(crate) shift: bool,
    /// Command or the Windows key.
    pub(crate) meta: bool,
}

const CTRL: Modifiers = Modifiers {
    ctrl: true,
    alt: false,
    shift: false,
    meta: false,
};
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..CTRL
};
const ALT_SHIFT: Modifiers = Modifiers {
    ctrl: false,
    alt: true,
    shift: true,
    meta: false,
};

/// Modifiers and a physical key (`KeyboardEvent.code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chord {
    /// What is held.
    pub(crate) modifiers: Modifiers,
    /// What is pressed.
    pub(crate) code: &'static str,
}

/// A group of chords with a title, as the dialog shows it.
pub(crate) struct Entry {
    /// Where it belongs.
    pub(crate) group: &'static str,
    /// What it does.
    pub(crate) title: &'static str,
    /// How it is asked for, best first.
    pub(crate) bindings: &'static [Binding],
}

/// One chord and its command.
pub(crate) struct Binding(pub(crate) Chord, pub(crate) Command);

const fn on(modifiers: Modifiers, code: &'static str, command: Command) -> Binding {
    Binding(Chord { modifiers, code }, command)
}

use Command as C;

/// All keys of the page.
pub(crate) const TABLE: &[Entry] = &[
    Entry {
        group: "Tabs",
        title: "New tab",
        bindings: &[on(ALT_SHIFT, "KeyT", C::NewTab)],
    },
    Entry {
        group: "Tabs",
        title: "Close tab (its session goes on)",
        bindings: &[on(ALT_SHIFT, "KeyW", C::CloseTab)],
    },
    Entry {
        group: "Tabs",
        title: "Next tab",
        bindings: &[
            on(ALT_SHIFT, "BracketRight", C::NextTab),
            on(CTRL_SHIFT, "BracketRight", C::NextTab),
        ],
    },
    Entry {
        group: "Tabs",
        title: "Previous tab",
        bindings: &[
            on(ALT_SHIFT, "BracketLeft", C::PreviousTab),
            on(CTRL_SHIFT, "BracketLeft", C::PreviousTab),
        ],
    },
    Entry {
        group: "Tabs",
        title: "Go to tab 1 \u{2026} 8, or the last",
        bindings: &[
            on(ALT_SHIFT, "Digit1", C::JumpToTab(1)),
            on(ALT_SHIFT, "Digit2", C::JumpToTab(2)),
            on(ALT_SHIFT, "Digit3", C::JumpToTab(3)),
            on(ALT_SHIFT, "Digit4", C::JumpToTab(4)),
            on(ALT_SHIFT, "Digit5", C::JumpToTab(5)),
            on(ALT_SHIFT, "Digit6", C::JumpToTab(6)),
            on(ALT_SHIFT, "Digit7", C::JumpToTab(7)),
            on(ALT_SHIFT, "Digit8", C::JumpToTab(8)),
            on(ALT_SHIFT, "Digit9", C::JumpToTab(9)),
            on(CTRL_SHIFT, "Digit1", C::JumpToTab(1)),
            on(CTRL_SHIFT, "Digit2", C::JumpToTab(2)),
            on(CTRL_SHIFT, "Digit3", C::JumpToTab(3)),
            on(CTRL_SHIFT, "Digit4", C::JumpToTab(4)),
            on(CTRL_SHIFT, "Digit5", C::JumpToTab(5)),
            on(CTRL_SHIFT, "Digit6", C::JumpToTab(6)),
            on(CTRL_SHIFT, "Digit7", C::JumpToTab(7)),
            on(CTRL_SHIFT, "Digit8", C::JumpToTab(8)),
            on(CTRL_SHIFT, "Digit9", C::JumpToTab(9)),
        ],
    },
    Entry {
        group: "Tabs",
        title: "Rename tab",
        bindings: &[on(ALT_SHIFT, "KeyR", C::RenameTab)],
    },
    Entry {
        group: "Window",
        title: "Sessions",
        bindings: &[on(ALT_SHIFT, "KeyS", C::Sessions)],
    },
    Entry {
        group: "Window",
        title: "Dark or light",
        bindings: &[on(ALT_SHIFT, "KeyL", C::ToggleTheme)],
    },
    Entry {
        group: "Window",
        title: "Keyboard shortcuts",
        bindings: &[on(ALT_SHIFT, "Slash", C::Shortcuts)],
    },
    Entry {
        group: "Terminal",
        title: "Copy the selection",
        bindings: &[
            on(CTRL_SHIFT, "KeyC", C::Copy),
            on(CTRL, "KeyC", C::CopySelection),
        ],
    },
    Entry {
        group: "Terminal",
        title: "Paste",
        bindings: &[on(CTRL_SHIFT, "KeyV", C::Paste)],
    },
];

/// The command of a pressed key.
pub(crate) fn command(modifiers: Modifiers, code: &str) -> Option<Command> {
    TABLE
        .iter()
        .flat_map(|entry| entry.bindings)
        .find(|Binding(chord, _)| chord.modifiers == modifiers && chord.code == code)
        .map(|Binding(_, command)| *command)
}

impl Chord {
    /// The keys as printed on a keyboard, in the order in which people say them.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        let held = [
            (self.modifiers.ctrl, "Ctrl"),
            (self.modifiers.alt, "Alt"),
            (self.modifiers.shift, "Shift"),
            (self.modifiers.meta, "Meta"),
        ];
        let held = held
            .into_iter()
            .filter_map(|(held, name)| held.then_some(name));
        held.chain([printed(self.code)]).collect()
    }

    /// As a tooltip says it: `Alt+Shift+T`.
    pub(crate) fn text(&self) -> String {
        self.keys().join("+")
    }
}

fn printed(code: &'static str) -> &'static str {
    match code {
        "BracketLeft" => "[",
        "BracketRight" => "]",
        "Slash" => "/",
        _ => code
            .strip_prefix("Key")
            .or_else(|| code.strip_prefix("Digit"))
            .unwrap_or(code),
    }
}

/// A tooltip: the words, and the first chord of the command if it has one.
pub(crate) fn hint(words: &str, command: Command) -> String {
    TABLE
        .iter()
        .flat_map(|entry| entry.bindings)
        .find(|Binding(_, other)| *other == command)
        .map_or_else(
            || words.to_owned(),
            |Binding(chord, _)| format!("{words} ({})", chord.text()),
        )
}

/// The chords of an entry as the dialog shows them: runs of digits are told by their ends.
pub(crate) fn shown(entry: &Entry) -> Vec<Vec<&'static str>> {
    let mut shown: Vec<Vec<&'static str>> = Vec::new();
    for Binding(chord, command) in entry.bindings {
        let mut keys = chord.keys();
        match command {
            C::JumpToTab(1) => {
                keys.pop();
                keys.push("1 \u{2026} 9");
            }
            C::JumpToTab(_) => continue,
            _ => {}
        }
        shown.push(keys);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn physical_keys_decide() {
        assert_eq!(command(ALT_SHIFT, "KeyT"), Some(C::NewTab));
        assert_eq!(command(CTRL_SHIFT, "BracketRight"), Some(C::NextTab));
        assert_eq!(command(ALT_SHIFT, "Digit9"), Some(C::JumpToTab(9)));
        assert_eq!(command(CTRL, "KeyT"), None);
        assert_eq!(command(Modifiers::default(), "KeyT"), None);
    }

    #[test]
    fn a_chord_means_one_thing() {
        let all: Vec<_> = TABLE.iter().flat_map(|entry| entry.bindings).collect();
        for (at, Binding(chord, _)) in all.iter().enumerate() {
            assert!(
                all[..at].iter().all(|Binding(other, _)| other != chord),
                "{} is there twice",
                chord.text()
            );
        }
    }

    #[test]
    fn no_command_hangs_on_a_chord_that_browsers_keep() {
        let kept = |chord: &Chord| {
            let taken = ["KeyT", "KeyW", "KeyN"];
            (chord.modifiers == CTRL || chord.modifiers == CTRL_SHIFT)
                && taken.contains(&chord.code)
        };
        for entry in TABLE {
            assert!(
                entry.bindings.iter().any(|Binding(chord, _)| !kept(chord)),
                "{}",
                entry.title
            );
        }
    }

    #[test]
    fn plain_keys_and_programs_chords_are_left_alone() {
        for Binding(chord, command) in TABLE.iter().flat_map(|entry| entry.bindings) {
            let modifiers = chord.modifiers;
            assert!(modifiers.shift || *command == C::CopySelection);
            assert!(modifiers.ctrl || modifiers.alt);
        }
    }

    #[test]
    fn keys_are_shown_as_printed() {
        let chord = Chord {
            modifiers: ALT_SHIFT,
            code: "BracketLeft",
        };
        assert_eq!(chord.text(), "Alt+Shift+[");
        assert_eq!(hint("New tab", C::NewTab), "New tab (Alt+Shift+T)");
        let jumps = TABLE
            .iter()
            .find(|entry| entry.title.starts_with("Go to tab"))
            .map(shown);
        let expected = vec![
            vec!["Alt", "Shift", "1 \u{2026} 9"],
            vec!["Ctrl", "Shift", "1 \u{2026} 9"],
        ];
        assert_eq!(jumps, Some(expected));
    }
}
