//! A session's output by absolute byte offset, with arrival times and resize marks. Reading never
//! consumes. Pure: the caller gives the time and the id.
//!
//! Bytes lie in shared chunks, so that a reader holds what it reads without copying and without keeping
//! the log from dropping it. Small chunks are merged like the digits of a binary counter: a million
//! one-byte echoes cost a logarithm of copies each and leave few allocations.

mod carried;
mod recorded;

use std::collections::VecDeque;

use bowline_protocol::frame::Size;
use bowline_protocol::ids::LogId;
use bytes::{Bytes, BytesMut};

pub(crate) use carried::CarriedLog;
pub use recorded::{Recorded, Resized};

/// Chunks are merged up to this length. Longer ones would copy more than they save.
const MERGED_MAX: usize = 16 * 1024;
/// Arrival times closer than this are one, milliseconds: less than a frame of any recording's player.
const ARRIVAL_SPACING_MS: u64 = 5;
/// Arrival times kept, of 16 bytes each: 256 KiB beside a log of 4 MiB, and next to nothing for a quiet session.
/// Beyond it every second one is dropped and the spacing doubles.
const ARRIVALS_MAX: usize = 16 * 1024;
/// Resize marks kept; beyond it the oldest are forgotten, and old output is shown in a later size.
const MARKS_MAX: usize = 4096;

#[derive(Debug)]
struct Chunk {
    offset: u64,
    bytes: Bytes,
}

/// Output from `offset` on arrived at `at_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// First byte.
    pub offset: u64,
    /// Since the session's start, milliseconds.
    pub at_ms: u64,
}

/// The terminal has `size` from `offset` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResizeMark {
    /// Marks are numbered; a reader remembers the next one it wants.
    pub number: u64,
    /// First byte that the program wrote knowing the size.
    pub offset: u64,
    /// The size.
    pub size: Size,
    /// When it took it: since the session's start, milliseconds.
    pub at_ms: u64,
}

/// The log of one session.
#[derive(Debug)]
pub struct OutputLog {
    id: LogId,
    capacity: usize,
    chunks: VecDeque<Chunk>,
    start: u64,
    end: u64,
    arrivals: VecDeque<Arrival>,
    spacing_ms: u64,
    marks: VecDeque<ResizeMark>,
    next_mark: u64,
    /// The size before the first mark kept.
    first_size: Size,
}

impl OutputLog {
    /// An empty log. It never keeps more than `capacity` bytes, and drops whole chunks: at most one read
    /// of the PTY less.
    pub fn new(id: LogId, capacity: usize, size: Size) -> Self {
        Self {
            id,
            capacity: capacity.max(1),
            chunks: VecDeque::new(),
            start: 0,
            end: 0,
            arrivals: VecDeque::new(),
            spacing_ms: ARRIVAL_SPACING_MS,
            marks: VecDeque::new(),
            next_mark: 0,
            first_size: size,
        }
    }

    /// This life's id.
    pub fn id(&self) -> LogId {
        self.id
    }

    /// Offset of the oldest byte kept.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset behind the newest byte.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Adds output that arrived `at_ms` after the session's start.
    pub fn append(&mut self, bytes: Bytes, at_ms: u64) {
        if bytes.is_empty() {
            return;
        }
        self.note_arrival(at_ms);
        let offset = self.end;
        self.end += bytes.len() as u64;
        self.chunks.push_back(Chunk { offset, bytes });
        self.merge_tail();
        self.drop_oldest();
    }

    /// Notes that the program knows `size` from here on, `at_ms` after the session's start. A size in which it
    /// wrote nothing is replaced.
    pub fn resize(&mut self, size: Size, at_ms: u64) {
        let offset = self.end;
        if self.marks.back().is_some_and(|mark| mark.offset == offset) {
            self.marks.pop_back();
        }
        let number = self.next_mark;
        self.next_mark += 1;
        self.marks.push_back(ResizeMark {
            number,
            offset,
            size,
            at_ms,
        });
        if self.marks.len() > MARKS_MAX {
            self.forget_mark();
        }
    }

