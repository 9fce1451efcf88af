//! `bowline sync`: carries the repository that it runs in to where the server says, or brings one back. It asks the server
//! for a token at each request, so that none is ever old, and works on where the server is replaced meanwhile.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use bowline_sync::Hash;
use bowline_sync::project::{self, Over, Project, Sent};
use bowline_sync::store::{Folder, Store, WorkspaceFiles};
use rustix::fs::{FlockOperation, flock};

use super::args::{SyncCommand, SyncWhat, WhichServer};
use super::bearer::OfServer;
use super::{Where, detach, log};
use crate::config::{ConfigError, state_dir};
use crate::control::{self, Request, What};

/// Why nothing was carried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No server, or another user's.
    #[error("no server answers: run it in a session of Bowline, or say --state-dir, or --to ({0})")]
    Nobody(io::Error),
    /// The server said no.
    #[error("{0}")]
    Refused(String),
    /// It is turned off.
    #[error("the server carries no projects: start it with --workspace-sync on, or say --to")]
    Off,
    /// Nowhere to find projects.
    #[error("HOME is not set")]
    Homeless,
    /// No https.
    #[error(transparent)]
    Https(#[from] crate::outward::Error),
    /// The project, or the store.
    #[error(transparent)]
    Project(#[from] project::Error),
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where files go, and what is written down where.
struct Opened {
    store: Box<dyn Store>,
    state_dir: PathBuf,
}

/// Does what was asked, and gives the status to end with. `env` reads the environment.
pub async fn run(
    what: SyncCommand,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<ExitCode, Error> {
    let home = env("HOME").filter(|home| !home.is_empty());
    let home = PathBuf::from(home.ok_or(Error::Homeless)?);
    match what.what {
        Some(SyncWhat::Restore { name, over, server }) => {
            let opened = open(server, &env)?.ok_or(Error::Off)?;
            let over = if over { Over::Yes } else { Over::No };
            return restore(&home, &*opened.store, &name, over).await;
        }
        Some(SyncWhat::Log { server }) => {
            let opened = open(server, &env)?.ok_or(Error::Off)?;
            print!("{}", log::read(&opened.state_dir));
            return Ok(ExitCode::SUCCESS);
        }
        None => {}
    }
    let folder = match what.folder {
        Some(folder) => folder,
        None => std::env::current_dir()?,
    };
    if what.hook {
        let server = &what.server;
        return Ok(hook(&home, &folder, server).await);
    }
    if what.alone {
        detach::leave()?;
    }
    let opened = match open(what.server, &env)? {
        Some(opened) => opened,
        // At a commit nobody asked for anything.
        None if what.alone => return Ok(ExitCode::SUCCESS),
        None => return Err(Error::Off),
    };
    let project = Project::find(&home, &folder).await?;
    let name = project.name().as_str();
    let sent = in_turn(&project, &opened).await;
    let lines = match &sent {
        Ok(Some(sent)) => told(sent),
        Ok(None) => vec!["another one is about to carry it".to_owned()],
        Err(error) => vec![format!("failed: {error}")],
    };
    log::write(&opened.state_dir, name, &lines)?;
    if let (false, Ok(_)) = (what.alone, &sent) {
        lines.iter().for_each(|line| println!("{name}: {line}"));
    }
    let is_whole = sent?.is_none_or(|sent| sent.left.is_empty());
    Ok(match is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// After a commit: never in its way, whatever happens.
async fn hook(home: &Path, folder: &Path, server: &WhichServer) -> ExitCode {
    // Elsewhere a commit is nothing to us, and a process less.
    if let Ok(root) = Project::root_of(home, folder).await {
        let (state_dir, to) = (server.state_dir.as_deref(), server.to.as_deref());
        if let Err(error) = detach::start(&root, state_dir, to) {
            eprintln!("bowline: this commit is not carried to the workspace: {error}");
        }
    }
    ExitCode::SUCCESS
}

/// What came of it, a line each.
fn told(sent: &Sent) -> Vec<String> {
    let Sent {
        place,
        sent: fresh,
        removed,
        same,
        left,
    } = sent;
    let mut lines = vec![format!(
        "{fresh} sent, {removed} removed, {same} were there; it is at {place}"
    )];
    lines.extend(left.iter().map(|left| format!("not carried: {left}")));
    lines
}

/// Carries a project, one at a time. None = somebody waits already who will carry what is here now.
async fn in_turn(project: &Project, opened: &Opened) -> Result<Option<Sent>, Error> {
    let which = Hash::of(project.root().as_os_str().as_encoded_bytes());
    let file = |what: &str| -> io::Result<File> {
        let name = format!("sync-{}.{what}", which.short());
        let mut options = OpenOptions::new();
        let options = options.create(true).write(true).truncate(false).mode(0o600);
        options.open(opened.state_dir.join(name))
    };
    let (waiting, working) = (file("next")?, file("lock")?);
    if flock(&waiting, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    // As long as somebody else works on it; nobody else of this process needs the thread.
    let working = tokio::task::spawn_blocking(move || {
        flock(&working, FlockOperation::LockExclusive).map(|()| working)
    });
    let _working = working
        .await
        .map_err(io::Error::other)?
        .map_err(io::Error::from)?;
    drop(waiting);
    Ok(Some(project::send(project, &*opened.store).await?))
}

async fn restore(
    home: &Path,
    store: &dyn Store,
    name: &str,
    over: Over,
) -> Result<ExitCode, Error> {
    let done = project::restore(home, store, name, over).await?;
    println!("{}: {} files", done.path.display(), done.files);
    done.left.iter().for_each(|left| println!("{left}"));
    if over == Over::No && done.identity.contains(['/', ':']) {
        println!("its history is at {}", done.identity);
    }
    Ok(match done.left.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Where files go; none where that is turned off.
fn open(
    server: WhichServer,
    env: &impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Opened>, Error> {
    let given = server.state_dir.clone();
    if let Some(folder) = server.to {
        let given = given.or_else(|| env("BOWLINE_STATE_DIR").map(PathBuf::from));
        let state_dir = state_dir(given, env)?;
        std::fs::create_dir_all(&state_dir)?;
        return Ok(Some(Opened {
            store: Box::new(Folder::new(std::path::absolute(folder)?)),
            state_dir,
        }));
    }
    let socket = control::find(given, env).map_err(Error::Nobody)?;
    let asked = Request::About {
        about: What::Projects,
    };
    let answer = control::ask(&socket, &asked, control::PATIENCE).map_err(Error::Nobody)?;
    if let Some(error) = answer.error {
        return Err(Error::Refused(error));
    }
    let Some(Where {
        workspace,
        folder,
        state_dir,
    }) = answer.projects
    else {
        return Ok(None);
    };
    let store: Box<dyn Store> = match (workspace, folder) {
        (Some(theirs), _) => {
            let root = theirs.root.parse();
            let root =
                root.map_err(|_| Error::Refused("the workspace has no address".to_owned()))?;
            let bearer = OfServer {
                socket,
                session: control::session(env),
            };
            Box::new(WorkspaceFiles::new(root, &theirs.who, Arc::new(bearer))?)
        }
        (None, Some(folder)) => Box::new(Folder::new(folder)),
        (None, None) => return Ok(None),
    };
    Ok(Some(Opened { store, state_dir }))
}
