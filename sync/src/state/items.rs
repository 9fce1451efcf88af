//! Which files there are to keep. What isn't listed here is never written, whatever a store holds.

use std::fs;
use std::io;
use std::path::Path;

use crate::local::Stamp;
use crate::place::Place;

/// Histories of shells, below the home.
const HISTORIES: [&str; 3] = [
    ".bash_history",
    ".zsh_history",
    ".local/share/fish/fish_history",
];
/// Where Claude Code keeps what it knows of projects.
const PROJECTS: &str = ".claude/projects";
/// Of a project, what it is to remember.
const MEMORY: &str = "memory";
/// Files that are kept; further ones are not, and that is said.
pub(super) const MOST: usize = 2000;

/// How two contents of one file are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line after the other, each worth keeping.
    History,
    /// As a whole.
    Document,
}

/// What a file is, if it is to be kept.
pub(super) fn kind(place: &Place) -> Option<Kind> {
    if HISTORIES.contains(&place.as_str()) {
        return Some(Kind::History);
    }
    let rest = place.as_str().strip_prefix(PROJECTS)?.strip_prefix('/')?;
    let mut parts = rest.split('/').skip(1);
    let is_memory = parts.next() == Some(MEMORY) && parts.next().is_some();
    is_memory.then_some(Kind::Document)
}

/// A file that is here.
#[derive(Debug)]
pub(super) struct Here {
    pub(super) place: Place,
    pub(super) stamp: Stamp,
}

/// What is here.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) files: Vec<Here>,
    /// What is here and not carried: nobody may take it for removed.
    pub(super) apart: Vec<Place>,
    /// What can't be carried, and why.
    pub(super) left: Vec<String>,
}

/// Said of files that are beyond the bound.
pub(super) fn too_many(rest: usize) -> String {
    format!("{rest} files more than the {MOST} that are kept")
}

/// All files that are to be kept and are here. Blocks.
pub(super) fn scan(home: &Path) -> io::Result<Scan> {
    let mut scan = Scan::default();
    for history in HISTORIES {
        scan.take(home, &home.join(history))?;
    }
    for project in entries(&home.join(PROJECTS))? {
        scan.walk(home, &project.join(MEMORY))?;
    }
    if scan.files.len() > MOST {
        let rest = scan.files.split_off(MOST);
        scan.left.push(too_many(rest.len()));
        scan.apart.extend(rest.into_iter().map(|here| here.place));
    }
    Ok(scan)
}

impl Scan {
    fn walk(&mut self, home: &Path, folder: &Path) -> io::Result<()> {
        for path in entries(folder)? {
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => self.walk(home, &path)?,
                _ => self.take(home, &path)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, home: &Path, path: &Path) -> io::Result<()> {
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let below = path.strip_prefix(home).unwrap_or(path);
        match Place::of(below) {
            _ if below.file_name().is_some_and(is_unfinished) => {}
            Ok(place) if meta.is_file() => self.files.push(Here {
                place,
                stamp: Stamp::of(&meta),
            }),
            Ok(place) => {
                self.left.push(format!("{place}: no regular file"));
                self.apart.push(place);
            }
            Err(error) => self.left.push(error.to_string()),
        }
        Ok(())
    }
}

fn is_unfinished(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(crate::local::PREFIX)
}

/// What is in a folder, in the order of names; nothing if it is none.
fn entries(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = listed
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_set_apart_and_said() {
        let home = tempfile::tempdir().unwrap();
        let memory = home.path().join(".claude/projects/a/memory");
        fs::create_dir_all(&memory).unwrap();
        for number in 0..=MOST {
            fs::write(memory.join(number.to_string()), "x").unwrap();
        }
        let scan = scan(home.path()).unwrap();
        assert_eq!((scan.files.len(), scan.apart.len()), (MOST, 1));
        assert_eq!(scan.left, ["1 files more than the 2000 that are kept"]);
    }

    #[test]
    fn nothing_is_kept_but_histories_and_memory() {
        let of = |text| kind(&Place::parse(text).unwrap());
        assert_eq!(of(".bash_history"), Some(Kind::History));
        assert_eq!(
            of(".claude/projects/-home-a/memory/x.md"),
            Some(Kind::Document)
        );
        assert_eq!(
            of(".claude/projects/-home-a/memory/deep/x.md"),
            Some(Kind::Document)
        );
        for other in [
            ".bashrc",
            ".ssh/authorized_keys",
            "a/.bash_history",
            ".claude/projects/memory/x.md",
            ".claude/projects/-home-a/memory",
            ".claude/projects/-home-a/log.jsonl",
            ".claude/settings.json",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
