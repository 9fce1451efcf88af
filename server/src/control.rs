//! The control socket: how programs on this machine reach a running server without HTTP. `bowline status`
//! in a session's shell and `bowline login` go through it. One line of JSON in, one out; only the server's own user is
//! heard. Its user may read the access token as well, so no more
//! is asked.
//!
//! ```text
//! → {"session": "0123…", "status": "working"}
//! ← {"ok": true}   or   {"error": "no such session (any more)"}
//! → {"login": "code"}
//! ← {"ok": true, "urls": ["http://127.0.0.1:8000/#code=0123…"]}
//! → {"about": "server"}
//! ← {"ok": true, "server": {"version": "0.1.0", "pid": 42, "place": "127.0.0.1:8000"}}
//! → {"about": "projects"}
//! ← {"ok": true, "projects": {"folder": "/mnt/share", "state_dir": "…"}}   or, if that is off, {"ok": true}
//! → {"git": {"protocol": "https", "host": "github.com"}}
//! ← {"ok": true, "user": "token", "token": "…"}   or, if nothing is meant for it, {"ok": true}
//! → {"token": "databricks", "session": "0123…"}
//! ← {"ok": true, "token": "…", "source": "page"}
//! → {"token": "broker"}
//! ← {"ok": true, "token": "…"}
//! ```

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_keeper::{Host, place};
use bowline_terminal::{SessionId, Word};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::VERSION;
use crate::broker::Broker;
use crate::config::{GitToken, state_dir};
use crate::sync::{Carried, Where};
use crate::urls::Urls;
use crate::vault::Vault;

/// The name that a Databricks workspace takes with any token.
const WORKSPACE_USER: &str = "token";
/// Longest request, bytes.
const REQUEST_MAX: u64 = 32 * 1024;
/// Requests served at a time; further ones wait to be accepted.
const AT_A_TIME: usize = 64;
/// Accepting fails while descriptors are short: how long until the next try.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// A request that takes longer is dropped. A token may have to be made first.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);

/// What a program asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Request {
    /// Note what a session's program does.
    Status {
        /// Which session it runs in.
        session: String,
        /// What it says that it does.
        status: String,
    },
    /// Let somebody in.
    Login {
        /// By what.
        login: By,
    },
    /// Say who serves the folder.
    About {
        /// What of it.
        about: What,
    },
    /// What opens a place for git.
    Git {
        /// Which place.
        git: Wanted,
        /// In which session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
    /// The token in force.
    Token {
        /// Of what.
        token: Of,
        /// For which session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
}

/// A place that git goes to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) protocol: String,
    /// With the port if it is not the usual one.
    pub(crate) host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
}

/// Of what a token is wanted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Of {
    /// The Databricks workspace.
    Databricks,
    /// The broker on this machine, before the workspace's models.
    Broker,
}

/// By what somebody is to be let in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// A URL with a fresh code.
    Code,
}

/// What can be told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// The server itself.
    Server,
    /// Where projects are carried to.
    Projects,
}

/// A server that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    /// Its version.
    pub(crate) version: String,
    /// Its process.
    pub(crate) pid: u32,
    /// Where it listens.
    pub(crate) place: String,
}

/// What carries requests out.
#[derive(Clone)]
pub(crate) struct Hands {
    /// The sessions.
    pub(crate) host: Host,
    /// Where the page is.
    pub(crate) urls: Urls,
    /// Where the server listens.
    pub(crate) place: String,
    /// The workspace's credential.
    pub(crate) vault: Option<Arc<Vault>>,
    /// What tools reach its models by.
    pub(crate) broker: Option<Arc<Broker>>,
    /// A token for git's servers.
    pub(crate) git: Option<Arc<GitToken>>,
    /// What carries files elsewhere.
    pub(crate) carried: Arc<Carried>,
}

/// What it is answered. Not `Debug`: it may hold a token.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// It was done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ok: bool,
    /// Or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Where to log in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) urls: Vec<String>,
    /// Who serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<About>,
    /// Where projects are carried to, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) projects: Option<Where>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// What the token comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The name that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
}

/// A bound control socket.
pub(crate) struct Control {
    listener: UnixListener,
    file: SocketFile,
}

/// The socket's file; goes with its server, which still holds the state folder then.
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        // A folder of its own goes too; the state folder isn't empty.
        let _ = self.0.parent().map(fs::remove_dir);
    }
}

/// A control socket that is answered until this is dropped.
pub(crate) struct Serving {
    task: JoinHandle<()>,
    _file: SocketFile,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Control {
    /// Binds the socket of a state folder, which the caller has locked: what lies there is a leftover.
    pub(crate) fn bind(state_dir: &Path) -> io::Result<Self> {
        let path = socket(state_dir)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        let file = SocketFile(path);
        // Until here the caller's uid is all that is checked.
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, file })
    }

    /// What sessions need to find it: the socket, and the program that speaks to it.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let program = std::env::current_exe().ok();
        let named = [
            ("BOWLINE_SOCKET", Some(self.file.0.clone())),
            ("BOWLINE_BIN", program),
        ];
        named.into_iter().filter_map(|(name, path)| {
            let path = path?.into_os_string().into_string().ok()?;
            Some((name.to_owned(), path))
        })
    }

    /// Answers from now on.
    pub(crate) fn serve(self, hands: Hands) -> Serving {
        Serving {
            task: tokio::spawn(accept(self.listener, hands)),
            _file: self.file,
        }
    }
}

