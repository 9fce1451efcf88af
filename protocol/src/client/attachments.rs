//! What the client wants of each session and how far it is: the memory that outlives every transport.
//!
//! Bytes reach the page contiguous and once, whatever arrives twice or out of order. While the page
//! parses one delivery, the rest collects here (at most the viewer's window, which the server keeps);
//! its completion releases the next. A resize, a gap or a snapshot is delivered only when all before it
//! is parsed, so that the page may simply apply it.
//!
//! A snapshot is the new truth: what was held before it is dropped, and bytes count from its position,
//! which may lie anywhere. Until bytes or a snapshot have come, nothing of what `Attached` said counts as
//! had: a transport cut in between asks again for the same.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Bytes, BytesMut};

use crate::codec::Framed;
use crate::frame::{ClientFrame, Colours, Event, Mode, Role, ServerFrame, Sixteen, Size};
use crate::ids::{LogPosition, SessionId};
use crate::limits::ACK_EVERY;

/// What the page told about how it shows a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct View {
    visible: bool,
    focused: bool,
    colours: Option<Colours>,
}

/// The parts of a snapshot that have come: as many as the server says, and nothing in between.
#[derive(Debug)]
struct Parts {
    position: LogPosition,
    left: u16,
    bytes: BytesMut,
}

/// What the page wants of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// To show it.
    Output,
    /// To know what happens there.
    Events,
}

/// One session this page follows.
#[derive(Debug)]
pub(super) struct Attachment {
    wants: Wants,
    mode: Mode,
    size: Size,
    role: Role,
    view: Option<View>,
    sixteen: Option<Sixteen>,
    /// End of what has arrived, ever: where the next transport goes on. `None` until something has.
    had: Option<LogPosition>,
    /// Where this transport's output goes on. `None` until first attached.
    next: Option<LogPosition>,
    parsed: u64,
    acked: u64,
    /// An acknowledgement is due, however little was parsed.
    ack_now: bool,
    /// Whether this transport has answered our `Attach`.
    attached: bool,
    /// End of what the page was handed.
    delivered: u64,
    /// The page was handed a snapshot that ends at `delivered`, and has not parsed it.
    in_snapshot: bool,
    held: VecDeque<Framed<ServerFrame>>,
    parts: Option<Parts>,
    /// The snapshot that comes next answers the page's question for history.
    answers: bool,
}

impl Attachment {
    fn new(mode: Mode, size: Size, from: Option<LogPosition>) -> Self {
        let mut attachment = Self {
            wants: Wants::Output,
            mode,
            size,
            role: Role::Writer,
            view: None,
            sixteen: None,
            had: from,
            next: from,
            parsed: 0,
            acked: 0,
            ack_now: false,
            attached: false,
            delivered: 0,
            in_snapshot: false,
            held: VecDeque::new(),
            parts: None,
            answers: false,
        };
        attachment.restart_at(from.map_or(0, |from| from.offset));
        attachment
    }

    fn is_parsing(&self) -> bool {
        self.in_snapshot || self.parsed < self.delivered
    }

    /// The page has everything before `offset`, and nothing behind it.
    fn restart_at(&mut self, offset: u64) {
        self.delivered = offset;
        self.parsed = offset;
        self.acked = offset;
        self.in_snapshot = false;
    }

    /// Where the snapshot ends that has come and is not parsed, handed over or not; of two, the earlier end.
    fn unparsed_snapshot(&self) -> Option<u64> {
        let handed = self.in_snapshot.then_some(self.delivered);
        // Nothing is held before a snapshot but what it answers.
        let held = self.held.iter().take(2);
        let held = held.filter_map(|framed| match framed.frame {
            ServerFrame::Snapshot { position, .. } => Some(position.offset),
            _ => None,
        });
        handed.into_iter().chain(held).min()
    }

