//! The desk's part about what is known of sessions: read from the server as a list, heard from the link, and shown
//! at a pace that people can follow.

use bowline_protocol::SessionId;
#[cfg(feature = "hydrate")]
use bowline_protocol::frame::Event;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Desk;
use crate::functions;
use crate::functions::sessions::{SessionRow, State};
#[cfg(feature = "hydrate")]
use crate::state::known::Haste;
use crate::state::known::Known;

/// Between two showings of what programs may change many times a second: titles that spin, progress.
#[cfg(feature = "hydrate")]
const PACE: std::time::Duration = std::time::Duration::from_millis(400);

/// Whether what was heard is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// It is.
    Free,
    /// Something was shown just now; nothing came since.
    Rests,
    /// Something was shown just now, and more came.
    Due,
}

impl Desk {
    /// The session list as last known, tracked.
    pub(crate) fn sessions(self) -> Vec<SessionRow> {
        self.sessions.get()
    }

    /// Reads the session list as last known, tracked.
    pub(crate) fn with_sessions<T>(self, read: impl FnOnce(&[SessionRow]) -> T) -> T {
        self.sessions.with(|rows| read(rows))
    }

    /// When a lost session was last seen, tracked.
    pub(crate) fn last_seen(self, session: SessionId) -> Option<u64> {
        self.sessions.with(|rows| {
            let row = rows.iter().find(|row| row.session_id == session)?;
            row.last_seen_ms
        })
    }

    /// How many sessions run, as last known, tracked.
    pub(crate) fn running(self) -> usize {
        self.sessions
            .with(|rows| rows.iter().filter(|row| row.state != State::Exited).count())
    }

    /// How many sessions need somebody to look, as last known, tracked.
    #[cfg(feature = "hydrate")]
    pub(crate) fn calling(self) -> usize {
        let calls = |row: &&SessionRow| row.state == State::NeedsAttention;
        self.sessions.with(|rows| rows.iter().filter(calls).count())
    }

    /// Reads the session list again.
    pub(crate) fn refresh_sessions(self) {
        spawn_local(async move {
            if let Ok(reply) = functions::sessions().await {
                let listed = |heard: &mut Known| heard.listed(reply.sessions);
                if self.heard.try_update_value(listed).is_some() {
                    self.show_heard();
                }
            }
        });
    }

    /// Shows what is known of sessions. What is the same wakes nobody.
    fn show_heard(self) {
        let news = self
            .heard
            .try_with_value(|heard| (heard.rows(), heard.unseen()));
        let Some((rows, unseen)) = news else { return };
        if self.sessions.try_with_untracked(|now| *now != rows) == Some(true) {
            self.sessions.set(rows);
        }
        if self.unseen.try_with_untracked(|now| *now != unseen) == Some(true) {
            self.unseen.set(unseen);
        }
    }
}

/// What the link says.
#[cfg(feature = "hydrate")]
impl Desk {
    /// Something happened in a session.
    pub(crate) fn hear(self, session: SessionId, event: &Event) {
        let haste = self
            .heard
            .try_update_value(|heard| heard.hear(session, event));
        match haste {
            Some(Haste::Now) => self.show_heard(),
            Some(Haste::Paced) => self.show_soon(),
            Some(Haste::Never) | None => {}
        }
        if matches!(event, Event::IdleWarning { .. }) {
            // The list says for how long it is still there.
            self.refresh_sessions();
        }
    }

    /// The link follows a session from now on, or again.
    pub(crate) fn attached(self, session: SessionId) {
        // What it says follows at once: nothing is shown in between.
        self.heard.update_value(|heard| heard.attached(session));
    }

    /// Nobody at this page follows a session any more.
    pub(crate) fn left(self, session: SessionId) {
        self.heard.update_value(|heard| heard.left(session));
    }

    /// A session is on screen, or was until now.
    pub(crate) fn seen(self, session: SessionId) {
        self.heard.update_value(|heard| heard.seen(session));
        self.show_heard();
    }

    /// Shows what was heard at once, or with what else comes within the pace.
    fn show_soon(self) {
        if self.pace.try_get_value() != Some(Pace::Free) {
            self.pace.set_value(Pace::Due);
            return;
        }
        self.show_heard();
        self.pace.set_value(Pace::Rests);
        set_timeout(move || self.paced(), PACE);
    }

    fn paced(self) {
        let due = self.pace.try_get_value() == Some(Pace::Due);
        self.pace.set_value(Pace::Free);
        if due {
            self.show_soon();
        }
    }
}
