//! Repositories in the user's projects folder: cloned if nothing of that name is there, and never touched again. A clone is
//! made beside its place and put there when it is whole.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Pid, test_kill_process};
use url::Url;

use super::home;
use crate::graph::StepId;
use crate::run::{Call, Failed, Job, Later, Note, Shown, Task};

/// Below the home.
const PROJECTS: &str = "projects";

/// A repository that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    address: String,
    name: String,
    branch: Option<String>,
    depth: Option<NonZeroU32>,
}

/// No repository can be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRepository {
    /// Arguments of a program are for everybody to read.
    #[error("an address holds a password: leave it out, and set GIT_TOKEN and GIT_TOKEN_HOST")]
    Password,
    /// It has none, or none that a folder can have.
    #[error("{0} gives no name for a folder: add #name=NAME")]
    Name(String),
    /// Not `branch`, `depth` or `name`.
    #[error("{0} is not known: after # come BRANCH, or branch=, depth= and name= with & between")]
    Setting(String),
    /// Two would lie in one folder.
    #[error("two repositories are called {0}: add #name=NAME to one of them")]
    Twice(String),
}

impl Repository {
    /// Those of a list, with commas or blanks between: `ADDRESS`, `ADDRESS#BRANCH`, or `ADDRESS#branch=B&depth=N&name=F`.
    pub fn list(text: &str) -> Result<Vec<Self>, BadRepository> {
        let texts = text.split(|c: char| c == ',' || c.is_whitespace());
        let mut all: Vec<Self> = Vec::new();
        for text in texts.filter(|text| !text.is_empty()) {
            let repository = Self::parse(text)?;
            if all.iter().any(|other| other.name == repository.name) {
                return Err(BadRepository::Twice(repository.name));
            }
            all.push(repository);
        }
        Ok(all)
    }

    fn parse(text: &str) -> Result<Self, BadRepository> {
        let (address, settings) = text.split_once('#').unwrap_or((text, ""));
        if Url::parse(address).is_ok_and(|url| url.password().is_some()) {
            return Err(BadRepository::Password);
        }
        let (mut branch, mut depth, mut name) = (None, None, None);
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let unknown = || BadRepository::Setting(setting.to_owned());
            let (what, value) = setting.split_once('=').unwrap_or(("branch", setting));
            match what {
                "branch" if !value.is_empty() && !value.starts_with('-') => {
                    branch = Some(value.to_owned());
                }
                "depth" => depth = Some(value.parse().map_err(|_| unknown())?),
                "name" => name = Some(value),
                _ => return Err(unknown()),
            }
        }
        let last = address.trim_end_matches('/').rsplit(['/', ':']).next();
        let last = last.unwrap_or_default();
        let name = name.unwrap_or(last.strip_suffix(".git").unwrap_or(last));
        let is_fit = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
        let is_name = !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(is_fit);
        if !is_name || address.starts_with('-') {
            return Err(BadRepository::Name(address.to_owned()));
        }
        Ok(Self {
            address: address.to_owned(),
            name: name.to_owned(),
            branch,
            depth,
        })
    }

    /// The step that clones it.
    pub fn step(&self) -> StepId {
        StepId::new(&format!("repo-{}", self.name))
    }

    fn folder(&self, home: &Path) -> PathBuf {
        home.join(PROJECTS).join(&self.name)
    }

    async fn clone_into(&self, job: &Job, unfinished: &Path) -> Result<(), Failed> {
        let mut arguments: Vec<OsString> = ["clone", "--progress"].map(Into::into).to_vec();
        if let Some(branch) = &self.branch {
            arguments.extend(["--branch".into(), branch.into()]);
        }
        if let Some(depth) = self.depth {
            arguments.extend(["--depth".into(), depth.to_string().into()]);
        }
        arguments.extend(["--".into(), (&self.address).into(), unfinished.into()]);
        let call = Call {
            program: "git".into(),
            arguments,
            folder: job.home().to_owned(),
            environment: environment(job),
            shown: Shown::All,
        };
        let answer = job.run(call).await?;
        if answer.status.success() {
            return Ok(());
        }
        // The first one names the cause, the last one its consequence.
        let mut said = answer.errors.iter();
        let fatal = said.find(|line| line.starts_with("fatal: "));
        let reason = fatal
            .or(answer.errors.last())
            .map_or("git failed", String::as_str);
        Err(Failed::for_now(home::short(reason)))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Nobody is there to be asked; what the server knows, its helper says.
fn environment(job: &Job) -> Vec<(String, OsString)> {
    let mut all = vec![
        ("GIT_TERMINAL_PROMPT".to_owned(), "0".into()),
        ("GIT_SSH_COMMAND".to_owned(), "ssh -oBatchMode=yes".into()),
    ];
    if let Some(program) = job.variable("BOWLINE_BIN").and_then(|path| path.to_str()) {
        let helper = format!("!'{}' git-credential", program.replace('\'', "'\\''"));
        all.extend([
            ("GIT_CONFIG_COUNT".to_owned(), "1".into()),
            ("GIT_CONFIG_KEY_0".to_owned(), "credential.helper".into()),
            ("GIT_CONFIG_VALUE_0".to_owned(), helper.into()),
        ]);
    }
    all
}

impl Task for Repository {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(async move {
            let place = self.folder(job.home());
            if fs::symlink_metadata(&place).is_ok() {
                let kept = format!("~/{PROJECTS}/{} is there, and is left alone", self.name);
                job.say(&kept).await;
                return Ok(Note::Nothing);
            }
            let unfinished = {
                let (home, name) = (job.home().to_owned(), self.name.clone());
                job.blocking(move || begin(&home, &name)).await?
            };
            let cloned = self.clone_into(job, &unfinished).await;
            job.blocking(move || {
                let put = cloned.and_then(|()| put(&unfinished, &place));
                // It is nobody's, unless it was put there.
                let _ = fs::remove_dir_all(&unfinished);
                put
            })
            .await?;
            Ok(Note::Nothing)
        })
    }

    /// A folder of the user's counts, whatever is in it.
    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let place = self.folder(job.home());
            if !place.is_dir() {
                return Err(Failed::for_now(format!("{} is not there", place.display())));
            }
            let call = Call {
                program: "git".into(),
                arguments: ["rev-parse", "--short", "HEAD"].map(Into::into).to_vec(),
                folder: place,
                environment: Vec::new(),
                shown: Shown::Nothing,
            };
            let answer = job.run(call).await?;
            // An empty repository has no commit.
            Ok(answer
                .status
                .success()
                .then(|| answer.text.trim().to_owned()))
        })
    }
}

