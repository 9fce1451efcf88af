//! Agents from the npm registry, without root: `~/.local/share/bowline/agents/NAME/VERSION`, and a link to the program in
//! `~/.local/bin` (`versions`).

use std::fs;
use std::path::{Path, PathBuf};

use super::agents::{Agent, Wanted, is_version};
use super::versions::{Attempt, Link, Versions, answer_of, call, version_in};
use super::{Undone, home};
use crate::graph::Again;
use crate::run::{Answer, Call, Failed, Job, Later, Note, Shown, Task};

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

impl Task for NpmAgent {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.install(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let versions = self.versions(job.home());
            let said = self.ask(job, versions.linked()).await?;
            Ok(Some(match versions.link()? {
                Link::Ours(version) => version,
                // The first word that looks like one.
                Link::Free | Link::Theirs => version_in(&said).unwrap_or(said),
            }))
        })
    }
}

impl NpmAgent {
    fn versions(&self, home: &Path) -> Versions {
        Versions::new(home, "agents", &self.agent.id, &self.agent.binary)
    }

    async fn install(&self, job: &Job) -> Result<Note, Failed> {
        let versions = self.versions(job.home());
        if versions.is_theirs(job).await? {
            return Ok(Note::Nothing);
        }
        let attempt = versions.begin(job).await?;
        let done = self.install_in(job, &versions, &attempt).await;
        attempt.finish(job, done).await
    }

    async fn install_in(
        &self,
        job: &Job,
        versions: &Versions,
        attempt: &Attempt,
    ) -> Result<Note, Failed> {
        let unfinished = &attempt.unfinished;
        let version = match self.resolve(job, unfinished).await {
            Ok(version) => version,
            Err(failed) => {
                // Without the registry what is there is good enough, if it works.
                let Link::Ours(version) = &attempt.there else {
                    return Err(failed);
                };
                self.ask(job, versions.linked()).await?;
                let Failed { message, .. } = failed;
                return Ok(Note::But(format!("{message}; {version} is kept")));
            }
        };
        let place = versions.place(&version);
        let is_there = place.is_dir();
        if is_there && self.ask(job, &self.program_in(&place)).await.is_ok() {
            job.say(&format!("{version} is there already")).await;
        } else {
            self.fetch(job, unfinished, &version).await?;
            self.ask(job, &self.program_in(unfinished)).await?;
            let cache = cache(unfinished);
            job.blocking(move || match cache.exists() {
                true => fs::remove_dir_all(cache).map_err(home::unwritable),
                false => Ok(()),
            })
            .await?;
            attempt.put(job, &place).await?;
        }
        let program = self.started_in(job, &place).await?;
        versions.lead(job, &program, &place, &attempt.there).await?;
        Ok(Note::Nothing)
    }

    /// What is started of a version that is at its place: the program, or what stands in front of it.
    async fn started_in(&self, job: &Job, place: &Path) -> Result<PathBuf, Failed> {
        let Some(wrapper) = self.agent.wrapper else {
            return Ok(self.program_in(place));
        };
        let path = place.join("wrapper").join(&self.agent.binary);
        let written = path.clone();
        let write = move || {
            fs::create_dir_all(written.parent().unwrap_or(&written))?;
            home::write(&written, wrapper.text(), 0o755)
        };
        job.blocking(move || write().map_err(home::unwritable))
            .await?;
        Ok(path)
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
        // Else npm would look for a package further up.
        fs::write(into.join("package.json"), "{\"private\": true}\n").map_err(home::unwritable)?;
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
        let mut call = npm(arguments, into, Shown::All);
        // Packages' own scripts start what they bring.
        call.environment = home::apart(&cache(into));
        let answer = job.run(call).await?;
        match answer.status.success() {
            true => Ok(()),
            false => Err(refused("npm could not install it", &answer)),
        }
    }

    /// Asks a program for its version.
    async fn ask(&self, job: &Job, program: &Path) -> Result<String, Failed> {
        let folder = tempfile::tempdir().map_err(home::unwritable)?;
        let mut call = call(program, ["--version"], job.home());
        call.environment = home::apart(folder.path());
        let answer = job.run(call).await;
        let answer = answer.map_err(|error| {
            Failed::for_good(format!("{} was installed, but {error}", self.agent.label))
        })?;
        answer_of(&self.agent.binary, &answer)
    }

    /// Takes out what was installed. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        self.versions(home).undo()
    }

    /// Where the program is in a version.
    fn program_in(&self, version: &Path) -> PathBuf {
        version.join("node_modules/.bin").join(&self.agent.binary)
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
    let reason = home::short(&reason);
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
