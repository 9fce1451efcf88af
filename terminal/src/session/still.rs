//! A session that stands still while all are handed over: its task neither reads its PTY nor writes to it, and no
//! input is taken. Its screen may go on: what that says is written by nobody meanwhile.

use tokio::sync::watch;

use crate::session::{Phase, Session};

/// Whether a session's task may read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stillness {
    #[default]
    Goes,
    /// It is to stop as soon as it can.
    Asked,
    Stands,
}

impl Session {
    /// Asks the task to stop between a read and a write.
    pub(crate) fn hold(&self) {
        self.stillness.send_replace(Stillness::Asked);
        self.wake_task();
    }

    /// Everything goes on.
    pub(crate) fn release(&self) {
        self.stillness.send_replace(Stillness::Goes);
    }

    pub(super) fn is_held(&self) -> bool {
        *self.stillness.borrow() != Stillness::Goes
    }

    /// Waits until the task stands still, or has ended.
    pub(crate) async fn stands(&self) {
        tokio::select! {
            _ = until(&self.stillness, |now| now == Stillness::Stands) => {}
            () = self.reached(Phase::Ended) => {}
        }
    }

    /// The task stops, until it is released.
    pub(super) async fn stand_still(&self) {
        loop {
            self.stillness.send_if_modified(|stillness| {
                let asked = *stillness == Stillness::Asked;
                if asked {
                    *stillness = Stillness::Stands;
                }
                asked
            });
            let left = until(&self.stillness, |now| now != Stillness::Stands).await;
            // Released and asked again before this was polled, it stands again.
            if left != Some(Stillness::Asked) {
                return;
            }
        }
    }
}

/// Waits for a stillness, and gives which came.
async fn until(
    stillness: &watch::Sender<Stillness>,
    wanted: impl Fn(Stillness) -> bool,
) -> Option<Stillness> {
    let mut stillness = stillness.subscribe();
    // The sender lives in the session, which the caller holds: waiting can't fail.
    stillness
        .wait_for(|now| wanted(*now))
        .await
        .ok()
        .map(|now| *now)
}
