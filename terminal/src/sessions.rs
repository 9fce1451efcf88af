//! The registry: who may start a session, which pane it belongs to, what runs, what ended lately.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bowline_protocol::frame::{Exit, Size};
use bowline_protocol::ids::SessionId;
use bowline_protocol::limits;
use tokio::io::Interest;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::Error;
use crate::kill::Scanner;
use crate::lock;
use crate::memory;
use crate::options::Options;
use crate::readiness;
use crate::screen::Pool;
use crate::session::{Beginning, Phase, Session, SessionHandle, SessionInfo, run};
use crate::spawn::{Program, spawn};

/// Ended sessions kept for reading; beyond it the one that ended first goes.
const ENDED_MAX: usize = 32;
/// How long an ended session is kept without viewers.
const ENDED_TIME: Duration = Duration::from_secs(600);
/// Beyond the grace period, how long the end of everything may take.
const END_ALL_EXTRA: Duration = Duration::from_secs(2);

/// What to create.
#[derive(Debug, Clone, Default)]
pub struct CreateSession {
    /// Its name for people; `None` = the program's name.
    pub label: Option<String>,
    /// Columns and rows; `None` = 80×24.
    pub size: Option<Size>,
    /// The pane it is for: a session that runs for this pane is re-attached.
    pub pane_id: Option<String>,
    /// Program and arguments; `None` = the user's login shell.
    pub command: Option<Vec<String>>,
    /// Where it starts.
    pub cwd: Option<PathBuf>,
}

/// What a request to create gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The session.
    pub session: SessionId,
    /// It ran already, for the same pane.
    pub reattached: bool,
}

/// All sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Arc<Options>,
    scanner: Arc<Scanner>,
    screens: Arc<Pool>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Oldest first.
    sessions: Vec<Arc<Session>>,
    panes: HashMap<String, Pane>,
    /// Places taken by sessions that are just being started.
    reserved: usize,
}

#[derive(Debug)]
enum Pane {
    /// Somebody starts its session; the channel closes when that is decided.
    Starting(watch::Receiver<()>),
    Session(SessionId),
}

impl Table {
    fn find(&self, id: SessionId) -> Option<&Arc<Session>> {
        self.sessions.iter().find(|session| session.id == id)
    }

    fn remove(&mut self, id: SessionId) {
        self.sessions.retain(|session| session.id != id);
        self.panes
            .retain(|_, pane| !matches!(pane, Pane::Session(session) if *session == id));
    }
}

/// What a create found, under the lock.
enum Admission {
    Reattach(SessionId),
    Wait(watch::Receiver<()>),
    Start(Place),
}

/// A place kept for a session that is being started; given back when dropped.
struct Place {
    inner: Arc<Inner>,
    pane_id: Option<String>,
    /// Closes when the place is gone: those who wait for the pane look again.
    _decided: watch::Sender<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = lock(&self.inner.table);
        table.reserved -= 1;
        if let Some(pane_id) = &self.pane_id
            && matches!(table.panes.get(pane_id), Some(Pane::Starting(_)))
        {
            table.panes.remove(pane_id);
        }
    }
}

