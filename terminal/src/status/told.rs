//! What one viewer was told of a session's status. State is said whole on every transport; what happened
//! (bells, notifications, commands) is said again from the viewer's first moment on, as far as it is
//! kept: the viewer drops what has a number that it knows.

use bowline_protocol::frame::Event;

use super::Status;

/// How far a viewer is.
#[derive(Debug, Default)]
pub(crate) struct Told {
    title: u64,
    cwd: u64,
    progress: u64,
    activity: u64,
    /// Number of the last event told.
    event: u64,
    /// … and of the last one before it looked for the first time: those are history.
    history: Option<u64>,
}

impl Told {
    /// The viewer attaches, for the first time or again.
    pub(crate) fn attach(&mut self, status: &Status) {
        let history = *self.history.get_or_insert(status.ring.last());
        *self = Self {
            event: history,
            history: Some(history),
            ..Self::default()
        };
    }

    /// Says what is new to the viewer.
    pub(crate) fn tell(&mut self, status: &Status, mut say: impl FnMut(Event)) {
        let facts = status.facts();
        let is_new = |told: &mut u64, changes: u64| std::mem::replace(told, changes) < changes;
        if is_new(&mut self.title, facts.title.changes) {
            let title = facts.title.value.clone();
            say(Event::Title { title });
        }
        if is_new(&mut self.cwd, facts.cwd.changes) {
            let cwd = facts.cwd.value.clone();
            say(Event::Cwd { cwd });
        }
        if is_new(&mut self.progress, facts.progress.changes) {
            let progress = facts.progress.value;
            say(Event::Progress { progress });
        }
        for event in status.ring.behind(self.event) {
            say(event.clone());
        }
        self.event = status.ring.last();
        if is_new(&mut self.activity, status.changes) {
            let activity = status.activity();
            say(Event::Activity { activity });
        }
    }
}
