//! A repository below the projects folder: which it is, and which of its files are carried. git itself says what is
//! ignored.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use tokio::process::Command;

use crate::place::{BadPlace, Place};

/// Where projects are, below the home; there and in a store.
pub(super) const PROJECTS: &str = "projects";
/// What of a project is not for a workspace, though git has it; the Databricks CLI's file of that name, too.
const IGNORE: &str = ".databricksignore";
/// Files of a project that are carried; more are a mistake, such as a folder of packages that nobody ignores.
const MOST: usize = 20_000;

/// Why a folder is no project.
#[derive(Debug, thiserror::Error)]
pub enum NotAProject {
    /// git knows nothing of it.
    #[error("{0} is in no git repository")]
    NoRepository(PathBuf),
    /// Elsewhere.
    #[error("{0} is not below ~/{PROJECTS}: nothing else is carried")]
    Elsewhere(PathBuf),
    /// A folder of packages, probably.
    #[error(
        "it has {0} files, and no more than {MOST} are carried: name some in .gitignore or {IGNORE}"
    )]
    TooMany(usize),
    /// git failed.
    #[error("git {0} failed: {1}")]
    Git(&'static str, String),
    /// An ignore file that makes no sense.
    #[error("{IGNORE}: {0}")]
    Ignore(ignore::Error),
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Project {
    pub(super) root: PathBuf,
    /// Below the projects folder.
    pub(super) name: Place,
    /// By which two of one name are told apart.
    pub(super) identity: String,
}

/// What of it is carried.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) places: Vec<Place>,
    /// What isn't, and why.
    pub(super) left: Vec<String>,
}

impl Project {
    /// The repository that a folder is in, if it lies below `~/projects`.
    pub async fn find(home: &Path, folder: &Path) -> Result<Self, super::Error> {
        let (root, name) = Self::place(home, folder).await?;
        let identity = identity(&root).await;
        Ok(Self {
            root,
            name,
            identity,
        })
    }

    /// Where that repository is. Asks git one thing, so it is quick.
    pub async fn root_of(home: &Path, folder: &Path) -> Result<PathBuf, super::Error> {
        Self::place(home, folder).await.map(|(root, _)| root)
    }

    async fn place(home: &Path, folder: &Path) -> Result<(PathBuf, Place), super::Error> {
        let nowhere = |_| NotAProject::NoRepository(folder.to_owned());
        let root = git(folder, "rev-parse", &["--show-toplevel"]).await;
        let root = Path::new(OsStr::from_bytes(line(&root.map_err(nowhere)?))).canonicalize()?;
        // Both without links: else one could lead out.
        let projects = home.join(PROJECTS).canonicalize();
        let elsewhere = || NotAProject::Elsewhere(root.clone());
        let below = projects.ok().and_then(|projects| {
            let below = root.strip_prefix(projects).ok()?;
            Some(below.to_owned())
        });
        let name = Place::of(&below.ok_or_else(elsewhere)?).map_err(|error| match error {
            BadPlace::Elsewhere(_) => elsewhere().into(),
            error => super::Error::Place(error),
        })?;
        Ok((root, name))
    }

