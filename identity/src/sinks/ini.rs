//! INI as both the Databricks CLI (Go) and its SDKs (Python's `configparser`) read it: sections, `key = value` or
//! `key: value`, whole-line comments with `#` or `;`. What one of the two would not read is left alone.

use super::left::Left;
use super::text::{Style, lines, missing_end, split_end};

const FORMAT: &str = "INI";
/// Nobody has so many profiles.
const MOST_LINES: usize = 10_000;

/// A file, line by line.
pub(super) struct Ini {
    style: Style,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    kind: Kind,
}

enum Kind {
    /// Empty, or a comment.
    Other,
    Header(String),
    /// A key in lower case, and where its value stands.
    Pair(String, usize, usize),
    /// What goes on with the value of the line before, for Python.
    More,
}

impl Ini {
    /// Of a file; an empty one if there is none.
    pub(super) fn read(old: Option<&str>) -> Result<Self, Left> {
        let (style, body) = Style::of(old.unwrap_or_default());
        let mut read: Vec<Line> = Vec::new();
        let mut seen: Vec<(String, Vec<String>)> = Vec::new();
        let mut indent = None;
        for (at, text) in lines(body).enumerate() {
            let bad = Left::unreadable_at(FORMAT, at + 1);
            if at == MOST_LINES {
                return Err(bad);
            }
            let content = split_end(text).0;
            let trimmed = content.trim();
            let depth = content.len() - content.trim_start().len();
            let kind = if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                Kind::Other
            } else if indent.is_some_and(|indent| depth > indent) {
                Kind::More
            } else if let Some(header) = trimmed.strip_prefix('[') {
                let name = header.strip_suffix(']').ok_or_else(|| bad.clone())?;
                if seen.iter().any(|(known, _)| known == name) {
                    return Err(bad);
                }
                seen.push((name.to_owned(), Vec::new()));
                Kind::Header(name.to_owned())
            } else {
                let pair = pair(content).ok_or_else(|| bad.clone())?;
                let (_, keys) = seen.last_mut().ok_or_else(|| bad.clone())?;
                if keys.contains(&pair.0) {
                    return Err(bad);
                }
                keys.push(pair.0.clone());
                Kind::Pair(pair.0, pair.1, pair.2)
            };
            match kind {
                Kind::Pair(..) => indent = Some(depth),
                Kind::Header(_) => indent = None,
                _ => {}
            }
            let text = text.to_owned();
            read.push(Line { text, kind });
        }
        Ok(Self { style, lines: read })
    }

    /// What a key of a section is set to; of no use if its value goes over several lines.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        let (at, from, to) = self.find(section, key)?;
        match self.goes_on(at) {
            true => None,
            false => Some(&self.lines[at].text[from..to]),
        }
    }

    /// The keys of a section, in lower case.
    pub(super) fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        let range = self.range(section).unwrap_or(0..0);
        self.lines[range]
            .iter()
            .filter_map(|line| match &line.kind {
                Kind::Pair(key, ..) => Some(key.as_str()),
                _ => None,
            })
    }

    /// Sets a key of a section, and makes the section if it isn't there.
    pub(super) fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), Left> {
        if let Some((at, from, to)) = self.find(section, key) {
            if self.goes_on(at) {
                return Err(Left::unreadable_at(FORMAT, at + 1));
            }
            self.lines[at].text.replace_range(from..to, value);
            self.lines[at].kind = Kind::Pair(key.to_owned(), from, from + value.len());
            return Ok(());
        }
        let end = self.style.end();
        if self.range(section).is_none() {
            if let Some(last) = self.lines.last_mut() {
                last.text += missing_end(&last.text, self.style);
                if !last.text.trim().is_empty() {
                    self.push(end.to_owned(), Kind::Other);
                }
            }
            self.push(
                format!("[{section}]{end}"),
                Kind::Header(section.to_owned()),
            );
        }
        let range = self.range(section).unwrap_or(0..0);
        // Behind its last key, before what may be a comment on the next section.
        let is_own = |line: &Line| !matches!(line.kind, Kind::Other);
        let last = self.lines[range.clone()]
            .iter()
            .rposition(is_own)
            .unwrap_or(0)
            + range.start;
        // As far in as the last one: further in, it would go on with that one's value.
        let indent = self.lines[range]
            .iter()
            .rfind(|line| matches!(line.kind, Kind::Pair(..)));
        let indent = indent.map_or("", |line| {
            &line.text[..line.text.len() - line.text.trim_start().len()]
        });
        let before = format!("{indent}{key} = ");
        let kind = Kind::Pair(key.to_owned(), before.len(), before.len() + value.len());
        let text = format!("{before}{value}{end}");
        let previous = &mut self.lines[last].text;
        *previous += missing_end(previous, self.style);
        self.lines.insert(last + 1, Line { text, kind });
        Ok(())
    }

    /// The file.
    pub(super) fn write(&self) -> String {
        let body: String = self.lines.iter().map(|line| line.text.as_str()).collect();
        self.style.restore(&body)
    }

    fn push(&mut self, text: String, kind: Kind) {
        self.lines.push(Line { text, kind });
    }

    /// A section's lines, its header the first.
    fn range(&self, section: &str) -> Option<std::ops::Range<usize>> {
        let is_it = |line: &Line| matches!(&line.kind, Kind::Header(name) if name == section);
        let start = self.lines.iter().position(is_it)?;
        let mut behind = self.lines.iter().skip(start + 1);
        let length = behind.position(|line| matches!(line.kind, Kind::Header(_)));
        Some(start..length.map_or(self.lines.len(), |length| start + 1 + length))
    }

    fn find(&self, section: &str, key: &str) -> Option<(usize, usize, usize)> {
        let range = self.range(section)?;
        let mut found = range.filter_map(|at| match &self.lines[at].kind {
            Kind::Pair(name, from, to) if name == key => Some((at, *from, *to)),
            _ => None,
        });
        found.next()
    }

    fn goes_on(&self, at: usize) -> bool {
        let mut behind = self.lines.iter().skip(at + 1);
        let next = behind.find(|line| !matches!(line.kind, Kind::Other));
        next.is_some_and(|line| matches!(line.kind, Kind::More))
    }
}

/// A key in lower case, and where its value stands in the line.
fn pair(content: &str) -> Option<(String, usize, usize)> {
    let at = content.find(['=', ':'])?;
    let key = content[..at].trim();
    if key.is_empty() {
        return None;
    }
    let value = content[at + 1..].trim_start();
    let from = content.len() - value.len();
    Some((
        key.to_ascii_lowercase(),
        from,
        from + value.trim_end().len(),
    ))
}
