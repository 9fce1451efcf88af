//! The registry: who may start a session, which pane it belongs to, what runs, what ended lately. Long
//! because admission, panes, adoption from tmux and the end of each are decided under its one lock.

mod moving;
mod recovery;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bowline_protocol::frame::{Exit, Size};
use bowline_protocol::ids::SessionId;
use bowline_protocol::limits;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::sync::{RwLock, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::disk::{Origin, Store};
use crate::error::Error;
use crate::kill::{self, Scanner};
use crate::lock;
use crate::memory;
use crate::options::{OnExit, Options, TmuxMode};
use crate::process;
use crate::readiness::Watched;
use crate::resources;
use crate::screen::Pool;
use crate::session::{Beginning, Floods, Life, Naming, Phase, Session, SessionHandle, SessionInfo};
use crate::spawn::{Launch, Program, home, prepare, spawn};
use crate::tmux::{Listed, Mark, Tmux, TmuxSession, Unavailable};

pub use moving::Still;

/// Ended sessions kept for reading; beyond it the one that ended first goes.
const ENDED_MAX: usize = 32;
/// How long an ended session is kept without viewers.
const ENDED_TIME: Duration = Duration::from_secs(600);
/// How often an ended session with viewers is looked at.
const LINGER_LOOK: Duration = Duration::from_secs(30);
/// Beyond the grace period, how long the end of everything may take.
const END_ALL_EXTRA: Duration = Duration::from_secs(2);

/// What to create.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The session.
    pub session: SessionId,
    /// It ran already, for the same pane.
    pub reattached: bool,
    /// What whoever asked should know, such as why the session isn't in tmux.
    pub notice: Option<String>,
}

