//! Places of ours in the user's home, what is said of them, and what of the environment tools get there. Folders that were
//! made are noted, so that undoing leaves none.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use crate::run::Failed;

/// Where programs are linked.
const BIN: &str = ".local/bin";
/// Where they are.
const OURS: &str = ".local/share/bowline";
/// Which folders were not there before, a line each, below the home.
const MADE: &str = "made";
/// How folders and files begin that are not finished, or not needed any more.
pub(super) const UNFINISHED: &str = ".unfinished-";
/// Longest reason that is passed on of what a program says, characters.
const REASON: usize = 300;

/// Passed on by name. Of secrets only npm's and uv's own, which they are given to reach their registries.
const NAMES: [&str; 21] = [
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "TZ",
    "TMPDIR",
    // By which git's helper finds the server.
    "BOWLINE_BIN",
    "BOWLINE_SOCKET",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NPM_TOKEN",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_PYTHON",
    "no_proxy",
];

/// Whether a variable is passed on to tools: what names places, languages, proxies and npm's settings.
pub(super) fn is_for_tools(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    NAMES.contains(&name)
        || name.starts_with("LC_")
        || name.starts_with("XDG_")
        || lower.ends_with("_proxy")
        || lower.starts_with("npm_config_")
}

/// By these, programs that make files at every start make them elsewhere: somebody only asks them something.
pub(super) fn apart(folder: &Path) -> Vec<(String, OsString)> {
    let names = ["CONFIG", "DATA", "CACHE", "STATE"];
    let pair = |name| (format!("XDG_{name}_HOME"), folder.as_os_str().to_owned());
    names.into_iter().map(pair).collect()
}

/// A `PATH` on which what is installed comes first.
pub fn path_with_ours(home: &Path, path: &OsStr) -> OsString {
    let ours = home.join(BIN);
    let others = std::env::split_paths(path).filter(|folder| *folder != ours);
    let others = others.filter(|folder| !folder.as_os_str().is_empty());
    let all: Vec<PathBuf> = std::iter::once(ours.clone()).chain(others).collect();
    // A home with a colon can't be on it.
    std::env::join_paths(all).unwrap_or_else(|_| path.to_owned())
}

/// Where programs are linked.
pub(super) fn bin(home: &Path) -> PathBuf {
    home.join(BIN)
}

/// Where programs of a kind are, such as `agents`.
pub(super) fn shelf(home: &Path, kind: &str) -> PathBuf {
    home.join(OURS).join(kind)
}

/// What is passed on of a program's words.
pub(super) fn short(said: &str) -> String {
    said.chars().take(REASON).collect()
}

/// Why nothing could be put there.
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err calls")]
pub(super) fn unwritable(error: io::Error) -> Failed {
    Failed::for_good(format!("cannot write below ~/.local: {}", error.kind()))
}

/// Writes a file of ours into a folder that is there: whole or not at all, as somebody may read it meanwhile, and not at all
/// if it says so already.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let mut fresh = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(path.parent().unwrap_or(path))?;
    fresh.write_all(text.as_bytes())?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes a folder below the home, with those above it, and notes which.
pub(super) fn make(home: &Path, folder: &Path) -> io::Result<()> {
    let mut missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|above| *above != home && !above.is_dir())
        .collect();
    missing.reverse();
    let mut made = Vec::new();
    for folder in missing {
        match DirBuilder::new().mode(0o755).create(folder) {
            Ok(()) => made.extend(folder.strip_prefix(home).ok()),
            // Another step was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    note(home, &made)
}

fn note(home: &Path, made: &[&Path]) -> io::Result<()> {
    if made.is_empty() {
        return Ok(());
    }
    make(home, &home.join(OURS))?;
    let mut lines = String::new();
    for folder in made.iter().filter_map(|folder| folder.to_str()) {
        lines += folder;
        lines.push('\n');
    }
    let mut options = OpenOptions::new();
    let options = options.create(true).append(true).mode(0o600);
    // At once, so that those of several steps don't mix.
    options
        .open(home.join(OURS).join(MADE))?
        .write_all(lines.as_bytes())
}

/// Removes the folders that were made, as far as nothing is in them.
pub(super) fn forget(home: &Path) {
    let list = home.join(OURS).join(MADE);
    let Ok(made) = fs::read_to_string(&list) else {
        return;
    };
    let mut made: Vec<&Path> = made.lines().map(Path::new).collect();
    // Deepest first.
    made.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    made.dedup();
    let _ = fs::remove_file(&list);
    for folder in made {
        let is_below = folder
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if is_below && folder.components().next().is_some() {
            // One in which something is stays.
            let _ = fs::remove_dir(home.join(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_comes_first_and_once() {
        let home = Path::new("/home/ana");
        let path = path_with_ours(home, OsStr::new("/usr/bin:/home/ana/.local/bin::/bin"));
        assert_eq!(path, "/home/ana/.local/bin:/usr/bin:/bin");
        assert_eq!(path_with_ours(home, OsStr::new("")), "/home/ana/.local/bin");
    }

    #[test]
    fn tools_get_no_secret_but_those_of_registries() {
        for name in [
            "npm_config_registry",
            "NPM_CONFIG_CAFILE",
            "HTTPS_PROXY",
            "LC_ALL",
        ] {
            assert!(is_for_tools(name), "{name}");
        }
        for name in [
            "DATABRICKS_TOKEN",
            "BOWLINE_TOKEN",
            "GIT_TOKEN",
            "UV_PUBLISH_TOKEN",
            "ANTHROPIC_API_KEY",
        ] {
            assert!(!is_for_tools(name), "{name}");
        }
    }

    #[test]
    fn folders_that_were_made_go_again_and_others_stay() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::create_dir(home.join(".local")).unwrap();
        make(home, &bin(home)).unwrap();
        make(home, &shelf(home, "agents")).unwrap();
        make(home, &shelf(home, "agents")).unwrap();
        fs::write(bin(home).join("mine"), "").unwrap();
        forget(home);
        let left: Vec<_> = fs::read_dir(home.join(".local")).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert!(bin(home).join("mine").exists());
        fs::remove_file(bin(home).join("mine")).unwrap();
        forget(home);
        assert!(bin(home).is_dir(), "nobody knows any more that it was made");
    }
}
