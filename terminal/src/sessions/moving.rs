//! All sessions handed over to another image of this process, and taken up there: the registry's part of
//! [`crate::handover`]. Passes no descriptors and replaces no program: that is the host's.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bowline_protocol::ids::SessionId;
use rustix::io::FdFlags;
use tokio::io::Interest;
use tokio::sync::OwnedRwLockWriteGuard;
use tokio::time::timeout;

use super::{Inner, Running, Sessions, linger};
use crate::handover::reading::CarriedSession;
use crate::handover::state::Head;
use crate::handover::{self, HandOverError, Item, Preamble, RecordWriter, StateReader};
use crate::lock;
use crate::process;
use crate::readiness::Watched;
use crate::screen;
use crate::session::{Session, TakeUp, see_off};
use crate::tmux::TmuxSession;

/// How long a session's task may take to stand still: it reads and writes for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// While it lives all sessions stand still: no byte is read from a PTY or written to one, no input is taken, no
/// session starts. Dropped, everything goes on as if nothing had happened.
#[derive(Debug)]
#[must_use = "sessions go on as soon as it is dropped"]
pub struct Still {
    sessions: Vec<Arc<Session>>,
    terminals: Vec<Arc<OwnedFd>>,
    _no_creates: OwnedRwLockWriteGuard<()>,
}

impl Still {
    /// The sessions' PTYs, in the order in which the state counts them. Close-on-exec is set on all.
    pub fn descriptors(&self) -> &[Arc<OwnedFd>] {
        &self.terminals
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        for session in &self.sessions {
            session.release();
        }
    }
}

impl Sessions {
    /// Brings all sessions to rest and writes their state, for another image of this process to
    /// [take up](Self::take_over). Programs notice nothing; who looks at a session waits.
    ///
    /// # Errors
    /// [`HandOverError::Io`] when the state can't be written, [`HandOverError::Restless`]. Everything goes on.
    pub async fn hand_over(&self, to: impl io::Write) -> Result<Still, HandOverError> {
        let gate = self.0.gate.clone().write_owned().await;
        let mut still = Still {
            sessions: lock(&self.0.table).sessions.clone(),
            terminals: Vec::new(),
            _no_creates: gate,
        };
        for session in &still.sessions {
            session.hold();
        }
        for session in &still.sessions {
            let standing = timeout(PATIENCE, session.stands()).await;
            standing.map_err(|_| HandOverError::Restless(session.id))?;
        }
        let mut writer = RecordWriter::new(to);
        let version = handover::VERSION;
        writer.write(&Head::BowlineSessions(&Preamble { version }), &[])?;
        for session in still.sessions.clone() {
            let index = session.terminal().map(|terminal| {
                still.terminals.push(terminal);
                still.terminals.len() - 1
            });
            // A large screen takes its time, and others are served meanwhile.
            let captured = tokio::task::spawn_blocking(move || session.capture(index)).await;
            captured.map_err(io::Error::other)?.write(&mut writer)?;
        }
        writer.write(&Head::End, &[])?;
        writer.finish()?;
        Ok(still)
    }

