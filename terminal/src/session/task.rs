//! The task of one session: the only one that writes to and resizes its PTY, decides who reads it, ends it
//! and keeps its deadlines. What others want lies in the session's shared state; they wake it.

use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bowline_protocol::frame::{Exit, Size};
use bytes::Bytes;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, WaitId, WaitIdOptions, WaitOptions, pidfd_open, waitid, waitpid,
};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::kill::{self, Scanner};
use crate::options::Options;
use crate::readiness::{Watched, watch};
use crate::screen::Echo;
use crate::session::reading::{Floods, Output, Reader, read_available};
use crate::session::{Phase, Session, Shared};
use crate::totals;

/// Output that costs less to parse at once than to have another thread woken for it, bytes.
const LITTLE: usize = 256;
/// How long the acknowledgement of keys waits for the echo, to be told with it.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(20);
/// Input written in one turn before output is read again.
const WRITE_MAX: usize = 64 * 1024;
/// After the program's end: more than the kernel holds of one terminal. A background job that goes on
/// writing can't keep the session open.
const LAST_OUTPUT_MAX: usize = 1024 * 1024;
/// A program may close its terminal and open it again: how often to look.
const HUNG_UP_PAUSE: Duration = Duration::from_millis(200);
/// How often an end is looked for where the kernel offers no pidfd.
const NO_PIDFD_PAUSE: Duration = Duration::from_millis(100);
/// An end for lack of use is announced after this part of the limit.
const WARNING: f64 = 0.8;

/// Learns that the program ended without taking its exit status away: the unreaped child keeps the
/// session's number from being given to another.
enum Ending {
    Pidfd(AsyncFd<OwnedFd>),
    Polled,
}

impl Ending {
    fn of(pid: Pid) -> Self {
        pidfd_open(pid, PidfdFlags::empty())
            .map_err(std::io::Error::from)
            .and_then(|pidfd| watch(pidfd, Interest::READABLE))
            .map_or(Self::Polled, Self::Pidfd)
    }

    async fn wait(&self, pid: Pid) -> Exit {
        loop {
            if let Some(exit) = exit_of(pid) {
                return exit;
            }
            match self {
                Self::Pidfd(pidfd) => match pidfd.readable().await {
                    // The status may come a moment after the readiness is known here.
                    Ok(mut guard) if exit_of(pid).is_none() => guard.clear_ready(),
                    _ => {}
                },
                Self::Polled => tokio::time::sleep(NO_PIDFD_PAUSE).await,
            }
        }
    }
}

fn exit_of(pid: Pid) -> Option<Exit> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => {
            let status = status?;
            Some(match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => return None,
            })
        }
        Err(Errno::INTR) => None,
        // Somebody else reaped it: it ended, how is not known.
        Err(_) => Some(Exit::Code(-1)),
    }
}

/// What the task has to do next.
struct Plan {
    ending: Option<Exit>,
    resize: Option<Size>,
    /// Input, or answers of the screen.
    has_input: bool,
    /// The screen is too far behind for more output.
    holds_output: bool,
    wake_at: Option<Instant>,
}

struct Task {
    session: Arc<Session>,
    /// Our end of the PTY.
    watched: Watched,
    reader: Reader,
    /// Little was said: it is parsed when the viewers have it.
    parses: bool,
    /// When clients are told that their keys were written, if no output tells them before.
    acknowledges: Option<Instant>,
    pid: Pid,
    idle_limit: Duration,
}

/// What a session's task begins with.
pub(crate) struct Life {
    pub(crate) session: Arc<Session>,
    pub(crate) watched: Watched,
    /// The program on our PTY, a child of this process.
    pub(crate) pid: Pid,
    pub(crate) options: Arc<Options>,
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) floods: Floods,
}

impl Life {
    /// Runs a session to its end: afterwards it is marked ended, its child reaped, its terminal closed.
    pub(crate) async fn run(self) -> Weak<Session> {
        let pid = self.pid;
        let ending = Ending::of(pid);
        let mut task = Task {
            reader: Reader::new(self.session.clone(), self.floods),
            session: self.session,
            watched: self.watched,
            parses: false,
            acknowledges: None,
            pid,
            idle_limit: self.options.idle_limit,
        };
        if let Some(greeting) = task.session.greeting() {
            task.append(greeting);
        }
        let grace = self.options.kill_grace;
        let exit = task.live(&ending, grace, &self.scanner).await;
        // What is said last is read by whoever goes on.
        task.rest().await;
        task.finish(exit).await;
        let session = task.session.clone();
        // The child first, so that whoever sees the end finds no zombie. Closing our end of the terminal
        // tells what is left of the session that it is gone.
        reap(&session, ending, pid);
        drop(task);
        session.phase.send_replace(Phase::Ended);
        Arc::downgrade(&session)
    }
}

/// Takes the child's exit status away from the kernel.
fn reap(session: &Arc<Session>, ending: Ending, pid: Pid) {
    if take_exit(pid) == Left::Reaped {
        session.shared().child = None;
        return;
    }
    // It survived KILL: it hangs in the kernel, and nobody waits for it but this.
    tracing::warn!(pid = pid.as_raw_pid(), "a process does not die");
    tokio::spawn(outlived(Arc::downgrade(session), ending, pid));
}

