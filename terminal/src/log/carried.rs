//! A log as it is handed over to another image of this process.

use bowline_protocol::frame::Size;
use bowline_protocol::ids::LogId;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Arrival, Chunk, OutputLog, ResizeMark};
use crate::handover::PIECE;

/// No log comes near it: offsets beyond are nonsense.
const OFFSET_MAX: u64 = 1 << 62;

/// A log without its bytes and arrival times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CarriedLog {
    pub(crate) id: LogId,
    pub(crate) capacity: usize,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) spacing_ms: u64,
    pub(crate) marks: Vec<CarriedMark>,
    pub(crate) next_mark: u64,
    pub(crate) first_size: Size,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CarriedMark {
    number: u64,
    offset: u64,
    size: Size,
    /// Since the session's start. Without it, when the bytes there came.
    #[serde(default)]
    at_ms: Option<u64>,
}

impl OutputLog {
    /// The number of the next mark.
    pub(crate) fn marks_end(&self) -> u64 {
        self.next_mark
    }

    pub(crate) fn carry(&self) -> CarriedLog {
        let marks = self.marks.iter().map(|mark| CarriedMark {
            number: mark.number,
            offset: mark.offset,
            size: mark.size,
            at_ms: Some(mark.at_ms),
        });
        CarriedLog {
            id: self.id,
            capacity: self.capacity,
            start: self.start,
            end: self.end,
            spacing_ms: self.spacing_ms,
            marks: marks.collect(),
            next_mark: self.next_mark,
            first_size: self.first_size,
        }
    }

    /// All bytes kept, shared, in pieces of at most [`PIECE`] bytes each.
    pub(crate) fn carry_bytes(&self) -> Vec<Vec<Bytes>> {
        let mut pieces: Vec<Vec<Bytes>> = Vec::new();
        let mut room = 0;
        for chunk in &self.chunks {
            let mut bytes = chunk.bytes.clone();
            while !bytes.is_empty() {
                if room == 0 {
                    pieces.push(Vec::new());
                    room = PIECE;
                }
                let part = bytes.split_to(bytes.len().min(room));
                room -= part.len();
                if let Some(piece) = pieces.last_mut() {
                    piece.push(part);
                }
            }
        }
        pieces
    }

    pub(crate) fn carry_arrivals(&self) -> Bytes {
        let pairs = self.arrivals.iter().flat_map(|arrival| {
            let pair = [arrival.offset, arrival.at_ms];
            pair.into_iter().flat_map(u64::to_le_bytes)
        });
        pairs.collect::<Vec<u8>>().into()
    }

    /// Takes a log up. `None`: it contradicts itself.
    pub(crate) fn take_up(
        carried: &CarriedLog,
        arrivals: &[u8],
        pieces: Vec<Bytes>,
    ) -> Option<Self> {
        let (start, end) = (carried.start, carried.end);
        let mut log = Self::new(carried.id, carried.capacity, carried.first_size.checked()?);
        log.spacing_ms = carried.spacing_ms.clamp(super::ARRIVAL_SPACING_MS, 1 << 32);
        (log.start, log.end, log.next_mark) = (start, start, carried.next_mark);
        if start > end || end > OFFSET_MAX || carried.next_mark > OFFSET_MAX {
            return None;
        }
        for bytes in pieces.into_iter().filter(|bytes| !bytes.is_empty()) {
            let offset = log.end;
            log.end += bytes.len() as u64;
            log.chunks.push_back(Chunk { offset, bytes });
        }
        if log.end != end {
            return None;
        }
        for mark in &carried.marks {
            let last = log.marks.back();
            let is_next = mark.offset <= end
                && mark.number < log.next_mark
                && last.is_none_or(|last| last.number < mark.number && last.offset <= mark.offset);
            if !is_next {
                return None;
            }
            log.marks.push_back(ResizeMark {
                number: mark.number,
                offset: mark.offset,
                size: mark.size.checked()?,
                at_ms: mark.at_ms.unwrap_or(u64::MAX),
            });
        }
        for pair in arrivals.chunks_exact(16) {
            let (offset, at_ms) = pair.split_at(8);
            let arrival = Arrival {
                offset: u64::from_le_bytes(offset.try_into().ok()?),
                at_ms: u64::from_le_bytes(at_ms.try_into().ok()?),
            };
            let last = log.arrivals.back();
            let is_next = last.is_none_or(|last| last.offset <= arrival.offset);
            if !is_next || arrival.at_ms > OFFSET_MAX {
                return None;
            }
            log.arrivals.push_back(arrival);
        }
        for at in 0..log.marks.len() {
            if log.marks[at].at_ms > OFFSET_MAX {
                log.marks[at].at_ms = log.arrived_at(log.marks[at].offset).unwrap_or(0);
            }
        }
        Some(log)
    }
}
