//! What the client wants of each session and how far it is: the memory that outlives every transport.
//!
//! Bytes reach the page contiguous and once, whatever arrives twice or out of order. While the page
//! parses one delivery, the rest collects here (at most the viewer's window, which the server keeps);
//! its completion releases the next. A resize or a gap is delivered only when all before it is parsed,
//! so that the page may simply apply it.

use std::collections::{BTreeMap, VecDeque};

use crate::codec::Framed;
use crate::frame::{ClientFrame, Colours, Event, Mode, ServerFrame, Size};
use crate::ids::{LogPosition, SessionId};
use crate::limits::ACK_EVERY;

/// What the page told about how it shows a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct View {
    visible: bool,
    focused: bool,
    colours: Option<Colours>,
}

/// One session this page follows.
#[derive(Debug)]
pub(super) struct Attachment {
    mode: Mode,
    size: Size,
    view: Option<View>,
    /// Where output goes on: the end of what has arrived. `None` until first attached.
    received: Option<LogPosition>,
    parsed: u64,
    acked: u64,
    /// Whether this transport has answered our `Attach`.
    attached: bool,
    /// End of what the page was handed.
    delivered: u64,
    held: VecDeque<Framed<ServerFrame>>,
}

impl Attachment {
    fn is_parsing(&self) -> bool {
        self.parsed < self.delivered
    }

    /// Takes from `held` what the page may have now.
    fn release(&mut self, out: &mut Vec<Framed<ServerFrame>>) {
        if self.is_parsing() {
            return;
        }
        while let Some(next) = self.held.front() {
            match next.frame {
                ServerFrame::Output { offset, .. } => {
                    self.delivered = offset + next.payload.len() as u64;
                }
                // All before it must be parsed; it is, unless this round already delivered output.
                _ if self.is_parsing() => return,
                ServerFrame::Gap { to, .. } => {
                    self.delivered = to;
                    self.parsed = to;
                }
                _ => {}
            }
            out.extend(self.held.pop_front());
        }
    }
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
                self.sessions.insert(
                    session,
                    Attachment {
                        mode,
                        size,
                        view: None,
                        received: from,
                        parsed: from.map_or(0, |from| from.offset),
                        acked: from.map_or(0, |from| from.offset),
                        attached: false,
                        delivered: from.map_or(0, |from| from.offset),
                        held: VecDeque::new(),
                    },
                );
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
                let changed = attachment.size != size;
                attachment.size = size;
                changed
            }
            ClientFrame::Input { session, .. } => self
                .sessions
                .get(&session)
                .is_some_and(|attachment| attachment.attached),
            ClientFrame::Hello { .. } | ClientFrame::Ack { .. } | ClientFrame::Ping { .. } => false,
        }
    }

    /// The frames that take every session up again on a new transport.
    pub(super) fn resume(&self) -> Vec<ClientFrame> {
        let mut frames = Vec::with_capacity(self.sessions.len() * 2);
        for (&session, attachment) in &self.sessions {
            frames.push(ClientFrame::Attach {
                session,
                from: attachment.received,
                mode: attachment.mode,
                size: attachment.size,
            });
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
        }
        frames
    }

    /// The transport is gone: nobody is attached.
    pub(super) fn on_transport_lost(&mut self) {
        for attachment in self.sessions.values_mut() {
            attachment.attached = false;
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
        let received = attachment.received.map_or(0, |position| position.offset);
        match framed.frame {
            ServerFrame::Attached { from, .. } => {
                attachment.attached = true;
                match attachment.received {
                    Some(known) if known.log == from.log => {
                        if from.offset > known.offset {
                            // Bytes no longer kept: said in order, behind what is still held.
                            attachment.held.push_back(
                                ServerFrame::Gap {
                                    session,
                                    from: known.offset,
                                    to: from.offset,
                                }
                                .into(),
                            );
                        }
                    }
                    _ => {
                        // The first time, or another life: the page starts afresh there.
                        attachment.held.clear();
                        attachment.parsed = from.offset;
                        attachment.acked = from.offset;
                        attachment.delivered = from.offset;
                    }
                }
                attachment.received = Some(from);
                // Not held: the page may type from now on. A fresh start waits for nothing either.
                out.push(framed);
            }
            ServerFrame::Output { offset, .. } => {
                let end = offset + framed.payload.len() as u64;
                if offset <= received && end > received {
                    let skip = (received - offset) as usize;
                    if let Some(position) = &mut attachment.received {
                        position.offset = end;
                    }
                    attachment.held.push_back(Framed {
                        frame: ServerFrame::Output {
                            session,
                            offset: received,
                        },
                        payload: framed.payload.slice(skip..),
                    });
                }
            }
            ServerFrame::Gap { to, .. } => {
                if to > received {
                    if let Some(position) = &mut attachment.received {
                        position.offset = to;
                    }
                    attachment.held.push_back(framed);
                }
            }
            ServerFrame::Resized { offset, .. } => {
                // An earlier one was delivered by the answer that this one repeats.
                if offset >= received {
                    attachment.held.push_back(framed);
                }
            }
            ServerFrame::Event {
                event: Event::Exited { .. },
                ..
            } => attachment.held.push_back(framed),
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
            attachment.parsed = attachment.parsed.max(offset.min(attachment.delivered));
            attachment.release(&mut out);
        }
        out
    }

    /// The acknowledgement that is due for a session, if one is.
    pub(super) fn due_ack(&mut self, session: SessionId) -> Option<ClientFrame> {
        let attachment = self.sessions.get_mut(&session)?;
        let received = attachment.received.filter(|_| attachment.attached)?.offset;
        if attachment.parsed < attachment.acked + ACK_EVERY {
            return None;
        }
        attachment.acked = attachment.parsed;
        Some(ClientFrame::Ack {
            session,
            received,
            parsed: attachment.parsed,
        })
    }

    /// Where every attached session stands: what a poll says.
    pub(super) fn all_acks(&mut self) -> Vec<ClientFrame> {
        self.sessions
            .iter_mut()
            .filter(|(_, attachment)| attachment.attached)
            .filter_map(|(&session, attachment)| {
                let received = attachment.received?.offset;
                attachment.acked = attachment.parsed;
                Some(ClientFrame::Ack {
                    session,
                    received,
                    parsed: attachment.parsed,
                })
            })
            .collect()
    }
}
