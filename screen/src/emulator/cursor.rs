//! Where the cursor goes: movement, tabs, lines, margins.

use super::{Emulator, Ident, NONE};
use crate::params::Params;

impl Emulator {
    /// Into the columns `..=last` and, in origin mode, into the margins.
    pub(super) fn keep_cursor_within(&mut self, last: usize) {
        let (rows, origin) = (self.rows, self.modes.origin);
        let buffer = self.buffer_mut();
        buffer.x = buffer.x.min(last);
        buffer.y = if origin {
            buffer.y.min(buffer.bottom).max(buffer.top)
        } else {
            buffer.y.min(rows - 1)
        };
    }

    /// Ends a pending wrap.
    pub(super) fn keep_cursor_inside(&mut self) {
        self.keep_cursor_within(self.cols - 1);
    }

    pub(super) fn set_cursor(&mut self, x: usize, y: usize) {
        let origin = self.modes.origin;
        let buffer = self.buffer_mut();
        buffer.x = x;
        buffer.y = if origin {
            buffer.top.saturating_add(y)
        } else {
            y
        };
        self.keep_cursor_inside();
    }

    /// Relative to where it is; in origin mode xterm.js adds the top margin as it does for absolute
    /// positions, and so must we.
    fn move_by(&mut self, dx: isize, dy: isize) {
        self.keep_cursor_inside();
        let origin = self.modes.origin;
        let buffer = self.buffer_mut();
        let top = if origin { buffer.top } else { 0 };
        buffer.x = buffer.x.saturating_add_signed(dx);
        buffer.y = top.saturating_add(buffer.y).saturating_add_signed(dy);
        self.keep_cursor_inside();
    }

    fn up(&mut self, count: usize) {
        let buffer = self.buffer();
        // Not above the margin, if it starts below it.
        let most = buffer.y.checked_sub(buffer.top).unwrap_or(count);
        self.move_by(0, -signed(count.min(most)));
    }

    fn down(&mut self, count: usize) {
        let buffer = self.buffer();
        let most = buffer.bottom.checked_sub(buffer.y).unwrap_or(count);
        self.move_by(0, signed(count.min(most)));
    }

    /// Sequences that move the cursor and nothing else. Says whether this was one.
    pub(super) fn move_cursor(&mut self, ident: Ident, params: &Params) -> bool {
        let count = params.count(0);
        match ident {
            (NONE, b'A') => self.up(count),
            (NONE, b'B') => self.down(count),
            (NONE, b'C') | (NONE, b'a') => self.move_by(signed(count), 0),
            (NONE, b'D') => self.move_by(-signed(count), 0),
            (NONE, b'E') => {
                self.down(count);
                self.buffer_mut().x = 0;
            }
            (NONE, b'F') => {
                self.up(count);
                self.buffer_mut().x = 0;
            }
            (NONE, b'G') | (NONE, b'`') => self.set_column(count - 1),
            (NONE, b'H') | (NONE, b'f') => {
                self.set_cursor(params.count(1) - 1, count - 1);
            }
            (NONE, b'd') => {
                let x = self.buffer().x;
                self.set_cursor(x, count - 1);
            }
            (NONE, b'e') => self.move_by(0, signed(count)),
            (NONE, b'I') => {
                for _ in 0..count.min(self.cols) {
                    self.tab();
                }
            }
            (NONE, b'Z') => self.tab_back(count),
            (NONE, b'g') => self.clear_tabs(params.get(0)),
            (NONE, b'r') => self.set_margins(params),
            _ => return false,
        }
        true
    }

    fn set_column(&mut self, x: usize) {
        let y = self.buffer().y;
        self.set_cursor(x, y);
    }

    pub(super) fn backspace(&mut self) {
        if !self.modes.reverse_wraparound {
            self.keep_cursor_inside();
            let buffer = self.buffer_mut();
            buffer.x = buffer.x.saturating_sub(1);
            return;
        }
        let cols = self.cols;
        self.keep_cursor_within(cols);
        let buffer = self.buffer_mut();
        if buffer.x > 0 {
            buffer.x -= 1;
        } else if (buffer.top + 1..=buffer.bottom).contains(&buffer.y) && buffer.row().wrapped {
            buffer.row().wrapped = false;
            buffer.y -= 1;
            buffer.x = cols - 1;
            let last = buffer.row().get(cols - 1);
            // Empty because a wide character did not fit.
            if last.width() > 0 && !last.has_content() {
                buffer.x -= 1;
            }
        }
        self.keep_cursor_inside();
    }

    pub(super) fn tab(&mut self) {
        let cols = self.cols;
        let buffer = self.buffer_mut();
        if buffer.x < cols {
            buffer.x = buffer.tabs.next(buffer.x, cols);
        }
    }

    fn tab_back(&mut self, count: usize) {
        let cols = self.cols;
        let buffer = self.buffer_mut();
        if buffer.x < cols {
            for _ in 0..count.min(cols) {
                buffer.x = buffer.tabs.previous(buffer.x, cols);
            }
        }
    }

    pub(super) fn set_tab(&mut self) {
        let cols = self.cols;
        let buffer = self.buffer_mut();
        if buffer.x < cols {
            buffer.tabs.set(buffer.x);
        }
    }

    fn clear_tabs(&mut self, which: i32) {
        let buffer = self.buffer_mut();
        match which {
            0 => buffer.tabs.clear(buffer.x),
            3 => buffer.tabs.clear_all(),
            _ => {}
        }
    }

    fn set_margins(&mut self, params: &Params) {
        let rows = self.rows;
        let top = params.count(0);
        let bottom = match usize::try_from(params.get(1)) {
            Ok(bottom @ 1..) if bottom <= rows => bottom,
            _ => rows,
        };
        if bottom > top {
            let buffer = self.buffer_mut();
            (buffer.top, buffer.bottom) = (top - 1, bottom - 1);
            self.set_cursor(0, 0);
        }
    }

    pub(super) fn line_feed(&mut self) {
        let (cols, rows, new_line) = (self.cols, self.rows, self.modes.new_line);
        let buffer = self.buffer_mut();
        if new_line {
            buffer.x = 0;
        }
        if buffer.y == buffer.bottom {
            self.scroll(false);
        } else if buffer.y + 1 < rows {
            buffer.y += 1;
            buffer.row().wrapped = false;
        }
        let buffer = self.buffer_mut();
        if buffer.x >= cols {
            buffer.x -= 1;
        }
    }

    pub(super) fn index(&mut self) {
        self.keep_cursor_inside();
        let rows = self.rows;
        let buffer = self.buffer_mut();
        if buffer.y == buffer.bottom {
            self.scroll(false);
        } else if buffer.y + 1 < rows {
            buffer.y += 1;
        }
        self.keep_cursor_inside();
    }

    pub(super) fn next_line(&mut self) {
        self.buffer_mut().x = 0;
        self.index();
    }

    pub(super) fn reverse_index(&mut self) {
        self.keep_cursor_inside();
        let (cols, fill) = (self.cols, self.erased());
        let buffer = self.buffer_mut();
        if buffer.y == buffer.top {
            let (top, bottom) = (buffer.top, buffer.bottom);
            buffer.rotate(bottom, top, 1, cols, fill);
        } else {
            buffer.y = buffer.y.saturating_sub(1);
            self.keep_cursor_inside();
        }
    }
}

/// A count as a distance. No screen is as large as the largest.
fn signed(count: usize) -> isize {
    isize::try_from(count).unwrap_or(isize::MAX)
}
