//! Starting the keeper: a process of its own, in a session of its own, that inherits no descriptor and no
//! secret of the server.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bowline_terminal::resources::{self, Finder};
use bowline_terminal::{Options, environment};

use crate::place;
use crate::program::Program;

/// How often a keeper that starts is looked for.
pub(crate) const LOOK: Duration = Duration::from_millis(5);
/// How long it may take to start: it takes up what the last run left.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// One that fails has perhaps found another that just starts, which can be reached within this time.
const OTHER_WITHIN: Duration = Duration::from_secs(1);
/// A log longer than this begins anew with the next keeper, bytes.
const LOG_MAX: u64 = 1024 * 1024;
/// Told to the keeper beside what programs may have; no secrets are in there.
const PASSED: [&str; 3] = ["RUST_LOG", "RUST_BACKTRACE", "BOWLINE_LOG_FORMAT"];

/// How to start a keeper.
#[derive(Debug, Clone)]
pub struct Launch {
    pub(crate) program: Program,
    pub(crate) state_dir: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) options: Options,
}

impl Launch {
    /// As this program, for the sessions of a state folder.
    ///
    /// # Errors
    /// A folder for the socket can't be found.
    pub fn new(program: Program, state_dir: &Path, options: Options) -> io::Result<Self> {
        Ok(Self {
            program,
            socket: place::keeper_socket(state_dir)?,
            state_dir: state_dir.to_owned(),
            options,
        })
    }

    /// Starts it, and doesn't wait until it can be reached.
    pub(crate) fn start(&self) -> io::Result<Started> {
        let log_path = place::log(&self.state_dir);
        let is_long = log_path.metadata().is_ok_and(|log| log.len() > LOG_MAX);
        let mut log = File::options();
        let log = log.create(true).mode(0o600);
        let log = match is_long {
            true => log.write(true).truncate(true),
            false => log.append(true),
        };
        let log = log.open(&log_path)?;
        let passed = PASSED
            .iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let limit = resources::as_found(Finder::Child)?;
        let mut child = Command::new(self.program.path())
            .args(["keeper", "--started", "--state-dir"])
            .arg(&self.state_dir)
            .current_dir("/")
            .env_clear()
            .envs(environment::for_programs(&self.options))
            .envs(passed)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        drop(limit);
        // Not as arguments, which everybody on the machine can read.
        let options = serde_json::to_vec(&self.options)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&options)?;
        }
        Ok(Started {
            child: Some(child),
            since: Instant::now(),
            failed: None,
            log: log_path,
        })
    }
}

/// A keeper that was started.
#[derive(Debug)]
pub(crate) struct Started {
    child: Option<Child>,
    since: Instant,
    /// When it was seen to have failed.
    failed: Option<Instant>,
    log: PathBuf,
}

impl Started {
    /// Whether it may still come.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        let ended = match &mut self.child {
            Some(child) => child.try_wait()?,
            None => None,
        };
        if ended.is_none_or(|status| status.success()) {
            self.failed = None;
        } else if self.failed.get_or_insert_with(Instant::now).elapsed() > OTHER_WITHIN {
            return Err(io::Error::other(format!(
                "the keeper of the sessions ended as soon as it was started: {} says why",
                self.log.display()
            )));
        }
        if self.since.elapsed() > STARTS_WITHIN {
            return Err(io::Error::other(
                "the keeper of the sessions does not answer",
            ));
        }
        Ok(())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // It is our child until we end: somebody has to take its status. A thread costs nothing while it waits.
        let waiting = std::thread::Builder::new().name("keeper".to_owned());
        let _ = waiting.spawn(move || child.wait());
    }
}

/// Whether a connection failed because nobody listens.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(
        error.kind(),
        E::NotFound | E::ConnectionRefused | E::ConnectionReset | E::UnexpectedEof | E::BrokenPipe
    )
}