impl Sessions {
    /// No sessions yet.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            options: Arc::new(options),
            scanner: Arc::default(),
            screens: Arc::default(),
            table: Mutex::default(),
        }))
    }

    /// Starts a session, or re-attaches to the one that runs for the pane. Concurrent calls for one pane
    /// make one session. A caller that goes away doesn't stop it.
    ///
    /// # Errors
    /// [`Error::Limit`], [`Error::Memory`], [`Error::BadSize`], [`Error::Spawn`], [`Error::Invalid`].
    pub async fn create(&self, request: CreateSession) -> Result<Created, Error> {
        let size = request.size.unwrap_or_default();
        size.checked().ok_or(Error::BadSize)?;
        let texts = request.command.iter().flatten();
        if texts
            .chain(&request.pane_id)
            .any(|text| text.len() > limits::TEXT || text.contains('\0'))
        {
            return Err(Error::Invalid {
                what: "a pane id or an argument is longer than 4096 bytes or holds a NUL",
            });
        }
        let inner = self.0.clone();
        // A task of its own: a request that is cut must neither leak a shell nor the reserved place.
        tokio::spawn(async move { inner.create(request, size).await })
            .await
            .unwrap_or_else(|failed| {
                Err(Error::Spawn {
                    what: "a session".to_owned(),
                    source: std::io::Error::other(failed),
                })
            })
    }

    /// A session that runs or ended lately.
    ///
    /// # Errors
    /// [`Error::Gone`] for every other id.
    pub fn get(&self, id: SessionId) -> Result<SessionHandle, Error> {
        self.find(id)
            .filter(|session| !session.is_closed())
            .map(SessionHandle::new)
            .ok_or(Error::Gone)
    }

    /// Also a session that was closed and is being ended: its viewers see it through.
    pub(crate) fn find(&self, id: SessionId) -> Option<Arc<Session>> {
        lock(&self.0.table).find(id).cloned()
    }

    /// All sessions that run or ended lately, oldest first.
    pub fn list(&self) -> Vec<SessionInfo> {
        let sessions = lock(&self.0.table).sessions.clone();
        sessions
            .iter()
            .filter(|session| !session.is_closed())
            .map(|session| session.info())
            .collect()
    }

    /// Ends a session with all its processes, or forgets one that has ended. Returns once signalling has
    /// begun; those who look at it are told when it has ended.
    ///
    /// # Errors
    /// [`Error::Gone`] when there is no such session.
    pub async fn close(&self, id: SessionId) -> Result<(), Error> {
        let session = self
            .find(id)
            .filter(|session| !session.is_closed())
            .ok_or(Error::Gone)?;
        session.end(Exit::Killed);
        session.reached(Phase::Ending).await;
        if session.is_ended() {
            lock(&self.0.table).remove(id);
        }
        Ok(())
    }

    /// Ends everything and waits until it has ended, but not longer than the grace period and 2 seconds.
    pub async fn end_all(&self) {
        let sessions = lock(&self.0.table).sessions.clone();
        for session in &sessions {
            session.end(Exit::Killed);
        }
        let all_ended = async {
            for session in &sessions {
                session.reached(Phase::Ended).await;
            }
        };
        let at_most = self.0.options.kill_grace + END_ALL_EXTRA;
        if timeout(at_most, all_ended).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    }
}

impl Inner {
    async fn create(self: Arc<Self>, request: CreateSession, size: Size) -> Result<Created, Error> {
        let place = loop {
            match self.admit(request.pane_id.as_deref())? {
                Admission::Reattach(session) => {
                    return Ok(Created {
                        session,
                        reattached: true,
                    });
                }
                // Closed = decided.
                Admission::Wait(mut decided) => while decided.changed().await.is_ok() {},
                Admission::Start(place) => break place,
            }
        };
        let session = self.start(request, size, place).await?;
        Ok(Created {
            session,
            reattached: false,
        })
    }

    fn admit(self: &Arc<Self>, pane_id: Option<&str>) -> Result<Admission, Error> {
        let mut table = lock(&self.table);
        match pane_id.and_then(|pane_id| table.panes.get(pane_id)) {
            Some(Pane::Starting(decided)) => return Ok(Admission::Wait(decided.clone())),
            Some(Pane::Session(id)) => {
                let running = table.find(*id).filter(|session| session.is_running());
                if let Some(session) = running {
                    return Ok(Admission::Reattach(session.id));
                }
            }
            None => {}
        }
        let running = table.sessions.iter().filter(|session| session.is_running());
        let max = self.options.max_sessions;
        if running.count() + table.reserved >= max {
            return Err(Error::Limit { max });
        }
        if let Some(left) = memory::shortage() {
            return Err(Error::Memory {
                available_mib: left >> 20,
            });
        }
        let (decided, waiting) = watch::channel(());
        if let Some(pane_id) = pane_id {
            table
                .panes
                .insert(pane_id.to_owned(), Pane::Starting(waiting));
        }
        table.reserved += 1;
        Ok(Admission::Start(Place {
            inner: self.clone(),
            pane_id: pane_id.map(str::to_owned),
            _decided: decided,
        }))
    }

