//! One of a terminal's two buffers: its rows, what lies above them, the cursor, margins, tab stops and what
//! DECSC saved. Knows how lines scroll and how a size changes; knows nothing of sequences.

use std::collections::VecDeque;

use crate::cell::{Cell, Look};
use crate::charset::Charset;
use crate::history::History;
use crate::reflow;
use crate::row::Row;
use crate::styles::Styles;
use crate::tabs::TabStops;

/// What DECSC saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Saved {
    pub(crate) x: usize,
    /// Counted from the oldest line kept, as xterm.js counts: it moves with lines that scroll up.
    pub(crate) line: usize,
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    pub(crate) charset: Charset,
}

/// Whether lines that leave the top are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The normal buffer, with a history and reflow.
    Normal,
    /// The alternate buffer: rows only, and none while it is not shown.
    Alternate,
}

#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) kind: Kind,
    pub(crate) history: History,
    /// The screen's rows; empty while an alternate buffer is not shown.
    pub(crate) rows: VecDeque<Row>,
    /// Column of the cursor; one past the last while a wrap is pending.
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// First row of the scroll region.
    pub(crate) top: usize,
    /// Its last row.
    pub(crate) bottom: usize,
    pub(crate) tabs: TabStops,
    pub(crate) saved: Saved,
}

impl Buffer {
    pub(crate) fn new(kind: Kind, cols: usize, rows: usize, scrollback: usize) -> Self {
        let mut buffer = Self {
            kind,
            history: History::new(scrollback),
            rows: VecDeque::new(),
            x: 0,
            y: 0,
            top: 0,
            bottom: rows - 1,
            tabs: TabStops::new(cols),
            saved: Saved::default(),
        };
        if kind == Kind::Normal {
            buffer.rows.resize_with(rows, Row::default);
        }
        buffer
    }

    /// The alternate buffer is left: it forgets all but what DECSC saved.
    pub(crate) fn clear(&mut self, cols: usize, rows: usize) {
        self.rows.clear();
        self.rows.shrink_to_fit();
        (self.x, self.y) = (0, 0);
        (self.top, self.bottom) = (0, rows - 1);
        self.tabs = TabStops::new(cols);
    }

    /// The alternate buffer is shown.
    pub(crate) fn fill(&mut self, cols: usize, rows: usize, fill: Cell) {
        if self.rows.is_empty() {
            self.rows.resize_with(rows, || Row::filled(cols, fill));
        }
    }

    /// The row of the cursor.
    pub(crate) fn row(&mut self) -> &mut Row {
        &mut self.rows[self.y]
    }

    /// Moves the scroll region up by one line.
    pub(crate) fn scroll(&mut self, cols: usize, fill: Cell, wrapped: bool, styles: &Styles) {
        let is_whole = self.top == 0 && self.bottom + 1 == self.rows.len();
        // The row that leaves is used again for the one that comes.
        let leaves = if is_whole {
            self.rows.pop_front()
        } else {
            self.rows.remove(self.top)
        };
        let Some(mut row) = leaves else { return };
        if self.top == 0 && self.kind == Kind::Normal {
            self.history.push(&row, styles);
        }
        row.refill(cols, fill);
        row.wrapped = wrapped;
        if is_whole {
            self.rows.push_back(row);
        } else {
            self.rows.insert(self.bottom, row);
        }
    }

    /// Takes `count` rows out at `at` and puts as many new ones in at `to` (counted without those taken).
    pub(crate) fn rotate(&mut self, at: usize, to: usize, count: usize, cols: usize, fill: Cell) {
        for _ in 0..count.min(at.abs_diff(to) + 1) {
            if let Some(mut row) = self.rows.remove(at) {
                row.refill(cols, fill);
                row.wrapped = false;
                self.rows.insert(to, row);
            }
        }
    }

    /// Gives the buffer another size.
    pub(crate) fn resize(&mut self, old: (usize, usize), new: (usize, usize), styles: &mut Styles) {
        let ((old_cols, old_rows), (cols, rows)) = (old, new);
        if !self.rows.is_empty() {
            self.resize_rows(old_rows, rows, styles);
            self.x = self.x.min(cols - 1);
            self.top = 0;
        }
        self.saved.x = self.saved.x.min(cols - 1);
        self.bottom = rows - 1;
        if old_cols != cols && !self.rows.is_empty() {
            if self.kind == Kind::Normal {
                reflow::reflow(self, old_cols, (cols, rows), styles);
            }
            if cols < old_cols {
                for row in &mut self.rows {
                    row.cut(cols);
                }
            }
        }
        self.tabs.resize(cols);
        self.keep_saved_on_screen(rows);
    }

    /// What DECSC saved may not stay below the last row when lines are gone, as it may in xterm.js until so many
    /// lines have scrolled: no cursor could be saved there again.
    pub(crate) fn keep_saved_on_screen(&mut self, rows: usize) {
        self.saved.line = self.saved.line.min(self.history.len() + rows - 1);
    }

    /// Taller: lines come back from the history while the cursor's row is the last one, else blank rows are
    /// added. Lower: blank rows below the cursor go first, then rows at the top move into the history.
    fn resize_rows(&mut self, old: usize, new: usize, styles: &mut Styles) {
        let mut came_back = 0;
        for _ in old..new {
            let last_is_cursors = self.rows.len() <= self.y + came_back + 1;
            match last_is_cursors.then(|| self.history.pop(styles)).flatten() {
                Some(row) => {
                    self.rows.push_front(row);
                    came_back += 1;
                }
                None => self.rows.push_back(Row::default()),
            }
        }
        for _ in new..old {
            if self.rows.len() > self.y + 1 {
                self.rows.pop_back();
            } else if let Some(row) = self.rows.pop_front() {
                let is_kept = self.history.len() < self.history.max_lines();
                if self.kind == Kind::Normal {
                    self.history.push(&row, styles);
                }
                if !is_kept {
                    self.saved.line = self.saved.line.saturating_sub(1);
                }
                self.y = self.y.saturating_sub(1);
            }
        }
        self.y = (self.y + came_back).min(new - 1);
    }

    /// Gives back memory that nothing needs.
    pub(crate) fn shrink(&mut self) {
        self.history.shrink();
        for row in &mut self.rows {
            row.shrink();
        }
        self.rows.shrink_to_fit();
    }

    /// The cell erasing leaves: nothing, in the background of `look`.
    pub(crate) fn erased(look: Look) -> Cell {
        Cell::empty(Look {
            fg: 0,
            bg: look.bg & crate::cell::COLOUR,
            extended: 0,
        })
    }
}
