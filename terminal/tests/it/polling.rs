//! Viewers by polling: requests that come again are not carried out again, answers that were lost are
//! given again, and no byte goes missing between the two requests.

use std::time::Duration;

use bowline_protocol::codec::{BatchReader, BatchWriter};
use bowline_protocol::frame::{ClientFrame, Exit, Mode, ServerFrame, Size};
use bowline_protocol::ids::{Generation, SessionId};
use bowline_terminal::{HttpTransport, LinkError, Links};
use bytes::Bytes;

use crate::support::{DEADLINE, Knowledge, Seen, World, batch, client, contains, hello, soon};

const GENERATION: Generation = Generation(1);

/// A page that polls, one request after the other.
pub(crate) struct Poller {
    links: Links,
    send_seq: u64,
    poll_seq: u64,
    pub(crate) known: Knowledge,
}

impl Poller {
    /// Greets and attaches to a session.
    pub(crate) async fn new(world: &World, session: SessionId) -> Self {
        let mut poller = Self {
            links: world.links.clone(),
            send_seq: 0,
            poll_seq: 0,
            known: Knowledge::default(),
        };
        let greeting = batch(&[hello(1, GENERATION), attach(session)]);
        poller.send(greeting, Duration::ZERO).await;
        assert_eq!(poller.known.welcomes, 1);
        assert!(poller.known.of(session).position.is_some());
        poller
    }

    fn transport(&self) -> HttpTransport {
        self.links.http(client(1), GENERATION).expect("served")
    }

    pub(crate) async fn send(&mut self, batch: Bytes, hold: Duration) -> Bytes {
        let sent = self.transport().send(self.send_seq, batch, hold).await;
        let answer = sent.expect("carried out");
        self.send_seq += 1;
        self.known.fold(answer.clone());
        answer
    }

    /// Where every session stands.
    fn acks(&self) -> Bytes {
        let mut writer = BatchWriter::default();
        for (&session, seen) in &self.known.sessions {
            if let Some(position) = seen.position {
                writer.push(&ClientFrame::Ack {
                    session,
                    received: position.offset,
                    parsed: position.offset,
                });
            }
        }
        writer.take()
    }

    pub(crate) async fn poll(&mut self, hold: Duration) -> Bytes {
        let answer = self
            .transport()
            .poll(self.poll_seq, self.acks(), hold)
            .await;
        let answer = answer.expect("answered");
        self.poll_seq += 1;
        self.known.fold(answer.clone());
        answer
    }

    pub(crate) fn keys(&mut self, session: SessionId, text: &str) -> Bytes {
        let seen = self.known.of(session);
        let log = seen.position.expect("attached").log;
        seen.input.push(Bytes::copy_from_slice(text.as_bytes()));
        let mut writer = BatchWriter::default();
        while let Some(piece) = seen.input.next_piece() {
            let frame = ClientFrame::Input {
                session,
                log,
                position: piece.position,
                more: piece.more,
            };
            writer.push_parts(&frame, &[piece.bytes]);
        }
        writer.take()
    }

    pub(crate) async fn until(
        &mut self,
        session: SessionId,
        what: &str,
        mut expected: impl FnMut(&Seen) -> bool,
    ) {
        let begun = tokio::time::Instant::now();
        while !expected(self.known.of(session)) {
            assert!(
                begun.elapsed() < DEADLINE,
                "{what}: {:?}",
                self.known.of(session).text()
            );
            self.poll(Duration::from_secs(20)).await;
        }
    }

    async fn see(&mut self, session: SessionId, text: &str) {
        self.until(session, text, |seen| contains(&seen.bytes, text.as_bytes()))
            .await;
    }
}

fn attach(session: SessionId) -> ClientFrame {
    ClientFrame::Attach {
        session,
        from: None,
        mode: Mode::Log,
        size: Size::default(),
    }
}

