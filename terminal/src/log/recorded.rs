//! A log read as a recording: bytes with the times at which they came, and the sizes the terminal had.

use bowline_protocol::frame::Size;
use serde::{Deserialize, Serialize};

use super::OutputLog;

/// A piece of a recording, but for its bytes. Times are milliseconds since the session's start, and never go
/// back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Offset of the first byte: more than was asked for if that is no longer kept.
    pub offset: u64,
    /// Where to read on.
    pub next_offset: u64,
    /// End of the log now.
    pub end: u64,
    /// The terminal's size at `offset`.
    pub size: Size,
    /// From these offsets on bytes came at these times; the first is `offset`, if there is any byte.
    pub arrivals: Vec<(u64, u64)>,
    /// Sizes that the terminal took behind `offset`, up to and with `next_offset`.
    pub resizes: Vec<Resized>,
}

/// The terminal took a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resized {
    /// First byte that the program wrote knowing the size.
    pub offset: u64,
    /// When.
    pub at_ms: u64,
    /// The size.
    pub size: Size,
}

impl OutputLog {
    /// What is known of at most `max` bytes from `from` on (`None` = the oldest kept), and these bytes.
    pub fn recorded(&self, from: Option<u64>, max: usize) -> (Recorded, Vec<u8>) {
        let asked = from.unwrap_or(self.start).min(self.end);
        let offset = asked.max(self.start);
        let bytes = self.read(offset, max).concat();
        let next_offset = offset + bytes.len() as u64;
        let mut arrivals = Vec::new();
        if !bytes.is_empty() {
            arrivals.push((offset, self.arrived_at(offset).unwrap_or(0)));
            let first = self
                .arrivals
                .partition_point(|arrival| arrival.offset <= offset);
            let behind = self.arrivals.range(first..);
            let inside = behind.take_while(|arrival| arrival.offset < next_offset);
            arrivals.extend(inside.map(|arrival| (arrival.offset, arrival.at_ms)));
        }
        let first = self.marks.partition_point(|mark| mark.offset <= offset);
        let behind = self.marks.range(first..);
        let inside = behind.take_while(|mark| mark.offset <= next_offset);
        let recorded = Recorded {
            offset,
            next_offset,
            end: self.end,
            size: self.size_at(offset).0,
            arrivals,
            resizes: inside
                .map(|mark| Resized {
                    offset: mark.offset,
                    at_ms: mark.at_ms,
                    size: mark.size,
                })
                .collect(),
        };
        (recorded, bytes)
    }
}

#[cfg(test)]
mod tests {
    use bowline_protocol::ids::LogId;
    use bytes::Bytes;

    use super::*;
    use crate::log::CarriedLog;

    fn size(cols: u16) -> Size {
        Size { cols, rows: 24 }
    }

    fn resized(offset: u64, at_ms: u64, cols: u16) -> Resized {
        let size = size(cols);
        Resized {
            offset,
            at_ms,
            size,
        }
    }

    /// "abc" at 0 ms, 90 columns at 100, "def" at 200, "g" at 201, 100 columns at 300.
    fn log() -> OutputLog {
        let mut log = OutputLog::new(LogId::from_bytes([7; 16]), 1024, size(80));
        log.append(Bytes::from_static(b"abc"), 0);
        log.resize(size(90), 100);
        log.append(Bytes::from_static(b"def"), 200);
        log.append(Bytes::from_static(b"g"), 201);
        log.resize(size(100), 300);
        log
    }

    #[test]
    fn bytes_come_with_their_times_and_sizes() {
        let (all, bytes) = log().recorded(None, 1000);
        assert_eq!(bytes, b"abcdefg");
        let expected = Recorded {
            offset: 0,
            next_offset: 7,
            end: 7,
            size: size(80),
            arrivals: vec![(0, 0), (3, 200)],
            resizes: vec![resized(3, 100, 90), resized(7, 300, 100)],
        };
        assert_eq!(all, expected);
    }

    #[test]
    fn pieces_of_any_length_say_everything_once() {
        let log = log();
        for max in 1..8 {
            let (mut all, mut sizes, mut arrivals) = (Vec::new(), Vec::new(), Vec::new());
            let mut from = 0;
            while from < log.end() {
                let (piece, bytes) = log.recorded(Some(from), max);
                assert_eq!(
                    (piece.offset, piece.next_offset),
                    (from, from + bytes.len() as u64)
                );
                assert_eq!(piece.arrivals[0].0, from);
                for (offset, at_ms) in piece.arrivals {
                    assert_eq!(at_ms, if offset < 3 { 0 } else { 200 });
                    arrivals.push(offset);
                }
                sizes.extend(piece.resizes);
                all.extend(bytes);
                from = piece.next_offset;
            }
            assert_eq!(all, b"abcdefg");
            assert_eq!(sizes, [resized(3, 100, 90), resized(7, 300, 100)]);
            assert!(arrivals.contains(&0) && arrivals.contains(&3));
        }
    }

    #[test]
    fn a_recording_goes_on_in_another_image_of_the_process() {
        let log = log();
        let take_up = |carried: &CarriedLog| {
            let pieces = log.carry_bytes().concat();
            OutputLog::take_up(carried, &log.carry_arrivals(), pieces).expect("it makes sense")
        };
        let again = take_up(&log.carry());
        assert_eq!(again.recorded(None, 1000), log.recorded(None, 1000));
        // An older one did not know when sizes were taken.
        let mut older = serde_json::to_value(log.carry()).expect("data");
        for mark in older["marks"].as_array_mut().expect("marks") {
            mark.as_object_mut().expect("a mark").remove("at_ms");
        }
        let older = take_up(&serde_json::from_value(older).expect("it is read"));
        let resizes = older.recorded(None, 1000).0.resizes;
        assert_eq!(resizes, [resized(3, 200, 90), resized(7, 200, 100)]);
    }

    #[test]
    fn what_is_gone_is_left_out() {
        let mut log = OutputLog::new(LogId::from_bytes([7; 16]), 3, size(80));
        log.append(Bytes::from_static(b"ab"), 0);
        log.resize(size(90), 5);
        log.append(Bytes::from_static(b"cd"), 1000);
        let (piece, bytes) = log.recorded(Some(0), 1000);
        assert_eq!((piece.offset, bytes.as_slice()), (1, b"bcd".as_slice()));
        assert_eq!(piece.size, size(80));
        assert_eq!(piece.resizes, [resized(2, 5, 90)]);
        assert_eq!(piece.arrivals, [(1, 0), (2, 1000)]);
        let (end, bytes) = log.recorded(Some(100), 1000);
        assert_eq!((end.offset, end.next_offset), (4, 4));
        assert!(bytes.is_empty() && end.arrivals.is_empty());
    }
}