    async fn start(
        self: &Arc<Self>,
        request: CreateSession,
        size: Size,
        place: Place,
    ) -> Result<SessionId, Error> {
        let id = SessionId::from_bytes(crate::random_bytes());
        let program = Program {
            session: id,
            command: request.command,
            cwd: request.cwd,
            size,
        };
        let options = self.options.clone();
        let failed = |source: std::io::Error| Error::Spawn {
            what: "a session".to_owned(),
            source,
        };
        let mut spawned = tokio::task::spawn_blocking(move || spawn(program, &options))
            .await
            .map_err(|panicked| failed(std::io::Error::other(panicked)))??;
        let terminal =
            match readiness::watch(spawned.terminal, Interest::READABLE | Interest::WRITABLE) {
                Ok(terminal) => Arc::new(terminal),
                Err(error) => {
                    let _ = spawned.child.kill();
                    let _ = spawned.child.wait();
                    return Err(failed(error));
                }
            };
        let label = request
            .label
            .map(|label| crate::session::bounded(&label))
            .filter(|label| !label.is_empty())
            .unwrap_or(spawned.name);
        let beginning = Beginning {
            id,
            pane_id: request.pane_id,
            label,
            size,
            terminal: terminal.clone(),
        };
        let session = Arc::new(Session::new(beginning, &self.options, self.screens.clone()));
        {
            let mut table = lock(&self.table);
            if let Some(pane_id) = &session.pane_id {
                table.panes.insert(pane_id.clone(), Pane::Session(id));
            }
            table.sessions.push(session.clone());
        }
        // Given back only now that the session counts by itself.
        drop(place);
        let registry = Arc::downgrade(self);
        let life = run(
            session,
            terminal,
            spawned.child,
            self.options.clone(),
            self.scanner.clone(),
        );
        tokio::spawn(async move {
            let session = life.await;
            if let Some(inner) = registry.upgrade() {
                inner.drop_ended();
            }
            linger(session, registry).await;
        });
        Ok(id)
    }

    /// Forgets the sessions that were closed, and of the others that ended those that are too many: first
    /// those nobody looks at, then the oldest.
    fn drop_ended(&self) {
        let mut table = lock(&self.table);
        let closed: Vec<SessionId> = table
            .sessions
            .iter()
            .filter(|session| session.is_ended() && session.is_closed())
            .map(|session| session.id)
            .collect();
        for id in closed {
            table.remove(id);
        }
        let ended: Vec<Arc<Session>> = table
            .sessions
            .iter()
            .filter(|session| session.is_ended())
            .cloned()
            .collect();
        let excess = ended.len().saturating_sub(ENDED_MAX);
        let (watched, abandoned): (Vec<_>, Vec<_>) = ended
            .iter()
            .partition(|session| session.abandoned_since().is_none());
        for session in abandoned.into_iter().chain(watched).take(excess) {
            table.remove(session.id);
        }
    }
}

/// Keeps an ended session for a while after its last viewer, then forgets it.
async fn linger(session: Weak<Session>, registry: Weak<Inner>) {
    loop {
        let Some(id) = session.upgrade().map(|session| session.id) else {
            return;
        };
        let abandoned = session
            .upgrade()
            .and_then(|session| session.abandoned_since());
        let until = abandoned.unwrap_or_else(Instant::now) + ENDED_TIME;
        if abandoned.is_some() && until <= Instant::now() {
            if let Some(inner) = registry.upgrade() {
                lock(&inner.table).remove(id);
            }
            return;
        }
        sleep_until(until).await;
    }
}
