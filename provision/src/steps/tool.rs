//! A tool that may be a download: what the machine has, else what its package manager brings, else a release, verified and
//! unpacked without root below `~/.local/share/bowline/tools` (`versions`).

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::sync::Semaphore;

use super::download;
use super::home::{self, unwritable};
use super::tools::{By, Form, Source, Tool, Wanted, Wrapper};
use super::unpack;
use super::versions::{Attempt, Link, Versions, answer_of, call, elsewhere, version_in};
use super::{Packages, Undone};
use crate::run::{Call, Failed, Job, Later, Note, Shown, Task};

/// The file that is fetched, within what is being made.
const FETCHED: &str = ".fetched";
/// Where scripts of ours are that start a program, within a version.
const STARTED: &str = ".bowline";
/// What stands where versions do, if a script of ours starts the system's program.
const SYSTEM: &str = "system";

/// A package manager does one thing at a time; downloads beside it don't wait.
static APT_GET: Semaphore = Semaphore::const_new(1);

/// A tool.
pub(super) struct ToolStep {
    pub(super) tool: Tool,
    pub(super) wanted: Wanted,
    pub(super) mirror: Option<String>,
    pub(super) packages: Packages,
}

impl Task for ToolStep {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.provide(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            // As a shell would find it.
            let said = self.ask(job, Path::new(&self.tool.binary)).await?;
            Ok(version_in(&said).or(Some(said)))
        })
    }
}

impl ToolStep {
    fn versions(&self, home: &Path) -> Versions {
        Versions::new(home, "tools", &self.tool.id, &self.tool.binary)
    }

    async fn provide(&self, job: &Job) -> Result<Note, Failed> {
        let versions = self.versions(job.home());
        if versions.is_theirs(job).await? {
            return Ok(Note::Nothing);
        }
        // What was fetched once stays ours to replace.
        let is_free = match versions.link()? {
            Link::Ours(version) => version == SYSTEM,
            Link::Free | Link::Theirs => true,
        };
        let is_systems = is_free && (self.has_system(job).await || self.has_package(job).await?);
        match (is_systems, self.tool.wrapper) {
            (true, None) => Ok(Note::Nothing),
            (is_systems, wrapper) => {
                let attempt = versions.begin(job).await?;
                let done = match wrapper.filter(|_| is_systems) {
                    Some(wrapper) => self.wrap(job, wrapper, &versions, &attempt).await,
                    None => self.install(job, &versions, &attempt).await,
                };
                attempt.finish(job, done).await.map(|()| Note::Nothing)
            }
        }
    }

    /// Puts a script before the system's program.
    async fn wrap(
        &self,
        job: &Job,
        wrapper: Wrapper,
        versions: &Versions,
        attempt: &Attempt,
    ) -> Result<(), Failed> {
        let named = Path::new(STARTED).join(&self.tool.binary);
        let script = attempt.unfinished.join(&named);
        job.blocking(move || write_script(&script, &wrapper.script(None)).map_err(unwritable))
            .await?;
        self.ask(job, &attempt.unfinished.join(&named)).await?;
        let place = versions.place(SYSTEM);
        attempt.put(job, &place).await?;
        let program = place.join(named);
        versions.lead(job, &program, &place, &attempt.there).await
    }

    /// Whether the machine has one that will do, beside ours.
    async fn has_system(&self, job: &Job) -> bool {
        let Some(program) = elsewhere(job, &self.tool.binary) else {
            return false;
        };
        let Ok(said) = self.ask(job, &program).await else {
            return false;
        };
        let version = version_in(&said).unwrap_or_default();
        let is_enough = self.tool.is_enough(&self.wanted, &version);
        let told = match is_enough {
            true => format!("{} is there: {version}", program.display()),
            false => format!("{} is {version}, which is not wanted", program.display()),
        };
        job.say(&told).await;
        is_enough
    }

    /// Has the package manager bring it, where that may be asked.
    async fn has_package(&self, job: &Job) -> Result<bool, Failed> {
        let (Some(package), By::Data) = (&self.tool.package, self.wanted.by) else {
            return Ok(false);
        };
        if self.packages == Packages::LeftAlone {
            return Ok(false);
        }
        let _alone = job.unless_stopped(APT_GET.acquire()).await?;
        let install = ["install", "-y", "--no-install-recommends", package];
        // Its lists may be missing, or be old.
        let lists: [&[&str]; 3] = [&install, &["update"], &install];
        for arguments in lists {
            match job.run(apt_get(arguments, job.home())).await {
                Ok(answer) if answer.status.success() => {
                    if self.has_system(job).await {
                        return Ok(true);
                    }
                }
                Ok(_) => {}
                Err(crate::run::CommandError::Stopped) => {
                    return Err(crate::run::CommandError::Stopped.into());
                }
                // Another kind of system.
                Err(_) => return Ok(false),
            }
        }
        job.say("apt-get does not bring it").await;
        Ok(false)
    }

