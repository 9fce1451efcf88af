//! Printing: characters into cells, joined, wrapped, inserted.

use super::Emulator;
use crate::buffer::Kind;
use crate::cell::{Cell, Content};
use crate::width::{self, JOINER_BEFORE};

impl Emulator {
    /// Printing starts in the second half of a wide character: its first half goes.
    pub(super) fn begin_printing(&mut self) {
        let look = self.pen.look();
        let buffer = self.buffer_mut();
        let x = buffer.x;
        if x > 0 && buffer.row().get(x - 1).width() == 2 {
            buffer.row().set(x - 1, Cell::empty(look));
        }
    }

    /// Printing ended in front of the second half of a wide character: it goes.
    pub(super) fn end_printing(&mut self) {
        let (cols, look) = (self.cols, self.pen.look());
        let buffer = self.buffer_mut();
        let x = buffer.x;
        if x < cols {
            let cell = buffer.row().get(x);
            if cell.width() == 0 && !cell.has_content() {
                buffer.row().set(x, Cell::empty(look));
            }
        }
    }

    /// Printable ASCII.
    pub(super) fn print_text(&mut self, mut text: &[u8]) {
        let is_plain = self.charsets.current == crate::charset::Charset::Ascii
            && !self.modes.insert
            && self.modes.wraparound;
        if !is_plain {
            for &byte in text {
                self.print_code(byte.into());
            }
            return;
        }
        let Some(&last) = text.last() else { return };
        if self.join >> 3 == JOINER_BEFORE
            && let Some((&first, rest)) = text.split_first()
        {
            self.print_code(first.into());
            text = rest;
            if text.is_empty() {
                return;
            }
        }
        let (cols, look) = (self.cols, self.pen.look());
        while !text.is_empty() {
            if self.buffer().x >= cols {
                self.wrap();
            }
            let buffer = self.buffer_mut();
            let x = buffer.x;
            let (now, rest) = text.split_at(text.len().min(cols - x));
            buffer.row().write_ascii(x, now, look);
            buffer.x += now.len();
            text = rest;
        }
        self.join = width::of_ascii(last);
    }

    /// To the start of the next line, which continues this one.
    fn wrap(&mut self) {
        let rows = self.rows;
        let buffer = self.buffer_mut();
        buffer.x = 0;
        if buffer.y == buffer.bottom {
            self.scroll(true);
        } else {
            buffer.y = (buffer.y + 1).min(rows - 1);
            buffer.row().wrapped = true;
        }
    }

    /// Any character.
    pub(super) fn print_code(&mut self, code: u32) {
        let code = if code < 127 {
            self.charsets.current.map(code)
        } else {
            code
        };
        let properties = width::join(code, self.join);
        let width = properties >> 1 & 3;
        let joins = properties & 1 == 1;
        let width_before = if joins { self.join >> 1 & 3 } else { 0 };
        self.join = properties;

        let (cols, look) = (self.cols, self.pen.look());
        let grows = (width - width_before.min(width)) as usize;
        if self.buffer().x + grows > cols {
            if self.modes.wraparound {
                self.wrap_with(width_before as usize);
            } else {
                self.buffer_mut().x = cols - 1;
                if width == 2 {
                    return;
                }
            }
        }
        if joins && self.buffer().x > 0 {
            self.join_before(code, width, width - width_before.min(width));
            return;
        }
        let insert = self.modes.insert;
        let buffer = self.buffer_mut();
        let x = buffer.x;
        let row = buffer.row();
        if insert {
            row.insert(cols, x, grows, Cell::empty(look));
        }
        row.set(x, Cell::char(code, width, look));
        if width == 2 {
            row.set(x + 1, Cell::behind_wide(look));
        }
        buffer.x += width as usize;
    }

    /// Wraps; the `carried` cells before the cursor, which what comes belongs to, move too. What is left of
    /// the old line is erased.
    fn wrap_with(&mut self, carried: usize) {
        let (cols, empty) = (self.cols, Cell::empty(self.pen.look()));
        let buffer = self.buffer();
        let (x, y) = (buffer.x, buffer.y);
        let from = x.saturating_sub(carried);
        if from >= cols {
            self.wrap();
            return;
        }
        let (is_scrolled, is_alone) = (y == buffer.bottom, buffer.top == buffer.bottom);
        let mut left = buffer.rows[y].clone();
        let moved: Vec<Cell> = (from..x.min(cols)).map(|at| left.get(at)).collect();
        for at in from..cols {
            left.set(at, empty);
        }
        self.wrap();
        let buffer = self.buffer_mut();
        buffer.x = carried;
        if is_scrolled && is_alone {
            if buffer.top == 0 && buffer.kind == Kind::Normal {
                self.replace_youngest(&left);
            }
        } else if is_scrolled {
            buffer.rows[y - 1] = left;
        } else {
            // Below the scroll region the last line wraps onto itself.
            left.wrapped = buffer.rows[y].wrapped;
            buffer.rows[y] = left;
        }
        let row = self.buffer_mut().row();
        for (at, cell) in moved.into_iter().enumerate() {
            row.set(at, cell);
        }
    }

    /// One row only: the line that was left is the youngest of the history.
    fn replace_youngest(&mut self, row: &crate::row::Row) {
        let Self { normal, styles, .. } = self;
        if normal.history.pop(styles).is_some() {
            normal.history.push(row, styles);
        }
    }

    /// Adds a code point to the character before the cursor.
    fn join_before(&mut self, code: u32, width: u32, grows: u32) {
        let cols = self.cols;
        let look = self.pen.look();
        let x = self.buffer().x;
        let y = self.buffer().y;
        let row = &self.buffer().rows[y];
        let at = x - if row.get(x - 1).width() > 0 || x < 2 {
            1
        } else {
            2
        };
        let cell = row.get(at);
        let mut text = String::new();
        match cell.content() {
            Content::Char(char) => text.push(char),
            Content::Cluster(number) => text.push_str(self.styles.cluster(number)),
            Content::Nothing => {}
        }
        text.extend(char::from_u32(code));
        let joined = if text.chars().nth(1).is_some() {
            let number = self.styles.cluster_number(&text);
            let width = if width > 0 { width } else { cell.width() };
            Cell::cluster(number, width, cell.look)
        } else {
            Cell::char(code, width.max(1), cell.look)
        };
        let buffer = self.buffer_mut();
        buffer.row().set(at, joined);
        for _ in 0..grows {
            if buffer.x < cols {
                let x = buffer.x;
                buffer.row().set(x, Cell::behind_wide(look));
            }
            buffer.x += 1;
        }
    }

    /// REP: prints the last character again.
    pub(super) fn repeat(&mut self, count: usize) {
        /// More would only scroll the same line out of the largest history.
        const MOST: usize = 65_536;
        if self.join == 0 {
            return;
        }
        let width = (self.join >> 1 & 3) as usize;
        let buffer = self.buffer();
        let Some(at) = buffer.x.checked_sub(width) else {
            return;
        };
        let text: Vec<u32> = match buffer.rows[buffer.y].get(at).content() {
            Content::Char(char) => vec![char.into()],
            Content::Cluster(number) => {
                self.styles.cluster(number).chars().map(u32::from).collect()
            }
            Content::Nothing => return,
        };
        self.begin_printing();
        for _ in 0..count.min(MOST) {
            for &code in &text {
                self.print_code(code);
            }
        }
        self.end_printing();
    }
}
