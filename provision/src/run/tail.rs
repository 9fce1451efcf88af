//! The last lines of what a step prints, as plain text: without sequences that move, colour or name things, without
//! control characters, and without what looks like a secret. Pure.

use std::collections::VecDeque;

/// Lines that are kept; the oldest go.
const LINES: usize = 40;
/// Characters of a line that are kept; what lies behind is dropped.
const WIDTH: usize = 300;

/// The last lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(VecDeque<String>);

impl Tail {
    pub(crate) fn push(&mut self, line: String) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// Where a sequence is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// ESC and a byte that takes one more, such as a character set.
    One,
    /// ESC [ or its C1 twin, until a letter.
    Control,
    /// OSC, DCS and their like, until BEL or ST.
    String,
    /// ESC within a string.
    StringEscape,
}

/// Makes lines of what a program prints, however it is cut.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    within: Within,
    /// Of the line that is not ended; [`WIDTH`] at most.
    line: String,
    width: usize,
    /// A carriage return came: what follows takes the line's place, unless it ends the line.
    is_returned: bool,
    /// The beginning of a character.
    rest: Vec<u8>,
}

impl Lines {
    /// Takes bytes, and gives the lines that they end.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.rest);
        let mut ended = Vec::new();
        let mut left = &all[..];
        while !left.is_empty() {
            let (text, bad) = match std::str::from_utf8(left) {
                Ok(text) => (text, 0),
                Err(error) => {
                    let good = std::str::from_utf8(&left[..error.valid_up_to()]);
                    // None = its end has not come.
                    let bad = error.error_len().unwrap_or(0);
                    (good.unwrap_or_default(), bad)
                }
            };
            ended.extend(text.chars().filter_map(|c| self.take(c)));
            if bad == 0 {
                self.rest = left[text.len()..].to_vec();
                break;
            }
            self.put(char::REPLACEMENT_CHARACTER);
            left = &left[text.len() + bad..];
        }
        ended
    }

    /// What stands without an end.
    pub(crate) fn end(&mut self) -> Option<String> {
        self.finish()
    }

    fn take(&mut self, c: char) -> Option<String> {
        self.within = match (self.within, c) {
            (Within::Text, '\u{1b}') => Within::Escape,
            (Within::Text, '\u{9b}') => Within::Control,
            (Within::Text, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}') => Within::String,
            (Within::Text, '\n') => return self.finish(),
            (Within::Text, '\r') => {
                self.is_returned = true;
                Within::Text
            }
            (Within::Text, '\t') => {
                self.put(' ');
                Within::Text
            }
            (Within::Text, c) => {
                if !c.is_control() && !is_hidden(c) {
                    self.put(c);
                }
                Within::Text
            }
            (Within::Escape, '[') => Within::Control,
            (Within::Escape, ']' | 'P' | 'X' | '^' | '_') => Within::String,
            (Within::Escape, '\u{20}'..='\u{2f}') => Within::One,
            (Within::Control, '\u{20}'..='\u{3f}') => Within::Control,
            // What is broken off by the end of a line ends with it.
            (Within::Escape | Within::One | Within::Control, '\n') => {
                self.within = Within::Text;
                return self.finish();
            }
            (Within::Escape | Within::One | Within::Control, '\u{1b}') => Within::Escape,
            (Within::Escape | Within::One | Within::Control, _) => Within::Text,
            (Within::String, '\u{7}' | '\u{9c}') => Within::Text,
            (Within::String, '\u{1b}') => Within::StringEscape,
            (Within::String, _) => Within::String,
            (Within::StringEscape, '\\') => Within::Text,
            (Within::StringEscape, _) => Within::String,
        };
        None
    }

    fn put(&mut self, c: char) {
        if self.is_returned {
            self.is_returned = false;
            self.line.clear();
            self.width = 0;
        }
        if self.width < WIDTH {
            self.line.push(c);
            self.width += 1;
        }
    }

    fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        (self.width, self.is_returned) = (0, false);
        let line = line.trim_end();
        (!line.is_empty()).then(|| without_secrets(line))
    }
}

