//! A screen on disk: one line that says what it is, then the bytes that recreate it, all compressed. Pure.

use std::io::{self, Read as _, Write as _};

use bowline_protocol::frame::Size;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// Written by this version.
const VERSION: u32 = 1;
/// Largest file, bytes.
const FILE_MAX: usize = 4 * 1024 * 1024;
/// Largest screen with its history, bytes: it lies in memory again when it is recovered.
pub(crate) const SCREEN_MAX: usize = 8 * 1024 * 1024;
/// Longest first line, bytes.
const HEAD_MAX: usize = 1024;

/// A screen as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) size: Size,
    /// When it was so, milliseconds of Unix time.
    pub(crate) at_ms: u64,
    /// What recreates it on a reset terminal of that size.
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    size: Size,
    at_ms: u64,
}

impl Screen {
    /// The file's bytes; `None` if that is too much to be kept.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        if self.bytes.len() > SCREEN_MAX {
            return None;
        }
        let head = Head {
            version: VERSION,
            size: self.size,
            at_ms: self.at_ms,
        };
        let mut head = serde_json::to_vec(&head).ok()?;
        head.push(b'\n');
        let mut file = GzEncoder::new(Vec::new(), Compression::fast());
        file.write_all(&head).ok()?;
        file.write_all(&self.bytes).ok()?;
        file.finish().ok().filter(|file| file.len() <= FILE_MAX)
    }

    /// What a file holds.
    pub(crate) fn decode(file: &[u8]) -> io::Result<Self> {
        let most = (HEAD_MAX + SCREEN_MAX) as u64;
        let mut bytes = Vec::new();
        let read = GzDecoder::new(file)
            .take(most + 1)
            .read_to_end(&mut bytes)?;
        let corrupt = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        if read as u64 > most {
            return Err(corrupt("it is too large"));
        }
        let end = bytes.iter().take(HEAD_MAX).position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| corrupt("it has no first line"))?;
        let head: Head = serde_json::from_slice(&bytes[..end])?;
        if head.version != VERSION {
            return Err(corrupt("another version wrote it"));
        }
        let size = head.size.checked();
        Ok(Self {
            size: size.ok_or_else(|| corrupt("it has no size"))?,
            at_ms: head.at_ms,
            bytes: Bytes::from(bytes).slice(end + 1..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(bytes: impl Into<Bytes>) -> Screen {
        Screen {
            size: Size { cols: 90, rows: 30 },
            at_ms: 7,
            bytes: bytes.into(),
        }
    }

    #[test]
    fn a_screen_comes_back_as_it_was() {
        for bytes in [&b""[..], b"\x1b[2Jhello\r\nworld\n", &[0xff; 100]] {
            let screen = screen(bytes);
            let file = screen.encode().expect("little");
            assert_eq!(Screen::decode(&file).expect("whole"), screen);
        }
    }

    #[test]
    fn what_is_too_much_is_neither_written_nor_read() {
        assert_eq!(screen(vec![0; SCREEN_MAX + 1]).encode(), None);
        // Noise does not get smaller.
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..FILE_MAX + FILE_MAX / 8)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        assert_eq!(screen(noise).encode(), None);
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        bomb.write_all(&vec![0; SCREEN_MAX + 2 * HEAD_MAX])
            .expect("memory");
        let bomb = bomb.finish().expect("memory");
        assert!(bomb.len() < FILE_MAX && Screen::decode(&bomb).is_err());
    }

    #[test]
    fn a_torn_file_is_refused() {
        let file = screen(&b"hello"[..]).encode().expect("little");
        for cut in 0..file.len() {
            assert!(Screen::decode(&file[..cut]).is_err(), "{cut}");
        }
    }
}
