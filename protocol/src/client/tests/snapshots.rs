//! Snapshots, step by step: the new truth for a session, wherever it lies, in whatever state the page is.

use bytes::Bytes;

use crate::client::{Answer, Client, Effect, Event, Request, Settings, SocketEnd};
use crate::codec::{BatchReader, BatchWriter, Framed};
use crate::frame::{ClientFrame, Event as SessionEvent, Exit, Mode, Role, ServerFrame, Size};
use crate::ids::{ClientId, Generation, LogId, LogPosition, SessionId};

const SESSION: SessionId = SessionId::from_bytes([1; 16]);
const LOG: LogId = LogId::from_bytes([2; 16]);
const SIZE: Size = Size { cols: 80, rows: 24 };

fn at(offset: u64) -> LogPosition {
    LogPosition { log: LOG, offset }
}

/// What the page was handed, in short.
#[derive(Debug, PartialEq, Eq)]
enum Handed {
    Attached(u64),
    Output(u64, Vec<u8>),
    Snapshot(u64, Vec<u8>),
    Gap(u64, u64),
    Exited,
    Answer,
}

/// A client and the numbers of its transports.
struct Bench {
    client: Client,
    generation: u32,
}

impl Bench {
    /// Attached by a socket, where output starts at `offset`.
    fn attached(offset: u64) -> Self {
        let id = ClientId::from_bytes([3; 16]);
        let mut bench = Self {
            client: Client::new(id, None, Settings::default()),
            generation: 1,
        };
        bench.client.handle(Event::Start, 0);
        bench.page(ClientFrame::Attach {
            session: SESSION,
            from: None,
            mode: Mode::Screen,
            size: SIZE,
        });
        bench.client.handle(Event::SocketOpened(Generation(1)), 0);
        bench.hear(&[attached(offset)]);
        bench
    }

    fn page(&mut self, frame: ClientFrame) -> Vec<ClientFrame> {
        said(&self.client.handle(Event::Page(frame.into()), 0))
    }