#[tokio::test]
async fn a_repeated_send_types_once_and_a_repeated_poll_answers_again() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = Poller::new(&world, shell).await;
    page.see(shell, "$ ").await;
    let keys = page.keys(shell, "n=$((n+1)); echo n is $n\r");
    let seq = page.send_seq;
    let first = page.send(keys.clone(), Duration::ZERO).await;
    let again = page
        .transport()
        .send(seq, keys, Duration::from_secs(20))
        .await;
    assert_eq!(again, Ok(first));
    page.see(shell, "n is 1\r\n").await;

    let (seq, acks) = (page.poll_seq, page.acks());
    let keys = page.keys(shell, "n=$((n+1)); echo n is $n\r");
    page.send(keys, Duration::ZERO).await;
    let answer = page.poll(Duration::from_secs(20)).await;
    assert!(!answer.is_empty());
    let again = page
        .transport()
        .poll(seq, acks, Duration::from_secs(20))
        .await;
    assert_eq!(again, Ok(answer));
    page.see(shell, "n is 2\r\n").await;
    // A number of long ago is no longer answered.
    let stale = page.transport().poll(0, page.acks(), Duration::ZERO).await;
    assert_eq!(stale, Err(LinkError::Superseded));
}

#[tokio::test]
async fn a_poll_cut_while_held_loses_nothing() {
    let world = World::new();
    let shell = world
        .run(&[
            "bash",
            "-c",
            "stty -echo; while read n; do echo \"got $n.\"; done",
        ])
        .await;
    let mut page = Poller::new(&world, shell).await;
    for number in 0..20 {
        let text = format!("{number}\n");
        let keys = page.keys(shell, &text);
        let transport = page.transport();
        let (seq, acks) = (page.poll_seq, page.acks());
        let held = transport.poll(seq, acks, DEADLINE);
        let sent = page.transport();
        let send_seq = page.send_seq;
        let answer = tokio::select! {
            biased;
            _ = held => None,
            sent = sent.send(send_seq, keys.clone(), Duration::ZERO) => Some(sent.expect("carried out")),
        };
        // Either request was cut; both come again under their numbers.
        drop(answer);
        page.send(keys, Duration::ZERO).await;
        page.see(shell, &format!("got {number}.\r\n")).await;
    }
    let text = page.known.of(shell).text();
    let numbers: Vec<&str> = text
        .split("got ")
        .skip(1)
        .map(|part| part.trim_end_matches(".\r\n"))
        .collect();
    let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn a_repeated_number_takes_over_a_held_poll() {
    let world = World::new();
    let shell = world
        .run(&["bash", "-c", "read x; echo re''leased; read x"])
        .await;
    let mut page = Poller::new(&world, shell).await;
    page.poll(Duration::ZERO).await;
    let (seq, acks) = (page.poll_seq, page.acks());
    let (first, second) = (page.transport(), page.transport());
    let first = tokio::spawn({
        let acks = acks.clone();
        async move { first.poll(seq, acks, DEADLINE * 2).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn(async move { second.poll(seq, acks, DEADLINE * 2).await });
    let first = soon("the first", first).await.expect("no panic");
    assert_eq!(first, Err(LinkError::Superseded));
    let keys = page.keys(shell, "\r");
    page.send(keys, Duration::ZERO).await;
    let answer = soon("the second", second).await.expect("no panic");
    page.poll_seq += 1;
    page.known.fold(answer.expect("answered"));
    page.see(shell, "released").await;
}

#[tokio::test]
async fn a_send_that_waits_brings_the_echo() {
    let world = World::new();
    let shell = world.run(&["cat"]).await;
    let mut page = Poller::new(&world, shell).await;
    page.poll(Duration::ZERO).await;
    let keys = page.keys(shell, "x");
    page.send(keys, DEADLINE).await;
    assert_eq!(page.known.of(shell).bytes, b"x");
    // The acknowledgement of the key goes by poll.
    page.until(shell, "written", |seen| seen.input.unacknowledged() == 0)
        .await;
    assert_eq!(page.known.of(shell).bytes, b"x");
}

#[tokio::test]
async fn a_poll_goes_on_from_what_has_arrived() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = Poller::new(&world, shell).await;
    let keys = page.keys(shell, "seq -f 'line %07.0f' 1 30000; exit 4\r");
    page.send(keys, Duration::ZERO).await;
    let mut turn = 0;
    while page.known.of(shell).exit.is_none() {
        let answer = page
            .transport()
            .poll(page.poll_seq, page.acks(), DEADLINE)
            .await;
        page.poll_seq += 1;
        turn += 1;
        let answer = answer.expect("answered");
        let only_output = BatchReader::<ServerFrame>::new(answer.clone()).all(|read| {
            read.is_ok_and(|framed| matches!(framed.frame, ServerFrame::Output { .. }))
        });
        // Every third is taken for not yet arrived: the next poll says so, and is given it again.
        if turn % 3 != 0 || !only_output {
            page.known.fold(answer);
        }
        assert!(turn < 10_000);
    }
    let seen = page.known.of(shell);
    assert_eq!(seen.exit, Some(Exit::Code(4)));
    assert!(seen.gaps.is_empty());
    let text = seen.text();
    let lines = text
        .lines()
        .filter_map(|line| line.split_once("line ")?.1.trim().parse::<usize>().ok());
    assert!(lines.eq(1..=30_000));
}

#[tokio::test]
async fn a_session_attached_while_a_poll_is_held_shows_at_once() {
    let world = World::new();
    let (first, second) = (world.run(&["cat"]).await, world.bash().await);
    let mut page = Poller::new(&world, first).await;
    page.poll(Duration::ZERO).await;
    let held = page.transport();
    let (seq, acks) = (page.poll_seq, page.acks());
    let held = tokio::spawn(async move { held.poll(seq, acks, DEADLINE * 2).await });
    tokio::task::yield_now().await;
    page.send(batch(&[attach(second)]), Duration::ZERO).await;
    // Held no longer: the next one says that the session is known.
    let answer = soon("the held poll", held).await.expect("no panic");
    page.poll_seq += 1;
    page.known.fold(answer.expect("answered"));
    page.see(second, "$ ").await;
}

#[tokio::test]
async fn only_the_highest_generation_is_served_by_polls_too() {
    let world = World::new();
    let shell = world.run(&["cat"]).await;
    let mut page = Poller::new(&world, shell).await;
    // What there is to say at first.
    page.poll(Duration::ZERO).await;
    let transport = page.transport();
    let (seq, acks) = (page.poll_seq, page.acks());
    let held = tokio::spawn(async move { transport.poll(seq, acks, DEADLINE * 2).await });
    tokio::task::yield_now().await;
    let _socket = world
        .links
        .connect(client(1), Generation(2))
        .expect("a newer");
    let held = soon("the held poll", held).await.expect("no panic");
    assert_eq!(held, Err(LinkError::Superseded));
    for generation in [Generation(1), Generation(2)] {
        let refused = world.links.http(client(1), generation);
        assert_eq!(refused.err(), Some(LinkError::Superseded));
    }
    // A generation that was never opened here has nothing to go on from.
    let unknown = world
        .links
        .http(client(5), GENERATION)
        .expect("it may open");
    let refused = unknown.poll(3, Bytes::new(), Duration::ZERO).await;
    assert_eq!(refused, Err(LinkError::Superseded));
}

#[tokio::test]
async fn a_poll_carries_acknowledgements_only() {
    let world = World::new();
    let shell = world.run(&["cat"]).await;
    let page = Poller::new(&world, shell).await;
    let bad = batch(&[ClientFrame::Ping { t: 1 }]);
    let refused = page.transport().poll(0, bad, Duration::ZERO).await;
    assert!(
        matches!(refused, Err(LinkError::Protocol(_))),
        "{refused:?}"
    );
    let refused = page.transport().poll(1, Bytes::new(), Duration::ZERO).await;
    assert!(
        matches!(refused, Err(LinkError::Protocol(_))),
        "{refused:?}"
    );
}
