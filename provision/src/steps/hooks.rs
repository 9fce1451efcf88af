//! git tells of commits below the projects folder, and a repository's own hooks run as before. The hooks are found by a
//! block in git's configuration that counts least: what the user says in `~/.gitconfig`, or in a repository, wins.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Undone;
use super::home;
use super::shell::Shell;
use crate::run::{Call, Failed, Job, Later, Note, Shown, Task};

pub(super) const ID: &str = "hooks";
pub(super) const LABEL: &str = "git hooks";

/// Read before `~/.gitconfig`.
const CONFIG: &str = ".config/git/config";
/// In it.
const BLOCK: &str =
    "[includeIf \"gitdir:~/projects/\"]\n\tpath = ~/.local/share/bowline/git/config\n";
/// What that includes.
const INCLUDED: &str =
    "# Made by Bowline.\n[core]\n\thooksPath = ~/.local/share/bowline/git/hooks\n";
/// Each of [`NAMES`].
const HOOK: &str = include_str!("hooks/hook.sh");
/// Hooks that are handed on. Not among them: `push-to-checkout`, which does by itself what git would do without it, and
/// `reference-transaction` and `post-index-change`, which run so often that a process each time would be felt.
const NAMES: [&str; 19] = [
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "sendemail-validate",
    "update",
];

/// The step.
pub(super) struct Hooks {
    block: Shell,
}

impl Hooks {
    pub(super) fn new() -> Self {
        Self {
            block: Shell::of_hooks(CONFIG, BLOCK),
        }
    }

    pub(super) fn touches(&self) -> Vec<&'static str> {
        self.block.touches()
    }

    /// Takes them out. Blocks.
    pub(super) fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        let undone = self.block.undo(home)?;
        let folder = folder(home);
        match fs::remove_dir_all(&folder) {
            Ok(()) => Ok(Undone::Removed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(undone),
            Err(error) => Err(no(&folder, &error)),
        }
    }

    async fn install(&self, job: &Job) -> Result<Note, Failed> {
        let home = job.home().to_owned();
        job.blocking(move || write_all(&home)).await?;
        self.block.write(job).await?;
        let theirs = hooks_path(job).await?;
        let elsewhere = job.variable("XDG_CONFIG_HOME").is_some_and(|folder| {
            !folder.is_empty() && Path::new(folder) != job.home().join(".config")
        });
        Ok(if let Some(theirs) = theirs {
            Note::But(format!(
                "core.hooksPath is {theirs}, and stays so: let its post-commit call `bowline sync --hook`"
            ))
        } else if elsewhere {
            Note::But(
                "XDG_CONFIG_HOME is not ~/.config: git does not read the block there".to_owned(),
            )
        } else {
            Note::Nothing
        })
    }
}

/// Where the user's own hooks are, if all repositories have them there.
async fn hooks_path(job: &Job) -> Result<Option<String>, Failed> {
    let call = Call {
        program: "git".into(),
        arguments: ["config", "--global", "--get", "core.hooksPath"]
            .map(Into::into)
            .to_vec(),
        folder: job.home().to_owned(),
        environment: Vec::new(),
        shown: Shown::Nothing,
    };
    let answer = job.run(call).await?;
    let path = answer.text.trim();
    Ok((answer.status.success() && !path.is_empty()).then(|| path.to_owned()))
}

impl Task for Hooks {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(self.install(job))
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            self.block.check(job).await?;
            let hook = folder(job.home()).join("hooks/post-commit");
            match fs::metadata(&hook).map(|meta| meta.permissions().mode()) {
                Ok(mode) if mode & 0o100 != 0 => Ok(None),
                _ => Err(Failed::for_now(format!("{} is not there", hook.display()))),
            }
        })
    }
}

fn folder(home: &Path) -> PathBuf {
    home::shelf(home, "git")
}

fn write_all(home: &Path) -> Result<(), Failed> {
    let folder = folder(home);
    let hooks = folder.join("hooks");
    let made = home::make(home, &hooks);
    made.map_err(|error| no(&hooks, &error))?;
    // git reads it in that folder alone.
    let config = home.join(CONFIG);
    let above = config.parent().unwrap_or(home);
    home::make(home, above).map_err(|error| no(above, &error))?;
    write(&folder.join("config"), INCLUDED, 0o644)?;
    NAMES
        .iter()
        .try_for_each(|name| write(&hooks.join(name), HOOK, 0o755))
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failed> {
    home::write(path, text, mode).map_err(|error| no(path, &error))
}

fn no(path: &Path, error: &io::Error) -> Failed {
    Failed::for_good(format!("{}: {error}", path.display()))
}
