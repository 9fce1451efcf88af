//! What the page knows of sessions, from two sources: the list, which is read now and then, and what the
//! link says at once of those that it follows. Of what both say, the link's word stands: a list may be older.
//! Names come from programs; they leave here fit to be shown.

use std::collections::BTreeMap;

use bowline_protocol::SessionId;
#[cfg(any(feature = "hydrate", test))]
use bowline_protocol::frame::{Activity, Event};

use crate::functions::sessions::{AttentionReply, ExitReply, ProgressReply, SessionRow, State};
use crate::text;

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Known {
    listed: Vec<SessionRow>,
    told: BTreeMap<SessionId, Told>,
}

/// What the link said of a session since it was attached; `None` = nothing yet.
#[derive(Debug, Default)]
struct Told {
    label: Option<String>,
    title: Option<String>,
    cwd: Option<String>,
    progress: Option<Option<ProgressReply>>,
    activity: Option<(State, Option<AttentionReply>)>,
    exit: Option<ExitReply>,
    unseen: bool,
}

/// How soon something heard must be shown.
#[cfg(any(feature = "hydrate", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// Now: it is rare, or somebody waits for it.
    Now,
    /// With the next paced change: programs may say it many times a second.
    Paced,
    /// Nothing of it is shown.
    Never,
}

impl Known {
    /// Starts from a list.
    pub(crate) fn new(listed: Vec<SessionRow>) -> Self {
        Self {
            listed,
            told: BTreeMap::new(),
        }
    }

    /// The list was read.
    pub(crate) fn listed(&mut self, rows: Vec<SessionRow>) {
        self.listed = rows;
    }

    /// Every session, as it is shown.
    pub(crate) fn rows(&self) -> Vec<SessionRow> {
        let rows = self.listed.iter().cloned();
        rows.map(|row| self.shown(row)).collect()
    }

    /// Sessions with output that nobody at this page has seen.
    pub(crate) fn unseen(&self) -> Vec<SessionId> {
        let unseen = self.told.iter().filter(|(_, told)| told.unseen);
        unseen.map(|(session, _)| *session).collect()
    }

    fn shown(&self, mut row: SessionRow) -> SessionRow {
        if let Some(told) = self.told.get(&row.session_id) {
            told.over(&mut row);
        }
        row.label = text::plain(&row.label);
        row.process = text::plain(&row.process);
        row.title = row.title.map(|title| text::plain(&title));
        row.title.take_if(|title| title.is_empty());
        row.cwd = row.cwd.map(|cwd| text::printable(&cwd));
        row
    }
}

#[cfg(any(feature = "hydrate", test))]
impl Known {
    /// The link follows a session from now on, or again: all that it says is said anew.
    pub(crate) fn attached(&mut self, session: SessionId) {
        let told = self.told.entry(session).or_default();
        *told = Told {
            unseen: told.unseen,
            ..Told::default()
        };
    }

    /// The link no longer follows it: the list has the word.
    pub(crate) fn left(&mut self, session: SessionId) {
        self.told.remove(&session);
    }

    /// Somebody at this page looks at a session.
    pub(crate) fn seen(&mut self, session: SessionId) {
        if let Some(told) = self.told.get_mut(&session) {
            told.unseen = false;
        }
    }

    /// The link says that something happened.
    pub(crate) fn hear(&mut self, session: SessionId, event: &Event) -> Haste {
        let told = self.told.entry(session).or_default();
        match event {
            Event::Exited { exit, .. } => told.exit = Some((*exit).into()),
            Event::Renamed { label } => told.label = Some(label.clone()),
            Event::Activity { activity } => told.activity = Some(state(*activity)),
            Event::Unseen => told.unseen = true,
            Event::Title { title } => {
                told.title = Some(title.clone());
                return Haste::Paced;
            }
            Event::Cwd { cwd } => {
                told.cwd = Some(cwd.clone());
                return Haste::Paced;
            }
            Event::Progress { progress } => {
                told.progress = Some(ProgressReply::of(*progress));
                return Haste::Paced;
            }
            Event::IdleWarning { .. }
            | Event::Viewers { .. }
            | Event::Bell { .. }
            | Event::Notification { .. }
            | Event::Command { .. } => return Haste::Never,
        }
        Haste::Now
    }
}

