//! The saver: looks which sessions changed and has what is on disk follow them, one session at a time and
//! mostly with a small part of a processor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bowline_screen::History;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::{Record, Saved, Screen, State, Store, unix_ms};
use crate::lock;
use crate::options::KeepScreens;
use crate::session::Session;

/// How often is looked while anything changes. Quiet for so long, a screen is saved.
const LOOK: Duration = Duration::from_secs(1);
/// While output goes on, a screen is saved no more often than this.
const PAUSE: Duration = Duration::from_secs(5);
/// After a save the saver rests for so many times what it took, within [`PAUSE`]: many small ones have at most
/// a tenth of a processor.
const REST: u32 = 9;
/// A screen is made in milliseconds, on a busy machine in seconds, or the threads that make it are stuck.
const PATIENCE: Duration = Duration::from_secs(60);
/// Added to the niceness of the thread that compresses and writes.
const NICENESS: i32 = 10;
/// How long the save of everything may take, at the end.
const ALL_MAX: Duration = Duration::from_secs(4);

/// Whether a look left something for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Something,
    Nothing,
}

/// Follows the sessions that run until there is no registry of them any more (`None`), or this process ends.
pub(crate) async fn run(store: Arc<Store>, running: impl Fn() -> Option<Vec<Arc<Session>>>) {
    loop {
        store.waits.store(true, Ordering::SeqCst);
        let Some(sessions) = running() else { return };
        if sessions.iter().all(|session| store.has(session)) {
            drop(sessions);
            store.wake.notified().await;
        }
        store.waits.store(false, Ordering::SeqCst);
        while let Some(sessions) = running() {
            if store.is_closing() {
                return;
            }
            if look(&store, &sessions).await == Pending::Nothing {
                break;
            }
            drop(sessions);
            sleep(LOOK).await;
        }
    }
}

/// Writes at once that a session began: a crash may follow, and the saver may rest.
pub(crate) async fn begin(store: Arc<Store>, session: Arc<Session>) {
    let record = Record::new(session.facts(), unix_ms());
    let (files, id, bytes) = (store.files.clone(), session.id, record.encode());
    let written = tokio::task::spawn_blocking(move || match bytes {
        Some(bytes) => files.write_record(id, &bytes),
        None => Ok(()),
    });
    let result = written.await.unwrap_or_else(|error| Err(error.into()));
    store.note(&result);
    let is_wanted = match lock(&store.saved).get_mut(&id) {
        Some(saved) => {
            saved.is_noted = true;
            saved.record = Some(record).filter(|_| result.is_ok());
            true
        }
        None => false,
    };
    if is_wanted {
        store.changed();
    } else {
        // It ended meanwhile.
        store.remove(id).await;
    }
}

/// Saves all that changed, at once, and has it stay when the sessions end. At most for a few seconds.
pub(crate) async fn save_all(store: &Arc<Store>, sessions: &[Arc<Session>]) {
    store.closing.store(true, Ordering::SeqCst);
    let all = async {
        for session in sessions.iter().filter(|session| !store.has(session)) {
            save(store, session).await;
        }
    };
    if timeout(ALL_MAX, all).await.is_err() {
        tracing::warn!("not all screens could be saved in time; some are a few seconds old");
    }
}

impl Store {
    /// Whether a session is on disk as it is now. One that is not to be there is.
    fn has(&self, session: &Session) -> bool {
        let saved = lock(&self.saved);
        let now = session.state();
        let is_now = |saved: &Saved| saved.state.is_some_and(|(state, _)| state == now);
        saved.get(&session.id).is_none_or(is_now)
    }

    /// Whether it is time to save a session, and if not, whether it will be.
    fn is_due(&self, session: &Session) -> Option<Pending> {
        let now = session.state();
        let mut all = lock(&self.saved);
        let Some(saved) = all.get_mut(&session.id) else {
            return Some(Pending::Nothing);
        };
        let was_seen = saved.seen.replace(now);
        match saved.state {
            _ if !saved.is_noted => Some(Pending::Something),
            // Just begun.
            None => None,
            Some((state, _)) if state == now => Some(Pending::Nothing),
            Some((_, at)) if was_seen != Some(now) && at.elapsed() < PAUSE => {
                Some(Pending::Something)
            }
            _ => None,
        }
    }

