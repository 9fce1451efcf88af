//! What goes onto the clipboard: what is selected, and what a program wants there (OSC 52). Programs may write
//! it and never read it.

/// Most bytes that a program may put there.
const MOST: usize = 1024 * 1024;

/// Selected text as people want it: of several lines, none ends in the spaces that programs fill lines with.
pub(crate) fn tidy(selected: &str) -> String {
    if !selected.contains('\n') {
        return selected.to_owned();
    }
    let lines: Vec<_> = selected.split('\n').map(str::trim_end).collect();
    lines.join("\n")
}

/// The text of the sequence's payload: `c;aGVsbG8=`. `None` for what asks for the clipboard, means another
/// one, is too long, empty or no text.
pub(crate) fn text(payload: &str) -> Option<String> {
    let (selections, encoded) = payload.split_once(';')?;
    let ours = selections.is_empty() || selections.contains(['c', 'p', 's']);
    if !ours || encoded == "?" || encoded.len() > MOST / 3 * 4 + 4 {
        return None;
    }
    let text = String::from_utf8(decoded(encoded)?).ok()?;
    (!text.is_empty()).then_some(text)
}

/// Base64, with or without the padding.
fn decoded(encoded: &str) -> Option<Vec<u8>> {
    let digits = encoded.trim_end_matches('=').bytes();
    let mut bytes = Vec::with_capacity(encoded.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0u32);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Some tools break their lines.
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            // The upper bits were given out before.
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_writes_the_clipboard() {
        assert_eq!(text("c;aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(text(";aGVsbG8").as_deref(), Some("hello"));
        assert_eq!(text("p;w6kg8J+Zgg==").as_deref(), Some("\u{e9} \u{1f642}"));
        assert_eq!(text("s0;aA==").as_deref(), Some("h"));
        assert_eq!(text("c;aGVs\nbG8=").as_deref(), Some("hello"));
    }

    #[test]
    fn lines_end_where_their_text_ends() {
        assert_eq!(tidy("one  \r\n  two \n\nthree "), "one\n  two\n\nthree");
        assert_eq!(tidy("one "), "one ");
    }

    #[test]
    fn nothing_else() {
        for payload in ["c;?", "c;", "c;!!", "7;aGVsbG8=", "aGVsbG8=", "c;/w=="] {
            assert_eq!(text(payload), None, "{payload}");
        }
        let long = "A".repeat(MOST / 3 * 4 + 8);
        assert_eq!(text(&format!("c;{long}")), None);
    }
}
