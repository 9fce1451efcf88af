//! The versions of one program in the user's home, `~/.local/share/bowline/KIND/NAME/VERSION`, and the link in `~/.local/bin`
//! that leads to one of them. A version is made beside its place, and only then put there; the link is exchanged at once. So
//! whenever this is ended, what was there works as before. A program there that isn't ours is never touched.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use super::Undone;
use super::home::{self, UNFINISHED, unwritable};
use crate::run::{Answer, Call, Failed, Job, Shown};

/// Between two looks whether another process has finished with the same program.
const LOOK: Duration = Duration::from_millis(500);
/// Within a program's folder; who holds it may change what is there.
const LOCK: &str = ".lock";

/// Whose the program in `~/.local/bin` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// Nobody's.
    Free,
    /// Ours, of this version.
    Ours(String),
    /// Somebody else's.
    Theirs,
}

/// Where one program's versions and its link are.
#[derive(Debug, Clone)]
pub(super) struct Versions {
    home: PathBuf,
    folder: PathBuf,
    linked: PathBuf,
}

impl Versions {
    /// Of a kind of programs, such as `agents`.
    pub(super) fn new(home: &Path, kind: &str, id: &str, binary: &str) -> Self {
        Self {
            home: home.to_owned(),
            folder: home::shelf(home, kind).join(id),
            linked: home::bin(home).join(binary),
        }
    }

    /// Where the program is linked.
    pub(super) fn linked(&self) -> &Path {
        &self.linked
    }

    /// Where a version has its place.
    pub(super) fn place(&self, version: &str) -> PathBuf {
        self.folder.join(version)
    }

    /// Whose the program is.
    pub(super) fn link(&self) -> Result<Link, Failed> {
        let to = match fs::read_link(&self.linked) {
            Ok(to) => to,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Link::Free),
            // No link: a program.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(Link::Theirs),
            Err(error) => return Err(unwritable(error)),
        };
        let version = to.strip_prefix(&self.folder).ok();
        let version = version.and_then(|rest| rest.components().next());
        let version = version.and_then(|part| part.as_os_str().to_str());
        Ok(match version {
            Some(version) => Link::Ours(version.to_owned()),
            None => Link::Theirs,
        })
    }

    /// Whether it is somebody else's, and then says so.
    pub(super) async fn is_theirs(&self, job: &Job) -> Result<bool, Failed> {
        let is_theirs = self.link()? == Link::Theirs;
        if is_theirs {
            let kept = format!("{} is not Bowline's, and is kept", self.linked.display());
            job.say(&kept).await;
        }
        Ok(is_theirs)
    }

    /// Waits until nobody else is at it, and makes a fresh folder for a version.
    pub(super) async fn begin(&self, job: &Job) -> Result<Attempt, Failed> {
        let lock = self.lock(job).await?;
        let there = self.link()?;
        let folder = self.folder.clone();
        let unfinished = job
            .blocking(move || fresh(&folder).map_err(unwritable))
            .await?;
        Ok(Attempt {
            unfinished,
            there,
            _lock: lock,
        })
    }

    /// Ours alone while what it returns lives.
    async fn lock(&self, job: &Job) -> Result<File, Failed> {
        home::make(&self.home, &self.folder).map_err(unwritable)?;
        let mut is_told = false;
        loop {
            if let Some(lock) = try_lock(&self.folder).map_err(unwritable)? {
                return Ok(lock);
            }
            if !is_told {
                job.say("another bowline installs this: waiting for it")
                    .await;
                is_told = true;
            }
            job.pause(LOOK).await?;
        }
    }

    /// Leads the link to a program of the version at a place, and removes those that nobody uses: the one before stays for
    /// programs that run.
    pub(super) async fn lead(
        &self,
        job: &Job,
        program: &Path,
        place: &Path,
        there: &Link,
    ) -> Result<(), Failed> {
        let (this, to) = (self.clone(), program.to_owned());
        let current = place.file_name().map(OsStr::to_owned);
        let mut kept: Vec<OsString> = current.into_iter().collect();
        if let Link::Ours(version) = there {
            kept.push(version.into());
        }
        let is_theirs = self.link()? == Link::Theirs;
        job.blocking(move || {
            if is_theirs {
                let path = this.linked.display();
                return Err(Failed::for_good(format!(
                    "{path} came up meanwhile, and is kept"
                )));
            }
            home::make(&this.home, &home::bin(&this.home)).map_err(unwritable)?;
            if fs::read_link(&this.linked).ok().as_ref() != Some(&to) {
                exchange(&this.linked, &to).map_err(unwritable)?;
                remove_all_but(&this.folder, &kept);
            }
            Ok(())
        })
        .await
    }

    /// Takes all of it out. Blocks.
    pub(super) fn undo(&self) -> Result<Undone, Failed> {
        if !self.folder.is_dir() {
            return Ok(Undone::Nothing);
        }
        let lock = try_lock(&self.folder).map_err(unwritable)?;
        if lock.is_none() {
            return Err(Failed::for_now("another bowline is installing it"));
        }
        if let Link::Ours(_) = self.link()? {
            fs::remove_file(&self.linked).map_err(unwritable)?;
        }
        fs::remove_dir_all(&self.folder).map_err(unwritable)?;
        Ok(Undone::Removed)
    }
}

