//! TOML: a table of ours stands at the end, in lines of its own, and a key at the top, before any table.

use bowline_identity::sinks::Left;
use serde_json::Value;
use toml_edit::{DocumentMut, Item};

use super::pieces::{At, Form, Piece, Put};

const FORMAT: &str = "TOML";
const BOM: char = '\u{feff}';

/// The format.
pub(super) struct Toml;

impl Form for Toml {
    fn empty(&self) -> &'static str {
        ""
    }

    fn value(&self, text: &str, path: &[String]) -> Result<Option<Value>, Left> {
        let top = read(text)?;
        let mut value = &top;
        for step in path {
            let table = value.as_object().ok_or(Left::unreadable(FORMAT))?;
            match table.get(step) {
                Some(found) => value = found,
                None => return Ok(None),
            }
        }
        Ok(Some(value.clone()))
    }

    fn put(&self, text: &str, piece: &Piece) -> Result<(String, Vec<Put>), Left> {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let (at, added) = match (piece.at.path(), &piece.value) {
            ([key], value) => {
                let mark = if text.starts_with(BOM) {
                    BOM.len_utf8()
                } else {
                    0
                };
                (mark, format!("{} = {}{end}", name(key), written(value)?))
            }
            ([table, key], Value::Object(pairs)) => {
                let unended = !text.is_empty() && !text.ends_with('\n');
                let mut added = if unended {
                    end.to_owned()
                } else {
                    String::new()
                };
                if !text.is_empty() {
                    added += end;
                }
                added += &format!("[{}.{}]{end}", name(table), name(key));
                for (key, value) in pairs {
                    added += &format!("{} = {}{end}", name(key), written(value)?);
                }
                (text.len(), added)
            }
            _ => return Err(Left::unreadable(FORMAT)),
        };
        let with = format!("{}{added}{}", &text[..at], &text[at..]);
        // An inline table, say, can't have more in another place.
        read(&with)?;
        let put = Put {
            piece: piece.clone(),
            text: added,
            is_around: false,
        };
        Ok((with, vec![put]))
    }

    fn cut(&self, text: &str, piece: &Piece) -> Result<String, Left> {
        let At::Key(path) = &piece.at else {
            return Err(Left::unreadable(FORMAT));
        };
        let mark = if text.starts_with(BOM) {
            &text[..BOM.len_utf8()]
        } else {
            ""
        };
        let mut document: DocumentMut = text[mark.len()..]
            .parse()
            .map_err(|_| Left::unreadable(FORMAT))?;
        let (key, around) = path.split_last().ok_or(Left::unreadable(FORMAT))?;
        let mut table = document.as_table_mut() as &mut dyn toml_edit::TableLike;
        for step in around {
            let next = table.get_mut(step).and_then(Item::as_table_like_mut);
            table = next.ok_or(Left::unreadable(FORMAT))?;
        }
        table.remove(key);
        Ok(format!("{mark}{document}"))
    }

    fn is_as_sound(&self, text: &str, _before: &str) -> bool {
        read(text).is_ok()
    }
}

fn read(text: &str) -> Result<Value, Left> {
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let table: toml::Table = toml::from_str(body).map_err(|error| {
        let before = error.span().and_then(|span| body.get(..span.start));
        match before {
            Some(before) => Left::unreadable_at(FORMAT, before.matches('\n').count() + 1),
            None => Left::unreadable(FORMAT),
        }
    })?;
    serde_json::to_value(table).map_err(|_| Left::unreadable(FORMAT))
}

/// A key as it is written.
fn name(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => toml::Value::from(key).to_string(),
    }
}

fn written(value: &Value) -> Result<String, Left> {
    let value = toml::Value::try_from(value).map_err(|_| Left::unreadable(FORMAT))?;
    Ok(value.to_string())
}