async fn accept(listener: UnixListener, hands: Hands) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let place = places.clone().acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            continue;
        };
        let hands = hands.clone();
        tokio::spawn(async move {
            let _place = place;
            let served = tokio::time::timeout(PATIENCE, answer(stream, &hands)).await;
            if let Ok(Err(error)) = served {
                tracing::debug!(%error, "a request by the control socket failed");
            }
        });
    }
}

async fn answer(mut stream: UnixStream, hands: &Hands) -> io::Result<()> {
    let caller = stream.peer_cred()?.uid();
    let (reader, mut writer) = stream.split();
    let answer = if caller == rustix::process::getuid().as_raw() {
        let mut line = String::new();
        BufReader::new(reader.take(REQUEST_MAX))
            .read_line(&mut line)
            .await?;
        carry_out(&line, hands).await
    } else {
        Err("the server belongs to another user".to_owned())
    };
    let answer = answer.unwrap_or_else(|error| Answer {
        error: Some(error),
        ..Answer::default()
    });
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn carry_out(line: &str, hands: &Hands) -> Result<Answer, String> {
    let request: Request =
        serde_json::from_str(line).map_err(|error| format!("not a request: {error}"))?;
    match request {
        Request::Status { session, status } => {
            note(&session, &status, &hands.host).await?;
            Ok(Answer {
                ok: true,
                ..Answer::default()
            })
        }
        Request::Git { git, session } => open_git(&git, id(session.as_deref()), hands).await,
        Request::Token {
            token: Of::Broker, ..
        } => {
            let broker = hands.broker.as_ref();
            let broker = broker.ok_or("this server has no broker: start it with --broker on")?;
            Ok(Answer {
                ok: true,
                token: Some(broker.secret().expose().to_owned()),
                ..Answer::default()
            })
        }
        Request::Token {
            token: Of::Databricks,
            session,
        } => {
            let vault = hands.vault.as_ref();
            let vault = vault.ok_or("this server knows of no databricks workspace")?;
            let given = vault.token_for(id(session.as_deref())).await?;
            Ok(Answer {
                ok: true,
                token: Some(given.token.expose().to_owned()),
                source: Some(given.from.to_owned()),
                ..Answer::default()
            })
        }
        Request::Login { login: By::Code } => {
            tracing::info!(target: "audit", "login code issued");
            Ok(Answer {
                ok: true,
                urls: hands.urls.issue(),
                ..Answer::default()
            })
        }
        Request::About {
            about: What::Projects,
        } => Ok(Answer {
            ok: true,
            projects: hands.carried.projects().await?,
            ..Answer::default()
        }),
        Request::About {
            about: What::Server,
        } => Ok(Answer {
            ok: true,
            server: Some(About {
                version: VERSION.to_owned(),
                pid: std::process::id(),
                place: hands.place.clone(),
            }),
            ..Answer::default()
        }),
    }
}

/// What opens a place for git: only what is meant for it, and never in the clear.
async fn open_git(
    wanted: &Wanted,
    session: Option<SessionId>,
    hands: &Hands,
) -> Result<Answer, String> {
    let nothing = Answer {
        ok: true,
        ..Answer::default()
    };
    if wanted.protocol != "https" {
        return Ok(nothing);
    }
    let path = wanted.path.as_deref();
    let git = hands.git.as_ref();
    let git = git.filter(|git| git.places.iter().any(|place| place.has(&wanted.host, path)));
    let opened = match (git, &hands.vault) {
        (Some(git), _) => Some((git.user.clone(), git.token.clone())),
        (None, Some(vault)) if vault.is_at(&wanted.host) => {
            let given = vault.token_for(session).await?;
            Some((WORKSPACE_USER.to_owned(), given.token))
        }
        (None, _) => None,
    };
    Ok(match opened {
        Some((user, token)) => Answer {
            user: Some(user),
            token: Some(token.expose().to_owned()),
            ..nothing
        },
        None => nothing,
    })
}

/// The session of whoever asks; what is no session's id is none.
fn id(session: Option<&str>) -> Option<SessionId> {
    session?.parse().ok()
}

async fn note(session: &str, status: &str, host: &Host) -> Result<(), String> {
    let word: Word = status
        .parse()
        .map_err(|error: bowline_terminal::UnknownWord| error.to_string())?;
    let session: SessionId = session
        .parse()
        .map_err(|_| "not a session's id".to_owned())?;
    let said = host.say_status(session, word).await;
    said.map_err(|failure| failure.to_string())
}

/// Asks the server of a socket, and waits no longer than `patience`.
pub(crate) fn ask(socket: &Path, request: &Request, patience: Duration) -> io::Result<Answer> {
    let mut stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    io::BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// The session that the environment names, if this runs in one.
pub(crate) fn session(env: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    env("BOWLINE_SESSION")?.into_string().ok()
}

/// Where the server is asked that is meant: that of the folder that was said, of the session that this runs in, or of the
/// usual folder.
pub(crate) fn find(
    given: Option<PathBuf>,
    env: impl Fn(&str) -> Option<OsString>,
) -> io::Result<PathBuf> {
    match (given, env("BOWLINE_SOCKET")) {
        (None, Some(socket)) => Ok(socket.into()),
        (given, _) => {
            let given = given.or_else(|| env("BOWLINE_STATE_DIR").map(PathBuf::from));
            socket(&state_dir(given, env).map_err(io::Error::other)?)
        }
    }
}

/// Where the server of a state folder is asked.
pub(crate) fn socket(state_dir: &Path) -> io::Result<PathBuf> {
    place::socket(state_dir, "control.sock")
}
