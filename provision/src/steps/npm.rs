//! Agents from the npm registry, without root: `~/.local/share/bowline/agents/NAME/VERSION`, and a link to the program in
//! `~/.local/bin`. A version is made beside its place, asked for its own, and only then put there; the link is exchanged
//! at once. So whenever this is ended, what was there works as before. A program there that isn't ours is never touched.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use super::agents::{Agent, Wanted, is_version};
use super::{Undone, home};
use crate::graph::Again;
use crate::run::{Answer, Call, Failed, Job, Later, Note, Shown, Task};

/// Between two looks whether another process has finished with the same agent.
const LOOK: Duration = Duration::from_millis(500);
/// How folders begin that are not finished, or not needed any more.
const UNFINISHED: &str = ".unfinished-";
/// Within an agent's folder; who holds it may change what is there.
const LOCK: &str = ".lock";
/// Longest reason that is passed on of what npm says, characters.
const REASON: usize = 300;

/// Whether npm is there, and a Node.js on which agents start.
pub(super) struct NodeAndNpm {
    pub(super) least: u32,
}

impl NodeAndNpm {
    async fn look(&self, job: &Job) -> Result<Note, Failed> {
        let advice = format!(
            "install Node.js {} or newer with npm, or put them on the server's PATH",
            self.least
        );
        let no = |error: &dyn std::fmt::Display| Failed::for_good(format!("{error}: {advice}"));
        let npm = job.run(call("npm", ["--version"], job.home()));
        let npm = npm.await.map_err(|error| no(&error))?;
        answer_of("npm", &npm).map_err(|failed| no(&failed))?;
        let node = job.run(call("node", ["--version"], job.home()));
        let node = node.await.map_err(|error| no(&error))?;
        let version = answer_of("node", &node).map_err(|failed| no(&failed))?;
        let major = version.trim_start_matches('v').split('.').next();
        let major = major.and_then(|major| major.parse::<u32>().ok());
        Ok(match major {
            Some(major) if major >= self.least => Note::Nothing,
            _ => Note::But(format!(
                "Node.js is {version}, too old for some agents: {advice}"
            )),
        })
    }
}

impl Task for NodeAndNpm {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.look(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let npm = job.run(call("npm", ["--version"], job.home())).await?;
            Ok(Some(answer_of("npm", &npm)?))
        })
    }
}

/// One agent.
pub(super) struct NpmAgent {
    pub(super) agent: Agent,
    pub(super) wanted: Wanted,
}

/// Whose the program in `~/.local/bin` is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// Nobody's.
    Free,
    /// Ours, of this version.
    Ours(String),
    /// Somebody else's.
    Theirs,
}

impl Task for NpmAgent {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.install(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let program = self.linked(job.home());
            let said = self.ask(job, &program).await?;
            Ok(Some(match self.link(job.home())? {
                Link::Ours(version) => version,
                // The first word that looks like one.
                Link::Free | Link::Theirs => version_in(&said).unwrap_or(said),
            }))
        })
    }
}

