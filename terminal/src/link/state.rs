//! What one client's viewer remembers: attachments, what is to be told, who is served, and in which turn
//! sessions are. Pure bookkeeping: [`super::viewer`] reads frames and wakes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bowline_protocol::codec::BatchWriter;
use bowline_protocol::frame::ServerFrame;
use bowline_protocol::ids::{ClientId, Generation, SessionId};
use bowline_protocol::limits::{BATCH_PAYLOAD, FRAME_PAYLOAD};
use tokio::time::Instant;

use crate::link::LinkError;
use crate::link::attachment::{Attachment, Served};
use crate::link::http::Lanes;
use crate::link::viewer::Kind;
use crate::viewers::Reach;

/// Frames that may wait for a client, beyond what its attachments pull. When full the transport is
/// closed: the client comes back and is told everything whole as it attaches.
pub(super) const OUTBOX_MAX: usize = 4096;

/// What the first batch of a transport may hold, bytes; the next ones twice as much each. Some ways cut a
/// connection whenever it has carried so much: a batch that is longer would never come through whole, and be
/// sent for ever.
const FIRST_BATCH: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct State {
    /// The highest seen, and what it is; `None` before the first.
    pub(super) serving: Option<(Generation, Kind)>,
    pub(super) attachments: BTreeMap<SessionId, Attachment>,
    /// Attachments with something to send, in turn.
    queue: VecDeque<SessionId>,
    /// What the next batch may hold, bytes.
    batch: usize,
    pub(super) outbox: VecDeque<ServerFrame>,
    /// Polling only: sessions whose `Attached` may still be under way. Nothing is said of them by the other
    /// request, which might arrive first.
    pub(super) introduced: BTreeSet<SessionId>,
    pub(super) lanes: Lanes,
    /// Why the present transport is to be closed.
    failed: Option<LinkError>,
    pub(super) closing: Closing,
    /// Transports or requests that are open.
    pub(super) users: usize,
    pub(super) used: Instant,
    /// Its page can't be reached, and its sessions know.
    pub(super) is_away: bool,
}

/// Whether the server ends its transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Open,
    /// What was to be said may still be said, in one batch.
    LastWord,
    Closed,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            serving: None,
            attachments: BTreeMap::new(),
            queue: VecDeque::new(),
            batch: FIRST_BATCH,
            outbox: VecDeque::new(),
            introduced: BTreeSet::new(),
            lanes: Lanes::default(),
            failed: None,
            closing: Closing::Open,
            users: 0,
            used: Instant::now(),
            is_away: false,
        }
    }

    /// Tells every session whether the client's page can be reached.
    pub(super) fn reach(&mut self, client: ClientId, reach: Reach) {
        self.is_away = reach == Reach::Away;
        for attachment in self.attachments.values() {
            attachment.session().reach(client, reach);
        }
    }

    /// Forgets what only the last transport was to be told; of no session anything is said before it is
    /// attached again.
    pub(super) fn start_transport(&mut self) {
        self.batch = FIRST_BATCH;
        self.outbox.clear();
        self.introduced.clear();
        self.lanes = Lanes::default();
        self.failed = None;
        for attachment in self.attachments.values_mut() {
            attachment.suspend();
        }
    }

    /// Whether a transport of this generation is served; its error if not.
    pub(super) fn check(&self, generation: Generation) -> Result<(), LinkError> {
        if self.closing == Closing::Closed {
            return Err(LinkError::Closed);
        }
        match self.serving {
            Some((serving, _)) if serving == generation => {}
            _ => return Err(LinkError::Superseded),
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Ends the present transport.
    pub(super) fn fail(&mut self, error: LinkError) {
        self.failed = Some(error);
    }

    pub(super) fn generation(&self) -> Option<Generation> {
        self.serving.map(|(generation, _)| generation)
    }

    /// Whether the server ends its transports; what is built now is the last word.
    pub(super) fn last_word(&mut self) -> bool {
        let last = self.closing == Closing::LastWord;
        if last {
            self.closing = Closing::Closed;
        }
        last
    }

    /// Frames for the client, in order.
    pub(super) fn tell(&mut self, frames: impl IntoIterator<Item = ServerFrame>) {
        self.outbox.extend(frames);
        if self.outbox.len() > OUTBOX_MAX {
            self.outbox.clear();
            self.failed = Some(LinkError::Overflow);
        }
    }

    pub(super) fn enqueue(&mut self, session: SessionId) {
        if let Some(attachment) = self.attachments.get_mut(&session)
            && !attachment.queued
        {
            attachment.queued = true;
            self.queue.push_back(session);
        }
    }

    pub(super) fn say(&mut self, writer: &mut BatchWriter) {
        for session in &self.queue {
            if !self.introduced.contains(session)
                && let Some(attachment) = self.attachments.get_mut(session)
            {
                attachment.say(writer);
            }
        }
    }

    /// One frame of each in turn, until nobody has more or the batch is full: a flood doesn't keep another
    /// session's echo waiting.
    pub(super) fn serve(&mut self, writer: &mut BatchWriter) {
        let mut held_back = VecDeque::new();
        let most = self.batch;
        while writer.len() < most
            && let Some(session) = self.queue.pop_front()
        {
            if self.introduced.contains(&session) {
                held_back.push_back(session);
                continue;
            }
            let Some(attachment) = self.attachments.get_mut(&session) else {
                continue;
            };
            let room = (most - writer.len()).min(FRAME_PAYLOAD);
            match attachment.serve(writer, room) {
                Served::More => self.queue.push_back(session),
                Served::Done => attachment.queued = false,
            }
        }
        self.queue.append(&mut held_back);
        if writer.len() >= most {
            self.batch = (2 * most).min(BATCH_PAYLOAD);
        }
    }

    pub(super) fn serve_only(&mut self, sessions: &BTreeSet<SessionId>, writer: &mut BatchWriter) {
        for session in sessions {
            let Some(attachment) = self.attachments.get_mut(session) else {
                continue;
            };
            while writer.len() < BATCH_PAYLOAD {
                let room = (BATCH_PAYLOAD - writer.len()).min(FRAME_PAYLOAD);
                if attachment.serve(writer, room) == Served::Done {
                    break;
                }
            }
        }
    }
}
