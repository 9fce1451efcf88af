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
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_terminal::{SessionId, Sessions, Word};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Longest path that a socket can have: the kernel's field, less the NUL at its end.
const PATH_MAX: usize = 107;
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
        let path = path_for(state_dir)?;
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
    pub(crate) fn serve(self, sessions: Sessions) -> Serving {
        Serving {
            task: tokio::spawn(accept(self.listener, sessions)),
            _file: self.file,
        }
    }
}

async fn accept(listener: UnixListener, sessions: Sessions) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let place = places.clone().acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            continue;
        };
        let sessions = sessions.clone();
        tokio::spawn(async move {
            let _place = place;
            let served = tokio::time::timeout(PATIENCE, answer(stream, &sessions)).await;
            if let Ok(Err(error)) = served {
                tracing::debug!(%error, "a request by the control socket failed");
            }
        });
    }
}

/// `control.sock` in the state folder, or in a private folder whose path is short enough.
fn path_for(state_dir: &Path) -> io::Result<PathBuf> {
    let usual = state_dir.join("control.sock");
    if usual.as_os_str().len() <= PATH_MAX {
        return Ok(usual);
    }
    let uid = rustix::process::getuid().as_raw();
    let hash = Sha256::digest(state_dir.as_os_str().as_bytes());
    let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = PathBuf::from(format!("/tmp/bowline-{uid}-{hash}"));
    let mut builder = fs::DirBuilder::new();
    match builder.mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Anybody may make folders there: only one that is ours, and closed to others, is used.
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != uid || found.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "{} belongs to somebody else: choose a shorter --state-dir",
            folder.display()
        )));
    }
    Ok(folder.join("control.sock"))
}

async fn answer(mut stream: UnixStream, sessions: &Sessions) -> io::Result<()> {
    let caller = stream.peer_cred()?.uid();
    let (reader, mut writer) = stream.split();
    let answer = if caller == rustix::process::getuid().as_raw() {
        let mut line = String::new();
        BufReader::new(reader.take(REQUEST_MAX))
            .read_line(&mut line)
            .await?;
        carry_out(&line, sessions)
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

fn carry_out(line: &str, sessions: &Sessions) -> Result<(), String> {
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
    let session = sessions.get(session).map_err(|error| error.to_string())?;
    session.say_status(word);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_too_long_is_replaced_by_a_private_one() {
        let short = path_for(Path::new("/srv/state")).unwrap();
        assert_eq!(short, Path::new("/srv/state/control.sock"));
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(100));
        let path = path_for(&long).unwrap();
        assert!(path.as_os_str().len() <= PATH_MAX);
        assert_eq!(path_for(&long).unwrap(), path);
        let home = path.parent().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(home), 0o700);
        fs::set_permissions(home, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(path_for(&long).is_err());
        fs::remove_dir(home).unwrap();
    }
}