    /// Takes from `held` what the page may have now.
    fn release(&mut self, out: &mut Vec<Framed<ServerFrame>>) {
        if self.is_parsing() {
            return;
        }
        while let Some(next) = self.held.front() {
            match next.frame {
                ServerFrame::Output { .. } if self.in_snapshot => return,
                ServerFrame::Output { offset, .. } => {
                    self.delivered = offset + next.payload.len() as u64;
                }
                // All before it must be parsed; it is, unless this round already delivered output.
                _ if self.is_parsing() => return,
                ServerFrame::Gap { to, .. } => {
                    self.delivered = to;
                    self.parsed = to;
                }
                ServerFrame::Snapshot { position, .. } => {
                    self.delivered = position.offset;
                    self.in_snapshot = true;
                }
                _ => {}
            }
            out.extend(self.held.pop_front());
        }
    }

    /// The page has parsed what it was handed, up to `offset`.
    fn on_parsed(&mut self, offset: u64) {
        if self.in_snapshot {
            // Anything else was said about bytes from before the snapshot.
            if offset == self.delivered {
                self.restart_at(offset);
                self.ack_now = true;
            }
            return;
        }
        self.parsed = self.parsed.max(offset.min(self.delivered));
    }

    fn ack(&mut self, session: SessionId, received: u64) -> ClientFrame {
        self.acked = self.parsed;
        self.ack_now = false;
        // Said to have parsed its end, we would confirm a snapshot.
        let most = self
            .unparsed_snapshot()
            .map_or(u64::MAX, |end| end.saturating_sub(1));
        ClientFrame::Ack {
            session,
            received,
            parsed: self.parsed.min(most),
        }
    }

    fn on_attached(&mut self, from: LogPosition) {
        self.attached = true;
        let known = self.had.filter(|had| had.log == from.log);
        match known {
            // Never backwards: what comes twice is dropped.
            Some(had) if had.offset > from.offset => self.next = Some(had),
            Some(_) => self.next = Some(from),
            None => {
                // The first time, or another life: the page starts afresh there.
                self.had = None;
                self.next = Some(from);
                self.held.clear();
                self.restart_at(from.offset);
            }
        }
    }

    fn on_output(&mut self, session: SessionId, offset: u64, payload: &Bytes) {
        let Some(next) = &mut self.next else { return };
        let end = offset + payload.len() as u64;
        if offset > next.offset || end <= next.offset {
            return;
        }
        let from = next.offset;
        next.offset = end;
        if let Some(had) = self.had.replace(*next) {
            self.hold_gap(session, had.offset, from);
        }
        self.held.push_back(Framed {
            frame: ServerFrame::Output {
                session,
                offset: from,
            },
            payload: payload.slice((from - offset) as usize..),
        });
    }

    fn on_gap(&mut self, session: SessionId, to: u64) {
        let Some(next) = &mut self.next else { return };
        if to > next.offset {
            let from = next.offset;
            next.offset = to;
            let had = self.had.replace(*next);
            self.hold_gap(session, had.map_or(from, |had| had.offset), to);
        }
    }

    /// Bytes no longer kept, if any: said in order, behind what is still held.
    fn hold_gap(&mut self, session: SessionId, from: u64, to: u64) {
        if from < to {
            let gap = ServerFrame::Gap { session, from, to };
            self.held.push_back(gap.into());
        }
    }

    /// A part of a snapshot; the last one makes it whole. One that is cut off counts for nothing.
    fn on_snapshot(&mut self, session: SessionId, part: Part, payload: &Bytes) {
        let Part {
            position,
            size,
            left,
        } = part;
        let mut bytes = match self.parts.take() {
            Some(parts) if parts.position == position && parts.left == left + 1 => parts.bytes,
            _ => BytesMut::new(),
        };
        bytes.extend_from_slice(payload);
        if left > 0 {
            self.parts = Some(Parts {
                position,
                left,
                bytes,
            });
            return;
        }
        self.next = Some(position);
        self.had = Some(position);
        // What the page still needs of what was held is that the program ended.
        self.held.retain(|framed| is_exit(&framed.frame));
        self.held.push_front(Framed {
            frame: ServerFrame::Snapshot {
                session,
                position,
                size,
                parts_left: 0,
            },
            payload: bytes.freeze(),
        });
        if std::mem::take(&mut self.answers) {
            self.held
                .push_front(ServerFrame::History { session }.into());
        }
    }
}

