//! The polling transport: two requests, each numbered and in flight once. A number that comes again
//! was cut before its answer: it is not carried out twice, and gets the remembered answer, or takes over
//! the wait of the first.
//!
//! What is put into an answer counts as delivered: if the answer is lost, the request comes again. Output
//! is safer still: each poll says what has arrived and goes on from there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::codec::{BatchReader, DecodeError};
use bowline_protocol::frame::{ClientFrame, ServerFrame};
use bowline_protocol::ids::{Generation, SessionId};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::link::LinkError;
use crate::link::state::State;
use crate::link::viewer::{Kind, Scope, Viewer};

/// How long a poll is held while an `Attached` may still be under way by the other request: its answer
/// may arrive any moment, and only the next poll tells that it has. Doubled each time.
const INTRODUCED_HOLD: Duration = Duration::from_millis(50);
const INTRODUCED_DOUBLINGS: u32 = 5;

/// Both requests of a client's polling transport.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    send: Lane,
    poll: Lane,
    /// Polls in a row that were held only shortly.
    short_polls: u32,
}

/// One of the requests.
#[derive(Debug, Default)]
struct Lane {
    /// The number last begun.
    seq: Option<u64>,
    /// Who of those who asked with this number answers.
    holder: u64,
    /// What carrying it out led to; taken by the answer.
    replies: Vec<ServerFrame>,
    /// Sessions whose output belongs into a send's answer, and those for whose output it waits.
    attached: BTreeSet<SessionId>,
    typed: BTreeSet<SessionId>,
    answer: Option<Bytes>,
}

/// How a numbered request is to be treated.
enum Turn {
    /// For the first time: carry it out.
    New,
    /// Carried out, not answered: take over the wait.
    TakeOver,
    Answered(Bytes),
}

impl Lane {
    fn begin(&mut self, seq: u64) -> Result<Turn, LinkError> {
        let next = self.seq.map_or(0, |last| last + 1);
        if self.seq == Some(seq) {
            self.holder += 1;
            return Ok(match &self.answer {
                Some(answer) => Turn::Answered(answer.clone()),
                None => Turn::TakeOver,
            });
        }
        if seq != next {
            // An echo of the past, or of a life that is forgotten here.
            return Err(LinkError::Superseded);
        }
        let holder = self.holder + 1;
        *self = Self {
            seq: Some(seq),
            holder,
            ..Self::default()
        };
        Ok(Turn::New)
    }

    fn answer(&mut self, answer: &Bytes) {
        self.replies.clear();
        self.answer = Some(answer.clone());
    }
}

/// One request's access to a client's polling transport.
#[derive(Debug)]
pub struct HttpTransport {
    viewer: Arc<Viewer>,
    generation: Generation,
    workspace: Option<u64>,
}

impl HttpTransport {
    pub(super) fn new(viewer: Arc<Viewer>, generation: Generation, workspace: Option<u64>) -> Self {
        viewer.enter();
        Self {
            viewer,
            generation,
            workspace,
        }
    }

    /// Carries out a batch once, however often it comes. The answer holds the replies, what newly attached
    /// sessions have to show, and, within `hold`, the output of the sessions it typed into. The first send
    /// of a generation opens it and begins with `Hello`.
    ///
    /// # Errors
    /// [`LinkError::Superseded`] when another transport is served, a newer request took over, or the number
    /// is not the next; others as for a socket. Sessions live.
    pub async fn send(&self, seq: u64, batch: Bytes, hold: Duration) -> Result<Bytes, LinkError> {
        let mut bell = self.viewer.wake().listen();
        let deadline = Instant::now() + hold;
        let (holder, wait) = {
            let mut state = self.viewer.state();
            if seq == 0 && state.generation().is_none_or(|seen| seen < self.generation) {
                begins_with_hello(&batch)?;
                drop(state);
                self.viewer
                    .open(self.generation, Kind::Http, self.workspace)?;
                state = self.viewer.state();
            }
            state.check(self.generation)?;
            match state.lanes.send.begin(seq)? {
                Turn::Answered(answer) => return Ok(answer),
                Turn::TakeOver => {}
                Turn::New => {
                    // The client has the last answer, and what was introduced by it.
                    state.introduced.clear();
                    let handled = self.viewer.handle(&mut state, self.generation, batch)?;
                    state.introduced.extend(&handled.attached);
                    let lane = &mut state.lanes.send;
                    lane.replies = handled.replies;
                    lane.attached = handled.attached;
                    if !hold.is_zero() {
                        lane.typed = handled.typed;
                    }
                }
            }
            let lane = &state.lanes.send;
            (lane.holder, !hold.is_zero() && !lane.typed.is_empty())
        };
        // A poll that is held has something new to go by.
        self.viewer.wake().ring();
        loop {
            {
                let mut state = self.viewer.state();
                state.check(self.generation)?;
                if state.lanes.send.holder != holder {
                    return Err(LinkError::Superseded);
                }
                let in_time = wait && Instant::now() < deadline;
                if let Some(answer) = self.send_answer(&mut state, in_time) {
                    return Ok(answer);
                }
            }
            let _ = timeout_at(deadline, bell.changed()).await;
        }
    }

