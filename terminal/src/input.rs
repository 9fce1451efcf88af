//! Input of many clients on its way to one PTY: each byte once, in order, pastes whole. Pure; the caller
//! gives the time.
//!
//! What a client sent is remembered for the session's life (the last [`CLIENTS_MAX`] clients): forgetting
//! it would type twice.

mod carried;

use std::collections::{HashMap, VecDeque};

use bowline_protocol::frame::{InputPosition, InputRefusal};
use bowline_protocol::ids::ClientId;
use bowline_protocol::input::InputReceiver;
use bytes::{Bytes, BytesMut};

pub(crate) use carried::CarriedInput;

/// Clients remembered; beyond it the one that was silent longest is forgotten.
const CLIENTS_MAX: usize = 1024;
/// Bytes that may wait for the program. What lies beyond is refused, and the client keeps it.
const QUEUE_MAX: usize = 1024 * 1024;
/// Keys that wait are kept in pieces of at least this length, so that a byte costs a byte.
const PIECE_MIN: usize = 4096;
/// A paste whose rest doesn't come holds others up this long, milliseconds.
const PASTE_SILENCE_MS: u64 = 1000;

/// Input was refused; the client goes on from `expected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) expected: InputPosition,
    pub(crate) reason: InputRefusal,
}

/// Whether more of the same paste follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    Last,
    MoreFollows,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    rest: Rest,
}

#[derive(Debug, Default)]
struct Client {
    receiver: InputReceiver,
    written: InputPosition,
    /// What of that its viewers were told.
    told: InputPosition,
    pieces: VecDeque<Piece>,
    /// When it last sent something, in frames taken by the queue.
    used: u64,
}

/// A client's paste is under way: others wait.
#[derive(Debug)]
struct Paste {
    client: ClientId,
    heard_ms: u64,
}

/// All input of one session.
#[derive(Debug, Default)]
pub(crate) struct InputQueue {
    clients: HashMap<ClientId, Client>,
    /// Clients with pieces, in the order of their turns.
    turns: VecDeque<ClientId>,
    paste: Option<Paste>,
    /// The front is written in part.
    is_cut: bool,
    queued: usize,
    frames: u64,
}

impl InputQueue {
    /// End of what was accepted from a client.
    pub(crate) fn accepted(&self, client: ClientId) -> InputPosition {
        self.clients
            .get(&client)
            .map_or(0, |client| client.receiver.accepted())
    }

    /// A client is told how much of its input is written: that much.
    pub(crate) fn tell(&mut self, client: ClientId) -> InputPosition {
        let Some(client) = self.clients.get_mut(&client) else {
            return 0;
        };
        client.told = client.written;
        client.written
    }

    /// Clients that were not told yet how much is written.
    pub(crate) fn untold(&self) -> impl Iterator<Item = ClientId> {
        let untold = |client: &Client| client.written > client.told;
        self.clients
            .iter()
            .filter(move |(_, client)| untold(client))
            .map(|(id, _)| *id)
    }

    /// Takes what is new of `bytes`, which begin at `position` (`None` = behind all before). Gives the end
    /// of what is accepted now.
    pub(crate) fn accept(
        &mut self,
        id: ClientId,
        position: Option<InputPosition>,
        bytes: Bytes,
        rest: Rest,
        now_ms: u64,
    ) -> Result<InputPosition, Refused> {
        if !self.clients.contains_key(&id) {
            self.make_room();
        }
        self.frames += 1;
        let client = self.clients.entry(id).or_default();
        client.used = self.frames;
        let expected = client.receiver.accepted();
        let position = position.unwrap_or(expected);
        let new = (position + bytes.len() as u64).saturating_sub(expected);
        if self.queued as u64 + new > QUEUE_MAX as u64 {
            let reason = InputRefusal::Full;
            return Err(Refused { expected, reason });
        }
        let new = client
            .receiver
            .accept(position, bytes)
            .map_err(|reason| Refused { expected, reason })?;
        let accepted = client.receiver.accepted();
        if let Some(paste) = self.paste.as_mut().filter(|paste| paste.client == id) {
            paste.heard_ms = now_ms;
        }
        if new.is_empty() {
            return Ok(accepted);
        }
        self.queued += new.len();
        if client.pieces.is_empty() {
            self.turns.push_back(id);
        }
        match client.pieces.back_mut() {
            Some(last) if last.rest == rest && last.bytes.len() + new.len() <= PIECE_MIN => {
                let mut joined = BytesMut::with_capacity(last.bytes.len() + new.len());
                joined.extend_from_slice(&last.bytes);
                joined.extend_from_slice(&new);
                last.bytes = joined.freeze();
            }
            _ => client.pieces.push_back(Piece { bytes: new, rest }),
        }
        Ok(accepted)
    }

    /// What is to be written next. [`InputQueue::wrote`] takes it off.
    pub(crate) fn front(&mut self, now_ms: u64) -> Option<Bytes> {
        if let Some(paste) = &self.paste {
            let client = self.clients.get(&paste.client);
            if client.is_none_or(|client| client.pieces.is_empty()) {
                if now_ms < paste.heard_ms + PASTE_SILENCE_MS {
                    return None;
                }
                self.paste = None;
            } else {
                // It may have rejoined behind others while it was empty.
                let turn = self.turns.iter().position(|id| *id == paste.client)?;
                self.turns.rotate_left(turn);
            }
        }
        let client = self.clients.get(self.turns.front()?)?;
        client.pieces.front().map(|piece| piece.bytes.clone())
    }

    /// Whether something else may be written now without coming into the middle of a paste or a key.
    pub(crate) fn is_between_keys(&self) -> bool {
        self.paste.is_none() && !self.is_cut
    }

