//! The ladder, step by step, without IO.

mod snapshots;

use super::*;
use crate::codec::encode;
use crate::frame::{Limits, Mode, Size};
use crate::ids::{LogId, LogPosition, ServerId};

const SESSION: SessionId = SessionId::from_bytes([1; 16]);
const LOG: LogId = LogId::from_bytes([2; 16]);

fn client() -> Client {
    Client::new(ClientId::from_bytes([3; 16]), None, Settings::default())
}

fn welcome(generation: Generation) -> Bytes {
    encode(&ServerFrame::Welcome {
        versions: vec![1],
        server: ServerId::from_bytes([4; 16]),
        generation,
        limits: Limits::default(),
    })
}

fn attach() -> Event {
    Event::Page(
        ClientFrame::Attach {
            session: SESSION,
            from: None,
            mode: Mode::Screen,
            size: Size::default(),
        }
        .into(),
    )
}

fn attached(offset: u64) -> Bytes {
    encode(&ServerFrame::Attached {
        session: SESSION,
        from: LogPosition { log: LOG, offset },
        end: offset,
        size: Size::default(),
        input: 0,
    })
}

fn output(offset: u64, bytes: &'static [u8]) -> Bytes {
    let mut batch = BatchWriter::default();
    batch.push_parts(
        &ServerFrame::Output {
            session: SESSION,
            offset,
        },
        &[Bytes::from_static(bytes)],
    );
    batch.take()
}

fn delivered(effects: &[Effect]) -> Vec<u8> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Page(Framed {
                frame: ServerFrame::Output { .. },
                payload,
            }) => Some(payload.to_vec()),
            _ => None,
        })
        .flatten()
        .collect()
}

fn opened(effects: &[Effect]) -> Option<Generation> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenSocket(generation) => Some(*generation),
        _ => None,
    })
}

fn requests(effects: &[Effect]) -> Vec<(Request, u64, u32)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Http {
                request,
                seq,
                hold_ms,
                ..
            } => Some((*request, *seq, *hold_ms)),
            _ => None,
        })
        .collect()
}

fn answer(request: Request, seq: u64, generation: u32, answer: Answer) -> Event {
    Event::Answered {
        generation: Generation(generation),
        request,
        seq,
        answer,
    }
}

/// A client that polls: the socket of generation 1 was refused.
fn polling() -> Client {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(attach(), 0);
    let effects = client.handle(Event::SocketClosed(Generation(1), SocketEnd::Cut), 1);
    assert_eq!(requests(&effects), [(Request::Send, 0, 0)]);
    let effects = client.handle(answer(Request::Send, 0, 2, Answer::Batch(attached(0))), 2);
    assert!(effects.contains(&Effect::Status(Status::Poll)));
    assert_eq!(requests(&effects), [(Request::Poll, 0, 20_000)]);
    client
}

#[test]
fn a_cut_socket_is_opened_again_at_once_and_resumes_by_offset() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(attach(), 0);
    client.handle(Event::SocketOpened(Generation(1)), 5);
    client.handle(
        Event::SocketMessage(Generation(1), welcome(Generation(1))),
        6,
    );
    client.handle(Event::SocketMessage(Generation(1), attached(0)), 6);
    let effects = client.handle(Event::SocketMessage(Generation(1), output(0, b"hello")), 7);
    assert_eq!(delivered(&effects), b"hello");
    let effects = client.handle(Event::SocketClosed(Generation(1), SocketEnd::Cut), 60_000);
    assert!(effects.contains(&Effect::Detached));
    assert_eq!(opened(&effects), Some(Generation(2)));
    let effects = client.handle(Event::SocketOpened(Generation(2)), 60_010);
    let Some(Effect::SocketSend(greeting)) = effects.last() else {
        panic!("no greeting")
    };
    let frames: Vec<_> = BatchReader::<ClientFrame>::new(greeting.clone())
        .flatten()
        .collect();
    let ClientFrame::Attach { from, .. } = &frames[1].frame else {
        panic!("no attach")
    };
    assert_eq!(
        *from,
        Some(LogPosition {
            log: LOG,
            offset: 5
        })
    );
}

