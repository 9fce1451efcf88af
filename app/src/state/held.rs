//! Keys that a screen's keyboard lacks: what each says to a program, and Ctrl and Alt that stay down for the
//! next key. Pure; the buttons are `components::touch_keys`.

/// A key of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// To the left.
    Left,
    /// Up.
    Up,
    /// Down.
    Down,
    /// To the right.
    Right,
    /// To the line's start.
    Home,
    /// To the line's end.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// A character that is far away on a screen's keyboard.
    Character(char),
}

/// What arrow keys say (DECCKM).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrows {
    /// `CSI A`
    Normal,
    /// `SS3 A`
    Application,
}

/// Whether a modifier is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Hold {
    /// It is up.
    #[default]
    Up,
    /// For the next key.
    Once,
    /// Until it is tapped again.
    Locked,
}

impl Hold {
    /// After a tap on it: up, once, locked, up.
    pub(crate) fn tapped(self) -> Self {
        match self {
            Self::Up => Self::Once,
            Self::Once => Self::Locked,
            Self::Locked => Self::Up,
        }
    }

    fn is_down(self) -> bool {
        self != Self::Up
    }

    fn spent(self) -> Self {
        match self {
            Self::Locked => Self::Locked,
            Self::Up | Self::Once => Self::Up,
        }
    }

    /// The value of `data-hold`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Once => "once",
            Self::Locked => "locked",
        }
    }
}

/// Which modifiers are down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// Control.
    pub(crate) ctrl: Hold,
    /// Alt.
    pub(crate) alt: Hold,
}

impl Held {
    /// Whether nothing is down.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// After a key was pressed.
    pub(crate) fn spent(self) -> Self {
        Self {
            ctrl: self.ctrl.spent(),
            alt: self.alt.spent(),
        }
    }

    /// What a key of the row says.
    pub(crate) fn press(self, key: Key, arrows: Arrows) -> Vec<u8> {
        let ending = match key {
            Key::Escape => return self.character('\u{1b}'),
            Key::Tab => return self.character('\t'),
            Key::Character(character) => return self.character(character),
            Key::PageUp => return self.numbered(5),
            Key::PageDown => return self.numbered(6),
            Key::Up => 'A',
            Key::Down => 'B',
            Key::Right => 'C',
            Key::Left => 'D',
            Key::Home => 'H',
            Key::End => 'F',
        };
        let text = match (self.parameter(), arrows) {
            (Some(parameter), _) => format!("\u{1b}[1;{parameter}{ending}"),
            (None, Arrows::Normal) => format!("\u{1b}[{ending}"),
            (None, Arrows::Application) => format!("\u{1b}O{ending}"),
        };
        text.into_bytes()
    }

    /// What is typed on the screen's keyboard becomes while something is down. Only a single character is
    /// changed: a paste or a word stays as it is.
    pub(crate) fn typed(self, bytes: Vec<u8>) -> Vec<u8> {
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if !self.is_empty() => self.character(character),
            _ => bytes,
        }
    }

    fn character(self, character: char) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.alt.is_down() {
            bytes.push(0x1b);
        }
        match control(character).filter(|_| self.ctrl.is_down()) {
            Some(code) => bytes.push(code),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
        bytes
    }

    fn numbered(self, number: u8) -> Vec<u8> {
        match self.parameter() {
            Some(parameter) => format!("\u{1b}[{number};{parameter}~").into_bytes(),
            None => format!("\u{1b}[{number}~").into_bytes(),
        }
    }

    /// xterm's parameter for modifiers: one and a bit for each.
    fn parameter(self) -> Option<u8> {
        let bits = u8::from(self.alt.is_down()) * 2 + u8::from(self.ctrl.is_down()) * 4;
        (bits > 0).then_some(bits + 1)
    }
}

/// The control code of a character, as keyboards have it.
fn control(character: char) -> Option<u8> {
    match character {
        'a'..='z' | 'A'..='Z' | '@' | '[' | '\\' | ']' | '^' | '_' => {
            // ASCII by the pattern.
            Some(character as u8 & 0x1f)
        }
        ' ' | '2' => Some(0),
        '3' => Some(0x1b),
        '4' => Some(0x1c),
        '5' => Some(0x1d),
        '6' => Some(0x1e),
        '7' | '/' | '-' => Some(0x1f),
        '8' | '?' => Some(0x7f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CTRL: Held = Held {
        ctrl: Hold::Once,
        alt: Hold::Up,
    };
    const BOTH: Held = Held {
        ctrl: Hold::Once,
        alt: Hold::Locked,
    };

    #[test]
    fn the_next_key_is_a_control_code_and_the_one_after_is_not() {
        assert_eq!(CTRL.typed(b"c".to_vec()), b"\x03");
        assert_eq!(CTRL.typed(b"C".to_vec()), b"\x03");
        assert_eq!(CTRL.spent().typed(b"c".to_vec()), b"c");
        assert_eq!(CTRL.typed("é".into()), "é".as_bytes());
        assert_eq!(CTRL.typed(b" ".to_vec()), b"\0");
    }

    #[test]
    fn words_and_sequences_stay_as_they_are() {
        assert_eq!(BOTH.typed(b"cat".to_vec()), b"cat");
        assert_eq!(BOTH.typed(b"\x1b[A".to_vec()), b"\x1b[A");
        assert_eq!(BOTH.typed(vec![0xff]), [0xff]);
    }

    #[test]
    fn a_locked_key_stays_down_until_it_is_tapped_again() {
        assert_eq!(BOTH.spent().alt, Hold::Locked);
        assert_eq!(BOTH.spent().ctrl, Hold::Up);
        assert_eq!(BOTH.typed(b"x".to_vec()), b"\x1b\x18");
        let taps = std::iter::successors(Some(Hold::Up), |hold| Some(hold.tapped()));
        let taps: Vec<_> = taps.take(4).map(Hold::name).collect();
        assert_eq!(taps, ["up", "once", "locked", "up"]);
    }

    #[test]
    fn arrows_say_what_the_program_asked_for() {
        let up = Held::default();
        assert_eq!(up.press(Key::Up, Arrows::Normal), b"\x1b[A");
        assert_eq!(up.press(Key::Up, Arrows::Application), b"\x1bOA");
        assert_eq!(CTRL.press(Key::Left, Arrows::Application), b"\x1b[1;5D");
        assert_eq!(BOTH.press(Key::PageUp, Arrows::Normal), b"\x1b[5;7~");
        assert_eq!(up.press(Key::Escape, Arrows::Normal), b"\x1b");
        assert_eq!(CTRL.press(Key::Character('/'), Arrows::Normal), b"\x1f");
    }
}
