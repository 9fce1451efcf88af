//! Wraps lines anew when the number of columns changes. The page's emulator does the same on its side of
//! the wire, so every step here, down to which line a cursor lands on, follows what xterm.js does.
//!
//! Invariant: the lines that hold the cursor are left alone; its program paints them again.

use crate::buffer::Buffer;
use crate::cell::{Cell, Look};
use crate::row::Row;
use crate::styles::Styles;

/// All lines of a buffer in one list, and what moves with them.
struct Lines {
    lines: Vec<Row>,
    /// Lines that count: those behind were taken off the bottom.
    len: usize,
    /// Lines above the screen.
    base: usize,
    y: usize,
    saved_line: usize,
    /// Most lines, the screen's included.
    max: usize,
    /// Rows of the screen.
    rows: usize,
}

/// Lines to put in: in front of which, counted with those already put in below.
struct Insertion {
    before: usize,
    count: usize,
}

/// Wraps all lines of a buffer, which has as many rows as it shall have, for another number of columns.
pub(crate) fn reflow(
    buffer: &mut Buffer,
    old_cols: usize,
    (cols, rows): (usize, usize),
    styles: &mut Styles,
) {
    let base = buffer.history.len();
    let mut lines: Vec<Row> = (0..base).map(|at| buffer.history.get(at, styles)).collect();
    lines.extend(buffer.rows.drain(..));
    let mut flow = Lines {
        len: lines.len(),
        lines,
        base,
        y: buffer.y,
        saved_line: buffer.saved.line,
        max: buffer.history.max_lines() + rows,
        rows,
    };
    if cols > old_cols {
        flow.widen(old_cols, cols);
    } else {
        flow.narrow(old_cols, cols);
        for line in &mut flow.lines {
            line.cut(cols);
        }
    }
    buffer.y = flow.y.min(rows - 1);
    buffer.saved.line = flow.saved_line;
    flow.lines.truncate(flow.len);
    let base = flow.base.min(flow.lines.len());
    buffer.rows = flow.lines.drain(base..).collect();
    buffer.rows.resize_with(rows, Row::default);
    buffer.history.clear();
    for line in &flow.lines {
        buffer.history.push(line, styles);
    }
}

impl Lines {
    /// Cells of the line at `at` that belong to its text, when the group ends before `end`.
    fn text_len(&self, at: usize, end: usize, cols: usize) -> usize {
        let line = &self.lines[at];
        if at + 1 == end {
            return line.trimmed_len();
        }
        let last = line.get(cols - 1);
        let ends_empty = !last.has_content() && last.width() == 1;
        // A wide character that did not fit left the last cell empty.
        if ends_empty && self.lines[at + 1].get(0).width() == 2 {
            cols - 1
        } else {
            cols
        }
    }

    fn copy_cell(&mut self, from: (usize, usize), to: (usize, usize)) {
        let cell = self.lines[from.0].get(from.1);
        self.lines[to.0].set(to.1, cell);
    }

    fn widen(&mut self, old_cols: usize, cols: usize) {
        let cursor = self.base + self.y;
        let mut removals: Vec<std::ops::Range<usize>> = Vec::new();
        let mut start = 0;
        while start + 1 < self.len {
            let mut end = start + 1;
            while end < self.len && self.lines[end].wrapped {
                end += 1;
            }
            if end > start + 1 && !(start..end).contains(&cursor) {
                let last = self.join(start..end, old_cols, cols);
                let kept = (start + 1..end)
                    .rev()
                    .find(|&at| at <= last && self.lines[at].trimmed_len() > 0)
                    .unwrap_or(start);
                if kept + 1 < end {
                    removals.push(kept + 1..end);
                }
            }
            start = end;
        }
        let removed: usize = removals.iter().map(ExactSizeIterator::len).sum();
        let mut removals = removals.into_iter().peekable();
        let mut at = 0;
        self.lines.retain(|_| {
            while removals.next_if(|range| range.end <= at).is_some() {}
            let goes = removals.peek().is_some_and(|range| range.contains(&at));
            at += 1;
            !goes
        });
        self.len = self.lines.len();
        for _ in 0..removed {
            if self.base > 0 {
                self.base -= 1;
                continue;
            }
            self.y = self.y.saturating_sub(1);
            if self.len < self.rows {
                self.lines.push(Row::default());
                self.len += 1;
            }
        }
        self.saved_line = self.saved_line.saturating_sub(removed);
    }

    /// Moves the text of a group of lines to the left and up. Returns the line where it ends.
    fn join(&mut self, group: std::ops::Range<usize>, old_cols: usize, cols: usize) -> usize {
        let end = group.end;
        let mut to = (group.start, self.text_len(group.start, end, old_cols));
        let mut from = (group.start + 1, 0);
        while from.0 < end && to.0 < end {
            let len = self.text_len(from.0, end, old_cols);
            let count = len.saturating_sub(from.1).min(cols - to.1);
            for offset in 0..count {
                self.copy_cell((from.0, from.1 + offset), (to.0, to.1 + offset));
            }
            to.1 += count;
            if to.1 == cols {
                to = (to.0 + 1, 0);
            }
            from.1 += count;
            if from.1 >= len {
                from = (from.0 + 1, 0);
            }
            // A wide character does not end a line with its first half.
            if to.1 == 0
                && to.0 > group.start
                && to.0 < end
                && self.lines[to.0 - 1].get(cols - 1).width() == 2
            {
                self.copy_cell((to.0 - 1, cols - 1), to);
                self.lines[to.0 - 1].set(cols - 1, Cell::BLANK);
                to.1 = 1;
            }
        }
        if to.0 < end {
            self.lines[to.0].erase(cols, to.1, cols, Cell::empty(Look::default()));
        }
        to.0
    }