    /// When [`InputQueue::front`] may give something again although nobody said anything.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        let paste = self.paste.as_ref()?;
        let silent = self
            .clients
            .get(&paste.client)
            .is_none_or(|client| client.pieces.is_empty());
        (silent && !self.turns.is_empty()).then_some(paste.heard_ms + PASTE_SILENCE_MS)
    }

    /// `count` bytes of the front are written. Gives whose they were.
    pub(crate) fn wrote(&mut self, count: usize, now_ms: u64) -> Option<ClientId> {
        let id = *self.turns.front()?;
        let client = self.clients.get_mut(&id)?;
        let piece = client.pieces.front_mut()?;
        client.written += count as u64;
        self.queued -= count;
        self.is_cut = count < piece.bytes.len();
        if self.is_cut {
            piece.bytes = piece.bytes.split_off(count);
            return Some(id);
        }
        self.paste = match piece.rest {
            Rest::MoreFollows => Some(Paste {
                client: id,
                heard_ms: self
                    .paste
                    .as_ref()
                    .filter(|paste| paste.client == id)
                    .map_or(now_ms, |paste| paste.heard_ms),
            }),
            Rest::Last => None,
        };
        client.pieces.pop_front();
        self.turns.pop_front();
        if !client.pieces.is_empty() {
            self.turns.push_back(id);
        }
        Some(id)
    }

    /// Nobody will read it any more: everything accepted counts as written, so that no client keeps it.
    pub(crate) fn discard(&mut self) {
        for client in self.clients.values_mut() {
            client.written = client.receiver.accepted();
            client.pieces.clear();
        }
        self.turns.clear();
        self.paste = None;
        self.is_cut = false;
        self.queued = 0;
    }

    /// Forgets the client that was silent longest, if there are too many.
    fn make_room(&mut self) {
        if self.clients.len() < CLIENTS_MAX {
            return;
        }
        let oldest = self
            .clients
            .iter()
            .filter(|(_, client)| client.pieces.is_empty())
            .min_by_key(|(_, client)| client.used)
            .map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.clients.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> ClientId {
        ClientId::from_bytes([number; 16])
    }

    fn drain(queue: &mut InputQueue, now_ms: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(bytes) = queue.front(now_ms) {
            // Partial writes, as a PTY makes them.
            let count = bytes.len().min(3);
            out.extend_from_slice(&bytes[..count]);
            queue.wrote(count, now_ms);
        }
        out
    }

    #[test]
    fn a_repeated_request_types_once() {
        let mut queue = InputQueue::default();
        for _ in 0..2 {
            let end = queue.accept(client(1), Some(0), "ls\n".into(), Rest::Last, 0);
            assert_eq!(end, Ok(3));
        }
        assert_eq!(drain(&mut queue, 0), b"ls\n");
        assert_eq!(queue.tell(client(1)), 3);
    }

    #[test]
    fn a_paste_is_not_interleaved_until_its_client_falls_silent() {
        let mut queue = InputQueue::default();
        let more = Rest::MoreFollows;
        let accept = |queue: &mut InputQueue, number, text: &'static str, rest, now_ms| {
            queue
                .accept(client(number), None, text.into(), rest, now_ms)
                .expect("accepted");
        };
        accept(&mut queue, 1, "paste-", more, 0);
        accept(&mut queue, 2, "key", Rest::Last, 0);
        assert_eq!(drain(&mut queue, 0), b"paste-");
        assert_eq!(queue.deadline_ms(), Some(PASTE_SILENCE_MS));
        accept(&mut queue, 1, "more-", more, 500);
        accept(&mut queue, 1, "end", Rest::Last, 500);
        assert_eq!(drain(&mut queue, 500), b"more-endkey");

        accept(&mut queue, 1, "half", more, 1000);
        assert_eq!(drain(&mut queue, 1000), b"half");
        accept(&mut queue, 2, "key", Rest::Last, 1000);
        assert_eq!(drain(&mut queue, 1999), b"");
        assert_eq!(drain(&mut queue, 2000), b"key");
    }

    #[test]
    fn a_full_queue_refuses_and_takes_nothing() {
        let mut queue = InputQueue::default();
        let big = Bytes::from(vec![b'x'; QUEUE_MAX]);
        assert!(queue.accept(client(1), None, big, Rest::Last, 0).is_ok());
        let refused = queue.accept(client(2), None, "y".into(), Rest::Last, 0);
        let reason = InputRefusal::Full;
        assert_eq!(
            refused,
            Err(Refused {
                expected: 0,
                reason
            })
        );
        queue.discard();
        assert_eq!(queue.tell(client(1)), QUEUE_MAX as u64);
        let taken = queue.accept(client(2), None, "y".into(), Rest::Last, 0);
        assert_eq!(taken, Ok(1));
    }

    #[test]
    fn a_gap_says_where_to_go_on() {
        let mut queue = InputQueue::default();
        let refused = queue.accept(client(1), Some(5), "y".into(), Rest::Last, 0);
        let reason = InputRefusal::Missing;
        assert_eq!(
            refused,
            Err(Refused {
                expected: 0,
                reason
            })
        );
    }

    #[test]
    fn the_client_that_was_silent_longest_is_forgotten() {
        let mut queue = InputQueue::default();
        let id = |number: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            ClientId::from_bytes(bytes)
        };
        for number in 0..=CLIENTS_MAX {
            queue
                .accept(id(number), None, "k".into(), Rest::Last, 0)
                .expect("accepted");
            drain(&mut queue, 0);
        }
        assert_eq!(queue.clients.len(), CLIENTS_MAX);
        assert_eq!(queue.accepted(id(0)), 0);
        assert_eq!(queue.accepted(id(1)), 1);
    }
}
