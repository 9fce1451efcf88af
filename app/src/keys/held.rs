//! The keys of this page: the keymap and the place in context, kept on this device. The only signals about keys.
//! Hears no keyboard.

use leptos::prelude::*;

use super::chord::Chord;
use super::command::Command;
use super::keymap::Keymap;
use super::place::Place;
use super::reserved;
#[cfg(feature = "hydrate")]
use crate::browser::stored;

/// Where the keymap is kept in the browser.
#[cfg(feature = "hydrate")]
const STORED_AS: &str = "bowline-keys";

/// Whether a chord is being recorded, so that it means nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Recording {
    /// Chords mean commands.
    #[default]
    No,
    /// The next chord is for the recorder.
    Yes,
}

/// The keys, in context, copied freely. Begins with the defaults, as the server renders them.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    keymap: RwSignal<Keymap>,
    place: RwSignal<Place>,
    /// Whether a chord is being recorded.
    pub(crate) recording: RwSignal<Recording>,
}

impl Keys {
    /// The defaults.
    pub(crate) fn new() -> Self {
        Self {
            keymap: RwSignal::default(),
            place: RwSignal::default(),
            recording: RwSignal::default(),
        }
    }

    /// Learns where the page runs. Answers whether keys were saved.
    #[cfg(feature = "hydrate")]
    pub(crate) fn settle(self, place: Place) -> bool {
        self.place.set(place);
        stored::get(STORED_AS).is_some()
    }

    /// Takes what was saved. Answers why that can't be used, if so.
    #[cfg(feature = "hydrate")]
    pub(crate) fn load(self) -> Option<String> {
        let text = stored::get(STORED_AS)?;
        match Keymap::from_json(&text) {
            Ok(loaded) => self.keymap.set(loaded.keymap),
            Err(error) => return Some(error.to_string()),
        }
        None
    }

    /// Reads the keymap, tracked.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Keymap) -> T) -> T {
        self.keymap.with(read)
    }

    /// Where the page runs, tracked.
    pub(crate) fn place(self) -> Place {
        self.place.get()
    }

    /// The command of a chord now.
    pub(crate) fn command(self, chord: Chord) -> Option<Command> {
        self.keymap.with_untracked(|keymap| keymap.command(chord))
    }

    /// The chord to tell people for a command: the first that reaches the page here. Tracked.
    pub(crate) fn best(self, command: Command) -> Option<Chord> {
        let place = self.place();
        let mut chords = self.with(|keymap| keymap.chords(command)).into_iter();
        chords.find(|chord| reserved::keeper(place, *chord).is_none())
    }

    /// A tooltip: the words, and the chord of the command if it has one. Tracked.
    pub(crate) fn hint(self, words: &str, command: Command) -> String {
        match self.best(command) {
            Some(chord) => format!("{words} ({})", chord.said(self.place().system)),
            None => words.to_owned(),
        }
    }

    /// Changes the keymap and keeps it.
    pub(crate) fn change(self, change: impl FnOnce(&mut Keymap)) {
        self.keymap.update(change);
        #[cfg(feature = "hydrate")]
        // A browser that keeps nothing has the keys until it leaves the page.
        self.keymap
            .with_untracked(|keymap| match keymap.has_changes() {
                true => stored::set(STORED_AS, &keymap.to_json()),
                false => stored::remove(STORED_AS),
            });
    }
}

/// A tooltip that follows the user's keys: the words, and the chord of the command now.
pub(crate) fn hint(
    words: &'static str,
    command: Command,
) -> impl Fn() -> String + Copy + Send + 'static {
    let keys = use_context::<Keys>().unwrap_or_else(Keys::new);
    move || keys.hint(words, command)
}

#[cfg(test)]
mod tests {
    use super::super::chord::CTRL_SHIFT;
    use super::*;

    #[test]
    fn a_hint_names_the_chord_of_now() {
        let owner = Owner::new();
        owner.with(|| {
            let keys = Keys::new();
            let said = || keys.hint("New tab", Command::NewTab);
            assert_eq!(said(), "New tab (Alt+Shift+T)");
            let old = keys.best(Command::NewTab);
            keys.change(|keymap| keymap.put(Command::NewTab, Chord::of(CTRL_SHIFT, "F9"), old));
            assert_eq!(said(), "New tab (Ctrl+Shift+F9)");
        });
    }

    #[test]
    fn a_chord_that_never_comes_is_not_told() {
        let owner = Owner::new();
        owner.with(|| {
            let keys = Keys::new();
            keys.change(|keymap| {
                let wanted = Chord::of(super::super::chord::CTRL, "KeyT");
                keymap.put(
                    Command::NewTab,
                    wanted,
                    Some(keymap.chords(Command::NewTab)[0]),
                );
                for chord in keymap.chords(Command::NewTab).split_off(1) {
                    keymap.remove(Command::NewTab, chord);
                }
            });
            assert_eq!(keys.hint("New tab", Command::NewTab), "New tab");
        });
    }
}
