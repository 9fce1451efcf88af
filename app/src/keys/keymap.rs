//! Which chord means which command on this device: the defaults of [`super::table`] under what the user changed.
//! Reads and writes it as JSON; where it is kept is [`super::held`]'s.
//!
//! Invariants: a chord means one command; what the user chose wins over defaults, also over those of commands
//! that a later version adds; a chord that is given back by its owner means what it meant before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chord::{Chord, ChordError};
use super::command::Command;
use super::table::{Entry, TABLE, entry_of};

/// Longest text that is read, bytes: far above what all commands need.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// Most chords of one command.
pub(crate) const MAX_CHORDS: usize = 8;
/// The version of the format.
const VERSION: u32 = 1;

/// What the user changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Keymap {
    /// By the command's id; all chords it has then. Never what the default is.
    changed: BTreeMap<&'static str, Vec<Chord>>,
}

/// Why saved keys can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeymapError {
    /// See [`MAX_TEXT`].
    #[error("the text is longer than 64 KiB: it holds no keys of this page")]
    TooLong,
    /// Not ours, or not JSON.
    #[error("this is not a file of keys: {0}")]
    Format(String),
    /// Made by a later version.
    #[error("these keys were saved by a newer version (format {0}); update the page first")]
    Version(u32),
    /// A chord that can't be used.
    #[error("\u{201c}{text}\u{201d} for {id} {why}")]
    Chord {
        /// The command.
        id: String,
        /// As it was written.
        text: String,
        /// What is wrong.
        why: ChordError,
    },
    /// See [`MAX_CHORDS`].
    #[error("{0} has more than 8 chords")]
    TooMany(String),
    /// One chord for two commands.
    #[error("{text} is given to both {one} and {other}: take one of them out")]
    Twice {
        /// The chord.
        text: String,
        /// A command.
        one: String,
        /// Another.
        other: String,
    },
}

/// Keys that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// They.
    pub(crate) keymap: Keymap,
    /// How many commands were not known, and left out.
    pub(crate) unknown: usize,
}

/// The format of files and of the browser's storage.
#[derive(Serialize, Deserialize)]
struct File {
    #[serde(rename = "bowline-keys")]
    version: u32,
    keys: BTreeMap<String, Vec<String>>,
}

impl Keymap {
    /// The chords of a command, best first.
    pub(crate) fn chords(&self, command: Command) -> Vec<Chord> {
        let Some(entry) = entry_of(command) else {
            return Vec::new();
        };
        match self.changed.get(entry.id) {
            Some(chords) => chords.clone(),
            None => self.free(entry).collect(),
        }
    }

    /// The command of a chord.
    pub(crate) fn command(&self, chord: Chord) -> Option<Command> {
        let chosen = self.chosen(chord);
        let mut rest = TABLE
            .iter()
            .filter(|entry| !self.changed.contains_key(entry.id));
        let entry = chosen.or_else(|| rest.find(|entry| entry.chords.contains(&chord)))?;
        Some(entry.command)
    }

    /// Whether the user changed a command's chords.
    pub(crate) fn is_changed(&self, command: Command) -> bool {
        entry_of(command).is_some_and(|entry| self.changed.contains_key(entry.id))
    }

    /// Whether the user changed anything.
    pub(crate) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Gives a command a chord, in the place of another of its chords or behind them all. Whoever had it loses it.
    pub(crate) fn put(&mut self, command: Command, chord: Chord, instead_of: Option<Chord>) {
        let mut chords = self.chords(command);
        if instead_of != Some(chord) {
            chords.retain(|other| *other != chord);
        }
        let at = instead_of.and_then(|old| chords.iter().position(|other| *other == old));
        match at {
            Some(at) => chords[at] = chord,
            None if chords.len() < MAX_CHORDS => chords.push(chord),
            None => return,
        }
        let loser = self.chosen(chord).map(|entry| entry.command);
        if let Some(loser) = loser.filter(|loser| *loser != command) {
            let mut left = self.chords(loser);
            left.retain(|other| *other != chord);
            self.set(loser, left);
        }
        self.set(command, chords);
    }

