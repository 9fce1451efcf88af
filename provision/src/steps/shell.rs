//! Blocks of ours in the shells' files: `~/.bashrc`, `~/.bash_profile`, `~/.zshrc`. What stands outside of them stays, byte
//! for byte, and taking a block out leaves what was there before it. A file with broken marks is left alone.

use std::path::Path;

use bowline_identity::sinks::file::{self, Held, Reach};

use super::Undone;
use super::block::{self, Block, Comment, Unclear};
use crate::run::{Failed, Job, Later, Note, Task};

/// A program that writes a file between our reading and our writing does not do it all the time.
const ATTEMPTS: usize = 3;
/// The step of [`Shell::without_principal`].
pub(super) const PRINCIPAL: &str = "oauth";

const BASHRC: &str = include_str!("shell/bashrc.sh");
const BASH_PROFILE: &str = include_str!("shell/bash_profile.sh");
const ZSHRC: &str = include_str!("shell/zshrc.sh");
const UNSET: &str = include_str!("shell/unset.sh");

/// A step that keeps blocks in files.
pub(super) struct Shell {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    files: Vec<RcFile>,
}

/// What belongs into a file.
#[derive(Debug, Clone, Copy)]
struct RcFile {
    /// Below the home.
    path: &'static str,
    /// Of the block.
    name: &'static str,
    /// Into a file of the user's.
    body: &'static str,
    /// Into one that was not there.
    fresh: &'static str,
    /// Which shell reads it; none if everybody may have it.
    only_with: Option<&'static str>,
}

impl RcFile {
    const fn new(path: &'static str, name: &'static str, body: &'static str) -> Self {
        Self {
            path,
            name,
            body,
            fresh: body,
            only_with: None,
        }
    }

    fn block(self) -> Block<'static> {
        Block {
            name: self.name,
            body: self.body,
            fresh: self.fresh,
            comment: Comment::Hash,
        }
    }
}

impl Shell {
    /// Where programs are found, the prompt, the history.
    pub(super) fn usual() -> Self {
        let files = vec![
            RcFile::new(".bashrc", "shell", BASHRC),
            RcFile {
                // A user's own says by itself what a login shell does.
                fresh: BASH_PROFILE,
                ..RcFile::new(".bash_profile", "shell", BASHRC)
            },
            RcFile {
                only_with: Some("zsh"),
                ..RcFile::new(".zshrc", "shell", ZSHRC)
            },
        ];
        Self {
            id: "shell",
            label: "Shell files",
            files,
        }
    }

    /// The service principal of an app is not what programs of its user are to act as.
    pub(super) fn without_principal() -> Self {
        let files = vec![
            RcFile::new(".bashrc", PRINCIPAL, UNSET),
            RcFile {
                only_with: Some("zsh"),
                ..RcFile::new(".zshrc", PRINCIPAL, UNSET)
            },
        ];
        Self {
            id: PRINCIPAL,
            label: "No service principal in shells",
            files,
        }
    }

    /// git looks for hooks where the step of that name puts them.
    pub(super) fn of_hooks(path: &'static str, body: &'static str) -> Self {
        Self {
            id: super::hooks::ID,
            label: super::hooks::LABEL,
            files: vec![RcFile::new(path, super::hooks::ID, body)],
        }
    }

    pub(super) fn touches(&self) -> Vec<&'static str> {
        self.files.iter().map(|file| file.path).collect()
    }

    pub(super) async fn write(&self, job: &Job) -> Result<Note, Failed> {
        for file in self.wanted(job) {
            let path = job.home().join(file.path);
            let wrote = job
                .blocking(move || each_time(file.path, || write(&path, file)))
                .await?;
            if wrote == Wrote::Fresh {
                job.say(&format!("~/{} has its block", file.path)).await;
            }
        }
        Ok(Note::Nothing)
    }

    pub(super) async fn check(&self, job: &Job) -> Result<Option<String>, Failed> {
        for file in self.wanted(job) {
            let path = job.home().join(file.path);
            let wrote = job
                .blocking(move || each_time(file.path, || look(&path, file)))
                .await?;
            if wrote == Wrote::Fresh {
                let path = file.path;
                return Err(Failed::for_now(format!("~/{path} does not keep its block")));
            }
        }
        Ok(None)
    }

    /// The files of shells that are there.
    fn wanted(&self, job: &Job) -> impl Iterator<Item = RcFile> {
        let path = job.variable("PATH").cloned().unwrap_or_default();
        let has =
            move |shell: &str| std::env::split_paths(&path).any(|dir| dir.join(shell).is_file());
        let home = job.home();
        self.files.iter().copied().filter(move |file| {
            file.only_with
                .is_none_or(|shell| has(shell) || home.join(file.path).exists())
        })
    }

    /// Takes the blocks out. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        let mut undone = Undone::Nothing;
        for file in self.files.iter().rev() {
            let path = home.join(file.path);
            if each_time(file.path, || take(&path, *file))? == Wrote::Fresh {
                undone = Undone::Removed;
            }
        }
        Ok(undone)
    }
}

impl Task for Shell {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.write(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(self.check(job))
    }
}

/// Whether a file had to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Fresh,
    Same,
}

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    File(#[from] file::Error),
    #[error(transparent)]
    Unclear(#[from] Unclear),
}

fn each_time(path: &str, mut what: impl FnMut() -> Result<Wrote, Error>) -> Result<Wrote, Failed> {
    let mut attempt = 1;
    loop {
        match what() {
            Err(Error::File(file::Error::Changed)) if attempt < ATTEMPTS => attempt += 1,
            done => {
                return done.map_err(|error| {
                    Failed::for_good(format!("~/{path} is left as it is: {error}"))
                });
            }
        }
    }
}

fn write(path: &Path, file: RcFile) -> Result<Wrote, Error> {
    let held = Held::read(path)?;
    let text = file.block().put(held.text())?;
    if held.text() == Some(&*text) {
        return Ok(Wrote::Same);
    }
    held.replace_for(&text, Reach::AsBefore)?;
    Ok(Wrote::Fresh)
}

fn look(path: &Path, file: RcFile) -> Result<Wrote, Error> {
    let held = Held::read(path)?;
    let text = file.block().put(held.text())?;
    Ok(match held.text() == Some(&*text) {
        true => Wrote::Same,
        false => Wrote::Fresh,
    })
}

fn take(path: &Path, file: RcFile) -> Result<Wrote, Error> {
    let held = Held::read(path)?;
    let Some(text) = held.text() else {
        return Ok(Wrote::Same);
    };
    match file.block().take(text)? {
        None => Ok(Wrote::Same),
        Some(block::Rest::Nothing) => {
            held.remove()?;
            Ok(Wrote::Fresh)
        }
        Some(block::Rest::Text(rest)) => {
            held.replace_for(&rest, Reach::AsBefore)?;
            Ok(Wrote::Fresh)
        }
    }
}

#[cfg(test)]
mod tests;
