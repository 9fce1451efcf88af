//! The framing of a handed-over state: `length: u32le, head length: u32le, head (JSON), body (raw)`, where
//! `length` counts head and body. Knows no session.

use std::io::{self, BufWriter, Read, Write};

use bytes::Bytes;
use serde::Serialize;

use crate::handover::HandOverError;

/// No record is longer: what is larger is cut into several.
const RECORD_MAX: u32 = 16 * 1024 * 1024;

/// Writes records one after the other.
pub(crate) struct RecordWriter<W: Write>(BufWriter<W>);

impl<W: Write> RecordWriter<W> {
    pub(crate) fn new(to: W) -> Self {
        Self(BufWriter::new(to))
    }

    /// Writes a record. The body's parts are not copied together.
    pub(crate) fn write(&mut self, head: &impl Serialize, body: &[Bytes]) -> io::Result<()> {
        let head = serde_json::to_vec(head)?;
        let body_length: usize = body.iter().map(Bytes::len).sum();
        let length = u32::try_from(head.len() + body_length).ok();
        let length = length.filter(|length| *length <= RECORD_MAX);
        let length = length.ok_or_else(|| io::Error::other("a record is too long"))?;
        self.0.write_all(&length.to_le_bytes())?;
        // Shorter than the whole.
        self.0.write_all(&(head.len() as u32).to_le_bytes())?;
        self.0.write_all(&head)?;
        for part in body {
            self.0.write_all(part)?;
        }
        Ok(())
    }

    /// What is written is on its way.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One record.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) head: Bytes,
    pub(crate) body: Bytes,
}

/// Reads records one after the other.
pub(crate) struct RecordReader<R: Read>(R);

impl<R: Read> RecordReader<R> {
    pub(crate) fn new(from: R) -> Self {
        Self(from)
    }

    /// The next record; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, HandOverError> {
        let lengths = self.take(8)?;
        let number = |at: usize| {
            let bytes: Option<[u8; 4]> = lengths.get(at..at + 4)?.try_into().ok();
            bytes.map(u32::from_le_bytes)
        };
        let (Some(length), Some(head_length)) = (number(0), number(4)) else {
            return match lengths.is_empty() {
                true => Ok(None),
                false => Err(HandOverError::Truncated),
            };
        };
        if length > RECORD_MAX || head_length > length {
            return Err(HandOverError::Malformed("a record's length is impossible"));
        }
        // A copy of its own for each: the body of a small record must not keep a large head.
        let head = self.take(head_length)?;
        let body = self.take(length - head_length)?;
        if head.len() + body.len() < length as usize {
            return Err(HandOverError::Truncated);
        }
        Ok(Some(Record {
            head: head.into(),
            body: body.into(),
        }))
    }

    /// So many bytes, or as many as there are. What is not there costs no memory.
    fn take(&mut self, count: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let count = u64::from(count);
        (&mut self.0).take(count).read_to_end(&mut bytes)?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }
}
