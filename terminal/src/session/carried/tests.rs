//! The format of a handed-over state: what is written is read as it was, also by later versions; what is broken
//! is an error and nothing worse.
//!
//! `tests/fixtures/handover-v1.bin` is a state of version 1 and must stay readable for ever. It was written by
//! `BOWLINE_RECORD_HANDOVER=$PWD/terminal/tests/fixtures/handover-v1.bin cargo nextest run -p bowline-terminal
//! a_state_is_read_as_it_was_written`, which writes beside it what it says, and fails until it is built with that.
//! For a later version record another file beside it, never the same again.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::{Colours, Exit, Progress, Size};
use bowline_protocol::ids::{ClientId, SessionId};
use bowline_screen::History;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::TakeUp;
use crate::handover::record::RecordReader;
use crate::handover::state::Head;
use crate::handover::{HandOverError, Item, Preamble, RecordWriter, StateReader, VERSION, pid};
use crate::input::Rest;
use crate::screen::{Pool, ScreenFormat};
use crate::session::{Beginning, IdleWarning, Naming, Origin, Phase, Session};
use crate::status::{Mark, Sign, Told, Word};
use crate::tmux::{Tmux, TmuxSession};
use crate::viewers::{Shown, View};
use crate::wake::Wake;
use crate::{Options, Sessions, SizeRule};

const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/handover-v1.bin");
/// What it says.
const FIXTURE_TELLS: &str = include_str!("../../../tests/fixtures/handover-v1.txt");
/// Beyond every number that a system gives to a process.
const NOBODY: i32 = 1 << 30;

fn client(number: u8) -> ClientId {
    ClientId::from_bytes([number; 16])
}

fn session(number: u8) -> Arc<Session> {
    let nothing = std::fs::File::open("/dev/null").expect("there is nothing");
    let tmux = Arc::new(Tmux::new("/nowhere".into()));
    let beginning = Beginning {
        id: SessionId::from_bytes([number; 16]),
        pane_id: Some(format!("pane-{number}")),
        label: format!("label {number}"),
        naming: Naming::Given,
        size: Size { cols: 40, rows: 5 },
        origin: Origin::default(),
        terminal: Some((Arc::new(nothing.into()), pid(NOBODY).expect("a number"))),
        tmux: Some(Arc::new(TmuxSession::new(tmux, 7, pid(NOBODY + 1)))),
        notice: Some("a notice".to_owned()),
        greets: true,
    };
    let options = Options {
        size_rule: SizeRule::Smallest,
        idle_limit: Duration::from_secs(1000),
        kill_grace: Duration::from_millis(250),
        scrollback: 123,
        ..Options::default()
    };
    let mut session = Session::new(beginning, &options, Arc::default(), None);
    // What happens in it, happens within this time.
    session.started -= Duration::from_secs(10);
    Arc::new(session)
}

fn parse(session: &Arc<Session>) {
    let end = session.shared().log.end();
    session.trail().grown_to(end);
    session.trail().catch_up(session);
}

/// One in the middle of everything.
fn busy() -> Arc<Session> {
    let session = session(1);
    let mut shared = session.shared();
    let said = Bytes::from_static(b"first line\r\n\x1b]2;its title\x07\x1b]9;4;1;42\x07\x07");
    shared.log.append(said, 5);
    shared.speakers.note(0, pid(NOBODY + 2));
    drop(shared);
    let view = View {
        shown: Shown::Visible,
        focused: true,
        colours: Some(Colours {
            foreground: 1,
            background: 2,
            cursor: 3,
        }),
    };
    session.join(client(9), Arc::new(Wake::new()), None);
    session.view(client(9), view);
    parse(&session);
    session.leave(client(9));
    let mut shared = session.shared();
    let size = Size { cols: 60, rows: 6 };
    shared.log.resize(size, 1000);
    (shared.size, shared.wanted_size) = (size, Size { cols: 61, rows: 7 });
    shared
        .log
        .append(Bytes::from_static(b"\x1b[31mred\x1b]11;?\x07\x1b[3"), 1500);
    drop(shared);
    parse(&session);
    let mut shared = session.shared();
    let typed = shared
        .input
        .accept(client(1), Some(0), "typed".into(), Rest::Last, 100);
    assert_eq!(typed, Ok(5));
    assert!(shared.input.front(100).is_some());
    shared.input.wrote(2, 100);
    let pasted = shared
        .input
        .accept(client(2), Some(0), "paste".into(), Rest::MoreFollows, 100);
    assert_eq!(pasted, Ok(5));
    for sign in [
        Sign::Mark(Mark::Output),
        Sign::Mark(Mark::End { status: Some(2) }),
        Sign::Progress(Progress::Normal(42)),
        Sign::Word(Word::Waiting),
    ] {
        let _ = shared.status.sign(2000, sign);
    }
    shared.label.changes = 2;
    shared.idle_warning = IdleWarning {
        count: 3,
        seconds: 60,
        of: Some(shared.used),
    };
    shared.ending = Some(Exit::Idle);
    shared.left_to_tmux = true;
    shared.focus = Some(true);
    drop(shared);
    session
}

