//! Physical keys: every `KeyboardEvent.code` that a chord may have, and what is printed on it on a US keyboard,
//! which is what people call a key. Knows no modifiers and no commands.

/// Codes and their labels.
#[rustfmt::skip]
pub(crate) const CODES: &[(&str, &str)] = &[
    ("KeyA", "A"), ("KeyB", "B"), ("KeyC", "C"), ("KeyD", "D"), ("KeyE", "E"), ("KeyF", "F"), ("KeyG", "G"),
    ("KeyH", "H"), ("KeyI", "I"), ("KeyJ", "J"), ("KeyK", "K"), ("KeyL", "L"), ("KeyM", "M"), ("KeyN", "N"),
    ("KeyO", "O"), ("KeyP", "P"), ("KeyQ", "Q"), ("KeyR", "R"), ("KeyS", "S"), ("KeyT", "T"), ("KeyU", "U"),
    ("KeyV", "V"), ("KeyW", "W"), ("KeyX", "X"), ("KeyY", "Y"), ("KeyZ", "Z"),
    ("Digit0", "0"), ("Digit1", "1"), ("Digit2", "2"), ("Digit3", "3"), ("Digit4", "4"),
    ("Digit5", "5"), ("Digit6", "6"), ("Digit7", "7"), ("Digit8", "8"), ("Digit9", "9"),
    ("Minus", "-"), ("Equal", "="), ("BracketLeft", "["), ("BracketRight", "]"), ("Backslash", "\\"),
    ("Semicolon", ";"), ("Quote", "'"), ("Backquote", "`"), ("Comma", ","), ("Period", "."), ("Slash", "/"),
    ("IntlBackslash", "Intl\\"), ("IntlRo", "IntlRo"), ("IntlYen", "Yen"),
    ("ArrowLeft", "\u{2190}"), ("ArrowRight", "\u{2192}"), ("ArrowUp", "\u{2191}"), ("ArrowDown", "\u{2193}"),
    ("Home", "Home"), ("End", "End"), ("PageUp", "PgUp"), ("PageDown", "PgDn"), ("Insert", "Insert"),
    ("Delete", "Delete"), ("Backspace", "Backspace"), ("Enter", "Enter"), ("Tab", "Tab"), ("Space", "Space"),
    ("Escape", "Esc"),
    ("F1", "F1"), ("F2", "F2"), ("F3", "F3"), ("F4", "F4"), ("F5", "F5"), ("F6", "F6"), ("F7", "F7"),
    ("F8", "F8"), ("F9", "F9"), ("F10", "F10"), ("F11", "F11"), ("F12", "F12"), ("F13", "F13"), ("F14", "F14"),
    ("F15", "F15"), ("F16", "F16"), ("F17", "F17"), ("F18", "F18"), ("F19", "F19"), ("F20", "F20"),
    ("F21", "F21"), ("F22", "F22"), ("F23", "F23"), ("F24", "F24"),
    ("Numpad0", "Num0"), ("Numpad1", "Num1"), ("Numpad2", "Num2"), ("Numpad3", "Num3"), ("Numpad4", "Num4"),
    ("Numpad5", "Num5"), ("Numpad6", "Num6"), ("Numpad7", "Num7"), ("Numpad8", "Num8"), ("Numpad9", "Num9"),
    ("NumpadAdd", "NumAdd"), ("NumpadSubtract", "NumSubtract"), ("NumpadMultiply", "NumMultiply"),
    ("NumpadDivide", "NumDivide"), ("NumpadDecimal", "NumDecimal"), ("NumpadEnter", "NumEnter"),
    ("ContextMenu", "Menu"), ("Pause", "Pause"), ("ScrollLock", "ScrollLock"),
];

/// A code that a chord may have.
pub(crate) fn known(code: &str) -> Option<&'static str> {
    let found = CODES.iter().find(|(known, _)| *known == code)?;
    Some(found.0)
}

/// A key by its code or by what is printed on it, whatever the case.
pub(crate) fn parse(text: &str) -> Option<&'static str> {
    let is = |(code, label): &&(&str, &str)| {
        code.eq_ignore_ascii_case(text) || label.eq_ignore_ascii_case(text)
    };
    Some(CODES.iter().find(is)?.0)
}

/// What is printed on a key.
pub(crate) fn label(code: &'static str) -> &'static str {
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map_or(code, |(_, label)| label)
}

/// Whether it types nothing, so that it may stand without a modifier.
pub(crate) fn is_function(code: &str) -> bool {
    let number = code.strip_prefix('F').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_and_no_label_is_there_twice() {
        for (at, (code, label)) in CODES.iter().enumerate() {
            assert_eq!(parse(code), Some(*code));
            assert_eq!(parse(label), Some(*code), "{label}");
            let taken = CODES[..at]
                .iter()
                .any(|other| other.0 == *code || other.1 == *label);
            assert!(!taken, "{code} {label}");
        }
    }

    #[test]
    fn function_keys() {
        assert!(is_function("F6"));
        assert!(is_function("F24"));
        assert!(!is_function("KeyF"));
        assert!(!is_function("F"));
    }
}
