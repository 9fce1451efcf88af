//! Cells by points of the page, and selecting by them: xterm.js selects by mouse only.

use super::Emulator;
pub(crate) use crate::state::gesture::Point;

/// A cell of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    /// From the top of all that is kept.
    pub(crate) row: u32,
    /// From the left.
    pub(crate) column: u32,
}

/// Whose the mouse is, or its wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// The page's.
    Ours,
    /// The program's, which gets it as reports, the wheel also as arrow keys.
    Programs,
}

impl Emulator {
    /// Height of a row, CSS pixels. `None` while it is not on screen.
    pub(crate) fn row_height(&self) -> Option<f64> {
        let height = self.screen_box()?.height() / f64::from(self.size().rows);
        (height > 0.0).then_some(height)
    }

    /// Whose the mouse is.
    pub(crate) fn mouse(&self) -> Mouse {
        match self.modern().modes().mouse_tracking().as_str() {
            "none" => Mouse::Ours,
            _ => Mouse::Programs,
        }
    }

    /// Whose the wheel is: a full-screen program has nothing above it to scroll to.
    pub(crate) fn wheel(&self) -> Mouse {
        match self.is_full_screen() {
            true => Mouse::Programs,
            false => self.mouse(),
        }
    }

    /// The cell at a point; beside the text the nearest one.
    pub(crate) fn cell_at(&self, point: Point) -> Option<Cell> {
        let (place, size) = (self.screen_box()?, self.size());
        if place.width() <= 0.0 || place.height() <= 0.0 {
            return None;
        }
        let share = |at: f64, length: f64, count: u16| {
            let cell = (at / length * f64::from(count)).floor();
            // Within the terminal's size.
            cell.min(f64::from(count.saturating_sub(1))).max(0.0) as u32
        };
        let top = self.modern().buffer().active().viewport_y();
        Some(Cell {
            row: top + share(point.y - place.top(), place.height(), size.rows),
            column: share(point.x - place.left(), place.width(), size.cols),
        })
    }

    /// Selects from one cell to another, both with their ends, whichever comes first.
    pub(crate) fn select_between(&self, one: Cell, other: Cell) {
        let (first, last) = (one.min(other), one.max(other));
        let cols = u32::from(self.size().cols);
        let length = (last.row - first.row) * cols + last.column + 1 - first.column;
        self.modern().select(first.column, first.row, length);
    }

    /// The first and last cell of the word at a cell: up to the next blanks in its line.
    pub(crate) fn word_at(&self, cell: Cell) -> (Cell, Cell) {
        let buffer = self.modern().buffer().active();
        let Some(line) = buffer.line(cell.row) else {
            return (cell, cell);
        };
        let cols = u32::from(self.size().cols);
        let is_blank = |column: u32| {
            line.translate_part(true, column, column + 1)
                .trim()
                .is_empty()
        };
        if is_blank(cell.column) {
            return (cell, cell);
        }
        let first = (0..=cell.column)
            .rev()
            .take_while(|column| !is_blank(*column));
        let last = (cell.column..cols).take_while(|column| !is_blank(*column));
        let at = |column: Option<u32>| Cell {
            column: column.unwrap_or(cell.column),
            ..cell
        };
        (at(first.last()), at(last.last()))
    }

    fn screen_box(&self) -> Option<web_sys::DomRect> {
        let element = self.modern().element()?;
        let screen = element.query_selector(".xterm-screen").ok().flatten()?;
        Some(screen.get_bounding_client_rect())
    }
}
