//! A session in this terminal. It is a viewer as a page is one, by the same machine ([`Client`]): what is
//! written is acknowledged, a lost connection is opened again with a higher generation and goes on at the byte,
//! keys are numbered. The terminal draws; nothing is emulated here.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::Duration;

use bowline_keeper::Visit;
use bowline_protocol::client::{Answer, Client, Effect, Event, Settings, SocketEnd, Status};
use bowline_protocol::codec::Framed;
use bowline_protocol::frame::{self, InputRefusal, Mode};
use bowline_protocol::input::InputSender;
use bowline_protocol::{
    ClientFrame, ClientId, Generation, LogId, LogPosition, ServerFrame, SessionId, limits,
};
use bowline_terminal::{Exit, LinkError, SessionInfo, Size};
use bytes::Bytes;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::visit::find::plain;
use crate::visit::keys::DetachKey;
use crate::visit::link::{Links, News, Told};
use crate::visit::quiet::Quiet;
use crate::visit::{Error, ended, tty};

/// How long sessions may be out of reach: longer than a keeper takes to become another program.
const LOST_AFTER: Duration = Duration::from_secs(15);
/// What was typed before the detach key may take so long to be written.
const LAST_KEYS: Duration = Duration::from_secs(1);
/// What is being written when this ends may take so long.
const LAST_WRITE: Duration = Duration::from_millis(500);
/// Typed while the program reads nothing, bytes; then the terminal waits.
const TYPED_MAX: u64 = 4 * 1024 * 1024;
/// Between two tries of input that the session has no room for.
const REFUSED_PAUSE: Duration = Duration::from_millis(250);

/// How a session was left.
pub(super) struct Left {
    /// For people.
    pub(super) message: String,
    pub(super) status: ExitCode,
}

/// Why it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leaving {
    Detached,
    Signalled(SignalKind),
    Ended(Exit),
    Gone,
    Lost(LinkError),
}

/// Shows a session until it ends or is left.
pub(super) async fn attach(
    visit: Visit,
    session: &SessionInfo,
    key: DetachKey,
) -> Result<Left, Error> {
    if !tty::is_there() {
        return Err(Error::NoTerminal);
    }
    let mut events = Events::new()?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| std::io::Error::other(error.to_string()))?;
    let client = ClientId::from_bytes(id);
    let (links, told) = Links::new(visit, client);
    let writer = tty::Writer::start()?;
    let raw = tty::Raw::enter()?;
    let mut typed = tty::read()?;
    let mut view = View::new(client, session, links, writer);
    view.begin().await;
    let leaving = view.run(&mut events, &mut typed, told, &key).await;
    view.finish().await;
    let name = plain(&view.name);
    drop(raw);
    match leaving? {
        Leaving::Detached => Ok(Left {
            message: format!("detached from {name}"),
            status: ExitCode::SUCCESS,
        }),
        Leaving::Signalled(signal) => Ok(Left {
            message: format!("detached from {name}"),
            status: status_of_signal(signal.as_raw_value()),
        }),
        Leaving::Ended(exit) => Ok(Left {
            message: format!("{name} {}", ended(exit)),
            status: match exit {
                Exit::Code(code) => ExitCode::from(code as u8),
                Exit::Signal(signal) => status_of_signal(signal),
                _ => ExitCode::FAILURE,
            },
        }),
        Leaving::Gone => Err(Error::Gone(name)),
        Leaving::Lost(why) => Err(Error::Lost {
            name,
            why: why.to_string(),
        }),
    }
}

/// As a shell says it.
fn status_of_signal(signal: i32) -> ExitCode {
    ExitCode::from(128_u8.saturating_add(u8::try_from(signal).unwrap_or(0)))
}

/// Signals that concern a terminal.
struct Events {
    resized: Signal,
    ends: [(SignalKind, Signal); 3],
}

impl Events {
    fn new() -> std::io::Result<Self> {
        let end = |kind| Ok::<_, std::io::Error>((kind, signal(kind)?));
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            ends: [
                end(SignalKind::terminate())?,
                end(SignalKind::hangup())?,
                end(SignalKind::interrupt())?,
            ],
        })
    }

    /// One that ends us. Cancel-safe.
    async fn end(ends: &mut [(SignalKind, Signal); 3]) -> SignalKind {
        let [first, second, third] = ends;
        tokio::select! {
            _ = first.1.recv() => first.0,
            _ = second.1.recv() => second.0,
            _ = third.1.recv() => third.0,
        }
    }
}

/// What is to be written.
#[derive(Debug, Default)]
struct Output {
    quiet: Quiet,
    /// At most what the viewer's window allows.
    waiting: Vec<u8>,
    /// Where in the log what waits ends.
    end: Option<u64>,
    /// Being written now, up to there.
    writing: Option<Option<u64>>,
}

