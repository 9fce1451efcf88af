//! What is said on the keeper's socket in version 1, as it was recorded. A change here parts servers from
//! keepers that run: frames, questions, answers and fields are added, never changed.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use bowline_protocol::codec::{BatchReader, DecodeError, Frame, encode};
use bowline_protocol::frame::{Attention, Progress};
use bowline_protocol::ids::{Generation, ServerId};
use bowline_terminal::log::Resized;
use bowline_terminal::{
    Disk, KeepScreens, LastCommand, LinkError, Naming, SessionState, SizeRule, TmuxMode,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::frame::{FromKeeper, Lane, ToKeeper};

const SESSION: SessionId = SessionId::from_bytes([0xaa; 16]);
const OTHER: SessionId = SessionId::from_bytes([0xab; 16]);
const CLIENT: ClientId = ClientId::from_bytes([0x33; 16]);
const SIZE: Size = Size { cols: 81, rows: 25 };

fn check_frames<F: Frame + PartialEq + Debug>(frames: &[F], recorded: &str) {
    let mut lines = String::new();
    for frame in frames {
        for byte in &encode(frame)[4..] {
            write!(lines, "{byte:02x}").unwrap();
        }
        lines.push('\n');
    }
    assert_eq!(lines, recorded);
    for (line, frame) in recorded.lines().zip(frames) {
        let digit = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
        let mut bytes = (line.len() as u32 / 2).to_le_bytes().to_vec();
        bytes.extend((0..line.len()).step_by(2).map(digit));
        // Behind it, one that only a later version knows.
        bytes.extend([3, 0, 0, 0, 99, 1, 2]);
        let mut reader = BatchReader::<F>::new(bytes.into());
        assert_eq!(reader.next().unwrap().unwrap().frame, *frame);
        assert!(reader.next().is_none());
    }
}

/// Every field of a record has to be there still, with what it says; more may be.
fn holds(value: &Value, recorded: &Value) -> bool {
    match (value, recorded) {
        (Value::Object(value), Value::Object(recorded)) => {
            recorded.iter().all(|(name, recorded)| {
                let value = value.get(name);
                value.is_some_and(|value| holds(value, recorded))
            })
        }
        (Value::Array(value), Value::Array(recorded)) => {
            value.len() == recorded.len()
                && value
                    .iter()
                    .zip(recorded)
                    .all(|(value, recorded)| holds(value, recorded))
        }
        _ => value == recorded,
    }
}

/// What is written now says all that is recorded, and what is recorded is read whole.
fn check_json<T: Serialize + DeserializeOwned>(today: &[T], recorded: &str) {
    let lines: Vec<&str> = recorded.lines().collect();
    assert_eq!(lines.len(), today.len());
    for (line, today) in lines.into_iter().zip(today) {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let written = serde_json::to_value(today).unwrap();
        assert!(holds(&written, &recorded), "{written} instead of {line}");
        let read: T = serde_json::from_str(line).unwrap();
        let read = serde_json::to_value(read).unwrap();
        assert!(holds(&read, &recorded), "{line} is read as {read}");
    }
}

#[test]
fn frames_to_the_keeper_never_change() {
    let generation = Generation(2);
    let exchange = |lane| ToKeeper::Exchange {
        client: CLIENT,
        generation,
        lane,
        seq: 300,
        hold_ms: 25_000,
    };
    let frames = [
        ToKeeper::Hello {
            versions: vec![1, 2],
        },
        ToKeeper::Link {
            client: CLIENT,
            generation,
        },
        ToKeeper::Batch,
        exchange(Lane::Send),
        exchange(Lane::Poll),
        ToKeeper::Ask {
            number: 300,
            head: 20,
        },
    ];
    // One of them comes in both lanes.
    assert_eq!(frames.len() as u32, ToKeeper::KNOWN + 1);
    check_frames(
        &frames,
        include_str!("../../tests/fixtures/v1.to_keeper.txt"),
    );
}

#[test]
fn frames_from_the_keeper_never_change() {
    let frames = [
        FromKeeper::Hello {
            version: 1,
            server: ServerId::from_bytes([0x44; 16]),
            pid: 70_000,
            program: "0.1.0 1:2:3:4.000000005".to_owned(),
        },
        FromKeeper::Batch,
        FromKeeper::Closed,
        FromKeeper::Answer {
            number: 300,
            head: 20,
        },
    ];
    assert_eq!(frames.len() as u32, FromKeeper::KNOWN);
    check_frames(
        &frames,
        include_str!("../../tests/fixtures/v1.from_keeper.txt"),
    );
}

fn options() -> Options {
    let text = |text: &str| text.to_owned();
    Options {
        max_sessions: 7,
        idle_limit: Duration::from_millis(1500),
        log_bytes: 65_536,
        scrollback: 300,
        projects_dir: Some("/projects".into()),
        environment: Some(BTreeMap::from([(text("HOME"), text("/home"))])),
        env_pass: vec![text("PASSED")],
        env_set: vec![(text("PS1"), text("$ "))],
        shell_integration: Some("/state/shell".into()),
        size_rule: SizeRule::Smallest,
        kill_grace: Duration::from_millis(700),
        tmux: TmuxMode::On,
        tmux_dir: Some("/state/tmux".into()),
        disk: Some(Disk {
            folder: "/state/kept".into(),
            screens: KeepScreens::No,
        }),
    }
}

/// All questions. One that is new has to be told apart here, and put into a fixture of its own.
fn requests() -> Vec<Request> {
    let session = SESSION;
    let say = |word| Request::Say { session, word };
    let screen = |format| Request::Screen {
        session,
        format,
        lines: 10,
    };
    let requests = vec![
        Request::Configure(Box::new(options())),
        Request::Configure(Box::new(Options {
            size_rule: SizeRule::Focused,
            tmux: TmuxMode::Off,
            disk: Some(Disk {
                folder: "/state/kept".into(),
                screens: KeepScreens::Yes,
            }),
            ..options()
        })),
        Request::Configure(Box::default()),
        Request::Create(CreateSession {
            label: Some("l".to_owned()),
            size: Some(SIZE),
            pane_id: Some("p".to_owned()),
            command: Some(vec!["vim".to_owned(), "file".to_owned()]),
            cwd: Some("/projects".into()),
        }),
        Request::Create(CreateSession::default()),
        Request::List,
        Request::Attach(session),
        Request::Touch(vec![session, OTHER]),
        Request::Read {
            session,
            from: Some(300),
            max: 1000,
        },
        Request::Read {
            session,
            from: None,
            max: 0,
        },
        Request::Input {
            session,
            client: Some(CLIENT),
            position: Some(9),
            echo_ms: 100,
        },
        screen(ScreenFormat::Text),
        screen(ScreenFormat::Ansi),
        Request::Resize {
            session,
            size: SIZE,
        },
        Request::Rename {
            session,
            label: "l".to_owned(),
        },
        say(Word::Working),
        say(Word::Waiting),
        say(Word::Done),
        say(Word::Clear),
        Request::Close(session),
        Request::InTmux,
        Request::CloseInTmux(3),
        Request::Notify(Notice::Restart),
        Request::Notify(Notice::Workspace { revision: 6 }),
        Request::End(OnExit::Keep),
        Request::End(OnExit::End),
        Request::Stop,
        Request::Become("/usr/bin/bowline".into()),
        Request::Restart(session),
        Request::Record {
            session,
            from: Some(300),
            max: 1000,
        },
        Request::Record {
            session,
            from: None,
            max: 0,
        },
        Request::Totals,
    ];
    let numbers: Vec<u32> = requests.iter().map(number).collect();
    assert!((0..21).all(|number| numbers.contains(&number)));
    requests
}

fn number(request: &Request) -> u32 {
    match request {
        Request::Configure(_) => 0,
        Request::Create(_) => 1,
        Request::List => 2,
        Request::Attach(_) => 3,
        Request::Touch(_) => 4,
        Request::Read { .. } => 5,
        Request::Input { .. } => 6,
        Request::Screen { .. } => 7,
        Request::Resize { .. } => 8,
        Request::Rename { .. } => 9,
        Request::Say { .. } => 10,
        Request::Close(_) => 11,
        Request::InTmux => 12,
        Request::CloseInTmux(_) => 13,
        Request::Notify(_) => 14,
        Request::End(_) => 15,
        Request::Stop => 16,
        Request::Become(_) => 17,
        Request::Restart(_) => 18,
        Request::Record { .. } => 19,
        Request::Totals => 20,
    }
}

#[test]
fn questions_never_change() {
    check_json(
        &requests(),
        include_str!("../../tests/fixtures/v1.requests.jsonl"),
    );
}

/// A session with something in every field.
fn info() -> SessionInfo {
    SessionInfo {
        id: SESSION,
        pane_id: Some("p".to_owned()),
        label: "l".to_owned(),
        naming: Naming::Given,
        process: "vim".to_owned(),
        cwd: Some("/projects".into()),
        title: "t".to_owned(),
        age: Duration::from_millis(5500),
        idle: Duration::from_millis(2500),
        size: SIZE,
        viewers: 2,
        tmux: Some(3),
        notice: Some("n".to_owned()),
        ends_in: Some(Duration::from_secs(60)),
        state: SessionState::Running,
        progress: Progress::Normal(40),
        last_command: Some(LastCommand {
            status: Some(-1),
            duration: Duration::from_millis(300),
        }),
        last_seen_ms: Some(1_800_000_000_000),
    }
}

/// Sessions in every state.
fn infos() -> Vec<SessionInfo> {
    let bare = SessionInfo {
        pane_id: None,
        naming: Naming::Program,
        cwd: None,
        tmux: None,
        notice: None,
        ends_in: None,
        state: SessionState::Idle,
        progress: Progress::None,
        last_command: None,
        last_seen_ms: None,
        ..info()
    };
    let ends = [
        Exit::Code(3),
        Exit::Signal(9),
        Exit::Killed,
        Exit::Idle,
        Exit::Lost,
    ];
    let calls = [
        Attention::Bell,
        Attention::Notification,
        Attention::Quiet,
        Attention::Waiting,
        Attention::Done,
    ];
    let ends = ends.map(SessionState::Exited);
    let states = ends
        .into_iter()
        .chain(calls.map(SessionState::NeedsAttention));
    let in_state = states.map(|state| SessionInfo { state, ..info() });
    let progresses = [
        Progress::Error(50),
        Progress::Indeterminate,
        Progress::Paused(60),
    ];
    let at = progresses.map(|progress| SessionInfo { progress, ..info() });
    [info(), bare]
        .into_iter()
        .chain(in_state)
        .chain(at)
        .collect()
}

fn answers() -> Vec<Result<Answer, Failure>> {
    let piece = |exit| Piece {
        offset: 1,
        next_offset: 2,
        skipped: 3,
        end: 4,
        exit,
    };
    let created = |reattached, notice| {
        Answer::Created(Created {
            session: SESSION,
            reattached,
            notice,
        })
    };
    let answers = [
        Answer::Done,
        created(false, None),
        created(true, Some("n".to_owned())),
        Answer::Listed(infos()),
        Answer::Attached {
            info: Box::new(info()),
            start: 1,
            end: 300,
        },
        Answer::Touched {
            alive: vec![SESSION],
            gone: vec![OTHER],
        },
        Answer::Read(piece(None)),
        Answer::Read(piece(Some(Exit::Code(3)))),
        Answer::Typed {
            position: 9,
            echo: piece(None),
        },
        Answer::Screen(ScreenShot {
            content: "\u{1b}[1m€".to_owned(),
            offset: 300,
            size: SIZE,
            cursor: (4, 5),
            title: "t".to_owned(),
        }),
        Answer::Tmux(vec![1, 2]),
        Answer::Recorded {
            of: Box::new(RecordingOf {
                started_ms: 5,
                label: "l".to_owned(),
                title: "t".to_owned(),
                shell: "/bin/sh".to_owned(),
                exit: Some(Exit::Code(3)),
            }),
            piece: Recorded {
                offset: 1,
                next_offset: 2,
                end: 300,
                size: SIZE,
                arrivals: vec![(1, 9)],
                resizes: vec![Resized {
                    offset: 2,
                    at_ms: 10,
                    size: SIZE,
                }],
            },
        },
        Answer::Totals(Totals {
            read: 300,
            printed: 70_000,
        }),
    ];
    let kind = |answer: &Answer| match answer {
        Answer::Done => 0,
        Answer::Created(_) => 1,
        Answer::Listed(_) => 2,
        Answer::Attached { .. } => 3,
        Answer::Touched { .. } => 4,
        Answer::Read(_) => 5,
        Answer::Typed { .. } => 6,
        Answer::Screen(_) => 7,
        Answer::Tmux(_) => 8,
        Answer::Recorded { .. } => 9,
        Answer::Totals(_) => 10,
    };
    let kinds: Vec<u32> = answers.iter().map(kind).collect();
    assert!((0..11).all(|kind| kinds.contains(&kind)));
    let reasons = [
        Reason::Gone,
        Reason::Exited,
        Reason::Running,
        Reason::Limit,
        Reason::Memory,
        Reason::Malformed,
        Reason::InputGap { expected: 300 },
        Reason::InputFull,
        Reason::Busy,
        Reason::Spawn,
        Reason::Unreachable,
        Reason::Other,
    ];
    let kind = |reason: &Reason| match reason {
        Reason::Gone => 0,
        Reason::Exited => 1,
        Reason::Running => 2,
        Reason::Limit => 3,
        Reason::Memory => 4,
        Reason::Malformed => 5,
        Reason::InputGap { .. } => 6,
        Reason::InputFull => 7,
        Reason::Busy => 8,
        Reason::Spawn => 9,
        Reason::Unreachable => 10,
        Reason::Other => 11,
    };
    assert!(reasons.iter().map(kind).eq(0..12));
    let refused = reasons.map(|reason| Err(Failure::new(reason, "m")));
    answers.map(Ok).into_iter().chain(refused).collect()
}

#[test]
fn answers_never_change() {
    check_json(
        &answers(),
        include_str!("../../tests/fixtures/v1.answers.jsonl"),
    );
}

#[test]
fn why_a_link_is_closed_never_changes() {
    let why = [
        LinkError::Superseded,
        LinkError::Protocol(DecodeError::Truncated),
        LinkError::Protocol(DecodeError::Malformed),
        LinkError::TooOld {
            spoken: vec![1, 2],
            served: 3,
        },
        LinkError::WrongClient,
        LinkError::TooManyAttachments,
        LinkError::Overflow,
        LinkError::TooManyClients,
        LinkError::Closed,
        LinkError::Unreachable,
    ];
    check_json(&why, include_str!("../../tests/fixtures/v1.closed.jsonl"));
}

/// Every object that is a struct's gets a field that nobody knows.
fn grown(value: &mut Value, known: &str) -> usize {
    match value {
        Value::Array(values) => values.iter_mut().map(|value| grown(value, known)).sum(),
        Value::Object(fields) => {
            let inside: usize = fields.values_mut().map(|value| grown(value, known)).sum();
            let is_struct = fields.contains_key(known);
            if is_struct {
                fields.insert("of_a_later_version".to_owned(), json!({"a": [1]}));
            }
            inside + usize::from(is_struct)
        }
        _ => 0,
    }
}

/// What a later version says besides is skipped. `known` are fields by which structs are told from enums.
fn skips<T: Serialize + DeserializeOwned>(recorded: &str, known: &[&str]) {
    for known in known {
        let mut count = 0;
        for line in recorded.lines() {
            let mut value: Value = serde_json::from_str(line).unwrap();
            count += grown(&mut value, known);
            let read: T = serde_json::from_value(value).unwrap();
            let as_before: T = serde_json::from_str(line).unwrap();
            let read = serde_json::to_value(read).unwrap();
            assert_eq!(read, serde_json::to_value(as_before).unwrap());
        }
        assert!(count > 0, "nothing has a field {known}");
    }
}

#[test]
fn what_a_later_version_adds_is_skipped() {
    let requests = include_str!("../../tests/fixtures/v1.requests.jsonl");
    let fields = ["session", "max_sessions", "pane_id", "cols", "revision"];
    skips::<Request>(requests, &fields);
    let answers = include_str!("../../tests/fixtures/v1.answers.jsonl");
    let fields = [
        "session", "id", "info", "alive", "offset", "echo", "content", "message", "kind", "status",
    ];
    skips::<Result<Answer, Failure>>(answers, &fields);
    skips::<LinkError>(
        include_str!("../../tests/fixtures/v1.closed.jsonl"),
        &["spoken"],
    );

    let unknown =
        json!({"Err": {"reason": {"kind": "of_a_later_version", "x": 1}, "message": "m"}});
    let read: Result<Answer, Failure> = serde_json::from_value(unknown).unwrap();
    assert_eq!(read.unwrap_err(), Failure::new(Reason::Other, "m"));
}

#[test]
fn options_that_an_older_server_does_not_know_are_as_by_default() {
    let read: Options = serde_json::from_value(json!({"max_sessions": 3})).unwrap();
    let expected = Options {
        max_sessions: 3,
        ..Options::default()
    };
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        serde_json::to_value(expected).unwrap()
    );
}
