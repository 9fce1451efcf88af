//! JSON as tools let people write it, with pieces put into it where nothing else moves: a piece stands first in what is
//! around it, so that nothing has to be changed behind what was last.

use bowline_identity::sinks::Left;
use bowline_identity::sinks::json::{Json as Document, lenient};
use jsonc_parser::ast::{self, ObjectProp};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::pieces::{At, Form, Piece, Put};

const FORMAT: &str = "JSON";
/// As in `identity`: what is larger is nobody's settings.
const LARGEST: usize = 1 << 20;
const BOM: char = '\u{feff}';

/// The format.
pub(super) struct Json;

impl Form for Json {
    fn empty(&self) -> &'static str {
        "{}\n"
    }

    fn value(&self, text: &str, path: &[String]) -> Result<Option<Value>, Left> {
        read(text, |top| Ok(find(top, path)?.map(plain)))
    }

    fn put(&self, text: &str, piece: &Piece) -> Result<(String, Vec<Put>), Left> {
        let path = piece.at.path();
        let (mut text, mut all) = (text.to_owned(), Vec::new());
        // What is around it comes first.
        let depth = match &piece.at {
            At::Key(_) => path.len() - 1,
            At::List(_) => path.len(),
        };
        for depth in 1..=depth {
            if self.value(&text, &path[..depth])?.is_none() {
                let is_list = depth == path.len();
                let value = if is_list {
                    Value::Array(Vec::new())
                } else {
                    Value::Object(serde_json::Map::new())
                };
                let around = Piece {
                    at: At::Key(path[..depth].to_vec()),
                    value,
                };
                let added;
                (text, added) = insert(&text, &around)?;
                all.push(Put {
                    piece: around,
                    text: added,
                    is_around: true,
                });
            }
        }
        let added;
        (text, added) = insert(&text, piece)?;
        all.push(Put {
            piece: piece.clone(),
            text: added,
            is_around: false,
        });
        Ok((text, all))
    }

    fn cut(&self, text: &str, piece: &Piece) -> Result<String, Left> {
        let document = Document::read(Some(text))?;
        let path: Vec<&str> = piece.at.path().iter().map(String::as_str).collect();
        match piece.at {
            At::Key(_) => document.remove(&path),
            At::List(_) => document.remove_element(&path, |element| {
                parse(element, &lenient()).is_ok_and(|value| value == piece.value)
            }),
        }
        Ok(document.write())
    }

    fn is_as_sound(&self, text: &str, before: &str) -> bool {
        let strict = ParseOptions {
            allow_trailing_commas: false,
            ..lenient()
        };
        let parses = |text: &str| parse(text.trim_start_matches(BOM), &strict).is_ok();
        parses(text) || !parses(before)
    }
}

fn parse(text: &str, options: &ParseOptions) -> Result<Value, ()> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), options).map_err(drop)?;
    parsed.value.as_ref().map(plain).ok_or(())
}

