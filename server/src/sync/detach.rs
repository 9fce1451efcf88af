//! Going on alone: a process of its own session, which neither the end of the program that called it nor that of its terminal
//! reaches. Whoever called goes on when that is so, and has none of its descriptors to wait for.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts `bowline sync --alone` for a folder, and returns when it is on its own.
pub(super) fn start(folder: &Path, state_dir: Option<&Path>, to: Option<&Path>) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["sync", "--alone"]);
    for (name, path) in [("--state-dir", state_dir), ("--to", to)] {
        if let Some(path) = path {
            command.arg(name).arg(path);
        }
    }
    let mut child = command
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = Vec::new();
    if let Some(mut out) = child.stdout.take() {
        // It says so, or ends.
        out.read_to_end(&mut said)?;
    }
    match said.is_empty() {
        true => Err(io::Error::other("it did not begin")),
        false => Ok(()),
    }
}

/// Leaves the group and the session of whoever started this, and tells it.
pub(super) fn leave() -> io::Result<()> {
    // It leads no group: whoever started it gave it none.
    rustix::process::setsid()?;
    io::stdout().write_all(b".")?;
    io::stdout().flush()?;
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(null)?)
}
