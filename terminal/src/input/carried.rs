//! Input on its way as it is handed over to another image of this process: no client's position moves, and what
//! waits goes on waiting.

use bowline_protocol::frame::InputPosition;
use bowline_protocol::ids::ClientId;
use bowline_protocol::input::InputReceiver;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Client, InputQueue, Paste, Piece, QUEUE_MAX, Rest};

/// Positions beyond it are nonsense.
const POSITION_MAX: u64 = 1 << 62;

/// All but the bytes that wait.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CarriedInput {
    clients: Vec<CarriedClient>,
    turns: Vec<ClientId>,
    paste: Option<CarriedPaste>,
    is_cut: bool,
    frames: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedClient {
    id: ClientId,
    accepted: InputPosition,
    written: InputPosition,
    #[serde(default)]
    used: u64,
    /// Their bytes are in the body, client after client.
    #[serde(default)]
    pieces: Vec<CarriedPiece>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedPiece {
    length: usize,
    #[serde(default)]
    more: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedPaste {
    client: ClientId,
    heard_ms: u64,
}

impl InputQueue {
    /// The queue, and the bytes that wait.
    pub(crate) fn carry(&self) -> (CarriedInput, Vec<Bytes>) {
        let mut waiting = Vec::new();
        let clients = self.clients.iter().map(|(id, client)| {
            waiting.extend(client.pieces.iter().map(|piece| piece.bytes.clone()));
            let pieces = client.pieces.iter().map(|piece| CarriedPiece {
                length: piece.bytes.len(),
                more: piece.rest == Rest::MoreFollows,
            });
            CarriedClient {
                id: *id,
                accepted: client.receiver.accepted(),
                written: client.written,
                used: client.used,
                pieces: pieces.collect(),
            }
        });
        let carried = CarriedInput {
            clients: clients.collect(),
            turns: self.turns.iter().copied().collect(),
            paste: self.paste.as_ref().map(|paste| CarriedPaste {
                client: paste.client,
                heard_ms: paste.heard_ms,
            }),
            is_cut: self.is_cut,
            frames: self.frames,
        };
        (carried, waiting)
    }

    /// Takes a queue up. `None`: it contradicts itself.
    pub(crate) fn take_up(carried: CarriedInput, mut waiting: Bytes) -> Option<Self> {
        let mut queue = Self {
            is_cut: carried.is_cut,
            frames: carried.frames.min(POSITION_MAX),
            queued: waiting.len(),
            ..Self::default()
        };
        for one in carried.clients {
            let mut client = Client {
                receiver: InputReceiver::at(one.accepted),
                written: one.written,
                // Those who were told are gone, and are told again as they come back.
                told: one.written,
                used: one.used,
                ..Client::default()
            };
            let mut unwritten = 0;
            for piece in one.pieces {
                if piece.length == 0 || piece.length > waiting.len() {
                    return None;
                }
                unwritten += piece.length as u64;
                client.pieces.push_back(Piece {
                    bytes: waiting.split_to(piece.length),
                    rest: match piece.more {
                        true => Rest::MoreFollows,
                        false => Rest::Last,
                    },
                });
            }
            let is_known = one.accepted <= POSITION_MAX
                && one.written.checked_add(unwritten) == Some(one.accepted);
            if !is_known || queue.clients.insert(one.id, client).is_some() {
                return None;
            }
        }
        let waits = |id: &ClientId| queue.clients.get(id).is_some_and(Client::waits);
        let all_known = carried.turns.iter().all(waits);
        queue.turns = carried.turns.into();
        queue.paste = carried.paste.map(|paste| Paste {
            client: paste.client,
            heard_ms: paste.heard_ms.min(POSITION_MAX),
        });
        let waiting_clients = queue.clients.values().filter(|client| client.waits());
        let is_whole = waiting.is_empty()
            && queue.queued <= QUEUE_MAX
            && all_known
            && waiting_clients.count() == queue.turns.len();
        is_whole.then_some(queue)
    }
}

impl Client {
    fn waits(&self) -> bool {
        !self.pieces.is_empty()
    }
}
