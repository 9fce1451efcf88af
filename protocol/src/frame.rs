//! What both ends say. Frames are added at the end of their enum, never changed or reordered: the index
//! of a variant is its name on the wire. `Output`, `Input` and `Snapshot` carry their bytes as the
//! frame's *payload*, raw behind the header (see [`crate::codec`]), never inside a serde value.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Generation, LogId, LogPosition, ServerId, SessionId};

/// Columns and rows of a terminal, within [`crate::limits::COLS`] and [`crate::limits::ROWS`] once
/// checked with [`Size::checked`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The size, if a terminal can have it.
    pub fn checked(self) -> Option<Self> {
        (crate::limits::COLS.contains(&self.cols) && crate::limits::ROWS.contains(&self.rows))
            .then_some(self)
    }
}

impl Size {
    /// No terminal can have it: said by a viewer that wishes for none.
    pub const NO_WISH: Self = Self { cols: 0, rows: 0 };
}

impl Default for Size {
    fn default() -> Self {
        Self { cols: 80, rows: 24 }
    }
}

/// How a viewer wants a session's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// A terminal: may be skipped ahead when it falls behind.
    Screen,
    /// Every byte, in order; a `Gap` says what was lost if it falls off the log.
    Log,
}

/// What a viewer may do in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Role {
    /// Types, and has a say in the size.
    #[default]
    Writer,
    /// Only looks: its input is refused, its wish for a size ignored.
    Reader,
}

/// A terminal's default colours, `0xRRGGBB`, for the answers to colour queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colours {
    /// OSC 10.
    pub foreground: u32,
    /// OSC 11.
    pub background: u32,
    /// OSC 12.
    pub cursor: u32,
}

/// The 16 colours of a theme, `0xRRGGBB`, for the answers to OSC 4.
pub type Sixteen = [u32; 16];

/// A number of input bytes that a client has sent to one life of a session's log.
pub type InputPosition = u64;

/// Client to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// First on every transport.
    Hello {
        /// The page load.
        client: ClientId,
        /// This transport's number; lower ones are closed.
        generation: Generation,
        /// Protocol versions the client speaks.
        versions: Vec<u16>,
        /// The page secret, where a browser could not send it as a header (the WebSocket).
        proof: Option<String>,
    },
    /// Start or resume a session's output. Answered by `Attached`, or `Gone`.
    Attach {
        /// Which session.
        session: SessionId,
        /// Where to go on; `None` = from the oldest byte kept.
        from: Option<LogPosition>,
        /// How to deliver.
        mode: Mode,
        /// The size this viewer would like; [`Size::NO_WISH`] for none.
        size: Size,
    },
    /// Stop a session's output and forget this viewer of it.
    Detach {
        /// Which session.
        session: SessionId,
    },
    /// What the size rule, streaming and colour queries go by.
    View {
        /// Which session.
        session: SessionId,
        /// Shown in a visible page: only then does output stream.
        visible: bool,
        /// Has the keyboard.
        focused: bool,
        /// The viewer's colours.
        colours: Option<Colours>,
    },
    /// Keystrokes: the frame's payload.
    Input {
        /// Which session.
        session: SessionId,
        /// The life of its log that `position` counts in.
        log: LogId,
        /// Bytes this client sent before these.
        position: InputPosition,
        /// More of the same paste follows: another viewer's keys wait until it has come.
        more: bool,
    },
    /// The size this viewer would like.
    Resize {
        /// Which session.
        session: SessionId,
        /// Columns and rows.
        size: Size,
    },
    /// How far a viewer is. Polls resume from `received`; the window counts from `parsed`.
    Ack {
        /// Which session.
        session: SessionId,
        /// End of what has arrived.
        received: u64,
        /// End of what the emulator has parsed.
        parsed: u64,
    },
    /// Answered by `Pong` with the same `t`.
    Ping {
        /// Any number; the client's clock.
        t: u64,
    },
    /// Asks for a snapshot with this much history: the user scrolled to the top of what the last one had.
    History {
        /// Which session.
        session: SessionId,
        /// Lines above the screen.
        lines: u32,
    },
    /// What this viewer may do; a writer until it says otherwise. Said again after every `Attach`.
    Role {
        /// Which session.
        session: SessionId,
        /// What it may do.
        role: Role,
    },
    /// Asks for what happens in a session, without its output: like an `Attach` whose viewer is hidden and
    /// wishes for no size. Answered alike; to see the session, attach.
    Follow {
        /// Which session.
        session: SessionId,
    },
    /// The viewer's 16 colours: they belong to those of its [`ClientFrame::View`].
    Palette {
        /// Which session.
        session: SessionId,
        /// Black, red, green, yellow, blue, magenta, cyan, white, and the same again, bright.
        sixteen: Sixteen,
    },
}

