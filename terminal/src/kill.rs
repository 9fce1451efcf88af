//! Ending every process of a terminal session: HUP and CONT, time to leave, then KILL, scanning until
//! nobody is left. Never blocks the caller's thread, and always ends: what can't be killed is reported.
//!
//! The session's leader must not be reaped before: while it lives or is a zombie, the kernel gives its
//! number to nobody else, so "session N" means ours. Each process is signalled by pidfd after looking
//! again, so that a number reused in between is not hit.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::lock;
use crate::process;
use crate::readiness::watch;
use crate::tmux::TmuxSession;

/// How long KILL is repeated: only a process that hangs in the kernel needs more.
const KILL_TIME: Duration = Duration::from_secs(2);
/// Time for one round's dead to leave before looking again.
const ROUND: Duration = Duration::from_millis(200);
/// Pause between looks at processes that can't be waited for.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether the session is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Empty,
    SomeSurvive,
}

/// Living processes by terminal session.
type Members = Arc<HashMap<i32, Vec<Pid>>>;

/// Looks through `/proc` for all who end a session at the same time: a look costs milliseconds, and at the
/// server's end hundreds of sessions need one. A look that begins serves everybody who asked before.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    /// Bounded by the sessions that are being ended: each waits for its answer.
    waiting: Vec<oneshot::Sender<Members>>,
    looking: bool,
}

impl Scanner {
    /// The living processes of a session, as they are after this call; `None` when `/proc` can't be read.
    async fn members(self: &Arc<Self>, session: Pid) -> Option<Vec<Pid>> {
        let (asker, answer) = oneshot::channel();
        let looking = {
            let mut asked = lock(&self.asked);
            asked.waiting.push(asker);
            std::mem::replace(&mut asked.looking, true)
        };
        if !looking {
            tokio::spawn(self.clone().look());
        }
        let members = answer.await.ok()?;
        Some(
            members
                .get(&session.as_raw_pid())
                .cloned()
                .unwrap_or_default(),
        )
    }

    async fn look(self: Arc<Self>) {
        loop {
            let waiting = {
                let mut asked = lock(&self.asked);
                if asked.waiting.is_empty() {
                    asked.looking = false;
                    return;
                }
                std::mem::take(&mut asked.waiting)
            };
            // Those who wait learn of a failure by getting no answer.
            if let Ok(Ok(members)) = tokio::task::spawn_blocking(process::by_session).await {
                let members = Arc::new(members);
                for asker in waiting {
                    let _ = asker.send(members.clone());
                }
            }
        }
    }
}

/// Ends a session: what tmux keeps of it, and all processes of its own terminal.
pub(crate) async fn end(
    scanner: Arc<Scanner>,
    session: Pid,
    tmux: Option<Arc<TmuxSession>>,
    grace: Duration,
) -> Outcome {
    let inner = match tmux {
        Some(tmux) => tmux.end(&scanner, grace).await,
        None => Outcome::Empty,
    };
    match end_session(scanner, session, grace).await {
        Outcome::Empty => inner,
        some_survive => some_survive,
    }
}

/// Ends all processes of the terminal session.
pub(crate) async fn end_session(scanner: Arc<Scanner>, session: Pid, grace: Duration) -> Outcome {
    let polite = Instant::now() + grace;
    while Instant::now() < polite {
        let Some(signalled) = signal_all(&scanner, session, &[Signal::HUP, Signal::CONT]).await
        else {
            return Outcome::Empty;
        };
        wait_for(signalled, polite).await;
    }
    let last = polite + KILL_TIME;
    loop {
        let Some(signalled) = signal_all(&scanner, session, &[Signal::KILL]).await else {
            return Outcome::Empty;
        };
        if Instant::now() >= last {
            return Outcome::SomeSurvive;
        }
        wait_for(signalled, Instant::now() + ROUND).await;
    }
}

/// Kills all processes of these terminal sessions, in one look and without waiting.
pub(crate) fn kill_now(sessions: impl IntoIterator<Item = Pid>) {
    let members = process::by_session().unwrap_or_default();
    for session in sessions {
        for pid in members.get(&session.as_raw_pid()).into_iter().flatten() {
            signal(*pid, session, &[Signal::KILL]);
        }
    }
}

/// Signals every member; gives something to wait for each by, or `None` when there is no member.
async fn signal_all(
    scanner: &Arc<Scanner>,
    session: Pid,
    signals: &[Signal],
) -> Option<Vec<OwnedFd>> {
    let Some(members) = scanner.members(session).await else {
        // Without `/proc` the leader's group is all that can be named.
        for signal in signals {
            let _ = rustix::process::kill_process_group(session, *signal);
        }
        return Some(Vec::new());
    };
    if members.is_empty() {
        return None;
    }
    let signalled = members
        .into_iter()
        .filter_map(|pid| signal(pid, session, signals));
    Some(signalled.collect())
}

fn signal(pid: Pid, session: Pid, signals: &[Signal]) -> Option<OwnedFd> {
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => {
            if process::is_member(pid, session) {
                for signal in signals {
                    if let Err(error) = pidfd_send_signal(&pidfd, *signal) {
                        tracing::debug!(pid = pid.as_raw_pid(), %error, "cannot signal a process");
                    }
                }
            }
            Some(pidfd)
        }
        Err(rustix::io::Errno::SRCH) => None,
        Err(error) => {
            // A kernel or sandbox without pidfds: the number is all there is.
            tracing::debug!(pid = pid.as_raw_pid(), %error, "no pidfd");
            if process::is_member(pid, session) {
                for signal in signals {
                    let _ = rustix::process::kill_process(pid, *signal);
                }
            }
            None
        }
    }
}

/// Waits until all have died or time is over.
async fn wait_for(pidfds: Vec<OwnedFd>, deadline: Instant) {
    if pidfds.is_empty() {
        tokio::time::sleep_until(deadline.min(Instant::now() + PAUSE)).await;
        return;
    }
    for pidfd in pidfds {
        let Ok(pidfd) = watch(pidfd, Interest::READABLE) else {
            continue;
        };
        if timeout_at(deadline, pidfd.readable()).await.is_err() {
            return;
        }
    }
}