#[test]
fn repeated_and_overlapping_bytes_are_delivered_once() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(attach(), 0);
    client.handle(Event::SocketOpened(Generation(1)), 5);
    client.handle(Event::SocketMessage(Generation(1), attached(0)), 6);
    let mut seen = Vec::new();
    for (offset, bytes) in [
        (0, &b"abc"[..]),
        (0, b"abc"),
        (1, b"bcde"),
        (9, b"later"),
        (5, b"f"),
    ] {
        let effects = client.handle(
            Event::SocketMessage(Generation(1), output(offset, bytes)),
            7,
        );
        seen.extend(delivered(&effects));
        let effects = client.handle(
            Event::Parsed {
                session: SESSION,
                offset: 100,
            },
            7,
        );
        seen.extend(delivered(&effects));
    }
    assert_eq!(seen, b"abcdef");
}

#[test]
fn bytes_collect_while_the_page_parses_and_a_resize_waits_for_them() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(attach(), 0);
    client.handle(Event::SocketOpened(Generation(1)), 5);
    client.handle(Event::SocketMessage(Generation(1), attached(0)), 6);
    client.handle(Event::SocketMessage(Generation(1), output(0, b"a")), 7);
    let effects = client.handle(Event::SocketMessage(Generation(1), output(1, b"b")), 7);
    assert_eq!(delivered(&effects), b"");
    let resized = ServerFrame::Resized {
        session: SESSION,
        offset: 2,
        size: Size::default(),
    };
    client.handle(Event::SocketMessage(Generation(1), encode(&resized)), 7);
    let effects = client.handle(
        Event::Parsed {
            session: SESSION,
            offset: 1,
        },
        8,
    );
    assert_eq!(effects.len(), 1);
    assert_eq!(delivered(&effects), b"b");
    let effects = client.handle(
        Event::Parsed {
            session: SESSION,
            offset: 2,
        },
        9,
    );
    assert_eq!(effects, [Effect::Page(resized.into())]);
}

#[test]
fn three_early_cuts_mean_polling_and_a_late_one_does_not() {
    let mut client = client();
    client.handle(Event::Start, 0);
    let mut now = 0;
    for generation in 1..=2 {
        client.handle(Event::SocketOpened(Generation(generation)), now);
        now += 2_000;
        let effects = client.handle(
            Event::SocketClosed(Generation(generation), SocketEnd::Cut),
            now,
        );
        assert_eq!(opened(&effects), Some(Generation(generation + 1)));
    }
    client.handle(Event::SocketOpened(Generation(3)), now);
    let effects = client.handle(
        Event::SocketClosed(Generation(3), SocketEnd::Cut),
        now + 2_000,
    );
    assert_eq!(requests(&effects), [(Request::Send, 0, 0)]);
}

#[test]
fn a_socket_that_does_not_open_in_time_means_polling() {
    let mut client = client();
    client.handle(Event::Start, 0);
    assert_eq!(client.deadline(), Some(3_000));
    let effects = client.handle(Event::Timer, 3_000);
    assert_eq!(effects[0], Effect::CloseSocket);
    assert_eq!(requests(&effects), [(Request::Send, 0, 0)]);
    // Late news of it is ignored: never both deliver.
    assert_eq!(client.handle(Event::SocketOpened(Generation(1)), 3_001), []);
}

#[test]
fn a_socket_that_opens_and_carries_nothing_means_polling_and_is_tried_less_often() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(Event::SocketOpened(Generation(1)), 10);
    assert_eq!(client.deadline(), Some(6_010));
    let effects = client.handle(Event::Timer, 6_010);
    assert_eq!(effects[0], Effect::CloseSocket);
    assert_eq!(requests(&effects), [(Request::Send, 0, 0)]);
    let late = Event::SocketMessage(Generation(1), output(0, b"late"));
    assert_eq!(client.handle(late, 6_011), []);
    let answered = answer(Request::Send, 0, 2, Answer::Batch(Bytes::new()));
    client.handle(answered, 6_020);
    // Twice as long as after a socket that was refused.
    assert_eq!(opened(&client.handle(Event::Timer, 66_009)), None);
    let again = opened(&client.handle(Event::Timer, 66_010));
    assert_eq!(again, Some(Generation(3)));
    client.handle(Event::SocketOpened(Generation(3)), 66_020);
    let effects = client.handle(Event::Timer, 72_020);
    assert!(!requests(&effects).is_empty(), "{effects:?}");
    assert_eq!(opened(&client.handle(Event::Timer, 132_020)), None);
}

