//! Keystrokes exactly once: the sending and the receiving half of a session's numbered input. Pure.
//!
//! The sender numbers bytes by how many it sent to this life of the session's log before, and keeps them
//! until they are acknowledged (= written to the PTY). After any reconnect it goes on from what the
//! receiver has accepted. The receiver trims what it already has and refuses gaps, so a retried request
//! can't type twice and two can't reorder.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::frame::{InputPosition, InputRefusal};
use crate::limits::FRAME_PAYLOAD;

/// A piece of input to put on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputPiece {
    /// Bytes sent before it.
    pub position: InputPosition,
    /// At most [`FRAME_PAYLOAD`] bytes.
    pub bytes: Bytes,
    /// More of the same paste follows.
    pub more: bool,
}

/// The sending half: keeps every byte until the server says it is written.
#[derive(Debug)]
pub struct InputSender {
    window: u64,
    /// Unacknowledged and unsent input, each of at most [`FRAME_PAYLOAD`] bytes. The first begins at
    /// `acked`, or before it when only part of it is acknowledged.
    kept: VecDeque<InputPiece>,
    acked: InputPosition,
    sent: InputPosition,
    end: InputPosition,
    /// Whether a transport is attached: input may flow.
    flowing: bool,
}

impl InputSender {
    /// Nothing typed yet; `window` bytes may be unacknowledged.
    pub fn new(window: u64) -> Self {
        Self {
            window,
            kept: VecDeque::new(),
            acked: 0,
            sent: 0,
            end: 0,
            flowing: false,
        }
    }

    /// The user typed or pasted these bytes.
    pub fn push(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(FRAME_PAYLOAD));
            let length = piece.len() as u64;
            self.kept.push_back(InputPiece {
                position: self.end,
                bytes: piece,
                more: !bytes.is_empty(),
            });
            self.end += length;
        }
    }

    /// The transport is gone; what follows waits.
    pub fn pause(&mut self) {
        self.flowing = false;
    }

    /// A transport is attached and the server has accepted input up to `accepted`. Returns the number of
    /// bytes that were typed and can't be sent again because they are no longer kept here: 0 unless the
    /// server lost its memory.
    pub fn resume(&mut self, accepted: InputPosition) -> u64 {
        self.flowing = true;
        let oldest = self
            .kept
            .front()
            .map_or(self.end, |piece| piece.position.max(self.acked));
        let lost = oldest.saturating_sub(accepted);
        self.sent = accepted.clamp(oldest, self.end);
        // A server that knows more than we ever sent counts for a page that shares our id: go on from there.
        if accepted > self.end {
            self.end = accepted;
            self.sent = accepted;
            self.acked = accepted;
            self.kept.clear();
        }
        lost
    }

    /// The server refused and expects `expected`.
    pub fn rewind(&mut self, expected: InputPosition) {
        self.sent = expected.clamp(self.acked, self.end);
    }

    /// Input before `position` is written to the PTY.
    pub fn ack(&mut self, position: InputPosition) {
        self.acked = self.acked.max(position.min(self.end));
        self.sent = self.sent.max(self.acked);
        while self
            .kept
            .front()
            .is_some_and(|piece| piece.position + piece.bytes.len() as u64 <= self.acked)
        {
            self.kept.pop_front();
        }
    }

    /// The next piece that may be sent now; call until `None`.
    pub fn next_piece(&mut self) -> Option<InputPiece> {
        if !self.flowing || self.sent == self.end || self.sent - self.acked >= self.window {
            return None;
        }
        let index = self
            .kept
            .partition_point(|piece| piece.position + piece.bytes.len() as u64 <= self.sent);
        let piece = self.kept.get(index)?;
        let skip = (self.sent - piece.position) as usize;
        let piece = InputPiece {
            position: self.sent,
            bytes: piece.bytes.slice(skip..),
            more: piece.more,
        };
        self.sent += piece.bytes.len() as u64;
        Some(piece)
    }

    /// End of what is known to be written.
    pub fn acknowledged(&self) -> InputPosition {
        self.acked
    }

    /// The bytes behind [`InputSender::acknowledged`], in pieces.
    pub fn kept(&self) -> Vec<Bytes> {
        self.kept
            .iter()
            .map(|piece| {
                let known = self.acked.saturating_sub(piece.position) as usize;
                piece.bytes.slice(known.min(piece.bytes.len())..)
            })
            .collect()
    }

    /// Bytes typed and not yet known to be written.
    pub fn unacknowledged(&self) -> u64 {
        self.end - self.acked
    }
}

/// The receiving half: what one client has sent to one life of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputReceiver {
    accepted: InputPosition,
}