/// All sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Of sessions that are begun from now on.
    options: Mutex<Arc<Options>>,
    scanner: Arc<Scanner>,
    screens: Arc<Pool>,
    floods: Floods,
    /// `None` where there is no folder for it.
    tmux: Option<Arc<Tmux>>,
    /// Whoever starts sessions holds it for reading, whoever hands all over, for writing.
    gate: Arc<RwLock<()>>,
    /// `None` where nothing is to be kept.
    disk: Option<Arc<Store>>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Oldest first.
    sessions: Vec<Arc<Session>>,
    panes: HashMap<String, Pane>,
    /// Places taken by sessions that are just being started.
    reserved: usize,
    /// Ended sessions that are just being started again.
    restarting: HashSet<SessionId>,
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
    Reattach(Arc<Session>),
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
        let tmux = options.tmux_dir.clone().map(Tmux::new).map(Arc::new);
        let disk = options.disk.clone().map(Store::new).map(Arc::new);
        Self(Arc::new(Inner {
            options: Mutex::new(Arc::new(options)),
            scanner: Arc::default(),
            screens: Arc::default(),
            floods: Floods::default(),
            tmux,
            gate: Arc::default(),
            disk,
            table: Mutex::default(),
        }))
    }

    /// Bounds and habits as they are now.
    pub fn options(&self) -> Arc<Options> {
        self.0.options()
    }

    /// Other bounds and habits, for what is begun from now on. The folders of tmux and of what is kept on disk
    /// stay.
    pub fn configure(&self, options: Options) {
        if let (Some(store), Some(disk)) = (&self.0.disk, &options.disk) {
            store.configure(disk.screens);
        }
        *lock(&self.0.options) = Arc::new(options);
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
        let creating = async move {
            let _not_handed_over = inner.gate.clone().read_owned().await;
            inner.create(request, size).await
        };
        tokio::spawn(creating).await.unwrap_or_else(|failed| {
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

    /// Whether any runs. Cheap: looks at no program.
    pub fn any_runs(&self) -> bool {
        let table = lock(&self.0.table);
        table.sessions.iter().any(|session| session.is_running())
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
            self.0.forget_on_disk(id).await;
        }
        Ok(())
    }

    /// Takes up every session that is still in tmux from a run before and that nobody here shows, under its old
    /// id; its output begins anew. To be called once, before anybody asks for sessions. What can't be taken up stays in tmux.
    pub async fn adopt(&self) {
        let Some(tmux) = &self.0.tmux else {
            return;
        };
        let _not_handed_over = self.0.gate.read().await;
        for listed in tmux.list().await {
            if self.0.attended(listed.number).is_some() {
                continue;
            }
            let pane_id = listed.pane_id.clone();
            let adopted = match self.0.admit(pane_id.as_deref()) {
                Ok(Admission::Start(place)) => self.0.reattach(tmux, listed.clone(), place).await,
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            match adopted {
                Ok(session) => {
                    tracing::info!(%session, tmux = listed.number, "a session of the last run goes on");
                }
                Err(error) => {
                    tracing::warn!(tmux = listed.number, %error, "a session stays in tmux, unattended");
                }
            }
        }
    }

    /// The numbers of all sessions in our tmux server, attended or not.
    pub async fn in_tmux(&self) -> Vec<u32> {
        match &self.0.tmux {
            Some(tmux) => tmux.list().await.iter().map(|one| one.number).collect(),
            None => Vec::new(),
        }
    }

    /// Ends a session in our tmux server with all its processes, attended or not. Returns once it has begun,
    /// or, for one that nobody attends, once it is done.
    ///
    /// # Errors
    /// [`Error::Gone`] when there is no such session.
    pub async fn close_in_tmux(&self, number: u32) -> Result<(), Error> {
        if let Some(session) = self.0.attended(number) {
            return self.close(session.id).await;
        }
        let tmux = self.0.tmux.as_ref().ok_or(Error::Gone)?;
        let mut listed = tmux.list().await.into_iter();
        let listed = listed.rfind(|one| one.number == number);
        let listed = listed.ok_or(Error::Gone)?;
        let stale = TmuxSession::new(tmux.clone(), number, listed.leader);
        stale
            .end(&self.0.scanner, self.0.options().kill_grace)
            .await;
        Ok(())
    }

    /// Ends everything, but what is to be kept and can be; see [`Sessions::leave`]. Waits until it has ended,
    /// but not longer than the grace period and 2 seconds.
    pub async fn end_all(&self, on_exit: OnExit) {
        let mut sessions = lock(&self.0.table).sessions.clone();
        sessions.retain(|session| on_exit == OnExit::End || session.tmux_number().is_none());
        for session in &sessions {
            session.end(Exit::Killed);
        }
        self.all_ended(&sessions).await;
    }

    /// Kills what would end with this process anyway, without waiting or asking.
    pub fn kill_now(&self) {
        let sessions = lock(&self.0.table).sessions.clone();
        let plain = sessions.iter().filter(|one| one.tmux_number().is_none());
        kill::kill_now(plain.filter_map(|session| session.leader()));
    }

    /// Lets go of what lives on in tmux, so that it is as if it had never been ours. Nobody must look at
    /// sessions any more.
    pub async fn leave(&self) {
        let mut sessions = lock(&self.0.table).sessions.clone();
        sessions.retain(|session| session.tmux_number().is_some());
        for session in &sessions {
            session.leave_to_tmux();
        }
        self.all_ended(&sessions).await;
    }

    async fn all_ended(&self, sessions: &[Arc<Session>]) {
        let all_ended = async {
            for session in sessions {
                session.reached(Phase::Ended).await;
            }
        };
        let at_most = self.0.options().kill_grace + END_ALL_EXTRA;
        if timeout(at_most, all_ended).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    }
}

impl Inner {
    fn options(&self) -> Arc<Options> {
        lock(&self.options).clone()
    }

    /// The session of ours that shows this one in tmux.
    fn attended(&self, number: u32) -> Option<Arc<Session>> {
        let table = lock(&self.table);
        let mut running = table.sessions.iter().filter(|one| one.is_running());
        let attended = running.find(|one| one.tmux_number() == Some(number));
        attended.cloned()
    }

    async fn create(self: Arc<Self>, request: CreateSession, size: Size) -> Result<Created, Error> {
        let place = loop {
            match self.admit(request.pane_id.as_deref())? {
                Admission::Reattach(session) => {
                    return Ok(Created {
                        session: session.id,
                        reattached: true,
                        notice: session.notice.clone(),
                    });
                }
                // Closed = decided.
                Admission::Wait(mut decided) => while decided.changed().await.is_ok() {},
                Admission::Start(place) => break place,
            }
        };
        if let (Some(tmux), Some(pane_id)) = (&self.tmux, &request.pane_id) {
            // One that nobody attends: its client was detached, or it was too many at our start.
            let mut listed = tmux.list().await.into_iter();
            let living = listed.rfind(|listed| listed.is_for(pane_id) && !listed.dead);
            if let Some(listed) = living {
                return Ok(Created {
                    session: self.reattach(tmux, listed, place).await?,
                    reattached: true,
                    notice: None,
                });
            }
        }
        let (session, notice) = self.start(request, size, place).await?;
        Ok(Created {
            session,
            reattached: false,
            notice,
        })
    }

    fn admit(self: &Arc<Self>, pane_id: Option<&str>) -> Result<Admission, Error> {
        let mut table = lock(&self.table);
        match pane_id.and_then(|pane_id| table.panes.get(pane_id)) {
            Some(Pane::Starting(decided)) => return Ok(Admission::Wait(decided.clone())),
            Some(Pane::Session(id)) => {
                let running = table.find(*id).filter(|session| session.is_running());
                if let Some(session) = running {
                    return Ok(Admission::Reattach(session.clone()));
                }
            }
            None => {}
        }
        let running = table.sessions.iter().filter(|session| session.is_running());
        let running = running.count() + table.reserved;
        let max = self.options().max_sessions;
        if running >= max {
            return Err(Error::Limit { max });
        }
        if let Some(error) = resources::shortage(running) {
            return Err(error);
        }
        if let Some(error) = memory::shortage() {
            return Err(error);
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
    ) -> Result<(SessionId, Option<String>), Error> {
        let id = SessionId::from_bytes(crate::random_bytes());
        let command = request.command.clone();
        let program = Program {
            session: id,
            command: request.command,
            cwd: request.cwd,
            size,
        };
        let options = self.options();
        let launch = off_thread(move || prepare(program, &options)).await?;
        let given = request
            .label
            .map(|label| crate::session::bounded(&label))
            .filter(|label| !label.is_empty());
        let naming = match given {
            Some(_) => Naming::Given,
            None => Naming::Program,
        };
        let label = given.unwrap_or_else(|| launch.name.clone());
        let mut beginning = New {
            id,
            pane_id: request.pane_id,
            label,
            naming,
            origin: Origin {
                command,
                folder: Some(launch.cwd.clone()),
            },
            tmux: None,
            notice: launch.notice.clone(),
            greets: launch.arg0.is_some(),
        };
        let mut on_our_terminal = launch;
        if self.options().tmux == TmuxMode::On {
            // tmux would only show an empty screen.
            on_our_terminal.check()?;
            match self.start_in_tmux(&on_our_terminal, &beginning).await {
                Ok((tmux, client)) => {
                    beginning.tmux = Some(tmux);
                    on_our_terminal = client;
                }
                Err(why) => {
                    tracing::warn!(session = %id, %why, "not in tmux");
                    let said = format!("Bowline: this session is not in tmux, because {why}.");
                    beginning.notice = match beginning.notice.take() {
                        Some(before) => Some(format!("{before} {said}")),
                        None => Some(said),
                    };
                }
            }
        }
        let notice = beginning.notice.clone();
        let stale = beginning.tmux.clone();
        match self.begin(on_our_terminal, beginning, place).await {
            Ok(()) => Ok((id, notice)),
            Err(error) => {
                if let Some(stale) = stale {
                    stale.end(&self.scanner, self.options().kill_grace).await;
                }
                Err(error)
            }
        }
    }

    /// Gives a session in tmux, and the client that shows it.
    async fn start_in_tmux(
        &self,
        launch: &Launch,
        new: &New,
    ) -> Result<(Arc<TmuxSession>, Launch), Unavailable> {
        let folder = self.tmux.as_ref();
        let tmux = folder.ok_or_else(|| Unavailable::Failed("it has no folder".to_owned()))?;
        let mark = Mark {
            session: new.id,
            pane_id: new.pane_id.as_deref(),
            label: Some(&new.label),
        };
        let listed = tmux.start(launch, &mark).await?;
        let session = TmuxSession::new(tmux.clone(), listed.number, listed.leader);
        let client = tmux.client(listed.number, launch.size).await?;
        Ok((Arc::new(session), client))
    }

    /// Shows a session that is in tmux already.
    async fn reattach(
        self: &Arc<Self>,
        tmux: &Arc<Tmux>,
        listed: Listed,
        place: Place,
    ) -> Result<SessionId, Error> {
        let client = tmux.client(listed.number, listed.size).await;
        let client = client.map_err(|why| Error::Spawn {
            what: "the client of a session in tmux".to_owned(),
            source: std::io::Error::other(why),
        })?;
        let session = TmuxSession::new(tmux.clone(), listed.number, listed.leader);
        let session = Arc::new(session);
        if listed.shell {
            let elsewhere = self
                .options()
                .projects_dir
                .clone()
                .into_iter()
                .chain(home());
            let elsewhere = elsewhere.into_iter().find(|folder| folder.is_dir());
            let elsewhere = elsewhere.unwrap_or_else(|| PathBuf::from("/"));
            session.leave_deleted_folder(&elsewhere).await;
        }
        // An id that is known already has had its life.
        let known = |id: &SessionId| lock(&self.table).find(*id).is_some();
        let id = listed
            .session
            .filter(|id| !known(id))
            .unwrap_or_else(|| SessionId::from_bytes(crate::random_bytes()));
        let origin = self.origin_on_disk(id).await;
        // tmux keeps the label only.
        let program = listed.leader.and_then(process::name);
        let naming = match listed.label {
            Some(_) if listed.label != program => Naming::Given,
            _ => Naming::Program,
        };
        let new = New {
            id,
            pane_id: place.pane_id.clone(),
            label: listed.label.unwrap_or_else(|| "tmux".to_owned()),
            naming,
            origin,
            tmux: Some(session),
            notice: None,
            greets: false,
        };
        self.begin(client, new, place).await?;
        Ok(id)
    }

    /// Starts a program on a PTY, and the session's life.
    async fn begin(self: &Arc<Self>, launch: Launch, new: New, place: Place) -> Result<(), Error> {
        let size = launch.size;
        let program = launch.name.clone();
        let mut spawned = off_thread(move || spawn(&launch)).await?;
        let terminal = Arc::new(spawned.terminal);
        let watched = Watched::new(terminal.clone(), Interest::READABLE | Interest::WRITABLE);
        let watched = match watched {
            Ok(watched) => watched,
            Err(error) => {
                let _ = spawned.child.kill();
                let _ = spawned.child.wait();
                return Err(a_session(error));
            }
        };
        // Not the child itself: its number is what another image of this process can go on with.
        let pid = Pid::from_child(&spawned.child);
        // Its arguments may hold secrets.
        tracing::info!(
            target: "audit",
            session = %new.id,
            program,
            pid = pid.as_raw_pid(),
            label = new.label,
            "session started"
        );
        let New {
            id,
            pane_id,
            label,
            naming,
            origin,
            tmux,
            notice,
            greets,
        } = new;
        let beginning = Beginning {
            id,
            pane_id,
            label,
            naming,
            size,
            origin,
            terminal: Some((terminal, pid)),
            tmux,
            notice,
            greets,
        };
        let options = self.options();
        let (screens, disk) = (self.screens.clone(), self.disk.clone());
        let session = Arc::new(Session::new(beginning, &options, screens, disk));
        self.enter(&session);
        // Given back only now that the session counts by itself.
        drop(place);
        self.live(session, options, Running { watched, pid });
        Ok(())
    }

    /// From now on the session can be found.
    fn enter(&self, session: &Arc<Session>) {
        let mut table = lock(&self.table);
        if let Some(pane_id) = &session.pane_id {
            table
                .panes
                .insert(pane_id.clone(), Pane::Session(session.id));
        }
        table.sessions.push(session.clone());
    }

    /// Lives a session's life to its end, and keeps it for a while after.
    fn live(self: &Arc<Self>, session: Arc<Session>, options: Arc<Options>, running: Running) {
        let Running { watched, pid } = running;
        self.keep_on_disk(&session);
        let registry = Arc::downgrade(self);
        let attended = session.tmux();
        let life = Life {
            session,
            watched,
            pid,
            options,
            scanner: self.scanner.clone(),
            floods: self.floods.clone(),
        };
        tokio::spawn(async move {
            let attending = attended.map(|tmux| tokio::spawn(tmux.attend()));
            let session = life.run().await;
            if let Some(attending) = attending {
                attending.abort();
            }
            if let Some(inner) = registry.upgrade() {
                inner.drop_ended();
            }
            recovery::ended(&session, &registry).await;
            linger(session, registry).await;
        });
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
            .filter(|session| session.is_ended() && !session.is_lost())
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

/// A program that runs, and our end of its PTY.
struct Running {
    watched: Watched,
    pid: Pid,
}

/// A session that is about to begin.
struct New {
    id: SessionId,
    pane_id: Option<String>,
    label: String,
    naming: Naming,
    origin: Origin,
    tmux: Option<Arc<TmuxSession>>,
    notice: Option<String>,
    greets: bool,
}

/// Runs what may block for a fork off the sessions' thread.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panicked| Err(a_session(std::io::Error::other(panicked))))
}

fn a_session(source: std::io::Error) -> Error {
    Error::Spawn {
        what: "a session".to_owned(),
        source,
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
        let now = Instant::now();
        let until = abandoned.map_or(now + LINGER_LOOK, |since| since + ENDED_TIME);
        if abandoned.is_some() && until <= now {
            if let Some(inner) = registry.upgrade() {
                lock(&inner.table).remove(id);
            }
            return;
        }
        sleep_until(until).await;
    }
}