    /// At most `max` bytes from `from` on, as shared slices; none where nothing is kept.
    pub fn read(&self, from: u64, max: usize) -> Vec<Bytes> {
        let mut slices = Vec::new();
        if from < self.start || from >= self.end {
            return slices;
        }
        let first = self.chunks.partition_point(|chunk| chunk.end() <= from);
        let mut left = max;
        for chunk in self.chunks.range(first..) {
            if left == 0 {
                break;
            }
            let skip = from.saturating_sub(chunk.offset) as usize;
            let take = (chunk.bytes.len() - skip).min(left);
            slices.push(chunk.bytes.slice(skip..skip + take));
            left -= take;
        }
        slices
    }

    /// The first resize with this number or a later one.
    pub fn mark(&self, number: u64) -> Option<ResizeMark> {
        let index = self.marks.partition_point(|mark| mark.number < number);
        self.marks.get(index).copied()
    }

    /// The size at `offset`, and the number of the next resize.
    pub fn size_at(&self, offset: u64) -> (Size, u64) {
        let index = self.marks.partition_point(|mark| mark.offset <= offset);
        match index.checked_sub(1).and_then(|last| self.marks.get(last)) {
            Some(mark) => (mark.size, mark.number + 1),
            None => (self.first_size, 0),
        }
    }

    /// The number of the first resize at `offset` or behind it.
    pub fn mark_number_at(&self, offset: u64) -> u64 {
        let index = self.marks.partition_point(|mark| mark.offset < offset);
        self.marks
            .get(index)
            .map_or(self.next_mark, |mark| mark.number)
    }

    /// Where a reader that lost its place may start to see the last `back` bytes: just behind a newline
    /// if there is one.
    pub fn line_near_end(&self, back: u64) -> u64 {
        let from = self.end.saturating_sub(back).max(self.start);
        let mut offset = from;
        for slice in self.read(from, usize::MAX) {
            if let Some(newline) = slice.iter().position(|byte| *byte == b'\n') {
                return offset + newline as u64 + 1;
            }
            offset += slice.len() as u64;
        }
        from
    }

    /// When the byte at `offset` arrived, milliseconds after the session's start, to within the marks'
    /// spacing.
    pub fn arrived_at(&self, offset: u64) -> Option<u64> {
        let index = self
            .arrivals
            .partition_point(|arrival| arrival.offset <= offset);
        Some(self.arrivals.get(index.checked_sub(1)?)?.at_ms)
    }

    fn note_arrival(&mut self, at_ms: u64) {
        let recent = |last: &Arrival| at_ms < last.at_ms + self.spacing_ms;
        if self.arrivals.back().is_some_and(recent) {
            return;
        }
        // Before, not after: the queue never grows for one more.
        if self.arrivals.len() == ARRIVALS_MAX {
            self.spacing_ms *= 2;
            let mut keep = false;
            self.arrivals.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.arrivals.push_back(Arrival {
            offset: self.end,
            at_ms,
        });
    }

    fn merge_tail(&mut self) {
        while let Some(index) = self.chunks.len().checked_sub(2) {
            let (left, right) = (&self.chunks[index], &self.chunks[index + 1]);
            let sum = left.bytes.len() + right.bytes.len();
            if left.bytes.len() > right.bytes.len() || sum > MERGED_MAX {
                return;
            }
            let mut merged = BytesMut::with_capacity(sum);
            merged.extend_from_slice(&left.bytes);
            merged.extend_from_slice(&right.bytes);
            self.chunks.pop_back();
            self.chunks[index].bytes = merged.freeze();
        }
    }

    fn drop_oldest(&mut self) {
        while self.end - self.start > self.capacity as u64 {
            if self.chunks.len() > 1 {
                self.chunks.pop_front();
            } else if let Some(chunk) = self.chunks.front_mut() {
                let excess = chunk.bytes.len() - self.capacity;
                chunk.bytes = Bytes::copy_from_slice(&chunk.bytes[excess..]);
                chunk.offset += excess as u64;
            }
            self.start = self.chunks.front().map_or(self.end, |chunk| chunk.offset);
        }
        while self
            .marks
            .front()
            .is_some_and(|mark| mark.offset < self.start)
        {
            self.forget_mark();
        }
        // The last arrival at or before the start still tells when the first bytes kept arrived.
        while self
            .arrivals
            .get(1)
            .is_some_and(|second| second.offset <= self.start)
        {
            self.arrivals.pop_front();
        }
        // What made them many has left the log.
        if self.arrivals.len() < ARRIVALS_MAX / 4 {
            self.spacing_ms = (self.spacing_ms / 2).max(ARRIVAL_SPACING_MS);
        }
    }

    fn forget_mark(&mut self) {
        if let Some(mark) = self.marks.pop_front() {
            self.first_size = mark.size;
        }
    }
}

impl Chunk {
    fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(capacity: usize) -> OutputLog {
        OutputLog::new(LogId::from_bytes([7; 16]), capacity, Size::default())
    }