fn ended() -> Arc<Session> {
    let session = session(2);
    let mut shared = session.shared();
    shared.log.append("last words\r\n".into(), 7);
    shared.exit = Some(Exit::Code(3));
    (shared.terminal, shared.child) = (None, None);
    drop(shared);
    parse(&session);
    session.phase.send_replace(Phase::Ended);
    session
}

fn state() -> Vec<u8> {
    let mut state = Vec::new();
    let mut writer = RecordWriter::new(&mut state);
    let version = VERSION;
    let preamble = Preamble { version };
    let wrote = writer.write(&Head::BowlineSessions(&preamble), &[]);
    wrote.expect("memory");
    let captured = [busy().capture(Some(0)), ended().capture(None)];
    for captured in captured {
        captured.write(&mut writer).expect("memory");
    }
    writer.write(&Head::End, &[]).expect("memory");
    writer.finish().expect("memory");
    state
}

/// All that a state says, after it was taken up.
fn told(state: &[u8]) -> String {
    let mut told = String::new();
    let mut reader = StateReader::new(state).expect("a state");
    while let Some(item) = reader.next().expect("readable") {
        let Item::Session(carried) = item else {
            panic!("a session is unusable");
        };
        let terminal = carried.head.terminal;
        let (log, age) = (carried.head.log.id, carried.head.age_ms);
        let with = TakeUp {
            disk: None,
            options: &carried.head.options.over(&Options::default()),
            screens: Arc::<Pool>::default(),
            terminal: None,
            tmux: carried.head.tmux.as_ref().map(|inside| {
                let tmux = Arc::new(Tmux::new("/nowhere".into()));
                let leader = inside.leader.and_then(pid);
                Arc::new(TmuxSession::new(tmux, inside.number, leader))
            }),
        };
        let session = Arc::new(Session::take_up(*carried, with));
        assert_eq!(session.shared().log.id(), log);
        assert!(session.now_ms() >= age);
        told.push_str(&told_of(&session));
        writeln!(told, "terminal {terminal:?}").expect("a string grows");
    }
    told
}

fn told_of(session: &Arc<Session>) -> String {
    let mut out = String::new();
    let ask = |format| {
        let end = session.shared().log.end();
        let asked = session.trail().ask(session, format, History::All, end);
        asked
            .expect("nobody else asks")
            .blocking_recv()
            .expect("a screen")
    };
    let shot = ask(ScreenFormat::Text);
    let ansi = ask(ScreenFormat::Ansi).content;
    let info = session.info();
    let leader = session.tmux().and_then(|tmux| tmux.leader());
    let mut shared = session.shared();
    let log = &shared.log;
    let bytes = log.read(log.start(), usize::MAX).concat();
    let range = (log.start(), log.end());
    let times = [0, 20, log.end()].map(|offset| log.arrived_at(offset));
    let sizes = [0, log.end()].map(|offset| log.size_at(offset));
    let mut events = Vec::new();
    Told::default().tell(&shared.status, |event| events.push(event));
    let speakers = shared.speakers.carry();
    let replies = shared.replies.carry();
    let positions = [1, 2, 3].map(|number| shared.input.accepted(client(number)));
    let mut waiting = Vec::new();
    let is_between_keys = shared.input.is_between_keys();
    while let Some(bytes) = shared.input.front(100) {
        shared.input.wrote(bytes.len(), 100);
        waiting.push(bytes);
    }
    let mut say = |what: &dyn std::fmt::Debug| writeln!(out, "{what:?}").expect("a string grows");
    say(&(info.id, info.pane_id, info.label, info.naming, info.notice));
    say(&(info.size, shared.wanted_size, info.tmux, leader));
    say(&(info.state, info.title, info.progress, info.last_command));
    say(&(
        info.ends_in.is_some(),
        shared.idle_warning.count,
        shared.idle_warning.seconds,
    ));
    say(&(
        shared.exit,
        shared.ending,
        shared.left_to_tmux,
        shared.focus,
    ));
    say(&(
        session.size_rule,
        session.idle_limit,
        session.kill_grace,
        session.scrollback,
    ));
    say(&(shared.child, shared.label.changes, *session.phase.borrow()));
    say(&(range, Bytes::from(bytes), times, sizes));
    say(&(
        shot.content,
        shot.offset,
        shot.size,
        shot.cursor,
        shot.title,
    ));
    say(&ansi);
    say(&events);
    say(&(speakers, replies));
    say(&(
        positions,
        waiting,
        is_between_keys,
        shared.input.is_between_keys(),
    ));
    out
}