    /// Its name, as it is below the projects folder.
    pub fn name(&self) -> &Place {
        &self.name
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its files: those that git has, or would take up.
    pub(super) async fn files(&self) -> Result<Files, super::Error> {
        let asked = ["-z", "--cached", "--others", "--exclude-standard"];
        let listed = git(&self.root, "ls-files", &asked).await?;
        let mut paths: Vec<&Path> = listed
            .split(|byte| *byte == 0)
            .filter(|path| !path.is_empty())
            .map(|path| Path::new(OsStr::from_bytes(path)))
            .collect();
        // One with a conflict is listed for each side.
        paths.sort();
        paths.dedup();
        let ignored = Ignored::read(&self.root, &paths)?;
        let mut files = Files::default();
        for path in paths {
            if ignored.has(path) {
                continue;
            }
            match Place::of(path) {
                Ok(place) if place.as_str() == super::index::NAME => {}
                Ok(place) => files.places.push(place),
                Err(error) => files.left.push(error.to_string()),
            }
        }
        match files.places.len() {
            count if count > MOST => Err(NotAProject::TooMany(count).into()),
            _ => Ok(files),
        }
    }

    /// What is checked out, for people.
    pub(super) async fn head(&self) -> Option<String> {
        let asked = ["--always", "--abbrev=12"];
        let head = git(&self.root, "describe", &asked).await.ok()?;
        Some(String::from_utf8_lossy(line(&head)).into_owned())
    }
}

/// Whether a repository has changes that are not committed.
pub(super) async fn is_dirty(root: &Path) -> Result<bool, NotAProject> {
    let told = git(root, "status", &["--porcelain", "-z"]).await?;
    Ok(!told.is_empty())
}

/// Where it comes from, without what may be secret; else its first commit.
async fn identity(root: &Path) -> String {
    let origin = git(root, "config", &["--get", "remote.origin.url"]).await;
    if let Ok(origin) = origin
        && let Ok(origin) = std::str::from_utf8(line(&origin))
        && !origin.is_empty()
    {
        return bare(origin);
    }
    let first = git(root, "rev-list", &["--max-parents=0", "HEAD"]).await;
    let first = first.unwrap_or_default();
    // Several, where histories were joined: the last is the oldest.
    let first = String::from_utf8_lossy(&first);
    first.lines().last().unwrap_or_default().to_owned()
}

/// An address without a user, a password, or what git adds or leaves out.
fn bare(address: &str) -> String {
    let address = match url::Url::parse(address) {
        Ok(mut url) => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        }
        Err(_) => address.to_owned(),
    };
    let address = address.trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address).to_owned()
}

fn line(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}

/// Asks git about a repository. What git tells the hooks of one that commits is not for another.
async fn git(root: &Path, what: &'static str, arguments: &[&str]) -> Result<Vec<u8>, NotAProject> {
    let mut command = Command::new("git");
    let ours: Vec<OsString> = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.as_bytes().starts_with(b"GIT_"))
        .collect();
    for name in ours {
        command.env_remove(name);
    }
    command
        .arg("-C")
        .arg(root)
        .arg(what)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let failed = |said: &str| NotAProject::Git(what, said.trim().to_owned());
    let output = command
        .output()
        .await
        .map_err(|error: io::Error| failed(&error.to_string()))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(failed(&String::from_utf8_lossy(&output.stderr))),
    }
}

/// What the ignore files of a project name, each for its own folder.
struct Ignored(Vec<(PathBuf, Gitignore)>);

impl Ignored {
    fn read(root: &Path, paths: &[&Path]) -> Result<Self, NotAProject> {
        let is_one = |path: &&&Path| path.file_name() == Some(OsStr::new(IGNORE));
        let mut all = Vec::new();
        for path in paths.iter().filter(is_one) {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            let mut builder = GitignoreBuilder::new(&folder);
            if let Some(error) = builder.add(root.join(path)) {
                return Err(NotAProject::Ignore(error));
            }
            let matcher = builder.build().map_err(NotAProject::Ignore)?;
            all.push((folder, matcher));
        }
        // The nearest one counts.
        all.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.components().count()));
        Ok(Self(all))
    }

    fn has(&self, path: &Path) -> bool {
        let said = self.0.iter().find_map(|(folder, matcher)| {
            let below = path.strip_prefix(folder).ok()?;
            let said = matcher.matched_path_or_any_parents(below, false);
            (!said.is_none()).then(|| said.is_ignore())
        });
        said.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_repository_comes_from_is_told_without_secrets() {
        for (address, expected) in [
            (
                "https://ana:secret@git.example/one.git",
                "https://git.example/one",
            ),
            ("https://git.example/one/", "https://git.example/one"),
            ("git@git.example:team/one.git", "git@git.example:team/one"),
            ("/srv/one.git", "/srv/one"),
        ] {
            assert_eq!(bare(address), expected);
        }
    }
}
