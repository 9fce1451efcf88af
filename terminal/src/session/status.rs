//! How a session's status is fed and told: what the emulator saw in the output, what programs say by
//! `bowline status`, and looks at the foreground. The machine itself is [`crate::status`].

use crate::foreground::{foreground, foreground_beside};
use crate::session::{Session, Shared};
use crate::status::{Change, Focus, Sign, Status, Word};

impl Session {
    /// Changes the status, and wakes every viewer if there is something to tell.
    pub(super) fn with_status(
        &self,
        shared: &mut Shared,
        change: impl FnOnce(&mut Status, u64) -> Change,
    ) {
        if change(&mut shared.status, self.now_ms()) == Change::Told {
            shared.viewers.wake_all(self.id);
        }
    }

    /// What was seen in the output, in its order.
    pub(crate) fn saw(&self, signs: impl IntoIterator<Item = Sign>) {
        let mut shared = self.shared();
        for sign in signs {
            self.with_status(&mut shared, |status, now| status.sign(now, sign));
        }
        drop(shared);
        // It may want the foreground looked at.
        self.wanted.notify_one();
    }

    /// What a program says of itself.
    pub(crate) fn say_status(&self, word: Word) {
        self.saw([Sign::Word(word)]);
    }

    /// Looks at the foreground, if it is time to.
    pub(super) fn look(&self) {
        let terminal = {
            let shared = self.shared();
            let due = shared
                .status
                .look_at()
                .is_some_and(|at| at <= self.now_ms());
            shared.terminal.clone().filter(|_| due)
        };
        if let Some(terminal) = terminal {
            // Outside the lock: `/proc` may take its time.
            let seen = match &self.tmux {
                Some(tmux) => tmux
                    .leader()
                    .map_or_else(Default::default, foreground_beside),
                None => foreground(&terminal),
            };
            let mut shared = self.shared();
            self.with_status(&mut shared, |status, now| status.look(now, seen));
        }
    }

    /// Who has the keyboard may have changed.
    pub(super) fn refocus(&self, shared: &mut Shared) {
        let focus = if shared.viewers.any_focused() {
            Focus::Somebody
        } else {
            Focus::Nobody
        };
        self.with_status(shared, |status, now| status.focus(now, focus));
    }
}
