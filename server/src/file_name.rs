//! Names of files that others give, made harmless: one plain part of a path that looks like what it is, to
//! people, shells and file systems. Touches no file.

/// Longest name, bytes: file systems allow 255, and something is put before it.
const NAME_MAX: usize = 160;
/// Longest end behind the last dot that a name keeps when it is cut, bytes.
const EXTENSION_MAX: usize = 16;
/// What is called nothing.
const NAMELESS: &str = "file";

/// The name without folders, without what can't be seen or turns around what is read, and neither hidden nor an
/// option.
pub(crate) fn clean(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = last.chars().filter(|c| !c.is_control() && !is_unseen(*c));
    let name: String = seen
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let name = name.trim_start_matches(['.', '-', '~', ' ']);
    let name = cut(trim_end(name));
    if name.is_empty() {
        NAMELESS.to_owned()
    } else {
        name
    }
}

/// Windows can't have these at the end, and people don't see them.
fn trim_end(name: &str) -> &str {
    name.trim_end_matches(['.', ' '])
}

/// At most [`NAME_MAX`] bytes of it, with its extension.
fn cut(name: &str) -> String {
    if name.len() <= NAME_MAX {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= EXTENSION_MAX => name.split_at(dot),
        _ => (name, ""),
    };
    let end = stem.floor_char_boundary(NAME_MAX - extension.len());
    format!("{}{extension}", trim_end(&stem[..end]))
}

/// Takes no room, or changes the direction of what is around it. The joiners of scripts and emoji are not meant.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_one_visible_part_of_a_path() {
        for (given, expected) in [
            ("notes.txt", "notes.txt"),
            ("naïve – 日本 👩‍💻.png", "naïve – 日本 👩‍💻.png"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\me\shot.png", "shot.png"),
            ("/", "file"),
            ("", "file"),
            (".", "file"),
            ("..", "file"),
            ("a/..", "file"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("--.- ~x", "x"),
            ("two\nlines\0\u{1b}[31m.txt", "twolines[31m.txt"),
            ("a\tb\u{a0}c", "ab c"),
            ("evil\u{202e}gnp.exe", "evilgnp.exe"),
            ("\u{feff}\u{200b}", "file"),
            ("it's \"q\" $(x) `y`", "it's \"q\" $(x) `y`"),
            ("end. . ", "end"),
        ] {
            assert_eq!(clean(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = "é".repeat(200);
        let name = clean(&format!("{long}.jpeg"));
        assert!(name.len() <= NAME_MAX && name.len() > NAME_MAX - 2);
        assert!(name.starts_with('é') && name.ends_with("é.jpeg"), "{name}");
        assert_eq!(clean(&long).len(), NAME_MAX);
        let name = clean(&format!("x.{long}"));
        assert!(name.len() <= NAME_MAX && name.starts_with("x.é"));
    }

    proptest! {
        #[test]
        fn no_name_leads_elsewhere(given in "\\PC{0,300}|[./\\\\ ~\\-]{0,20}|(?s).{0,60}") {
            let name = clean(&given);
            prop_assert!(!name.is_empty() && name.len() <= NAME_MAX);
            prop_assert!(!name.contains(['/', '\\', '\0', '\n']));
            prop_assert!(!name.starts_with(['.', '-', ' ']));
            prop_assert_eq!(clean(&name), name);
        }
    }
}
