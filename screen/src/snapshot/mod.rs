//! The bytes that recreate a screen on a reset terminal of the same size: history first, then both buffers,
//! then modes, and last what the very next byte depends on.
//!
//! Order is everything here: a wrapped line is made by wrapping, an erased background by erasing, a pending
//! wrap by printing the last character again, and a character that may still be joined by what follows is
//! printed last of all.

mod pen;
mod rows;

use crate::buffer::{Buffer, Kind};
use crate::cell::{Cell, EXTENDED, Look, UNDERLINE};
use crate::charset::Charset;
use crate::emulator::Emulator;
use crate::tabs::TabStops;
use crate::{History, Screen, colour};
use pen::PenWriter;
use rows::RowWriter;

/// What recreates a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// To be written to a reset terminal of the screen's size.
    pub bytes: Vec<u8>,
    /// The stream goes on so many bytes (0 to 3) before where feeding stopped: an unfinished character is
    /// sent again, whole.
    pub behind: usize,
}

impl Screen {
    /// The bytes that recreate the screen and as much of the lines above it.
    pub fn snapshot(&mut self, history: History) -> Snapshot {
        let lines = match history {
            History::None => 0,
            History::Lines(lines) => lines,
            History::All => usize::MAX,
        };
        let mut bytes = Writer::new(&mut self.emulator).write(lines);
        bytes.extend_from_slice(&self.parser.unfinished_sequence());
        Snapshot {
            bytes,
            behind: self.parser.unfinished_character(),
        }
    }
}

/// Appends formatted text to bytes.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::io::Write as _;
        // Writing to memory can't fail.
        let _ = write!($out, $($arg)*);
    }};
}
pub(crate) use put;

struct Writer<'a> {
    emulator: &'a mut Emulator,
    out: Vec<u8>,
    /// The character set is already the one that DECRC brought back.
    has_charset: bool,
}

impl<'a> Writer<'a> {
    fn new(emulator: &'a mut Emulator) -> Self {
        Self {
            emulator,
            out: Vec::with_capacity(16 * 1024),
            has_charset: false,
        }
    }

    fn write(mut self, lines: usize) -> Vec<u8> {
        // Nothing is painted before all is there.
        self.out.extend_from_slice(b"\x1b[?2026h");
        self.palette();
        self.normal(lines);
        self.alternate();
        self.modes();
        self.title();
        self.end();
        self.out
    }

    fn palette(&mut self) {
        let palette = &self.emulator.palette;
        for (index, &colour) in &palette.indexed {
            let colour = colour::specification(colour);
            put!(self.out, "\x1b]4;{index};{colour}\x1b\\");
        }
        for (at, colour) in palette.special.iter().enumerate() {
            if let Some(colour) = colour {
                let colour = colour::specification(*colour);
                put!(self.out, "\x1b]{};{colour}\x1b\\", at + 10);
            }
        }
    }

    /// The normal buffer and the lines above it; leaves the pen plain.
    fn normal(&mut self, lines: usize) {
        let Emulator {
            normal,
            styles,
            cols,
            rows,
            ..
        } = &mut *self.emulator;
        let kept = normal.history.len();
        let shown = kept.min(lines);
        let first = kept - shown;
        let saved = (normal.saved != Default::default()).then(|| {
            let line = normal.saved.line.saturating_sub(first);
            (line.min(shown + *rows - 1), normal.saved)
        });
        let mut writer = RowWriter::new(&mut self.out, *cols, *rows);
        writer.save_at(saved);
        for at in first..kept {
            let row = normal.history.get(at, styles);
            writer.row(&row, styles);
        }
        let needed = needed_rows(normal, shown, saved.map(|(line, _)| line));
        for row in normal.rows.iter().take(needed) {
            writer.row(row, styles);
        }
        writer.finish();
        frame(&mut self.out, normal, *cols, *rows);
        put!(
            self.out,
            "\x1b[{};{}H",
            normal.y + 1,
            normal.x.min(*cols - 1) + 1
        );
    }

