//! Files, notebooks and folders of the workspace: what may stand where, and what is refused. Knows no HTTP beyond that.

pub(crate) mod api;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Refusal;

/// Largest file that is taken, bytes.
const MAX_FILE: usize = 10 * 1024 * 1024;
/// What a notebook begins with as source.
const NOTEBOOK: &str = "Databricks notebook source";
/// Languages of notebooks: name, ending, beginning of a comment.
const LANGUAGES: [(&str, &str, &str); 4] = [
    ("PYTHON", "py", "#"),
    ("SQL", "sql", "--"),
    ("SCALA", "scala", "//"),
    ("R", "r", "#"),
];

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Folder,
    File,
    /// By the place of its language.
    Notebook(usize),
}

impl What {
    fn name(&self) -> &'static str {
        match self {
            Self::Folder => "DIRECTORY",
            Self::File => "FILE",
            Self::Notebook(_) => "NOTEBOOK",
        }
    }
}

#[derive(Debug)]
struct Object {
    what: What,
    id: u64,
    bytes: Vec<u8>,
    made_ms: u64,
    changed_ms: u64,
}

/// What is to be put somewhere.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) language: Option<String>,
    pub(crate) overwrite: bool,
    pub(crate) bytes: Vec<u8>,
}

/// All of them, by path.
#[derive(Debug)]
pub struct Files {
    objects: BTreeMap<String, Object>,
    ids: u64,
}

/// A path as it is kept: whole, and without what all of them may begin with.
pub(crate) fn path(text: &str) -> Result<String, Refusal> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(Refusal::invalid(&format!(
            "Path ({text}) doesn't start with '/'"
        )));
    };
    let mut segments: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    if segments.iter().any(|part| [".", ".."].contains(part)) {
        return Err(Refusal::invalid(&format!("Path ({text}) is invalid")));
    }
    if segments.first() == Some(&"Workspace") {
        segments.remove(0);
    }
    Ok(format!("/{}", segments.join("/")))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// Refuses what is somebody else's.
pub(crate) fn allow(who: &str, path: &str) -> Result<(), Refusal> {
    let home = path.strip_prefix("/Users/").unwrap_or(who);
    match home.split('/').next() {
        Some(owner) if owner != who => Err(Refusal::forbidden(&format!(
            "{who} does not have permission for {path}. Please contact the owner or an administrator for access."
        ))),
        _ => Ok(()),
    }
}

/// Refuses to change what is nobody's.
pub(crate) fn allow_change(who: &str, path: &str) -> Result<(), Refusal> {
    allow(who, path)?;
    let is_root = ["/", "/Users", "/Shared"].contains(&path);
    let is_somewhere = path.starts_with("/Users/") || path.starts_with("/Shared/");
    if is_root || !is_somewhere {
        return Err(Refusal::forbidden(&format!("{who} may not change {path}")));
    }
    Ok(())
}

fn exists(path: &str) -> Refusal {
    let message = format!("Path ({path}) already exists.");
    Refusal::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", &message)
}

fn missing(path: &str) -> Refusal {
    Refusal::missing(&format!("Path ({path}) doesn't exist."))
}

impl Files {
    pub(crate) fn new(now_ms: u64) -> Self {
        let mut files = Self {
            objects: BTreeMap::new(),
            ids: 0,
        };
        for path in ["/", "/Users", "/Shared"] {
            files.put(path, What::Folder, Vec::new(), now_ms);
        }
        files
    }

    /// Somebody's own folder, which is there from now on.
    pub(crate) fn home(&mut self, who: &str, now_ms: u64) {
        let path = format!("/Users/{who}");
        if !self.objects.contains_key(&path) {
            self.put(&path, What::Folder, Vec::new(), now_ms);
        }
    }

    fn put(&mut self, path: &str, what: What, bytes: Vec<u8>, now_ms: u64) {
        self.ids += 1;
        let (id, made_ms) = match self.objects.get(path) {
            Some(before) => (before.id, before.made_ms),
            None => (self.ids, now_ms),
        };
        let object = Object {
            what,
            id,
            bytes,
            made_ms,
            changed_ms: now_ms,
        };
        self.objects.insert(path.to_owned(), object);
    }

    fn described(path: &str, object: &Object) -> Value {
        let mut told = json!({
            "object_type": object.what.name(),
            "path": path,
            "object_id": object.id,
            "resource_id": object.id.to_string(),
        });
        match object.what {
            What::Folder => {}
            What::File => {
                told["size"] = object.bytes.len().into();
                told["created_at"] = object.made_ms.into();
                told["modified_at"] = object.changed_ms.into();
            }
            What::Notebook(language) => told["language"] = LANGUAGES[language].0.into(),
        }
        told
    }

    /// A folder and those above it; those that are there stay.
    pub(crate) fn mkdirs(&mut self, path: &str, now_ms: u64) -> Result<(), Refusal> {
        let ends = path.match_indices('/').skip(1).map(|(at, _)| at);
        let wanted: Vec<&str> = ends.chain([path.len()]).map(|end| &path[..end]).collect();
        for path in wanted {
            match self.objects.get(path).map(|object| &object.what) {
                Some(What::Folder) => {}
                Some(_) => return Err(exists(path)),
                None => self.put(path, What::Folder, Vec::new(), now_ms),
            }
        }
        Ok(())
    }

