//! YAML, changed where it stands: a parser says where values are, and only these bytes are replaced. The result is parsed
//! again, and is thrown away unless it says what it should and nothing else.

use std::ops::Range;

use saphyr_parser::{Event, Parser, Span};

use super::left::Left;
use super::text::{Style, lines};

const FORMAT: &str = "YAML";
/// Deeper files are nobody's settings.
const DEEPEST: usize = 64;
/// Nor are mappings with more keys.
const MOST: usize = 4096;

/// A document.
pub(super) struct Yaml {
    style: Style,
    body: String,
    mappings: Vec<Mapping>,
    events: usize,
    is_empty: bool,
}

/// A mapping of scalars, as far as it has such.
pub(super) struct Mapping {
    /// The keys that lead to it; places in a list are numbers.
    pub(super) path: Vec<String>,
    entries: Vec<Entry>,
}

struct Entry {
    key: String,
    key_at: Range<usize>,
    value: String,
    value_at: Range<usize>,
}

/// What to do with one value.
pub(super) struct Change<'a> {
    pub(super) path: Vec<String>,
    pub(super) key: &'a str,
    pub(super) value: String,
    /// The key that it is put behind if it isn't there.
    pub(super) behind: &'a str,
}

impl Mapping {
    /// The text of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

enum Open {
    Mapping {
        at: usize,
        key: Option<(String, Range<usize>)>,
    },
    Sequence(usize),
}

impl Yaml {
    /// Of a file; an empty one if there is none.
    pub(super) fn read(old: Option<&str>) -> Result<Self, Left> {
        let (style, body) = Style::of(old.unwrap_or_default());
        let mut read = Self {
            style,
            body: body.to_owned(),
            mappings: Vec::new(),
            events: 0,
            is_empty: true,
        };
        let places: Vec<usize> = body
            .char_indices()
            .map(|(at, _)| at)
            .chain([body.len()])
            .collect();
        let mut open: Vec<Open> = Vec::new();
        let mut path: Vec<String> = Vec::new();
        let mut documents = 0;
        for event in Parser::new_from_str(body) {
            let (event, span) =
                event.map_err(|err| Left::unreadable_at(FORMAT, err.marker().line()))?;
            read.events += 1;
            match event {
                Event::DocumentStart(_) => documents += 1,
                Event::MappingStart(..) | Event::SequenceStart(..) => {
                    read.is_empty = false;
                    read.enter(&mut open, &mut path);
                    let at = read.mappings.len();
                    if matches!(event, Event::MappingStart(..)) {
                        let path = path.clone();
                        let entries = Vec::new();
                        read.mappings.push(Mapping { path, entries });
                        open.push(Open::Mapping { at, key: None });
                    } else {
                        open.push(Open::Sequence(0));
                    }
                    if open.len() > DEEPEST {
                        return Err(Left::unreadable(FORMAT));
                    }
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                    path.pop();
                }
                Event::Scalar(text, ..) => {
                    // An empty document is one scalar of no length.
                    read.is_empty &= span.is_empty() && open.is_empty();
                    let at = bytes(&span, &places).ok_or(Left::unreadable(FORMAT))?;
                    let at = at.start..at.start + extent(&body[at], &text);
                    read.scalar(&mut open, text.into_owned(), at)?;
                }
                Event::Alias(_) => read.scalar(&mut open, String::new(), 0..0)?,
                _ => {}
            }
        }
        match documents {
            0 | 1 => Ok(read),
            _ => Err(Left::unreadable(FORMAT)),
        }
    }

    /// Its mappings.
    pub(super) fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Whether there is nothing in it but comments.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Its lines without what ends them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.body.lines()
    }

    /// The file, with values changed.
    pub(super) fn change(&self, changes: &[Change<'_>]) -> Result<String, Left> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut added = 0;
        for change in changes {
            let mapping = self.mapping(&change.path).ok_or(Left::unreadable(FORMAT))?;
            match mapping.entry(change.key) {
                Some(entry) if entry.value == change.value => {}
                Some(entry) if entry.value_at.is_empty() => return Err(Left::unreadable(FORMAT)),
                Some(entry) => edits.push((entry.value_at.clone(), written(&change.value))),
                None => {
                    let entry = mapping
                        .entry(change.behind)
                        .ok_or(Left::unreadable(FORMAT))?;
                    added += 1;
                    edits.push(self.insertion(entry, change));
                }
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut body = self.body.clone();
        for (range, text) in edits.into_iter().rev() {
            body.replace_range(range, &text);
        }
        let result = self.style.restore(&body);
        let again = Self::read(Some(&result))?;
        let is_said = |change: &Change<'_>| {
            let mapping = again.mapping(&change.path);
            mapping.and_then(|mapping| mapping.get(change.key)) == Some(change.value.as_str())
        };
        match changes.iter().all(is_said) && again.events == self.events + 2 * added {
            true => Ok(result),
            false => Err(Left::unreadable(FORMAT)),
        }
    }

    fn mapping(&self, path: &[String]) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.path == path)
    }

