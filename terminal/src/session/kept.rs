//! What the disk keeps of a session, and a session made of what it kept: one whose program was ended by a
//! crash or a reboot, and that can only be read, closed and started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::Exit;
use bowline_protocol::ids::LogId;
use rustix::process::Pid;
use tokio::time::Instant;

use crate::disk::{Facts, Leftover, State, Store, unix_ms};
use crate::log::OutputLog;
use crate::options::Options;
use crate::process;
use crate::screen::Pool;
use crate::session::{Beginning, Naming, Phase, Session, Shared};

impl Shared {
    /// Where the shell says it is.
    pub(super) fn said_folder(&self) -> Option<PathBuf> {
        let said = &self.status.facts().cwd.value;
        Some(said).filter(|cwd| !cwd.is_empty()).map(PathBuf::from)
    }
}

impl Session {
    /// A session of a run before, with its last screen as all that it ever said.
    pub(crate) fn lost(
        left: Leftover,
        options: &Options,
        screens: Arc<Pool>,
        disk: Arc<Store>,
    ) -> Self {
        let Leftover {
            record,
            at_ms,
            screen,
        } = left;
        let at_ms = screen.as_ref().map_or(at_ms, |screen| screen.at_ms);
        let size = screen.as_ref().map_or(record.size, |screen| screen.size);
        let naming = record.naming();
        let beginning = Beginning {
            id: record.session,
            pane_id: record.pane_id,
            label: record.label,
            naming,
            size,
            origin: record.origin,
            terminal: None,
            tmux: None,
            notice: None,
            greets: false,
        };
        let mut session = Self::new(beginning, options, screens, Some(disk));
        let age = Duration::from_millis(unix_ms().saturating_sub(record.started_ms));
        let now = Instant::now();
        session.started = now.checked_sub(age).unwrap_or(now);
        session.started_ms = record.started_ms;
        session.lost_ms = Some(at_ms);
        session.phase.send_replace(Phase::Ended);
        let mut shared = session.shared();
        shared.exit = Some(Exit::Lost);
        shared.folder = record.folder;
        if let Some(screen) = screen {
            // Whatever is kept of others: a screen without its beginning is none.
            let capacity = options.log_bytes.max(screen.bytes.len());
            let id = LogId::from_bytes(crate::random_bytes());
            shared.log = OutputLog::new(id, capacity, size);
            let since_start = at_ms.saturating_sub(record.started_ms);
            shared.log.append(screen.bytes, since_start);
        }
        let end = shared.log.end();
        drop(shared);
        session.trail.grown_to(end);
        session
    }

    /// Whether a crash or a reboot ended it.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost_ms.is_some()
    }

    /// When it was started: sessions are listed by it.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The same in Unix time, milliseconds.
    pub(crate) fn started_ms(&self) -> u64 {
        self.started_ms
    }

    /// Lines kept above its screen.
    pub(crate) fn scrollback(&self) -> usize {
        self.scrollback
    }

    /// What on disk depends on.
    pub(crate) fn state(&self) -> State {
        let shared = self.shared();
        State {
            end: shared.log.end(),
            size: shared.size,
            label: shared.label.changes,
        }
    }

    /// The last folder its shell said, or its program was seen in. Asks `/proc`.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let said = self.shared().said_folder();
        let seen = match said {
            Some(said) => Some(said),
            None => self.program().and_then(process::cwd),
        };
        let mut shared = self.shared();
        if seen.is_some() {
            shared.folder = seen;
        }
        shared.folder.clone()
    }

    /// The program that was started, while it runs.
    fn program(&self) -> Option<Pid> {
        match &self.tmux {
            Some(tmux) => tmux.leader(),
            None => self.leader(),
        }
    }

    /// The name that was given to it.
    pub(crate) fn given_label(&self) -> Option<String> {
        let shared = self.shared();
        (shared.label.naming == Naming::Given).then(|| shared.label.text.clone())
    }

    /// What the disk is to know.
    pub(crate) fn facts(&self) -> Facts {
        let folder = self.folder();
        let shared = self.shared();
        Facts {
            session: self.id,
            pane_id: self.pane_id.clone(),
            label: shared.label.text.clone(),
            naming: shared.label.naming,
            origin: self.origin.clone(),
            folder,
            size: shared.size,
            started_ms: self.started_ms,
        }
    }
}
