//! Tab stops. Those beyond the last column are forgotten: a snapshot could not set them.

use bowline_protocol::limits::COLS;

/// Columns between stops that nobody set.
const EVERY: usize = 8;
const COLUMNS: usize = *COLS.end() as usize;

/// The stops of one buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TabStops {
    stops: [u64; COLUMNS.div_ceil(64)],
}

impl TabStops {
    /// Every eighth column of a screen.
    pub(crate) fn new(cols: usize) -> Self {
        let mut tabs = Self {
            stops: [0; COLUMNS.div_ceil(64)],
        };
        tabs.fill_from(0, cols);
        tabs
    }

    pub(crate) fn is_set(&self, at: usize) -> bool {
        at < COLUMNS && self.stops[at / 64] & 1 << (at % 64) != 0
    }

    pub(crate) fn set(&mut self, at: usize) {
        if at < COLUMNS {
            self.stops[at / 64] |= 1 << (at % 64);
        }
    }

    pub(crate) fn clear(&mut self, at: usize) {
        if at < COLUMNS {
            self.stops[at / 64] &= !(1 << (at % 64));
        }
    }

    pub(crate) fn clear_all(&mut self) {
        self.stops.fill(0);
    }

    /// The next stop behind `at`, or the last column.
    pub(crate) fn next(&self, at: usize, cols: usize) -> usize {
        (at + 1..cols)
            .find(|&column| self.is_set(column))
            .unwrap_or(cols - 1)
    }

    /// The stop before `at`, or the first column.
    pub(crate) fn previous(&self, at: usize, cols: usize) -> usize {
        (0..at)
            .rev()
            .find(|&column| self.is_set(column))
            .unwrap_or(0)
            .min(cols - 1)
    }

    /// The screen has `cols` columns now: new columns get stops, in step with the last old one.
    pub(crate) fn resize(&mut self, cols: usize) {
        let from = if self.is_set(cols) {
            cols
        } else {
            self.previous(cols, cols)
        };
        self.fill_from(from, cols);
        for column in cols..COLUMNS {
            self.clear(column);
        }
    }

    fn fill_from(&mut self, from: usize, cols: usize) {
        for column in (from..cols).step_by(EVERY) {
            self.set(column);
        }
    }
}
