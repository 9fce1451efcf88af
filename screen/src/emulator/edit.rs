//! Erasing, inserting, deleting and scrolling.

use super::{APOSTROPHE, Emulator, Ident, NONE, PRIVATE, SPACE};
use crate::buffer::Kind;
use crate::cell::Cell;
use crate::params::Params;

/// Whether protected cells stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Erase {
    All,
    Unprotected,
}

impl Emulator {
    /// Sequences that change cells. Says whether this was one.
    pub(super) fn edit(&mut self, ident: Ident, params: &Params) -> bool {
        let count = params.count(0);
        match ident {
            (NONE, b'J') => self.erase_display(params.get(0), Erase::All),
            (PRIVATE, b'J') => self.erase_display(params.get(0), Erase::Unprotected),
            (NONE, b'K') => self.erase_line(params.get(0), Erase::All),
            (PRIVATE, b'K') => self.erase_line(params.get(0), Erase::Unprotected),
            (NONE, b'X') => self.erase_chars(count),
            (NONE, b'@') => self.insert_chars(count),
            (NONE, b'P') => self.delete_chars(count),
            (NONE, b'L') => self.insert_lines(count),
            (NONE, b'M') => self.delete_lines(count),
            (NONE, b'S') => self.scroll_up(count),
            (NONE, b'T') => self.scroll_down(count),
            (SPACE, b'@') => self.shift_columns(0, count, Shift::Left),
            (SPACE, b'A') => self.shift_columns(0, count, Shift::Right),
            (APOSTROPHE, b'}') => self.shift_columns(self.buffer().x, count, Shift::Right),
            (APOSTROPHE, b'~') => self.shift_columns(self.buffer().x, count, Shift::Left),
            (NONE, b'b') => self.repeat(count),
            _ => return false,
        }
        true
    }

    fn erase_in_row(&mut self, y: usize, from: usize, to: usize, erase: Erase) {
        let (cols, fill) = (self.cols, self.erased());
        let row = &mut self.buffer_mut().rows[y];
        match erase {
            Erase::All => row.erase(cols, from, to, fill),
            Erase::Unprotected => row.erase_unprotected(cols, from, to, fill),
        }
    }

    fn erase_row(&mut self, y: usize, erase: Erase) {
        let (cols, fill) = (self.cols, self.erased());
        let row = &mut self.buffer_mut().rows[y];
        match erase {
            Erase::All => row.refill(cols, fill),
            Erase::Unprotected => row.erase_each_unprotected(cols, fill),
        }
        row.wrapped = false;
    }

    fn erase_display(&mut self, what: i32, erase: Erase) {
        let (cols, rows) = (self.cols, self.rows);
        self.keep_cursor_within(cols);
        let (x, y) = (self.buffer().x, self.buffer().y);
        match what {
            0 => {
                self.erase_in_row(y, x, cols, erase);
                if x == 0 {
                    self.buffer_mut().rows[y].wrapped = false;
                }
                for y in y + 1..rows {
                    self.erase_row(y, erase);
                }
            }
            1 => {
                self.erase_in_row(y, 0, x + 1, erase);
                let buffer = self.buffer_mut();
                buffer.rows[y].wrapped = false;
                if x + 1 >= cols {
                    // xterm.js counts this line from the oldest one kept.
                    let above = buffer.history.len();
                    match (y + 1).checked_sub(above) {
                        Some(at) => {
                            if let Some(row) = buffer.rows.get_mut(at) {
                                row.wrapped = false;
                            }
                        }
                        None => buffer.history.unwrap_line(y + 1),
                    }
                }
                for y in 0..y {
                    self.erase_row(y, erase);
                }
            }
            2 => {
                for y in 0..rows {
                    self.erase_row(y, erase);
                }
            }
            3 => {
                let buffer = self.buffer_mut();
                buffer.history.clear();
                buffer.keep_saved_on_screen(rows);
            }
            _ => {}
        }
    }

    fn erase_line(&mut self, what: i32, erase: Erase) {
        let cols = self.cols;
        self.keep_cursor_within(cols);
        let (x, y) = (self.buffer().x, self.buffer().y);
        let (from, to) = match what {
            0 => (x, cols),
            1 => (0, x + 1),
            2 => (0, cols),
            _ => return,
        };
        self.erase_in_row(y, from, to, erase);
        if what == 2 || (what == 0 && x == 0) {
            self.buffer_mut().rows[y].wrapped = false;
        }
    }

