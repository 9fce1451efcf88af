//! Which characters of a line a font with ligatures may draw as one: a small table of what programs are made
//! of, because an emulator draws cell by cell unless it is told.

/// The sequences, the longer ones first.
const SEQUENCES: &[&str] = &[
    "<!--", "<-->", "-->", "<--", "==>", "<==", "===", "!==", "<=>", "<->", "...", "..<", ":::",
    "|||", "&&&", "###", "<<<", ">>>", "</>", "///", "=>", "->", "<-", "==", "!=", "<=", ">=",
    "::", ":=", "&&", "||", "|>", "<|", "++", "--", "//", "/*", "*/", "</", "/>", "<<", ">>", "..",
    "=~", "!~", "~>", "<~", "?.", "??", "<>", "##", "#{", "#[", "**", "+=", "-=", "*=", "/=", "|=",
    "^=", "%=",
];

/// Where they stand, from and to, counted in UTF-16 as the emulator does. Only where nothing of the same kind
/// goes on: a ruler of many dashes is no row of arrows.
pub(crate) fn joints(line: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (mut rest, mut at) = (line, 0_u32);
    while let Some(first) = rest.chars().next() {
        let run: usize = rest.chars().take_while(char::is_ascii_punctuation).count();
        let run = &rest[..run];
        let sequence = SEQUENCES
            .iter()
            .find(|sequence| run.starts_with(**sequence));
        if let Some(sequence) = sequence
            && !is_ruler(run)
        {
            // At most four.
            let length = sequence.len() as u32;
            found.push((at, at + length));
            at += length;
            rest = &rest[sequence.len()..];
            continue;
        }
        let step = if is_ruler(run) {
            run.len()
        } else {
            first.len_utf8()
        };
        at += rest[..step].encode_utf16().count() as u32;
        rest = &rest[step..];
    }
    found
}

/// More than three of the same.
fn is_ruler(run: &str) -> bool {
    let mut all = run.chars();
    let first = all.next();
    run.len() > 3 && all.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_sequence_counts() {
        assert_eq!(joints("a => b"), [(2, 4)]);
        assert_eq!(joints("a === b"), [(2, 5)]);
        assert_eq!(joints("x!==y->z"), [(1, 4), (5, 7)]);
    }

    #[test]
    fn places_are_counted_as_the_emulator_does() {
        assert_eq!(joints("\u{1f600} => \u{e9}->"), [(3, 5), (7, 9)]);
    }

    #[test]
    fn words_and_rulers_are_left_alone() {
        assert_eq!(joints("plain words, and one = two"), []);
        assert_eq!(joints("--------"), []);
        assert_eq!(joints(""), []);
    }

    #[test]
    fn every_sequence_is_found_whole() {
        for (nth, sequence) in SEQUENCES.iter().enumerate() {
            assert_eq!(joints(sequence), [(0, sequence.len() as u32)], "{sequence}");
            assert!(
                !SEQUENCES[..nth].contains(sequence),
                "{sequence} is there twice"
            );
        }
    }
}