/// What turns text round or joins it without being seen.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What stands before a secret, up to its first character.
const BEFORE: [&str; 7] = [
    "_authtoken=",
    "_password=",
    "_auth=",
    "bearer ",
    "basic ",
    "password=",
    "token=",
];
/// How a secret begins.
const BEGINNINGS: [&str; 4] = ["npm_", "dapi", "ghp_", "github_pat_"];
/// Shorter words that begin so are words.
const SHORTEST: usize = 16;

/// The line with `…` for what looks like a secret: npm and git take out their own, but programs that packages run don't.
pub(crate) fn without_secrets(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for word in line.split_inclusive([' ', '"', '\'', ',']) {
        let end = word.len() - word.trim_end_matches([' ', '"', '\'', ',']).len();
        let (body, end) = word.split_at(word.len() - end);
        let is_announced = {
            let before = text.trim_end_matches(['"', '\'']).to_ascii_lowercase();
            BEFORE.iter().any(|known| before.ends_with(known))
        };
        match is_announced && !body.is_empty() {
            true => text.push('…'),
            false => text += &hide(body),
        }
        text += end;
    }
    text
}

/// One word without what looks like a secret.
fn hide(word: &str) -> String {
    // Whoever stands before the host of a URL.
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if let Some(at) = rest[..authority].rfind('@') {
            return format!("{scheme}://…{}", &rest[at..]);
        }
    }
    let lower = word.to_ascii_lowercase();
    for known in BEFORE.iter().filter(|known| known.ends_with('=')) {
        if let Some(at) = lower.find(known) {
            let at = at + known.len();
            if at < word.len() {
                return format!("{}…", &word[..at]);
            }
        }
    }
    let is_secret = |known: &&&str| lower.starts_with(**known) && word.len() >= SHORTEST;
    match BEGINNINGS.iter().find(is_secret) {
        Some(known) => format!("{}…", &word[..known.len()]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all = lines.push(text.as_bytes());
        all.extend(lines.end());
        all
    }

    #[test]
    fn lines_are_plain_text() {
        for (printed, shown) in [
            ("\u{1b}[32mgreen\u{1b}[0m\n", "green"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("10 %\r20 %\r\n", "20 %"),
            ("\u{1b}(Ba\tb\u{8}\u{0}c", "a bc"),
            ("\u{1b}[12", ""),
            ("half \u{1b}[1\nwhole", "half|whole"),
            ("\u{202e}evil", "evil"),
            ("\u{1b}Pstring that never ends", ""),
        ] {
            assert_eq!(lines(printed).join("|"), shown, "{printed:?}");
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_left_out() {
        for (printed, shown) in [
            (
                "GET https://ana:geheim@registry.example/x 200",
                "GET https://…@registry.example/x 200",
            ),
            (
                "//registry.example/:_authToken=npm_0123456789abcdef",
                "//registry.example/:_authToken=…",
            ),
            ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
            ("uses npm_0123456789abcdef now", "uses npm_… now"),
            ("token=\"dapi00112233445566\"", "token=\"…\""),
            ("npm_config is a word", "npm_config is a word"),
            (
                "http fetch https://host/@scope/x",
                "http fetch https://host/@scope/x",
            ),
        ] {
            assert_eq!(without_secrets(printed), shown);
        }
    }

    #[test]
    fn lines_and_their_length_are_bounded() {
        let mut tail = Tail::default();
        for number in 0..100 {
            tail.push(number.to_string());
        }
        assert_eq!(tail.lines().len(), LINES);
        assert_eq!(tail.lines().last().unwrap(), "99");
        let long = lines(&"x".repeat(10_000));
        assert_eq!(long[0].len(), WIDTH);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_output_is_cut(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let whole = |parts: &[&[u8]]| {
                let mut lines = Lines::default();
                let mut all: Vec<String> = parts.iter().flat_map(|part| lines.push(part)).collect();
                all.extend(lines.end());
                all
            };
            let cut = cut.min(bytes.len());
            let once = whole(&[&bytes]);
            prop_assert_eq!(&once, &whole(&[&bytes[..cut], &bytes[cut..]]));
            for line in once {
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