impl InputReceiver {
    /// One that goes on where another was.
    pub fn at(accepted: InputPosition) -> Self {
        Self { accepted }
    }

    /// End of what was accepted.
    pub fn accepted(&self) -> InputPosition {
        self.accepted
    }

    /// Takes bytes that claim to begin at `position`: gives those that are new, none when all were known.
    ///
    /// # Errors
    /// [`InputRefusal::Missing`] when bytes before them never came; nothing is taken.
    pub fn accept(
        &mut self,
        position: InputPosition,
        mut bytes: Bytes,
    ) -> Result<Bytes, InputRefusal> {
        let known = self
            .accepted
            .checked_sub(position)
            .ok_or(InputRefusal::Missing)?;
        let known = usize::try_from(known)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let new = bytes.split_off(known);
        self.accepted += new.len() as u64;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain(sender: &mut InputSender) -> Vec<InputPiece> {
        std::iter::from_fn(|| sender.next_piece()).collect()
    }

    #[test]
    fn nothing_flows_before_a_transport_is_attached() {
        let mut sender = InputSender::new(1024);
        sender.push(Bytes::from_static(b"ls"));
        assert_eq!(drain(&mut sender), []);
        sender.resume(0);
        assert_eq!(drain(&mut sender).len(), 1);
    }

    #[test]
    fn a_large_paste_is_windowed_and_marked() {
        let mut sender = InputSender::new(2 * FRAME_PAYLOAD as u64);
        sender.resume(0);
        sender.push(Bytes::from(vec![b'x'; 3 * FRAME_PAYLOAD]));
        let first = drain(&mut sender);
        assert_eq!(
            first.iter().map(|piece| piece.more).collect::<Vec<_>>(),
            [true, true]
        );
        sender.ack(FRAME_PAYLOAD as u64);
        let second = drain(&mut sender);
        assert_eq!(
            second.iter().map(|piece| piece.more).collect::<Vec<_>>(),
            [false]
        );
    }

    #[test]
    fn a_gap_is_refused_and_takes_nothing() {
        let mut receiver = InputReceiver::default();
        assert_eq!(
            receiver.accept(1, Bytes::from_static(b"b")),
            Err(InputRefusal::Missing)
        );
        assert_eq!(receiver.accepted(), 0);
    }

    #[test]
    fn a_server_that_forgot_is_noticed() {
        let mut sender = InputSender::new(1024);
        sender.resume(0);
        sender.push(Bytes::from_static(b"abc"));
        drain(&mut sender);
        sender.ack(3);
        assert_eq!(sender.resume(0), 3);
    }

    proptest! {
        /// Whatever is cut, repeated or lost on the way, the receiver ends with exactly what was typed.
        #[test]
        fn every_key_once(
            typed in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
            fate in prop::collection::vec(0u8..6, 0..200),
        ) {
            let mut sender = InputSender::new(256);
            let mut receiver = InputReceiver::default();
            let mut got = Vec::new();
            let mut fate = fate.into_iter();
            let mut flying: Vec<InputPiece> = Vec::new();
            let mut queue = typed.iter();
            sender.resume(0);
            loop {
                if let Some(bytes) = queue.next() {
                    sender.push(Bytes::from(bytes.clone()));
                }
                flying.extend(drain(&mut sender));
                let mut deliver = |piece: InputPiece, receiver: &mut InputReceiver| {
                    if let Ok(new) = receiver.accept(piece.position, piece.bytes) {
                        got.extend_from_slice(&new);
                    }
                };
                match fate.next() {
                    // The transport is cut: what was flying is lost, and a new one resumes.
                    Some(0) => {
                        flying.clear();
                        sender.pause();
                        sender.resume(receiver.accepted());
                    }
                    // A request is carried out twice.
                    Some(1) => {
                        if let Some(piece) = flying.first().cloned() {
                            deliver(piece, &mut receiver);
                        }
                    }
                    // An acknowledgement arrives.
                    Some(2) => sender.ack(receiver.accepted()),
                    // The server refuses.
                    Some(3) => {
                        flying.clear();
                        sender.rewind(receiver.accepted());
                    }
                    Some(_) => {
                        if !flying.is_empty() {
                            let piece = flying.remove(0);
                            deliver(piece, &mut receiver);
                        }
                    }
                    None => {
                        for piece in flying.drain(..) {
                            deliver(piece, &mut receiver);
                        }
                        sender.ack(receiver.accepted());
                        if sender.unacknowledged() == 0 && queue.len() == 0 {
                            break;
                        }
                        sender.rewind(receiver.accepted());
                    }
                }
            }
            prop_assert_eq!(got, typed.concat());
        }
    }
}