    fn alternate(&mut self) {
        let Emulator {
            alternate,
            styles,
            shown,
            cols,
            rows,
            ..
        } = &mut *self.emulator;
        let saved = (alternate.saved != Default::default())
            .then(|| (alternate.saved.line.min(*rows - 1), alternate.saved));
        if *shown == Kind::Normal {
            if let Some((line, saved)) = saved {
                self.out.extend_from_slice(b"\x1b[?47h\x1b[H");
                let mut writer = RowWriter::new(&mut self.out, *cols, *rows);
                writer.save_at(Some((0, saved)));
                // The position is set by hand: there are no rows to walk through.
                writer.save_on(line);
                writer.finish();
                self.out.extend_from_slice(b"\x1b[?47l");
            }
            return;
        }
        self.out.extend_from_slice(b"\x1b[?47h\x1b[H");
        let mut writer = RowWriter::new(&mut self.out, *cols, *rows);
        writer.save_at(saved);
        let needed = needed_rows(alternate, 0, saved.map(|(line, _)| line));
        for row in alternate.rows.iter().take(needed) {
            writer.row(row, styles);
        }
        writer.finish();
        frame(&mut self.out, alternate, *cols, *rows);
    }

    /// Modes that nothing below depends on.
    fn modes(&mut self) {
        let modes = &self.emulator.modes;
        let out = &mut self.out;
        let mut switch = |is_on: bool, sequence: &str| {
            if is_on {
                out.extend_from_slice(sequence.as_bytes());
            }
        };
        switch(modes.application_cursor, "\x1b[?1h");
        switch(modes.application_keypad, "\x1b=");
        switch(modes.reverse_wraparound, "\x1b[?45h");
        switch(modes.bracketed_paste, "\x1b[?2004h");
        switch(modes.focus_reports, "\x1b[?1004h");
        // These outlive a reset.
        switch(modes.new_line, "\x1b[20h");
        switch(modes.cursor_hidden, "\x1b[?25l");
        switch(!modes.cursor_hidden, "\x1b[?25h");
        switch(modes.cursor_blink == Some(true), "\x1b[?12h");
        switch(modes.cursor_blink == Some(false), "\x1b[?12l");
        if let Some(shape) = modes.cursor_shape {
            put!(self.out, "\x1b[{} q", shape.0);
        }
        if let Some(mode) = modes.mouse_protocol.mode() {
            put!(self.out, "\x1b[?{mode}h");
        }
        match modes.mouse_encoding {
            crate::emulator::MouseEncoding::Default => {}
            crate::emulator::MouseEncoding::Sgr => self.out.extend_from_slice(b"\x1b[?1006h"),
            crate::emulator::MouseEncoding::SgrPixels => self.out.extend_from_slice(b"\x1b[?1016h"),
        }
    }

    /// The titles put on the stack, and the one shown, which outlives a reset, too.
    fn title(&mut self) {
        for title in &self.emulator.titles {
            put!(self.out, "\x1b]2;{title}\x1b\\\x1b[22;2t");
        }
        put!(self.out, "\x1b]2;{}\x1b\\", self.emulator.title);
    }

