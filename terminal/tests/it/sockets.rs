//! Viewers on sockets: the same bytes for all, each once, across cuts, whoever is slow.

use bowline_protocol::codec::{BatchReader, DecodeError};
use bowline_protocol::frame::{
    ClientFrame, Event, Exit, InputRefusal, Mode, Notice, Role, ServerFrame, Size,
};
use bowline_protocol::ids::{Generation, LogId, LogPosition, SessionId};
use bowline_protocol::limits::{BATCH_PAYLOAD, FRAME_PAYLOAD, WINDOW_MAX};
use bowline_terminal::{LinkError, Options};

use crate::support::{Acks, Seen, World, batch, client, contains, hello, soon};

fn view(session: SessionId, visible: bool) -> ClientFrame {
    ClientFrame::View {
        session,
        visible,
        focused: visible,
        colours: None,
    }
}

/// Prints `count` numbered lines, then says `all-printed`.
fn counter(count: usize) -> String {
    format!("seq -f 'line %07.0f' 1 {count}; echo all-''printed")
}

/// The numbers of the lines that [`counter`] printed.
fn lines(text: &str) -> Vec<usize> {
    text.lines()
        .filter_map(|line| line.split_once("line ")?.1.trim().parse().ok())
        .collect()
}

#[tokio::test]
async fn two_viewers_get_the_same_bytes() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut first, mut second) = (world.page(1), world.page(2));
    first.attach(shell).await;
    first.type_in(shell, format!("{}\r", counter(1000))).await;
    first.see(shell, "all-printed").await;
    second.attach(shell).await;
    second.type_in(shell, "exit\r").await;
    assert_eq!(first.exit_of(shell).await, Exit::Code(0));
    assert_eq!(second.exit_of(shell).await, Exit::Code(0));
    assert_eq!(first.known.of(shell).bytes, second.known.of(shell).bytes);
    let expected: Vec<usize> = (1..=1000).collect();
    assert_eq!(lines(&first.known.of(shell).text()), expected);
}

#[tokio::test]
async fn output_and_keys_go_on_where_a_cut_left_them() {
    let world = World::new();
    let shell = world
        .run(&[
            "bash",
            "-c",
            "stty -echo; while read n; do echo \"line $n\"; done; echo e''nd",
        ])
        .await;
    let mut page = world.page(1);
    page.attach(shell).await;
    for number in 1..=300 {
        page.type_in(shell, format!("{number}\n")).await;
        if number % 10 == 0 {
            // Cut with output and acknowledgements under way.
            page.reconnect(shell).await;
        }
    }
    page.type_in(shell, "\x04").await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(0));
    let seen = page.known.of(shell);
    let expected: Vec<usize> = (1..=300).collect();
    assert_eq!(lines(&seen.text()), expected);
    assert!(seen.gaps.is_empty());
    assert_eq!(seen.input.unacknowledged(), 0);
}

#[tokio::test]
async fn only_the_highest_generation_is_served() {
    let world = World::new();
    let old = world
        .links
        .connect(client(1), Generation(4))
        .expect("the first");
    let new = world
        .links
        .connect(client(1), Generation(5))
        .expect("a newer");
    assert_eq!(soon("the end of the old", old.next_batch()).await, None);
    let taken = old.receive(batch(&[ClientFrame::Ping { t: 1 }])).await;
    assert_eq!(taken, Err(LinkError::Superseded));
    for stale in [4, 5] {
        let refused = world.links.connect(client(1), Generation(stale));
        assert_eq!(refused.err(), Some(LinkError::Superseded));
    }
    let ping = batch(&[hello(1, Generation(5)), ClientFrame::Ping { t: 2 }]);
    new.receive(ping).await.expect("served");
    let answer = soon("the answer", new.next_batch()).await.expect("served");
    let frames: Vec<_> = BatchReader::<ServerFrame>::new(answer)
        .map(|read| read.expect("a frame").frame)
        .collect();
    assert!(
        matches!(
            frames[..],
            [ServerFrame::Welcome { .. }, ServerFrame::Pong { t: 2 }]
        ),
        "{frames:?}"
    );
}

