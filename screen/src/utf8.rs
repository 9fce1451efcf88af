//! UTF-8 as the page's emulator reads it: what is not UTF-8 is left out, never replaced.

/// What stands at the front of some bytes, the first of which is not ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// A code point of this many bytes.
    Code(u32, usize),
    /// So many bytes mean nothing.
    Nothing(usize),
    /// The rest of a character is still to come.
    Unfinished,
}

fn is_more(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Reads one character.
pub(crate) fn front(bytes: &[u8]) -> Front {
    let Some(&first) = bytes.first() else {
        return Front::Unfinished;
    };
    let (len, high) = match first {
        0xc0..=0xdf => (2, first & 0x1f),
        0xe0..=0xef => (3, first & 0x0f),
        0xf0..=0xf7 => (4, first & 0x07),
        ..0x80 => return Front::Code(first.into(), 1),
        _ => return Front::Nothing(1),
    };
    let mut code = u32::from(high);
    for at in 1..len {
        match bytes.get(at) {
            None => return Front::Unfinished,
            Some(&byte) if is_more(byte) => code = code << 6 | u32::from(byte & 0x3f),
            // What breaks the character is read again.
            Some(_) => return Front::Nothing(at),
        }
    }
    match len {
        2 if code < 0x80 => Front::Nothing(1),
        3 if code < 0x800 || (0xd800..=0xdfff).contains(&code) || code == 0xfeff => {
            Front::Nothing(3)
        }
        4 if !(0x1_0000..=0x10_ffff).contains(&code) => Front::Nothing(4),
        _ => Front::Code(code, len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_characters_count() {
        assert_eq!(front("é".as_bytes()), Front::Code(0xe9, 2));
        assert_eq!(front("日".as_bytes()), Front::Code(0x65e5, 3));
        assert_eq!(front("💥x".as_bytes()), Front::Code(0x1f4a5, 4));
        assert_eq!(front(&[0xe2, 0x80]), Front::Unfinished);
        assert_eq!(front(&[0xe2, 0x41]), Front::Nothing(1));
        assert_eq!(front(&[0xe2, 0x82, 0x41]), Front::Nothing(2));
        assert_eq!(front(&[0xc0, 0x80]), Front::Nothing(1));
        assert_eq!(front(&[0xed, 0xa0, 0x80]), Front::Nothing(3));
        assert_eq!(front(&[0xff]), Front::Nothing(1));
    }
}
