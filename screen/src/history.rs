//! The lines above the screen, packed: a ring of blocks that grows as lines come and drops its oldest when
//! the limit of lines, or of bytes, is reached.

use std::collections::VecDeque;

use crate::packed::{self, NOT_WRAPPED};
use crate::row::Row;
use crate::styles::Styles;

/// Bytes after which a block is closed: small enough that an idle session holds little slack.
const BLOCK: usize = 32 * 1024;
/// Most bytes of history. Only lines of one look per cell get here before they reach the limit of lines.
const MAX_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug)]
struct Block {
    /// Number of its first line, counted since the beginning.
    first: usize,
    /// Where each line starts.
    starts: Vec<u32>,
    bytes: Vec<u8>,
}

impl Block {
    fn line(&self, number: usize) -> &[u8] {
        let at = number - self.first;
        let end = self
            .starts
            .get(at + 1)
            .map_or(self.bytes.len(), |&end| end as usize);
        &self.bytes[self.starts[at] as usize..end]
    }
}

/// Packed lines, oldest first.
#[derive(Debug)]
pub(crate) struct History {
    blocks: VecDeque<Block>,
    /// Number of the oldest line kept, counted since the beginning.
    oldest: usize,
    /// Number that the next line gets.
    next: usize,
    max_lines: usize,
    bytes: usize,
    /// The block that was dropped last: a flood through a full history needs no other memory.
    spare: Option<Block>,
}

impl History {
    pub(crate) fn new(max_lines: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            oldest: 0,
            next: 0,
            max_lines,
            bytes: 0,
            spare: None,
        }
    }

    /// Lines kept.
    pub(crate) fn len(&self) -> usize {
        self.next - self.oldest
    }

    pub(crate) fn max_lines(&self) -> usize {
        self.max_lines
    }

    /// Adds a line below the others; the oldest goes when there are too many.
    pub(crate) fn push(&mut self, row: &Row, styles: &Styles) {
        if self.max_lines == 0 {
            return;
        }
        if self
            .blocks
            .back()
            .is_none_or(|block| block.bytes.len() >= BLOCK)
        {
            self.add_block();
        }
        if let Some(block) = self.blocks.back_mut() {
            let start = block.bytes.len();
            // A block is closed far below 4 GiB.
            block.starts.push(u32::try_from(start).unwrap_or(u32::MAX));
            packed::pack(row, styles, &mut block.bytes);
            self.bytes += block.bytes.len() - start;
        }
        self.next += 1;
        while self.len() > self.max_lines || (self.bytes > MAX_BYTES && self.blocks.len() > 1) {
            self.drop_oldest();
        }
    }

    fn add_block(&mut self) {
        let mut block = self.spare.take().unwrap_or_else(|| {
            if let Some(full) = self.blocks.back_mut() {
                full.bytes.shrink_to_fit();
                full.starts.shrink_to_fit();
            }
            Block {
                first: 0,
                starts: Vec::new(),
                bytes: Vec::new(),
            }
        });
        block.first = self.next;
        block.starts.clear();
        block.bytes.clear();
        self.blocks.push_back(block);
    }

    fn drop_oldest(&mut self) {
        self.oldest += 1;
        let over = self
            .blocks
            .front()
            .is_some_and(|block| self.oldest >= block.first + block.starts.len());
        if over && let Some(block) = self.blocks.pop_front() {
            self.bytes -= block.bytes.len();
            self.spare = Some(block);
        }
    }

    /// Takes the youngest line back.
    pub(crate) fn pop(&mut self, styles: &mut Styles) -> Option<Row> {
        if self.len() == 0 {
            return None;
        }
        self.next -= 1;
        let block = self.blocks.back_mut()?;
        let row = packed::unpack(block.line(self.next), styles);
        let start = block.starts.pop()? as usize;
        self.bytes -= block.bytes.len() - start;
        block.bytes.truncate(start);
        if block.starts.is_empty() {
            self.blocks.pop_back();
        }
        Some(row)
    }

    /// The line at `at`, 0 = the oldest.
    pub(crate) fn get(&self, at: usize, styles: &mut Styles) -> Row {
        packed::unpack(self.packed(at), styles)
    }

    /// Its bytes.
    pub(crate) fn packed(&self, at: usize) -> &[u8] {
        let number = self.oldest + at;
        let after = self.blocks.partition_point(|block| block.first <= number);
        after
            .checked_sub(1)
            .and_then(|at| self.blocks.get(at))
            .map_or(&[NOT_WRAPPED], |block| block.line(number))
    }

    /// The line at `at` no longer continues the one above it.
    pub(crate) fn unwrap_line(&mut self, at: usize) {
        let number = self.oldest + at;
        let after = self.blocks.partition_point(|block| block.first <= number);
        if let Some(block) = after.checked_sub(1).and_then(|at| self.blocks.get_mut(at))
            && let Some(&start) = block.starts.get(number - block.first)
        {
            block.bytes[start as usize] = NOT_WRAPPED;
        }
    }

    /// Forgets all lines.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.max_lines);
    }

    /// Gives back memory that the lines don't need.
    pub(crate) fn shrink(&mut self) {
        self.spare = None;
        self.blocks.shrink_to_fit();
        if let Some(block) = self.blocks.back_mut() {
            block.bytes.shrink_to_fit();
            block.starts.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Look;

    fn line(text: &str) -> Row {
        let mut row = Row::default();
        row.write_ascii(0, text.as_bytes(), Look::default());
        row
    }

    fn text(row: &Row) -> String {
        (0..row.written_len())
            .filter_map(|at| row.get(at).letter())
            .map(char::from)
            .collect()
    }

    #[test]
    fn the_oldest_go_and_the_youngest_come_back() {
        let mut styles = Styles::default();
        let mut history = History::new(5_000);
        for number in 0..12_000 {
            history.push(&line(&format!("line {number} of many")), &styles);
        }
        assert_eq!(history.len(), 5_000);
        assert_eq!(text(&history.get(0, &mut styles)), "line 7000 of many");
        assert_eq!(text(&history.get(4_999, &mut styles)), "line 11999 of many");
        for number in (7_000..12_000).rev() {
            let row = history.pop(&mut styles).expect("it is kept");
            assert_eq!(text(&row), format!("line {number} of many"));
        }
        assert!(history.pop(&mut styles).is_none());
        history.push(&line("again"), &styles);
        assert_eq!(text(&history.get(0, &mut styles)), "again");
    }
}