/// A state taken apart, so that it can be changed and put together again.
fn records(mut state: &[u8]) -> Vec<(Value, Bytes)> {
    let mut records = RecordReader::new(&mut state);
    let record = || records.next().expect("well formed");
    std::iter::from_fn(record)
        .map(|record| {
            (
                serde_json::from_slice(&record.head).expect("a head"),
                record.body,
            )
        })
        .collect()
}

fn put_together(records: &[(Value, Bytes)]) -> Vec<u8> {
    let mut state = Vec::new();
    let mut writer = RecordWriter::new(&mut state);
    for (head, body) in records {
        let body = std::slice::from_ref(body);
        writer.write(head, body).expect("memory");
    }
    writer.finish().expect("memory");
    state
}

fn kind(head: &Value) -> &str {
    head["kind"].as_str().expect("a kind")
}

/// What is read of a state that may be broken.
fn items(state: &[u8]) -> Result<Vec<Item>, HandOverError> {
    let mut reader = StateReader::new(state)?;
    let mut items = Vec::new();
    while let Some(item) = reader.next()? {
        items.push(item);
    }
    Ok(items)
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let state = state();
    if let Some(path) = std::env::var_os("BOWLINE_RECORD_HANDOVER") {
        let path = std::path::PathBuf::from(path);
        std::fs::write(&path, &state).expect("written");
        std::fs::write(path.with_extension("txt"), told(&state)).expect("written");
    }
    assert_eq!(Sessions::check(state.as_slice()).expect("readable"), 2);
    assert_eq!(told(&state), FIXTURE_TELLS);
}

#[test]
fn version_1_is_read_for_ever() {
    assert_eq!(Sessions::check(FIXTURE).expect("readable"), 2);
    assert_eq!(told(FIXTURE), FIXTURE_TELLS);
}

#[test]
fn what_a_later_version_adds_is_skipped() {
    let mut later = Vec::new();
    for (mut head, body) in records(&state()) {
        head["added-later"] = json!({ "some": ["thing", 1] });
        later.push((head, body));
        later.push((json!({ "kind": "added-later", "id": 7 }), "a body".into()));
    }
    let later = put_together(&later);
    assert_eq!(Sessions::check(later.as_slice()).expect("readable"), 2);
    assert_eq!(told(&later), FIXTURE_TELLS);
}

#[test]
fn what_an_earlier_version_does_not_say_is_taken_as_usual() {
    const NEEDED: [&str; 8] = [
        "kind", "id", "label", "naming", "age_ms", "size", "log", "heard",
    ];
    let mut earlier = records(&state());
    for (head, _) in earlier
        .iter_mut()
        .filter(|(head, _)| kind(head) == "session")
    {
        let fields = head.as_object_mut().expect("fields");
        fields.retain(|name, _| NEEDED.contains(&name.as_str()));
    }
    let earlier = put_together(&earlier);
    assert_eq!(Sessions::check(earlier.as_slice()).expect("readable"), 2);
    let told = told(&earlier);
    assert!(told.contains("label 1") && told.contains("first line"));
    assert!(told.contains("(Focused, 86400s, 500ms, 10000)"), "{told}");
}

#[test]
fn a_later_format_is_refused_and_something_else_too() {
    let version = |version| {
        let mut records = records(&state());
        records[0].0["version"] = version;
        Sessions::check(put_together(&records).as_slice())
    };
    assert!(matches!(version(json!(2)), Err(HandOverError::Newer(2))));
    for version in [version(json!(0)), version(json!("1")), version(Value::Null)] {
        assert!(matches!(version, Err(HandOverError::Malformed(_))));
    }
    let other = Sessions::check(&b"#!/bin/sh\necho a long enough text\n"[..]);
    assert!(matches!(other, Err(HandOverError::Malformed(_))));
    let none = Sessions::check(&b""[..]);
    assert!(matches!(none, Err(HandOverError::Truncated)));
}