#[test]
fn a_socket_that_opens_just_before_sleep_is_opened_again() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(Event::SocketOpened(Generation(1)), 10);
    let effects = client.handle(Event::Timer, 600_000);
    assert_eq!(opened(&effects), Some(Generation(2)));
}

#[test]
fn a_probe_that_opens_ends_polling_and_the_old_poll_is_ignored() {
    let mut client = polling();
    let effects = client.handle(Event::Timer, 30_002);
    assert_eq!(opened(&effects), Some(Generation(3)));
    let effects = client.handle(Event::SocketOpened(Generation(3)), 30_010);
    assert_eq!(effects[0], Effect::AbortRequests);
    let late = answer(Request::Poll, 0, 2, Answer::Batch(output(0, b"late")));
    assert_eq!(client.handle(late, 30_011), []);
}

#[test]
fn a_failed_probe_doubles_the_wait_and_polling_goes_on() {
    let mut client = polling();
    client.handle(Event::Timer, 30_002);
    let effects = client.handle(Event::SocketClosed(Generation(3), SocketEnd::Cut), 30_003);
    assert_eq!(effects, []);
    assert_eq!(opened(&client.handle(Event::Timer, 60_003)), None);
    assert_eq!(
        opened(&client.handle(Event::Timer, 90_003)),
        Some(Generation(4))
    );
}

#[test]
fn a_cut_poll_is_repeated_under_its_number_with_half_the_hold() {
    let mut client = polling();
    let effects = client.handle(answer(Request::Poll, 0, 2, Answer::Failed), 5_000);
    assert_eq!(requests(&effects), [(Request::Poll, 0, 10_000)]);
    let effects = client.handle(
        answer(Request::Poll, 0, 2, Answer::Batch(Bytes::new())),
        9_000,
    );
    assert_eq!(requests(&effects), [(Request::Poll, 1, 10_000)]);
}

#[test]
fn input_waits_for_the_send_in_flight_and_an_unanswered_one_is_repeated() {
    let mut client = polling();
    let key = |position| {
        Event::Page(Framed {
            frame: ClientFrame::Input {
                session: SESSION,
                log: LOG,
                position,
                more: false,
            },
            payload: Bytes::from_static(b"k"),
        })
    };
    assert_eq!(
        requests(&client.handle(key(0), 10)),
        [(Request::Send, 1, 0)]
    );
    assert_eq!(requests(&client.handle(key(1), 11)), []);
    let effects = client.handle(answer(Request::Send, 1, 2, Answer::Failed), 400);
    assert_eq!(requests(&effects), [(Request::Send, 1, 0)]);
    let effects = client.handle(
        answer(Request::Send, 1, 2, Answer::Batch(Bytes::new())),
        410,
    );
    assert_eq!(requests(&effects), [(Request::Send, 2, 0)]);
}

#[test]
fn an_unreachable_server_is_tried_for_ever() {
    let mut client = client();
    let mut effects = client.handle(Event::Start, 0);
    let mut now = 0;
    for _ in 0..50 {
        let generation = opened(&effects).expect("the socket is tried first");
        client.handle(Event::SocketClosed(generation, SocketEnd::Cut), now);
        let http = Generation(generation.0 + 1);
        effects = client.handle(
            Event::Answered {
                generation: http,
                request: Request::Send,
                seq: 0,
                answer: Answer::Failed,
            },
            now,
        );
        assert!(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Status(Status::Offline { .. })))
        );
        let due = client.deadline().expect("there is always a next try");
        assert!(due - now <= RETRY_MAX_MS);
        now = due;
        effects = client.handle(Event::Timer, now);
    }
}

#[test]
fn a_silent_socket_is_asked_and_replaced() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(Event::SocketOpened(Generation(1)), 0);
    client.handle(
        Event::SocketMessage(Generation(1), welcome(Generation(1))),
        1,
    );
    let effects = client.handle(Event::Timer, 30_001);
    assert!(matches!(effects[..], [Effect::SocketSend(_)]));
    let effects = client.handle(Event::Timer, 33_001);
    assert_eq!(effects[0], Effect::CloseSocket);
    assert_eq!(opened(&effects), Some(Generation(2)));
}

