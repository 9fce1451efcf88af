//! Where a file lies below a root, here and there alike. What could lead out of the root, or into a repository's own
//! folder, is no place.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Longest, bytes: what Linux takes for a path.
const LONGEST: usize = 4096;
/// What git keeps for itself, and what no store may have: it would come back as a repository that runs hooks.
const GIT: &str = ".git";

/// A path of names with `/` between, below some root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place(String);

/// A path that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlace {
    /// It leads elsewhere, or nowhere.
    #[error("{0:?} is no path below a folder")]
    Elsewhere(String),
    /// It leads into a repository's own folder.
    #[error("{0:?} is git's own")]
    Git(String),
    /// The store knows text alone.
    #[error("{0:?} is not UTF-8")]
    NotText(PathBuf),
}

impl Place {
    /// A path, if it stays below its root.
    pub fn parse(text: &str) -> Result<Self, BadPlace> {
        let is_name = |part: &str| !["", ".", ".."].contains(&part) && !part.contains('\0');
        if text.len() > LONGEST || !text.split('/').all(is_name) {
            return Err(BadPlace::Elsewhere(text.to_owned()));
        }
        if text.split('/').any(|part| part.eq_ignore_ascii_case(GIT)) {
            return Err(BadPlace::Git(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// A relative path of the file system.
    pub fn of(path: &Path) -> Result<Self, BadPlace> {
        let elsewhere = || BadPlace::Elsewhere(path.to_string_lossy().into_owned());
        let mut parts = Vec::new();
        for part in path.components() {
            let Component::Normal(part) = part else {
                return Err(elsewhere());
            };
            let part = part.to_str();
            parts.push(part.ok_or_else(|| BadPlace::NotText(path.to_owned()))?);
        }
        Self::parse(&parts.join("/"))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A place below this one.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{self}/{below}"))
    }

    /// What is left of it below another.
    pub fn within(&self, above: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(&above.0)?.strip_prefix('/')?;
        Some(Self(rest.to_owned()))
    }

    /// The folders that it is in, the nearest first.
    pub fn folders(&self) -> impl Iterator<Item = Self> + '_ {
        let ends = self.0.rmatch_indices('/').map(|(at, _)| at);
        ends.map(|end| Self(self.0[..end].to_owned()))
    }

    /// Its last name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The same place with another last name, which is one.
    #[must_use]
    pub(crate) fn beside(&self, name: &str) -> Self {
        match self.0.rsplit_once('/') {
            Some((folder, _)) => Self(format!("{folder}/{name}")),
            None => Self(name.to_owned()),
        }
    }

    /// Where it is below a folder of the file system.
    pub fn below(&self, root: &Path) -> PathBuf {
        root.join(&self.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Place {
    type Error = BadPlace;

    fn try_from(text: String) -> Result<Self, BadPlace> {
        Self::parse(&text)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_never_leads_out_nor_into_a_repository() {
        for fine in ["a", "a/b.txt", ".bash_history", "a/.github/x", "a b/ü"] {
            assert_eq!(Place::parse(fine).unwrap().as_str(), fine);
        }
        for bad in [
            "", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\0b", ".git", "a/.GIT/x",
        ] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
        assert!(Place::of(Path::new("/etc/passwd")).is_err());
        assert!(Place::parse(&"a/".repeat(3000)).is_err());
    }

    #[test]
    fn places_are_taken_apart_and_put_together() {
        let of = |text| Place::parse(text).unwrap();
        let all: Vec<_> = of("a/b/c").folders().collect();
        assert_eq!(all, [of("a/b"), of("a")]);
        assert_eq!(of("a/b/c").within(&of("a")), Some(of("b/c")));
        assert_eq!(of("ab/c").within(&of("a")), None);
        assert_eq!(of("a").join(&of("b")), of("a/b"));
        assert_eq!(of("a/b").beside("c"), of("a/c"));
        assert_eq!(of("b").beside("c"), of("c"));
        assert_eq!(of("a/b").name(), "b");
    }
}