#[test]
fn a_state_that_breaks_off_anywhere_is_an_error() {
    let state = state();
    for end in 0..state.len() {
        let checked = Sessions::check(&state[..end]);
        assert!(
            matches!(checked, Err(HandOverError::Truncated)),
            "{end}: {checked:?}"
        );
    }
}

#[test]
fn a_session_that_cannot_be_read_takes_no_other_with_it() {
    type Breaks = fn(&mut Vec<(Value, Bytes)>, usize);
    let breaks: [Breaks; 7] = [
        |records, at| records[at].0["label"] = json!(7),
        |records, at| records[at].0["size"]["cols"] = json!(1),
        |records, at| records[at].0["log"]["end"] = json!(u64::MAX),
        |records, at| records[at].0["log"]["start"] = json!(1),
        |records, at| drop(records.remove(at + 1)),
        |records, at| records[at + 1].0["clients"][0]["written"] = json!(4),
        |records, at| records[at + 1].1 = "typ".into(),
    ];
    for (number, breaks) in breaks.into_iter().enumerate() {
        let mut records = records(&state());
        let at = records.iter().position(|(head, _)| kind(head) == "session");
        breaks(&mut records, at.expect("a session"));
        let broken = put_together(&records);
        let checked = Sessions::check(broken.as_slice());
        let is_first = |session| session == SessionId::from_bytes([1; 16]);
        assert!(
            matches!(checked, Err(HandOverError::Session { session, .. }) if is_first(session)),
            "{number}: {checked:?}"
        );
        let items = items(&broken).expect("well formed");
        let [Item::Unusable { session, .. }, Item::Session(other)] = &items[..] else {
            panic!("{number}: {} sessions", items.len());
        };
        assert!(is_first(*session));
        assert_eq!(other.head.id, SessionId::from_bytes([2; 16]));
    }
}

#[test]
fn a_screen_that_was_not_handed_over_is_made_from_the_log() {
    let mut records = records(&state());
    records.retain(|(head, _)| kind(head) != "screen");
    let without = put_together(&records);
    let refused = Sessions::check(without.as_slice());
    assert!(matches!(refused, Err(HandOverError::Session { .. })));
    // The same in all that is shown, and the query in it is not answered again.
    assert_eq!(told(&without), FIXTURE_TELLS);
}

proptest! {
    #[test]
    fn a_garbled_state_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        let mut state = FIXTURE.to_vec();
        for (at, byte) in changes {
            let at = at.index(state.len());
            state[at] = byte;
        }
        for (from, to) in swaps {
            let (from, to) = (from.index(state.len()), to.index(state.len()));
            state[from.min(to)..=from.max(to)].reverse();
        }
        let _ = Sessions::check(state.as_slice());
        for item in items(&state).into_iter().flatten() {
            if let Item::Session(carried) = item {
                let with = TakeUp {
                    disk: None,
                    options: &Options::default(),
                    screens: Arc::default(),
                    terminal: None,
                    tmux: None,
                };
                drop(Session::take_up(*carried, with).info());
            }
        }
    }

    #[test]
    fn changed_heads_never_panic(
        record in any::<prop::sample::Index>(),
        field in any::<prop::sample::Index>(),
        number in prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(1 << 62), any::<u64>()],
    ) {
        let mut records = records(FIXTURE);
        let record = record.index(records.len());
        let numbers = numbers(&mut records[record].0);
        if !numbers.is_empty() {
            let field = field.index(numbers.len());
            *numbers.into_iter().nth(field).expect("a number") = json!(number);
        }
        let state = put_together(&records);
        let _ = Sessions::check(state.as_slice());
        for item in items(&state).into_iter().flatten() {
            if let Item::Session(carried) = item {
                let with = TakeUp {
                    disk: None,
                    options: &Options::default(),
                    screens: Arc::default(),
                    terminal: None,
                    tmux: None,
                };
                let session = Arc::new(Session::take_up(*carried, with));
                // What it is used for.
                let _ = session.input(client(3), None, "key".into(), Rest::Last);
                session.shared().log.append("more".into(), 1);
                parse(&session);
                drop(session.info());
            }
        }
    }
}

/// All numbers in a head.
fn numbers(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Number(_) => vec![value],
        Value::Array(values) => values.iter_mut().flat_map(numbers).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}
