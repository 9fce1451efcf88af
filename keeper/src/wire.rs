//! Frames on a Unix stream: whole ones out of it, whole ones into it, payloads as shared slices. It knows no
//! frame's meaning.

use std::io;

use bowline_protocol::codec::{BatchReader, Frame, Framed};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest frame that is read, bytes: more than the largest answer (output of a session's whole log).
const FRAME_MAX: usize = 16 * 1024 * 1024;
/// Room for the next read, bytes: a full batch of a link comes in one or two.
const READ_ROOM: usize = 64 * 1024;
/// A buffer that grew beyond this for one frame is given back with it, bytes.
const KEPT_MAX: usize = 512 * 1024;

/// What is sent beside a payload at most, bytes.
const HEADER_MAX: usize = 1024;

/// Whether the other end takes a payload of this length.
pub(crate) fn fits(payload: usize) -> bool {
    payload <= FRAME_MAX - HEADER_MAX
}

/// Reads frames.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    source: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            buffer: BytesMut::new(),
        }
    }

    /// The next frame that is known here; `None` = the other end is gone. Cancel-safe: what was read in part
    /// is kept.
    ///
    /// # Errors
    /// The stream's, and `InvalidData` for what is no frame.
    pub(crate) async fn next<F: Frame>(&mut self) -> io::Result<Option<Framed<F>>> {
        loop {
            while let Some(whole) = self.whole()? {
                match BatchReader::new(whole).next() {
                    Some(frame) => return frame.map(Some).map_err(invalid),
                    // Of a newer peer.
                    None => continue,
                }
            }
            if self.buffer.capacity() - self.buffer.len() < READ_ROOM / 2 {
                self.buffer.reserve(READ_ROOM);
            }
            if self.source.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// Takes one frame with its length off the buffer, if all of it is there.
    fn whole(&mut self) -> io::Result<Option<Bytes>> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = 4 + u32::from_le_bytes(*prefix) as usize;
        if length > FRAME_MAX {
            return Err(invalid("the frame is too long"));
        }
        if self.buffer.len() < length {
            self.buffer.reserve(length - self.buffer.len());
            return Ok(None);
        }
        let whole = self.buffer.split_to(length).freeze();
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_MAX {
            self.buffer = BytesMut::new();
        }
        Ok(Some(whole))
    }
}

/// Writes a frame whose payload is the concatenation of two parts. Not cancel-safe: whoever gives up gives
/// the stream up.
///
/// # Errors
/// The stream's.
pub(crate) async fn write<F: Frame>(
    sink: &mut (impl AsyncWrite + Unpin),
    frame: &F,
    payload: [Bytes; 2],
) -> io::Result<()> {
    let mut head = BytesMut::with_capacity(64);
    head.put_u32_le(0);
    let mut head = postcard::to_extend(frame, head).map_err(invalid)?;
    let [first, second] = payload;
    let length = head.len() - 4 + first.len() + second.len();
    let length = u32::try_from(length).map_err(invalid)?;
    head[..4].copy_from_slice(&length.to_le_bytes());
    let mut whole = head.freeze().chain(first).chain(second);
    // Vectored: nothing is copied together.
    sink.write_all_buf(&mut whole).await
}

pub(crate) fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