    fn narrow(&mut self, old_cols: usize, cols: usize) {
        let mut insertions: Vec<Insertion> = Vec::new();
        let mut inserted = 0;
        let mut at = self.len;
        while at > 0 {
            at -= 1;
            let line = &self.lines[at];
            if !line.wrapped && line.trimmed_len() <= cols {
                continue;
            }
            let end = at + 1;
            while at > 0 && self.lines[at].wrapped {
                at -= 1;
            }
            if (at..end).contains(&(self.base + self.y)) {
                continue;
            }
            let lengths = self.split_lengths(at..end, old_cols, cols);
            let Some(added) = lengths.len().checked_sub(end - at) else {
                continue;
            };
            let trimmed = if self.base == 0 && self.y + 1 != self.len {
                (self.y + added).saturating_sub(self.max)
            } else {
                (self.len + added).saturating_sub(self.max)
            };
            if added > 0 {
                insertions.push(Insertion {
                    before: end + inserted,
                    count: added,
                });
                inserted += added;
            }
            self.split(at..end, &lengths, old_cols, cols);
            for _ in trimmed..added {
                self.make_room(inserted);
            }
            self.saved_line = (self.saved_line + added).min(self.base + self.rows - 1);
        }
        self.place(&insertions, inserted);
    }

    /// A line more above or on the screen: takes a row off the bottom, or moves the screen down the lines.
    fn make_room(&mut self, inserted: usize) {
        if self.base > 0 {
            let most = self.max.min(self.len + inserted).saturating_sub(self.rows);
            if self.base < most {
                self.base += 1;
            }
        } else if self.y + 1 < self.rows {
            self.y += 1;
            self.len -= 1;
        } else {
            self.base += 1;
        }
    }

    /// How long the lines of a group are once it is wrapped at `cols`.
    fn split_lengths(
        &self,
        group: std::ops::Range<usize>,
        old_cols: usize,
        cols: usize,
    ) -> Vec<usize> {
        let end = group.end;
        let needed: usize = group
            .clone()
            .map(|at| self.text_len(at, end, old_cols))
            .sum();
        let mut lengths = Vec::new();
        let (mut line, mut col, mut available) = (group.start, 0, 0);
        while available < needed {
            if needed - available < cols {
                lengths.push(needed - available);
                break;
            }
            col += cols;
            let len = self.text_len(line, end, old_cols);
            if col > len && line + 1 < end {
                col -= len;
                line += 1;
            }
            let ends_wide = col > 0 && self.lines[line].get(col - 1).width() == 2;
            col -= usize::from(ends_wide);
            let length = cols - usize::from(ends_wide);
            lengths.push(length);
            available += length;
        }
        lengths
    }

    /// Moves the text of a group to where it will be: its own lines first, then those to be put in behind
    /// it, which wait at the end of the list.
    fn split(
        &mut self,
        group: std::ops::Range<usize>,
        lengths: &[usize],
        old_cols: usize,
        cols: usize,
    ) {
        let (start, end) = (group.start, group.end);
        let mut text: Vec<Cell> = Vec::new();
        for at in group {
            let len = self.text_len(at, end, old_cols);
            text.extend((0..len).map(|col| self.lines[at].get(col)));
        }
        let mut rest = text.as_slice();
        for (number, &length) in lengths.iter().enumerate() {
            let (piece, more) = rest.split_at(length.min(rest.len()));
            rest = more;
            let put = |line: &mut Row| {
                for (col, &cell) in piece.iter().enumerate() {
                    line.set(col, cell);
                }
                if length < cols {
                    line.set(length, Cell::BLANK);
                }
            };
            if start + number < end {
                put(&mut self.lines[start + number]);
            } else {
                let mut line = Row::default();
                line.wrapped = true;
                put(&mut line);
                self.lines.push(line);
            }
        }
    }

    /// Puts the lines that wait at the end of the list where they belong.
    fn place(&mut self, insertions: &[Insertion], inserted: usize) {
        if inserted == 0 {
            return;
        }
        let waiting = self.lines.len() - inserted;
        let mut new = self.lines.split_off(waiting).into_iter();
        let mut old: Vec<Row> = self.lines.drain(..).take(self.len).collect();
        // From the bottom up: groups were split in that order, each group's lines from the top down.
        let mut placed: Vec<Row> = Vec::with_capacity(old.len() + new.len());
        let mut so_far = 0;
        let mut taken = 0;
        let mut waiting: Vec<Vec<Row>> = insertions
            .iter()
            .map(|insertion| new.by_ref().take(insertion.count).collect())
            .collect();
        loop {
            let above = old.len() + so_far;
            if let Some(insertion) = insertions.get(taken)
                && insertion.before >= above
            {
                placed.extend(std::mem::take(&mut waiting[taken]).into_iter().rev());
                so_far += insertion.count;
                taken += 1;
            } else if let Some(line) = old.pop() {
                placed.push(line);
            } else {
                break;
            }
        }
        placed.reverse();
        let over = placed.len().saturating_sub(self.max);
        placed.drain(..over);
        self.len = placed.len();
        self.lines = placed;
    }
}