    /// Puts a file or a notebook somewhere.
    pub(crate) fn import(&mut self, import: Import, now_ms: u64) -> Result<(), Refusal> {
        let size = import.bytes.len();
        if size > MAX_FILE {
            let message = format!(
                "File size imported is ({size} bytes), exceeded max size ({MAX_FILE} bytes)"
            );
            let code = "MAX_NOTEBOOK_SIZE_EXCEEDED";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, &message));
        }
        let (path, what, bytes) =
            understood(import.path, &import.format, import.language, import.bytes)?;
        let above = self.objects.get(parent(&path)).map(|object| &object.what);
        if above != Some(&What::Folder) {
            let message = format!("The parent folder ({}) does not exist.", parent(&path));
            return Err(Refusal::missing(&message));
        }
        if let Some(before) = self.objects.get(&path) {
            if !import.overwrite || before.what == What::Folder {
                return Err(exists(&path));
            }
            if before.what.name() != what.name() {
                return Err(Refusal::invalid(&format!(
                    "Cannot overwrite the asset at {path} due to type mismatch (asked: {}, actual: {})",
                    what.name(),
                    before.what.name()
                )));
            }
        }
        self.put(&path, what, bytes, now_ms);
        Ok(())
    }

    /// What a file or a notebook holds, and the ending that it would have.
    pub(crate) fn export(&self, path: &str, format: &str) -> Result<(Vec<u8>, String), Refusal> {
        let object = self.objects.get(path).ok_or_else(|| missing(path))?;
        known_format(format)?;
        match object.what {
            What::Folder => Err(Refusal::invalid(&format!(
                "{path} is a directory, and directories are not exported here"
            ))),
            What::File => {
                let name = path.rsplit('/').next().unwrap_or_default();
                let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                Ok((object.bytes.clone(), ending.to_owned()))
            }
            What::Notebook(language) => {
                let (_, ending, comment) = LANGUAGES[language];
                let mut source = format!("{comment} {NOTEBOOK}\n").into_bytes();
                source.extend(&object.bytes);
                Ok((source, ending.to_owned()))
            }
        }
    }

    /// What a file holds, if it is one and holds text.
    pub fn text(&self, path: &str) -> Option<String> {
        let object = self.objects.get(path)?;
        let text = String::from_utf8(object.bytes.clone()).ok();
        text.filter(|_| object.what == What::File)
    }

    /// What stands at a path.
    pub(crate) fn status(&self, path: &str) -> Result<Value, Refusal> {
        let object = self.objects.get(path).ok_or_else(|| missing(path))?;
        Ok(Self::described(path, object))
    }

    /// What stands in a folder; a file is listed alone.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>, Refusal> {
        let object = self.objects.get(path).ok_or_else(|| missing(path))?;
        if object.what != What::Folder {
            return Ok(vec![Self::described(path, object)]);
        }
        let within = self.objects.iter();
        let within = within.filter(|(known, _)| *known != "/" && parent(known) == path);
        Ok(within
            .map(|(path, object)| Self::described(path, object))
            .collect())
    }

    /// Takes something away; a folder with what is in it only if that is wanted.
    pub(crate) fn delete(&mut self, path: &str, is_recursive: bool) -> Result<(), Refusal> {
        if !self.objects.contains_key(path) {
            return Err(missing(path));
        }
        let below = format!("{path}/");
        let is_below = |known: &String| known.starts_with(&below);
        if !is_recursive && self.objects.keys().any(is_below) {
            let message = format!("Folder ({path}) is not empty");
            let code = "DIRECTORY_NOT_EMPTY";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, &message));
        }
        self.objects
            .retain(|known, _| known != path && !is_below(known));
        Ok(())
    }
}

/// Formats that are known here; others that the real one knows are named as what they are.
fn known_format(format: &str) -> Result<(), Refusal> {
    match format {
        "AUTO" | "RAW" | "SOURCE" => Ok(()),
        "HTML" | "JUPYTER" | "DBC" | "R_MARKDOWN" => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NOT_IMPLEMENTED",
            "the double knows AUTO, RAW and SOURCE alone",
        )),
        _ => Err(Refusal::invalid(&format!("Unknown format: {format}"))),
    }
}

/// What an import comes to: where it is put, as what, and what of it is kept.
fn understood(
    path: String,
    format: &str,
    language: Option<String>,
    bytes: Vec<u8>,
) -> Result<(String, What, Vec<u8>), Refusal> {
    known_format(format)?;
    let rest = |language: usize| {
        let head = format!("{} {NOTEBOOK}", LANGUAGES[language].2);
        let rest = bytes.strip_prefix(head.as_bytes())?;
        Some(rest.strip_prefix(b"\n").unwrap_or(rest).to_vec())
    };
    match format {
        "SOURCE" => {
            let Some(language) = language else {
                let message = "The language has to be set for the format SOURCE";
                return Err(Refusal::invalid(message));
            };
            let known = LANGUAGES.iter().position(|(name, ..)| *name == language);
            let Some(known) = known else {
                return Err(Refusal::invalid(&format!("Unknown language: {language}")));
            };
            let kept = rest(known);
            Ok((path, What::Notebook(known), kept.unwrap_or(bytes)))
        }
        "AUTO" => {
            let lower = path.to_lowercase();
            let by_ending =
                |(_, ending, _): &(&str, &str, &str)| lower.ends_with(&format!(".{ending}"));
            let found = LANGUAGES.iter().position(by_ending);
            match found.and_then(|language| Some((language, rest(language)?))) {
                Some((language, kept)) => {
                    let bare = path.rsplit_once('.').map(|(bare, _)| bare.to_owned());
                    Ok((bare.unwrap_or(path), What::Notebook(language), kept))
                }
                None => Ok((path, What::File, bytes)),
            }
        }
        _ => Ok((path, What::File, bytes)),
    }
}