    fn hear(&mut self, frames: &[(ServerFrame, &'static [u8])]) -> Vec<Handed> {
        let generation = Generation(self.generation);
        handed(
            &self
                .client
                .handle(Event::SocketMessage(generation, batch(frames)), 0),
        )
    }

    /// The page has parsed up to `offset`: what it is handed next, and what the server is told.
    fn parse(&mut self, offset: u64) -> (Vec<Handed>, Vec<ClientFrame>) {
        let session = SESSION;
        let effects = self.client.handle(Event::Parsed { session, offset }, 0);
        (handed(&effects), said(&effects))
    }

    /// The socket is cut and another opened: what is said first on it.
    fn cut(&mut self) -> Vec<ClientFrame> {
        let (old, new) = (Generation(self.generation), Generation(self.generation + 1));
        self.generation = new.0;
        self.client
            .handle(Event::SocketClosed(old, SocketEnd::Cut), 60_000);
        said(&self.client.handle(Event::SocketOpened(new), 60_000))
    }
}

fn batch(frames: &[(ServerFrame, &'static [u8])]) -> Bytes {
    let mut batch = BatchWriter::default();
    for (frame, payload) in frames {
        batch.push_parts(frame, &[Bytes::from_static(payload)]);
    }
    batch.take()
}

fn attached(offset: u64) -> (ServerFrame, &'static [u8]) {
    let frame = ServerFrame::Attached {
        session: SESSION,
        from: at(offset),
        end: offset,
        size: SIZE,
        input: 0,
    };
    (frame, b"")
}

fn output(offset: u64, bytes: &'static [u8]) -> (ServerFrame, &'static [u8]) {
    let frame = ServerFrame::Output {
        session: SESSION,
        offset,
    };
    (frame, bytes)
}

fn part(offset: u64, parts_left: u16, bytes: &'static [u8]) -> (ServerFrame, &'static [u8]) {
    let frame = ServerFrame::Snapshot {
        session: SESSION,
        position: at(offset),
        size: SIZE,
        parts_left,
    };
    (frame, bytes)
}

fn snapshot(offset: u64, bytes: &'static [u8]) -> (ServerFrame, &'static [u8]) {
    part(offset, 0, bytes)
}

fn exited(end: u64) -> (ServerFrame, &'static [u8]) {
    let exit = Exit::Code(0);
    let event = SessionEvent::Exited { exit, end };
    let frame = ServerFrame::Event {
        session: SESSION,
        event,
    };
    (frame, b"")
}

fn handed(effects: &[Effect]) -> Vec<Handed> {
    let page = effects.iter().filter_map(|effect| match effect {
        Effect::Page(Framed { frame, payload }) => Some((frame, payload.to_vec())),
        _ => None,
    });
    page.map(|(frame, payload)| match frame {
        ServerFrame::Attached { from, .. } => Handed::Attached(from.offset),
        ServerFrame::Output { offset, .. } => Handed::Output(*offset, payload),
        ServerFrame::Snapshot { position, .. } => Handed::Snapshot(position.offset, payload),
        ServerFrame::Gap { from, to, .. } => Handed::Gap(*from, *to),
        ServerFrame::Event { .. } => Handed::Exited,
        ServerFrame::History { .. } => Handed::Answer,
        other => panic!("not expected here: {other:?}"),
    })
    .collect()
}

fn said(effects: &[Effect]) -> Vec<ClientFrame> {
    let batches = effects.iter().filter_map(|effect| match effect {
        Effect::SocketSend(batch) | Effect::Http { batch, .. } => Some(batch.clone()),
        _ => None,
    });
    batches
        .flat_map(|batch| {
            BatchReader::<ClientFrame>::new(batch).map(|framed| framed.expect("readable").frame)
        })
        .collect()
}

fn ack(received: u64, parsed: u64) -> ClientFrame {
    ClientFrame::Ack {
        session: SESSION,
        received,
        parsed,
    }
}

fn resumed_from(said: &[ClientFrame]) -> Option<LogPosition> {
    said.iter()
        .find_map(|frame| match frame {
            ClientFrame::Attach { from, .. } => Some(*from),
            _ => None,
        })
        .expect("the session is taken up again")
}

#[test]
fn a_snapshot_waits_for_what_is_being_parsed_and_drops_what_is_held() {
    let mut bench = Bench::attached(0);
    bench.hear(&[output(0, b"abc")]);
    assert_eq!(
        bench.hear(&[
            output(3, b"held"),
            snapshot(900, b"screen"),
            output(900, b"on")
        ]),
        []
    );
    assert_eq!(
        bench.parse(3).0,
        [Handed::Snapshot(900, b"screen".to_vec())]
    );
    let (next, acks) = bench.parse(900);
    assert_eq!(next, [Handed::Output(900, b"on".to_vec())]);
    // At once, however little it was.
    assert_eq!(acks, [ack(902, 900)]);
    assert_eq!(bench.parse(902), (vec![], vec![]));
}

#[test]
fn a_snapshot_may_lie_before_what_the_page_has() {
    let mut bench = Bench::attached(0);
    bench.hear(&[output(0, b"abcdef")]);
    bench.parse(6);
    assert_eq!(
        bench.hear(&[snapshot(4, b"screen")]),
        [Handed::Snapshot(4, b"screen".to_vec())]
    );
    assert_eq!(bench.parse(4), (vec![], vec![ack(4, 4)]));
    assert_eq!(
        bench.hear(&[output(4, b"ef")]),
        [Handed::Output(4, b"ef".to_vec())]
    );
    assert_eq!(resumed_from(&bench.cut()), Some(at(6)));
}

#[test]
fn bytes_from_before_a_snapshot_are_dropped_and_overlapping_ones_trimmed() {
    let mut bench = Bench::attached(0);
    bench.hear(&[snapshot(100, b"screen")]);
    bench.parse(100);
    assert_eq!(bench.hear(&[output(90, b"old")]), []);
    assert_eq!(
        bench.hear(&[output(98, b"xynew")]),
        [Handed::Output(100, b"new".to_vec())]
    );
    // The same again: the newer word stands, and bytes count from it.
    bench.parse(103);
    assert_eq!(
        bench.hear(&[snapshot(100, b"screen")]),
        [Handed::Snapshot(100, b"screen".to_vec())]
    );
    bench.parse(100);
    assert_eq!(
        bench.hear(&[output(100, b"new")]),
        [Handed::Output(100, b"new".to_vec())]
    );
}

#[test]
fn only_its_own_end_confirms_a_snapshot() {
    let mut bench = Bench::attached(0);
    bench.hear(&[snapshot(50, b"screen"), output(50, b"on")]);
    // Said about bytes of another life.
    assert_eq!(bench.parse(49), (vec![], vec![]));
    assert_eq!(bench.parse(51), (vec![], vec![]));
    let (next, acks) = bench.parse(50);
    assert_eq!(next, [Handed::Output(50, b"on".to_vec())]);
    assert_eq!(acks, [ack(52, 50)]);
}

#[test]
fn a_second_snapshot_replaces_the_one_that_waits() {
    let mut bench = Bench::attached(0);
    assert_eq!(
        bench.hear(&[
            snapshot(10, b"one"),
            snapshot(20, b"two"),
            snapshot(30, b"three")
        ]),
        [Handed::Snapshot(10, b"one".to_vec())]
    );
    let (next, acks) = bench.parse(10);
    assert_eq!(next, [Handed::Snapshot(30, b"three".to_vec())]);
    // The last one is not confirmed by that.
    assert_eq!(acks, [ack(30, 10)]);
    assert_eq!(bench.parse(30), (vec![], vec![ack(30, 30)]));
}

#[test]
fn a_snapshot_in_parts_counts_when_it_is_whole() {
    let mut bench = Bench::attached(0);
    assert_eq!(bench.hear(&[part(70, 2, b"one ")]), []);
    assert_eq!(bench.hear(&[part(70, 1, b"two ")]), []);
    assert_eq!(
        bench.hear(&[part(70, 0, b"three")]),
        [Handed::Snapshot(70, b"one two three".to_vec())]
    );
}

#[test]
fn a_snapshot_cut_in_the_middle_counts_for_nothing() {
    let mut bench = Bench::attached(0);
    bench.hear(&[output(0, b"abc")]);
    bench.parse(3);
    bench.hear(&[part(70, 1, b"half of one, ")]);
    assert_eq!(resumed_from(&bench.cut()), Some(at(3)));
    bench.hear(&[attached(3)]);
    assert_eq!(
        bench.hear(&[part(70, 0, b"whole")]),
        [Handed::Snapshot(70, b"whole".to_vec())]
    );
}

#[test]
fn what_was_promised_and_never_came_is_asked_for_again() {
    // Attached afresh: nothing came.
    let mut bench = Bench::attached(500);
    assert_eq!(resumed_from(&bench.cut()), None);
    bench.hear(&[attached(500), snapshot(500, b"screen")]);
    bench.parse(500);
    // Bytes 500..800 are skipped by a snapshot that never came.
    bench.cut();
    assert_eq!(bench.hear(&[attached(800)]), [Handed::Attached(800)]);
    assert_eq!(resumed_from(&bench.cut()), Some(at(500)));
    // It comes: no gap is shown, nothing is missing.
    assert_eq!(
        bench.hear(&[attached(900), snapshot(900, b"later")]),
        [
            Handed::Attached(900),
            Handed::Snapshot(900, b"later".to_vec())
        ]
    );
}

#[test]
fn without_a_snapshot_lost_bytes_are_said_when_the_next_ones_come() {
    let mut bench = Bench::attached(0);
    bench.hear(&[output(0, b"abc")]);
    bench.parse(3);
    bench.cut();
    assert_eq!(bench.hear(&[attached(10)]), [Handed::Attached(10)]);
    assert_eq!(
        bench.hear(&[output(10, b"on")]),
        [Handed::Gap(3, 10), Handed::Output(10, b"on".to_vec())]
    );
}

#[test]
fn an_end_that_was_told_survives_a_snapshot() {
    let mut bench = Bench::attached(0);
    bench.hear(&[output(0, b"abc")]);
    assert_eq!(
        bench.hear(&[output(3, b"d"), exited(4), snapshot(4, b"screen")]),
        []
    );
    assert_eq!(bench.parse(3).0, [Handed::Snapshot(4, b"screen".to_vec())]);
    assert_eq!(bench.parse(4).0, [Handed::Exited]);
}

#[test]
fn polls_go_on_behind_a_snapshot_and_confirm_it_once_it_is_parsed() {
    let id = ClientId::from_bytes([3; 16]);
    let mut client = Client::new(id, None, Settings::default());
    client.handle(Event::Start, 0);
    let attach = ClientFrame::Attach {
        session: SESSION,
        from: None,
        mode: Mode::Screen,
        size: SIZE,
    };
    client.handle(Event::Page(attach.into()), 0);
    client.handle(Event::SocketClosed(Generation(1), SocketEnd::Cut), 1);
    let answer = |request, seq, frames: &[(ServerFrame, &'static [u8])]| Event::Answered {
        generation: Generation(2),
        request,
        seq,
        answer: Answer::Batch(batch(frames)),
    };
    let effects = client.handle(answer(Request::Send, 0, &[attached(40)]), 2);
    assert_eq!(said(&effects), [ack(40, 40)]);
    let effects = client.handle(answer(Request::Poll, 0, &[snapshot(60, b"screen")]), 3);
    assert_eq!(handed(&effects), [Handed::Snapshot(60, b"screen".to_vec())]);
    // The next poll goes on behind it, and does not say that it is parsed.
    assert_eq!(said(&effects), [ack(60, 40)]);
    let session = SESSION;
    let effects = client.handle(
        Event::Parsed {
            session,
            offset: 60,
        },
        4,
    );
    assert_eq!(said(&effects), [ack(60, 60)]);
}

#[test]
fn a_reader_stays_one_across_transports_and_wishes_for_no_size() {
    let mut bench = Bench::attached(0);
    let role = |role| ClientFrame::Role {
        session: SESSION,
        role,
    };
    let resize = ClientFrame::Resize {
        session: SESSION,
        size: SIZE,
    };
    assert_eq!(bench.page(role(Role::Reader)), [role(Role::Reader)]);
    assert_eq!(bench.page(role(Role::Reader)), []);
    assert_eq!(bench.page(resize.clone()), []);
    let said = bench.cut();
    let [.., ClientFrame::Attach { size, .. }, again] = &said[..] else {
        panic!("not taken up again: {said:?}");
    };
    assert_eq!((*size, again), (Size::NO_WISH, &role(Role::Reader)));
    assert_eq!(bench.page(role(Role::Writer)), [role(Role::Writer)]);
    assert_eq!(bench.page(resize.clone()), [resize]);
}

#[test]
fn colours_are_said_once_and_again_on_the_next_transport() {
    let mut bench = Bench::attached(0);
    let palette = |colour| ClientFrame::Palette {
        session: SESSION,
        sixteen: [colour; 16],
    };
    assert_eq!(bench.page(palette(1)), [palette(1)]);
    assert_eq!(bench.page(palette(1)), []);
    assert_eq!(bench.page(palette(2)), [palette(2)]);
    assert_eq!(bench.cut().last(), Some(&palette(2)));
}

#[test]
fn history_is_asked_for_while_attached() {
    let mut bench = Bench::attached(0);
    let ask = ClientFrame::History {
        session: SESSION,
        lines: 10_000,
    };
    assert_eq!(bench.page(ask.clone()), std::slice::from_ref(&ask));
    bench.cut();
    assert_eq!(bench.page(ask), []);
}

#[test]
fn the_answer_to_a_question_for_history_is_told_from_what_was_under_way() {
    let mut bench = Bench::attached(0);
    let answer = (ServerFrame::History { session: SESSION }, &b""[..]);
    bench.hear(&[output(0, b"abc")]);
    // A picture of a flood comes first, while the page still parses.
    assert_eq!(bench.hear(&[snapshot(40, b"picture")]), []);
    let picture = Handed::Snapshot(40, b"picture".to_vec());
    assert_eq!(bench.parse(3).0, [picture]);
    let parts = [answer.clone(), part(50, 1, b"all "), part(50, 0, b"lines")];
    assert_eq!(bench.hear(&parts), []);
    // Not confirmed before it is parsed, although something stands before it.
    let (handed, said) = bench.parse(40);
    let all = Handed::Snapshot(50, b"all lines".to_vec());
    assert_eq!(handed, [Handed::Answer, all]);
    assert_eq!(said, [ack(50, 40)]);
    bench.parse(50);
    let next = Handed::Snapshot(60, b"next".to_vec());
    assert_eq!(bench.hear(&[snapshot(60, b"next")]), [next]);
    // Cut before its snapshot came, it says nothing about the next one.
    bench.parse(60);
    bench.hear(&[answer]);
    bench.cut();
    bench.hear(&[attached(60)]);
    let other = Handed::Snapshot(70, b"other".to_vec());
    assert_eq!(bench.hear(&[snapshot(70, b"other")]), [other]);
}

#[test]
fn a_session_that_is_only_followed_is_followed_again_and_then_attached() {
    let mut bench = Bench::attached(0);
    let follow = ClientFrame::Follow { session: SESSION };
    assert_eq!(bench.page(follow.clone()), std::slice::from_ref(&follow));
    assert_eq!(bench.cut().last(), Some(&follow));
    let attach = ClientFrame::Attach {
        session: SESSION,
        from: None,
        mode: Mode::Screen,
        size: SIZE,
    };
    assert_eq!(bench.page(attach.clone()), std::slice::from_ref(&attach));
    // What was under way belongs to the first question.
    assert_eq!(bench.hear(&[attached(7)]), [Handed::Attached(7)]);
    assert_eq!(bench.hear(&[attached(7), output(7, b"x")]).len(), 2);
    assert_eq!(
        bench.cut().last(),
        Some(&ClientFrame::Attach {
            session: SESSION,
            from: Some(at(8)),
            mode: Mode::Screen,
            size: SIZE,
        })
    );
}
