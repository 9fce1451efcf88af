//! The client end of a link as one pure machine: events in, effects out. A driver (the page's worker, a
//! test, the benchmark) opens sockets, sends requests and sets one timer; every decision is made here.
//!
//! The ladder: open a WebSocket; only a finished upgrade counts. Not open in time, or refused: poll at
//! once. Cut: reconnect at once and resume by offset. Cut early several times in a row: poll, and try the
//! socket again later and later. Never both deliver: every transport has a higher generation than the one
//! before, and what an older one still says is ignored. Retry for ever. Long because the ladder is one state
//! and every event can meet it anywhere.

mod attachments;
mod cadence;
mod polling;
mod settings;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::codec::{BatchReader, BatchWriter, Framed};
use crate::frame::{ClientFrame, ServerFrame};
use crate::ids::{ClientId, Generation, SessionId};
use crate::limits;

use attachments::Attachments;
pub use cadence::{Attention, Cadence};
pub use polling::Request;
use polling::{Outcome, Polling};
pub use settings::Settings;

/// Longest pause between two tries of a server that can't be reached, milliseconds.
const RETRY_MAX_MS: u64 = 10_000;
/// The first pause.
const RETRY_MIN_MS: u64 = 250;
/// A timer that fires this much too late means that the machine slept, milliseconds.
const SLEPT_MS: u64 = 5_000;

/// A question for the round trip is asked again after this, should its answer be lost, milliseconds.
const MEASURE_MS: u64 = 10_000;

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Begin.
    Start,
    /// The page says a frame: `Attach`, `Detach`, `View`, `Input`, `Resize`, `History`, `Role`.
    Page(Framed<ClientFrame>),
    /// The page's emulator has parsed a session's output up to `offset`, or the snapshot that ends there.
    Parsed {
        /// Which session.
        session: SessionId,
        /// End of what is parsed.
        offset: u64,
    },
    /// Somebody looks at the page, or looks away.
    Attention(Attention),
    /// The user pressed "retry", or the browser says that the network is back.
    RetryNow,
    /// The user asks for another transport, whatever the present one is worth.
    Reconnect,
    /// The user has signed in again: this is the page's secret from now on.
    SignedIn(Option<String>),
    /// Somebody wants to know how long an answer takes: [`Effect::RoundTrip`] says it, if there is one.
    Measure,
    /// The WebSocket of this generation finished its upgrade.
    SocketOpened(Generation),
    /// It received a message.
    SocketMessage(Generation, Bytes),
    /// It closed, or never opened.
    SocketClosed(Generation, SocketEnd),
    /// A request was answered, or failed.
    Answered {
        /// Which transport it belonged to.
        generation: Generation,
        /// Which of the two.
        request: Request,
        /// Its number.
        seq: u64,
        /// What came of it.
        answer: Answer,
    },
    /// The time asked for by [`Client::deadline`] has come.
    Timer,
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketEnd {
    /// Cut, refused, or closed by the server for any reason but the next.
    Cut,
    /// The server doesn't know us.
    Unauthenticated,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A batch of frames.
    Batch(Bytes),
    /// No answer of ours: cut, or a proxy's error page.
    Failed,
    /// The server serves a higher generation.
    Superseded,
    /// Somebody wants us to sign in.
    Unauthenticated,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a WebSocket; report under this generation.
    OpenSocket(Generation),
    /// Send on it.
    SocketSend(Bytes),
    /// Close it; its later events are ignored.
    CloseSocket,
    /// Send a request.
    Http {
        /// Which transport it belongs to.
        generation: Generation,
        /// Which of the two.
        request: Request,
        /// Its number.
        seq: u64,
        /// Its body.
        batch: Bytes,
        /// How long the answer may be held, milliseconds.
        hold_ms: u32,
    },
    /// Abandon the requests in flight.
    AbortRequests,
    /// Tell the page.
    Page(Framed<ServerFrame>),
    /// Sessions are detached: input waits until each is `Attached` again.
    Detached,
    /// The state of the link, for people to see.
    Status(Status),
    /// The server's answer took so many milliseconds.
    RoundTrip(u64),
}

/// The state of the link, for people to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Status {
    /// Not yet connected for the first time.
    Connecting,
    /// By WebSocket.
    WebSocket,
    /// By polling.
    Poll,
    /// Not reachable; the next try is at this time, milliseconds.
    Offline {
        /// On the caller's clock.
        retry_at_ms: u64,
    },
    /// Somebody wants us to sign in.
    Unauthenticated,
}