    /// The answer of a send, unless it still waits for an echo.
    fn send_answer(&self, state: &mut State, may_wait: bool) -> Option<Bytes> {
        let attached = std::mem::take(&mut state.lanes.send.attached);
        let typed = std::mem::take(&mut state.lanes.send.typed);
        let replies = std::mem::take(&mut state.lanes.send.replies);
        let echo = self.viewer.build(state, Scope::OutputOf(&typed), &[]);
        let lane = &mut state.lanes.send;
        if echo.is_empty() && may_wait {
            lane.attached = attached;
            lane.typed = typed;
            lane.replies = replies;
            return None;
        }
        let mut answer = self
            .viewer
            .build(state, Scope::OutputOf(&attached), &replies);
        if !echo.is_empty() {
            answer = [answer, echo].concat().into();
        }
        state.lanes.send.answer(&answer);
        Some(answer)
    }

    /// Waits up to `hold` for anything to say. The batch holds only `Ack` frames; each sets where its
    /// session's output goes on.
    ///
    /// # Errors
    /// As for [`HttpTransport::send`].
    pub async fn poll(&self, seq: u64, batch: Bytes, hold: Duration) -> Result<Bytes, LinkError> {
        let mut bell = self.viewer.wake().listen();
        let begun = Instant::now();
        let holder = {
            let mut state = self.viewer.state();
            state.check(self.generation)?;
            match state.lanes.poll.begin(seq)? {
                Turn::Answered(answer) => return Ok(answer),
                Turn::TakeOver => {}
                Turn::New => {
                    let taken = self.take_acks(&mut state, batch);
                    if let Err(error) = taken {
                        state.fail(error.clone());
                        return Err(error);
                    }
                }
            }
            state.lanes.poll.holder
        };
        // Whoever held this number's wait before learns that it was taken over.
        self.viewer.wake().ring();
        loop {
            let deadline = {
                let mut state = self.viewer.state();
                state.check(self.generation)?;
                if state.lanes.poll.holder != holder {
                    return Err(LinkError::Superseded);
                }
                let last = state.last_word();
                let replies = std::mem::take(&mut state.lanes.poll.replies);
                let answer = self.viewer.build(&mut state, Scope::All, &replies);
                let hold = state.poll_hold(hold);
                let deadline = begun + hold;
                if !answer.is_empty() || last || Instant::now() >= deadline {
                    state.lanes.poll.answer(&answer);
                    return Ok(answer);
                }
                deadline
            };
            let _ = timeout_at(deadline, bell.changed()).await;
        }
    }

    fn take_acks(&self, state: &mut State, batch: Bytes) -> Result<(), LinkError> {
        for framed in BatchReader::<ClientFrame>::new(batch) {
            let ClientFrame::Ack {
                session,
                received,
                parsed,
            } = framed?.frame
            else {
                return Err(LinkError::Protocol(DecodeError::Malformed));
            };
            let gone = self.viewer.on_poll_ack(state, session, received, parsed);
            state.lanes.poll.replies.extend(gone);
        }
        if state.introduced.is_empty() {
            state.lanes.short_polls = 0;
        } else {
            state.lanes.short_polls += 1;
        }
        Ok(())
    }
}

impl State {
    fn poll_hold(&self, asked: Duration) -> Duration {
        if self.introduced.is_empty() {
            return asked;
        }
        let doublings = self.lanes.short_polls.min(INTRODUCED_DOUBLINGS);
        asked.min(INTRODUCED_HOLD * 2_u32.pow(doublings))
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        self.viewer.exit();
    }
}

fn begins_with_hello(batch: &Bytes) -> Result<(), LinkError> {
    match BatchReader::<ClientFrame>::new(batch.clone()).next() {
        Some(Ok(framed)) if matches!(framed.frame, ClientFrame::Hello { .. }) => Ok(()),
        Some(Err(error)) => Err(error.into()),
        _ => Err(LinkError::Superseded),
    }
}
