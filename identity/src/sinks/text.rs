//! What all text files have, whatever their format: lines, how these end, and a byte order mark.

/// The mark that some editors put first.
const BOM: char = '\u{feff}';

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    has_bom: bool,
    is_crlf: bool,
}

impl Style {
    /// That of a text, and the text without its mark.
    pub(super) fn of(text: &str) -> (Self, &str) {
        let body = text.strip_prefix(BOM);
        let has_bom = body.is_some();
        let body = body.unwrap_or(text);
        let breaks = body.matches('\n').count();
        let is_crlf = breaks > 0 && body.matches("\r\n").count() == breaks;
        (Self { has_bom, is_crlf }, body)
    }

    /// How a line ends.
    pub(super) fn end(self) -> &'static str {
        if self.is_crlf { "\r\n" } else { "\n" }
    }

    /// Puts the mark back, and lines that were added get the ends that all others have.
    pub(super) fn restore(self, body: &str) -> String {
        let mut text = String::with_capacity(body.len() + 3);
        text.extend(self.has_bom.then_some(BOM));
        if !self.is_crlf {
            return text + body;
        }
        for line in lines(body) {
            let (line, end) = split_end(line);
            text += line;
            text += if end.is_empty() { "" } else { "\r\n" };
        }
        text
    }
}

/// Lines with what ends them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// A line, and what ends it.
pub(super) fn split_end(line: &str) -> (&str, &str) {
    let content = line.strip_suffix('\n').unwrap_or(line);
    let content = content
        .strip_suffix('\r')
        .filter(|_| line.ends_with('\n'))
        .unwrap_or(content);
    line.split_at(content.len())
}

/// A line break, unless the text ends with one or is empty.
pub(super) fn missing_end(text: &str, style: Style) -> &'static str {
    match text.is_empty() || text.ends_with('\n') {
        true => "",
        false => style.end(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_line_ends_are_restored() {
        for text in ["", "a", "a\n", "a\r\nb", "\u{feff}a\r\n", "a\nb\r\n", "a\r"] {
            let (style, body) = Style::of(text);
            assert_eq!(style.restore(body), text, "{text:?}");
        }
        let (style, body) = Style::of("\u{feff}a\r\n");
        assert_eq!(style.restore(&format!("{body}b\n")), "\u{feff}a\r\nb\r\n");
    }

    #[test]
    fn a_line_is_split_from_what_ends_it() {
        assert_eq!(split_end("a\r\n"), ("a", "\r\n"));
        assert_eq!(split_end("a\n"), ("a", "\n"));
        assert_eq!(split_end("a\r"), ("a\r", ""));
        assert_eq!(split_end("\n"), ("", "\n"));
    }
}
