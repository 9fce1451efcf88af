//! The emulator behind one trail, guarded: a fault in it costs this screen and nothing else. The screen is then
//! made again from the log: the trail goes back to the oldest byte kept, hears nothing a second time, and leaves
//! out what fails again. Must not know sessions, nor who waits for what: that is the trail's.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bowline_protocol::frame::{Colours, Sixteen, Size};
use bowline_screen::{History, Screen, Settings, Signal, Snapshot};

use crate::handover::ScreenHead;
use crate::log::OutputLog;
use crate::screen::{ScreenFormat, ScreenShot, Slice};

/// Pieces of the log that one replay leaves out at most. With more, the screen starts empty.
const LEFT_OUT_MAX: usize = 4;
/// Where the fault was the replay goes in steps of so many bytes, so that little is left out.
const FINE: u64 = 256;
/// A screen that fails again within so much output starts empty: making it again costs more than it is worth.
const AGAIN: u64 = 1024 * 1024;

/// What feeding a slice came to.
pub(super) enum Fed {
    /// It is parsed, and this was heard.
    Parsed(Vec<Signal>),
    /// The emulator failed in it; this was heard before.
    Failed(Vec<Signal>),
}

/// A screen that is being made again.
#[derive(Debug)]
struct Replay {
    /// What lies before was heard already.
    until: u64,
    /// Where the emulator failed first.
    suspect: Range<u64>,
    /// What failed again, in order of failing.
    left_out: Vec<Range<u64>>,
}

#[derive(Debug)]
pub(super) struct Follower {
    screen: Screen,
    settings: Settings,
    pub(super) next_mark: u64,
    replay: Option<Replay>,
    /// How far the trail was at the last fault.
    failed_at: Option<u64>,
    /// Faults that a test wants.
    #[cfg(test)]
    pub(super) faults: super::tests::Faults,
}

impl Follower {
    pub(super) fn new(size: Size, settings: Settings) -> Self {
        Self {
            screen: Screen::new(size, settings),
            settings,
            next_mark: 0,
            replay: None,
            failed_at: None,
            #[cfg(test)]
            faults: super::tests::Faults::default(),
        }
    }

    pub(super) fn size(&self) -> Size {
        self.screen.size()
    }

    /// An empty screen as from `position` on, and no replay.
    pub(super) fn start_empty(&mut self, log: &OutputLog, position: u64) {
        let (size, next_mark) = log.size_at(position);
        self.screen = Screen::new(size, self.settings);
        self.next_mark = next_mark;
        self.replay = None;
    }

    /// Whether the screen is one of the past that nobody may see yet.
    pub(super) fn is_replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// How far output was heard, if `position` is how far it is parsed.
    pub(super) fn heard(&self, position: u64) -> u64 {
        let replay = self.replay.as_ref();
        replay.map_or(position, |replay| replay.until.max(position))
    }

    pub(super) fn colours(&self) -> (Option<Colours>, Sixteen) {
        (self.screen.colours(), self.screen.sixteen())
    }

    /// Shows what another screen was handed over as. `None`: the emulator failed.
    pub(super) fn show(&mut self, head: &ScreenHead, bytes: &[u8]) -> Option<()> {
        self.screen = Screen::new(head.size, self.settings);
        self.next_mark = head.next_mark;
        self.guarded(|this| {
            if let Some(colours) = head.colours {
                this.screen.set_colours(colours);
            }
            if let Some(sixteen) = head.sixteen {
                this.screen.set_sixteen(sixteen);
            }
            this.screen.feed(bytes);
            // Said before, by another.
            this.screen.take_signals();
        })
    }

    /// Goes on where another was that heard output up to `heard`. Gives from where on the log is read.
    pub(super) fn take_up(
        &mut self,
        log: &OutputLog,
        heard: u64,
        screen: Option<&(ScreenHead, Vec<u8>)>,
    ) -> u64 {
        let until = heard.min(log.end());
        let kept = log.start()..=log.end();
        let screen = screen.filter(|(head, _)| kept.contains(&head.position));
        let shown = screen.and_then(|(head, bytes)| {
            self.show(head, bytes)?;
            Some(head.position)
        });
        let position = shown.unwrap_or_else(|| {
            self.start_empty(log, log.start());
            log.start()
        });
        self.replay = (position < until).then(|| Replay {
            until,
            suspect: until..until,
            left_out: Vec::new(),
        });
        position
    }