    fn size(cols: u16) -> Size {
        Size { cols, rows: 24 }
    }

    #[test]
    fn a_million_echoes_leave_few_chunks() {
        let mut log = log(4 << 20);
        for _ in 0..1_000_000 {
            log.append(Bytes::from_static(b"x"), 0);
        }
        assert_eq!(log.end(), 1_000_000);
        assert!(log.chunks.len() < 150, "{} chunks", log.chunks.len());
    }

    #[test]
    fn arrivals_are_coalesced_and_bounded() {
        let mut log = log(1 << 20);
        for at_ms in 0..200_000 {
            log.append(Bytes::from_static(b"x"), at_ms);
        }
        assert!(log.arrivals.len() <= ARRIVALS_MAX);
        let at_ms = log.arrived_at(100_000).expect("kept");
        assert!((99_900..=100_000).contains(&at_ms), "{at_ms}");
        assert_eq!(log.spacing_ms, 4 * ARRIVAL_SPACING_MS);
        // A flood takes their place, and times are fine again.
        for at_ms in 200_000..200_100 {
            log.append(Bytes::from(vec![b'x'; 1 << 16]), at_ms);
        }
        assert_eq!(log.spacing_ms, ARRIVAL_SPACING_MS);
        assert!(log.arrivals.capacity() <= ARRIVALS_MAX);
    }

    #[test]
    fn an_unused_size_is_replaced_and_told_anew() {
        let mut log = log(1024);
        log.resize(size(100), 0);
        let told = log.mark(0).expect("a mark").number + 1;
        log.resize(size(120), 0);
        assert_eq!(log.mark(told).map(|mark| mark.size), Some(size(120)));
        assert_eq!(log.size_at(0).0, size(120));
    }

    #[test]
    fn sizes_belong_to_offsets() {
        let mut log = log(1024);
        log.append(Bytes::from_static(b"abc"), 0);
        log.resize(size(100), 0);
        log.append(Bytes::from_static(b"def"), 0);
        assert_eq!(log.size_at(2).0, size(80));
        assert_eq!(log.size_at(3).0, size(100));
        assert_eq!(log.mark_number_at(3), 0);
        assert_eq!(log.mark_number_at(4), 1);
    }

    #[test]
    fn a_restart_lies_behind_a_newline() {
        let mut log = log(1024);
        log.append(Bytes::from_static(b"one\ntwo\nthree"), 0);
        assert_eq!(log.line_near_end(8), 8);
        assert_eq!(log.line_near_end(3), 10);
        assert_eq!(log.line_near_end(1000), 4);
    }

    proptest! {
        /// Whatever is appended, the log is the tail of it, every offset reads what was written there,
        /// and the bound holds.
        #[test]
        fn a_log_is_a_tail(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..60),
            capacity in 1usize..2000,
            from in 0u64..9000,
            max in 0usize..3000,
        ) {
            let mut log = log(capacity);
            let mut all = Vec::new();
            for piece in &pieces {
                log.append(Bytes::copy_from_slice(piece), 0);
                all.extend_from_slice(piece);
                prop_assert!(log.end() - log.start() <= capacity as u64);
            }
            prop_assert_eq!(log.end(), all.len() as u64);
            let read = log.read(from, max).concat();
            if from < log.start() || from >= log.end() {
                prop_assert!(read.is_empty());
            } else {
                let end = all.len().min(from as usize + max);
                prop_assert_eq!(read.as_slice(), &all[from as usize..end]);
            }
        }
    }
}
