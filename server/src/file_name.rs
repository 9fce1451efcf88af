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

/// The header that makes a browser keep an answer as a file of this name.
pub(crate) fn attachment(name: &str) -> String {
    // RFC 6266: for those who know it, all of the name; for others what is left of it.
    let plain = |c: char| match c {
        '"' | '\\' | '%' | ';' => '_',
        c if c.is_ascii() => c,
        _ => '_',
    };
    let fallback: String = name.chars().map(plain).collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                whole.push(byte.into());
            }
            byte => whole.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{whole}")
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

    #[test]
    fn a_header_says_the_name_twice() {
        assert_eq!(
            attachment("a \"é\".cast"),
            "attachment; filename=\"a ___.cast\"; filename*=UTF-8''a%20%22%C3%A9%22.cast"
        );
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

        #[test]
        fn a_header_is_one(given in "(?s).{0,60}") {
            let header = attachment(&clean(&given));
            prop_assert!(axum::http::HeaderValue::from_str(&header).is_ok(), "{}", header);
        }
    }
}