    /// Takes up sessions that another image of this process [handed over](Self::hand_over), with their PTYs in
    /// the order of [`Still::descriptors`]. To be called once, before anybody asks for sessions. Gives how many
    /// were taken up; one that can't be is left, and the log says why.
    ///
    /// # Errors
    /// When the state can't be read to its end. Sessions that could be read go on all the same.
    pub async fn take_over(
        &self,
        state: impl io::Read,
        terminals: Vec<OwnedFd>,
    ) -> Result<usize, HandOverError> {
        let mut reader = StateReader::new(state)?;
        let mut terminals: Vec<Option<OwnedFd>> = terminals.into_iter().map(Some).collect();
        let mut taken_up = 0;
        let mut result = Ok(());
        loop {
            let item = match reader.next() {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "not all sessions can be taken up");
                    result = Err(error);
                    continue;
                }
            };
            let (session, left) = match item {
                Item::Unusable { session, why } => (session, Some(why)),
                Item::Session(carried) => {
                    let session = carried.head.id;
                    let child = carried.head.pid.and_then(handover::pid);
                    let left = self.0.take_up(*carried, &mut terminals).await.err();
                    if let (Some(_), Some(child)) = (left, child) {
                        // Hung up with its terminal, it ends, and nobody else waits for it.
                        see_off(Weak::new(), child);
                    }
                    (session, left)
                }
            };
            match left {
                None => taken_up += 1,
                Some(why) => tracing::error!(%session, %why, "a session is left behind"),
            }
        }
        result.map(|()| taken_up)
    }

    /// Reads a state to its end, screens included, and takes nothing up. Gives how many sessions it holds.
    ///
    /// # Errors
    /// When it can't be read to its end, or a session in it can't be taken up.
    pub fn check(state: impl io::Read) -> Result<usize, HandOverError> {
        let mut reader = StateReader::new(state)?;
        let mut sessions = 0;
        while let Some(item) = reader.next()? {
            sessions += 1;
            let refused = |session: SessionId, why| Err(HandOverError::Session { session, why });
            match item {
                Item::Unusable { session, why } => return refused(session, why),
                Item::Session(carried) => {
                    let is_there = carried.screen.as_ref().is_some_and(screen::is_usable);
                    if carried.head.has_screen && !is_there {
                        return refused(carried.head.id, "its screen can't be read");
                    }
                }
            }
        }
        Ok(sessions)
    }
}

impl Inner {
    async fn take_up(
        self: &Arc<Self>,
        carried: CarriedSession,
        terminals: &mut [Option<OwnedFd>],
    ) -> Result<(), &'static str> {
        let head = &carried.head;
        if lock(&self.table).find(head.id).is_some() {
            return Err("there is one with its id");
        }
        let ours = head.terminal.and_then(|index| terminals.get_mut(index));
        let terminal = ours.and_then(Option::take).map(Arc::new);
        let has_ended = head.exit.is_some();
        let pid = head.pid.and_then(handover::pid);
        let running = match (&terminal, pid) {
            _ if has_ended => None,
            // Another's program must never be taken for ours: it might be killed.
            (Some(_), Some(pid)) if !process::is_child(pid) => {
                return Err("its program is no child of this process");
            }
            (Some(terminal), Some(pid)) => {
                // It came through without.
                let closed = rustix::io::fcntl_setfd(terminal, FdFlags::CLOEXEC);
                closed.map_err(|_| "its terminal is none")?;
                let both = Interest::READABLE | Interest::WRITABLE;
                let watched = Watched::new(terminal.clone(), both);
                let watched = watched.map_err(|_| "its terminal can't be watched")?;
                Some(Running { watched, pid })
            }
            (None, _) => return Err("its terminal did not come with it"),
            (_, None) => return Err("its program is not known"),
        };
        let tmux = head.tmux.as_ref().and_then(|inside| {
            let leader = inside.leader.and_then(handover::pid);
            let tmux = self.tmux.clone()?;
            Some(Arc::new(TmuxSession::new(tmux, inside.number, leader)))
        });
        let options = Arc::new(head.options.over(&self.options()));
        let (screens, its_options) = (self.screens.clone(), options.clone());
        let disk = self.disk.clone();
        // A large screen takes its time.
        let session = tokio::task::spawn_blocking(move || {
            let with = TakeUp {
                options: &its_options,
                screens,
                disk,
                terminal: terminal.filter(|_| !has_ended),
                tmux,
            };
            Arc::new(Session::take_up(carried, with))
        });
        let session = session.await.map_err(|_| "it makes this program fail")?;
        self.enter(&session);
        session.trail().follow(&session);
        match running {
            Some(running) => self.live(session, options, running),
            None => {
                if let Some(pid) = pid {
                    see_off(Arc::downgrade(&session), pid);
                }
                // A lost one is kept until somebody closes it.
                if !session.is_lost() {
                    tokio::spawn(linger(Arc::downgrade(&session), Arc::downgrade(self)));
                }
            }
        }
        Ok(())
    }
}
