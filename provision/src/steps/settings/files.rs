//! The files of an agent's settings, and what was noted of each: what is put there is noted before, and what is taken out
//! after, so that nothing of ours is forgotten whenever this ends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bowline_identity::sinks::Left;
use bowline_identity::sinks::file::{self, Held, Reach};

use super::Agent;
use super::instructions::Instructions;
use super::pieces::{Form, Noted, Piece, keep};
use crate::run::Failed;
use crate::steps::home;

/// A program that writes a file between our reading and our writing does not do it all the time.
const ATTEMPTS: usize = 3;

/// One file, and what is to be in it.
pub(super) struct Wanted {
    pub(super) path: &'static str,
    pub(super) form: &'static dyn Form,
    pub(super) pieces: Vec<Piece>,
}

/// What is ours in each file, by its path below the home.
pub(super) type Notes = BTreeMap<String, Noted>;

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    File(#[from] file::Error),
    #[error(transparent)]
    Left(#[from] Left),
    #[error("the marks of Bowline's block are broken: remove what is left of it")]
    Marks,
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It is as it was.
    Same,
    Changed,
}

/// What is to be said of all files.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) lines: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// Has in the files of an agent what is wanted, and nothing else of ours. A file that can't be merged into is left, and the
/// others are written. Blocks.
pub(super) fn put(
    home: &Path,
    agent: Agent,
    wanted: &dyn Fn(&Path) -> Vec<Wanted>,
) -> Result<Said, Failed> {
    let mut said = Said::default();
    let notes = read_notes(home, agent).map_err(|error| left(&notes_path(home, agent), &error))?;
    let mut all = wanted(home);
    let is_undone = all.is_empty();
    for path in notes.keys() {
        let path = agent.touches().into_iter().find(|known| known == path);
        let Some(path) = path.filter(|path| all.iter().all(|wanted| wanted.path != *path)) else {
            continue;
        };
        all.push(Wanted {
            path,
            form: Agent::form(path),
            pieces: Vec::new(),
        });
    }
    for wanted in all {
        let done = again(|| put_into(home, agent, &wanted, &mut said));
        match done {
            Ok(Done::Changed) if !is_undone => {
                said.lines.push(format!("~/{} is written", wanted.path))
            }
            Ok(_) => {}
            Err(error) => said
                .problems
                .push(format!("~/{} is left as it is: {error}", wanted.path)),
        }
    }
    if !is_undone {
        let instructions = Instructions::of(agent);
        match again(|| instructions.put(home, &mut said)) {
            Ok(_) => {}
            Err(error) => said
                .problems
                .push(format!("~/{} is left as it is: {error}", instructions.path)),
        }
    }
    Ok(said)
}

/// One file.
fn put_into(home: &Path, agent: Agent, wanted: &Wanted, said: &mut Said) -> Result<Done, Error> {
    let mut notes = read_notes(home, agent)?;
    let noted = notes.get(wanted.path).cloned().unwrap_or_default();
    let path = home.join(wanted.path);
    if !path.exists() && wanted.pieces.is_empty() {
        return forget(home, agent, wanted.path);
    }
    if let Some(folder) = path.parent() {
        home::make(home, folder).map_err(file::Error::from)?;
    }
    let held = Held::read(&path)?;
    let kept = keep(wanted.form, held.text(), &noted, &wanted.pieces)?;
    said.lines.extend(
        kept.theirs
            .iter()
            .map(|name| format!("{name} in ~/{} is yours, and is kept", wanted.path)),
    );
    let gone: Vec<_> = noted
        .pieces
        .iter()
        .filter(|put| !kept.noted.pieces.contains(put))
        .cloned()
        .collect();
    let mut before = kept.noted.clone();
    before.pieces.extend(gone);
    if before != noted {
        notes.insert(wanted.path.to_owned(), before.clone());
        write_notes(home, agent, &notes)?;
    }
    let done = match &kept.text {
        text if text.as_deref() == held.text() => Done::Same,
        None => {
            held.remove()?;
            Done::Changed
        }
        Some(text) => {
            held.replace_for(text, Reach::AsBefore)?;
            Done::Changed
        }
    };
    drop(held);
    if kept.noted.pieces.is_empty() {
        return forget(home, agent, wanted.path).map(|_| done);
    }
    if kept.noted != before {
        notes.insert(wanted.path.to_owned(), kept.noted);
        write_notes(home, agent, &notes)?;
    }
    Ok(done)
}

fn forget(home: &Path, agent: Agent, path: &str) -> Result<Done, Error> {
    let mut notes = read_notes(home, agent)?;
    if notes.remove(path).is_some() {
        write_notes(home, agent, &notes)?;
    }
    Ok(Done::Same)
}

pub(super) fn notes_folder(home: &Path) -> PathBuf {
    home::shelf(home, "settings")
}

pub(super) fn notes_path(home: &Path, agent: Agent) -> PathBuf {
    notes_folder(home).join(format!("{}.json", agent.id()))
}

pub(super) fn read_notes(home: &Path, agent: Agent) -> Result<Notes, Error> {
    let held = Held::read(&notes_path(home, agent))?;
    match held.text() {
        None => Ok(Notes::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| Left::unreadable("JSON").into()),
    }
}

fn write_notes(home: &Path, agent: Agent, notes: &Notes) -> Result<(), Error> {
    home::make(home, &notes_folder(home)).map_err(file::Error::from)?;
    let text = serde_json::to_string_pretty(notes).map_err(|_| Left::unreadable("JSON"))?;
    let held = Held::read(&notes_path(home, agent))?;
    Ok(held.replace(&(text + "\n"))?)
}

/// Tries again what somebody else changed at the same moment.
fn again(mut what: impl FnMut() -> Result<Done, Error>) -> Result<Done, Error> {
    let mut attempt = 1;
    loop {
        match what() {
            Err(Error::File(file::Error::Changed)) if attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

pub(super) fn left(path: &Path, error: &Error) -> Failed {
    Failed::for_good(format!("{} is left as it is: {error}", path.display()))
}