    /// Takes a chord away from a command.
    pub(crate) fn remove(&mut self, command: Command, chord: Chord) {
        let mut chords = self.chords(command);
        chords.retain(|other| *other != chord);
        self.set(command, chords);
    }

    /// Gives a command its defaults, but for chords that the user gave to others.
    pub(crate) fn reset(&mut self, command: Command) {
        if let Some(entry) = entry_of(command) {
            self.changed.remove(entry.id);
        }
    }

    /// Writes it.
    pub(crate) fn to_json(&self) -> String {
        let texts = |chords: &Vec<Chord>| chords.iter().map(|chord| chord.text()).collect();
        let keys = self.changed.iter();
        let keys = keys.map(|(id, chords)| ((*id).to_owned(), texts(chords)));
        let file = File {
            version: VERSION,
            keys: keys.collect(),
        };
        // Strings in maps and lists: always JSON.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// Reads it. All or nothing, but for commands that this version doesn't have.
    pub(crate) fn from_json(text: &str) -> Result<Loaded, KeymapError> {
        if text.len() > MAX_TEXT {
            return Err(KeymapError::TooLong);
        }
        let file: File =
            crate::json::read(text).map_err(|error| KeymapError::Format(error.to_string()))?;
        if file.version > VERSION {
            return Err(KeymapError::Version(file.version));
        }
        let mut keymap = Self::default();
        let mut unknown = 0;
        for (id, texts) in file.keys {
            let Some(entry) = TABLE.iter().find(|entry| entry.id == id) else {
                unknown += 1;
                continue;
            };
            if texts.len() > MAX_CHORDS {
                return Err(KeymapError::TooMany(id));
            }
            let mut chords = Vec::new();
            for text in texts {
                let chord = match Chord::parse(&text) {
                    Ok(chord) => chord,
                    Err(why) => return Err(KeymapError::Chord { id, text, why }),
                };
                if let Some(other) = keymap.chosen(chord) {
                    return Err(KeymapError::Twice {
                        text,
                        one: other.id.to_owned(),
                        other: id,
                    });
                }
                if !chords.contains(&chord) {
                    chords.push(chord);
                }
            }
            keymap.changed.insert(entry.id, chords);
        }
        Ok(Loaded { keymap, unknown })
    }

    /// Who has a chord by the user's choice.
    fn chosen(&self, chord: Chord) -> Option<&'static Entry> {
        let mut changed = self.changed.iter();
        let (id, _) = changed.find(|(_, chords)| chords.contains(&chord))?;
        TABLE.iter().find(|entry| entry.id == *id)
    }

    /// An entry's defaults that no other command took.
    fn free<'a>(&'a self, entry: &'static Entry) -> impl Iterator<Item = Chord> + 'a {
        let chords = entry.chords.iter().copied();
        chords.filter(|chord| self.chosen(*chord).is_none())
    }