/// Server to client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// Answers `Hello`.
    Welcome {
        /// Protocol versions the server speaks.
        versions: Vec<u16>,
        /// This run of the server.
        server: ServerId,
        /// The generation that is now served.
        generation: Generation,
        /// Bounds the client keeps.
        limits: Limits,
    },
    /// Answers `Attach`: all that a viewer must know before the first byte.
    Attached {
        /// Which session.
        session: SessionId,
        /// Where output will start: what was asked for, or the oldest byte kept, in the log's present life.
        from: LogPosition,
        /// End of the log at this moment: bytes before it are history.
        end: u64,
        /// The terminal's size at `from`.
        size: Size,
        /// Input already accepted from this client; it sends only what lies beyond.
        input: InputPosition,
    },
    /// Bytes of a session: the frame's payload.
    Output {
        /// Which session.
        session: SessionId,
        /// Offset of the first byte.
        offset: u64,
    },
    /// The bytes that recreate a screen on a reset terminal: the frame's payload. Output goes on at
    /// `position`, which may lie before or behind what the client had. Confirmed by an `Ack` whose
    /// `parsed` is at least `position.offset`.
    Snapshot {
        /// Which session.
        session: SessionId,
        /// What the snapshot includes.
        position: LogPosition,
        /// The terminal's size there.
        size: Size,
        /// Parts still to come after this one, with the same position and size; the parts' payloads
        /// belong together.
        parts_left: u16,
    },
    /// The program's terminal has this size from `offset` on. Emulators resize here and nowhere else.
    Resized {
        /// Which session.
        session: SessionId,
        /// Where in the output.
        offset: u64,
        /// The new size.
        size: Size,
    },
    /// Bytes `from..to` are no longer kept; output goes on at `to`.
    Gap {
        /// Which session.
        session: SessionId,
        /// First byte lost to this viewer.
        from: u64,
        /// First byte that follows.
        to: u64,
    },
    /// Input before `position` is written to the PTY and may be forgotten.
    InputAck {
        /// Which session.
        session: SessionId,
        /// End of what was written.
        position: InputPosition,
    },
    /// Input was refused: send again from `expected`.
    InputRefused {
        /// Which session.
        session: SessionId,
        /// Where the server goes on.
        expected: InputPosition,
        /// Why.
        reason: InputRefusal,
    },
    /// Something happened in a session.
    Event {
        /// Which session.
        session: SessionId,
        /// What.
        event: Event,
    },
    /// No such session (any more).
    Gone {
        /// Which session.
        session: SessionId,
    },
    /// Something that concerns the whole page.
    Notice {
        /// What.
        notice: Notice,
    },
    /// Answers `Ping`.
    Pong {
        /// The ping's number.
        t: u64,
    },
    /// Nothing to say for [`crate::limits::KEEP_ALIVE_MS`].
    KeepAlive,
    /// The next `Snapshot` of the session answers a [`ClientFrame::History`]. No other takes its place before
    /// it is confirmed.
    History {
        /// Which session.
        session: SessionId,
    },
}