#[tokio::test]
async fn a_transport_that_waits_learns_that_it_is_superseded() {
    let world = World::new();
    let old = world
        .links
        .connect(client(1), Generation(1))
        .expect("the first");
    let waiting = tokio::spawn(async move { old.next_batch().await });
    tokio::task::yield_now().await;
    let _new = world
        .links
        .connect(client(1), Generation(2))
        .expect("a newer");
    assert_eq!(soon("the end", waiting).await.expect("no panic"), None);
}

#[tokio::test]
async fn a_viewer_that_takes_nothing_stalls_nobody() {
    let world = World::new();
    let shell = world.bash().await;
    let mut slow = world.page(1);
    slow.acks = Acks::Withheld;
    slow.attach(shell).await;
    let mut fast = world.page(2);
    fast.attach_as(shell, Mode::Screen, Size::default()).await;
    fast.type_in(shell, format!("{}\r", counter(400_000))).await;
    // It may be shown pictures instead of bytes it is too late for.
    fast.shows(shell, "all-printed").await;
    let length = fast.known.of(shell).end();
    assert!(length > 5_000_000, "{length}");

    // It took what its window holds and no more; when it reads on, it is told what it missed.
    slow.until(shell, "a full window", |seen| {
        seen.bytes.len() as u64 >= 128 * 1024
    })
    .await;
    assert!(slow.known.of(shell).bytes.len() as u64 <= WINDOW_MAX);
    slow.acks = Acks::Given;
    let received = slow.known.of(shell).end();
    let ack = ClientFrame::Ack {
        session: shell,
        received,
        parsed: received,
    };
    slow.say(&[ack]).await;
    slow.see(shell, "all-printed").await;
    let seen = slow.known.of(shell);
    let lost: u64 = seen.gaps.iter().map(|(from, to)| to - from).sum();
    assert!(lost > 1_000_000, "{lost}");
    assert_eq!(seen.bytes.len() as u64 + lost, seen.end());
}

#[tokio::test]
async fn a_reader_of_the_log_is_told_what_it_lost() {
    let world = World::with(Options {
        log_bytes: 256 * 1024,
        ..Options::default()
    });
    let script = format!("read x; {}", counter(50_000));
    let shell = world.run(&["bash", "-c", &script]).await;
    let handle = world.sessions.get(shell).expect("it runs");
    let mut page = world.page(1);
    page.attach(shell).await;
    page.type_in(shell, "go\r").await;
    let exited = async {
        while handle.read(None, 1).exit.is_none() {
            handle
                .wait_output(handle.read(None, 1).end, crate::support::DEADLINE)
                .await;
        }
    };
    soon("the end", exited).await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(0));
    let seen = page.known.of(shell);
    let (_, to) = *seen.gaps.last().expect("a gap");
    let lost: u64 = seen.gaps.iter().map(|(from, to)| to - from).sum();
    assert_eq!(seen.start + seen.bytes.len() as u64 + lost, seen.end());
    assert_eq!(seen.end(), handle.read(None, 1).end);
    assert_eq!(to, handle.read(None, 1).offset);
}

#[tokio::test]
async fn a_position_of_another_life_starts_over() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.type_in(shell, "echo on''ce\r").await;
    page.see(shell, "once").await;
    let position = page.known.of(shell).position.expect("attached");
    let elsewhere = LogPosition {
        log: LogId::from_bytes([1; 16]),
        ..position
    };
    let beyond = LogPosition {
        offset: position.offset + 1000,
        ..position
    };
    for (number, from) in [(2, elsewhere), (3, beyond)] {
        let mut other = world.page(number);
        let attach = ClientFrame::Attach {
            session: shell,
            from: Some(from),
            mode: Mode::Screen,
            size: Size::default(),
        };
        other.say(&[attach]).await;
        other.see(shell, "once").await;
        assert_eq!(other.known.of(shell).start, 0);
    }
}

#[tokio::test]
async fn an_unknown_session_is_said_to_be_gone() {
    let world = World::new();
    let mut page = world.page(1);
    let unknown = SessionId::from_bytes([3; 16]);
    page.attach(unknown).await;
    assert!(page.known.of(unknown).gone);
    let input = ClientFrame::Input {
        session: SessionId::from_bytes([4; 16]),
        log: LogId::from_bytes([4; 16]),
        position: 0,
        more: false,
    };
    page.say(&[input]).await;
    page.until(SessionId::from_bytes([4; 16]), "gone", |seen| seen.gone)
        .await;
}

