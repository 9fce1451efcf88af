//! Pieces of ours in a document of somebody else's: put where nothing stands, known again by what was noted of them, and
//! taken out so that the document is, byte for byte, what it was before. What the user wrote under the same name is the
//! user's, and so is a piece that was changed by hand. Pure; the formats are in `json.rs` and `toml.rs`.

use bowline_identity::sinks::Left;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a piece stands: keys from the top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    /// It is what a key has.
    Key(Vec<String>),
    /// It is in the list that a key has.
    List(Vec<String>),
}

/// What is to stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) at: At,
    pub(super) value: Value,
}

/// A piece that was put into a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Put {
    pub(super) piece: Piece,
    /// What the document has more since.
    pub(super) text: String,
    /// Whether it was only made to put something into it: it goes when nothing is in it.
    #[serde(default)]
    pub(super) is_around: bool,
}

/// What the document was before the first piece.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Was {
    /// A document.
    #[default]
    There,
    /// Nothing.
    Missing,
    /// A file with nothing but this space in it.
    Blank(String),
}

/// What of a document is ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) was: Was,
    /// In the order in which they were put.
    pub(super) pieces: Vec<Put>,
}

impl Noted {
    /// What was wanted.
    pub(super) fn wanted(&self) -> Vec<Piece> {
        let own = self.pieces.iter().filter(|put| !put.is_around);
        own.map(|put| put.piece.clone()).collect()
    }
}

/// A format.
pub(super) trait Form: Send + Sync {
    /// A document with nothing in it.
    fn empty(&self) -> &'static str;
    /// What stands at a key, if it is there.
    fn value(&self, text: &str, path: &[String]) -> Result<Option<Value>, Left>;
    /// Puts a piece where nothing stands: what was put, in that order, and the document then.
    fn put(&self, text: &str, piece: &Piece) -> Result<(String, Vec<Put>), Left>;
    /// Takes a piece out, wherever it stands now.
    fn cut(&self, text: &str, piece: &Piece) -> Result<String, Left>;
    /// Whether whoever read the one reads the other.
    fn is_as_sound(&self, text: &str, before: &str) -> bool;
}

/// A document as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// None if there is to be no file.
    pub(super) text: Option<String>,
    pub(super) noted: Noted,
    /// What is not ours, though it was wanted.
    pub(super) theirs: Vec<String>,
}

/// Has in a document what is wanted, and nothing else of ours.
pub(super) fn keep(
    form: &dyn Form,
    old: Option<&str>,
    noted: &Noted,
    wanted: &[Piece],
) -> Result<Kept, Left> {
    let mut noted = noted.clone();
    let mut text = match old {
        Some(old) if !is_blank(old) => old.to_owned(),
        // Whoever emptied it took ours out, too.
        _ => {
            noted = Noted {
                was: old.map_or(Was::Missing, |old| Was::Blank(old.to_owned())),
                pieces: Vec::new(),
            };
            form.empty().to_owned()
        }
    };
    let mut kept: Vec<Put> = Vec::new();
    let mut changed: Vec<At> = Vec::new();
    for put in noted.pieces.iter().rev() {
        let is_wanted = wanted.contains(&put.piece);
        match state(form, &text, &put.piece)? {
            Found::Missing => {}
            Found::Other if put.is_around => kept.push(put.clone()),
            Found::Other => changed.push(put.piece.at.clone()),
            Found::Same if is_wanted => kept.push(put.clone()),
            Found::Same => text = take(form, &text, put)?,
        }
    }
    kept.reverse();
    let mut theirs = Vec::new();
    for piece in wanted {
        if kept.iter().any(|put| put.piece == *piece) {
            continue;
        }
        if changed.contains(&piece.at) || state(form, &text, piece)? != Found::Missing {
            theirs.push(piece.at.name());
            continue;
        }
        let (with, put) = form.put(&text, piece)?;
        if state(form, &with, piece)? != Found::Same || !form.is_as_sound(&with, &text) {
            return Err(Left::unreadable("what it should be"));
        }
        text = with;
        kept.extend(put);
    }
    if kept.iter().all(|put| put.is_around) {
        // Whoever has put something into them has them now.
        kept.clear();
    }
    let is_empty = kept.is_empty() && text.trim() == form.empty().trim();
    let text = match &noted.was {
        Was::Missing if is_empty => None,
        Was::Blank(blank) if is_empty => Some(blank.clone()),
        _ => Some(text),
    };
    Ok(Kept {
        text,
        noted: Noted {
            was: noted.was,
            pieces: kept,
        },
        theirs,
    })
}

/// How a piece is found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Missing,
    Same,
    /// Something else stands there.
    Other,
}

fn state(form: &dyn Form, text: &str, piece: &Piece) -> Result<Found, Left> {
    let (At::Key(path) | At::List(path)) = &piece.at;
    let found = form.value(text, path)?;
    Ok(match (&piece.at, found) {
        (_, None) => Found::Missing,
        (At::Key(_), Some(value)) if value == piece.value => Found::Same,
        (At::List(_), Some(Value::Array(list))) => match list.contains(&piece.value) {
            true => Found::Same,
            false => Found::Missing,
        },
        (_, Some(_)) => Found::Other,
    })
}

/// Takes a piece out: as it was put there, if it still stands so.
fn take(form: &dyn Form, text: &str, put: &Put) -> Result<String, Left> {
    let mut found = text.match_indices(&put.text);
    if let (Some((at, _)), None) = (found.next(), found.next()) {
        let without = format!("{}{}", &text[..at], &text[at + put.text.len()..]);
        let is_gone = match form.value(&without, put.piece.at.path()) {
            Ok(None) => true,
            Ok(Some(Value::Array(list))) => !list.contains(&put.piece.value),
            _ => false,
        };
        if is_gone && form.is_as_sound(&without, text) {
            return Ok(without);
        }
    }
    form.cut(text, &put.piece)
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().is_empty()
}

impl At {
    pub(super) fn key(path: &[&str]) -> Self {
        Self::Key(path.iter().map(|step| (*step).to_owned()).collect())
    }

    pub(super) fn list(path: &[&str]) -> Self {
        Self::List(path.iter().map(|step| (*step).to_owned()).collect())
    }

    pub(super) fn path(&self) -> &[String] {
        let (Self::Key(path) | Self::List(path)) = self;
        path
    }

    fn name(&self) -> String {
        self.path().join(".")
    }
}

#[cfg(test)]
mod tests;
