//! One client: its attachments, what it is to be told, and which transport serves it. All under one lock,
//! held for moments; sessions' locks are taken inside it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use bowline_protocol::codec::{BatchReader, BatchWriter, Framed};
use bowline_protocol::frame::{ClientFrame, InputRefusal, Limits, Notice, ServerFrame};
use bowline_protocol::ids::{ClientId, Generation, ServerId, SessionId};
use bowline_protocol::limits::{ATTACHMENTS, BATCH_PAYLOAD, FRAME_PAYLOAD, VERSION};
use bytes::Bytes;
use tokio::time::Instant;

use crate::input::Rest;
use crate::link::LinkError;
use crate::link::attachment::{Asked, Attachment, Served};
use crate::link::http::Lanes;
use crate::lock;
use crate::session::Session;
use crate::sessions::Sessions;
use crate::viewers::Shown;
use crate::wake::Wake;

/// Frames that may wait for a client, beyond what its attachments pull. When full the transport is
/// closed: the client comes back and is told everything whole as it attaches.
const OUTBOX_MAX: usize = 4096;

/// What carries a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Socket,
    Http,
}

#[derive(Debug)]
pub(crate) struct Viewer {
    client: ClientId,
    server: ServerId,
    sessions: Sessions,
    wake: Arc<Wake>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    /// The highest seen, and what it is; `None` before the first.
    serving: Option<(Generation, Kind)>,
    attachments: BTreeMap<SessionId, Attachment>,
    /// Attachments with something to send, in turn.
    queue: VecDeque<SessionId>,
    outbox: VecDeque<ServerFrame>,
    /// Polling only: sessions whose `Attached` may still be under way. Nothing is said of them by the other
    /// request, which might arrive first.
    pub(super) introduced: BTreeSet<SessionId>,
    pub(super) lanes: Lanes,
    /// Why the present transport is to be closed.
    failed: Option<LinkError>,
    closing: Closing,
    /// Transports or requests that are open.
    users: usize,
    used: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Open,
    /// What was to be said may still be said, in one batch.
    LastWord,
    Closed,
}

/// What a batch is built of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Everything that the client may be told.
    All,
    /// Output of these sessions only.
    OutputOf(&'a BTreeSet<SessionId>),
}

/// What the frames of a batch led to.
#[derive(Debug, Default)]
pub(super) struct Handled {
    pub(super) replies: Vec<ServerFrame>,
    /// Sessions attached by it.
    pub(super) attached: BTreeSet<SessionId>,
    /// Sessions it typed into.
    pub(super) typed: BTreeSet<SessionId>,
}

