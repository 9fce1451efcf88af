//! One row of cells. Cells that were never written are not stored: an empty row costs nothing, and a row
//! of a prompt costs its letters.

use crate::cell::{Cell, Look};

/// A row. What lies beyond the stored cells is [`Cell::BLANK`]; how long it is, the buffer knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    cells: Vec<Cell>,
    /// Continues the row above.
    pub(crate) wrapped: bool,
}

impl Row {
    /// A row of `cols` cells in one background.
    pub(crate) fn filled(cols: usize, fill: Cell) -> Self {
        let mut row = Self::default();
        row.refill(cols, fill);
        row
    }

    pub(crate) fn from_cells(cells: Vec<Cell>, wrapped: bool) -> Self {
        Self { cells, wrapped }
    }

    /// Makes every cell `fill`, keeping the memory.
    pub(crate) fn refill(&mut self, cols: usize, fill: Cell) {
        self.cells.clear();
        if fill != Cell::BLANK {
            self.cells.resize(cols, fill);
        }
    }

    /// The cells up to the last one that was written.
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(crate) fn get(&self, at: usize) -> Cell {
        self.cells.get(at).copied().unwrap_or(Cell::BLANK)
    }

    pub(crate) fn set(&mut self, at: usize, cell: Cell) {
        if at >= self.cells.len() {
            self.cells.resize(at + 1, Cell::BLANK);
        }
        self.cells[at] = cell;
    }

    /// Printable ASCII from a column on; the caller sees to it that it fits.
    pub(crate) fn write_ascii(&mut self, at: usize, text: &[u8], look: Look) {
        let cell = |&byte: &u8| Cell::char(byte.into(), 1, look);
        if self.cells.len() < at {
            self.cells.resize(at, Cell::BLANK);
        }
        let over = text.len().min(self.cells.len() - at);
        let (over, beyond) = text.split_at(over);
        for (stored, byte) in self.cells[at..].iter_mut().zip(over) {
            *stored = cell(byte);
        }
        self.cells.extend(beyond.iter().map(cell));
    }

    /// All `cols` cells, to be moved about.
    fn whole(&mut self, cols: usize) -> &mut [Cell] {
        self.cells.resize(cols, Cell::BLANK);
        &mut self.cells
    }

    /// Cells behind the last one with content, counting a wide one's second half.
    pub(crate) fn trimmed_len(&self) -> usize {
        self.cells
            .iter()
            .rposition(|cell| cell.has_content())
            .map_or(0, |last| last + self.cells[last].width() as usize)
    }

    /// ICH: moves what is at `at` and behind to the right.
    pub(crate) fn insert(&mut self, cols: usize, at: usize, count: usize, fill: Cell) {
        let at = at % cols;
        let cells = self.whole(cols);
        let empty = Cell::empty(fill.look);
        if at > 0 && cells[at - 1].width() == 2 {
            cells[at - 1] = empty;
        }
        if count < cols - at {
            cells.copy_within(at..cols - count, at + count);
            cells[at..at + count].fill(fill);
        } else {
            cells[at..].fill(fill);
        }
        if cells[cols - 1].width() == 2 {
            cells[cols - 1] = empty;
        }
    }

    /// DCH: moves what is behind to the left.
    pub(crate) fn delete(&mut self, cols: usize, at: usize, count: usize, fill: Cell) {
        let at = at % cols;
        let cells = self.whole(cols);
        let empty = Cell::empty(fill.look);
        if count < cols - at {
            cells.copy_within(at + count..cols, at);
            cells[cols - count..].fill(fill);
        } else {
            cells[at..].fill(fill);
        }
        if at > 0 && cells[at - 1].width() == 2 {
            cells[at - 1] = empty;
        }
        if cells[at].width() == 0 && !cells[at].has_content() {
            cells[at] = empty;
        }
    }

    /// Erases `from..to`, never leaving half of a wide character.
    pub(crate) fn erase(&mut self, cols: usize, from: usize, to: usize, fill: Cell) {
        let to_end = to >= cols;
        let to = to.min(cols);
        let empty = Cell::empty(fill.look);
        if from > 0 && self.get(from - 1).width() == 2 {
            self.set(from - 1, empty);
        }
        if to_end && fill == Cell::BLANK {
            self.cells.truncate(from);
            return;
        }
        if !to_end && to > 0 && self.get(to - 1).width() == 2 {
            self.set(to, empty);
        }
        if from >= to {
            return;
        }
        if self.cells.len() < to {
            self.cells.resize(to, Cell::BLANK);
        }
        self.cells[from..to].fill(fill);
    }

    /// Erases what is not protected.
    pub(crate) fn erase_unprotected(&mut self, cols: usize, from: usize, to: usize, fill: Cell) {
        let empty = Cell::empty(fill.look);
        let cells = self.whole(cols);
        if from > 0 && cells[from - 1].width() == 2 && !cells[from - 1].is_protected() {
            cells[from - 1] = empty;
        }
        if to < cols && to > 0 && cells[to - 1].width() == 2 && !cells[to].is_protected() {
            cells[to] = empty;
        }
        let to = to.min(cols);
        if from < to {
            for cell in &mut cells[from..to] {
                if !cell.is_protected() {
                    *cell = fill;
                }
            }
        }
    }

    /// Erases every cell that is not protected, without a look at halves.
    pub(crate) fn erase_each_unprotected(&mut self, cols: usize, fill: Cell) {
        for cell in self.whole(cols) {
            if !cell.is_protected() {
                *cell = fill;
            }
        }
    }

    /// Cuts off what lies beyond a narrower screen. A wide character that is cut through becomes a space:
    /// half of one could not be printed again.
    pub(crate) fn cut(&mut self, cols: usize) {
        self.cells.truncate(cols);
        if self.cells.len() == cols
            && let Some(last) = self.cells.last_mut()
            && last.width() == 2
        {
            *last = Cell::char(b' '.into(), 1, last.look);
        }
    }

    /// Gives back memory that the stored cells don't need.
    pub(crate) fn shrink(&mut self) {
        let stored = self
            .cells
            .iter()
            .rposition(|&cell| cell != Cell::BLANK)
            .map_or(0, |last| last + 1);
        self.cells.truncate(stored);
        self.cells.shrink_to_fit();
    }
}