/// What a `Snapshot` frame says beside its payload.
#[derive(Debug, Clone, Copy)]
struct Part {
    position: LogPosition,
    size: Size,
    left: u16,
}

fn is_exit(frame: &ServerFrame) -> bool {
    matches!(
        frame,
        ServerFrame::Event {
            event: Event::Exited { .. },
            ..
        }
    )
}

/// All sessions this page follows.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    sessions: BTreeMap<SessionId, Attachment>,
}

impl Attachments {
    /// Notes what a frame of the page changes. Returns whether the frame goes to the server now
    /// (`Input` for a session that isn't attached waits at the page, which is told).
    pub(super) fn on_page_frame(&mut self, frame: &ClientFrame) -> bool {
        match *frame {
            ClientFrame::Attach {
                session,
                from,
                mode,
                size,
            } => {
                self.sessions
                    .insert(session, Attachment::new(mode, size, from));
                true
            }
            ClientFrame::Follow { session } => {
                let mut attachment = Attachment::new(Mode::Screen, Size::NO_WISH, None);
                attachment.wants = Wants::Events;
                self.sessions.insert(session, attachment);
                true
            }
            ClientFrame::Detach { session } => self.sessions.remove(&session).is_some(),
            ClientFrame::View {
                session,
                visible,
                focused,
                colours,
            } => {
                let Some(attachment) = self.sessions.get_mut(&session) else {
                    return false;
                };
                let view = Some(View {
                    visible,
                    focused,
                    colours,
                });
                let changed = attachment.view != view;
                attachment.view = view;
                changed
            }
            ClientFrame::Resize { session, size } => {
                let Some(attachment) = self.sessions.get_mut(&session) else {
                    return false;
                };
                if attachment.role == Role::Reader {
                    return false;
                }
                let changed = attachment.size != size;
                attachment.size = size;
                changed
            }
            ClientFrame::Input { session, .. } => self
                .sessions
                .get(&session)
                .is_some_and(|attachment| attachment.attached),
            // Asked for while nothing is attached, it is lost: the user may ask again.
            ClientFrame::History { session, .. } => self
                .sessions
                .get(&session)
                .is_some_and(|attachment| attachment.attached),
            ClientFrame::Role { session, role } => {
                let Some(attachment) = self.sessions.get_mut(&session) else {
                    return false;
                };
                let changed = attachment.role != role;
                if changed {
                    attachment.role = role;
                    // A reader wishes for none, also in the moment between `Attach` and `Role`; who
                    // becomes a writer says its wish anew.
                    attachment.size = Size::NO_WISH;
                }
                changed
            }
            ClientFrame::Palette { session, sixteen } => {
                let Some(attachment) = self.sessions.get_mut(&session) else {
                    return false;
                };
                attachment.sixteen.replace(sixteen) != Some(sixteen)
            }
            ClientFrame::Hello { .. } | ClientFrame::Ack { .. } | ClientFrame::Ping { .. } => false,
        }
    }

    /// The frames that take every session up again on a new transport.
    pub(super) fn resume(&self) -> Vec<ClientFrame> {
        let mut frames = Vec::with_capacity(self.sessions.len() * 2);
        for (&session, attachment) in &self.sessions {
            if attachment.wants == Wants::Events {
                frames.push(ClientFrame::Follow { session });
                continue;
            }
            frames.push(ClientFrame::Attach {
                session,
                from: attachment.had,
                mode: attachment.mode,
                size: attachment.size,
            });
            if attachment.role != Role::default() {
                frames.push(ClientFrame::Role {
                    session,
                    role: attachment.role,
                });
            }
            if let Some(View {
                visible,
                focused,
                colours,
            }) = attachment.view
            {
                frames.push(ClientFrame::View {
                    session,
                    visible,
                    focused,
                    colours,
                });
            }
            if let Some(sixteen) = attachment.sixteen {
                frames.push(ClientFrame::Palette { session, sixteen });
            }
        }
        frames
    }