    /// Where the cursor is and what the next byte meets.
    fn end(&mut self) {
        let is_synchronized = self.emulator.modes.synchronized;
        if !is_synchronized {
            self.out.extend_from_slice(b"\x1b[?2026l");
        }
        let mut pen = PenWriter::default();
        self.restored(&mut pen);
        let cols = self.emulator.cols;
        let buffer = self.emulator.buffer();
        let (x, y) = (buffer.x, buffer.y);
        let row = buffer.rows[y].clone();
        let last = last_character(buffer);
        // Unless the cursor was moved by a resize, behind another one than was printed last: printed again, that would
        // take the pen's looks.
        let pen_look = self.emulator.pen.look();
        let may_join = self.emulator.join != 0
            && last.is_some_and(|(_, cell)| {
                if cell.look != pen_look {
                    return false;
                }
                let text = rows::text(cell, &self.emulator.styles);
                let fold = |before, char| crate::width::join(u32::from(char), before);
                text.chars().fold(0, fold) | 1 == self.emulator.join | 1
            });
        if !may_join && x >= cols {
            // Not by CHA, which xterm.js takes for a row, too, in origin mode.
            let printed = last.filter(|(_, cell)| cell.has_content());
            self.position(printed.map_or(cols - 1, |(at, _)| at), y);
            self.pending_wrap(&row, last, &mut pen);
            self.charsets();
            self.final_pen(&mut pen);
            // These don't end a pending wrap; DECOM, which would, came with the position. One of them must
            // come: what is printed next joins nothing.
            self.late_modes();
            self.out
                .extend_from_slice(if self.emulator.modes.wraparound {
                    rows::PART
                } else {
                    b"\x1b[?7l"
                });
            return;
        }
        self.charsets();
        self.final_pen(&mut pen);
        match last.filter(|_| may_join) {
            Some((at, cell)) => {
                self.position(at, y);
                self.late_modes();
                let text = rows::text(cell, &self.emulator.styles);
                if self.emulator.modes.insert {
                    let first = text.chars().next().map_or(0, u32::from);
                    let width = crate::width::join(first, 0) >> 1 & 3;
                    put!(self.out, "\x1b[{width}P");
                }
                self.out.extend_from_slice(text.as_bytes());
            }
            None => {
                self.position(x, y);
                self.late_modes();
            }
        }
        self.unprinted_wide();
    }