#[tokio::test]
async fn a_malformed_batch_ends_the_transport_and_nothing_else() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    for (bad, error) in [
        (&b"\x01\x00"[..], DecodeError::Truncated),
        (&b"\x01\x00\x00\x00\x02"[..], DecodeError::Malformed),
    ] {
        let taken = page.transport.receive(bad.into()).await;
        assert_eq!(taken, Err(LinkError::Protocol(error)));
        assert_eq!(soon("the end", page.transport.next_batch()).await, None);
        page.reconnect(shell).await;
        page.type_in(shell, format!("echo {error:?}-l''ives\r"))
            .await;
        page.see(shell, &format!("{error:?}-lives")).await;
    }
}

#[tokio::test]
async fn a_hidden_viewer_gets_events_and_catches_up_when_shown() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut hidden, mut shown) = (world.page(1), world.page(2));
    hidden.attach(shell).await;
    hidden.see(shell, "$ ").await;
    hidden.say(&[view(shell, false)]).await;
    shown.attach(shell).await;
    shown.type_in(shell, "echo se''cret\r").await;
    shown.see(shell, "secret").await;
    world.sessions.get(shell).expect("it runs").rename("other");
    shown.type_in(shell, "exit 5\r").await;
    shown.exit_of(shell).await;
    hidden
        .until(shell, "the name", |seen| {
            seen.events
                .iter()
                .any(|event| matches!(event, Event::Renamed { label } if label == "other"))
        })
        .await;
    assert_eq!(hidden.exit_of(shell).await, Exit::Code(5));
    assert!(!contains(&hidden.known.of(shell).bytes, b"secret"));
    hidden.say(&[view(shell, true)]).await;
    hidden.see(shell, "secret").await;
    let bytes = shown.known.of(shell).bytes.clone();
    hidden
        .until(shell, "the rest", |seen| seen.bytes == bytes)
        .await;
}

/// Whether a page knows a session by this name.
fn named(name: &str) -> impl FnMut(&Seen) -> bool {
    let expected = Event::Renamed {
        label: name.to_owned(),
    };
    move |seen| seen.events.contains(&expected)
}

#[tokio::test]
async fn a_hidden_viewer_is_told_once_that_there_is_output() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut hidden, mut follower, mut shown) = (world.page(1), world.page(2), world.page(3));
    let told = |seen: &Seen| {
        let unseen = seen.events.iter().filter(|event| **event == Event::Unseen);
        unseen.count()
    };
    shown.attach(shell).await;
    shown.see(shell, "$ ").await;
    hidden.attach(shell).await;
    hidden.see(shell, "$ ").await;
    hidden.say(&[view(shell, false)]).await;
    follower.follow(shell).await;
    // What comes at once is no news to one that was just hidden: it asks until it is.
    for turn in 0.. {
        shown
            .type_in(shell, format!("echo se''cret-{turn}\r"))
            .await;
        shown.see(shell, &format!("secret-{turn}")).await;
        if told(hidden.known.of(shell)) > 0 {
            break;
        }
        // Says something else to it meanwhile, which it can wait for.
        let turn = format!("turn-{turn}");
        world.sessions.get(shell).expect("it runs").rename(&turn);
        hidden.until(shell, "the turn", named(&turn)).await;
    }
    follower
        .until(shell, "the news", |seen| told(seen) == 1)
        .await;
    world.sessions.get(shell).expect("it runs").rename("last");
    for page in [&mut hidden, &mut follower] {
        page.until(shell, "the name", named("last")).await;
        assert_eq!(told(page.known.of(shell)), 1);
        assert!(!contains(&page.known.of(shell).bytes, b"secret"));
    }
    // It sees everything once it attaches.
    follower.attach(shell).await;
    follower.see(shell, "secret-0").await;
}

