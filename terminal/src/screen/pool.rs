//! The threads that parse: few, and less important to the system than those that move bytes.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::lock;
use crate::session::Session;

/// Threads at most. Parsing is 100 MB/s on each; more would only compete with the programs.
const THREADS_MAX: usize = 2;
/// Quiet for so long, memory that only floods need is given back.
const QUIET: Duration = Duration::from_secs(5);
/// A thread without work for so long ends.
const IDLE: Duration = Duration::from_secs(60);
/// Added to the threads' niceness.
const NICENESS: i32 = 10;

/// Sessions whose logs have grown, and the threads that see to them.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Each session at most once: bounded by their number.
    queue: Vec<Arc<Session>>,
    /// Each session at most once, as above.
    settled: Vec<Weak<Session>>,
    threads: usize,
    idle: usize,
}

impl Pool {
    /// Queues a session; the caller sees to it that it isn't queued.
    pub(super) fn push(self: &Arc<Self>, session: Arc<Session>) {
        let mut state = lock(&self.state);
        state.queue.push(session);
        if state.idle > 0 {
            drop(state);
            self.work.notify_one();
        } else if state.threads < THREADS_MAX.min(cores()) {
            state.threads += 1;
            drop(state);
            self.start();
        }
    }

    fn start(self: &Arc<Self>) {
        let pool = Arc::downgrade(self);
        let thread = std::thread::Builder::new().name("screen".to_owned());
        if let Err(error) = thread.spawn(move || run(&pool)) {
            // The next push tries again; until then nobody parses, and the PTYs wait.
            tracing::error!(%error, "no thread for the screens; raise the limit of processes");
            lock(&self.state).threads -= 1;
        }
    }

    /// A session is caught up with; once all are, what its flood needed is given back.
    pub(super) fn settled(&self, session: &Arc<Session>) {
        lock(&self.state).settled.push(Arc::downgrade(session));
    }

    /// The session that is least behind: a prompt never waits for a flood. `None` after a long time
    /// without any.
    fn next(&self) -> Option<Arc<Session>> {
        let mut state = lock(&self.state);
        let mut patience = QUIET;
        loop {
            let least = state
                .queue
                .iter()
                .enumerate()
                .min_by_key(|(_, session)| session.trail().lag())
                .map(|(at, _)| at);
            if let Some(at) = least {
                return Some(state.queue.swap_remove(at));
            }
            state.idle += 1;
            let (woken, timeout) = self
                .work
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if !timeout.timed_out() || !state.queue.is_empty() {
                continue;
            }
            let settled = std::mem::take(&mut state.settled);
            if patience == IDLE && settled.is_empty() {
                state.threads -= 1;
                return None;
            }
            patience = IDLE;
            drop(state);
            for session in settled.iter().filter_map(Weak::upgrade) {
                session.trail().shrink(&session);
            }
            state = lock(&self.state);
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn run(pool: &Weak<Pool>) {
    // Where the system refuses, the threads are as important as all others.
    let _ = rustix::process::nice(NICENESS);
    // The pool is held while waiting: threads end by themselves when there is no work.
    while let Some(pool) = pool.upgrade()
        && let Some(session) = pool.next()
    {
        session.trail().run(&session);
    }
}