    async fn install(
        &self,
        job: &Job,
        versions: &Versions,
        attempt: &Attempt,
    ) -> Result<(), Failed> {
        let mirror = self.mirror.as_deref();
        let source = self
            .tool
            .source(&self.wanted, std::env::consts::ARCH, mirror);
        let source = source.map_err(|error| Failed::for_good(error.to_string()))?;
        let version = &self.wanted.version;
        let place = versions.place(version);
        let program = self.program(&source);
        if self.ask(job, &place.join(&program)).await.is_ok() {
            job.say(&format!("{version} is there already")).await;
        } else {
            self.fetch(job, &source, &attempt.unfinished).await?;
            self.ask(job, &attempt.unfinished.join(&program)).await?;
            attempt.put(job, &place).await?;
        }
        let program = place.join(program);
        versions.lead(job, &program, &place, &attempt.there).await
    }

    /// What is started, within a version.
    fn program(&self, source: &Source) -> PathBuf {
        match (self.tool.wrapper, source.environment.is_empty()) {
            (None, true) => PathBuf::from(&source.program),
            _ => Path::new(STARTED).join(&self.tool.binary),
        }
    }

    async fn fetch(&self, job: &Job, source: &Source, into: &Path) -> Result<(), Failed> {
        let fetched = into.join(FETCHED);
        download::fetch(job, &source.url, &source.checksum, &fetched).await?;
        match source.form {
            Form::TarGz => {
                let (archive, into) = (fetched.clone(), into.to_owned());
                job.blocking(move || {
                    let done = unpack::tar_gz(&archive, &into);
                    done.map_err(|refused| Failed::for_good(refused.to_string()))
                })
                .await?;
            }
            Form::Appimage => self.extract(job, &fetched, into).await?,
        }
        let (into, source_program) = (into.to_owned(), source.program.clone());
        let script = match self.tool.wrapper {
            Some(wrapper) => wrapper.script(Some(&source.program)),
            None => started(&source.environment, &source.program),
        };
        let named = self.program(source);
        job.blocking(move || {
            fs::remove_file(&fetched).map_err(unwritable)?;
            if named != Path::new(&source_program) {
                write_script(&into.join(named), &script).map_err(unwritable)?;
            }
            Ok(())
        })
        .await
    }

    /// An AppImage is a program that unpacks itself, for which nobody needs FUSE.
    async fn extract(&self, job: &Job, image: &Path, into: &Path) -> Result<(), Failed> {
        fs::set_permissions(image, fs::Permissions::from_mode(0o755)).map_err(unwritable)?;
        let answer = job.run(call(image, ["--appimage-extract"], into)).await?;
        match answer.status.success() {
            true => Ok(()),
            false => {
                let last = answer.errors.last().map(String::as_str).unwrap_or_default();
                let reason = home::short(last);
                Err(Failed::for_good(format!(
                    "it does not unpack itself: {reason}"
                )))
            }
        }
    }

    /// Asks a program for its version.
    async fn ask(&self, job: &Job, program: &Path) -> Result<String, Failed> {
        let answer = job.run(call(program, [&*self.tool.asks], job.home())).await;
        answer_of(&self.tool.binary, &answer?)
    }

    /// Takes out what was installed. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        self.versions(home).undo()
    }
}

/// A script that starts a program beside it with something in its environment.
fn started(environment: &[(String, String)], program: &str) -> String {
    let mut script = "#!/bin/sh\n".to_owned();
    // It is reached by a link.
    script += "folder=$(dirname -- \"$(dirname -- \"$(readlink -f -- \"$0\")\")\")\n";
    for (name, value) in environment {
        script += &format!("export {name}=\"{value}\"\n");
    }
    script + &format!("exec \"$folder/{program}\" \"$@\"\n")
}

/// Puts a script into a folder of a version that is being made.
fn write_script(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    home::write(path, text, 0o755)
}

fn apt_get(arguments: &[&str], folder: &Path) -> Call {
    // It is not waited for long: there is another way.
    let quick = [
        "-q",
        "-oAcquire::Retries=1",
        "-oAcquire::http::Timeout=15",
        "-oDPkg::Lock::Timeout=60",
    ];
    let arguments = quick.iter().chain(arguments);
    Call {
        program: "apt-get".into(),
        arguments: arguments.map(OsString::from).collect(),
        folder: folder.to_owned(),
        environment: vec![("DEBIAN_FRONTEND".to_owned(), "noninteractive".into())],
        shown: Shown::All,
    }
}