/// A version that is being made. Nobody else is at the same program while it lives.
pub(super) struct Attempt {
    /// Where it is made.
    pub(super) unfinished: PathBuf,
    /// What was linked when it began.
    pub(super) there: Link,
    _lock: File,
}

impl Attempt {
    /// Puts what was made in its place. What is there is broken: it goes.
    pub(super) async fn put(&self, job: &Job, place: &Path) -> Result<(), Failed> {
        let (from, to) = (self.unfinished.clone(), place.to_owned());
        job.blocking(move || put(&from, &to).map_err(unwritable))
            .await
    }

    /// Leaves nothing that isn't finished, and says what is kept.
    pub(super) async fn finish<T>(self, job: &Job, done: Result<T, Failed>) -> Result<T, Failed> {
        let Self {
            unfinished, there, ..
        } = self;
        // Whatever became of it; what was finished lies elsewhere.
        let _ = job
            .blocking(move || Ok(fs::remove_dir_all(unfinished)))
            .await;
        match (done, there) {
            (Err(failed), Link::Ours(version)) => Err(Failed {
                message: format!("{}; {version} is kept", failed.message),
                ..failed
            }),
            (done, _) => done,
        }
    }
}

/// A fresh folder beside the versions, and none of those that were left behind.
fn fresh(folder: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let fresh = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder)?;
    Ok(fresh.keep())
}

fn put(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        let folder = to.parent().unwrap_or(to);
        let aside = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(folder)?;
        fs::rename(to, aside.path().join("broken"))?;
    }
    fs::rename(from, to)
}

/// Leads a link elsewhere, at once.
fn exchange(link: &Path, to: &Path) -> io::Result<()> {
    let folder = link.parent().unwrap_or(link);
    let beside = tempfile::Builder::new()
        .prefix(".bowline-")
        .make_in(folder, |path| std::os::unix::fs::symlink(to, path))?;
    // It is renamed: nothing is left to remove.
    beside
        .into_temp_path()
        .persist(link)
        .map_err(|error| error.error)
}

fn remove_all_but(folder: &Path, kept: &[OsString]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_version = !entry.file_name().to_string_lossy().starts_with('.');
        if is_version && !kept.contains(&entry.file_name()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn try_lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// The first program of a name on the path that is not in our folder of links.
pub(super) fn elsewhere(job: &Job, binary: &str) -> Option<PathBuf> {
    let ours = home::bin(job.home());
    let folders = std::env::split_paths(job.variable("PATH")?).filter(|folder| *folder != ours);
    let mut programs = folders.map(|folder| folder.join(binary));
    programs.find(|program| {
        let found = fs::metadata(program);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// A command of which nothing is shown.
pub(super) fn call<const N: usize>(
    program: impl AsRef<OsStr>,
    arguments: [&str; N],
    folder: &Path,
) -> Call {
    Call {
        program: program.as_ref().to_owned(),
        arguments: arguments.map(OsString::from).to_vec(),
        folder: folder.to_owned(),
        environment: Vec::new(),
        shown: Shown::Nothing,
    }
}

/// What a program says of its version: a line with a digit in it, and a good end.
pub(super) fn answer_of(name: &str, answer: &Answer) -> Result<String, Failed> {
    let line = answer
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let line = line.filter(|line| line.contains(|c: char| c.is_ascii_digit()));
    match (answer.status.success(), line) {
        (true, Some(line)) => Ok(home::short(line)),
        _ => {
            let last = answer.errors.last().map(|line| format!(" ({line})"));
            let last = last.unwrap_or_default();
            Err(Failed::for_good(format!(
                "{name} does not say its version{last}"
            )))
        }
    }
}

/// The first word that looks like a version.
pub(super) fn version_in(said: &str) -> Option<String> {
    let mut words = said.split_whitespace();
    let word = words.find(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    Some(word.trim_start_matches('v').to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn answer(text: &str) -> Answer {
        Answer {
            status: ExitStatus::from_raw(0),
            text: text.to_owned(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn a_version_is_what_a_program_says_in_a_line_with_a_digit() {
        assert_eq!(
            answer_of("x", &answer("\n2.1.0 (Claude Code)\n")).unwrap(),
            "2.1.0 (Claude Code)"
        );
        assert!(answer_of("x", &answer("hello\n")).is_err());
        assert_eq!(version_in("codex-cli 0.169.0").unwrap(), "0.169.0");
    }
}