#[derive(Debug)]
enum Phase {
    Idle,
    /// A socket is being opened and nothing else works yet.
    Opening {
        since_ms: u64,
    },
    Socket(Socket),
    Polling(Box<Polling>),
    /// Nothing works; again at this time.
    Waiting {
        until_ms: u64,
    },
    Unauthenticated,
}

#[derive(Debug)]
struct Socket {
    opened_ms: u64,
    /// When the server said something last; none if it never has.
    heard_ms: Option<u64>,
    pinged_ms: Option<u64>,
}

impl Socket {
    /// How long it may say nothing.
    fn quiet_until(&self, settings: &Settings) -> u64 {
        match self.heard_ms {
            Some(heard) => heard + settings.silence_ms,
            None => self.opened_ms + settings.first_word_ms,
        }
    }
}

/// A socket tried while polling works.
#[derive(Debug)]
enum Probe {
    Due { at_ms: u64 },
    Opening { since_ms: u64 },
}

/// The machine.
#[derive(Debug)]
pub struct Client {
    id: ClientId,
    proof: Option<String>,
    settings: Settings,
    /// The last generation used.
    generation: Generation,
    /// The generation of the socket that is open or opening.
    socket_generation: Generation,
    phase: Phase,
    attachments: Attachments,
    attention: Attention,
    early_cuts: u32,
    /// Failures since something last worked.
    failures: u32,
    probe: Probe,
    probe_delay_ms: u64,
    status: Option<Status>,
    /// Since when a round trip is measured.
    measuring_ms: Option<u64>,
    asked_for_ms: Option<u64>,
    effects: Vec<Effect>,
    now_ms: u64,
}

impl Client {
    /// A client that has not started. `proof` is the page's secret, if it has one.
    pub fn new(id: ClientId, proof: Option<String>, settings: Settings) -> Self {
        Self {
            id,
            proof,
            settings,
            generation: Generation::default(),
            socket_generation: Generation::default(),
            phase: Phase::Idle,
            attachments: Attachments::default(),
            attention: Attention::Visible,
            early_cuts: 0,
            failures: 0,
            probe: Probe::Due { at_ms: 0 },
            probe_delay_ms: settings.probe_ms,
            status: None,
            measuring_ms: None,
            asked_for_ms: None,
            effects: Vec::new(),
            now_ms: 0,
        }
    }

    /// Takes an event; gives what to do, in order. Ask [`Client::deadline`] afterwards.
    pub fn handle(&mut self, event: Event, now_ms: u64) -> Vec<Effect> {
        self.now_ms = now_ms;
        match event {
            Event::Start => self.open_socket(),
            Event::Page(framed) => self.on_page_frame(&framed),
            Event::Parsed { session, offset } => {
                let released = self.attachments.on_parsed(session, offset);
                self.effects.extend(released.into_iter().map(Effect::Page));
                if let Some(ack) = self.attachments.due_ack(session) {
                    self.say(&[ack]);
                }
            }
            Event::Attention(attention) => self.on_attention(attention),
            Event::RetryNow => self.on_retry_now(),
            Event::Reconnect => self.on_reconnect(),
            Event::SignedIn(proof) => {
                self.proof = proof;
                self.on_retry_now();
            }
            Event::Measure => self.measure(),
            Event::SocketOpened(generation) => self.on_socket_opened(generation),
            Event::SocketMessage(generation, batch) => self.on_socket_message(generation, batch),
            Event::SocketClosed(generation, end) => self.on_socket_closed(generation, end),
            Event::Answered {
                generation,
                request,
                seq,
                answer,
            } => {
                self.on_answer(generation, request, seq, answer);
            }
            Event::Timer => self.on_timer(),
        }
        self.asked_for_ms = self.next_deadline();
        std::mem::take(&mut self.effects)
    }

    /// When to call with [`Event::Timer`], milliseconds on the caller's clock.
    pub fn deadline(&self) -> Option<u64> {
        self.asked_for_ms
    }

    fn next_deadline(&self) -> Option<u64> {
        match &self.phase {
            Phase::Idle | Phase::Unauthenticated => None,
            Phase::Opening { since_ms } => Some(since_ms + self.settings.socket_open_ms),
            Phase::Socket(socket) => Some(match socket.pinged_ms {
                Some(pinged) => pinged + self.settings.pong_ms,
                None => socket.quiet_until(&self.settings),
            }),
            Phase::Polling(polling) => {
                let probe = match self.probe {
                    Probe::Due { at_ms } => at_ms,
                    Probe::Opening { since_ms } => since_ms + self.settings.socket_open_ms,
                };
                Some(polling.deadline().map_or(probe, |due| due.min(probe)))
            }
            Phase::Waiting { until_ms } => Some(*until_ms),
        }
    }