impl NpmAgent {
    async fn install(&self, job: &Job) -> Result<Note, Failed> {
        if self.link(job.home())? == Link::Theirs {
            let path = self.linked(job.home());
            let kept = format!("{} is not Bowline's, and is kept", path.display());
            job.say(&kept).await;
            return Ok(Note::Nothing);
        }
        let folder = self.folder(job.home());
        let _lock = self.lock(job).await?;
        let there = self.link(job.home())?;
        let unfinished = {
            let folder = folder.clone();
            job.blocking(move || begin(&folder)).await?
        };
        let done = self.install_in(job, &unfinished, &there).await;
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

    async fn install_in(&self, job: &Job, unfinished: &Path, there: &Link) -> Result<Note, Failed> {
        let version = match self.resolve(job, unfinished).await {
            Ok(version) => version,
            Err(failed) => {
                // Without the registry what is there is good enough, if it works.
                let Link::Ours(version) = there else {
                    return Err(failed);
                };
                self.ask(job, &self.linked(job.home())).await?;
                let Failed { message, .. } = failed;
                return Ok(Note::But(format!("{message}; {version} is kept")));
            }
        };
        let place = self.folder(job.home()).join(&version);
        let is_there = place.is_dir();
        if is_there && self.ask(job, &self.program_in(&place)).await.is_ok() {
            job.say(&format!("{version} is there already")).await;
        } else {
            self.fetch(job, unfinished, &version).await?;
            self.ask(job, &self.program_in(unfinished)).await?;
            let (from, to) = (unfinished.to_owned(), place.clone());
            job.blocking(move || put(&from, &to).map_err(in_the_home))
                .await?;
        }
        self.switch(job, &place, there).await?;
        Ok(Note::Nothing)
    }

    /// Which version it is to be.
    async fn resolve(&self, job: &Job, cache: &Path) -> Result<String, Failed> {
        let tag = match &self.wanted {
            Wanted::Exactly(version) => return Ok(version.clone()),
            Wanted::Tagged(tag) => tag,
        };
        let package = format!("{}@{tag}", self.agent.package);
        let arguments = ["view", &package, "version", "--json"];
        let answer = job.run(npm(arguments, cache, Shown::Errors)).await?;
        if !answer.status.success() {
            return Err(refused("the registry was asked in vain", &answer));
        }
        let said: Option<serde_json::Value> = serde_json::from_str(&answer.text).ok();
        let version = said.as_ref().and_then(|said| match said {
            serde_json::Value::Array(all) => all.last()?.as_str(),
            said => said.as_str(),
        });
        let version = version.filter(|version| is_version(version));
        let version = version.ok_or_else(|| {
            Failed::for_good(format!("the registry names no version of {package}"))
        })?;
        job.say(&format!("{package} is {version}")).await;
        Ok(version.to_owned())
    }

    async fn fetch(&self, job: &Job, into: &Path, version: &str) -> Result<(), Failed> {
        let package = format!("{}@{version}", self.agent.package);
        let prefix = into
            .to_str()
            .ok_or_else(|| Failed::for_good("the home is no text"))?;
        let arguments = [
            "install",
            "--prefix",
            prefix,
            "--global=false",
            "--save-exact",
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--loglevel=http",
            &package,
        ];
        let answer = job.run(npm(arguments, into, Shown::All)).await?;
        match answer.status.success() {
            true => Ok(()),
            false => Err(refused("npm could not install it", &answer)),
        }
    }

    /// Leads the link to a version, and removes those that nobody uses: the one before stays for programs that run.
    async fn switch(&self, job: &Job, place: &Path, there: &Link) -> Result<(), Failed> {
        let (home, folder) = (job.home().to_owned(), self.folder(job.home()));
        let (link, to) = (self.linked(&home), self.program_in(place));
        let current = place.file_name().map(OsStr::to_owned);
        let mut kept: Vec<OsString> = current.into_iter().collect();
        if let Link::Ours(version) = there {
            kept.push(version.into());
        }
        let is_theirs = self.link(&home)? == Link::Theirs;
        job.blocking(move || {
            if is_theirs {
                let path = link.display();
                return Err(Failed::for_good(format!(
                    "{path} came up meanwhile, and is kept"
                )));
            }
            home::make(&home, &home::bin(&home)).map_err(in_the_home)?;
            if fs::read_link(&link).ok().as_ref() != Some(&to) {
                exchange(&link, &to).map_err(in_the_home)?;
                remove_all_but(&folder, &kept);
            }
            Ok(())
        })
        .await
    }

    /// Asks a program for its version.
    async fn ask(&self, job: &Job, program: &Path) -> Result<String, Failed> {
        let answer = job.run(call(program, ["--version"], job.home())).await;
        let answer = answer.map_err(|error| {
            Failed::for_good(format!("{} was installed, but {error}", self.agent.label))
        })?;
        answer_of(&self.agent.binary, &answer)
    }

    /// Ours alone while what it returns lives.
    async fn lock(&self, job: &Job) -> Result<File, Failed> {
        let folder = self.folder(job.home());
        home::make(job.home(), &folder).map_err(in_the_home)?;
        let mut is_told = false;
        loop {
            if let Some(lock) = try_lock(&folder).map_err(in_the_home)? {
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

    /// Takes out what was installed. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        let folder = self.folder(home);
        if !folder.is_dir() {
            return Ok(Undone::Nothing);
        }
        let lock = try_lock(&folder).map_err(in_the_home)?;
        if lock.is_none() {
            return Err(Failed::for_now("another bowline is installing it"));
        }
        if let Link::Ours(_) = self.link(home)? {
            fs::remove_file(self.linked(home)).map_err(in_the_home)?;
        }
        fs::remove_dir_all(&folder).map_err(in_the_home)?;
        Ok(Undone::Removed)
    }

    /// Where its versions are.
    fn folder(&self, home: &Path) -> PathBuf {
        home::agents(home).join(&self.agent.id)
    }

    /// Where its program is linked.
    fn linked(&self, home: &Path) -> PathBuf {
        home::bin(home).join(&self.agent.binary)
    }

    /// Where the program is in a version.
    fn program_in(&self, version: &Path) -> PathBuf {
        version.join("node_modules/.bin").join(&self.agent.binary)
    }

    fn link(&self, home: &Path) -> Result<Link, Failed> {
        let path = self.linked(home);
        let to = match fs::read_link(&path) {
            Ok(to) => to,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Link::Free),
            // No link: a program.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(Link::Theirs),
            Err(error) => return Err(in_the_home(error)),
        };
        let version = to.strip_prefix(self.folder(home)).ok();
        let version = version.and_then(|rest| rest.components().next());
        let version = version.and_then(|part| part.as_os_str().to_str());
        Ok(match version {
            Some(version) => Link::Ours(version.to_owned()),
            None => Link::Theirs,
        })
    }
}

/// A fresh folder beside the versions, and none of those that were left behind.
fn begin(folder: &Path) -> Result<PathBuf, Failed> {
    for entry in fs::read_dir(folder).map_err(in_the_home)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let fresh = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder);
    let fresh = fresh.map_err(in_the_home)?.keep();
    // Else npm would look for a package further up.
    fs::write(fresh.join("package.json"), "{\"private\": true}\n").map_err(in_the_home)?;
    Ok(fresh)
}

/// Puts what was made in its place. What is there is broken: it goes.
fn put(from: &Path, to: &Path) -> io::Result<()> {
    let cache = cache(from);
    if cache.exists() {
        fs::remove_dir_all(cache)?;
    }
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
        let is_version = is_version(&entry.file_name().to_string_lossy());
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

/// What npm keeps to itself while it works: of one attempt alone, so that nothing of it stays in the home.
fn cache(unfinished: &Path) -> PathBuf {
    unfinished.join(".cache")
}

fn npm<const N: usize>(arguments: [&str; N], unfinished: &Path, shown: Shown) -> Call {
    let mut call = call("npm", arguments, unfinished);
    call.arguments.push("--cache".into());
    call.arguments.push(cache(unfinished).into());
    call.arguments.push("--no-update-notifier".into());
    call.shown = shown;
    call
}

fn call<const N: usize>(program: impl AsRef<OsStr>, arguments: [&str; N], folder: &Path) -> Call {
    Call {
        program: program.as_ref().to_owned(),
        arguments: arguments.map(OsString::from).to_vec(),
        folder: folder.to_owned(),
        environment: Vec::new(),
        shown: Shown::Nothing,
    }
}

/// What a program says of its version: a line with a digit in it, and a good end.
fn answer_of(name: &str, answer: &Answer) -> Result<String, Failed> {
    let line = answer
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let line = line.filter(|line| line.contains(|c: char| c.is_ascii_digit()));
    match (answer.status.success(), line) {
        (true, Some(line)) => Ok(line.chars().take(REASON).collect()),
        _ => {
            let last = answer.errors.last().map(|line| format!(" ({line})"));
            let last = last.unwrap_or_default();
            Err(Failed::for_good(format!(
                "{name} does not say its version{last}"
            )))
        }
    }
}

fn version_in(said: &str) -> Option<String> {
    let mut words = said.split_whitespace();
    let word = words.find(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    Some(word.trim_start_matches('v').to_owned())
}

/// What npm says of why it failed.
fn refused(what: &str, answer: &Answer) -> Failed {
    let marks = ["npm error", "npm ERR!"];
    let lines = answer.errors.iter();
    let lines = lines.filter_map(|line| marks.iter().find_map(|mark| line.strip_prefix(mark)));
    let lines: Vec<&str> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let code = lines.iter().find_map(|line| line.strip_prefix("code "));
    let is_news = |line: &&&str| !line.starts_with("code ") && !line.starts_with("A complete log");
    let reason: Vec<&str> = lines.iter().filter(is_news).take(3).copied().collect();
    let reason = match (reason.join(" "), answer.errors.last()) {
        (reason, Some(last)) if reason.is_empty() => last.clone(),
        (reason, _) => reason,
    };
    let reason: String = reason.chars().take(REASON).collect();
    let again = match code {
        // Nobody has it, or nobody may.
        Some(
            "E401" | "E403" | "E404" | "ETARGET" | "EUSAGE" | "EBADPLATFORM" | "EACCES" | "ENOSPC",
        ) => Again::Pointless,
        _ => Again::Worthwhile,
    };
    let message = match reason.is_empty() {
        true => what.to_owned(),
        false => format!("{what}: {reason}"),
    };
    Failed { message, again }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err calls")]
fn in_the_home(error: io::Error) -> Failed {
    Failed::for_good(format!("cannot write below ~/.local: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn answer(text: &str, errors: &[&str]) -> Answer {
        Answer {
            status: ExitStatus::from_raw(0),
            text: text.to_owned(),
            errors: errors.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn a_version_is_what_a_program_says_in_a_line_with_a_digit() {
        assert_eq!(
            answer_of("x", &answer("\n2.1.0 (Claude Code)\n", &[])).unwrap(),
            "2.1.0 (Claude Code)"
        );
        assert!(answer_of("x", &answer("hello\n", &[])).is_err());
        assert_eq!(version_in("codex-cli 0.169.0").unwrap(), "0.169.0");
    }

    #[test]
    fn of_what_npm_says_the_reason_is_passed_on() {
        let errors = [
            "npm warn something",
            "npm error code E404",
            "npm error 404 Not Found - GET http://127.0.0.1/x - gone",
            "npm error A complete log of this run can be found in: /x",
        ];
        let failed = refused("npm could not install it", &answer("", &errors));
        assert_eq!(
            failed.message,
            "npm could not install it: 404 Not Found - GET http://127.0.0.1/x - gone"
        );
        assert_eq!(failed.again, Again::Pointless);
        let failed = refused("in vain", &answer("", &["npm error code EINTEGRITY"]));
        assert_eq!(
            (failed.message.as_str(), failed.again),
            ("in vain: npm error code EINTEGRITY", Again::Worthwhile)
        );
    }
}
