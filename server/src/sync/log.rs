//! What came of carrying projects, for people: a file that programs append to, each whole lines at once, and that never
//! grows large.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// Its name in the state folder.
const FILE: &str = "sync.log";
/// From this size on the older half goes, bytes.
const LARGEST: usize = 128 * 1024;
/// What is shown of it, bytes.
const SHOWN: usize = 16 * 1024;

pub(super) fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

/// Appends lines, each with the time and the project.
pub(super) fn write(state_dir: &Path, project: &str, lines: &[String]) -> io::Result<()> {
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    let now = now.format("%Y-%m-%d %H:%M:%SZ");
    let mut text = String::new();
    for line in lines {
        // One line each, whatever is in a file's name.
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        text += &format!("{now} {project}: {line}\n");
    }
    let path = path(state_dir);
    let mut options = OpenOptions::new();
    let options = options.create(true).append(true).mode(0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    shorten(&path)
}

/// Programs that write at the same moment may lose a line to this, and nothing else.
fn shorten(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.len() < LARGEST as u64 {
        return Ok(());
    }
    let text = fs::read(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(last(&text, LARGEST / 2))?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The last lines; nothing where nothing was carried yet.
pub(super) fn read(state_dir: &Path) -> String {
    let text = fs::read(path(state_dir)).unwrap_or_default();
    String::from_utf8_lossy(last(&text, SHOWN)).into_owned()
}

/// Whole lines at the end, no more bytes than so many.
fn last(text: &[u8], most: usize) -> &[u8] {
    let from = text.len().saturating_sub(most);
    if from == 0 {
        return text;
    }
    let line = text[from..].iter().position(|byte| *byte == b'\n');
    &text[line.map_or(text.len(), |line| from + line + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_lines_and_never_large() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), "");
        write(folder.path(), "one", &["two\nlines".to_owned()]).unwrap();
        assert!(read(folder.path()).ends_with("Z one: twolines\n"));
        let many = vec!["x".repeat(1000); 200];
        write(folder.path(), "one", &many).unwrap();
        let size = fs::metadata(path(folder.path())).unwrap().len();
        assert!(size <= LARGEST as u64 / 2, "{size}");
        let shown = read(folder.path());
        assert!(shown.len() <= SHOWN && shown.starts_with("20"), "{shown}");
    }
}
