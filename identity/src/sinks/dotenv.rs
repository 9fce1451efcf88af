//! `.env` files as the package `dotenv` reads them: lines of `KEY=value`, `export` before them or not, values in quotes
//! over several lines, anything else ignored. Values are set without quotes: some readers would take these for a part.

use super::text::{Style, lines, missing_end, split_end};

/// A file, line by line.
pub(super) struct Dotenv {
    style: Style,
    pieces: Vec<Piece>,
}

enum Piece {
    /// Left as it is.
    Other(String),
    Assignment(Assignment),
}

struct Assignment {
    /// Up to the value.
    before: String,
    key: String,
    /// As it stands there.
    value: String,
    /// Space and a comment behind it, and what ends the line.
    after: String,
}

impl Dotenv {
    /// Of a file. There is no text that could not be one.
    pub(super) fn read(old: Option<&str>) -> Self {
        let (style, body) = Style::of(old.unwrap_or_default());
        let mut pieces = Vec::new();
        let mut rest = body;
        while let Some(line) = lines(rest).next() {
            let (piece, length) = match Assignment::read(line, rest) {
                Some((assignment, length)) => (Piece::Assignment(assignment), length),
                None => (Piece::Other(line.to_owned()), line.len()),
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
        Self { style, pieces }
    }

    /// What a key is set to; the last time counts.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let mut fitting = self
            .assignments()
            .rev()
            .filter(|assignment| assignment.key == key);
        fitting.next().map(|assignment| unquoted(&assignment.value))
    }

    /// Sets a key, wherever and however often it stands.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        let mut is_there = false;
        for piece in &mut self.pieces {
            if let Piece::Assignment(assignment) = piece
                && assignment.key == key
            {
                is_there = true;
                if unquoted(&assignment.value) != value || assignment.value.starts_with(QUOTES) {
                    value.clone_into(&mut assignment.value);
                }
            }
        }
        if !is_there {
            let end = missing_end(&self.write_body(), self.style);
            self.pieces.push(Piece::Other(end.to_owned()));
            let line = Assignment {
                before: format!("{key}="),
                key: key.to_owned(),
                value: value.to_owned(),
                after: self.style.end().to_owned(),
            };
            self.pieces.push(Piece::Assignment(line));
        }
    }

    /// Takes the lines of a key out.
    pub(super) fn remove(&mut self, key: &str) {
        let is_other = |piece: &Piece| !matches!(piece, Piece::Assignment(line) if line.key == key);
        self.pieces.retain(is_other);
    }

    /// The file.
    pub(super) fn write(&self) -> String {
        self.style.restore(&self.write_body())
    }

    fn write_body(&self) -> String {
        let mut body = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Other(text) => body += text,
                Piece::Assignment(line) => {
                    for part in [&line.before, &line.value, &line.after] {
                        body += part;
                    }
                }
            }
        }
        body
    }

    fn assignments(&self) -> impl DoubleEndedIterator<Item = &Assignment> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Assignment(assignment) => Some(assignment),
            Piece::Other(_) => None,
        })
    }
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

impl Assignment {
    /// If a line is one: it, and how much of the text it takes.
    fn read(line: &str, text: &str) -> Option<(Self, usize)> {
        let (content, end) = split_end(line);
        // A carriage return alone ends a line for some readers, and others of its kind are no blanks for all.
        let inner = content.strip_suffix('\r').unwrap_or(content);
        if inner.contains(|c: char| c.is_control() && c != '\t') {
            return None;
        }
        let name = content.trim_start();
        let name = match name.strip_prefix("export") {
            Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
            _ => name,
        };
        let is_fit = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let length = name.find(|c| !is_fit(c)).filter(|length| *length > 0)?;
        let (key, rest) = name.split_at(length);
        let value = rest.trim_start().strip_prefix('=')?.trim_start();
        let before = &content[..content.len() - value.len()];
        let behind = |value: &str| {
            let behind = &text[before.len() + value.len()..];
            lines(behind).next().unwrap_or_default()
        };
        // With anything but a comment behind them, quotes are a part of the value.
        let ends = |value: &&str| {
            let behind = behind(value).trim_start();
            behind.is_empty() || behind.starts_with('#')
        };
        let (value, after, taken) = match quoted(&text[before.len()..]).filter(ends) {
            Some(value) => {
                let after = behind(value);
                (
                    value,
                    after.to_owned(),
                    before.len() + value.len() + after.len(),
                )
            }
            None => {
                let plain = value.split('#').next().unwrap_or_default().trim_end();
                let after = format!("{}{end}", &value[plain.len()..]);
                (plain, after, line.len())
            }
        };
        let assignment = Self {
            before: before.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            after,
        };
        Some((assignment, taken))
    }
}

/// A value in quotes at the beginning of a text, with them, if they are closed.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| QUOTES.contains(c))?;
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return Some(&text[..at + c.len_utf8()]),
            _ => {}
        }
    }
    None
}

fn unquoted(value: &str) -> &str {
    let quote = value.chars().next().filter(|c| QUOTES.contains(c));
    let inner = quote.and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests;
