//! One row of cells. Cells that were never written are not stored: an empty row costs nothing. A row of
//! ASCII in one look is stored as its letters, which makes most of what programs print a copy of bytes.

use crate::cell::{Cell, Look};

/// Stands for an empty cell among a row's letters.
const EMPTY: u8 = 0;

/// A row. What lies beyond the stored cells is [`Cell::BLANK`]; how long it is, the buffer knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    stored: Stored,
    /// One byte a cell, all in one look. Empty while the cells are stored themselves.
    text: Vec<u8>,
    look: Look,
    /// Empty while the letters are stored.
    cells: Vec<Cell>,
    /// Continues the row above.
    pub(crate) wrapped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stored {
    #[default]
    Text,
    Cells,
}

/// What is stored of a row.
pub(crate) enum Written<'a> {
    /// ASCII, one cell each, all in one look; 0 is an empty cell.
    Text(&'a [u8], Look),
    Cells(&'a [Cell]),
}

impl Row {
    /// A row of `cols` cells in one background.
    pub(crate) fn filled(cols: usize, fill: Cell) -> Self {
        let mut row = Self::default();
        row.refill(cols, fill);
        row
    }

    pub(crate) fn from_cells(cells: Vec<Cell>, wrapped: bool) -> Self {
        Self {
            stored: Stored::Cells,
            cells,
            wrapped,
            ..Self::default()
        }
    }

    /// Makes every cell `fill`, keeping the memory.
    pub(crate) fn refill(&mut self, cols: usize, fill: Cell) {
        self.stored = Stored::Text;
        self.cells.clear();
        self.text.clear();
        if fill != Cell::BLANK {
            self.look = fill.look;
            match fill.letter() {
                Some(letter) => self.text.resize(cols, letter),
                None => self.expand().resize(cols, fill),
            }
        }
    }

    /// What is stored, without the cells at the end that are as if never written.
    pub(crate) fn written(&self) -> Written<'_> {
        match self.stored {
            Stored::Text => Written::Text(&self.text[..self.written_len()], self.look),
            Stored::Cells => Written::Cells(&self.cells[..self.written_len()]),
        }
    }

    /// Cells up to the last one that is not as if never written.
    pub(crate) fn written_len(&self) -> usize {
        let last = match self.stored {
            Stored::Text if self.look != Look::default() => return self.text.len(),
            Stored::Text => self.text.iter().rposition(|&letter| letter != EMPTY),
            Stored::Cells => self.cells.iter().rposition(|&cell| cell != Cell::BLANK),
        };
        last.map_or(0, |last| last + 1)
    }

    fn stored_len(&self) -> usize {
        match self.stored {
            Stored::Text => self.text.len(),
            Stored::Cells => self.cells.len(),
        }
    }

    pub(crate) fn get(&self, at: usize) -> Cell {
        let stored = match self.stored {
            Stored::Text => self
                .text
                .get(at)
                .map(|&letter| Cell::char(letter.into(), 1, self.look)),
            Stored::Cells => self.cells.get(at).copied(),
        };
        stored.unwrap_or(Cell::BLANK)
    }

    /// Whether a cell in this look, from this column on, can be stored as a letter.
    fn takes_letters(&mut self, at: usize, look: Look) -> bool {
        if self.stored == Stored::Cells {
            return false;
        }
        if self.text.is_empty() {
            self.look = look;
        }
        // A gap is as if never written, and looks like that.
        self.look == look && (at <= self.text.len() || look == Look::default())
    }

    pub(crate) fn set(&mut self, at: usize, cell: Cell) {
        if let Some(letter) = cell.letter()
            && self.takes_letters(at, cell.look)
        {
            if at >= self.text.len() {
                self.text.resize(at + 1, EMPTY);
            }
            self.text[at] = letter;
            return;
        }
        let cells = self.expand();
        if at >= cells.len() {
            cells.resize(at + 1, Cell::BLANK);
        }
        cells[at] = cell;
    }

    /// Printable ASCII from a column on; the caller sees to it that it fits.
    pub(crate) fn write_ascii(&mut self, at: usize, text: &[u8], look: Look) {
        if self.takes_letters(at, look) {
            if self.text.len() < at {
                self.text.resize(at, EMPTY);
            }
            let over = text.len().min(self.text.len() - at);
            let (over, beyond) = text.split_at(over);
            self.text[at..at + over.len()].copy_from_slice(over);
            self.text.extend_from_slice(beyond);
            return;
        }
        let cell = |&byte: &u8| Cell::char(byte.into(), 1, look);
        let cells = self.expand();
        if cells.len() < at {
            cells.resize(at, Cell::BLANK);
        }
        let over = text.len().min(cells.len() - at);
        let (over, beyond) = text.split_at(over);
        for (stored, byte) in cells[at..].iter_mut().zip(over) {
            *stored = cell(byte);
        }
        cells.extend(beyond.iter().map(cell));
    }

    /// The cells, to be changed in any way.
    fn expand(&mut self) -> &mut Vec<Cell> {
        if self.stored == Stored::Text {
            self.stored = Stored::Cells;
            let cell = |&letter: &u8| Cell::char(letter.into(), 1, self.look);
            self.cells.extend(self.text.iter().map(cell));
            self.text.clear();
        }
        &mut self.cells
    }

    /// All `cols` cells, to be moved about.
    fn whole(&mut self, cols: usize) -> &mut [Cell] {
        let cells = self.expand();
        cells.resize(cols, Cell::BLANK);
        cells
    }

    /// The same row, each cell changed.
    pub(crate) fn map(&self, change: impl FnMut(Cell) -> Cell) -> Self {
        let cells = (0..self.stored_len()).map(|at| self.get(at)).map(change);
        let mut row = Self::from_cells(cells.collect(), self.wrapped);
        row.compact();
        row
    }

    /// Cells behind the last one with content, counting a wide one's second half.
    pub(crate) fn trimmed_len(&self) -> usize {
        match self.stored {
            Stored::Text => {
                let last = self.text.iter().rposition(|&letter| letter != EMPTY);
                last.map_or(0, |last| last + 1)
            }
            Stored::Cells => {
                let last = self.cells.iter().rposition(|cell| cell.has_content());
                last.map_or(0, |last| last + self.cells[last].width() as usize)
            }
        }
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
            self.truncate(from);
            return;
        }
        if !to_end && to > 0 && self.get(to - 1).width() == 2 {
            self.set(to, empty);
        }
        if from >= to {
            return;
        }
        if let Some(letter) = fill.letter()
            && self.takes_letters(from, fill.look)
        {
            if self.text.len() < to {
                self.text.resize(to, EMPTY);
            }
            self.text[from..to].fill(letter);
            return;
        }
        let cells = self.expand();
        if cells.len() < to {
            cells.resize(to, Cell::BLANK);
        }
        cells[from..to].fill(fill);
    }

    fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
        self.cells.truncate(len);
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
        self.truncate(cols);
        if self.cells.len() == cols
            && let Some(last) = self.cells.last_mut()
            && last.width() == 2
        {
            *last = Cell::char(b' '.into(), 1, last.look);
        }
    }

    /// Stores letters where cells are nothing else.
    fn compact(&mut self) {
        let len = self.written_len();
        if self.stored == Stored::Text {
            return;
        }
        self.cells.truncate(len);
        let look = self.cells.first().map_or(Look::default(), |cell| cell.look);
        let letter = |cell: &Cell| cell.letter().filter(|_| cell.look == look);
        if let Some(text) = self.cells.iter().map(letter).collect() {
            self.text = text;
            self.look = look;
            self.cells.clear();
            self.stored = Stored::Text;
        }
    }

    /// Gives back memory that the stored cells don't need.
    pub(crate) fn shrink(&mut self) {
        self.compact();
        self.truncate(self.written_len());
        self.text.shrink_to_fit();
        self.cells.shrink_to_fit();
    }
}