struct View {
    session: SessionId,
    name: String,
    client: Client,
    links: Links,
    started: Instant,
    input: InputSender,
    log: Option<LogId>,
    size: Size,
    output: Output,
    writer: tty::Writer,
    /// The size that another viewer wishes for rules.
    overruled: bool,
    /// Since when sessions are out of reach, and what was said of it last.
    offline: Option<Instant>,
    why: LinkError,
    /// Input was refused for want of room: tried again then.
    again: Option<Instant>,
    leaving: Option<Leaving>,
}

impl View {
    fn new(client: ClientId, session: &SessionInfo, links: Links, writer: tty::Writer) -> Self {
        Self {
            session: session.id,
            name: session.label.clone(),
            client: Client::new(client, None, Settings::default()),
            links,
            started: Instant::now(),
            input: InputSender::new(limits::INPUT_WINDOW),
            log: None,
            size: tty::size().unwrap_or(session.size),
            output: Output::default(),
            writer,
            overruled: false,
            offline: None,
            why: LinkError::Unreachable,
            again: None,
            leaving: None,
        }
    }

    /// Says what this terminal wants; the greeting of the first transport tells.
    async fn begin(&mut self) {
        let attach = ClientFrame::Attach {
            session: self.session,
            from: None,
            mode: Mode::Screen,
            size: self.size,
        };
        self.say(attach).await;
        self.focus(true).await;
        self.handle(Event::Start).await;
    }

    /// Until there is a reason to leave.
    async fn run(
        &mut self,
        events: &mut Events,
        typed: &mut mpsc::Receiver<Bytes>,
        mut told: Told,
        key: &DetachKey,
    ) -> Result<Leaving, Error> {
        let Events { resized, ends } = events;
        // What was typed before it was to be left is still on its way.
        let mut detach_by: Option<Instant> = None;
        loop {
            if let Some(leaving) = self.leaving.take() {
                return Ok(leaving);
            }
            if detach_by.is_some() && self.input.unacknowledged() == 0 {
                return Ok(Leaving::Detached);
            }
            let lost_at = self.offline.map(|since| since + LOST_AFTER);
            let timer = self.client.deadline();
            let timer = timer.map(|at| self.started + Duration::from_millis(at));
            let reads = detach_by.is_none() && self.input.unacknowledged() < TYPED_MAX;
            tokio::select! {
                told = told.recv() => {
                    if let Some((generation, news)) = told {
                        self.on_news(generation, news).await;
                    }
                }
                piece = typed.recv(), if reads => match piece {
                    Some(piece) => match key.find(&piece) {
                        Some(at) => {
                            self.on_typed(piece.slice(..at)).await;
                            detach_by = Some(Instant::now() + LAST_KEYS);
                        }
                        None => self.on_typed(piece).await,
                    },
                    None => return Ok(Leaving::Detached),
                },
                written = self.writer.written(), if self.output.writing.is_some() => {
                    written?;
                    self.on_written().await;
                }
                _ = resized.recv() => self.on_resized().await,
                signal = Events::end(ends) => return Ok(Leaving::Signalled(signal)),
                () = at(timer) => self.handle(Event::Timer).await,
                () = at(self.again) => {
                    self.again = None;
                    self.pump().await;
                }
                () = at(detach_by) => return Ok(Leaving::Detached),
                () = at(lost_at) => return Ok(Leaving::Lost(self.why.clone())),
            }
        }
    }

    /// What is being written is not cut off.
    async fn finish(&mut self) {
        self.links.close();
        if self.output.writing.is_some() {
            let _ = timeout(LAST_WRITE, self.writer.written()).await;
        }
        if self.output.quiet.has_coloured() {
            self.writer.write(tty::RESET_COLOURS.into());
            let _ = timeout(LAST_WRITE, self.writer.written()).await;
        }
    }

    async fn on_news(&mut self, generation: Generation, news: News) {
        let event = match news {
            News::Opened => Event::SocketOpened(generation),
            News::Batch(batch) => Event::SocketMessage(generation, batch),
            News::Closed(why) => {
                // Those may pass; whatever else is said would be said again.
                if !matches!(
                    why,
                    LinkError::Unreachable | LinkError::Closed | LinkError::Superseded
                ) {
                    self.leaving = Some(Leaving::Lost(why.clone()));
                }
                self.why = why;
                Event::SocketClosed(generation, SocketEnd::Cut)
            }
        };
        self.handle(event).await;
    }

    async fn on_typed(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        if self.overruled {
            // Whoever types has the keyboard, and its size rules.
            self.focus(false).await;
            self.focus(true).await;
        }
        self.input.push(piece);
        self.pump().await;
    }

    /// Sends what may be sent.
    async fn pump(&mut self) {
        let mut events = VecDeque::new();
        self.pump_into(&mut events);
        for event in events {
            self.handle(event).await;
        }
    }

    async fn on_written(&mut self) {
        let written = self.output.writing.take().flatten();
        self.write();
        if let Some(offset) = written {
            let session = self.session;
            self.handle(Event::Parsed { session, offset }).await;
        }
    }

    async fn on_resized(&mut self) {
        if let Some(size) = tty::size() {
            self.size = size;
            let session = self.session;
            self.say(ClientFrame::Resize { session, size }).await;
        }
    }