#[tokio::test]
async fn the_viewer_with_the_keyboard_rules_the_size() {
    let world = World::new();
    let shell = world.bash().await;
    let size = |cols, rows| Size { cols, rows };
    let (mut desk, mut phone) = (world.page(1), world.page(2));
    desk.attach_as(shell, Mode::Screen, size(200, 50)).await;
    desk.say(&[view(shell, true)]).await;
    phone.attach_as(shell, Mode::Screen, size(40, 30)).await;
    let last = |expected| {
        move |seen: &crate::support::Seen| {
            seen.sizes.last().is_some_and(|(_, last)| *last == expected)
        }
    };
    desk.until(shell, "its size", last(size(200, 50))).await;
    phone.say(&[view(shell, true)]).await;
    desk.until(shell, "the phone's size", last(size(40, 30)))
        .await;
    phone.say(&[ClientFrame::Detach { session: shell }]).await;
    desk.until(shell, "its size again", last(size(200, 50)))
        .await;
}

/// What each was last told about who looks.
fn standing(events: &[Event]) -> Option<(u16, bool)> {
    events.iter().rev().find_map(|event| match event {
        Event::Viewers { viewers, ruling } => Some((*viewers, *ruling)),
        _ => None,
    })
}

#[tokio::test]
async fn viewers_learn_how_many_they_are_and_whose_size_rules() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut first, mut second) = (world.page(1), world.page(2));
    let (large, small) = (
        Size {
            cols: 100,
            rows: 30,
        },
        Size { cols: 60, rows: 20 },
    );
    let told = |expected| move |seen: &Seen| standing(&seen.events) == Some(expected);
    first.attach_as(shell, Mode::Log, large).await;
    first.say(&[view(shell, true)]).await;
    second.attach_as(shell, Mode::Log, small).await;
    second.until(shell, "not mine", told((2, false))).await;
    first.until(shell, "two, still mine", told((2, true))).await;
    second.say(&[view(shell, true)]).await;
    first.until(shell, "no longer mine", told((2, false))).await;
    second.until(shell, "mine now", told((2, true))).await;
    // Said whole on every transport.
    first.known.of(shell).events.clear();
    first.reconnect(shell).await;
    first.until(shell, "again", told((2, false))).await;
    second.say(&[ClientFrame::Detach { session: shell }]).await;
    first.until(shell, "alone again", told((1, true))).await;
}

#[tokio::test]
async fn a_page_that_is_gone_rules_no_size() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut first, mut second) = (world.page(1), world.page(2));
    let (large, small) = (
        Size {
            cols: 100,
            rows: 30,
        },
        Size { cols: 60, rows: 20 },
    );
    let sized = |expected: Size| {
        move |seen: &Seen| seen.sizes.last().is_some_and(|(_, size)| *size == expected)
    };
    first.attach_as(shell, Mode::Log, large).await;
    first.say(&[view(shell, true)]).await;
    second.attach_as(shell, Mode::Log, small).await;
    second.say(&[view(shell, true)]).await;
    first.until(shell, "the other's size", sized(small)).await;
    // A phone in a pocket: no goodbye.
    drop(second);
    first.until(shell, "its own size", sized(large)).await;
    let alone = |seen: &Seen| standing(&seen.events) == Some((1, true));
    first.until(shell, "alone", alone).await;
}

#[tokio::test]
async fn a_reader_only_looks() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut writer, mut reader) = (world.page(1), world.page(2));
    let size = Size { cols: 90, rows: 30 };
    writer.attach_as(shell, Mode::Log, size).await;
    writer.say(&[view(shell, true)]).await;
    reader.attach_as(shell, Mode::Log, Size::NO_WISH).await;
    let role = |role| ClientFrame::Role {
        session: shell,
        role,
    };
    let wish = ClientFrame::Resize {
        session: shell,
        size: Size { cols: 20, rows: 5 },
    };
    reader
        .say(&[role(Role::Reader), view(shell, true), wish.clone()])
        .await;
    reader.type_in(shell, "echo reader-''typed\r").await;
    reader
        .until(shell, "refused", |seen| !seen.refusals.is_empty())
        .await;
    assert_eq!(reader.known.of(shell).refusals, [InputRefusal::ReadOnly]);
    writer
        .type_in(shell, "echo size=$(stty size | tr ' ' x)';'\r")
        .await;
    writer.see(shell, "size=30x90;").await;
    reader.see(shell, "size=30x90;").await;
    // The next transport says it again; a role that is not said again is a writer's.
    reader.reconnect(shell).await;
    reader.say(&[view(shell, true), wish]).await;
    reader
        .until(shell, "written", |seen| seen.input.unacknowledged() == 0)
        .await;
    writer.see(shell, "reader-typed").await;
    writer
        .until(shell, "the other's size", |seen| {
            seen.sizes.last().is_some_and(|(_, size)| size.cols == 20)
        })
        .await;
}

