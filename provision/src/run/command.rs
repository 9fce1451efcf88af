//! A command in a process group of its own, and the end of all of that group: told to end, then killed. What leaves the
//! group on purpose (setsid) is nobody's here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, kill_process_group, setpriority_process, test_kill_process_group,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::tail::Lines;

/// How much less it gets of a busy machine.
const NICE: i32 = 10;
/// How long a group has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long it is waited for what was killed.
const KILLED: Duration = Duration::from_secs(2);
/// Between two looks at a group that ends: nobody says when its last process is gone.
const LOOK: Duration = Duration::from_millis(20);
/// How long it is read on for what still lies in the pipes when the group is gone: who left the group may hold them open.
const DRAIN: Duration = Duration::from_secs(5);
/// Bytes of the answer that are kept; further ones are read and dropped.
const ANSWER: usize = 1 << 20;

/// What to run.
#[derive(Debug, Clone)]
pub struct Call {
    /// By its path, or by a name that is looked for on the `PATH` of the environment.
    pub program: OsString,
    /// Its arguments: anybody on the machine can read them.
    pub arguments: Vec<OsString>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Besides the step's environment.
    pub environment: Vec<(String, OsString)>,
    /// Whether what it prints on standard output is shown too; else it is an answer.
    pub shown: Shown,
}

/// What of a command's output is shown while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All.
    All,
    /// Standard error.
    Errors,
    /// Nothing.
    Nothing,
}

/// How a command ended.
#[derive(Debug)]
pub struct Answer {
    /// With what.
    pub status: ExitStatus,
    /// Its standard output, a megabyte of it at most.
    pub text: String,
    /// The last lines of its standard error, plain.
    pub errors: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such program.
    #[error("{0} is not installed")]
    Missing(String),
    /// The system says no.
    #[error("{0} cannot be started: {1}")]
    Start(String, std::io::ErrorKind),
    /// Somebody stopped the step.
    #[error("it was stopped")]
    Stopped,
}

/// A process group; whoever drops it kills what is left of it.
struct Group(Pid);

impl Group {
    fn signal(&self, signal: Signal) {
        // Nobody there is as good as ended.
        let _ = kill_process_group(self.0, signal);
    }

    /// Waits until nobody is in it.
    async fn is_empty_within(&self, child: &mut Child, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            // A leader that is not waited for would stay in it for ever.
            let _ = child.try_wait();
            if test_kill_process_group(self.0).is_err() {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn end(&self, child: &mut Child) {
        self.signal(Signal::TERM);
        // One that is stopped hears nothing.
        self.signal(Signal::CONT);
        if !self.is_empty_within(child, GRACE).await {
            self.signal(Signal::KILL);
            if !self.is_empty_within(child, KILLED).await {
                tracing::warn!(group = self.0.as_raw_pid(), "a process cannot be killed");
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Runs it to its end, or until `stop`; then nothing of it is left. Lines go to `lines` as they come: while that is full
/// the command waits.
pub(super) async fn run(
    call: Call,
    environment: &[(String, OsString)],
    lines: &mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Result<Answer, CommandError> {
    if stop.is_cancelled() {
        return Err(CommandError::Stopped);
    }
    let name = call.program.to_string_lossy().into_owned();
    let mut command = Command::new(&call.program);
    command
        .args(&call.arguments)
        .current_dir(&call.folder)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .envs(call.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::Missing(name.clone()),
        kind => CommandError::Start(name.clone(), kind),
    })?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let group = Group(pid.ok_or(CommandError::Stopped)?);
    // Shells come first. It may have ended already.
    let _ = setpriority_process(pid, NICE);
    let mut out = Output::new(call.shown == Shown::All);
    let mut errors = Output::new(call.shown != Shown::Nothing);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = {
        let mut reading = std::pin::pin!(async {
            let out = out.read(stdout, lines);
            let errors = errors.read(stderr, lines);
            futures_util::future::join(out, errors).await;
        });
        let mut is_read = false;
        let ended = loop {
            tokio::select! {
                () = &mut reading, if !is_read => is_read = true,
                status = child.wait() => {
                    break status.map_err(|error| CommandError::Start(name, error.kind()));
                }
                () = stop.cancelled() => break Err(CommandError::Stopped),
            }
        };
        // Also what it left behind: nothing of a step goes on.
        group.end(&mut child).await;
        if !is_read {
            let _ = tokio::time::timeout(DRAIN, reading).await;
        }
        ended?
    };
    Ok(Answer {
        status,
        text: String::from_utf8_lossy(&out.kept).into_owned(),
        errors: errors.last,
    })
}

/// What is read of a pipe.
struct Output {
    is_shown: bool,
    kept: Vec<u8>,
    last: Vec<String>,
    lines: Lines,
}

/// Lines of standard error by which it is said why a command failed.
const LAST: usize = 60;

impl Output {
    fn new(is_shown: bool) -> Self {
        Self {
            is_shown,
            kept: Vec::new(),
            last: Vec::new(),
            lines: Lines::default(),
        }
    }

    async fn read(&mut self, pipe: Option<impl AsyncRead + Unpin>, lines: &mpsc::Sender<String>) {
        let Some(mut pipe) = pipe else {
            return;
        };
        let mut buffer = vec![0; 8 << 10];
        loop {
            let read = pipe.read(&mut buffer).await.unwrap_or(0);
            let room = ANSWER.saturating_sub(self.kept.len()).min(read);
            self.kept.extend_from_slice(&buffer[..room]);
            let fresh = match read {
                0 => self.lines.end().into_iter().collect(),
                read => self.lines.push(&buffer[..read]),
            };
            for line in fresh {
                if self.last.len() == LAST {
                    self.last.remove(0);
                }
                self.last.push(line.clone());
                if self.is_shown {
                    // Nobody listens any more: then nobody has to be told.
                    let _ = lines.send(line).await;
                }
            }
            if read == 0 {
                return;
            }
        }
    }
}
