//! Where things are, and commands that are run there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Says one line about what is being done.
pub(crate) fn say(line: &str) {
    eprintln!("xtask: {line}");
}

/// Says what begins, does it, says how long it took.
pub(crate) fn timed<T>(what: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("{what} …"));
    let start = Instant::now();
    let done = act()?;
    say(&format!(
        "{what}: done in {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    Ok(done)
}

/// The workspace's folder.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    folder: PathBuf,
    /// Where programs are looked for first.
    tools: PathBuf,
}

impl Root {
    /// The folder above this crate's.
    pub(crate) fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = here.parent().unwrap_or(here).to_owned();
        Self {
            tools: folder.join("node_modules/.bin"),
            folder,
        }
    }

    /// The same with other programs before others.
    #[cfg(test)]
    pub(crate) fn with_tools(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.tools);
        self
    }

    /// A path below it.
    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.join("target"), |set| self.folder.join(set))
    }

    /// A command that runs here, with our tools before others.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Task {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder);
        let mut path = self.tools.clone().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path);
        Task {
            command,
            line: format!("{program} {}", arguments.join(" ")),
        }
    }

    /// Becomes the program: signals and the exit status are its own.
    pub(crate) fn replace_by(&self, program: &Path, arguments: &[String]) -> Result<()> {
        use std::os::unix::process::CommandExt as _;
        let error = Command::new(program).args(arguments).exec();
        Err(error).with_context(|| format!("could not start {}", program.display()))
    }
}

/// A command and how to name it.
pub(crate) struct Task {
    command: Command,
    line: String,
}

impl Task {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it; its output goes where ours goes.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self
            .command
            .status()
            .with_context(|| format!("could not start `{}`", self.line))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.line);
        }
        Ok(())
    }

    /// Runs it and gives what it printed; `None` when it is missing or fails.
    pub(crate) fn read(mut self) -> Option<String> {
        let output = self.command.output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
