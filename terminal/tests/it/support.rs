//! A page without a browser: it says frames, folds what it is told into what it knows, and waits until
//! that is what a test expects.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use bowline_protocol::codec::{BatchReader, BatchWriter};
use bowline_protocol::frame::{
    ClientFrame, Event, Exit, InputRefusal, Mode, Notice, ServerFrame, Size,
};
use bowline_protocol::ids::{ClientId, Generation, LogPosition, ServerId, SessionId};
use bowline_protocol::input::InputSender;
use bowline_protocol::limits::{INPUT_WINDOW, VERSION};
use bowline_screen::Screen;
use bowline_terminal::{CreateSession, History, Links, Options, Sessions, Transport};
use bytes::Bytes;

/// A wait that is longer on the slowest machine means that the event doesn't come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {DEADLINE:?}"),
    }
}

pub(crate) struct World {
    pub(crate) sessions: Sessions,
    pub(crate) links: Links,
}

/// A home without start-up files. Those of whoever runs the tests may take their time, and a shell that is killed
/// meanwhile can leave their locks behind.
fn empty_home() -> String {
    let home = concat!(env!("CARGO_TARGET_TMPDIR"), "/home");
    std::fs::create_dir_all(home).expect("a folder");
    home.to_owned()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(mut options: Options) -> Self {
        options.env_set.push(("PS1".into(), "$ ".into()));
        if !options.env_set.iter().any(|(name, _)| name == "HOME") {
            options.env_set.push(("HOME".into(), empty_home()));
        }
        let sessions = Sessions::new(options);
        let links = Links::new(sessions.clone(), ServerId::from_bytes([9; 16]));
        Self { sessions, links }
    }

    /// A bash that reads no files of the user.
    pub(crate) async fn bash(&self) -> SessionId {
        self.run(&["bash", "--norc", "--noprofile", "-i"]).await
    }

    pub(crate) async fn run(&self, command: &[&str]) -> SessionId {
        let created = self.sessions.create(command_of(command)).await;
        created.expect("a session").session
    }

    pub(crate) fn page(&self, number: u8) -> Page {
        Page::new(self, number)
    }
}

pub(crate) fn command_of(command: &[&str]) -> CreateSession {
    CreateSession {
        command: Some(command.iter().map(|part| (*part).to_owned()).collect()),
        ..CreateSession::default()
    }
}

pub(crate) fn client(number: u8) -> ClientId {
    ClientId::from_bytes([number; 16])
}

pub(crate) fn batch(frames: &[ClientFrame]) -> Bytes {
    let mut writer = BatchWriter::default();
    frames.iter().for_each(|frame| writer.push(frame));
    writer.take()
}

pub(crate) fn hello(number: u8, generation: Generation) -> ClientFrame {
    ClientFrame::Hello {
        client: client(number),
        generation,
        versions: vec![VERSION],
        proof: None,
    }
}

/// Whether a page says what it has parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acks {
    Given,
    Withheld,
}

fn screen(size: Size) -> Screen {
    Screen::new(size, bowline_screen::Settings::default())
}

/// What a page knows of a session.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) start: u64,
    pub(crate) position: Option<LogPosition>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sizes: Vec<(u64, Size)>,
    pub(crate) gaps: Vec<(u64, u64)>,
    /// What the page shows.
    pub(crate) screen: Screen,
    pub(crate) snapshots: usize,
    /// The rows of those that answered a question for history.
    pub(crate) answers: Vec<usize>,
    /// The next one does.
    is_answer: bool,
    /// Parts of a snapshot that is coming in.
    parts: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) exit: Option<Exit>,
    pub(crate) refusals: Vec<InputRefusal>,
    pub(crate) gone: bool,
    pub(crate) input: InputSender,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            start: 0,
            position: None,
            bytes: Vec::new(),
            sizes: Vec::new(),
            gaps: Vec::new(),
            screen: screen(Size::default()),
            snapshots: 0,
            answers: Vec::new(),
            is_answer: false,
            parts: Vec::new(),
            events: Vec::new(),
            exit: None,
            refusals: Vec::new(),
            gone: false,
            input: InputSender::new(INPUT_WINDOW),
        }
    }
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn end(&self) -> u64 {
        self.position.map_or(0, |position| position.offset)
    }
}

/// What a page knows.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) sessions: BTreeMap<SessionId, Seen>,
    pub(crate) welcomes: usize,
    pub(crate) pongs: Vec<u64>,
    pub(crate) notices: Vec<Notice>,
}

impl Knowledge {
    pub(crate) fn of(&mut self, session: SessionId) -> &mut Seen {
        self.sessions.entry(session).or_default()
    }

