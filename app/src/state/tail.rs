//! Where a chunk of output may be cut: xterm.js 6.0 loses a character whose bytes come in two writes, so
//! the unfinished one at the end of a chunk waits for the next.

/// Longest unfinished character, bytes.
pub(crate) const LONGEST: usize = 3;

/// How many of the last bytes begin a character that is not finished. `end` is the chunk's end, at least
/// [`LONGEST`] bytes if it has so many.
pub(crate) fn unfinished(end: &[u8]) -> usize {
    for back in 1..=LONGEST.min(end.len()) {
        let needs = match end[end.len() - back] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if needs > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_character_waits() {
        for text in ["a", "\u{e9}", "\u{2014}", "\u{1f9f6}", "x\u{1f9f6}y"] {
            for cut in 0..=text.len() {
                let begun = (0..=cut).rev().find(|at| text.is_char_boundary(*at));
                let begun = begun.expect("0 is a boundary");
                let end = &text.as_bytes()[cut.saturating_sub(LONGEST)..cut];
                assert_eq!(unfinished(end), cut - begun, "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn rubbish_waits_for_nothing() {
        assert_eq!(unfinished(&[0x80, 0x80, 0x80]), 0);
        assert_eq!(unfinished(&[0xe2, b'a']), 0);
        assert_eq!(unfinished(&[0xff]), 0);
        assert_eq!(unfinished(&[0xc3, 0xa9, 0x80]), 0);
        assert_eq!(unfinished(&[]), 0);
    }
}
