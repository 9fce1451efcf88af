//! How a keeper goes on as another program: in place, by `execve`, so that its children stay its own. The
//! state of the sessions goes by a memory file, their terminals by a socket. First the other program proves on
//! a copy that it can read the state; whatever fails, this one goes on as if nothing had happened.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bowline_protocol::ids::ServerId;
use bowline_terminal::resources::{self, Finder};
use bowline_terminal::{HandOverError, Options, Sessions};
use rustix::fs::{Access, MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::descriptors::{Parcel, unpack};

/// Longest first line of the state, bytes: options with an environment.
const HEAD_MAX: u64 = 1024 * 1024;

/// The keeper did not become another program, and goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// Sessions can't be handed over, or not be read.
    #[error(transparent)]
    Sessions(#[from] HandOverError),
    /// The other program didn't prove that it can read the state.
    #[error("{program} cannot take up the sessions: {why}")]
    Unproved {
        /// Its file.
        program: String,
        /// What it did instead.
        why: String,
    },
    /// A file, a descriptor, or the start of the program.
    #[error("cannot go on as another program: {0}")]
    Io(#[from] io::Error),
}

/// The first line of the state, as JSON: what is the keeper's own. Fields are added, never changed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    /// This life of the sessions, which goes on.
    pub(crate) server: ServerId,
    pub(crate) options: Options,
}

/// What else the next program gets, and how long it has to prove itself.
#[derive(Debug)]
pub(crate) struct Luggage<'a> {
    pub(crate) state_dir: &'a Path,
    pub(crate) lock: BorrowedFd<'a>,
    pub(crate) listener: BorrowedFd<'a>,
    pub(crate) proves_within: Duration,
}

/// Goes on as the program at a path: returns only if that fails. Nobody must be connected.
pub(crate) async fn become_program(
    path: &Path,
    sessions: &Sessions,
    head: &Head,
    luggage: &Luggage<'_>,
) -> UpgradeError {
    match try_become(path, sessions, head, luggage).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn try_become(
    path: &Path,
    sessions: &Sessions,
    head: &Head,
    luggage: &Luggage<'_>,
) -> Result<std::convert::Infallible, UpgradeError> {
    let state = memfd_create("bowline-sessions", MemfdFlags::CLOEXEC).map_err(io::Error::from)?;
    let mut state = File::from(state);
    let mut writer = BufWriter::new(&mut state);
    serde_json::to_writer(&mut writer, head).map_err(io::Error::from)?;
    writer.write_all(b"\n")?;
    // Until this is dropped, or the exec, no session moves.
    let still = sessions.hand_over(&mut writer).await?;
    writer.flush()?;
    drop(writer);
    prove(path, &state, luggage.proves_within).await?;
    state.rewind()?;
    let terminals = still.descriptors().iter().map(|terminal| terminal.as_fd());
    let descriptors: Vec<BorrowedFd<'_>> = [state.as_fd(), luggage.lock, luggage.listener]
        .into_iter()
        .chain(terminals)
        .collect();
    let parcel = Parcel::pack(&descriptors)?;
    // What can be known before is better known before.
    rustix::fs::access(path, Access::EXEC_OK).map_err(io::Error::from)?;
    let own = std::env::current_exe()?;
    tracing::info!(target: "audit", program = %path.display(), "keeper goes on as another program");
    // It raises the limit itself, and programs get back what it finds.
    let _limit = resources::as_found(Finder::NextImage)?;
    let error = exec(path, path.as_os_str(), luggage, parcel.to.try_clone()?);
    // A failed try leaves signals and the standard input changed: no state to go on in. This program itself can
    // take the sessions up as well.
    tracing::error!(program = %path.display(), %error, "it can't be started: this program starts anew");
    let again = exec(
        "/proc/self/exe".as_ref(),
        own.as_os_str(),
        luggage,
        parcel.to,
    );
    tracing::error!(error = %again, "it can't either");
    // What waits in it keeps terminals open.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?).map_err(io::Error::from)?;
    Err(error.into())
}

/// Returns only if it fails.
fn exec(path: &Path, name: &OsStr, luggage: &Luggage<'_>, parcel: OwnedFd) -> io::Error {
    Command::new(path)
        .arg0(name)
        .args(["keeper", "--resumed", "--state-dir"])
        .arg(luggage.state_dir)
        .stdin(parcel)
        .exec()
}

/// Lets the other program read a copy of the state.
async fn prove(path: &Path, state: &File, within: Duration) -> Result<(), UpgradeError> {
    let unproved = |why: String| UpgradeError::Unproved {
        program: path.display().to_string(),
        why,
    };
    // Opened anew, so that it has an offset of its own.
    let copy = File::open(format!("/proc/self/fd/{}", state.as_raw_fd()))?;
    let mut proving = tokio::process::Command::new(path)
        .args(["keeper", "--prove"])
        .stdin(copy)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    match timeout(within, proving.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(unproved(format!("it tried, and ended with {status}"))),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(unproved("it takes too long to read them".to_owned())),
    }
}

/// What a program is told of the one before it.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) head: Head,
    /// Behind the head.
    pub(crate) state: BufReader<File>,
    pub(crate) lock: File,
    pub(crate) listener: std::os::unix::net::UnixListener,
    pub(crate) terminals: Vec<OwnedFd>,
}

impl Resumed {
    /// Takes up what waits at the standard input.
    pub(crate) fn take() -> io::Result<Self> {
        let stdin = io::stdin();
        let mut descriptors = unpack(stdin.as_fd())?.into_iter();
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        let mut next = || {
            let missing = || io::Error::other("a descriptor is missing");
            descriptors.next().ok_or_else(missing)
        };
        let mut state = BufReader::new(File::from(next()?));
        let lock = File::from(next()?);
        let listener = next()?.into();
        Ok(Self {
            head: read_head(&mut state)?,
            state,
            lock,
            listener,
            terminals: descriptors.collect(),
        })
    }
}

fn read_head(state: &mut impl io::BufRead) -> io::Result<Head> {
    let mut line = Vec::new();
    io::Read::take(state, HEAD_MAX).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// Proves that the state at the standard input can be read by this program. Gives the number of sessions.
///
/// # Errors
/// It can't.
pub fn prove_state() -> Result<usize, UpgradeError> {
    let mut state = BufReader::new(io::stdin().lock());
    read_head(&mut state)?;
    Ok(Sessions::check(state)?)
}