    /// How much may be read at once from `position` on.
    pub(super) fn step_at(&self, position: u64) -> u64 {
        let Some(replay) = &self.replay else {
            return u64::MAX;
        };
        let to_next = |bound: u64| bound.checked_sub(position).filter(|left| *left > 0);
        let bounds = replay
            .left_out
            .iter()
            .flat_map(|piece| [piece.start, piece.end])
            .chain([replay.suspect.start, replay.until]);
        let fine = replay.suspect.contains(&position).then_some(FINE);
        let most = bounds.filter_map(to_next).chain(fine).min();
        most.unwrap_or(u64::MAX)
    }

    /// Puts a slice that begins at `position` onto the screen.
    pub(super) fn feed(&mut self, position: u64, slice: &Slice) -> Fed {
        let left_out = self.replay.as_ref().is_some_and(|replay| {
            let mut pieces = replay.left_out.iter();
            pieces.any(|piece| piece.contains(&position))
        });
        let fed = self.guarded(|this| {
            if let Some((colours, sixteen)) = slice.colours {
                this.screen.set_colours(colours);
                if let Some(sixteen) = sixteen {
                    this.screen.set_sixteen(sixteen);
                }
            }
            for bytes in slice.bytes.iter().filter(|_| !left_out) {
                #[cfg(test)]
                this.faults.fed(bytes);
                this.screen.feed(bytes);
            }
            if let Some(mark) = slice.mark {
                this.screen.resize(mark.size);
                this.next_mark = mark.number + 1;
            }
        });
        let is_past = self.replay.is_some();
        // Also of a screen that failed: it only grows a list.
        let mut signals = self.screen.take_signals();
        if is_past {
            signals.clear();
        }
        match fed {
            Some(()) => {
                let end = position + slice.len();
                self.replay.take_if(|replay| replay.until <= end);
                Fed::Parsed(signals)
            }
            None => Fed::Failed(signals),
        }
    }

    /// The emulator failed in this piece of the log. Gives where the trail goes on: with a new screen, at the
    /// log's beginning, or where it was if that is no use.
    pub(super) fn recover(&mut self, log: &OutputLog, failed: &Range<u64>) -> u64 {
        let (until, replay) = match self.replay.take() {
            None => {
                let until = failed.end;
                let again = self.failed_at.is_some_and(|at| until < at + AGAIN);
                let replay = Replay {
                    until,
                    suspect: failed.clone(),
                    left_out: Vec::new(),
                };
                (until, Some(replay).filter(|_| !again))
            }
            Some(mut replay) => {
                let until = replay.until.max(failed.end);
                let is_useless =
                    replay.left_out.len() == LEFT_OUT_MAX || replay.left_out.contains(failed);
                replay.left_out.push(failed.clone());
                (until, Some(replay).filter(|_| !is_useless))
            }
        };
        self.failed_at = Some(until);
        let replay = replay.filter(|replay| log.start() < replay.until);
        let position = if replay.is_some() { log.start() } else { until };
        self.start_empty(log, position);
        self.replay = replay;
        position
    }

    /// What recreates the screen. `None`: the emulator failed.
    pub(super) fn snapshot(&mut self, history: History) -> Option<Snapshot> {
        self.guarded(|this| {
            #[cfg(test)]
            this.faults.looked();
            this.screen.snapshot(history)
        })
    }

    /// The screen for those who are no viewers. `None`: the emulator failed.
    pub(super) fn shot(
        &mut self,
        format: ScreenFormat,
        history: History,
        position: u64,
    ) -> Option<ScreenShot> {
        let (content, offset) = match format {
            ScreenFormat::Text => (self.guarded(|this| this.screen.text(history))?, position),
            ScreenFormat::Ansi => {
                let snapshot = self.snapshot(history)?;
                let text = String::from_utf8_lossy(&snapshot.bytes).into_owned();
                (text, position.saturating_sub(snapshot.behind as u64))
            }
        };
        let cursor = self.screen.cursor();
        Some(ScreenShot {
            content,
            offset,
            size: self.screen.size(),
            cursor: (cursor.x, cursor.y),
            title: self.screen.title().to_owned(),
        })
    }

    /// Gives back what the next flood would need. `None`: the emulator failed.
    pub(super) fn shrink(&mut self) -> Option<()> {
        self.guarded(|this| this.screen.shrink())
    }

    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        // What a fault leaves behind is thrown away by `recover`.
        catch_unwind(AssertUnwindSafe(|| work(self))).ok()
    }
}
