//! A trail as it is handed over to another image of this process: its screen as a snapshot with all history, and
//! how far it is. Where the screen can't be had, it is made again from the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bowline_screen::{History, Settings};
use bytes::Bytes;

use super::follower::Follower;
use super::{Pool, Trail};
use crate::handover::ScreenHead;
use crate::lock;
use crate::log::OutputLog;

/// A screen and where its log goes on.
#[derive(Debug)]
pub(crate) struct CarriedScreen {
    pub(crate) head: ScreenHead,
    pub(crate) bytes: Bytes,
}

impl Trail {
    /// Takes a look at the screen during which nothing is parsed. `look` gets how far output was heard, and the
    /// screen there, if it can be had.
    pub(crate) fn carry<T>(&self, look: impl FnOnce(u64, Option<CarriedScreen>) -> T) -> T {
        let mut follower = lock(&self.follower);
        let position = self.position.load(Ordering::SeqCst);
        let screen = follower.carry(position);
        look(follower.heard(position), screen)
    }

    /// A trail that goes on where another was. It has to be told to [`Trail::follow`].
    pub(crate) fn take_up(pool: Arc<Pool>, scrollback: usize, carried: TakenUp<'_>) -> Self {
        let TakenUp { log, heard, screen } = carried;
        let (size, _) = log.size_at(log.end());
        let trail = Self::new(pool, size, scrollback);
        let position = lock(&trail.follower).take_up(log, heard, screen);
        trail.position.store(position, Ordering::SeqCst);
        trail.end.store(log.end(), Ordering::SeqCst);
        trail
    }
}

/// What a trail goes on with.
#[derive(Clone, Copy)]
pub(crate) struct TakenUp<'a> {
    pub(crate) log: &'a OutputLog,
    /// Output before this was heard.
    pub(crate) heard: u64,
    pub(crate) screen: Option<&'a (ScreenHead, Vec<u8>)>,
}

/// Whether a screen can be taken up.
pub(crate) fn is_usable(screen: &(ScreenHead, Vec<u8>)) -> bool {
    let (head, bytes) = screen;
    let mut follower = Follower::new(head.size, Settings::default());
    follower.show(head, bytes).is_some()
}

impl Follower {
    fn carry(&mut self, position: u64) -> Option<CarriedScreen> {
        if self.is_replaying() {
            return None;
        }
        let snapshot = self.snapshot(History::All)?;
        let (colours, sixteen) = self.colours();
        Some(CarriedScreen {
            head: ScreenHead {
                size: self.size(),
                position: position.saturating_sub(snapshot.behind as u64),
                next_mark: self.next_mark,
                colours,
                sixteen: Some(sixteen),
                left: 0,
            },
            bytes: snapshot.bytes.into(),
        })
    }
}