    fn set(&mut self, command: Command, chords: Vec<Chord>) {
        let Some(entry) = entry_of(command) else {
            return;
        };
        self.changed.remove(entry.id);
        if chords != self.free(entry).collect::<Vec<_>>() {
            self.changed.insert(entry.id, chords);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chord::{ALT_SHIFT, CTRL_SHIFT};
    use super::*;

    const T: Chord = Chord::of(ALT_SHIFT, "KeyT");
    const W: Chord = Chord::of(ALT_SHIFT, "KeyW");
    const FREE: Chord = Chord::of(CTRL_SHIFT, "F9");

    fn first(keymap: &Keymap, command: Command) -> Option<Chord> {
        keymap.chords(command).first().copied()
    }

    #[test]
    fn without_changes_the_defaults_hold() {
        let keymap = Keymap::default();
        assert_eq!(keymap.command(T), Some(Command::NewTab));
        assert_eq!(keymap.command(FREE), None);
        for entry in TABLE {
            assert_eq!(keymap.chords(entry.command), entry.chords);
        }
    }

    #[test]
    fn a_chord_is_replaced_added_and_removed() {
        let mut keymap = Keymap::default();
        keymap.put(Command::NewTab, FREE, Some(T));
        assert_eq!(keymap.command(FREE), Some(Command::NewTab));
        assert_eq!(keymap.command(T), None);
        keymap.put(Command::NewTab, T, None);
        assert_eq!(keymap.command(T), Some(Command::NewTab));
        assert_eq!(first(&keymap, Command::NewTab), Some(FREE));
        keymap.remove(Command::NewTab, FREE);
        keymap.remove(Command::NewTab, T);
        assert_eq!(keymap.command(T), None);
        keymap.reset(Command::NewTab);
        assert_eq!(keymap, Keymap::default());
    }

    #[test]
    fn who_takes_a_chord_takes_it_away_and_gives_it_back() {
        let mut keymap = Keymap::default();
        keymap.put(Command::CloseTab, T, Some(W));
        assert_eq!(keymap.command(T), Some(Command::CloseTab));
        assert!(!keymap.chords(Command::NewTab).contains(&T));
        // Chosen by the user, and taken away again.
        keymap.put(Command::NewTab, FREE, None);
        keymap.put(Command::CloseTab, FREE, None);
        assert_eq!(keymap.command(FREE), Some(Command::CloseTab));
        assert!(!keymap.chords(Command::NewTab).contains(&FREE));
        keymap.reset(Command::CloseTab);
        assert_eq!(keymap.command(T), Some(Command::NewTab));
    }

    #[test]
    fn what_is_as_it_was_is_no_change() {
        let mut keymap = Keymap::default();
        keymap.put(Command::NewTab, FREE, Some(T));
        assert!(keymap.is_changed(Command::NewTab));
        keymap.put(Command::NewTab, T, Some(FREE));
        assert!(!keymap.has_changes());
        keymap.put(Command::NewTab, T, Some(T));
        assert!(!keymap.has_changes());
    }

    #[test]
    fn a_command_has_a_bounded_number_of_chords() {
        let mut keymap = Keymap::default();
        for code in ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10"] {
            keymap.put(Command::NewTab, Chord::of(CTRL_SHIFT, code), None);
        }
        assert_eq!(keymap.chords(Command::NewTab).len(), MAX_CHORDS);
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let mut keymap = Keymap::default();
        keymap.put(Command::NewTab, FREE, Some(T));
        keymap.remove(Command::CloseTab, W);
        let loaded = Keymap::from_json(&keymap.to_json()).unwrap();
        assert_eq!(loaded, Loaded { keymap, unknown: 0 });
    }

    #[test]
    fn commands_that_are_not_known_are_counted() {
        let text = r#"{"bowline-keys": 1, "keys": {"fly": ["Ctrl+F"], "new-tab": []}}"#;
        let loaded = Keymap::from_json(text).unwrap();
        assert_eq!(loaded.unknown, 1);
        assert_eq!(loaded.keymap.command(T), None);
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = Keymap::from_json(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_can_not_be_used_is_refused_and_says_why() {
        refused("{", "not a file of keys");
        refused(r#"{"theme": "dark"}"#, "not a file of keys");
        refused(r#"{"bowline-keys": 2, "keys": {}}"#, "newer version");
        refused(
            r#"{"bowline-keys": 1, "keys": {"new-tab": ["T"]}}"#,
            "\u{201c}T\u{201d} for new-tab needs Ctrl",
        );
        refused(
            r#"{"bowline-keys": 1, "keys": {"new-tab": ["Ctrl+F9"], "close-tab": ["Ctrl+F9"]}}"#,
            "both close-tab and new-tab",
        );
        let many = ["\"Ctrl+F9\""; MAX_CHORDS + 1].join(",");
        let many = format!(r#"{{"bowline-keys": 1, "keys": {{"new-tab": [{many}]}}}}"#);
        refused(&many, "more than 8");
        refused(&" ".repeat(MAX_TEXT + 1), "64 KiB");
    }

    #[test]
    fn what_the_user_chose_wins_over_the_default_of_another() {
        let text = r#"{"bowline-keys": 1, "keys": {"close-tab": ["Alt+Shift+T"]}}"#;
        let keymap = Keymap::from_json(text).unwrap().keymap;
        assert_eq!(keymap.command(T), Some(Command::CloseTab));
        assert!(!keymap.chords(Command::NewTab).contains(&T));
    }
}