#[test]
fn a_sign_in_stops_the_tries_until_asked() {
    let mut client = client();
    client.handle(Event::Start, 0);
    let effects = client.handle(
        Event::SocketClosed(Generation(1), SocketEnd::Unauthenticated),
        1,
    );
    assert!(effects.contains(&Effect::Status(Status::Unauthenticated)));
    assert_eq!(client.deadline(), None);
    assert_eq!(
        opened(&client.handle(Event::RetryNow, 5)),
        Some(Generation(2))
    );
}

fn round_trips(effects: &[Effect]) -> Vec<u64> {
    let took = |effect: &Effect| match effect {
        Effect::RoundTrip(ms) => Some(*ms),
        _ => None,
    };
    effects.iter().filter_map(took).collect()
}

#[test]
fn a_round_trip_is_measured_on_a_socket_one_at_a_time() {
    let mut client = client();
    client.handle(Event::Start, 0);
    // There is nobody to ask yet.
    assert!(client.handle(Event::Measure, 1).is_empty());
    client.handle(Event::SocketOpened(Generation(1)), 5);
    let hello = Event::SocketMessage(Generation(1), welcome(Generation(1)));
    client.handle(hello, 6);
    let before = client.deadline();
    let asked = client.handle(Event::Measure, 100);
    assert!(matches!(asked[..], [Effect::SocketSend(_)]));
    assert!(client.handle(Event::Measure, 110).is_empty());
    // It is no question of life and death.
    assert_eq!(client.deadline(), before);
    let pong = encode(&ServerFrame::Pong { t: 100 });
    let effects = client.handle(Event::SocketMessage(Generation(1), pong), 142);
    assert_eq!(round_trips(&effects), [42]);
    assert!(!client.handle(Event::Measure, 150).is_empty());
    // The answer is lost with the socket, and asked for on the next.
    client.handle(Event::SocketClosed(Generation(1), SocketEnd::Cut), 160);
    client.handle(Event::SocketOpened(Generation(2)), 170);
    assert!(!client.handle(Event::Measure, 171).is_empty());
}

#[test]
fn while_polling_a_round_trip_is_that_of_a_send() {
    let mut client = polling();
    let effects = client.handle(Event::Measure, 100);
    assert_eq!(requests(&effects), [(Request::Send, 1, 0)]);
    let pong = encode(&ServerFrame::Pong { t: 100 });
    let effects = client.handle(answer(Request::Poll, 0, 2, Answer::Batch(pong)), 130);
    assert!(round_trips(&effects).is_empty());
    let done = answer(Request::Send, 1, 2, Answer::Batch(Bytes::new()));
    assert_eq!(round_trips(&client.handle(done, 190)), [90]);
}

#[test]
fn who_asks_for_another_socket_gets_one_however_often() {
    let mut client = client();
    client.handle(Event::Start, 0);
    for generation in 1..=6 {
        client.handle(Event::SocketOpened(Generation(generation)), 5);
        let hello = welcome(Generation(generation));
        client.handle(Event::SocketMessage(Generation(generation), hello), 6);
        let effects = client.handle(Event::Reconnect, 7);
        assert_eq!(effects[..2], [Effect::CloseSocket, Effect::Detached]);
        assert_eq!(opened(&effects), Some(Generation(generation + 1)));
    }
}

#[test]
fn who_signs_in_again_goes_on_with_the_new_secret() {
    let mut client = client();
    client.handle(Event::Start, 0);
    client.handle(attach(), 0);
    let refused = Event::SocketClosed(Generation(1), SocketEnd::Unauthenticated);
    let effects = client.handle(refused, 1);
    assert!(effects.contains(&Effect::Status(Status::Unauthenticated)));
    let effects = client.handle(Event::SignedIn(Some("new".to_owned())), 2);
    assert_eq!(opened(&effects), Some(Generation(2)));
    let effects = client.handle(Event::SocketOpened(Generation(2)), 3);
    let Some(Effect::SocketSend(greeting)) = effects.last() else {
        panic!("no greeting")
    };
    let mut frames = BatchReader::<ClientFrame>::new(greeting.clone()).flatten();
    let hello = frames.next().map(|framed| framed.frame);
    assert!(matches!(hello, Some(ClientFrame::Hello { proof: Some(proof), .. }) if proof == "new"));
    assert!(frames.any(|framed| matches!(framed.frame, ClientFrame::Attach { .. })));
}
