//! The desk's part about what is done with sessions: showing, watching, naming, killing and starting again.

use bowline_protocol::SessionId;
use bowline_protocol::frame::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Change, Desk};
use crate::error::ErrorCode;
use crate::functions;
use crate::functions::sessions::SessionRow;
use crate::state::toasts::Tone;
use crate::workspace::Pane;

impl Desk {
    /// What this page may do in a session, tracked.
    pub(crate) fn role(self, session: Option<SessionId>) -> Role {
        let reads = self.only_reads.get()
            || self
                .reads
                .with(|reads| session.is_some_and(|session| reads.contains(&session)));
        if reads { Role::Reader } else { Role::Writer }
    }

    /// Whether this page only looks at everything, tracked.
    pub(crate) fn only_reads(self) -> bool {
        self.only_reads.get()
    }

    /// This page only looks from now on.
    #[cfg(feature = "hydrate")]
    pub(crate) fn read_everything(self) {
        self.only_reads.set(true);
    }

    /// Shows a session without typing into it.
    pub(crate) fn watch(self, row: &SessionRow) {
        self.reads.update(|reads| {
            if !reads.contains(&row.session_id) {
                reads.push(row.session_id);
            }
        });
        self.open_session(row);
    }

    /// Types into a session that was only looked at.
    pub(crate) fn write_to(self, session: Option<SessionId>) {
        self.reads
            .update(|reads| reads.retain(|read| Some(*read) != session));
        self.focus();
    }

    /// Shows a session: in its pane, or in a new tab.
    pub(crate) fn open_session(self, row: &SessionRow) {
        self.bring(row.session_id);
        self.overlay.set(None);
    }

    fn bring(self, session: SessionId) {
        match self.pane_of(session) {
            Some(pane) => self.focus_pane(&pane),
            None => self.add_tab(Some(session)),
        }
    }

    /// The pane that shows a session.
    fn pane_of(self, session: SessionId) -> Option<String> {
        let id = |pane: &Pane| pane.id.clone();
        self.peek(|workspace| workspace.pane_of(session).map(id))
    }

    /// Kills a session with everything in it.
    pub(crate) fn kill(self, session: SessionId) {
        spawn_local(async move {
            match functions::close_session(session).await {
                Ok(_) => {}
                Err(error) if error.code() == ErrorCode::Gone => {}
                Err(error) => self.toasts.say(Tone::Problem, error.to_string()),
            }
            self.refresh_sessions();
        });
    }

    /// Kills several sessions with everything in them.
    pub(crate) fn kill_many(self, sessions: Vec<SessionId>) {
        spawn_local(async move {
            let count = sessions.len();
            self.end_all(sessions).await;
            let text = match count {
                1 => "Killed 1 session.".to_owned(),
                count => format!("Killed {count} sessions."),
            };
            self.toasts.say(Tone::Info, text);
        });
    }

    /// Kills these sessions, closes all tabs and opens a fresh one.
    pub(crate) fn start_afresh(self, sessions: Vec<SessionId>) {
        self.overlay.set(None);
        spawn_local(async move {
            self.end_all(sessions).await;
            let tabs = self.peek(|workspace| {
                let tabs = workspace.tabs.iter().map(|tab| tab.id.clone());
                tabs.collect::<Vec<_>>()
            });
            for tab in tabs {
                self.change(Change::Close(tab));
            }
            self.ensure_tab();
            self.focus();
        });
    }

    /// Kills sessions side by side: each may take its time.
    async fn end_all(self, sessions: Vec<SessionId>) {
        let ends = sessions.into_iter().map(functions::close_session);
        let ends = futures_util::future::join_all(ends).await;
        let failed = ends.into_iter().filter_map(Result::err);
        let mut failed = failed.filter(|error| error.code() != ErrorCode::Gone);
        if let Some(error) = failed.next() {
            self.toasts.say(Tone::Problem, error.to_string());
        }
        self.refresh_sessions();
    }

    /// Names a session. A tab that goes by the old name goes by the new one.
    pub(crate) fn rename_session(self, session: SessionId, name: &str) {
        let label = name.trim().to_owned();
        let old = self.sessions.with_untracked(|rows| {
            let row = rows.iter().find(|row| row.session_id == session);
            row.map(|row| row.label.clone())
        });
        if label.is_empty() || old.as_ref() == Some(&label) {
            return;
        }
        let tab = self.peek(|workspace| {
            let tab = workspace.tab_of(session)?;
            (tab.name == old).then(|| tab.id.clone())
        });
        if let Some(tab) = tab {
            let name = label.clone();
            self.change(Change::Rename { tab, name });
        }
        spawn_local(async move {
            if let Err(error) = functions::rename_session(session, label).await {
                self.toasts.say(Tone::Problem, error.to_string());
            }
            self.refresh_sessions();
        });
    }

    /// Starts the program of an ended session again and shows it.
    pub(crate) fn restart(self, session: SessionId) {
        spawn_local(async move {
            if let Some(again) = self.start_again(session).await {
                self.bring(again);
                self.overlay.set(None);
            }
            self.refresh_sessions();
        });
    }

    /// Starts the programs of several ended sessions again, where they were.
    pub(crate) fn restart_all(self, sessions: Vec<SessionId>) {
        spawn_local(async move {
            for session in sessions {
                self.start_again(session).await;
            }
            self.refresh_sessions();
        });
    }

    /// Starts a program again and shows it in the pane that showed it. One that somebody else has started
    /// needs nothing; what goes wrong is told.
    async fn start_again(self, session: SessionId) -> Option<SessionId> {
        let again = match functions::restart_session(session).await {
            Ok(created) => created.session_id,
            Err(error) if error.code() == ErrorCode::Gone => return None,
            Err(error) => {
                self.toasts.say(Tone::Problem, error.to_string());
                return None;
            }
        };
        if let Some(pane) = self.pane_of(session) {
            self.change(Change::Show {
                pane,
                session: again,
            });
        }
        Some(again)
    }
}
