//! The polling transport of one generation: two requests, each one in flight and numbered. Pure.
//!
//! A request whose answer never arrived is sent again under its number, so that it is carried out once.
//! A poll that was held and cut shortens the hold; failures that come at once and in a row mean that
//! nobody is there.

use bytes::Bytes;

use crate::client::attachments::Attachments;
use crate::client::cadence::{Attention, Cadence};
use crate::client::{Answer, Effect};
use crate::codec::{BatchWriter, Framed};
use crate::frame::ClientFrame;
use crate::ids::Generation;
use crate::limits::CLIENT_BATCH;

/// A failure sooner than this after the request is not a cut of a held answer, milliseconds.
const AT_ONCE_MS: u64 = 250;
/// This many of them in a row: nobody is there.
const AT_ONCE_MAX: u32 = 3;
/// How long a send may wait for the echo when polls are short, milliseconds.
const ECHO_HOLD_MS: u32 = 5;

/// The two requests of the polling transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// `POST link/poll`: output, held.
    Poll,
    /// `POST link/send`: everything that changes something.
    Send,
}

/// What an answer means.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Not about this transport, or not the request in flight.
    Ignore,
    /// Frames of the server.
    Read(Bytes),
    /// Nothing to read; call [`Polling::advance`].
    GoOn,
    /// Nobody is there.
    Lost,
    /// The server serves a higher generation.
    Superseded,
    /// Somebody wants us to sign in.
    Unauthenticated,
}

/// One of the two requests.
#[derive(Debug, Default)]
struct Lane {
    seq: u64,
    /// The body of the request that has no answer yet.
    body: Option<Bytes>,
    /// When it was sent; `None` while it waits to be sent again.
    sent_ms: Option<u64>,
    /// Not before this time.
    not_before_ms: u64,
    at_once: u32,
}

impl Lane {
    fn in_flight(&self) -> bool {
        self.sent_ms.is_some()
    }

    /// The request failed after `elapsed`: it will be sent again. Returns whether nobody is there.
    fn on_failure(&mut self, elapsed_ms: u64, now_ms: u64) -> bool {
        self.sent_ms = None;
        if elapsed_ms < AT_ONCE_MS {
            self.at_once += 1;
            self.not_before_ms = now_ms + (50 << self.at_once.min(4));
        } else {
            self.at_once = 0;
            self.not_before_ms = now_ms;
        }
        self.at_once >= AT_ONCE_MAX
    }

    fn on_answer(&mut self) {
        self.sent_ms = None;
        self.body = None;
        self.seq += 1;
        self.at_once = 0;
        self.not_before_ms = 0;
    }
}

/// The transport.
#[derive(Debug)]
pub(super) struct Polling {
    generation: Generation,
    cadence: Cadence,
    poll: Lane,
    send: Lane,
    queue: Vec<Framed<ClientFrame>>,
    /// The greeting is answered: polls may start.
    greeted: bool,
}

impl Polling {
    pub(super) fn new(generation: Generation, greeting: Bytes, hold_ms: u32) -> Self {
        Self {
            generation,
            cadence: Cadence::new(hold_ms),
            poll: Lane::default(),
            send: Lane {
                body: Some(greeting),
                ..Lane::default()
            },
            queue: Vec::new(),
            greeted: false,
        }
    }

    /// A frame to be sent. The queue is bounded by the page's input window.
    pub(super) fn queue(&mut self, framed: &Framed<ClientFrame>) {
        self.queue.push(framed.clone());
    }

    /// The pause before the next poll is cut short.
    pub(super) fn hurry(&mut self, now_ms: u64) {
        if self.poll.at_once == 0 {
            self.poll.not_before_ms = self.poll.not_before_ms.min(now_ms);
        }
    }