    fn set_status(&mut self, status: Status) {
        if self.status != Some(status) {
            self.status = Some(status);
            self.effects.push(Effect::Status(status));
        }
    }

    fn open_socket(&mut self) {
        self.generation = self.generation.next();
        self.socket_generation = self.generation;
        self.effects.push(Effect::OpenSocket(self.generation));
        self.phase = Phase::Opening {
            since_ms: self.now_ms,
        };
        if self.status.is_none() {
            self.set_status(Status::Connecting);
        }
    }

    /// `Hello` and everything that takes the sessions up again.
    fn greeting(&self, generation: Generation) -> Bytes {
        let mut batch = BatchWriter::default();
        batch.push(&ClientFrame::Hello {
            client: self.id,
            generation,
            versions: vec![limits::VERSION],
            proof: self.proof.clone(),
        });
        for frame in self.attachments.resume() {
            batch.push(&frame);
        }
        batch.take()
    }

    fn start_polling(&mut self) {
        self.generation = self.generation.next();
        let greeting = self.greeting(self.generation);
        let hold = self.settings.poll_hold_ms;
        let mut polling = Polling::new(self.generation, greeting, hold);
        polling.advance(
            &mut self.attachments,
            self.attention,
            self.now_ms,
            &mut self.effects,
        );
        self.phase = Phase::Polling(Box::new(polling));
        self.probe = Probe::Due {
            at_ms: self.now_ms + self.probe_delay_ms,
        };
    }

    /// Says frames of ours on whatever transport there is.
    fn say(&mut self, frames: &[ClientFrame]) {
        for frame in frames {
            self.say_framed(&Framed::from(frame.clone()));
        }
    }

    fn say_framed(&mut self, framed: &Framed<ClientFrame>) {
        match &mut self.phase {
            Phase::Socket(_) => {
                let mut batch = BatchWriter::with_capacity(framed.payload.len() + 64);
                batch.push_parts(&framed.frame, std::slice::from_ref(&framed.payload));
                self.effects.push(Effect::SocketSend(batch.take()));
            }
            Phase::Polling(polling) => {
                polling.queue(framed);
                polling.advance(
                    &mut self.attachments,
                    self.attention,
                    self.now_ms,
                    &mut self.effects,
                );
            }
            // The greeting of the next transport says what must be said.
            Phase::Idle
            | Phase::Opening { .. }
            | Phase::Waiting { .. }
            | Phase::Unauthenticated => {}
        }
    }

    fn on_page_frame(&mut self, framed: &Framed<ClientFrame>) {
        if self.attachments.on_page_frame(&framed.frame) {
            self.say_framed(framed);
        }
    }

    fn on_attention(&mut self, attention: Attention) {
        let woke = self.attention == Attention::Hidden && attention != Attention::Hidden;
        self.attention = attention;
        if woke {
            self.check_alive();
        }
        if let Phase::Polling(polling) = &mut self.phase {
            polling.hurry(self.now_ms);
            polling.advance(
                &mut self.attachments,
                self.attention,
                self.now_ms,
                &mut self.effects,
            );
        }
    }

    /// Asks a socket whether it lives, at once.
    fn check_alive(&mut self) {
        if let Phase::Socket(socket) = &mut self.phase
            && socket.pinged_ms.is_none()
        {
            socket.pinged_ms = Some(self.now_ms);
            self.say(&[ClientFrame::Ping { t: self.now_ms }]);
        }
    }

    /// Asks for a word of the server, unless one is under way. It says nothing about whether the transport lives.
    fn measure(&mut self) {
        let asked = self
            .measuring_ms
            .is_some_and(|at| self.now_ms < at + MEASURE_MS);
        if !asked && matches!(self.phase, Phase::Socket(_) | Phase::Polling(_)) {
            self.measuring_ms = Some(self.now_ms);
            self.say(&[ClientFrame::Ping { t: self.now_ms }]);
        }
    }

    fn on_retry_now(&mut self) {
        match self.phase {
            Phase::Waiting { .. } | Phase::Unauthenticated => {
                self.failures = 0;
                self.open_socket();
            }
            Phase::Socket(_) => self.check_alive(),
            Phase::Polling(_) => {
                if matches!(self.probe, Probe::Due { .. }) {
                    self.probe = Probe::Due { at_ms: self.now_ms };
                    self.on_timer();
                }
            }
            Phase::Idle | Phase::Opening { .. } => {}
        }
    }