    /// Without autowrap a wide character in front of the last column is not printed, but may be joined. So is
    /// one of its kind.
    fn unprinted_wide(&mut self) {
        let join = self.emulator.join;
        let is_at_edge = self.emulator.buffer().x + 1 == self.emulator.cols;
        if self.emulator.modes.wraparound || !is_at_edge || join >> 1 & 3 != 2 {
            return;
        }
        let text = match join >> 3 {
            0 => "\u{3000}",
            1 => "\u{1f308}",
            _ => return,
        };
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Moves the cursor, in origin mode if that is on.
    fn position(&mut self, x: usize, y: usize) {
        let buffer = self.emulator.buffer();
        let (top, bottom) = (buffer.top, buffer.bottom);
        if !self.emulator.modes.origin {
            put!(self.out, "\x1b[{};{}H", y + 1, x + 1);
            return;
        }
        self.out.extend_from_slice(b"\x1b[?6h");
        if !(top..=bottom).contains(&y) && self.emulator.shown == Kind::Normal {
            // Outside the margins it comes back from the other screen.
            put!(self.out, "\x1b[?47h\x1b[{};{}H\x1b[?47l", y + 1, x + 1);
        } else {
            put!(self.out, "\x1b[{};{}H", y.saturating_sub(top) + 1, x + 1);
        }
    }

    /// Modes that change how the snapshot itself would be written.
    fn late_modes(&mut self) {
        if self.emulator.modes.insert {
            self.out.extend_from_slice(b"\x1b[4h");
        }
        if !self.emulator.modes.wraparound {
            self.out.extend_from_slice(b"\x1b[?7l");
        }
    }

    /// With the cursor in front of what stands in the last column, prints that again, so that the cursor waits behind it.
    fn pending_wrap(
        &mut self,
        row: &crate::row::Row,
        last: Option<(usize, Cell)>,
        pen: &mut PenWriter,
    ) {
        let cols = self.emulator.cols;
        let styles = &self.emulator.styles;
        match last {
            Some((_, cell)) if cell.has_content() => {
                pen.set(cell.look, styles, &mut self.out);
                let text = rows::text(cell, styles);
                self.out.extend_from_slice(text.as_bytes());
            }
            Some((_, cell)) => {
                pen.set(cell.look, styles, &mut self.out);
                let is_erased = (0..cols).all(|at| row.get(at) == cell);
                if is_erased && cell == Buffer::erased(cell.look) {
                    // The whole line was erased while the wrap was pending.
                    self.out.extend_from_slice(b" \x1b[1K");
                } else if self.emulator.shown == Kind::Normal {
                    // Its own place must stay empty: the cursor comes back from the other screen.
                    self.out.extend_from_slice(b"\x1b[?47h \x1b[?47l");
                } else {
                    self.out.push(b' ');
                }
            }
            None => {}
        }
    }

    fn final_pen(&mut self, pen: &mut PenWriter) {
        let target = self.emulator.pen;
        pen.set_exactly(&target, &self.emulator.styles, &mut self.out);
    }

    /// What DECRC brought back without what usually goes with it comes back the same way: a character set that is not
    /// designated, flags without the underline or link that they speak of, or the reverse.
    fn restored(&mut self, pen: &mut PenWriter) {
        let charsets = self.emulator.charsets;
        let saved = self.emulator.buffer().saved;
        let target = self.emulator.pen;
        let flags = |fg: u32, bg: u32| (fg & UNDERLINE != 0, bg & EXTENDED != 0);
        let usual = (target.extended.underline != 0, !target.extended.is_empty());
        let is_loose = flags(target.fg, target.bg) != usual
            && flags(target.fg, target.bg) == flags(saved.fg, saved.bg);
        self.has_charset = charsets.current != charsets.designated[charsets.level]
            && saved.charset == charsets.current;
        if self.has_charset {
            self.designate();
        }
        let looks = (saved.fg, saved.bg);
        if is_loose {
            pen.restore(&target, looks, &self.emulator.styles, &mut self.out);
        } else if self.has_charset {
            pen.restored(looks, &mut self.out);
        }
        if is_loose && !self.has_charset {
            self.out.push(0x0f);
        }
    }

    fn charsets(&mut self) {
        if !self.has_charset {
            self.designate();
        }
    }

    fn designate(&mut self) {
        let charsets = self.emulator.charsets;
        for (mark, charset) in [b'(', b')', b'*', b'+']
            .into_iter()
            .zip(charsets.designated)
        {
            if charset != Charset::Ascii {
                self.out.extend_from_slice(&[0x1b, mark, charset.letter()]);
            }
        }
        match charsets.level {
            1 => self.out.push(0x0e),
            2 => self.out.extend_from_slice(b"\x1bn"),
            3 => self.out.extend_from_slice(b"\x1bo"),
            _ => {}
        }
    }
}

/// The character before the cursor, and where it starts.
fn last_character(buffer: &Buffer) -> Option<(usize, Cell)> {
    let row = &buffer.rows[buffer.y];
    let before = buffer.x.checked_sub(1)?;
    let cell = row.get(before);
    if cell.width() == 0 && !cell.has_content() && before > 0 {
        return Some((before - 1, row.get(before - 1)));
    }
    // A resize can leave the cursor between the halves of a wide one.
    (cell.width() < 2).then_some((before, cell))
}

/// Rows that must be written: all of them below a history, since it is they that push it up.
fn needed_rows(buffer: &Buffer, history: usize, saved: Option<usize>) -> usize {
    if history > 0 {
        return buffer.rows.len();
    }
    let is_blank = |row: &crate::row::Row| !row.wrapped && row.written_len() == 0;
    let written = buffer.rows.iter().rposition(|row| !is_blank(row));
    written
        .map_or(0, |last| last + 1)
        .max(saved.map_or(0, |line| line + 1))
}

/// Tab stops and margins.
fn frame(out: &mut Vec<u8>, buffer: &Buffer, cols: usize, rows: usize) {
    let usual = TabStops::new(cols);
    if (0..cols).any(|at| usual.is_set(at) != buffer.tabs.is_set(at)) {
        out.extend_from_slice(b"\x1b[3g");
        for at in (0..cols).filter(|&at| buffer.tabs.is_set(at)) {
            put!(out, "\x1b[{}G\x1bH", at + 1);
        }
    }
    if (buffer.top, buffer.bottom) != (0, rows - 1) {
        put!(out, "\x1b[{};{}r", buffer.top + 1, buffer.bottom + 1);
    }
}

/// A look without what only a few cells have.
fn background(look: Look) -> Look {
    Look {
        fg: 0,
        bg: look.bg & crate::cell::COLOUR,
        extended: 0,
    }
}
