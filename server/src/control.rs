//! The control socket: how programs on this machine reach a running server without HTTP. `bowline status`
//! in a session's shell goes through it. One line of JSON in, one out; only the server's own user is
//! heard. It knows nothing of pages and the gate.
//!
//! ```text
//! → {"session": "0123…", "status": "working"}
//! ← {"ok": true}   or   {"error": "no such session (any more)"}
//! ```

use std::fs;
use std::io;
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

/// Longest request, bytes.
const REQUEST_MAX: u64 = 4096;
/// Requests served at a time; further ones wait to be accepted.
const AT_A_TIME: usize = 64;
/// Accepting fails while descriptors are short: how long until the next try.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// A request that takes longer is dropped.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a program asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Which session it runs in.
    pub(crate) session: String,
    /// What it says that it does.
    pub(crate) status: String,
}

/// What it is answered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// It was done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ok: bool,
    /// Or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
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
        let path = place::socket(state_dir, "control.sock")?;
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
    pub(crate) fn serve(self, host: Host) -> Serving {
        Serving {
            task: tokio::spawn(accept(self.listener, host)),
            _file: self.file,
        }
    }
}

async fn accept(listener: UnixListener, host: Host) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let place = places.clone().acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            continue;
        };
        let host = host.clone();
        tokio::spawn(async move {
            let _place = place;
            let served = tokio::time::timeout(PATIENCE, answer(stream, &host)).await;
            if let Ok(Err(error)) = served {
                tracing::debug!(%error, "a request by the control socket failed");
            }
        });
    }
}

async fn answer(mut stream: UnixStream, host: &Host) -> io::Result<()> {
    let caller = stream.peer_cred()?.uid();
    let (reader, mut writer) = stream.split();
    let answer = if caller == rustix::process::getuid().as_raw() {
        let mut line = String::new();
        BufReader::new(reader.take(REQUEST_MAX))
            .read_line(&mut line)
            .await?;
        carry_out(&line, host).await
    } else {
        Err("the server belongs to another user".to_owned())
    };
    let answer = Answer {
        ok: answer.is_ok(),
        error: answer.err(),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn carry_out(line: &str, host: &Host) -> Result<(), String> {
    let request: Request =
        serde_json::from_str(line).map_err(|error| format!("not a request: {error}"))?;
    let word: Word = request
        .status
        .parse()
        .map_err(|error: bowline_terminal::UnknownWord| error.to_string())?;
    let session: SessionId = request
        .session
        .parse()
        .map_err(|_| "not a session's id".to_owned())?;
    let said = host.say_status(session, word).await;
    said.map_err(|failure| failure.to_string())
}