    /// A line of its own behind another key's.
    fn insertion(&self, behind: &Entry, change: &Change<'_>) -> (Range<usize>, String) {
        let start = self.body[..behind.key_at.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let line = lines(&self.body[behind.value_at.end..])
            .next()
            .unwrap_or_default();
        let at = behind.value_at.end + line.len();
        let column = self.body[start..behind.key_at.start].chars().count();
        let end = self.style.end();
        let text = format!("{:column$}{}: {}", "", change.key, written(&change.value));
        match line.ends_with('\n') {
            true => (at..at, format!("{text}{end}")),
            false => (at..at, format!("{end}{text}")),
        }
    }

    /// Goes into what is the value of the key, or the element, that is open.
    fn enter(&self, open: &mut [Open], path: &mut Vec<String>) {
        let step = match open.last_mut() {
            None => return,
            Some(Open::Mapping { key, .. }) => key.take().map_or(String::new(), |(key, _)| key),
            Some(Open::Sequence(next)) => {
                *next += 1;
                (*next - 1).to_string()
            }
        };
        path.push(step);
    }

    fn scalar(&mut self, open: &mut [Open], text: String, place: Range<usize>) -> Result<(), Left> {
        match open.last_mut() {
            Some(Open::Mapping { at, key }) => match key.take() {
                None => *key = Some((text, place)),
                Some((key, key_at)) => {
                    let mapping = &mut self.mappings[*at];
                    // The tool would take one of the two.
                    if mapping.entry(&key).is_some() || mapping.entries.len() == MOST {
                        return Err(Left::unreadable(FORMAT));
                    }
                    let (value, value_at) = (text, place);
                    mapping.entries.push(Entry {
                        key,
                        key_at,
                        value,
                        value_at,
                    });
                }
            },
            Some(Open::Sequence(next)) => *next += 1,
            None => {}
        }
        Ok(())
    }
}

/// The parser counts characters.
fn bytes(span: &Span, places: &[usize]) -> Option<Range<usize>> {
    let from = *places.get(span.start.index())?;
    Some(from..*places.get(span.end.index())?)
}

/// How much of a place the value itself takes: the parser counts the comment behind it too. Nothing, if it isn't written in
/// one line as it is.
fn extent(place: &str, value: &str) -> usize {
    let end = match place.chars().next() {
        Some('"') => closing(place, |rest| rest.starts_with('\\').then_some(2), '"'),
        Some('\'') => closing(place, |rest| rest.starts_with("''").then_some(2), '\''),
        _ => Some(value.len()).filter(|_| place.starts_with(value)),
    };
    end.filter(|end| !place[..*end].contains(['\n', '\r']))
        .unwrap_or(0)
}

/// Where a text in quotes ends.
fn closing(place: &str, escape: impl Fn(&str) -> Option<usize>, quote: char) -> Option<usize> {
    let mut at = 1;
    while let Some(c) = place.get(at..)?.chars().next() {
        match escape(&place[at..]) {
            Some(length) => at += length,
            None if c == quote => return Some(at + 1),
            None => at += c.len_utf8(),
        }
    }
    None
}

/// A value as it is written: plain where it can't be taken for anything but text.
pub(super) fn written(value: &str) -> String {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._~+/=:".contains(c);
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.len() > 8
        && !value.ends_with(':')
        && value.chars().all(is_fit);
    match is_plain {
        true => value.to_owned(),
        false => format!("\"{}\"", value.escape_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, path: &[&str], key: &str) -> Result<String, Left> {
        let path = path.iter().map(|step| (*step).to_owned()).collect();
        let (value, behind) = ("fresh-value".to_owned(), "url");
        Yaml::read(Some(text))?.change(&[Change {
            path,
            key,
            value,
            behind,
        }])
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        for (old, new) in [
            (
                "a:\n  url: x\n  key: old # why\nb: 1\n",
                "a:\n  url: x\n  key: fresh-value # why\nb: 1\n",
            ),
            (
                "a: {url: x, key: 'o l d'}\n",
                "a: {url: x, key: fresh-value}\n",
            ),
            (
                "# ä\na:\r\n  url: x\r\n  key: \"ö\"\r\n",
                "# ä\na:\r\n  url: x\r\n  key: fresh-value\r\n",
            ),
            (
                "a:\n  key: \"o\\\"l#ä\" # y\n",
                "a:\n  key: fresh-value # y\n",
            ),
            (
                "a:\n  key: 'o''l # x'   # y\n",
                "a:\n  key: fresh-value   # y\n",
            ),
            ("a:\n  key: o#l #y\n", "a:\n  key: fresh-value #y\n"),
            ("\u{feff}a:\n  key: ö", "\u{feff}a:\n  key: fresh-value"),
        ] {
            assert_eq!(changed(old, &["a"], "key").as_deref(), Ok(new), "{old:?}");
        }
    }

    #[test]
    fn a_missing_one_is_put_behind_another() {
        for (old, new) in [
            (
                "a:\n  url: x # why\n  n: 1\n",
                "a:\n  url: x # why\n  key: fresh-value\n  n: 1\n",
            ),
            ("a:\n  url: x", "a:\n  url: x\n  key: fresh-value"),
        ] {
            assert_eq!(changed(old, &["a"], "key").as_deref(), Ok(new), "{old:?}");
        }
        let (old, new) = (
            "l:\n- n: 1\n  url: x\n",
            "l:\n- n: 1\n  url: x\n  key: fresh-value\n",
        );
        assert_eq!(changed(old, &["l", "0"], "key").as_deref(), Ok(new));
        let (old, new) = (
            "l:\n- url: x\n  n: 1\n",
            "l:\n- url: x\n  key: fresh-value\n  n: 1\n",
        );
        assert_eq!(changed(old, &["l", "0"], "key").as_deref(), Ok(new));
    }

    #[test]
    fn what_cannot_be_changed_safely_is_left_alone() {
        for old in [
            "a: {url: x}\n",
            "a:\n  url: x\n  key: *b\n",
            "a: [",
            "a: 1\na: 2\n",
            "--- 1\n--- 2\n",
        ] {
            assert!(changed(old, &["a"], "key").is_err(), "{old:?}");
        }
    }
}
