//! Chords: modifiers and a physical key, and how both are printed. Physical key codes, because Shift, Option
//! and layouts change what a key types. What a chord asks for is [`super::table`]'s.

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

/// Control alone.
pub(crate) const CTRL: Modifiers = Modifiers {
    ctrl: true,
    alt: false,
    shift: false,
    meta: false,
};
/// Control and Shift.
pub(crate) const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..CTRL
};
/// Alt and Shift.
pub(crate) const ALT_SHIFT: Modifiers = Modifiers {
    ctrl: false,
    alt: true,
    shift: true,
    meta: false,
};

/// Modifiers and a physical key (`KeyboardEvent.code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    /// What is held.
    pub(crate) modifiers: Modifiers,
    /// What is pressed.
    pub(crate) code: &'static str,
}

impl Chord {
    /// One of the page's own.
    pub(crate) const fn of(modifiers: Modifiers, code: &'static str) -> Self {
        Self { modifiers, code }
    }

    /// The keys as printed on a keyboard, in the order in which people say them.
    pub(crate) fn keys(self) -> Vec<&'static str> {
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
    pub(crate) fn text(self) -> String {
        self.keys().join("+")
    }
}

fn printed(code: &'static str) -> &'static str {
    match code {
        "BracketLeft" => "[",
        "BracketRight" => "]",
        "Slash" => "/",
        "Backslash" => "\\",
        "Comma" => ",",
        "Equal" => "=",
        "Minus" => "-",
        "NumpadAdd" => "Num +",
        "NumpadSubtract" => "Num -",
        "Numpad0" => "Num 0",
        "ArrowLeft" => "\u{2190}",
        "ArrowRight" => "\u{2192}",
        "ArrowUp" => "\u{2191}",
        "ArrowDown" => "\u{2193}",
        _ => code
            .strip_prefix("Key")
            .or_else(|| code.strip_prefix("Digit"))
            .unwrap_or(code),
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
}