/// Bounds the server tells the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Unacknowledged input per session, bytes.
    pub input_window: u32,
    /// Largest batch accepted, bytes.
    pub batch: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_window: crate::limits::INPUT_WINDOW as u32,
            batch: crate::limits::CLIENT_BATCH as u32,
        }
    }
}

/// Why input was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputRefusal {
    /// Bytes between `expected` and the frame's position never came.
    Missing,
    /// The program doesn't read and the session's input queue is full.
    Full,
    /// The frame counts in another life of the log.
    OtherLog,
    /// The viewer only looks.
    ReadOnly,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// The program returned this status.
    Code(i32),
    /// A signal ended the program.
    Signal(i32),
    /// Somebody killed the session.
    Killed,
    /// Nobody used it for the idle limit.
    Idle,
    /// The machine, or the process that kept it, ended.
    Lost,
}

/// Something that happened in a session. Sent for hidden sessions too; what is state (exit, title) is
/// sent again at attach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The program ended; its output ends at `end`.
    Exited {
        /// How.
        exit: Exit,
        /// Where the log ends. Shown only once output has come this far.
        end: u64,
    },
    /// The session has another label.
    Renamed {
        /// The label.
        label: String,
    },
    /// It will end for lack of use in this many seconds.
    IdleWarning {
        /// Seconds left.
        seconds: u32,
    },
    /// Who looks. A viewer that was told nothing since `Attached` is alone, and its size rules.
    Viewers {
        /// How many pages are attached, this one included.
        viewers: u16,
        /// Whether the size that this viewer wishes for is the one that rules, or nobody's does.
        ruling: bool,
    },
    /// The terminal's title; empty = none any more. State.
    Title {
        /// At most [`crate::limits::TEXT`] bytes, without control characters.
        title: String,
    },
    /// The folder that the shell says it is in. State.
    Cwd {
        /// A path on the machine that the shell runs on.
        cwd: String,
    },
    /// The terminal's bell rang.
    Bell {
        /// Bells, notifications and commands of a session are numbered together from 1: after a
        /// reconnect the last ones are sent again, and what has a number seen before is dropped.
        number: u64,
    },
    /// A program has something to tell.
    Notification {
        /// As for bells.
        number: u64,
        /// What it is about.
        title: Option<String>,
        /// What it says.
        body: String,
    },
    /// How far a program says it is. State.
    Progress {
        /// How far.
        progress: Progress,
    },
    /// A command line began or ended, as the shell's marks tell.
    Command {
        /// As for bells.
        number: u64,
        /// Which of both.
        mark: CommandMark,
    },
    /// What the session's program does, as far as it says so or it can be seen. State.
    Activity {
        /// What.
        activity: Activity,
    },
    /// There is output that this viewer, which is hidden, has not seen. Said once until it is shown again.
    Unseen,
}

/// How far a program says it is (OSC 9;4). Numbers are percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Progress {
    /// Nothing is under way.
    #[default]
    None,
    /// So far.
    Normal(u8),
    /// It failed there.
    Error(u8),
    /// It goes on; nobody knows how far it is.
    Indeterminate,
    /// It waits there.
    Paused(u8),
}

/// Beginning and end of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandMark {
    /// The shell carries it out.
    Started,
    /// The shell is done with it.
    Ended {
        /// Its exit status, where the shell tells.
        status: Option<i32>,
        /// How long it took.
        duration_ms: u64,
    },
}

/// What a session's program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// It works.
    Running,
    /// It waits for its user, who knows.
    Idle,
    /// Somebody should look.
    NeedsAttention(Attention),
}

/// Why somebody should look at a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attention {
    /// Its bell rang.
    Bell,
    /// It showed a notification.
    Notification,
    /// After work it is quiet, at a prompt or a question.
    Quiet,
    /// It says that it waits for its user.
    Waiting,
    /// It says that it is done.
    Done,
}

/// Something that concerns the whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The server is ending; sessions may outlive it.
    Restart,
    /// Somebody changed the workspace to this revision.
    Workspace {
        /// The new revision.
        revision: u64,
    },
}
