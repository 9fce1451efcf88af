//! Hermes by uv, from the registry of Python's packages or from its repository, into `~/.local/share/bowline/tools/hermes`. What
//! Python makes says where it lies, so a version is made in its place, marked until it has answered.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::agents;
use super::home::{self, unwritable};
use super::tools::{BadToolVersion, HermesData, is_version, mirrored};
use super::versions::{Attempt, Versions, answer_of, call, elsewhere, version_in};
use super::{Undone, versions::Link};
use crate::run::{Call, Failed, Job, Later, Note, Shown, Task};

const BINARY: &str = "hermes";
/// Within a version that has not answered yet.
const MARK: &str = ".unfinished";
/// Where Hermes keeps its own files; [`bowline_identity`] writes its settings once it is there.
const OWN: &str = ".hermes";

/// Hermes.
pub(super) struct Hermes {
    data: HermesData,
    /// What was chosen.
    version: Option<String>,
    mirror: Option<String>,
}

impl Hermes {
    pub(super) fn new(
        data: HermesData,
        said: Option<&str>,
        mirror: Option<&str>,
    ) -> Result<Self, BadToolVersion> {
        let said = said.map(str::trim).filter(|said| !said.is_empty());
        if let Some(said) = said.filter(|said| !is_version(said)) {
            return Err(BadToolVersion(said.to_owned()));
        }
        Ok(Self {
            data,
            version: said.map(str::to_owned),
            mirror: mirror.map(str::to_owned),
        })
    }

    fn versions(home: &Path) -> Versions {
        Versions::new(home, "tools", "hermes", BINARY)
    }

    /// What uv is asked for.
    fn requirement(&self, version: &str) -> String {
        let HermesData {
            package, extras, ..
        } = &self.data;
        match agents::is_version(version) {
            true => format!("{package}[{extras}]=={version}"),
            false => {
                let repository = mirrored(&self.data.repository, self.mirror.as_deref());
                format!("{package}[{extras}] @ git+{repository}@{version}")
            }
        }
    }

    async fn provide(&self, job: &Job) -> Result<Note, Failed> {
        let versions = Self::versions(job.home());
        if versions.is_theirs(job).await? {
            return Ok(Note::Nothing);
        }
        let is_free = versions.link()? == Link::Free && self.version.is_none();
        if let Some(program) = elsewhere(job, BINARY).filter(|_| is_free)
            && ask(job, &program).await.is_ok()
        {
            job.say(&format!("{} is there", program.display())).await;
            return Ok(Note::Nothing);
        }
        let attempt = versions.begin(job).await?;
        let done = self.install(job, &versions, &attempt).await;
        attempt.finish(job, done).await.map(|()| Note::Nothing)
    }

    async fn install(
        &self,
        job: &Job,
        versions: &Versions,
        attempt: &Attempt,
    ) -> Result<(), Failed> {
        let version = self.version.as_ref().unwrap_or(&self.data.version);
        let place = versions.place(version);
        let program = place.join("bin").join(BINARY);
        if !place.join(MARK).exists() && ask(job, &program).await.is_ok() {
            job.say(&format!("{version} is there already")).await;
        } else {
            let made = self.make(job, version, &place, attempt).await;
            let is_made = made.is_ok();
            let place = place.clone();
            job.blocking(move || {
                // None that hasn't answered stays.
                match is_made {
                    true => fs::remove_file(place.join(MARK)),
                    false => fs::remove_dir_all(&place),
                }
                .map_err(unwritable)
            })
            .await?;
            made?;
        }
        versions.lead(job, &program, &place, &attempt.there).await?;
        let (home, own) = (job.home().to_owned(), job.home().join(OWN));
        job.blocking(move || home::make(&home, &own).map_err(unwritable))
            .await
    }

    async fn make(
        &self,
        job: &Job,
        version: &str,
        place: &Path,
        attempt: &Attempt,
    ) -> Result<(), Failed> {
        let fresh = place.to_owned();
        job.blocking(move || {
            if fresh.exists() {
                fs::remove_dir_all(&fresh).map_err(unwritable)?;
            }
            fs::create_dir(&fresh).map_err(unwritable)?;
            fs::write(fresh.join(MARK), "").map_err(unwritable)
        })
        .await?;
        let call = self.uv(version, place, &attempt.unfinished);
        let answer = job.run(call).await?;
        if !answer.status.success() {
            return Err(match answer.errors.last() {
                Some(last) => {
                    Failed::for_now(format!("uv could not install it: {}", home::short(last)))
                }
                None => Failed::for_now("uv could not install it"),
            });
        }
        ask(job, &place.join("bin").join(BINARY)).await.map(|_| ())
    }

    /// All of it in one place, and nothing of uv's own beside it.
    fn uv(&self, version: &str, place: &Path, cache: &Path) -> Call {
        let arguments = ["tool", "install", "--no-progress"].map(OsString::from);
        let mut arguments = arguments.to_vec();
        arguments.push(self.requirement(version).into());
        let folder = |name: &str, path: PathBuf| (name.to_owned(), path.into_os_string());
        let mut environment = vec![
            folder("UV_TOOL_DIR", place.join("tools")),
            folder("UV_TOOL_BIN_DIR", place.join("bin")),
            folder("UV_PYTHON_INSTALL_DIR", place.join("python")),
            folder("UV_CACHE_DIR", cache.join("cache")),
            // Settings of a project further up are none of ours.
            ("UV_NO_CONFIG".to_owned(), "1".into()),
            ("GIT_TERMINAL_PROMPT".to_owned(), "0".into()),
        ];
        if self.mirror.is_some() {
            let pythons = mirrored(&self.data.pythons, self.mirror.as_deref());
            environment.push(("UV_PYTHON_INSTALL_MIRROR".to_owned(), pythons.into()));
        }
        Call {
            program: "uv".into(),
            arguments,
            folder: cache.to_owned(),
            environment,
            shown: Shown::All,
        }
    }

    /// Takes out what was installed. Blocks.
    pub(super) fn undo(home: &Path) -> Result<Undone, Failed> {
        Self::versions(home).undo()
    }
}

impl Task for Hermes {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.provide(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let said = ask(job, Path::new(BINARY)).await?;
            Ok(version_in(&said).or(Some(said)))
        })
    }
}

/// Asks it for its version, in a home of its own that is gone afterwards: it writes logs at once.
async fn ask(job: &Job, program: &Path) -> Result<String, Failed> {
    let own = tempfile::tempdir().map_err(|error| Failed::for_good(error.to_string()))?;
    let mut call = call(program, ["--version"], job.home());
    let folder = own.path().as_os_str().to_owned();
    call.environment.push(("HERMES_HOME".to_owned(), folder));
    answer_of(BINARY, &job.run(call).await?)
}
