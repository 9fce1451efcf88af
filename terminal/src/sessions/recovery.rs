//! What outlives sessions: their files while they run, the sessions that a crash or a reboot ended, and
//! starting ended ones again.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bowline_protocol::frame::Exit;
use bowline_protocol::ids::SessionId;
use tokio::time::sleep;

use super::{CreateSession, Created, Inner, Pane, Sessions};
use crate::disk::{self, Origin};
use crate::error::Error;
use crate::lock;
use crate::session::{Phase, Session};

/// When the machine goes down, programs are sent signals too: what a signal ended is not forgotten before it
/// is clear that this process goes on.
const DOWN: Duration = Duration::from_secs(5);

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(disk) = &self.disk {
            // The saver sees that there is nothing to follow any more.
            disk.wake();
        }
    }
}

/// An end of a restart, however it goes.
struct Restarting<'a> {
    inner: &'a Inner,
    session: SessionId,
}

impl Drop for Restarting<'_> {
    fn drop(&mut self) {
        lock(&self.inner.table).restarting.remove(&self.session);
    }
}

impl Sessions {
    /// Lists the sessions that ran when the last run was ended by a crash or a reboot: as ended ones, by
    /// [`Exit::Lost`], with their last screens, until they are closed or started again. To be called once,
    /// after what lives on was taken up and before anybody asks.
    pub async fn recover(&self) {
        let Some(disk) = &self.0.disk else {
            return;
        };
        let running = lock(&self.0.table).sessions.clone();
        let running = running.iter().map(|session| session.id);
        // Those that could not be taken up live on too.
        let in_tmux = match &self.0.tmux {
            Some(tmux) => tmux.list().await,
            None => Vec::new(),
        };
        let in_tmux = in_tmux.iter().filter_map(|listed| listed.session);
        let leftovers = disk.leftovers(running.chain(in_tmux).collect()).await;
        if leftovers.is_empty() {
            return;
        }
        tracing::warn!(
            sessions = leftovers.len(),
            "sessions of the last run ended with it; their last screens can be seen"
        );
        let options = self.0.options();
        let lost: Vec<Arc<Session>> = leftovers
            .into_iter()
            .map(|left| {
                let screens = self.0.screens.clone();
                let lost = Session::lost(left, &options, screens, disk.clone());
                Arc::new(lost)
            })
            .collect();
        let mut table = lock(&self.0.table);
        for session in &lost {
            if let Some(pane_id) = &session.pane_id {
                let id = session.id;
                let pane = table.panes.entry(pane_id.clone());
                pane.or_insert(Pane::Session(id));
            }
        }
        table.sessions.extend(lost.iter().cloned());
        table.sessions.sort_by_key(|session| session.started());
        drop(table);
        for session in &lost {
            // The title is on the screen.
            session.trail().follow(session);
        }
    }

    /// Starts the program of an ended session again: the same command, in the folder where it last was, for
    /// the same pane. The ended session is forgotten.
    ///
    /// # Errors
    /// [`Error::Gone`] when there is no such session, or it is being started already; [`Error::Running`] when
    /// it has not ended; else as [`Sessions::create`], and the ended session stays.
    pub async fn restart(&self, id: SessionId) -> Result<Created, Error> {
        let session = self.find(id).filter(|session| !session.is_closed());
        let session = session.ok_or(Error::Gone)?;
        if session.is_running() {
            return Err(Error::Running);
        }
        if !lock(&self.0.table).restarting.insert(id) {
            return Err(Error::Gone);
        }
        let _restarting = Restarting {
            inner: &self.0,
            session: id,
        };
        // Its end may have been told just now.
        session.reached(Phase::Ended).await;
        let seen = session.folder();
        let folders = seen.into_iter().chain(session.origin.folder.clone());
        let request = CreateSession {
            label: session.given_label(),
            size: Some(session.state().size),
            pane_id: session.pane_id.clone(),
            command: session.origin.command.clone(),
            cwd: existing(folders.collect()).await,
        };
        let created = self.create(request).await?;
        lock(&self.0.table).remove(id);
        self.0.forget_on_disk(id).await;
        Ok(created)
    }

    /// Writes all that changed to disk, where it stays when the sessions now end with this process. At most
    /// for a few seconds.
    pub async fn save_all(&self) {
        if let Some(disk) = &self.0.disk {
            let mut sessions = lock(&self.0.table).sessions.clone();
            sessions.retain(|session| session.is_running());
            disk::save_all(disk, &sessions).await;
        }
    }
}

impl Inner {
    /// Has a session that runs from now on follow on disk.
    pub(super) fn keep_on_disk(self: &Arc<Self>, session: &Arc<Session>) {
        let Some(disk) = &self.disk else {
            return;
        };
        if disk.needs_saver() {
            let registry = Arc::downgrade(self);
            let running = move || {
                let table = &registry.upgrade()?.table;
                let mut sessions = lock(table).sessions.clone();
                sessions.retain(|session| session.is_running());
                Some(sessions)
            };
            tokio::spawn(disk::run(disk.clone(), running));
        }
        disk.begun(session.id);
        tokio::spawn(disk::begin(disk.clone(), session.clone()));
    }

    pub(super) async fn forget_on_disk(&self, id: SessionId) {
        if let Some(disk) = &self.disk {
            disk.forget(id).await;
        }
    }

    /// How a session that lives on was started, as far as that is known.
    pub(super) async fn origin_on_disk(&self, id: SessionId) -> Origin {
        let Some(disk) = &self.disk else {
            return Origin::default();
        };
        let record = disk.record(id).await;
        record.map(|record| record.origin).unwrap_or_default()
    }
}

/// A session has ended: what is kept of it goes.
pub(super) async fn ended(session: &Weak<Session>, registry: &Weak<Inner>) {
    let known = session.upgrade().map(|session| {
        let exit = session.shared().exit;
        (session.id, exit)
    });
    let Some((id, exit)) = known else {
        return;
    };
    if let Some(Exit::Signal(_)) = exit {
        sleep(DOWN).await;
    }
    if let Some(inner) = registry.upgrade() {
        inner.forget_on_disk(id).await;
    }
}

/// The first of these folders that is there.
async fn existing(folders: Vec<PathBuf>) -> Option<PathBuf> {
    let found = tokio::task::spawn_blocking(move || {
        let mut folders = folders.into_iter();
        folders.find(|folder| folder.is_dir())
    });
    found.await.ok().flatten()
}