#[tokio::test]
async fn batches_and_frames_keep_their_bounds() {
    let world = World::new();
    let shell = world.run(&["bash", "-c", &counter(100_000)]).await;
    let handle = world.sessions.get(shell).expect("it runs");
    let exited = async {
        while handle.read(None, 1).exit.is_none() {
            handle
                .wait_output(handle.read(None, 1).end, crate::support::DEADLINE)
                .await;
        }
    };
    soon("the end", exited).await;
    let transport = world
        .links
        .connect(client(1), Generation(1))
        .expect("a transport");
    let attach = ClientFrame::Attach {
        session: shell,
        from: None,
        mode: Mode::Log,
        size: Size::default(),
    };
    transport.receive(batch(&[attach])).await.expect("taken");
    let mut exited = false;
    let mut end = 0;
    while !exited {
        let batch = soon("a batch", transport.next_batch())
            .await
            .expect("served");
        assert!(batch.len() <= BATCH_PAYLOAD + 4096, "{}", batch.len());
        for framed in BatchReader::<ServerFrame>::new(batch) {
            let framed = framed.expect("a frame");
            assert!(framed.payload.len() <= FRAME_PAYLOAD);
            match framed.frame {
                ServerFrame::Output { offset, .. } => {
                    assert_eq!(offset, end);
                    end += framed.payload.len() as u64;
                }
                ServerFrame::Event {
                    event: Event::Exited { end: told, .. },
                    ..
                } => {
                    assert_eq!(told, end, "told before its end was sent");
                    exited = true;
                }
                _ => {}
            }
        }
        let ack = ClientFrame::Ack {
            session: shell,
            received: end,
            parsed: end,
        };
        transport
            .receive(crate::support::batch(&[ack]))
            .await
            .expect("taken");
    }
}

#[tokio::test]
async fn notices_reach_everybody_and_the_last_word_is_said() {
    let world = World::new();
    let (mut first, mut second) = (world.page(1), world.page(2));
    let unknown = SessionId::from_bytes([3; 16]);
    let notice = Notice::Workspace { revision: 7 };
    world.links.notify(notice);
    for page in [&mut first, &mut second] {
        page.take("the notice").await;
        assert_eq!(page.known.notices, [notice]);
    }
    // One that comes later is told the newest revision too.
    let mut late = world.page(3);
    late.attach(unknown).await;
    assert_eq!(late.known.notices, [notice]);

    world.links.notify(Notice::Restart);
    world.links.disconnect_all();
    first.take("the last word").await;
    assert_eq!(first.known.notices, [notice, Notice::Restart]);
    assert_eq!(soon("the end", first.transport.next_batch()).await, None);
    let refused = world.links.connect(client(4), Generation(1));
    assert_eq!(refused.err(), Some(LinkError::Closed));
}

#[tokio::test]
async fn a_page_from_another_time_is_told_so() {
    let world = World::new();
    let transport = world
        .links
        .connect(client(1), Generation(1))
        .expect("a transport");
    let old = ClientFrame::Hello {
        client: client(1),
        generation: Generation(1),
        versions: vec![0],
        proof: None,
    };
    let taken = transport.receive(batch(&[old])).await;
    assert!(matches!(taken, Err(LinkError::TooOld { .. })), "{taken:?}");
    let transport = world
        .links
        .connect(client(1), Generation(2))
        .expect("a transport");
    let taken = transport.receive(batch(&[hello(2, Generation(2))])).await;
    assert_eq!(taken, Err(LinkError::WrongClient));
}
