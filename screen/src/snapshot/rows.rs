//! Writes rows, one below the other, scrolling what is above out of a blank terminal.

use super::pen::PenWriter;
use super::{background, put};
use crate::buffer::Saved;
use crate::cell::{Cell, Content, EXTENDED, Look, UNDERLINE};
use crate::charset::Charset;
use crate::row::Row;
use crate::styles::Styles;
use crate::width;

/// Ends a character that might be joined by the next, and does nothing else: autowrap is on already.
pub(super) const PART: &[u8] = b"\x1b[?7h";

/// Writes the rows of one buffer from the top left on.
pub(super) struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    cols: usize,
    rows: usize,
    pen: PenWriter,
    /// Where the cursor is; `x` may be `cols`.
    x: usize,
    y: usize,
    /// Rows begun.
    begun: usize,
    /// The background of the present row's cells that are not written yet.
    fill: u32,
    /// Properties of what was printed last.
    join: u32,
    /// DECSC is due on this row.
    save: Option<(usize, Saved)>,
    /// What the last row had in its last column.
    last: Cell,
    /// The last row, where that took more than erasing.
    above: Row,
}

/// Takes two cells and shows nothing.
const WIDE: &str = "\u{3000}";

/// The text of a cell with content.
pub(super) fn text(cell: Cell, styles: &Styles) -> String {
    match cell.content() {
        Content::Char(char) => char.to_string(),
        Content::Cluster(number) => one_cluster(styles.cluster(number)).to_owned(),
        Content::Nothing => String::new(),
    }
}