    /// Folds a batch in. Output that was told before is dropped, as a page does; output with a hole before
    /// it too, if a poll may yet bring what is missing.
    pub(crate) fn fold(&mut self, batch: Bytes) {
        for framed in BatchReader::<ServerFrame>::new(batch) {
            let framed = framed.expect("the server's frames are well formed");
            match framed.frame {
                ServerFrame::Welcome { .. } => self.welcomes += 1,
                ServerFrame::Attached {
                    session,
                    from,
                    size,
                    input,
                    ..
                } => {
                    let seen = self.of(session);
                    match seen.position {
                        Some(position) if position.log == from.log => {
                            assert!(from.offset >= position.offset, "went back");
                            if from.offset > position.offset {
                                seen.gaps.push((position.offset, from.offset));
                            }
                        }
                        _ => seen.start = from.offset,
                    }
                    if seen.position.is_none() {
                        seen.screen = screen(size);
                    }
                    seen.screen.resize(size);
                    seen.parts.clear();
                    seen.position = Some(from);
                    seen.sizes.push((from.offset, size));
                    assert_eq!(seen.input.resume(input), 0, "input lost");
                }
                ServerFrame::Output { session, offset } => {
                    let seen = self.of(session);
                    let position = seen.position.as_mut().expect("output before attached");
                    let end = offset + framed.payload.len() as u64;
                    if offset <= position.offset && end > position.offset {
                        let skip = (position.offset - offset) as usize;
                        seen.bytes.extend_from_slice(&framed.payload[skip..]);
                        seen.screen.feed(&framed.payload[skip..]);
                        position.offset = end;
                    }
                }
                ServerFrame::Resized {
                    session,
                    offset,
                    size,
                } => {
                    let seen = self.of(session);
                    seen.sizes.push((offset, size));
                    seen.screen.resize(size);
                }
                ServerFrame::Snapshot {
                    session,
                    position,
                    size,
                    parts_left,
                } => {
                    let seen = self.of(session);
                    seen.parts.extend_from_slice(&framed.payload);
                    if parts_left == 0 {
                        seen.screen = screen(size);
                        seen.screen.feed(&std::mem::take(&mut seen.parts));
                        seen.snapshots += 1;
                        if std::mem::take(&mut seen.is_answer) {
                            let rows = seen.screen.text(History::All).lines().count();
                            seen.answers.push(rows);
                        }
                        seen.position = Some(position);
                    }
                }
                ServerFrame::Gap { session, from, to } => {
                    let seen = self.of(session);
                    seen.gaps.push((from, to));
                    seen.position
                        .as_mut()
                        .expect("a gap before attached")
                        .offset = to;
                }
                ServerFrame::InputAck { session, position } => {
                    self.of(session).input.ack(position);
                }
                ServerFrame::InputRefused {
                    session,
                    expected,
                    reason,
                } => {
                    let seen = self.of(session);
                    seen.refusals.push(reason);
                    seen.input.rewind(expected);
                }
                ServerFrame::Event { session, event } => {
                    let seen = self.of(session);
                    if let Event::Exited { exit, end } = &event {
                        seen.exit = Some(*exit);
                        assert!(*end >= seen.end());
                    }
                    seen.events.push(event);
                }
                ServerFrame::Gone { session } => self.of(session).gone = true,
                ServerFrame::Pong { t } => self.pongs.push(t),
                ServerFrame::Notice { notice } => self.notices.push(notice),
                ServerFrame::History { session } => self.of(session).is_answer = true,
                ServerFrame::KeepAlive => {}
            }
        }
    }
}

/// A page on a socket.
pub(crate) struct Page {
    number: u8,
    links: Links,
    generation: Generation,
    pub(crate) transport: Transport,
    pub(crate) known: Knowledge,
    pub(crate) acks: Acks,
}

impl Page {
    fn new(world: &World, number: u8) -> Self {
        let generation = Generation(1);
        let transport = world.links.connect(client(number), generation);
        Self {
            number,
            links: world.links.clone(),
            generation,
            transport: transport.expect("a transport"),
            known: Knowledge::default(),
            acks: Acks::Given,
        }
    }

    pub(crate) async fn say(&self, frames: &[ClientFrame]) {
        let taken = self.transport.receive(batch(frames)).await;
        taken.expect("the frames are taken");
    }

    fn attach_frame(&mut self, session: SessionId, mode: Mode, size: Size) -> ClientFrame {
        let seen = self.known.of(session);
        seen.input.pause();
        ClientFrame::Attach {
            session,
            from: seen.position,
            mode,
            size,
        }
    }

    pub(crate) async fn attach(&mut self, session: SessionId) {
        self.attach_as(session, Mode::Log, Size::default()).await;
    }

    pub(crate) async fn attach_as(&mut self, session: SessionId, mode: Mode, size: Size) {
        let frames = [
            hello(self.number, self.generation),
            self.attach_frame(session, mode, size),
        ];
        self.say(&frames).await;
        self.until(session, "attached", |seen| {
            seen.position.is_some() || seen.gone
        })
        .await;
    }

    /// Asks for what happens in a session, not for its output.
    pub(crate) async fn follow(&mut self, session: SessionId) {
        let hello = hello(self.number, self.generation);
        self.say(&[hello, ClientFrame::Follow { session }]).await;
        self.until(session, "attached", |seen| seen.position.is_some())
            .await;
    }

