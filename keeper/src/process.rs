//! The keeper's process: from its lock to its end. One keeper for each state folder; it ends when told, or
//! when it has had neither session nor server for a while.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::ids::ServerId;
use bowline_terminal::{HandOverError, Links, OnExit, Options, Sessions};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval};

use crate::ask::{Failure, Reason};
use crate::place;
use crate::program::Program;
use crate::service::{Command, Service, Traffic};
use crate::upgrade::{Head, Luggage, Resumed, become_program};

/// How long a keeper waits for a server or a session before it ends.
const ALONE_MAX: Duration = Duration::from_secs(60);
/// How often it looks whether it is alone.
const LOOK: Duration = Duration::from_secs(5);
/// How long the other program may take to prove that it can read the state.
const PROVES_WITHIN: Duration = Duration::from_secs(20);

/// Why the keeper could not start, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
    /// Another keeper has the state folder.
    #[error("another keeper has the sessions of {0}")]
    Taken(String),
    /// The folder's files, or the socket.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What the program before handed over.
    #[error(transparent)]
    HandedOver(#[from] HandOverError),
    /// Signals, or a thread.
    #[error("the keeper cannot go on: {0}")]
    Io(#[from] io::Error),
}

/// What a keeper begins with.
#[derive(Debug, Clone)]
pub struct KeeperConfig {
    /// Whose sessions it keeps.
    pub state_dir: PathBuf,
    /// Where its sessions come from.
    pub start: Start,
    /// What it runs.
    pub program: Program,
    /// Versions of the keeper's frames that it speaks; [`VERSIONS`](crate::frame::VERSIONS), but in tests.
    pub versions: Vec<u16>,
    /// How long another program may take to prove that it can take up the sessions. They stand still meanwhile.
    pub proves_within: Duration,
}

impl KeeperConfig {
    /// For this process's own program.
    ///
    /// # Errors
    /// Its file can't be looked at.
    pub fn new(state_dir: PathBuf, start: Start) -> io::Result<Self> {
        Ok(Self {
            state_dir,
            start,
            program: Program::own()?,
            versions: crate::frame::VERSIONS.to_vec(),
            proves_within: PROVES_WITHIN,
        })
    }
}

/// How a keeper begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// Without sessions. Options until a server says otherwise.
    Fresh(Box<Options>),
    /// With what the program before it in this process handed over.
    Resumed,
}

/// The state folder is ours while this lives.
#[derive(Debug)]
pub(crate) struct Held {
    lock: File,
    pub(crate) listener: UnixListener,
    socket: PathBuf,
}

impl Held {
    pub(crate) fn take(state_dir: &Path) -> Result<Self, KeeperError> {
        let at = |path: &Path| {
            let path = path.display().to_string();
            move |source| KeeperError::File { path, source }
        };
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder.create(state_dir).map_err(at(state_dir))?;
        let lock_path = place::lock(state_dir);
        let mut lock = File::options();
        lock.write(true).create(true).truncate(false).mode(0o600);
        let lock = lock.open(&lock_path).map_err(at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(KeeperError::Taken(state_dir.display().to_string()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(at(&lock_path)(error)),
        }
        let socket = place::keeper_socket(state_dir).map_err(at(state_dir))?;
        // Ours is the lock: what lies there is a leftover.
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&socket)(error));
            }
            _ => {}
        }
        let listener = UnixListener::bind(&socket).map_err(at(&socket))?;
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).map_err(at(&socket))?;
        Ok(Self {
            lock,
            listener,
            socket,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

/// Keeps sessions until told to end, or alone for long. Needs a tokio runtime.
///
/// # Errors
/// Another keeper has the folder, or a file can't be used.
pub async fn run(config: KeeperConfig) -> Result<(), KeeperError> {
    // A terminal that is closed is none of its business.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let Begun {
        held,
        sessions,
        server,
    } = begin(&config).await?;
    let (commands, mut commanded) = mpsc::channel(16);
    let service = Arc::new(Service {
        links: Links::new(sessions.clone(), server),
        sessions: sessions.clone(),
        server,
        program: config.program.identity().to_owned(),
        versions: config.versions.clone(),
        commands,
        traffic: Traffic::default(),
    });
    tracing::info!(target: "audit", pid = std::process::id(), program = config.program.identity(), "keeper started");
    // A service manager starts servers when they find us; one that manages somebody else doesn't listen.
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
    let mut look = interval(LOOK);
    let mut alone_since = Instant::now();
    loop {
        tokio::select! {
            () = service.clone().accept(&held.listener) => {}
            _ = hangup.recv() => {}
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            command = commanded.recv() => match command {
                Some(Command::Stop) | None => break,
                Some(Command::Become(path, refused)) => {
                    let failure = go_on_as(&path, &config, &service, &held).await;
                    tracing::warn!(%failure, "going on as before");
                    let _ = refused.send(failure);
                }
            },
            _ = look.tick() => {
                if service.is_needed() {
                    alone_since = Instant::now();
                } else if alone_since.elapsed() >= ALONE_MAX {
                    break;
                }
            }
        }
    }
    tracing::info!(target: "audit", pid = std::process::id(), "keeper ends");
    // The machine may be going down, and nobody else will remember.
    sessions.save_all().await;
    sessions.end_all(OnExit::Keep).await;
    service.links.disconnect_all();
    sessions.leave().await;
    Ok(())
}

/// Goes on as the program at a path: returns only if that fails. Nobody is accepted meanwhile.
async fn go_on_as(path: &Path, config: &KeeperConfig, service: &Service, held: &Held) -> Failure {
    let Some(_resting) = service.traffic.rest().await else {
        return Failure::new(
            Reason::Busy,
            "questions about sessions take too long to come to their end: try again in a moment",
        );
    };
    let head = Head {
        server: service.server,
        options: Options::clone(&service.sessions.options()),
    };
    let luggage = Luggage {
        state_dir: &config.state_dir,
        lock: held.lock.as_fd(),
        listener: held.listener.as_fd(),
        proves_within: config.proves_within,
    };
    let error = become_program(path, &service.sessions, &head, &luggage).await;
    Failure::new(Reason::Other, error.to_string())
}

/// What a keeper has when it begins to listen.
struct Begun {
    held: Held,
    sessions: Sessions,
    server: ServerId,
}

async fn begin(config: &KeeperConfig) -> Result<Begun, KeeperError> {
    match &config.start {
        Start::Fresh(options) => {
            let held = Held::take(&config.state_dir)?;
            let sessions = Sessions::new((**options).clone());
            sessions.adopt().await;
            sessions.recover().await;
            Ok(Begun {
                held,
                sessions,
                server: bowline_terminal::new_server_id(),
            })
        }
        Start::Resumed => {
            let Resumed {
                head,
                state,
                lock,
                listener,
                terminals,
            } = Resumed::take()?;
            let sessions = Sessions::new(head.options);
            match sessions.take_over(state, terminals).await {
                Ok(count) => tracing::info!(count, "took up the sessions of the program before"),
                // Those that could be read go on: ending now would end their programs.
                Err(_) if !sessions.list().is_empty() => {}
                Err(error) => return Err(error.into()),
            }
            listener.set_nonblocking(true)?;
            let held = Held {
                lock,
                listener: UnixListener::from_std(listener)?,
                socket: place::keeper_socket(&config.state_dir)?,
            };
            Ok(Begun {
                held,
                sessions,
                server: head.server,
            })
        }
    }
}

impl Service {
    /// Whether there is a connection or a session that runs.
    fn is_needed(&self) -> bool {
        self.traffic.is_open() || self.sessions.any_runs()
    }
}