    fn on_reconnect(&mut self) {
        if matches!(self.phase, Phase::Socket(_)) {
            // Not a cut: nobody has to learn from it that sockets don't hold.
            self.effects.push(Effect::CloseSocket);
            self.lose_sessions();
            self.open_socket();
        } else {
            self.on_retry_now();
        }
    }

    fn on_socket_opened(&mut self, generation: Generation) {
        if generation != self.socket_generation {
            return;
        }
        match self.phase {
            Phase::Opening { .. } => {}
            Phase::Polling(_) if matches!(self.probe, Probe::Opening { .. }) => {
                self.effects.push(Effect::AbortRequests);
                self.lose_sessions();
            }
            _ => return,
        }
        self.phase = Phase::Socket(Socket {
            opened_ms: self.now_ms,
            heard_ms: None,
            pinged_ms: None,
        });
        let greeting = self.greeting(generation);
        self.effects.push(Effect::SocketSend(greeting));
    }

    fn on_socket_message(&mut self, generation: Generation, batch: Bytes) {
        let Phase::Socket(socket) = &mut self.phase else {
            return;
        };
        if generation != self.socket_generation {
            return;
        }
        socket.heard_ms = Some(self.now_ms);
        socket.pinged_ms = None;
        // A proxy may accept the upgrade and carry nothing: only a word of the server counts.
        self.failures = 0;
        self.set_status(Status::WebSocket);
        if self.read(batch).is_err() {
            self.effects.push(Effect::CloseSocket);
            self.on_socket_closed(generation, SocketEnd::Cut);
        }
    }

    /// Reads a batch of the server.
    fn read(&mut self, batch: Bytes) -> Result<(), crate::codec::DecodeError> {
        for framed in BatchReader::<ServerFrame>::new(batch) {
            let framed = framed?;
            if let (ServerFrame::Pong { t }, Phase::Socket(_)) = (&framed.frame, &self.phase) {
                self.measuring_ms = None;
                let took = self.now_ms.saturating_sub(*t);
                self.effects.push(Effect::RoundTrip(took));
            }
            let released = self.attachments.on_server_frame(framed);
            self.effects.extend(released.into_iter().map(Effect::Page));
        }
        Ok(())
    }

    fn on_socket_closed(&mut self, generation: Generation, end: SocketEnd) {
        if generation != self.socket_generation {
            return;
        }
        match &mut self.phase {
            Phase::Opening { .. } => {
                if end == SocketEnd::Unauthenticated {
                    self.unauthenticated();
                } else {
                    // Refused: perhaps only the socket is.
                    self.start_polling();
                }
            }
            Phase::Socket(socket) => {
                let early = self.now_ms < socket.opened_ms + self.settings.early_cut_ms;
                self.lose_sessions();
                if end == SocketEnd::Unauthenticated {
                    self.unauthenticated();
                    return;
                }
                self.early_cuts = if early { self.early_cuts + 1 } else { 0 };
                if self.early_cuts >= self.settings.early_cuts {
                    self.early_cuts = 0;
                    self.start_polling();
                } else {
                    self.open_socket();
                }
            }
            Phase::Polling(_) => {
                if matches!(self.probe, Probe::Opening { .. }) {
                    self.probe_failed();
                }
            }
            Phase::Idle | Phase::Waiting { .. } | Phase::Unauthenticated => {}
        }
    }

    /// A proxy let the socket open and carries nothing. Each time that it is tried again costs such a wait.
    fn give_up_socket(&mut self) {
        self.effects.push(Effect::CloseSocket);
        self.socket_generation = Generation::default();
        self.lose_sessions();
        self.probe_less_often();
        self.start_polling();
    }

    fn probe_less_often(&mut self) {
        self.probe_delay_ms = (self.probe_delay_ms * 2).min(self.settings.probe_max_ms);
    }

    fn probe_failed(&mut self) {
        self.probe_less_often();
        self.probe = Probe::Due {
            at_ms: self.now_ms + self.probe_delay_ms,
        };
    }

