//! Starting a program on a PTY: controlling terminal, own session, size, environment, folder. First all is
//! resolved ([`prepare`]), then started ([`spawn`]). Blocks for a fork; callers run it off the sessions'
//! thread.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;

use bowline_protocol::frame::Size;
use bowline_protocol::ids::SessionId;
use pty_process::blocking::Command;
use rustix::fs::Access;
use rustix::io::Errno;

use crate::environment::{self, Account, environment};
use crate::error::Error;
use crate::integration::Injection;
use crate::lock;
use crate::options::Options;
use crate::resources::{self, ForPrograms};

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

/// A program with everything resolved that its start needs.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) path: String,
    /// What the program is told its own name is, if that isn't its path; `-bash` makes a login shell.
    pub(crate) arg0: Option<String>,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) cwd: PathBuf,
    pub(crate) size: Size,
    /// The program's short name.
    pub(crate) name: String,
    /// What its user should know of it.
    pub(crate) notice: Option<String>,
}

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Spawned {
    /// Our end of the PTY, non-blocking.
    pub(crate) terminal: OwnedFd,
    pub(crate) child: Child,
}

/// Whether a path is a program.
fn executable(path: &Path) -> Result<(), Errno> {
    rustix::fs::access(path, Access::EXEC_OK)?;
    match path.is_file() {
        true => Ok(()),
        false => Err(Errno::ACCESS),
    }
}

impl Launch {
    /// Whether its program is there, for whoever starts it by way of others.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let found = if self.path.contains('/') {
            executable(&self.cwd.join(&self.path))
        } else {
            let path = self.environment.get("PATH").map_or("", String::as_str);
            std::env::split_paths(path)
                .map(|folder| executable(&folder.join(&self.path)))
                .find(Result::is_ok)
                .unwrap_or(Err(Errno::NOENT))
        };
        found.map_err(|source| Error::Spawn {
            what: format!("`{}`", self.path),
            source: source.into(),
        })
    }
}

/// Resolves what is to be started, and where and with what.
pub(crate) fn prepare(program: Program, options: &Options) -> Result<Launch, Error> {
    let account = account();
    let inherited = match &options.environment {
        Some(environment) => environment.clone(),
        None => environment::own(),
    };
    let mut environment = environment(inherited, &account, options, program.session);
    let mut notice = None;
    let (path, arg0, arguments) = match program.command {
        Some(mut command) if !command.is_empty() => {
            let arguments = command.split_off(1);
            (command.remove(0), None, arguments)
        }
        Some(_) => {
            return Err(Error::Invalid {
                what: "the command is empty",
            });
        }
        None => {
            let (shell, missing) = shell(&mut environment);
            notice = missing;
            let arguments = integrate(&shell, &mut environment, options);
            let login = format!("-{}", short_name(&shell));
            (shell, Some(login), arguments)
        }
    };
    Ok(Launch {
        name: short_name(&path).to_owned(),
        cwd: folder(program.cwd, options, &environment)?,
        path,
        arg0,
        arguments,
        environment,
        size: program.size,
        notice,
    })
}

/// Starts a program.
pub(crate) fn spawn(launch: &Launch) -> Result<Spawned, Error> {
    let failed = |source| Error::Spawn {
        what: format!("`{}`", launch.path),
        source,
    };
    let mut command = Command::new(&launch.path)
        .env_clear()
        .envs(&launch.environment)
        .current_dir(&launch.cwd)
        .args(&launch.arguments);
    if let Some(arg0) = &launch.arg0 {
        command = command.arg0(arg0);
    }
    let _one_at_a_time = lock(&SPAWNING);
    let (pty, pts) = pty_process::blocking::open().map_err(|error| {
        let error = into_io(error);
        resources::opening_a_terminal(&error).unwrap_or_else(|| failed(error))
    })?;
    let Size { cols, rows } = launch.size;
    pty.resize(pty_process::Size::new(rows, cols))
        .map_err(|error| failed(into_io(error)))?;
    let terminal = OwnedFd::from(pty);
    let limits = ForPrograms::begin(&terminal);
    let spawned = command.spawn(pts);
    drop(limits);
    let mut child = spawned.map_err(|error| {
        let error = into_io(error);
        resources::starting_a_program(&error).unwrap_or_else(|| failed(error))
    })?;
    if let Err(error) = rustix::io::ioctl_fionbio(&terminal, true) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(error.into()));
    }
    Ok(Spawned { terminal, child })
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

/// What programs that are started now find in `SHELL`, if the user's shell can be run.
pub(crate) fn told_shell() -> String {
    let given = std::env::var("SHELL").ok();
    let given = given.filter(|shell| !shell.is_empty());
    given.unwrap_or_else(|| account().shell)
}

/// The user's shell, and what to say if it isn't the one that was chosen.
fn shell(environment: &mut BTreeMap<String, String>) -> (String, Option<String>) {
    const FALLBACK: &str = "/bin/sh";
    let chosen = environment.get("SHELL").cloned().unwrap_or_default();
    if !chosen.is_empty() && executable(Path::new(&chosen)).is_ok() {
        return (chosen, None);
    }
    environment.insert("SHELL".to_owned(), FALLBACK.to_owned());
    let notice = format!(
        "Bowline: the shell {chosen} can't be run, so this is {FALLBACK}. Set SHELL for the server to one \
         that is there."
    );
    (
        FALLBACK.to_owned(),
        Some(notice).filter(|_| !chosen.is_empty()),
    )
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

/// The home folder of whoever runs the server.
pub(crate) fn home() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    home.map(PathBuf::from).or_else(|| {
        let home = account().home;
        (!home.is_empty()).then(|| home.into())
    })
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