#[cfg(any(feature = "hydrate", test))]
fn state(activity: Activity) -> (State, Option<AttentionReply>) {
    match activity {
        Activity::Running => (State::Running, None),
        Activity::Idle => (State::Idle, None),
        Activity::NeedsAttention(why) => (State::NeedsAttention, Some(why.into())),
    }
}

impl Told {
    /// Puts what was said over what is listed.
    fn over(&self, row: &mut SessionRow) {
        if let Some(label) = &self.label {
            row.label.clone_from(label);
            // Only people rename.
            row.named = true;
        }
        if let Some(title) = &self.title {
            row.title = Some(title.clone());
        }
        if let Some(cwd) = &self.cwd {
            row.cwd = Some(cwd.clone());
        }
        if let Some(progress) = self.progress {
            row.progress = progress;
        }
        if let (Some((state, attention)), true) = (self.activity, row.state != State::Exited) {
            row.state = state;
            row.attention = attention;
        }
        if let Some(exit) = self.exit {
            row.state = State::Exited;
            row.exit = Some(exit);
        }
        if row.state == State::Exited {
            row.attention = None;
            row.progress = None;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use bowline_protocol::frame::{Attention, Exit, Progress};

    use super::*;

    /// A session as a list has it.
    pub(crate) fn row(id: u8) -> SessionRow {
        SessionRow {
            session_id: SessionId::from_bytes([id; 16]),
            pane_id: None,
            label: "bash".to_owned(),
            named: false,
            process: "bash".to_owned(),
            cwd: Some("/srv/Work".to_owned()),
            age_s: 3_700,
            idle_s: id.into(),
            cols: 80,
            rows: 24,
            viewers: 1,
            tmux: None,
            notice: None,
            ends_in_s: None,
            state: State::Idle,
            title: None,
            attention: None,
            progress: None,
            last_command: None,
            exit: None,
            last_seen_ms: None,
        }
    }

    fn title(title: &str) -> Event {
        Event::Title {
            title: title.to_owned(),
        }
    }

    #[test]
    fn the_links_word_stands_above_a_list_that_may_be_older() {
        let mut known = Known::new(vec![row(1), row(2)]);
        let session = row(1).session_id;
        known.attached(session);
        assert_eq!(known.hear(session, &title("vim")), Haste::Paced);
        let activity = Activity::NeedsAttention(Attention::Bell);
        let haste = known.hear(session, &Event::Activity { activity });
        assert_eq!(haste, Haste::Now);
        let progress = Progress::Normal(40);
        known.hear(session, &Event::Progress { progress });
        known.listed(vec![row(1), row(2)]);
        let rows = known.rows();
        assert_eq!(rows[0].title.as_deref(), Some("vim"));
        assert_eq!(rows[0].state, State::NeedsAttention);
        assert_eq!(rows[0].attention, Some(AttentionReply::Bell));
        assert_eq!(rows[0].progress, Some(ProgressReply::Normal(40)));
        assert_eq!(rows[1], row(2));
        known.left(session);
        assert_eq!(known.rows()[0], row(1));
    }

    #[test]
    fn after_a_reconnect_all_is_said_anew_but_what_was_not_seen() {
        let mut known = Known::new(vec![row(1)]);
        let session = row(1).session_id;
        known.attached(session);
        known.hear(session, &title("gone since"));
        known.hear(session, &Event::Unseen);
        known.attached(session);
        assert_eq!(known.rows()[0].title, None);
        assert_eq!(known.unseen(), [session]);
        known.seen(session);
        assert!(known.unseen().is_empty());
    }

    #[test]
    fn an_end_is_the_last_word() {
        let mut known = Known::new(vec![row(1)]);
        let session = row(1).session_id;
        let exit = Exit::Code(3);
        known.hear(session, &Event::Exited { exit, end: 9 });
        let activity = Activity::NeedsAttention(Attention::Quiet);
        known.hear(session, &Event::Activity { activity });
        let row = known.rows().remove(0);
        assert_eq!((row.state, row.attention), (State::Exited, None));
        assert_eq!(row.exit, Some(ExitReply::Code(3)));
    }

    #[test]
    fn what_programs_call_themselves_leaves_fit_to_be_shown() {
        let mut known = Known::new(vec![row(1)]);
        known.hear(row(1).session_id, &title("a\u{202e}b\u{1b}c"));
        assert_eq!(known.rows()[0].title.as_deref(), Some("abc"));
    }
}