/// Looks at a document whose value is an object.
fn read<T>(text: &str, look: impl FnOnce(&ast::Value<'_>) -> Result<T, Left>) -> Result<T, Left> {
    if text.len() > LARGEST {
        return Err(Left::TooLarge);
    }
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let parsed = parse_to_ast(body, &CollectOptions::default(), &lenient());
    let parsed = parsed.map_err(|error| Left::unreadable_at(FORMAT, error.line_display()))?;
    match &parsed.value {
        Some(top @ ast::Value::Object(_)) => look(top),
        _ => Err(Left::unreadable(FORMAT)),
    }
}

/// What stands at a path. What is on the way and is no object can't have anything in it.
fn find<'a, 'b>(
    top: &'a ast::Value<'b>,
    path: &[String],
) -> Result<Option<&'a ast::Value<'b>>, Left> {
    let mut value = top;
    for step in path {
        let ast::Value::Object(object) = value else {
            return Err(Left::unreadable(FORMAT));
        };
        let mut named = object.properties.iter().rev();
        match named.find(|property| property.name.as_str() == step) {
            Some(property) => value = &property.value,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

fn plain(value: &ast::Value<'_>) -> Value {
    match value {
        ast::Value::StringLit(text) => Value::String(text.value.to_string()),
        ast::Value::NumberLit(number) => {
            serde_json::from_str(number.value).unwrap_or_else(|_| number.value.into())
        }
        ast::Value::BooleanLit(truth) => Value::Bool(truth.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(list) => list.elements.iter().map(plain).collect(),
        ast::Value::Object(object) => {
            let pair = |property: &ObjectProp<'_>| {
                (property.name.as_str().to_owned(), plain(&property.value))
            };
            Value::Object(object.properties.iter().map(pair).collect())
        }
    }
}

/// Puts a piece first into what is around it, which is there: the document then, and what it has more.
fn insert(text: &str, piece: &Piece) -> Result<(String, String), Left> {
    let (mark, body) = match text.strip_prefix(BOM) {
        Some(body) => (&text[..BOM.len_utf8()], body),
        None => ("", text),
    };
    let (around, key) = match &piece.at {
        At::Key(path) => {
            let (key, around) = path.split_last().ok_or(Left::unreadable(FORMAT))?;
            (around, Some(key))
        }
        At::List(path) => (&path[..], None),
    };
    let gap = read(body, |top| {
        let found = find(top, around)?.ok_or(Left::unreadable(FORMAT))?;
        let (range, first) = match (found, key) {
            (ast::Value::Object(object), Some(_)) => (
                object.range,
                object
                    .properties
                    .first()
                    .map(|property| property.range.start),
            ),
            (ast::Value::Array(list), None) => (
                list.range,
                list.elements.first().map(|element| element.range().start),
            ),
            _ => return Err(Left::unreadable(FORMAT)),
        };
        Ok(Gap {
            open: range.start + 1,
            close: range.end - 1,
            first,
        })
    })?;
    let (at, added) = gap.fill(body, |style| {
        let value = style.write(&piece.value);
        match key {
            Some(key) => format!("{}:{}{value}", Value::from(key.as_str()), style.space()),
            None => value,
        }
    });
    Ok((
        format!("{mark}{}{added}{}", &body[..at], &body[at..]),
        added,
    ))
}

/// The room in an object or a list.
struct Gap {
    open: usize,
    close: usize,
    /// Where the first of what is in it begins.
    first: Option<usize>,
}

/// How lines are written there.
struct Style {
    /// None = all in one line.
    lines: Option<Lines>,
    is_tight: bool,
}

struct Lines {
    end: &'static str,
    /// Before what is in it.
    indent: String,
    /// Once more.
    unit: String,
}

impl Gap {
    /// Where what is added goes, and what that is.
    fn fill(&self, body: &str, item: impl Fn(&Style) -> String) -> (usize, String) {
        let end = if body.contains("\r\n") { "\r\n" } else { "\n" };
        let unit = unit(body);
        let inner = &body[self.open..self.first.unwrap_or(self.close)];
        let lines = |indent: String| Style {
            lines: Some(Lines {
                end,
                indent,
                unit: unit.clone(),
            }),
            is_tight: false,
        };
        let outer = indent_of(body, self.open);
        let is_tight = body.contains("\":") && !body.contains("\": ");
        if self.first.is_some() {
            if inner.contains('\n') {
                let indent = indent_of(body, self.open + inner.len()).to_owned();
                let item = item(&lines(indent.clone()));
                return (self.open, format!("{end}{indent}{item},"));
            }
            let style = Style {
                lines: None,
                is_tight,
            };
            let space = style.space();
            let item = item(&style);
            return (self.open + inner.len(), format!("{item},{space}"));
        }
        let indent = format!("{outer}{unit}");
        let is_one_line = !body.trim().contains('\n') && body.trim() != "{}";
        match inner {
            "" if !is_one_line => {
                let item = item(&lines(indent.clone()));
                (self.open, format!("{end}{indent}{item}{end}{outer}"))
            }
            inner if inner.contains('\n') => {
                let item = item(&lines(indent.clone()));
                (self.open, format!("{end}{indent}{item}"))
            }
            _ => {
                let style = Style {
                    lines: None,
                    is_tight,
                };
                (self.open, item(&style))
            }
        }
    }
}

impl Style {
    fn space(&self) -> &'static str {
        if self.is_tight { "" } else { " " }
    }

    fn write(&self, value: &Value) -> String {
        let Some(lines) = &self.lines else {
            return value.to_string();
        };
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(lines.unit.as_bytes());
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        let written = value.serialize(&mut serializer);
        let text = written.ok().and_then(|()| String::from_utf8(bytes).ok());
        let text = text.unwrap_or_else(|| value.to_string());
        text.replace('\n', &format!("{}{}", lines.end, lines.indent))
    }
}

/// The space before the line in which something is.
fn indent_of(body: &str, at: usize) -> &str {
    let line = body[..at].rfind('\n').map_or(0, |end| end + 1);
    let rest = &body[line..];
    let text = rest.trim_start_matches([' ', '\t']);
    &rest[..rest.len() - text.len()]
}

/// By how much lines are put in: as the first one that is.
fn unit(body: &str) -> String {
    let lines = body.lines().skip(1);
    let mut indents =
        lines.map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    let first = indents.find(|indent| !indent.is_empty());
    first.unwrap_or("  ").to_owned()
}
