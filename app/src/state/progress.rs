//! How far an emulator is in a session's output. Decides whether everything before the program's end has
//! been shown.

use bowline_protocol::frame::Exit;

/// Which attachment or snapshot a write belongs to: the callback of a write before it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Epoch(u32);

/// Progress of one pane's emulator.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    epoch: Epoch,
    parsed: u64,
    exit: Option<(Exit, u64)>,
}

/// Whether an attachment begins with an empty emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// It does: another log, or the first time.
    Fresh,
    /// The emulator goes on where it was.
    Resumed,
}

impl Progress {
    /// Output will come from `from`.
    pub(crate) fn attached(&mut self, start: Start, from: u64) {
        if start == Start::Fresh {
            self.epoch.0 += 1;
            self.parsed = from;
            self.exit = None;
        }
    }

    /// A snapshot takes the place of everything: nothing counts as shown before it is parsed.
    pub(crate) fn replaced(&mut self) -> Epoch {
        self.epoch.0 += 1;
        self.parsed = 0;
        self.epoch
    }

    /// The attachment that is being written now.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Everything before `end` is parsed. Answers the exit and where output ended, if that was all.
    pub(crate) fn parsed(&mut self, epoch: Epoch, end: u64) -> Option<(Exit, u64)> {
        if epoch != self.epoch {
            return None;
        }
        self.parsed = self.parsed.max(end);
        self.due()
    }

    /// The program ended and its output ends at `end`. Answers both, if all of it is shown.
    pub(crate) fn exited(&mut self, exit: Exit, end: u64) -> Option<(Exit, u64)> {
        self.exit = Some((exit, end));
        self.due()
    }

    fn due(&self) -> Option<(Exit, u64)> {
        self.exit.filter(|(_, end)| self.parsed >= *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attached(from: u64) -> Progress {
        let mut progress = Progress::default();
        progress.attached(Start::Fresh, from);
        progress
    }

    #[test]
    fn an_exit_waits_for_the_last_output() {
        let mut progress = attached(0);
        let epoch = progress.epoch();
        assert_eq!(progress.exited(Exit::Code(3), 12), None);
        assert_eq!(progress.parsed(epoch, 11), None);
        assert_eq!(progress.parsed(epoch, 12), Some((Exit::Code(3), 12)));
        let killed = (Exit::Killed, 5);
        assert_eq!(attached(5).exited(killed.0, killed.1), Some(killed));
    }

    #[test]
    fn writes_of_an_earlier_life_say_nothing() {
        let mut progress = attached(0);
        let old = progress.epoch();
        progress.attached(Start::Fresh, 0);
        assert_eq!(progress.exited(Exit::Code(0), 100), None);
        assert_eq!(progress.parsed(old, 5000), None);
    }

    #[test]
    fn an_exit_waits_for_the_snapshot_that_takes_its_place() {
        let mut progress = attached(0);
        let old = progress.epoch();
        progress.parsed(old, 9);
        assert_eq!(progress.exited(Exit::Code(3), 12), None);
        let epoch = progress.replaced();
        assert_eq!(progress.parsed(old, 12), None);
        assert_eq!(progress.parsed(epoch, 12), Some((Exit::Code(3), 12)));
    }

    #[test]
    fn resuming_keeps_what_is_parsed() {
        let mut progress = attached(0);
        let epoch = progress.epoch();
        progress.parsed(epoch, 50);
        progress.attached(Start::Resumed, 50);
        let exit = (Exit::Code(0), 50);
        assert_eq!(progress.exited(exit.0, exit.1), Some(exit));
    }
}
