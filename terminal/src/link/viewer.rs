//! One client: its attachments, what it is to be told, and which transport serves it. All under one lock,
//! held for moments; sessions' locks are taken inside it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use bowline_protocol::codec::{BatchReader, BatchWriter, Framed};
use bowline_protocol::frame::{ClientFrame, InputRefusal, Limits, Mode, Notice, ServerFrame, Size};
use bowline_protocol::ids::{ClientId, Generation, ServerId, SessionId};
use bowline_protocol::limits::{ATTACHMENTS, VERSION};
use bytes::Bytes;
use tokio::time::Instant;

use crate::input::Rest;
use crate::link::LinkError;
use crate::link::attachment::{Asked, Attachment};
use crate::link::state::{Closing, OUTBOX_MAX, State};
use crate::lock;
use crate::session::Session;
use crate::sessions::Sessions;
use crate::viewers::{Reach, Shown, View};
use crate::wake::Wake;

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
            state: Mutex::new(State::new()),
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
        state.start_transport();
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
        let mut state = self.state();
        state.users += 1;
        if state.is_away {
            state.reach(self.client, Reach::There);
        }
    }

    /// If nobody uses the viewer since before `then`, its page is taken to be gone for now: it sees nothing.
    pub(super) fn leave_if_unused_since(&self, then: Instant) {
        let mut state = self.state();
        if !state.is_away && state.users == 0 && state.used <= then {
            state.reach(self.client, Reach::Away);
        }
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
                let asked = Asked {
                    from,
                    mode,
                    size,
                    shown: Shown::Visible,
                };
                self.attach(state, session, asked, handled)?;
            }
            ClientFrame::Follow { session } => {
                let asked = Asked {
                    from: None,
                    mode: Mode::Screen,
                    size: Size::NO_WISH,
                    shown: Shown::Hidden,
                };
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
                colours,
            } => {
                if let Some(attachment) = state.attachments.get_mut(&session) {
                    let shown = if visible {
                        Shown::Visible
                    } else {
                        Shown::Hidden
                    };
                    attachment.view(View {
                        shown,
                        focused,
                        colours,
                    });
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
                let refused = if found.shared().viewers.only_reads(self.client) {
                    let expected = found.shared().input.accepted(self.client);
                    Some((expected, InputRefusal::ReadOnly))
                } else if found.shared().log.id() == log {
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
            ClientFrame::History { session, lines } => {
                if let Some(attachment) = state.attachments.get_mut(&session) {
                    attachment.wants_history(lines);
                    state.enqueue(session);
                }
            }
            ClientFrame::Role { session, role } => {
                if let Some(attachment) = state.attachments.get(&session) {
                    attachment.session().role(self.client, role);
                    state.enqueue(session);
                }
            }
            ClientFrame::Palette { session, sixteen } => {
                if let Some(attachment) = state.attachments.get(&session) {
                    attachment.session().sixteen(self.client, sixteen);
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
