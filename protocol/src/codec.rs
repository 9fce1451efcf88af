//! How a batch of frames is written and read: one WebSocket message, one HTTP body.
//!
//! ```text
//! batch   = frame*
//! frame   = length:u32le  header  payload
//! header  = postcard(ClientFrame | ServerFrame)
//! ```
//!
//! `length` counts header and payload, so an unknown frame can be skipped; the payload is whatever
//! follows the header. Payloads are shared slices of the batch, never copied.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::frame::{ClientFrame, ServerFrame};

/// A batch could not be read. The link is closed; sessions live.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize,
)]
pub enum DecodeError {
    /// The batch ends inside a frame.
    #[error("batch ends inside a frame")]
    Truncated,
    /// A frame's header is not what its index says.
    #[error("malformed frame header")]
    Malformed,
}

/// A frame of one direction.
pub trait Frame: Serialize + DeserializeOwned {
    /// Number of variants known; higher indices come from a newer peer and are skipped.
    const KNOWN: u32;
    /// The frame whose header ends in an enum that grows: one that can't be read comes from a newer
    /// peer and is skipped too.
    const OPEN: Option<u32>;
}

impl Frame for ClientFrame {
    const KNOWN: u32 = 12;
    const OPEN: Option<u32> = None;
}

impl Frame for ServerFrame {
    const KNOWN: u32 = 14;
    /// `Event`.
    const OPEN: Option<u32> = Some(8);
}

/// A frame with its payload, empty for frames that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed<F> {
    /// The header.
    pub frame: F,
    /// The raw bytes behind it.
    pub payload: Bytes,
}

impl<F> From<F> for Framed<F> {
    fn from(frame: F) -> Self {
        Self {
            frame,
            payload: Bytes::new(),
        }
    }
}

/// Writes frames one behind the other.
#[derive(Debug, Default)]
pub struct BatchWriter {
    buffer: BytesMut,
}

impl BatchWriter {
    /// An empty batch with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            buffer: BytesMut::with_capacity(capacity),
        }
    }

    /// Appends a frame without payload.
    pub fn push<F: Frame>(&mut self, frame: &F) {
        self.push_parts(frame, &[]);
    }

    /// Appends a frame whose payload is the concatenation of `parts`.
    pub fn push_parts<F: Frame>(&mut self, frame: &F, parts: &[Bytes]) {
        let start = self.buffer.len();
        self.buffer.put_u32_le(0);
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = postcard::to_extend(frame, buffer)
            .expect("frames hold only types that postcard writes, and a BytesMut grows");
        for part in parts {
            self.buffer.put_slice(part);
        }
        let length = u32::try_from(self.buffer.len() - start - 4)
            .expect("payloads are bounded far below 4 GiB");
        self.buffer[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The finished batch; the writer is empty afterwards.
    pub fn take(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }
}

/// One frame as a batch of its own.
pub fn encode<F: Frame>(frame: &F) -> Bytes {
    let mut writer = BatchWriter::default();
    writer.push(frame);
    writer.take()
}

/// Reads a batch frame by frame; stops for good at the first error.
#[derive(Debug)]
pub struct BatchReader<F> {
    rest: Bytes,
    frame: std::marker::PhantomData<F>,
}

impl<F: Frame> BatchReader<F> {
    /// Starts at the first frame.
    pub fn new(batch: Bytes) -> Self {
        Self {
            rest: batch,
            frame: std::marker::PhantomData,
        }
    }

    fn read(&mut self) -> Result<Option<Framed<F>>, DecodeError> {
        while !self.rest.is_empty() {
            let prefix = self.rest.first_chunk::<4>().ok_or(DecodeError::Truncated)?;
            let length = u32::from_le_bytes(*prefix) as usize;
            if self.rest.len() - 4 < length {
                return Err(DecodeError::Truncated);
            }
            let mut body = self.rest.split_to(4 + length).split_off(4);
            let (index, _) =
                postcard::take_from_bytes::<u32>(&body).map_err(|_| DecodeError::Malformed)?;
            if index >= F::KNOWN {
                continue;
            }
            let (frame, payload) = match postcard::take_from_bytes::<F>(&body) {
                Ok(read) => read,
                Err(_) if F::OPEN == Some(index) => continue,
                Err(_) => return Err(DecodeError::Malformed),
            };
            let payload = body.split_off(body.len() - payload.len());
            return Ok(Some(Framed { frame, payload }));
        }
        Ok(None)
    }
}

impl<F: Frame> Iterator for BatchReader<F> {
    type Item = Result<Framed<F>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.rest.clear();
        }
        read.transpose()
    }
}