/// Reaps a child that outlived its session.
async fn outlived(session: Weak<Session>, ending: Ending, pid: Pid) {
    ending.wait(pid).await;
    take_exit(pid);
    if let Some(session) = session.upgrade() {
        session.shared().child = None;
    }
}

/// Sees to a child that no session's task waits for: the session has ended before it, or could not be taken up.
pub(crate) fn see_off(session: Weak<Session>, pid: Pid) {
    tokio::spawn(outlived(session, Ending::of(pid), pid));
}

/// What is left of a child once its exit status was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing: its number may be given to another.
    Reaped,
    /// It still runs.
    Alive,
}

/// Reaps a child if it has ended. One that somebody else reaped is gone, too.
fn take_exit(pid: Pid) -> Left {
    loop {
        match waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(None) => return Left::Alive,
            Err(Errno::INTR) => {}
            Ok(Some(_)) | Err(_) => return Left::Reaped,
        }
    }
}

impl Task {
    async fn live(&mut self, ending: &Ending, grace: Duration, scanner: &Arc<Scanner>) -> Exit {
        let mut killing: Option<(JoinHandle<kill::Outcome>, Exit)> = None;
        let mut leader_left = false;
        let mut hung_up = false;
        let mut timer = pin!(sleep_until(Instant::now()));
        let mut ended = pin!(ending.wait(self.pid));
        loop {
            if std::mem::take(&mut self.parses) {
                tokio::task::yield_now().await;
                self.session.trail().catch_up(&self.session);
            }
            self.rest().await;
            self.watched.listen(self.reader.interest());
            let plan = self.plan();
            if let Some(exit) = plan.ending
                && killing.is_none()
            {
                let tmux = self.session.tmux_to_end();
                let ending = tokio::spawn(kill::end(scanner.clone(), self.pid, tmux, grace));
                killing = Some((ending, exit));
                self.session.phase.send_replace(Phase::Ending);
            }
            if let Some(size) = plan.resize {
                self.apply_size(size).await;
            }
            let retry = hung_up.then(|| Instant::now() + HUNG_UP_PAUSE);
            if let Some(wake_at) = plan.wake_at.into_iter().chain(retry).min()
                && (wake_at < timer.deadline() || timer.is_elapsed())
            {
                timer.as_mut().reset(wake_at);
            }
            let has_input = plan.has_input && !hung_up;
            tokio::select! {
                biased;
                () = self.session.wanted.notified() => {}
                outcome = killed(&mut killing) => {
                    if outcome == kill::Outcome::SomeSurvive {
                        tracing::warn!(session = %self.session.id, "some processes could not be ended");
                    }
                    return killing.map_or(Exit::Killed, |(_, exit)| exit);
                }
                exit = &mut ended, if !leader_left => {
                    if killing.is_none() {
                        return exit;
                    }
                    leader_left = true;
                }
                () = self.watched.writable(), if has_input => self.write(),
                output = self.reader.next(&self.watched), if !hung_up && !plan.holds_output => match output {
                    Output::Bytes(bytes) => self.append(bytes),
                    Output::Nothing => {}
                    Output::HungUp => hung_up = true,
                },
                () = &mut timer, if plan.wake_at.is_some() || hung_up => {
                    self.check_idle();
                    self.session.look();
                    self.acknowledge();
                    if hung_up && let Output::Bytes(bytes) = read_available(self.watched.fd()) {
                        self.append(bytes);
                    }
                }
            }
        }
    }

    fn plan(&self) -> Plan {
        let now_ms = self.session.now_ms();
        let mut shared = self.session.shared();
        let reply_at = shared.replies.due();
        let has_reply =
            reply_at.is_some_and(|at| at <= Instant::now()) && shared.input.is_between_keys();
        let has_input = has_reply || shared.input.front(now_ms).is_some();
        let input_at = shared
            .input
            .deadline_ms()
            .map(|at_ms| self.session.started + Duration::from_millis(at_ms));
        let idle_at = (!self.idle_limit.is_zero()).then(|| {
            if shared.idle_warning.of == Some(shared.used) {
                shared.used + self.idle_limit
            } else {
                shared.used + self.idle_limit.mul_f64(WARNING)
            }
        });
        let look_at = shared
            .status
            .look_at()
            .map(|at_ms| self.session.started + Duration::from_millis(at_ms));
        Plan {
            ending: shared.ending,
            resize: (shared.wanted_size != shared.size).then_some(shared.wanted_size),
            has_input,
            holds_output: self.session.trail().must_wait(),
            wake_at: input_at
                .into_iter()
                .chain(self.acknowledges)
                .chain(idle_at)
                .chain(look_at)
                .chain(reply_at.filter(|_| !has_reply))
                .min(),
        }
    }