    /// Drops the transport, opens the next one, and takes a session up again.
    pub(crate) async fn reconnect(&mut self, session: SessionId) {
        self.generation = self.generation.next();
        let transport = self.links.connect(client(self.number), self.generation);
        self.transport = transport.expect("a newer transport");
        let welcomes = self.known.welcomes;
        let frames = [
            hello(self.number, self.generation),
            self.attach_frame(session, Mode::Log, Size::default()),
        ];
        self.say(&frames).await;
        while self.known.welcomes == welcomes {
            self.take("welcome").await;
        }
    }

    /// The server's process is another from now on: takes a session up there, with all that the page knows.
    pub(crate) async fn move_to(&mut self, world: &World, session: SessionId) {
        self.links = world.links.clone();
        self.reconnect(session).await;
    }

    /// Takes one batch, and answers it as a page does.
    pub(crate) async fn take(&mut self, what: &str) {
        let batch = soon(what, self.transport.next_batch()).await;
        let before: Vec<u64> = self.known.sessions.values().map(Seen::end).collect();
        self.known.fold(batch.expect("the transport is served"));
        let mut writer = BatchWriter::default();
        for ((&session, seen), before) in self.known.sessions.iter_mut().zip(before) {
            let (Some(position), Acks::Given) = (seen.position, self.acks) else {
                continue;
            };
            if position.offset > before {
                writer.push(&ClientFrame::Ack {
                    session,
                    received: position.offset,
                    parsed: position.offset,
                });
            }
        }
        if !writer.is_empty() {
            self.transport
                .receive(writer.take())
                .await
                .expect("acknowledgements are taken");
        }
        self.send_input().await;
    }

    async fn send_input(&mut self) {
        let mut writer = BatchWriter::default();
        for (&session, seen) in &mut self.known.sessions {
            let Some(position) = seen.position else {
                continue;
            };
            while let Some(piece) = seen.input.next_piece() {
                writer.push_parts(
                    &ClientFrame::Input {
                        session,
                        log: position.log,
                        position: piece.position,
                        more: piece.more,
                    },
                    &[piece.bytes],
                );
            }
        }
        if !writer.is_empty() {
            let taken = self.transport.receive(writer.take()).await;
            taken.expect("input is taken");
        }
    }

    /// Types. What the window leaves waits until the server has written.
    pub(crate) async fn type_in(&mut self, session: SessionId, bytes: impl Into<Bytes>) {
        self.known.of(session).input.push(bytes.into());
        self.send_input().await;
    }

    /// Takes batches until what is known of a session is as expected.
    pub(crate) async fn until(
        &mut self,
        session: SessionId,
        what: &str,
        mut expected: impl FnMut(&Seen) -> bool,
    ) {
        let begun = tokio::time::Instant::now();
        while !expected(self.known.of(session)) {
            if begun.elapsed() > DEADLINE {
                panic!("{what}: {:?}", Tail(self.known.of(session)));
            }
            self.take(what).await;
        }
    }

    /// Waits until the page shows a text.
    pub(crate) async fn shows(&mut self, session: SessionId, text: &str) {
        let begun = tokio::time::Instant::now();
        loop {
            let shown = self.known.of(session).screen.text(History::None);
            if shown.contains(text) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{text:?} in {shown:?}");
            self.take(text).await;
        }
    }

    /// Waits until the terminal showed a text.
    pub(crate) async fn see(&mut self, session: SessionId, text: &str) {
        let what = format!("see {text:?}");
        let mut searched = 0;
        self.until(session, &what, |seen| {
            let found = contains(&seen.bytes[searched..], text.as_bytes());
            searched = seen.bytes.len().saturating_sub(text.len());
            found
        })
        .await;
    }

    pub(crate) async fn exit_of(&mut self, session: SessionId) -> Exit {
        self.until(session, "exit", |seen| seen.exit.is_some())
            .await;
        self.known.of(session).exit.expect("it exited")
    }

    /// The number behind a name that the terminal showed as `name=123;`.
    pub(crate) async fn number(&mut self, session: SessionId, name: &str) -> i32 {
        let what = format!("a number {name}");
        self.until(session, &what, |seen| {
            number_in(&seen.text(), name).is_some()
        })
        .await;
        number_in(&self.known.of(session).text(), name).expect("it was seen")
    }
}

/// The end of what was seen, for messages.
struct Tail<'a>(&'a Seen);

impl Debug for Tail<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let from = self.0.bytes.len().saturating_sub(400);
        write!(
            f,
            "{} bytes to {:?}, gaps {:?}, exit {:?}, … {:?}",
            self.0.bytes.len(),
            self.0.position,
            self.0.gaps,
            self.0.exit,
            String::from_utf8_lossy(&self.0.bytes[from..])
        )
    }
}

pub(crate) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn number_in(text: &str, name: &str) -> Option<i32> {
    let name = format!("{name}=");
    text.match_indices(&name).find_map(|(at, _)| {
        let (number, _) = text[at + name.len()..].split_once(';')?;
        number.parse().ok()
    })
}

/// Whether a process runs. A zombie doesn't.
pub(crate) fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
        !matches!(state, Some(b'Z' | b'X') | None)
    })
}