    fn on_answer(&mut self, generation: Generation, request: Request, seq: u64, answer: Answer) {
        let Phase::Polling(polling) = &mut self.phase else {
            return;
        };
        let took = polling.under_way_ms(request, self.now_ms);
        let outcome = polling.on_answer(generation, request, seq, answer, self.now_ms);
        match outcome {
            Outcome::Ignore => return,
            Outcome::Read(batch) => {
                // A poll's answer waits for output; a send is answered at once.
                if request == Request::Send && self.measuring_ms.take().is_some() {
                    self.effects.extend(took.map(Effect::RoundTrip));
                }
                self.failures = 0;
                self.set_status(Status::Poll);
                if self.read(batch).is_err() {
                    self.offline();
                    return;
                }
            }
            Outcome::GoOn => {}
            Outcome::Lost => {
                self.offline();
                return;
            }
            Outcome::Superseded => {
                self.effects.push(Effect::AbortRequests);
                self.lose_sessions();
                // A lone 409 is an older probe of ours that got through; more of them is a quarrel.
                self.failures += 1;
                if self.failures > 3 {
                    self.offline();
                } else {
                    self.start_polling();
                }
                return;
            }
            Outcome::Unauthenticated => {
                self.lose_sessions();
                self.unauthenticated();
                return;
            }
        }
        if let Phase::Polling(polling) = &mut self.phase {
            polling.advance(
                &mut self.attachments,
                self.attention,
                self.now_ms,
                &mut self.effects,
            );
        }
    }

    fn lose_sessions(&mut self) {
        self.measuring_ms = None;
        self.attachments.on_transport_lost();
        self.effects.push(Effect::Detached);
    }

    /// Nothing works: wait, longer each time, and try the whole ladder again.
    fn offline(&mut self) {
        self.effects.push(Effect::AbortRequests);
        self.effects.push(Effect::CloseSocket);
        self.lose_sessions();
        self.socket_generation = Generation::default();
        let pause = (RETRY_MIN_MS << self.failures.min(10)).min(RETRY_MAX_MS);
        self.failures += 1;
        let until_ms = self.now_ms + pause;
        self.phase = Phase::Waiting { until_ms };
        self.set_status(Status::Offline {
            retry_at_ms: until_ms,
        });
    }

    fn unauthenticated(&mut self) {
        self.effects.push(Effect::AbortRequests);
        self.effects.push(Effect::CloseSocket);
        self.socket_generation = Generation::default();
        self.phase = Phase::Unauthenticated;
        self.set_status(Status::Unauthenticated);
    }

    fn on_timer(&mut self) {
        let slept = self
            .asked_for_ms
            .is_some_and(|asked| self.now_ms > asked + SLEPT_MS);
        match &mut self.phase {
            Phase::Opening { since_ms } => {
                if self.now_ms >= *since_ms + self.settings.socket_open_ms {
                    self.effects.push(Effect::CloseSocket);
                    self.socket_generation = Generation::default();
                    self.start_polling();
                }
            }
            Phase::Socket(socket) => match socket.pinged_ms {
                Some(pinged) if self.now_ms >= pinged + self.settings.pong_ms && !slept => {
                    self.effects.push(Effect::CloseSocket);
                    self.on_socket_closed(self.socket_generation, SocketEnd::Cut);
                }
                Some(_) if slept => socket.pinged_ms = Some(self.now_ms),
                None if self.now_ms >= socket.quiet_until(&self.settings) => {
                    match socket.heard_ms {
                        Some(_) => self.check_alive(),
                        // It had no time to say anything.
                        None if slept => {
                            self.effects.push(Effect::CloseSocket);
                            self.on_socket_closed(self.socket_generation, SocketEnd::Cut);
                        }
                        None => self.give_up_socket(),
                    }
                }
                _ => {}
            },
            Phase::Polling(polling) => {
                polling.advance(
                    &mut self.attachments,
                    self.attention,
                    self.now_ms,
                    &mut self.effects,
                );
                match self.probe {
                    Probe::Due { at_ms } if self.now_ms >= at_ms => {
                        self.generation = self.generation.next();
                        self.socket_generation = self.generation;
                        self.effects.push(Effect::OpenSocket(self.generation));
                        self.probe = Probe::Opening {
                            since_ms: self.now_ms,
                        };
                    }
                    Probe::Opening { since_ms }
                        if self.now_ms >= since_ms + self.settings.socket_open_ms =>
                    {
                        self.effects.push(Effect::CloseSocket);
                        self.socket_generation = Generation::default();
                        self.probe_failed();
                    }
                    Probe::Due { .. } | Probe::Opening { .. } => {}
                }
            }
            Phase::Waiting { until_ms } => {
                if self.now_ms >= *until_ms {
                    self.open_socket();
                }
            }
            Phase::Idle | Phase::Unauthenticated => {}
        }
    }
}