    fn append(&mut self, bytes: Bytes) {
        let is_little = bytes.len() <= LITTLE;
        self.session.append(self.watched.fd(), bytes);
        let trail = self.session.trail();
        if is_little && trail.only_parses() {
            self.parses = true;
        } else {
            trail.follow(&self.session);
        }
    }

    /// Stands still while that is asked for, between reads and writes.
    async fn rest(&mut self) {
        if self.session.is_held() {
            self.reader.in_flight().await;
            self.session.stand_still().await;
        }
    }

    /// Writes what the screen answers to the program, unless a key or a paste is written in part.
    fn reply(&self) {
        let mut shared = self.session.shared();
        while shared.input.is_between_keys() && shared.replies.due().is_some() {
            let Some(reply) = shared
                .replies
                .front(self.echo(), self.session.trail().pace())
            else {
                return;
            };
            let written = self.watched.try_write(reply);
            match written {
                Ok(count) => shared.replies.wrote(count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn echo(&self) -> Echo {
        match tcgetattr(self.watched.fd()) {
            Ok(line) if line.local_modes.contains(LocalModes::ECHO) => Echo::On,
            _ => Echo::Off,
        }
    }

    /// Writes input until the terminal takes no more.
    fn write(&mut self) {
        self.reply();
        let now_ms = self.session.now_ms();
        let mut written = 0;
        while written < WRITE_MAX {
            let Some(bytes) = self.session.shared().input.front(now_ms) else {
                return;
            };
            let result = self.watched.try_write(&bytes);
            match result {
                Ok(count) => {
                    written += count;
                    totals::read(count);
                    let mut shared = self.session.shared();
                    let client = shared.input.wrote(count, now_ms);
                    if written <= LITTLE {
                        let latest = Instant::now() + ACKNOWLEDGE_WITHIN;
                        self.acknowledges.get_or_insert(latest);
                    } else if let Some(client) = client {
                        shared.viewers.wake_one(self.session.id, client);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // Full: the next readiness goes on. Hung up: reading learns it too.
                Err(_) => return,
            }
        }
    }

    /// Output that the program wrote before it knew the size comes before the mark.
    async fn apply_size(&mut self, size: Size) {
        self.reader.in_flight().await;
        if let Output::Bytes(bytes) = read_available(self.watched.fd()) {
            self.append(bytes);
        }
        let window = Winsize {
            ws_row: size.rows,
            ws_col: size.cols,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let applied = tcsetwinsize(self.watched.fd(), window);
        let now_ms = self.session.now_ms();
        let mut shared = self.session.shared();
        if let Err(error) = applied {
            tracing::warn!(session = %self.session.id, %error, "the terminal refuses a size");
            shared.wanted_size = shared.size;
            return;
        }
        shared.size = size;
        shared.log.resize(size, now_ms);
        // A mark concerns everybody, also those who have seen all output.
        shared.viewers.wake_armed(self.session.id);
        drop(shared);
        self.session.trail().follow(&self.session);
    }

    /// Tells clients of keys that no output told them of.
    fn acknowledge(&mut self) {
        if self.acknowledges.is_some_and(|at| at <= Instant::now()) {
            self.acknowledges = None;
            let mut shared = self.session.shared();
            let Shared { input, viewers, .. } = &mut *shared;
            for client in input.untold() {
                viewers.wake_one(self.session.id, client);
            }
        }
    }

    fn check_idle(&mut self) {
        if self.idle_limit.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut shared = self.session.shared();
        if shared.viewers.any_visible() {
            shared.used = now;
            return;
        }
        let idle = now - shared.used;
        if idle >= self.idle_limit {
            shared.ending.get_or_insert(Exit::Idle);
        } else if idle >= self.idle_limit.mul_f64(WARNING)
            && shared.idle_warning.of != Some(shared.used)
        {
            shared.idle_warning.of = Some(shared.used);
            let left = (self.idle_limit - idle).as_secs_f64().ceil();
            shared.idle_warning.count += 1;
            shared.idle_warning.seconds = left as u32;
            shared.viewers.wake_all(self.session.id);
        }
    }

    /// Takes in what the program still said, and says how it ended.
    async fn finish(&mut self, exit: Exit) {
        self.reader.in_flight().await;
        let mut taken = 0;
        while taken < LAST_OUTPUT_MAX
            && let Output::Bytes(bytes) = read_available(self.watched.fd())
        {
            taken += bytes.len();
            self.append(bytes);
        }
        // Before anybody can know of it: what they do then comes after it in the trail.
        tracing::info!(target: "audit", session = %self.session.id, ?exit, "session ended");
        let mut shared = self.session.shared();
        shared.exit = Some(exit);
        shared.used = Instant::now();
        shared.terminal = None;
        shared.input.discard();
        shared.replies.clear();
        shared.viewers.wake_all(self.session.id);
        drop(shared);
        self.session.grown.notify_waiters();
        self.session.trail().follow(&self.session);
    }
}

async fn killed(killing: &mut Option<(JoinHandle<kill::Outcome>, Exit)>) -> kill::Outcome {
    match killing {
        Some((task, _)) => task.await.unwrap_or(kill::Outcome::SomeSurvive),
        None => std::future::pending().await,
    }
}