    /// Notes what is on disk of a session. What could not be written is tried again when there is more to
    /// write. Says whether it is to be there at all.
    fn wrote(&self, session: &Session, record: Option<Record>, state: State) -> bool {
        let mut all = lock(&self.saved);
        let Some(saved) = all.get_mut(&session.id) else {
            return false;
        };
        saved.record = record;
        saved.state = Some((state, Instant::now()));
        true
    }
}

async fn look(store: &Arc<Store>, sessions: &[Arc<Session>]) -> Pending {
    let mut pending = Pending::Nothing;
    for session in sessions {
        match store.is_due(session) {
            Some(Pending::Nothing) => continue,
            Some(Pending::Something) => {}
            None => {
                let began = Instant::now();
                save(store, session).await;
                // On a busy machine it takes long without having had much of it.
                sleep((began.elapsed() * REST).min(PAUSE)).await;
            }
        }
        pending = Pending::Something;
        if store.is_closing() {
            break;
        }
    }
    pending
}

/// Writes what changed of a session.
async fn save(store: &Arc<Store>, session: &Arc<Session>) {
    let Ok(_turn) = store.turn.acquire().await else {
        return;
    };
    let state = session.state();
    // Asks `/proc`, so not under the lock.
    let record = Record::new(session.facts(), unix_ms());
    let known = lock(&store.saved).get(&session.id).cloned();
    let Some(known) = known else {
        return;
    };
    let is_news = known.record.as_ref().is_none_or(|old| !record.says_as(old));
    let mut result = Ok(());
    let mut written = known.record;
    if is_news {
        result = write_record(store, session, record.clone()).await;
        written = Some(record).filter(|_| result.is_ok());
    }
    if result.is_ok() && store.files.screens() == KeepScreens::Yes {
        result = write_screen(store, session, state).await;
    }
    store.note(&result);
    if !store.wrote(session, written, state) {
        // It ended meanwhile, and what was written came too late.
        store.remove(session.id).await;
    }
}

async fn write_record(
    store: &Arc<Store>,
    session: &Arc<Session>,
    record: Record,
) -> io::Result<()> {
    let (files, id) = (store.files.clone(), session.id);
    on_a_thread(move || match record.encode() {
        Some(bytes) => files.write_record(id, &bytes),
        None => Ok(()),
    })
    .await
}

/// With all its history; with less, where that is more than may lie there.
async fn write_screen(store: &Arc<Store>, session: &Arc<Session>, state: State) -> io::Result<()> {
    let lines = session.scrollback();
    let histories = [
        History::All,
        History::Lines(lines / 4),
        History::Lines(lines / 16),
        History::None,
    ];
    for history in histories {
        let taken = session.trail().keep(session, history, state.end);
        let Ok(Ok(taken)) = timeout(PATIENCE, taken).await else {
            return Err(io::Error::other("the screen is not made"));
        };
        let screen = Screen {
            size: taken.size,
            at_ms: unix_ms(),
            bytes: taken.bytes,
        };
        let (files, id) = (store.files.clone(), session.id);
        let written = on_a_thread(move || match screen.encode() {
            Some(file) => files.write_screen(id, &file).map(Some),
            None => Ok(None),
        });
        if written.await?.is_some() {
            return Ok(());
        }
    }
    tracing::debug!(session = %session.id, "even its screen alone is too large to be kept");
    Ok(())
}

/// Compresses and writes on a thread that everything else comes before. Only one runs at a time.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name("disk".to_owned());
    thread.spawn(move || {
        // Where the system refuses, it is as important as all others.
        let _ = rustix::process::nice(NICENESS);
        let _ = done.send(work());
    })?;
    result
        .await
        .map_err(|_| io::Error::other("the thread that writes ended"))?
}
