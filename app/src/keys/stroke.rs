//! A key as the keyboard's event says it, and the chord in it, if any. Decides here and nowhere else what is
//! typing: AltGr, dead keys and input methods never ask for a command. Which command is [`super::keymap`]'s.
//! Also how a key is told to a terminal that did not hear it.

use super::chord::{Chord, Modifiers};
use super::codes;
use super::place::System;

/// What an input method says instead of the key: `KeyboardEvent.keyCode`.
pub(crate) const IN_INPUT_METHOD: u32 = 229;

/// Whether an event is part of composing text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Composing {
    /// It is.
    Yes,
    /// It is a key of its own.
    No,
}

/// One key going down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke<'a> {
    /// What is held.
    pub(crate) modifiers: Modifiers,
    /// The physical key.
    pub(crate) code: &'a str,
    /// What it would type.
    pub(crate) key: &'a str,
    /// `getModifierState("AltGraph")`.
    pub(crate) alt_graph: bool,
    /// `isComposing`, or a key code of [`IN_INPUT_METHOD`].
    pub(crate) composing: Composing,
}

/// How a key is told to a terminal that did not hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retold {
    /// It types its text.
    Text,
    /// What it sends is the emulator's to say: by an event like the first one.
    Event,
}

impl Stroke<'_> {
    /// How the key can be told to a terminal that did not hear it. `None` for what means nothing by itself,
    /// and for what only the browser can finish: modifiers, dead keys, input methods, Option's letters.
    pub(crate) fn retold(&self, system: System) -> Option<Retold> {
        let Modifiers {
            ctrl, alt, meta, ..
        } = self.modifiers;
        let alone = self.key.chars().count() == 1;
        let nothing_yet = matches!(
            self.key,
            "Dead"
                | "Process"
                | "Unidentified"
                | "Shift"
                | "Control"
                | "Alt"
                | "AltGraph"
                | "Meta"
                | "CapsLock"
                | "NumLock"
                | "ScrollLock"
                | "Fn"
        );
        if self.composing == Composing::Yes || nothing_yet || meta {
            return None;
        }
        match alone {
            true if self.types_by_alt_graph(system) => Some(Retold::Text),
            true if alt && !ctrl && system == System::MacOs => None,
            true if !ctrl && !alt => Some(Retold::Text),
            _ => Some(Retold::Event),
        }
    }

    /// The chord, unless the key types.
    pub(crate) fn chord(&self, system: System) -> Option<Chord> {
        let Modifiers {
            ctrl, alt, meta, ..
        } = self.modifiers;
        // A dead key is said to be an input method's too; with Option it is only what the layout puts there.
        let dead = self.key == "Dead";
        if self.composing == Composing::Yes && !(dead && (ctrl || alt || meta)) {
            return None;
        }
        if self.types_by_alt_graph(system) {
            return None;
        }
        let chord = Chord::of(self.modifiers, codes::known(self.code)?);
        chord.checked().ok()
    }

    /// AltGr types characters: `@` and `{` in Germany. Windows says Ctrl+Alt for it, and browsers there don't
    /// always add that it is AltGr. On a Mac, Firefox calls Option so, which is an ordinary modifier there.
    fn types_by_alt_graph(&self, system: System) -> bool {
        if system == System::MacOs {
            return false;
        }
        let Modifiers { ctrl, alt, .. } = self.modifiers;
        let mut typed = self.key.chars();
        let other_sign = match (typed.next(), typed.next()) {
            (Some(sign), None) => !sign.is_ascii_alphanumeric() && sign != ' ',
            _ => self.key == "Dead",
        };
        let on_letter = self.code.starts_with("Key") || self.code.starts_with("Digit");
        self.alt_graph || (system == System::Windows && ctrl && alt && other_sign && on_letter)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chord::{ALT_SHIFT, CTRL, NONE, SHIFT};
    use super::*;

    const CTRL_ALT: Modifiers = Modifiers { alt: true, ..CTRL };

    fn stroke(modifiers: Modifiers, code: &'static str, key: &'static str) -> Stroke<'static> {
        Stroke {
            modifiers,
            code,
            key,
            alt_graph: false,
            composing: Composing::No,
        }
    }

    #[test]
    fn layouts_and_option_change_what_is_typed_and_not_the_chord() {
        let wanted = Some(Chord::of(ALT_SHIFT, "KeyD"));
        for key in ["D", "\u{ce}", "\u{412}", "E", "Dead"] {
            for system in [System::MacOs, System::Linux, System::Windows] {
                assert_eq!(
                    stroke(ALT_SHIFT, "KeyD", key).chord(system),
                    wanted,
                    "{key}"
                );
            }
        }
        let zoom = stroke(ALT_SHIFT, "Slash", "_").chord(System::Linux);
        assert_eq!(zoom, Some(Chord::of(ALT_SHIFT, "Slash")));
    }

    #[test]
    fn alt_gr_types() {
        let at_sign = stroke(CTRL_ALT, "KeyQ", "@");
        assert_eq!(at_sign.chord(System::Windows), None);
        let told = Stroke {
            alt_graph: true,
            ..stroke(ALT_SHIFT, "KeyT", "\u{167}")
        };
        assert_eq!(told.chord(System::Linux), None);
        assert_eq!(told.chord(System::Windows), None);
        // Firefox says so of Option.
        assert!(told.chord(System::MacOs).is_some());
        let chord = stroke(CTRL_ALT, "KeyK", "k").chord(System::Windows);
        assert_eq!(chord, Some(Chord::of(CTRL_ALT, "KeyK")));
    }

    #[test]
    fn a_key_that_was_not_heard_is_told_by_its_text_or_an_event() {
        let told = |modifiers, key| stroke(modifiers, "KeyQ", key).retold(System::Linux);
        for key in ["q", "Q", "\u{e9}", " ", "\u{1f600}"] {
            assert_eq!(told(NONE, key), Some(Retold::Text), "{key}");
        }
        assert_eq!(told(SHIFT, "Q"), Some(Retold::Text));
        assert_eq!(told(CTRL, "c"), Some(Retold::Event));
        assert_eq!(told(NONE, "Enter"), Some(Retold::Event));
        assert_eq!(told(SHIFT, "Tab"), Some(Retold::Event));
        for key in ["Shift", "Dead", "Process"] {
            assert_eq!(told(NONE, key), None, "{key}");
        }
        let at_sign = stroke(CTRL_ALT, "KeyQ", "@");
        assert_eq!(at_sign.retold(System::Windows), Some(Retold::Text));
        assert_eq!(at_sign.retold(System::Linux), Some(Retold::Event));
        let alt = Modifiers { alt: true, ..NONE };
        assert_eq!(
            stroke(alt, "KeyQ", "q").retold(System::Linux),
            Some(Retold::Event)
        );
        assert_eq!(stroke(alt, "KeyQ", "\u{153}").retold(System::MacOs), None);
        let composed = Stroke {
            composing: Composing::Yes,
            ..stroke(NONE, "KeyQ", "q")
        };
        assert_eq!(composed.retold(System::Linux), None);
    }

    #[test]
    fn input_methods_and_dead_keys_type() {
        let composed = Stroke {
            composing: Composing::Yes,
            ..stroke(ALT_SHIFT, "KeyT", "Process")
        };
        assert_eq!(composed.chord(System::Windows), None);
        assert_eq!(stroke(NONE, "Backquote", "Dead").chord(System::Linux), None);
        assert_eq!(stroke(SHIFT, "KeyT", "T").chord(System::Linux), None);
        // Said to be an input method's, by Chromium on a Mac.
        let option = Stroke {
            composing: Composing::Yes,
            ..stroke(ALT_SHIFT, "KeyE", "Dead")
        };
        assert_eq!(
            option.chord(System::MacOs),
            Some(Chord::of(ALT_SHIFT, "KeyE"))
        );
    }

    #[test]
    fn modifiers_alone_and_strange_keys_are_no_chords() {
        assert_eq!(
            stroke(CTRL, "ControlLeft", "Control").chord(System::Linux),
            None
        );
        assert_eq!(stroke(CTRL, "", "x").chord(System::Linux), None);
        assert!(stroke(NONE, "F6", "F6").chord(System::Linux).is_some());
    }
}