/// Where a clone is made, by its name and the process; what was left there by runs that are no more goes.
fn begin(home: &Path, name: &str) -> Result<PathBuf, Failed> {
    let no = |error: std::io::Error| Failed::for_good(format!("~/{PROJECTS}: {error}"));
    let projects = home.join(PROJECTS);
    home::make(home, &projects).map_err(no)?;
    let start = format!("{}{name}-", home::UNFINISHED);
    for entry in fs::read_dir(&projects).map_err(no)?.flatten() {
        let left = entry.file_name();
        let pid = left
            .to_str()
            .and_then(|left| left.strip_prefix(&start)?.parse().ok());
        let pid = pid.and_then(Pid::from_raw);
        if pid.is_some_and(|pid| is_ours(pid) || test_kill_process(pid).is_err()) {
            fs::remove_dir_all(entry.path()).map_err(no)?;
        }
    }
    Ok(projects.join(format!("{start}{}", std::process::id())))
}

fn is_ours(pid: Pid) -> bool {
    pid == rustix::process::getpid()
}

/// Puts a whole clone into its place, unless somebody was quicker.
fn put(unfinished: &Path, place: &Path) -> Result<(), Failed> {
    match renameat_with(CWD, unfinished, CWD, place, RenameFlags::NOREPLACE) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(error) => Err(Failed::for_now(format!("{}: {error}", place.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_where_which_branch_how_deep_and_by_what_name() {
        let all = Repository::list(
            "https://github.com/team/one.git, git@git.example:team/two.git#main\n\
             https://git.example/three/#branch=next&depth=1&name=other,,",
        )
        .unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|one| {
                (
                    &*one.name,
                    one.branch.as_deref(),
                    one.depth.map(NonZeroU32::get),
                )
            })
            .collect();
        let expected = [
            ("one", None, None),
            ("two", Some("main"), None),
            ("other", Some("next"), Some(1)),
        ];
        assert_eq!(told, expected);
        assert_eq!(all[2].address, "https://git.example/three/");
        assert_eq!(Repository::list(" "), Ok(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_said_without_its_secrets() {
        for (text, expected) in [
            (
                "https://ana:secret@git.example/one",
                BadRepository::Password,
            ),
            (
                "https://git.example/a/one,https://git.example/b/one.git",
                BadRepository::Twice("one".to_owned()),
            ),
            (
                "https://git.example/one#depth=0",
                BadRepository::Setting("depth=0".to_owned()),
            ),
            (
                "https://git.example/one#shallow=1",
                BadRepository::Setting("shallow=1".to_owned()),
            ),
            (
                "https://git.example/one#branch=--upload-pack=x",
                BadRepository::Setting("branch=--upload-pack=x".to_owned()),
            ),
            (
                "--upload-pack=x/one",
                BadRepository::Name("--upload-pack=x/one".to_owned()),
            ),
            (
                "https://git.example/..",
                BadRepository::Name("https://git.example/..".to_owned()),
            ),
            ("/", BadRepository::Name("/".to_owned())),
        ] {
            let error = Repository::list(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(error, expected, "{text}");
        }
    }
}