    /// The transport is gone: nobody is attached.
    pub(super) fn on_transport_lost(&mut self) {
        for attachment in self.sessions.values_mut() {
            attachment.attached = false;
            attachment.parts = None;
            attachment.answers = false;
        }
    }

    /// Takes a frame of the server; gives what the page may have now.
    pub(super) fn on_server_frame(
        &mut self,
        framed: Framed<ServerFrame>,
    ) -> Vec<Framed<ServerFrame>> {
        let mut out = Vec::new();
        let session = match framed.frame {
            ServerFrame::Attached { session, .. }
            | ServerFrame::Output { session, .. }
            | ServerFrame::Snapshot { session, .. }
            | ServerFrame::Resized { session, .. }
            | ServerFrame::Gap { session, .. }
            | ServerFrame::InputAck { session, .. }
            | ServerFrame::InputRefused { session, .. }
            | ServerFrame::Event { session, .. }
            | ServerFrame::History { session }
            | ServerFrame::Gone { session } => session,
            ServerFrame::Welcome { .. }
            | ServerFrame::Notice { .. }
            | ServerFrame::Pong { .. }
            | ServerFrame::KeepAlive => return vec![framed],
        };
        if matches!(framed.frame, ServerFrame::Gone { .. }) {
            self.sessions.remove(&session);
            return vec![framed];
        }
        // Said about a session that the page has closed meanwhile.
        let Some(attachment) = self.sessions.get_mut(&session) else {
            return out;
        };
        match framed.frame {
            ServerFrame::Attached { from, .. } => {
                attachment.on_attached(from);
                // Not held: the page may type from now on. A fresh start waits for nothing either.
                out.push(framed);
            }
            ServerFrame::Output { offset, .. } => {
                attachment.on_output(session, offset, &framed.payload);
            }
            ServerFrame::Gap { to, .. } => attachment.on_gap(session, to),
            ServerFrame::Snapshot {
                position,
                size,
                parts_left: left,
                ..
            } => {
                let part = Part {
                    position,
                    size,
                    left,
                };
                attachment.on_snapshot(session, part, &framed.payload);
            }
            ServerFrame::Resized { offset, .. } => {
                // An earlier one was delivered by the answer that this one repeats.
                if attachment.next.is_none_or(|next| offset >= next.offset) {
                    attachment.held.push_back(framed);
                }
            }
            ServerFrame::History { .. } => attachment.answers = true,
            _ if is_exit(&framed.frame) => attachment.held.push_back(framed),
            _ => out.push(framed),
        }
        attachment.release(&mut out);
        out
    }

    /// The page has parsed a session's bytes up to `offset`; gives what it may have now.
    pub(super) fn on_parsed(
        &mut self,
        session: SessionId,
        offset: u64,
    ) -> Vec<Framed<ServerFrame>> {
        let mut out = Vec::new();
        if let Some(attachment) = self.sessions.get_mut(&session) {
            attachment.on_parsed(offset);
            attachment.release(&mut out);
        }
        out
    }

    /// The acknowledgement that is due for a session, if one is.
    pub(super) fn due_ack(&mut self, session: SessionId) -> Option<ClientFrame> {
        let attachment = self.sessions.get_mut(&session)?;
        let received = attachment.next.filter(|_| attachment.attached)?.offset;
        let due = attachment.ack_now || attachment.parsed >= attachment.acked + ACK_EVERY;
        due.then(|| attachment.ack(session, received))
    }

    /// Where every attached session stands: what a poll says.
    pub(super) fn all_acks(&mut self) -> Vec<ClientFrame> {
        self.sessions
            .iter_mut()
            .filter(|(_, attachment)| attachment.attached)
            .filter_map(|(&session, attachment)| {
                let received = attachment.next?.offset;
                Some(attachment.ack(session, received))
            })
            .collect()
    }
}
