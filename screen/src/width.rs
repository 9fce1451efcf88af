//! How many cells a character takes, and which characters join the one before: the one table that server,
//! page (`public/width.mjs`) and oracle share. Programs of today count grapheme clusters, so emoji
//! sequences, flags and keycaps take the two cells they are drawn in.
//!
//! The rules have xterm.js's shape ("character properties"): a state that travels from one character to the
//! next, so that both emulators decide alike without looking at cells.

use unicode_width::UnicodeWidthChar;

/// Code points below this have an entry in [`table`]; the rest follow by [`class_beyond`].
const TABLE_END: u32 = 0x2_0000;

/// What a character does to its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Other = 0,
    /// A wide pictograph: takes skin tones, and joins others around a ZWJ.
    Pictograph = 1,
    /// Narrow as text, wide as emoji (behind it VS16).
    TextPictograph = 2,
    /// Two of these are one flag.
    Regional = 3,
    /// A skin tone.
    Modifier = 4,
    /// ZERO WIDTH JOINER.
    Joiner = 5,
    /// VARIATION SELECTOR-16: emoji presentation.
    EmojiSelector = 6,
}

/// What went before, as far as joining goes: the state part of the properties.
mod kind {
    pub(super) const PLAIN: u32 = 0;
    pub(super) const PICTOGRAPH: u32 = 1;
    pub(super) const TEXT_PICTOGRAPH: u32 = 2;
    pub(super) const HALF_FLAG: u32 = 3;
    pub(super) const JOINED_PICTOGRAPH: u32 = 4;
}

/// State of a pictograph behind which a ZWJ stands: even a digit may join it.
pub(crate) const JOINER_BEFORE: u32 = kind::JOINED_PICTOGRAPH;

fn class(code: u32) -> Class {
    match code {
        0x200D => Class::Joiner,
        0xFE0F => Class::EmojiSelector,
        0x1F1E6..=0x1F1FF => Class::Regional,
        0x1F3FB..=0x1F3FF => Class::Modifier,
        0x23 | 0x2A | 0x30..=0x39 | 0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 => {
            Class::TextPictograph
        }
        0x2194..=0x21AA
        | 0x231A..=0x23FF
        | 0x24C2
        | 0x25AA..=0x27BF
        | 0x2934..=0x2935
        | 0x2B05..=0x2B55
        | 0x3030
        | 0x303D
        | 0x3297
        | 0x3299
        | 0x1F000..=0x1FAFF => match width(code) {
            2 => Class::Pictograph,
            _ => Class::TextPictograph,
        },
        _ => Class::Other,
    }
}

/// Cells of a character alone: 0, 1 or 2.
fn width(code: u32) -> u32 {
    match char::from_u32(code).and_then(UnicodeWidthChar::width) {
        Some(width) => u32::try_from(width.min(2)).unwrap_or(1),
        // Controls never get here; a lone surrogate would be drawn as a replacement.
        None => u32::from(char::from_u32(code).is_none()),
    }
}

fn entry(code: u32) -> u8 {
    // Two bits of width, three of class.
    width(code) as u8 | (class(code) as u8) << 2
}

/// One byte per code point below 0x20000: `width | class << 2`.
pub fn table() -> Vec<u8> {
    (0..TABLE_END).map(entry).collect()
}

/// The entries of all code points, made once.
fn entries() -> &'static [u8] {
    static TABLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(table);
    &TABLE
}

/// Beyond the table: two ideographic planes, tags and selectors, nothing else.
fn class_beyond(code: u32) -> u8 {
    match code {
        0x2_0000..=0x3_FFFF => 2,
        0xE_0000..=0xE_0FFF => 0,
        _ => 1,
    }
}

/// The properties of `code` behind a character with the properties `preceding` (0 = none):
/// `state << 3 | width << 1 | joins`. With `joins`, the width is that of both together.
pub fn join(code: u32, preceding: u32) -> u32 {
    let entry = match entries().get(code as usize) {
        Some(&entry) => entry,
        None => class_beyond(code),
    };
    if entry == 1 {
        return 1 << 1;
    }
    let alone = u32::from(entry & 3);
    let class = entry >> 2;
    let before = preceding >> 1 & 3;
    let before_kind = preceding >> 3;
    let (kind, joined) = if preceding == 0 {
        (kind_of(class), None)
    } else if class == Class::EmojiSelector as u8 && before_kind == kind::TEXT_PICTOGRAPH {
        (kind::PICTOGRAPH, Some(2))
    } else if class == Class::Joiner as u8 && before_kind == kind::PICTOGRAPH {
        (kind::JOINED_PICTOGRAPH, Some(before))
    } else if class == Class::Modifier as u8
        && matches!(before_kind, kind::PICTOGRAPH | kind::TEXT_PICTOGRAPH)
    {
        (kind::PICTOGRAPH, Some(2))
    } else if before_kind == kind::JOINED_PICTOGRAPH
        && matches!(kind_of(class), kind::PICTOGRAPH | kind::TEXT_PICTOGRAPH)
    {
        (kind::PICTOGRAPH, Some(before.max(alone)))
    } else if class == Class::Regional as u8 && before_kind == kind::HALF_FLAG {
        (kind::PLAIN, Some(2))
    } else if alone == 0 {
        (before_kind, Some(before))
    } else {
        (kind_of(class), None)
    };
    match joined {
        Some(width) => kind << 3 | width << 1 | 1,
        // A mark with nothing before it is shown on its own, so that the cursor always moves.
        None => kind << 3 | alone.max(1) << 1,
    }
}

/// [`join`] of printable ASCII behind anything but a ZWJ, where it joins nothing.
pub(crate) fn of_ascii(byte: u8) -> u32 {
    match byte {
        b'#' | b'*' | b'0'..=b'9' => kind::TEXT_PICTOGRAPH << 3 | 1 << 1,
        _ => 1 << 1,
    }
}

fn kind_of(class: u8) -> u32 {
    match class {
        class if class == Class::Pictograph as u8 || class == Class::Modifier as u8 => {
            kind::PICTOGRAPH
        }
        class if class == Class::TextPictograph as u8 => kind::TEXT_PICTOGRAPH,
        class if class == Class::Regional as u8 => kind::HALF_FLAG,
        _ => kind::PLAIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells of a text, counted as the emulators do.
    fn cells(text: &str) -> u32 {
        let mut state = 0;
        let mut total = 0;
        for code in text.chars().map(u32::from) {
            let next = join(code, state);
            total += next >> 1 & 3;
            if next & 1 == 1 {
                total -= state >> 1 & 3;
            }
            state = next;
        }
        total
    }

    #[test]
    fn clusters_take_the_cells_they_are_drawn_in() {
        for (text, expected) in [
            ("abc", 3),
            ("日本", 4),
            ("e\u{301}", 1),
            ("👍🏽", 2),
            ("👩‍👩‍👧", 2),
            ("🇩🇪🇫🇷", 4),
            ("❤️", 2),
            ("❤", 1),
            ("1️⃣", 2),
            ("12", 2),
            ("한국", 4),
            ("한", 2),
            ("ka\u{200d}b", 3),
        ] {
            assert_eq!(cells(text), expected, "{text}");
        }
    }

    #[test]
    fn ascii_is_what_the_table_says() {
        for byte in 0x20..0x7f {
            assert_eq!(of_ascii(byte), join(byte.into(), 0), "{byte}");
        }
    }

    #[test]
    fn a_mark_alone_takes_a_cell() {
        assert_eq!(cells("\u{301}"), 1);
    }
}