impl Viewer {
    pub(super) fn new(client: ClientId, server: ServerId, sessions: Sessions) -> Self {
        Self {
            client,
            server,
            sessions,
            wake: Arc::new(Wake::new()),
            state: Mutex::new(State {
                serving: None,
                attachments: BTreeMap::new(),
                queue: VecDeque::new(),
                outbox: VecDeque::new(),
                introduced: BTreeSet::new(),
                lanes: Lanes::default(),
                failed: None,
                closing: Closing::Open,
                users: 0,
                used: Instant::now(),
            }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn wake(&self) -> &Wake {
        &self.wake
    }

    /// A transport opens: all others end, and nothing is said of a session before it is attached again.
    pub(super) fn open(
        &self,
        generation: Generation,
        kind: Kind,
        workspace: Option<u64>,
    ) -> Result<(), LinkError> {
        let mut state = self.state();
        if state.serving.is_some_and(|(seen, _)| generation <= seen) {
            return Err(LinkError::Superseded);
        }
        state.serving = Some((generation, kind));
        state.outbox.clear();
        state.introduced.clear();
        state.lanes = Lanes::default();
        state.failed = None;
        for attachment in state.attachments.values_mut() {
            attachment.suspend();
        }
        if let Some(revision) = workspace {
            let notice = Notice::Workspace { revision };
            state.outbox.push_back(ServerFrame::Notice { notice });
        }
        drop(state);
        self.wake.ring();
        Ok(())
    }

    /// Whether a request of this generation may be served.
    pub(super) fn check_http(&self, generation: Generation) -> Result<(), LinkError> {
        match self.state().serving {
            Some((seen, _)) if generation < seen => Err(LinkError::Superseded),
            Some((seen, Kind::Socket)) if generation == seen => Err(LinkError::Superseded),
            _ => Ok(()),
        }
    }

    /// Ends all transports, after one more batch.
    pub(super) fn close(&self) {
        self.state().closing = Closing::LastWord;
        self.wake.ring();
    }

    pub(super) fn touch(&self) {
        self.state().used = Instant::now();
    }

    /// A transport or a request begins to use the viewer.
    pub(super) fn enter(&self) {
        self.state().users += 1;
    }

    /// It no longer does.
    pub(super) fn exit(&self) {
        let mut state = self.state();
        state.users -= 1;
        state.used = Instant::now();
    }

    /// Since when no transport and no request uses the viewer.
    pub(super) fn unused_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.users == 0).then_some(state.used)
    }

    pub(super) fn notify(&self, notice: Notice) {
        let mut state = self.state();
        // Only the newest revision matters.
        if let Notice::Workspace { .. } = notice {
            state.outbox.retain(|frame| {
                !matches!(
                    frame,
                    ServerFrame::Notice {
                        notice: Notice::Workspace { .. }
                    }
                )
            });
        }
        state.tell([ServerFrame::Notice { notice }]);
        drop(state);
        self.wake.ring();
    }

    /// Carries out every frame of a batch. Frames before a malformed one count; the transport ends there.
    pub(super) fn handle(
        &self,
        state: &mut State,
        generation: Generation,
        batch: Bytes,
    ) -> Result<Handled, LinkError> {
        let handled = self.try_handle(state, generation, batch);
        if let Err(error) = &handled {
            state.fail(error.clone());
        }
        handled
    }

    fn try_handle(
        &self,
        state: &mut State,
        generation: Generation,
        batch: Bytes,
    ) -> Result<Handled, LinkError> {
        let mut handled = Handled::default();
        let mut greeted = false;
        for framed in BatchReader::<ClientFrame>::new(batch) {
            let framed = framed?;
            greeted |= matches!(framed.frame, ClientFrame::Hello { .. });
            self.handle_frame(state, generation, framed, &mut handled)?;
        }
        if greeted {
            // What a greeting doesn't take up again the client has left.
            state
                .attachments
                .retain(|_, attachment| attachment.is_current());
        }
        if handled.replies.len() > OUTBOX_MAX {
            return Err(LinkError::Overflow);
        }
        Ok(handled)
    }

    fn handle_frame(
        &self,
        state: &mut State,
        generation: Generation,
        framed: Framed<ClientFrame>,
        handled: &mut Handled,
    ) -> Result<(), LinkError> {
        match framed.frame {
            ClientFrame::Hello {
                client,
                generation: said,
                versions,
                proof: _,
            } => {
                if (client, said) != (self.client, generation) {
                    return Err(LinkError::WrongClient);
                }
                if !versions.contains(&VERSION) {
                    return Err(LinkError::TooOld {
                        spoken: versions,
                        served: VERSION,
                    });
                }
                handled.replies.push(ServerFrame::Welcome {
                    versions: vec![VERSION],
                    server: self.server,
                    generation,
                    limits: Limits::default(),
                });
            }
            ClientFrame::Attach {
                session,
                from,
                mode,
                size,
            } => {
                let asked = Asked { from, mode, size };
                self.attach(state, session, asked, handled)?;
            }
            ClientFrame::Detach { session } => {
                state.attachments.remove(&session);
                state.introduced.remove(&session);
            }
            ClientFrame::View {
                session,
                visible,
                focused,
                colours: _,
            } => {
                if let Some(attachment) = state.attachments.get_mut(&session) {
                    let shown = if visible {
                        Shown::Visible
                    } else {
                        Shown::Hidden
                    };
                    attachment.view(shown, focused);
                    state.enqueue(session);
                }
            }
            ClientFrame::Input {
                session,
                log,
                position,
                more,
            } => {
                handled.typed.insert(session);
                let Some(found) = self.find(state, session) else {
                    handled.replies.push(ServerFrame::Gone { session });
                    return Ok(());
                };
                let rest = if more { Rest::MoreFollows } else { Rest::Last };
                let refused = if found.shared().log.id() == log {
                    let taken = found.input(self.client, Some(position), framed.payload, rest);
                    taken
                        .err()
                        .map(|refused| (refused.expected, refused.reason))
                } else {
                    let expected = found.shared().input.accepted(self.client);
                    Some((expected, InputRefusal::OtherLog))
                };
                if let Some((expected, reason)) = refused {
                    handled.replies.push(ServerFrame::InputRefused {
                        session,
                        expected,
                        reason,
                    });
                }
            }
            ClientFrame::Resize { session, size } => {
                // A size that no terminal can have is nobody's wish.
                if let (Some(attachment), Some(size)) =
                    (state.attachments.get(&session), size.checked())
                {
                    attachment.session().wish(self.client, size);
                }
            }
            ClientFrame::Ack {
                session,
                received: _,
                parsed,
            } => {
                if let Some(attachment) = state.attachments.get_mut(&session) {
                    attachment.parsed(parsed);
                    state.enqueue(session);
                }
            }
            ClientFrame::Ping { t } => handled.replies.push(ServerFrame::Pong { t }),
        }
        Ok(())
    }

    fn find(&self, state: &State, session: SessionId) -> Option<Arc<Session>> {
        // An attachment knows its session even when the registry has forgotten it.
        state
            .attachments
            .get(&session)
            .map(|attachment| attachment.session().clone())
            .or_else(|| self.sessions.find(session))
    }

    fn attach(
        &self,
        state: &mut State,
        session: SessionId,
        asked: Asked,
        handled: &mut Handled,
    ) -> Result<(), LinkError> {
        let Some(found) = self.find(state, session) else {
            handled.replies.push(ServerFrame::Gone { session });
            return Ok(());
        };
        if state.attachments.len() >= ATTACHMENTS && !state.attachments.contains_key(&session) {
            return Err(LinkError::TooManyAttachments);
        }
        let attachment = state
            .attachments
            .entry(session)
            .or_insert_with(|| Attachment::new(self.client, found));
        let reply = attachment.attach(asked, self.wake.clone());
        handled.replies.push(reply);
        handled.attached.insert(session);
        state.enqueue(session);
        Ok(())
    }

    /// A poll's acknowledgement: output goes on from what has arrived.
    pub(super) fn on_poll_ack(
        &self,
        state: &mut State,
        session: SessionId,
        received: u64,
        parsed: u64,
    ) -> Option<ServerFrame> {
        if let Some(attachment) = state.attachments.get_mut(&session) {
            attachment.go_on_from(received);
            attachment.parsed(parsed);
            state.introduced.remove(&session);
            state.enqueue(session);
            return None;
        }
        let known = self.sessions.find(session).is_some();
        (!known).then_some(ServerFrame::Gone { session })
    }

    /// One batch of what there is to say, after `replies`.
    pub(super) fn build(
        &self,
        state: &mut State,
        scope: Scope<'_>,
        replies: &[ServerFrame],
    ) -> Bytes {
        for session in self.wake.take() {
            state.enqueue(session);
        }
        let mut writer = BatchWriter::default();
        for frame in replies {
            writer.push(frame);
        }
        match scope {
            Scope::All => {
                for frame in state.outbox.drain(..) {
                    writer.push(&frame);
                }
                state.say(&mut writer);
                state.serve(&mut writer);
            }
            Scope::OutputOf(sessions) => state.serve_only(sessions, &mut writer),
        }
        writer.take()
    }
}

impl State {
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

    fn enqueue(&mut self, session: SessionId) {
        if let Some(attachment) = self.attachments.get_mut(&session)
            && !attachment.queued
        {
            attachment.queued = true;
            self.queue.push_back(session);
        }
    }

    fn say(&mut self, writer: &mut BatchWriter) {
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
    fn serve(&mut self, writer: &mut BatchWriter) {
        let mut held_back = VecDeque::new();
        while writer.len() < BATCH_PAYLOAD
            && let Some(session) = self.queue.pop_front()
        {
            if self.introduced.contains(&session) {
                held_back.push_back(session);
                continue;
            }
            let Some(attachment) = self.attachments.get_mut(&session) else {
                continue;
            };
            let room = (BATCH_PAYLOAD - writer.len()).min(FRAME_PAYLOAD);
            match attachment.serve(writer, room) {
                Served::More => self.queue.push_back(session),
                Served::Done => attachment.queued = false,
            }
        }
        self.queue.append(&mut held_back);
    }

    fn serve_only(&mut self, sessions: &BTreeSet<SessionId>, writer: &mut BatchWriter) {
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
