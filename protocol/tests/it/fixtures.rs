//! The bytes of every frame of version 1. A change here breaks pages that are open and servers that run:
//! add frames, never change them.

use std::fmt::Write;

use bowline_protocol::codec::{BatchReader, Frame, encode};
use bowline_protocol::frame::{
    Activity, Attention, Colours, CommandMark, Event, Exit, InputRefusal, Limits, Mode, Notice,
    Progress, Role, ServerFrame, Size,
};
use bowline_protocol::ids::ServerId;
use bowline_protocol::{ClientFrame, ClientId, Generation, LogId, LogPosition, SessionId};

const SESSION: SessionId = SessionId::from_bytes([0xaa; 16]);
const POSITION: LogPosition = LogPosition {
    log: LogId::from_bytes([0xbb; 16]),
    offset: 300,
};

fn check<F: Frame + PartialEq + std::fmt::Debug>(frames: &[F], expected: &str) {
    let mut lines = String::new();
    for frame in frames {
        let bytes = encode(frame);
        let read = BatchReader::<F>::new(bytes.clone()).next();
        assert_eq!(read.expect("one frame").expect("readable").frame, *frame);
        for byte in &bytes[4..] {
            write!(lines, "{byte:02x}").expect("a string grows");
        }
        lines.push('\n');
    }
    let lines = lines
        .replace(&"aa".repeat(16), "S")
        .replace(&"bb".repeat(16), "L");
    assert_eq!(lines, expected);
}

#[test]
fn client_frames_never_change() {
    let frames = [
        ClientFrame::Hello {
            client: ClientId::from_bytes([0x33; 16]),
            generation: Generation(2),
            versions: vec![1],
            proof: Some("p".to_owned()),
        },
        ClientFrame::Attach {
            session: SESSION,
            from: Some(POSITION),
            mode: Mode::Log,
            size: Size { cols: 80, rows: 24 },
        },
        ClientFrame::Detach { session: SESSION },
        ClientFrame::View {
            session: SESSION,
            visible: true,
            focused: false,
            colours: Some(Colours {
                foreground: 1,
                background: 2,
                cursor: 3,
            }),
        },
        ClientFrame::Input {
            session: SESSION,
            log: POSITION.log,
            position: 9,
            more: true,
        },
        ClientFrame::Resize {
            session: SESSION,
            size: Size { cols: 80, rows: 24 },
        },
        ClientFrame::Ack {
            session: SESSION,
            received: 300,
            parsed: 299,
        },
        ClientFrame::Ping { t: 7 },
        ClientFrame::History {
            session: SESSION,
            lines: 10_000,
        },
        ClientFrame::Role {
            session: SESSION,
            role: Role::Reader,
        },
        ClientFrame::Follow { session: SESSION },
        ClientFrame::Palette {
            session: SESSION,
            sixteen: [3; 16],
        },
    ];
    assert_eq!(frames.len() as u32, ClientFrame::KNOWN);
    check(&frames, include_str!("client_frames.txt"));
}

#[test]
fn server_frames_never_change() {
    let size = Size { cols: 80, rows: 24 };
    let frames = [
        ServerFrame::Welcome {
            versions: vec![1],
            server: ServerId::from_bytes([0x44; 16]),
            generation: Generation(2),
            limits: Limits {
                input_window: 1,
                batch: 2,
            },
        },
        ServerFrame::Attached {
            session: SESSION,
            from: POSITION,
            end: 301,
            size,
            input: 4,
        },
        ServerFrame::Output {
            session: SESSION,
            offset: 300,
        },
        ServerFrame::Snapshot {
            session: SESSION,
            position: POSITION,
            size,
            parts_left: 1,
        },
        ServerFrame::Resized {
            session: SESSION,
            offset: 300,
            size,
        },
        ServerFrame::Gap {
            session: SESSION,
            from: 1,
            to: 2,
        },
        ServerFrame::InputAck {
            session: SESSION,
            position: 3,
        },
        ServerFrame::InputRefused {
            session: SESSION,
            expected: 3,
            reason: InputRefusal::Full,
        },
        ServerFrame::Event {
            session: SESSION,
            event: Event::Exited {
                exit: Exit::Code(3),
                end: 5,
            },
        },
        ServerFrame::Gone { session: SESSION },
        ServerFrame::Notice {
            notice: Notice::Workspace { revision: 6 },
        },
        ServerFrame::Pong { t: 7 },
        ServerFrame::KeepAlive,
        ServerFrame::History { session: SESSION },
    ];
    assert_eq!(frames.len() as u32, ServerFrame::KNOWN);
    check(&frames, include_str!("server_frames.txt"));
}

#[test]
fn events_never_change() {
    let events = [
        Event::Exited {
            exit: Exit::Signal(9),
            end: 5,
        },
        Event::Renamed {
            label: "l".to_owned(),
        },
        Event::IdleWarning { seconds: 8 },
        Event::Viewers {
            viewers: 2,
            ruling: true,
        },
        Event::Title {
            title: "t".to_owned(),
        },
        Event::Cwd {
            cwd: "/".to_owned(),
        },
        Event::Bell { number: 1 },
        Event::Notification {
            number: 2,
            title: Some("t".to_owned()),
            body: "b".to_owned(),
        },
        Event::Progress {
            progress: Progress::Paused(50),
        },
        Event::Command {
            number: 3,
            mark: CommandMark::Started,
        },
        Event::Command {
            number: 4,
            mark: CommandMark::Ended {
                status: Some(-1),
                duration_ms: 300,
            },
        },
        Event::Activity {
            activity: Activity::NeedsAttention(Attention::Done),
        },
        Event::Unseen,
        Event::Exited {
            exit: Exit::Lost,
            end: 5,
        },
    ];
    let frames = events.map(|event| ServerFrame::Event {
        session: SESSION,
        event,
    });
    check(&frames, include_str!("events.txt"));
}
