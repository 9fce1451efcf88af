//! Chords: modifiers and a physical key, and how both are written: for people ([`Chord::keys`], as their system
//! prints them) and in files (`Alt+Shift+T`, both ways). Physical key codes, because Shift, Option and layouts
//! change what a key types. What a chord asks for is [`super::table`]'s.

use super::codes;
use super::place::System;

/// Modifier keys held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
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

/// None.
pub(crate) const NONE: Modifiers = Modifiers {
    ctrl: false,
    alt: false,
    shift: false,
    meta: false,
};
/// Shift alone.
pub(crate) const SHIFT: Modifiers = Modifiers {
    shift: true,
    ..NONE
};
/// Control alone.
pub(crate) const CTRL: Modifiers = Modifiers { ctrl: true, ..NONE };
/// Control and Shift.
pub(crate) const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..CTRL
};
/// Alt and Shift.
pub(crate) const ALT_SHIFT: Modifiers = Modifiers {
    alt: true,
    shift: true,
    ..NONE
};

/// Modifiers and a physical key (`KeyboardEvent.code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    /// What is held.
    pub(crate) modifiers: Modifiers,
    /// What is pressed: one of [`codes::CODES`].
    pub(crate) code: &'static str,
}

/// Why a text is no chord, or a chord can't mean a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChordError {
    /// Nothing but modifiers.
    #[error("names no key besides the modifiers")]
    NoKey,
    /// A word that is neither a modifier nor a key.
    #[error("names a key that is not known")]
    UnknownKey,
    /// A modifier is there twice.
    #[error("names a modifier twice")]
    Twice,
    /// It would take away a key that types.
    #[error("needs Ctrl, Alt or Cmd, or a function key: other keys are for typing")]
    Types,
}

impl Chord {
    /// One of the page's own.
    pub(crate) const fn of(modifiers: Modifiers, code: &'static str) -> Self {
        Self { modifiers, code }
    }

    /// A chord that may mean a command: not one that types or moves the focus.
    pub(crate) fn checked(self) -> Result<Self, ChordError> {
        let Modifiers {
            ctrl, alt, meta, ..
        } = self.modifiers;
        match ctrl || alt || meta || codes::is_function(self.code) {
            true => Ok(self),
            false => Err(ChordError::Types),
        }
    }

    /// Reads what [`Self::text`] writes; also other names that people use for the same keys.
    pub(crate) fn parse(text: &str) -> Result<Self, ChordError> {
        let mut modifiers = Modifiers::default();
        let (held, key) = match text.rsplit_once('+') {
            Some((held, key)) => (held, key.trim()),
            None => ("", text.trim()),
        };
        for name in held
            .split('+')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let modifier = modifier(&mut modifiers, name).ok_or(ChordError::UnknownKey)?;
            if std::mem::replace(modifier, true) {
                return Err(ChordError::Twice);
            }
        }
        if key.is_empty() || modifier(&mut modifiers.clone(), key).is_some() {
            return Err(ChordError::NoKey);
        }
        let code = codes::parse(key).ok_or(ChordError::UnknownKey)?;
        Self { modifiers, code }.checked()
    }

    /// As files and tests write it, the same on every system: `Alt+Shift+T`.
    pub(crate) fn text(self) -> String {
        self.keys(System::Linux).join("+")
    }

    /// The keys as printed on a keyboard of a system, in the order in which its people say them.
    pub(crate) fn keys(self, system: System) -> Vec<&'static str> {
        let Modifiers {
            ctrl,
            alt,
            shift,
            meta,
        } = self.modifiers;
        let names = match system {
            System::MacOs => ["\u{2303}", "\u{2325}", "\u{21e7}", "\u{2318}"],
            System::Windows => ["Ctrl", "Alt", "Shift", "Win"],
            System::Linux => ["Ctrl", "Alt", "Shift", "Super"],
        };
        let held = [ctrl, alt, shift, meta].into_iter().zip(names);
        let held = held.filter_map(|(held, name)| held.then_some(name));
        held.chain([codes::label(self.code)]).collect()
    }

    /// As a sentence names it: `Alt+Shift+T`, on a Mac `⌥⇧T`.
    pub(crate) fn said(self, system: System) -> String {
        let between = match system {
            System::MacOs => "",
            System::Windows | System::Linux => "+",
        };
        self.keys(system).join(between)
    }
}

fn modifier<'a>(modifiers: &'a mut Modifiers, name: &str) -> Option<&'a mut bool> {
    match name.to_ascii_lowercase().as_str() {
        "ctrl" | "control" | "\u{2303}" => Some(&mut modifiers.ctrl),
        "alt" | "option" | "opt" | "\u{2325}" => Some(&mut modifiers.alt),
        "shift" | "\u{21e7}" => Some(&mut modifiers.shift),
        "meta" | "cmd" | "command" | "super" | "win" | "\u{2318}" => Some(&mut modifiers.meta),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_as_printed() {
        assert_eq!(Chord::of(ALT_SHIFT, "BracketLeft").text(), "Alt+Shift+[");
        assert_eq!(Chord::of(CTRL, "KeyC").text(), "Ctrl+C");
    }

    #[test]
    fn a_mac_shows_its_own_signs() {
        let chord = Chord::of(ALT_SHIFT, "KeyT");
        assert_eq!(chord.said(System::MacOs), "\u{2325}\u{21e7}T");
        assert_eq!(chord.said(System::Windows), "Alt+Shift+T");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (code, _) in codes::CODES {
            for held in 0..16u8 {
                let modifiers = Modifiers {
                    ctrl: held & 1 > 0,
                    alt: held & 2 > 0,
                    shift: held & 4 > 0,
                    meta: held & 8 > 0,
                };
                let chord = Chord::of(modifiers, code);
                assert_eq!(
                    Chord::parse(&chord.text()),
                    chord.checked(),
                    "{}",
                    chord.text()
                );
            }
        }
    }

    #[test]
    fn people_write_chords_in_many_ways() {
        let new_tab = Ok(Chord::of(ALT_SHIFT, "KeyT"));
        assert_eq!(Chord::parse("shift + alt + t"), new_tab);
        assert_eq!(Chord::parse("Option+Shift+KeyT"), new_tab);
        assert_eq!(Chord::parse("Ctrl+,"), Ok(Chord::of(CTRL, "Comma")));
        assert_eq!(Chord::parse("F6"), Ok(Chord::of(NONE, "F6")));
    }

    #[test]
    fn what_is_no_chord_is_refused() {
        assert_eq!(Chord::parse(""), Err(ChordError::NoKey));
        assert_eq!(Chord::parse("Ctrl+Shift"), Err(ChordError::NoKey));
        assert_eq!(Chord::parse("Ctrl+"), Err(ChordError::NoKey));
        assert_eq!(Chord::parse("Ctrl+Hyper"), Err(ChordError::UnknownKey));
        assert_eq!(Chord::parse("Hyper+T"), Err(ChordError::UnknownKey));
        assert_eq!(Chord::parse("Ctrl+Ctrl+T"), Err(ChordError::Twice));
        assert_eq!(Chord::parse("Shift+T"), Err(ChordError::Types));
        assert_eq!(Chord::parse("Tab"), Err(ChordError::Types));
    }
}
