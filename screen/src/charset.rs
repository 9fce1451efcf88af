//! National and graphic character sets (ISO 2022): which letters of ASCII mean another character.

/// A set that can be designated. `Ascii` changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Charset {
    #[default]
    Ascii,
    /// By the letter that designates it.
    Other(u8),
}

/// `` ` `` to `~` of DEC's line drawing.
const DEC_GRAPHICS: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼',
    '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// What each national set puts in the place of which letters.
const NATIONAL: [(&[u8], &str, &str); 11] = [
    (b"A", "#", "£"),
    (b"4", "#@[\\]{|}~", "£¾i½|¨f¼´"),
    (b"C5", "[\\]^`{|}~", "ÄÖÅÜéäöåü"),
    (b"R", "#@[\\]{|}~", "£à°ç§éùè¨"),
    (b"Q", "@[\\]^`{|}~", "àâçêîôéùèû"),
    (b"K", "@[\\]{|}~", "§ÄÖÜäöüß"),
    (b"Y", "#@[\\]`{|}~", "£§°çéùàòèì"),
    (b"E6", "@[\\]^`{|}~", "ÄÆØÅÜäæøåü"),
    (b"Z", "#@[\\]{|}", "£§¡Ñ¿°ñç"),
    (b"H7", "@[\\]^`{|}~", "ÉÄÖÅÜéäöåü"),
    (b"=", "#@[\\]^_`{|}~", "ùàéçêîèôäöüû"),
];

impl Charset {
    /// The set that a final byte designates, if there is one.
    pub(crate) fn designated(by: u8) -> Option<Self> {
        match by {
            b'B' => Some(Self::Ascii),
            b'0' => Some(Self::Other(by)),
            _ => NATIONAL
                .iter()
                .any(|(letters, _, _)| letters.contains(&by))
                .then_some(Self::Other(by)),
        }
    }

    /// The letter that designates it.
    pub(crate) fn letter(self) -> u8 {
        match self {
            Self::Ascii => b'B',
            Self::Other(letter) => letter,
        }
    }

    /// What a code point means in it.
    pub(crate) fn map(self, code: u32) -> u32 {
        let (Self::Other(letter), Ok(ascii)) = (self, u8::try_from(code)) else {
            return code;
        };
        let mapped = match (letter, ascii) {
            (b'0', b'`'..=b'~') => Some(DEC_GRAPHICS[usize::from(ascii - b'`')]),
            (b'0', _) => None,
            _ => NATIONAL
                .iter()
                .find(|(letters, _, _)| letters.contains(&letter))
                .and_then(|(_, from, to)| {
                    let at = from.bytes().position(|byte| byte == ascii)?;
                    to.chars().nth(at)
                }),
        };
        mapped.map_or(code, u32::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_counterpart() {
        for (letters, from, to) in NATIONAL {
            assert_eq!(from.len(), to.chars().count(), "{letters:?}");
        }
        let graphics = Charset::designated(b'0').expect("it exists");
        assert_eq!(graphics.map(u32::from('q')), u32::from('─'));
        assert_eq!(graphics.map(u32::from('A')), u32::from('A'));
        assert_eq!(Charset::designated(b'%'), None);
    }
}