    /// When something is due without any event.
    pub(super) fn deadline(&self) -> Option<u64> {
        let due =
            |lane: &Lane, ready: bool| (!lane.in_flight() && ready).then_some(lane.not_before_ms);
        let poll = due(&self.poll, self.greeted);
        let send = due(&self.send, self.send.body.is_some());
        poll.into_iter().chain(send).min()
    }

    /// Sends what may be sent.
    pub(super) fn advance(
        &mut self,
        attachments: &mut Attachments,
        attention: Attention,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        if !self.send.in_flight() && self.send.not_before_ms <= now_ms {
            if self.send.body.is_none() && !self.queue.is_empty() {
                self.send.body = Some(self.take_queue());
            }
            if let Some(batch) = self.send.body.clone() {
                self.send.sent_ms = Some(now_ms);
                effects.push(Effect::Http {
                    generation: self.generation,
                    request: Request::Send,
                    seq: self.send.seq,
                    batch,
                    hold_ms: if self.greeted && self.cadence.is_short() {
                        ECHO_HOLD_MS
                    } else {
                        0
                    },
                });
            }
        }
        if self.greeted && !self.poll.in_flight() && self.poll.not_before_ms <= now_ms {
            let batch = self.poll.body.take().unwrap_or_else(|| {
                let mut batch = BatchWriter::default();
                attachments
                    .all_acks()
                    .iter()
                    .for_each(|ack| batch.push(ack));
                batch.take()
            });
            self.poll.body = Some(batch.clone());
            self.poll.sent_ms = Some(now_ms);
            effects.push(Effect::Http {
                generation: self.generation,
                request: Request::Poll,
                seq: self.poll.seq,
                batch,
                hold_ms: self.cadence.hold_ms(attention),
            });
            self.poll.not_before_ms = now_ms + self.cadence.pause_ms(attention);
        }
    }

    /// As much of the queue as one request may carry.
    fn take_queue(&mut self) -> Bytes {
        let mut batch = BatchWriter::default();
        let mut taken = 0;
        for framed in &self.queue {
            if !batch.is_empty() && batch.len() + framed.payload.len() + 256 > CLIENT_BATCH {
                break;
            }
            batch.push_parts(&framed.frame, std::slice::from_ref(&framed.payload));
            taken += 1;
        }
        self.queue.drain(..taken);
        batch.take()
    }

    /// How long a request has been under way.
    pub(super) fn under_way_ms(&self, request: Request, now_ms: u64) -> Option<u64> {
        let lane = match request {
            Request::Poll => &self.poll,
            Request::Send => &self.send,
        };
        Some(now_ms.saturating_sub(lane.sent_ms?))
    }

    /// What an answer means.
    pub(super) fn on_answer(
        &mut self,
        generation: Generation,
        request: Request,
        seq: u64,
        answer: Answer,
        now_ms: u64,
    ) -> Outcome {
        let lane = match request {
            Request::Poll => &mut self.poll,
            Request::Send => &mut self.send,
        };
        let Some(sent_ms) = lane.sent_ms else {
            return Outcome::Ignore;
        };
        if generation != self.generation || seq != lane.seq {
            return Outcome::Ignore;
        }
        match answer {
            Answer::Batch(batch) => {
                let not_before = lane.not_before_ms;
                lane.on_answer();
                match request {
                    // The pause counts from the request, so that short polls keep their pace.
                    Request::Poll => lane.not_before_ms = not_before,
                    Request::Send => self.greeted = true,
                }
                Outcome::Read(batch)
            }
            Answer::Failed => {
                let elapsed = now_ms.saturating_sub(sent_ms);
                let lost = lane.on_failure(elapsed, now_ms);
                if request == Request::Poll && elapsed >= AT_ONCE_MS {
                    self.cadence.on_cut();
                }
                if lost || (request == Request::Send && !self.greeted) {
                    Outcome::Lost
                } else {
                    Outcome::GoOn
                }
            }
            Answer::Superseded => Outcome::Superseded,
            Answer::Unauthenticated => Outcome::Unauthenticated,
        }
    }
}