    async fn focus(&mut self, focused: bool) {
        let frame = ClientFrame::View {
            session: self.session,
            visible: true,
            focused,
            // The terminal's own are not known: asking it would be answered among the keys.
            colours: None,
        };
        self.say(frame).await;
    }

    async fn say(&mut self, frame: ClientFrame) {
        self.handle(Event::Page(frame.into())).await;
    }

    /// Carries out what comes of an event. What the machine tells may lead to more.
    async fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            for effect in self.client.handle(event, now_ms) {
                match effect {
                    Effect::OpenSocket(generation) => self.links.open(generation),
                    Effect::SocketSend(batch) => self.links.send(batch).await,
                    Effect::CloseSocket => self.links.close(),
                    // There is no second way: it is said to be lost, and the first is tried again.
                    Effect::Http {
                        generation,
                        request,
                        seq,
                        ..
                    } => events.push_back(Event::Answered {
                        generation,
                        request,
                        seq,
                        answer: Answer::Failed,
                    }),
                    Effect::AbortRequests => {}
                    Effect::Page(framed) => self.on_frame(framed, &mut events),
                    Effect::Detached => self.input.pause(),
                    Effect::Status(Status::Offline { .. }) => {
                        self.offline.get_or_insert_with(Instant::now);
                    }
                    Effect::Status(_) | Effect::RoundTrip(_) => {}
                }
            }
        }
        self.write();
    }

    fn on_frame(&mut self, framed: Framed<ServerFrame>, events: &mut VecDeque<Event>) {
        match framed.frame {
            ServerFrame::Attached { from, input, .. } => {
                self.on_attached(from, input);
                self.pump_into(events);
            }
            ServerFrame::Output { offset, .. } => {
                let output = &mut self.output;
                output.quiet.pass(&framed.payload, &mut output.waiting);
                output.end = Some(offset + framed.payload.len() as u64);
            }
            ServerFrame::Snapshot { position, .. } => {
                self.output.restart();
                let output = &mut self.output;
                output.quiet.pass(&framed.payload, &mut output.waiting);
                output.end = Some(position.offset);
            }
            ServerFrame::Resized { size, .. } if size == self.size => {
                // Our terminal has folded its lines by itself; the session's screen knows how they lie.
                let session = self.session;
                events.push_back(Event::Page(
                    ClientFrame::History { session, lines: 0 }.into(),
                ));
            }
            ServerFrame::Gap { .. } => self.output.quiet.restart(),
            ServerFrame::InputAck { position, .. } => {
                self.input.ack(position);
                self.pump_into(events);
            }
            ServerFrame::InputRefused {
                expected, reason, ..
            } => {
                self.input.rewind(expected);
                match reason {
                    InputRefusal::Missing => self.pump_into(events),
                    InputRefusal::Full => self.again = Some(Instant::now() + REFUSED_PAUSE),
                    // An `Attached` with the new log is on its way; and nobody only looks here.
                    InputRefusal::OtherLog | InputRefusal::ReadOnly => {}
                }
            }
            ServerFrame::Event { event, .. } => match event {
                frame::Event::Exited { exit, .. } => self.leaving = Some(Leaving::Ended(exit)),
                frame::Event::Renamed { label } => self.name = label,
                frame::Event::Viewers { ruling, .. } => self.overruled = !ruling,
                _ => {}
            },
            ServerFrame::Gone { .. } => self.leaving = Some(Leaving::Gone),
            _ => {}
        }
    }

    fn on_attached(&mut self, from: LogPosition, accepted: u64) {
        self.offline = None;
        self.overruled = false;
        if self.log != Some(from.log) {
            if self.log.is_some() {
                // Another life of the session: what was typed belonged to the last one.
                self.input = InputSender::new(limits::INPUT_WINDOW);
                self.output.restart();
            }
            self.log = Some(from.log);
        }
        self.input.resume(accepted);
    }

    fn pump_into(&mut self, events: &mut VecDeque<Event>) {
        let Some(log) = self.log else { return };
        let session = self.session;
        while let Some(piece) = self.input.next_piece() {
            let frame = ClientFrame::Input {
                session,
                log,
                position: piece.position,
                more: piece.more,
            };
            let payload = piece.bytes;
            events.push_back(Event::Page(Framed { frame, payload }));
        }
    }

    /// Writes what waits, unless something is being written.
    fn write(&mut self) {
        let Output {
            waiting,
            end,
            writing,
            ..
        } = &mut self.output;
        if writing.is_none() && (!waiting.is_empty() || end.is_some()) {
            *writing = Some(end.take());
            self.writer.write(std::mem::take(waiting));
        }
    }
}

impl Output {
    /// What follows is for a terminal that was reset.
    fn restart(&mut self) {
        self.quiet.restart();
        self.waiting.extend_from_slice(tty::RESET.as_bytes());
        self.waiting.extend_from_slice(tty::CLEAR.as_bytes());
        if self.quiet.has_coloured() {
            self.waiting
                .extend_from_slice(tty::RESET_COLOURS.as_bytes());
        }
    }
}

/// At a time, or never.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