/// As much of a text as is one cluster when printed. What joined something by accident (a character that was not
/// printed for want of room) can't be printed there again.
fn one_cluster(text: &str) -> &str {
    let mut before = 0;
    let end = text.char_indices().find(|&(at, char)| {
        before = width::join(char.into(), before);
        at > 0 && before & 1 == 0
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Whether erasing alone makes such a cell.
fn is_erased(cell: Cell) -> bool {
    !cell.has_content() && cell.look == background(cell.look)
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, cols: usize, rows: usize) -> Self {
        Self {
            out,
            cols,
            rows,
            pen: PenWriter::default(),
            x: 0,
            y: 0,
            begun: 0,
            fill: 0,
            join: 0,
            save: None,
            last: Cell::BLANK,
            above: Row::default(),
        }
    }

    /// DECSC shall happen on the row of this number.
    pub(super) fn save_at(&mut self, save: Option<(usize, Saved)>) {
        self.save = save;
    }

    /// DECSC happens now, on a row of the screen.
    pub(super) fn save_on(&mut self, y: usize) {
        put!(self.out, "\x1b[{};1H", y + 1);
        self.save_now();
    }

    /// Leaves the pen plain.
    pub(super) fn finish(mut self) {
        self.pen.plain(self.out);
    }

    /// Writes the next row.
    pub(super) fn row(&mut self, row: &Row, styles: &Styles) {
        let number = self.begun;
        self.begun += 1;
        if number > 0 {
            self.next_row(row, styles);
        } else if row.wrapped && self.rows > 1 {
            self.first_continues();
        }
        let end = row.written_len().min(self.cols);
        let mut at = 0;
        while at < end {
            if self.x > 0 || at > 0 {
                self.save_if_due(number, None, styles);
            }
            at += self.cell(row, at, end, styles);
        }
        if end < self.cols && self.fill != 0 {
            self.erase(end, self.cols - end, Look::default(), styles);
        }
        if self.x < self.cols {
            self.save_if_due(number, Some(row), styles);
        } else if self.is_due(number) {
            // The one character is as wide as the row; printed again, the next row can wrap.
            self.save_now();
            self.x = self.cols;
            let wide = row.get(self.cols - 1).width() == 0;
            self.cell(row, self.cols - 1 - usize::from(wide), end, styles);
        }
        self.last = row.get(self.cols - 1);
        if !self.last.has_content() && !is_erased(self.last) {
            self.above = row.clone();
        }
    }

    /// Brings the cursor onto the next row: down, or by wrapping where it continues the last one.
    fn next_row(&mut self, row: &Row, styles: &Styles) {
        if !row.wrapped {
            if self.pen.background() != 0 {
                self.pen.set(Look::default(), styles, self.out);
            }
            self.out.extend_from_slice(b"\r\n");
            self.on_next_row();
            return;
        }
        let first = row.get(0);
        if self.x >= self.cols && first.has_content() {
            // Printing its first character wraps.
            self.pen.set(first.look, styles, self.out);
            self.wraps();
            return;
        }
        let is_wide = first.width() == 2 && !row.get(1).has_content() && row.get(1).width() == 0;
        if is_wide && !self.last.has_content() && self.last.look == first.look {
            // So does a wide one for which a single column is left, which stays empty.
            self.go_to(self.cols - 1);
            self.pen.set(first.look, styles, self.out);
            self.wraps();
            return;
        }
        let needs_last = self.x < self.cols;
        self.pen.set(Look::default(), styles, self.out);
        if needs_last {
            self.go_to(self.cols - 1);
            self.out.push(b' ');
        }
        self.out.push(b' ');
        self.on_next_row();
        if needs_last && self.rows > 1 {
            self.out.extend_from_slice(b"\x1b[A");
            self.x = 1;
            if is_erased(self.last) {
                // There is a space now.
                self.erase(self.cols - 1, 1, self.last.look, styles);
            } else {
                let above = std::mem::take(&mut self.above);
                self.empty(&above, self.cols - 1, 1, styles);
            }
            self.out.extend_from_slice(b"\x1b[B");
        }
        self.pen.set(Look::default(), styles, self.out);
        self.out.extend_from_slice(b"\r\x1b[X");
        self.x = 0;
    }

    /// The first row continues one that is gone: one is put above it and taken away again.
    fn first_continues(&mut self) {
        self.go_to(self.cols - 1);
        self.out.extend_from_slice(b"  \x1b[H\x1b[M\x1b[X");
        self.x = 0;
    }

    fn on_next_row(&mut self) {
        self.x = 0;
        self.fill = 0;
        self.join = 0;
        self.y = (self.y + 1).min(self.rows - 1);
    }

    /// The next character wraps: the cursor counts as being in front of it on the next row.
    fn wraps(&mut self) {
        let scrolls = self.y + 1 == self.rows;
        let join = self.join;
        self.on_next_row();
        self.join = join;
        if scrolls {
            self.fill = self.pen.background();
        }
    }

    fn go_to(&mut self, at: usize) {
        if self.x != at {
            put!(self.out, "\x1b[{}G", at + 1);
            self.x = at;
            self.join = 0;
        }
    }

    /// Writes the cell at `at`, or a run of empty ones. Returns how many.
    fn cell(&mut self, row: &Row, at: usize, end: usize, styles: &Styles) -> usize {
        let cell = row.get(at);
        if !cell.has_content() {
            let run = (at..end).take_while(|&next| row.get(next) == cell).count();
            self.empty(row, at, run, styles);
            return run;
        }
        let next = row.get(at + 1);
        let is_whole =
            cell.width() < 2 || (at + 1 < self.cols && next.width() == 0 && !next.has_content());
        self.go_to(at);
        self.pen.set(cell.look, styles, self.out);
        if !is_whole {
            // Its second half was cut off by a narrower screen; half a character can't be printed.
            self.print(" ", styles);
            return 1;
        }
        if let Some(byte) = cell.letter().filter(|&letter| letter != 0) {
            if self.join >> 3 != 0 {
                self.part(byte.into());
            }
            self.out.push(byte);
            self.join = width::of_ascii(byte);
            self.x = at + 1;
            return 1;
        }
        match cell.content() {
            Content::Cluster(number) => self.print(one_cluster(styles.cluster(number)), styles),
            Content::Char(char) => self.print(char.encode_utf8(&mut [0; 4]), styles),
            Content::Nothing => {}
        }
        let cells = cell.width().max(1) as usize;
        self.x = at + cells;
        cells
    }

    fn part(&mut self, code: u32) {
        if width::join(code, self.join) & 1 == 1 {
            self.out.extend_from_slice(PART);
            self.join = 0;
        }
    }

    fn print(&mut self, text: &str, _styles: &Styles) {
        let mut codes = text.chars().map(u32::from);
        if let Some(first) = codes.next() {
            self.part(first);
            self.join = codes.fold(width::join(first, self.join), |join, code| {
                width::join(code, join)
            });
        }
        self.out.extend_from_slice(text.as_bytes());
        self.x += 1;
    }

    /// Empty cells from `at` on, all alike.
    fn empty(&mut self, row: &Row, at: usize, run: usize, styles: &Styles) {
        let cell = row.get(at);
        if is_erased(cell) {
            if cell.look.bg & crate::cell::COLOUR != self.fill {
                self.erase(at, run, background(cell.look), styles);
            }
            return;
        }
        for at in at..at + run {
            self.written_empty(row, at, styles);
        }
    }

    /// An empty cell with more than a background: what overwriting half of a wide character leaves.
    fn written_empty(&mut self, row: &Row, at: usize, styles: &Styles) {
        let look = row.get(at).look;
        if at + 1 < self.cols {
            self.go_to(at);
            self.join = 0;
            self.out.extend_from_slice(PART);
            self.print(WIDE, styles);
            put!(self.out, "\x1b[{}G", at + 2);
            self.pen.set(look, styles, self.out);
            self.out.push(b' ');
            // What comes next is written over the space.
            let next = row.get(at + 1);
            self.x = at + 2;
            self.go_to(at + 1);
            if !next.has_content() {
                self.erase(at + 1, 1, Look::default(), styles);
                if next.look.bg & crate::cell::COLOUR != self.fill || self.fill != 0 {
                    self.erase(at + 1, 1, background(next.look), styles);
                }
            }
            return;
        }
        self.written_empty_from_left(row, at, styles);
        self.x = at;
        self.join = 0;
        put!(self.out, "\x1b[{}G", at + 1);
    }

    /// The same without touching what is to the right: printing in front of it cuts the wide character from the
    /// left, and what was there is written again.
    fn written_empty_from_left(&mut self, row: &Row, at: usize, styles: &Styles) {
        put!(self.out, "\x1b[{at}G");
        self.out.extend_from_slice(PART);
        self.print(WIDE, styles);
        put!(self.out, "\x1b[{at}G");
        self.pen.set(row.get(at).look, styles, self.out);
        self.out.push(b' ');
        self.join = 0;
        self.x = at;
        let before = at - 1;
        let cell = row.get(before);
        let start = before - usize::from(cell.width() == 0 && before > 0);
        if row.get(start).has_content() {
            self.go_to(start);
            self.cell(row, start, at, styles);
        } else if is_erased(cell) || before == 0 {
            self.erase(before, 1, background(cell.look), styles);
        } else {
            self.written_empty_from_left(row, before, styles);
        }
    }

    /// Erases `count` cells from `at` on to a background.
    fn erase(&mut self, at: usize, count: usize, look: Look, styles: &Styles) {
        self.go_to(at);
        if self.pen.background() != look.bg {
            self.pen.set(look, styles, self.out);
        }
        self.join = 0;
        if at + count >= self.cols && at > 0 {
            self.out.extend_from_slice(b"\x1b[K");
        } else {
            // Unlike EL from the first column on, ECH leaves the line a continuation.
            put!(self.out, "\x1b[{count}X");
        }
    }

    fn is_due(&self, number: usize) -> bool {
        self.save.is_some_and(|(row, _)| row == number)
    }

    /// Saves the cursor if it is due; `written` is the row if its last column has been written already.
    fn save_if_due(&mut self, number: usize, written: Option<&Row>, styles: &Styles) {
        if !self.is_due(number) {
            return;
        }
        let x = self.x;
        self.save_now();
        let last = self.cols - 1;
        if self.x > last {
            // It was saved behind a space in the last column, which goes again.
            match written {
                Some(row) if !is_erased(row.get(last)) => self.written_empty(row, last, styles),
                Some(row) => self.erase(last, 1, row.get(last).look, styles),
                None => {
                    let fill = Look {
                        bg: self.fill,
                        ..Look::default()
                    };
                    self.erase(last, 1, fill, styles);
                }
            }
        }
        put!(self.out, "\x1b[{}G", x + 1);
        self.x = x;
    }

    /// Makes position, pen and character set what they were and saves them.
    fn save_now(&mut self) {
        let Some((_, saved)) = self.save.take() else {
            return;
        };
        let styles = Styles::default();
        put!(self.out, "\x1b[{}G", saved.x.min(self.cols - 1) + 1);
        let look = Look {
            fg: saved.fg,
            bg: saved.bg & !EXTENDED,
            extended: 0,
        };
        self.pen.plain(self.out);
        self.pen.set(look, &styles, self.out);
        let needs_link = saved.bg & EXTENDED != 0 && saved.fg & UNDERLINE == 0;
        if needs_link {
            self.out.extend_from_slice(b"\x1b]8;;saved:\x1b\\");
        }
        if saved.charset != Charset::Ascii {
            self.out
                .extend_from_slice(&[0x1b, b'(', saved.charset.letter()]);
        }
        let is_behind_edge = saved.x >= self.cols;
        if is_behind_edge {
            // Seen when the terminal gets wider.
            self.out.push(b' ');
        }
        self.out.extend_from_slice(b"\x1b7");
        if saved.charset != Charset::Ascii {
            self.out.extend_from_slice(b"\x1b(B");
        }
        if needs_link {
            self.out.extend_from_slice(b"\x1b]8;;\x1b\\");
        }
        self.out.extend_from_slice(b"\x1b[m\x1b[0\"q");
        self.pen = PenWriter::default();
        self.join = 0;
        self.x = if is_behind_edge { self.cols } else { 0 };
    }
}
