//! Starting a program on a PTY: controlling terminal, own session, size, environment, folder. Blocks for
//! a fork; callers run it off the sessions' thread.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;

use bowline_protocol::frame::Size;
use bowline_protocol::ids::SessionId;
use pty_process::blocking::Command;

use crate::environment::{Account, environment};
use crate::error::Error;
use crate::integration::Injection;
use crate::lock;
use crate::options::Options;

/// A PTY is for a moment open without close-on-exec: one spawn at a time, or a shell might inherit
/// another's terminal.
static SPAWNING: Mutex<()> = Mutex::new(());

/// What to start.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) session: SessionId,
    /// `None` = the user's login shell.
    pub(crate) command: Option<Vec<String>>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) size: Size,
}

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Spawned {
    /// Our end of the PTY, non-blocking.
    pub(crate) terminal: OwnedFd,
    pub(crate) child: Child,
    /// The program's short name.
    pub(crate) name: String,
}

/// Starts a program.
pub(crate) fn spawn(program: Program, options: &Options) -> Result<Spawned, Error> {
    let account = account();
    let inherited = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut environment = environment(inherited, &account, options, program.session);
    let (path, arguments) = match program.command {
        Some(mut command) if !command.is_empty() => {
            let arguments = command.split_off(1);
            (command.remove(0), Start::Command(arguments))
        }
        Some(_) => {
            return Err(Error::Invalid {
                what: "the command is empty",
            });
        }
        None => {
            let shell = shell(&environment);
            let arguments = integrate(&shell, &mut environment, options);
            (shell, Start::LoginShell(arguments))
        }
    };
    let name = short_name(&path).to_owned();
    let failed = |source: io::Error| Error::Spawn {
        what: format!("`{path}`"),
        source,
    };
    let cwd = folder(program.cwd, options, &environment)?;
    let mut command = Command::new(&path)
        .env_clear()
        .envs(&environment)
        .current_dir(cwd);
    command = match arguments {
        Start::LoginShell(arguments) => command.arg0(format!("-{name}")).args(arguments),
        Start::Command(arguments) => command.args(arguments),
    };
    let _one_at_a_time = lock(&SPAWNING);
    let (pty, pts) = pty_process::blocking::open().map_err(|error| failed(into_io(error)))?;
    let Size { cols, rows } = program.size;
    pty.resize(pty_process::Size::new(rows, cols))
        .map_err(|error| failed(into_io(error)))?;
    let mut child = command.spawn(pts).map_err(|error| failed(into_io(error)))?;
    let terminal = OwnedFd::from(pty);
    if let Err(error) = rustix::io::ioctl_fionbio(&terminal, true) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(error.into()));
    }
    Ok(Spawned {
        terminal,
        child,
        name,
    })
}

enum Start {
    LoginShell(Vec<String>),
    Command(Vec<String>),
}

fn into_io(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        pty_process::Error::Rustix(error) => error.into(),
        other => io::Error::other(other.to_string()),
    }
}

fn account() -> Account {
    let passwd = std::fs::read("/etc/passwd").unwrap_or_default();
    let uid = rustix::process::getuid().as_raw();
    Account::find(&String::from_utf8_lossy(&passwd), uid).unwrap_or_default()
}

fn shell(environment: &BTreeMap<String, String>) -> String {
    environment
        .get("SHELL")
        .filter(|shell| Path::new(shell).is_file())
        .cloned()
        .unwrap_or_else(|| "/bin/sh".to_owned())
}

/// Makes a login shell mark its prompts and commands, if that is wanted and possible. Gives its arguments.
fn integrate(
    shell: &str,
    environment: &mut BTreeMap<String, String>,
    options: &Options,
) -> Vec<String> {
    let Some(folder) = &options.shell_integration else {
        return Vec::new();
    };
    match Injection::prepare(folder, short_name(shell), environment) {
        Ok(injection) => {
            environment.extend(injection.environment);
            injection.arguments
        }
        Err(error) => {
            let folder = folder.display();
            tracing::warn!(%folder, %error, "the shell makes no marks: its script can't be written");
            Vec::new()
        }
    }
}

fn short_name(path: &str) -> &str {
    path.rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(path)
}

fn folder(
    asked: Option<PathBuf>,
    options: &Options,
    environment: &BTreeMap<String, String>,
) -> Result<PathBuf, Error> {
    if let Some(folder) = asked {
        // The kernel reports a missing folder exactly like a missing program.
        let found = folder.metadata().and_then(|metadata| {
            if metadata.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        });
        return found.map(|()| folder).map_err(|source| Error::Spawn {
            what: "in the folder asked for".to_owned(),
            source,
        });
    }
    let home = environment.get("HOME").map(PathBuf::from);
    let folder = options.projects_dir.clone().into_iter().chain(home);
    Ok(folder
        .into_iter()
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| PathBuf::from("/")))
}