    fn erase_chars(&mut self, count: usize) {
        self.keep_cursor_inside();
        let (x, y) = (self.buffer().x, self.buffer().y);
        self.erase_in_row(y, x, x.saturating_add(count), Erase::All);
    }

    fn insert_chars(&mut self, count: usize) {
        self.keep_cursor_inside();
        let (cols, fill) = (self.cols, self.erased());
        let buffer = self.buffer_mut();
        let x = buffer.x;
        buffer.row().insert(cols, x, count, fill);
    }

    fn delete_chars(&mut self, count: usize) {
        self.keep_cursor_inside();
        let (cols, fill) = (self.cols, self.erased());
        let buffer = self.buffer_mut();
        let x = buffer.x;
        buffer.row().delete(cols, x, count, fill);
    }

    fn cursor_is_in_margins(&self) -> bool {
        let buffer = self.buffer();
        (buffer.top..=buffer.bottom).contains(&buffer.y)
    }

    fn insert_lines(&mut self, count: usize) {
        self.keep_cursor_inside();
        if self.cursor_is_in_margins() {
            let (cols, fill) = (self.cols, self.erased());
            let buffer = self.buffer_mut();
            let (y, bottom) = (buffer.y, buffer.bottom);
            buffer.rotate(bottom, y, count, cols, fill);
            buffer.x = 0;
        }
    }

    fn delete_lines(&mut self, count: usize) {
        self.keep_cursor_inside();
        if self.cursor_is_in_margins() {
            let (cols, fill) = (self.cols, self.erased());
            let buffer = self.buffer_mut();
            let (y, bottom) = (buffer.y, buffer.bottom);
            buffer.rotate(y, bottom, count, cols, fill);
            buffer.x = 0;
        }
    }

    fn scroll_up(&mut self, count: usize) {
        let (cols, fill) = (self.cols, self.erased());
        let buffer = self.buffer_mut();
        let (top, bottom) = (buffer.top, buffer.bottom);
        buffer.rotate(top, bottom, count, cols, fill);
    }

    fn scroll_down(&mut self, count: usize) {
        let cols = self.cols;
        let buffer = self.buffer_mut();
        let (top, bottom) = (buffer.top, buffer.bottom);
        buffer.rotate(bottom, top, count, cols, Cell::BLANK);
    }

    fn shift_columns(&mut self, at: usize, count: usize, shift: Shift) {
        if !self.cursor_is_in_margins() {
            return;
        }
        let (cols, fill) = (self.cols, self.erased());
        let buffer = self.buffer_mut();
        for y in buffer.top..=buffer.bottom {
            let row = &mut buffer.rows[y];
            match shift {
                Shift::Left => row.delete(cols, at, count, fill),
                Shift::Right => row.insert(cols, at, count, fill),
            }
            row.wrapped = false;
        }
    }

    /// DECALN.
    pub(super) fn fill_with_e(&mut self) {
        let (cols, mut look) = (self.cols, self.pen.look());
        look.bg &= !crate::cell::EXTENDED;
        look.extended = 0;
        self.set_cursor(0, 0);
        let buffer = self.buffer_mut();
        // In origin mode from the top margin on, as xterm.js does.
        let y = buffer.y;
        for row in buffer.rows.range_mut(y..) {
            row.refill(cols, Cell::char('E'.into(), 1, look));
            row.wrapped = false;
        }
        self.set_cursor(0, 0);
    }

    /// Shows the alternate buffer, filled with the pen's background.
    pub(super) fn show_alternate(&mut self) {
        if self.shown == Kind::Alternate {
            return;
        }
        let (cols, rows, fill) = (self.cols, self.rows, self.erased());
        self.alternate.fill(cols, rows, fill);
        (self.alternate.x, self.alternate.y) = (self.normal.x, self.normal.y);
        self.show(Kind::Alternate);
    }

    /// Shows the normal buffer and forgets the alternate one.
    pub(super) fn show_normal(&mut self) {
        if self.shown == Kind::Normal {
            return;
        }
        (self.normal.x, self.normal.y) = (self.alternate.x, self.alternate.y);
        self.alternate.clear(self.cols, self.rows);
        self.show(Kind::Normal);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shift {
    Left,
    Right,
}
