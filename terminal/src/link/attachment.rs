//! One client's attachment to one session: where it is in the log and how much it may have in flight.
//! Everything is pulled from the session's state when the client has room; nothing is queued here, so a
//! viewer that never reads costs nothing.

use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::codec::BatchWriter;
use bowline_protocol::frame::{Event, Mode, ServerFrame, Size};
use bowline_protocol::ids::{ClientId, LogPosition};
use bowline_protocol::limits::FRAME_PAYLOAD;
use bowline_protocol::window::Window;
use bowline_screen::History;
use tokio::time::Instant;

use crate::screen::Taken;
use crate::session::{Session, Shared};
use crate::status::Told;
use crate::viewers::{Rules, Shown, Standing, View};
use crate::wake::Wake;

/// A terminal that is further behind gets a snapshot instead of what it missed, bytes: snapshots are a
/// few times smaller, and never longer to parse.
const SKIP_FROM: u64 = 256 * 1024;
/// A new viewer of a session that said no more than this gets all of it, bytes.
const REPLAY_MAX: u64 = 64 * 1024;
/// Lines above the screen that a snapshot brings. More come when the user scrolls up to their end.
const HISTORY_LINES: usize = 1_000;
/// Between two snapshots of a flood: ten pictures a second are a picture of it.
const SKIP_PAUSE: Duration = Duration::from_millis(100);
/// What comes so soon after a viewer was hidden is no news to it.
const SETTLE: Duration = Duration::from_millis(500);
/// More output than this since the last snapshot is a flood, bytes: the next snapshot is the screen
/// alone.
const FLOOD: u64 = 128 * 1024;

/// Whether an attachment has more to send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    More,
    /// It waits for output, an acknowledgement, or to be shown.
    Done,
}

/// What a terminal does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Sends bytes.
    Stream,
    /// Something else wakes it.
    Wait,
    /// Looks again after so long.
    Look(Duration),
    /// Asks for a snapshot.
    Want(History),
}

/// What a client asks for when it attaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) from: Option<LogPosition>,
    pub(super) mode: Mode,
    pub(super) size: Size,
    pub(super) shown: Shown,
}

/// Whether a hidden viewer knows that there is output it has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unseen {
    /// It saw everything.
    Nothing,
    /// It was hidden just then: what comes now may be the program's answer to that, such as to the loss of
    /// the focus.
    Settles(Instant),
    /// It saw everything up to here.
    Waits(u64),
    Told,
}

/// How far the answer to a client's question for history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Nothing was asked.
    None,
    /// The snapshot that is being made is it.
    Made,
    /// It ends here, and the client has not confirmed it.
    Sent(u64),
}

/// How a terminal follows its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// By every byte.
    Streams,
    /// It fell behind and follows by snapshots, until the flood is over.
    Skips {
        /// When the last snapshot was asked for; `None` = none yet.
        asked: Option<Instant>,
        /// Where the log ended then.
        end: u64,
    },
    /// A snapshot with history was asked for; behind it come bytes again.
    Resumes,
}

#[derive(Debug)]
pub(super) struct Attachment {
    client: ClientId,
    session: Arc<Session>,
    mode: Mode,
    shown: Shown,
    /// Kept from transport to transport.
    unseen: Unseen,
    /// Attached on the present transport; before that nothing is said.
    current: bool,
    /// End of what was sent.
    cursor: u64,
    parsed: u64,
    window: Window,
    /// The next resize to tell.
    next_mark: u64,
    written_told: u64,
    label_told: u64,
    warnings_told: u64,
    exit_told: bool,
    flow: Flow,
    /// A snapshot is being made.
    awaits: bool,
    /// Lines of history the client asked for.
    history: Option<u32>,
    answer: Answer,
    status_told: Told,
    /// In the viewer's list of those to be served.
    pub(super) queued: bool,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.session.leave(self.client);
    }
}

impl Attachment {
    /// Not yet attached on any transport.
    pub(super) fn new(client: ClientId, session: Arc<Session>) -> Self {
        Self {
            client,
            session,
            mode: Mode::Screen,
            shown: Shown::Visible,
            unseen: Unseen::Nothing,
            current: false,
            cursor: 0,
            parsed: 0,
            window: Window::default(),
            next_mark: 0,
            written_told: 0,
            label_told: 0,
            warnings_told: 0,
            exit_told: false,
            flow: Flow::Streams,
            awaits: false,
            history: None,
            answer: Answer::None,
            status_told: Told::default(),
            queued: false,
        }
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(super) fn is_current(&self) -> bool {
        self.current
    }

    /// The transport is gone: nothing is said until the client attaches again.
    pub(super) fn suspend(&mut self) {
        self.current = false;
    }

    /// The client attaches, for the first time or again.
    pub(super) fn attach(&mut self, asked: Asked, wake: Arc<Wake>) -> ServerFrame {
        self.session.join(self.client, wake, asked.size.checked());
        let session = self.session.clone();
        let mut shared = session.shared();
        // What was made for the last transport may be lost with it.
        shared.take_snapshot(self.client);
        let log = &shared.log;
        let known = asked
            .from
            .filter(|from| from.log == log.id() && from.offset <= log.end())
            .map(|from| from.offset);
        let from = known.unwrap_or(log.start());
        let can_replay = match known {
            Some(from) => from >= log.start() && log.end() - from <= SKIP_FROM,
            None => log.start() == 0 && log.end() <= REPLAY_MAX,
        };
        self.mode = asked.mode;
        let is_shown = asked.shown == Shown::Visible;
        let resumes = self.mode == Mode::Screen && !can_replay && is_shown;
        let offset = if resumes {
            log.end()
        } else {
            from.max(log.start())
        };
        let (size, next_mark) = log.size_at(offset);
        self.shown = asked.shown;
        if let (Shown::Hidden, Unseen::Nothing) = (asked.shown, self.unseen) {
            self.unseen = Unseen::Waits(log.end());
        }
        self.current = true;
        self.cursor = offset;
        self.parsed = offset;
        self.window.restart();
        self.next_mark = next_mark;
        self.awaits = false;
        self.history = None;
        self.answer = Answer::None;
        self.flow = Flow::Streams;
        // State is said whole: the last transport may have lost it.
        self.written_told = 0;
        self.label_told = 0;
        self.warnings_told = shared.idle_warning.count;
        self.exit_told = false;
        self.status_told.attach(&shared.status);
        let frame = ServerFrame::Attached {
            session: session.id,
            from: LogPosition {
                log: log.id(),
                offset,
            },
            end: log.end(),
            size,
            input: shared.input.accepted(self.client),
        };
        drop(shared);
        if resumes {
            self.resume(HISTORY_LINES);
        }
        if !is_shown {
            let view = View {
                shown: Shown::Hidden,
                focused: false,
                colours: None,
            };
            session.view(self.client, view);
        }
        frame
    }

    pub(super) fn view(&mut self, view: View) {
        if view.shown != self.shown {
            // Told early while hidden, it is told again behind the last output.
            self.exit_told = false;
        }
        self.shown = view.shown;
        self.session.view(self.client, view);
        match (view.shown, self.unseen) {
            (Shown::Visible, _) => self.unseen = Unseen::Nothing,
            (Shown::Hidden, Unseen::Nothing) => {
                self.unseen = Unseen::Settles(Instant::now());
                self.session.wake_later(self.client, SETTLE);
            }
            (Shown::Hidden, _) => {}
        }
    }

    /// The client has parsed this much.
    pub(super) fn parsed(&mut self, parsed: u64) {
        let parsed = parsed.min(self.cursor);
        if let Answer::Sent(end) = self.answer
            && parsed >= end
        {
            self.answer = Answer::None;
        }
        if parsed > self.parsed {
            self.parsed = parsed;
            self.window.on_ack(parsed, self.session.now_ms());
        }
    }

    /// The client would like a snapshot with so many lines of history.
    pub(super) fn wants_history(&mut self, lines: u32) {
        self.history = Some(lines);
    }

    /// Asks for a snapshot with lines above it; bytes follow behind it.
    fn resume(&mut self, lines: usize) {
        self.flow = Flow::Resumes;
        self.want(History::Lines(lines));
    }

    fn want(&mut self, history: History) {
        self.awaits = true;
        self.session
            .trail()
            .want(&self.session, self.client, history);
    }

    /// A poll goes on from what has arrived, whatever was sent: an answer may be lost or still under way.
    pub(super) fn go_on_from(&mut self, received: u64) {
        let shared = self.session.shared();
        if received <= shared.log.end() {
            self.cursor = received;
            self.next_mark = shared.log.mark_number_at(received);
            self.parsed = self.parsed.min(received);
        }
    }

    /// Says what is not output: acknowledgements of input and events.
    pub(super) fn say(&mut self, writer: &mut BatchWriter) {
        if !self.current {
            return;
        }
        let session = self.session.id;
        let mut shared = self.session.shared();
        shared.viewers.looked(self.client);
        let written = shared.input.tell(self.client);
        if written > self.written_told {
            self.written_told = written;
            writer.push(&ServerFrame::InputAck {
                session,
                position: written,
            });
        }
        if shared.label.changes > self.label_told {
            self.label_told = shared.label.changes;
            let label = shared.label.text.clone();
            let event = Event::Renamed { label };
            writer.push(&ServerFrame::Event { session, event });
        }
        let rule = self.session.size_rule();
        if let Some(Standing { viewers, size }) = shared.viewers.news(self.client, rule) {
            let ruling = size == Rules::Mine;
            let event = Event::Viewers { viewers, ruling };
            writer.push(&ServerFrame::Event { session, event });
        }
        if shared.idle_warning.count > self.warnings_told {
            self.warnings_told = shared.idle_warning.count;
            let seconds = shared.idle_warning.seconds;
            let event = Event::IdleWarning { seconds };
            writer.push(&ServerFrame::Event { session, event });
        }
        self.status_told.tell(&shared.status, |event| {
            writer.push(&ServerFrame::Event { session, event });
        });
    }

    /// Sends at most one `Output` frame of at most `max` bytes, and what belongs before and behind it.
    pub(super) fn serve(&mut self, writer: &mut BatchWriter, max: usize) -> Served {
        if !self.current {
            return Served::Done;
        }
        let session = self.session.clone();
        let mut shared = session.shared();
        shared.viewers.looked(self.client);
        if self.shown == Shown::Hidden {
            // Hidden viewers are told that it ended; what it said last waits until they are shown.
            self.say_exit(&shared, writer);
            self.say_unseen(&mut shared, writer);
            return Served::Done;
        }
        if let Some(taken) = shared.take_snapshot(self.client) {
            self.send_snapshot(&shared, &taken, writer);
        }
        if self.mode == Mode::Screen {
            match self.follow(&shared) {
                Step::Stream => {}
                Step::Wait => return Served::Done,
                Step::Look(after) => {
                    drop(shared);
                    session.wake_later(self.client, after);
                    return Served::Done;
                }
                Step::Want(history) => {
                    drop(shared);
                    self.want(history);
                    return Served::Done;
                }
            }
        } else if self.cursor < shared.log.start() {
            self.skip(&shared, writer);
        }
        self.say_resizes(&shared, writer);
        if self.cursor < shared.log.end() {
            let room = self.window.room(self.cursor, self.parsed);
            if room == 0 {
                // Not armed: the acknowledgement that makes room looks again.
                return Served::Done;
            }
            self.send(&shared, writer, max.min(FRAME_PAYLOAD), room);
            self.say_resizes(&shared, writer);
        }
        if self.cursor < shared.log.end() {
            return Served::More;
        }
        self.say_exit(&shared, writer);
        shared.viewers.arm(self.client);
        Served::Done
    }

    /// What a terminal does next: it streams while it keeps up, and follows by snapshots while it does not.
    fn follow(&mut self, shared: &Shared) -> Step {
        if self.awaits {
            // Woken when it is made.
            return Step::Wait;
        }
        let now = Instant::now();
        let (end, has_room) = (shared.log.end(), self.has_room());
        if let Some(lines) = self.history.take() {
            self.flow = Flow::Resumes;
            self.answer = Answer::Made;
            return Step::Want(History::Lines(lines as usize));
        }
        if self.flow == Flow::Streams {
            let behind = end - self.cursor;
            let is_lost = self.cursor < shared.log.start();
            if !is_lost && behind <= SKIP_FROM.max(self.window.size()) {
                return Step::Stream;
            }
            if let Answer::Sent(_) = self.answer {
                // The client takes the next snapshot for a new truth and drops what it holds: the answer.
                return Step::Wait;
            }
            self.flow = Flow::Skips { asked: None, end };
        }
        let Flow::Skips { asked, end: then } = self.flow else {
            // Asked for as the attachment began, and not made before something else was sent.
            return Step::Want(History::Lines(HISTORY_LINES));
        };
        if !has_room {
            // The acknowledgement of what is under way looks again.
            return Step::Wait;
        }
        let Some(asked) = asked else {
            self.flow = Flow::Skips {
                asked: Some(now),
                end,
            };
            return Step::Want(History::None);
        };
        let since = now - asked;
        if since < SKIP_PAUSE {
            return Step::Look(SKIP_PAUSE - since);
        }
        if end - then > FLOOD {
            self.flow = Flow::Skips {
                asked: Some(now),
                end,
            };
            return Step::Want(History::None);
        }
        self.flow = Flow::Resumes;
        Step::Want(History::Lines(HISTORY_LINES))
    }

    fn has_room(&self) -> bool {
        self.window.room(self.cursor, self.parsed) > 0
    }

    /// A snapshot is the new truth: everything before its position is settled.
    fn send_snapshot(&mut self, shared: &Shared, taken: &Taken, writer: &mut BatchWriter) {
        self.awaits = false;
        if taken.position.log != shared.log.id() {
            self.answer = Answer::None;
            return;
        }
        if self.answer == Answer::Made {
            self.answer = Answer::Sent(taken.position.offset);
            let session = self.session.id;
            writer.push(&ServerFrame::History { session });
        }
        let parts = taken.bytes.len().div_ceil(FRAME_PAYLOAD).max(1);
        for part in 0..parts {
            let start = part * FRAME_PAYLOAD;
            let end = (start + FRAME_PAYLOAD).min(taken.bytes.len());
            let frame = ServerFrame::Snapshot {
                session: self.session.id,
                position: taken.position,
                size: taken.size,
                // A snapshot has far fewer parts than that.
                parts_left: u16::try_from(parts - 1 - part).unwrap_or(u16::MAX),
            };
            writer.push_parts(&frame, &[taken.bytes.slice(start..end)]);
        }
        self.cursor = taken.position.offset;
        // What is under way is the snapshot: acknowledged when the client has parsed up to its position.
        self.parsed = self.cursor.saturating_sub(taken.bytes.len() as u64);
        self.window.restart();
        self.window
            .on_sent(self.cursor, self.parsed, self.session.now_ms());
        self.next_mark = taken.next_mark;
        if self.flow == Flow::Resumes {
            self.flow = Flow::Streams;
        }
    }

    fn send(&mut self, shared: &Shared, writer: &mut BatchWriter, max: usize, room: u64) {
        let to_mark = shared
            .log
            .mark(self.next_mark)
            .map_or(u64::MAX, |mark| mark.offset.saturating_sub(self.cursor));
        let most = (max as u64).min(room).min(to_mark);
        let slices = shared.log.read(self.cursor, most as usize);
        writer.push_parts(
            &ServerFrame::Output {
                session: self.session.id,
                offset: self.cursor,
            },
            &slices,
        );
        self.cursor += slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
        self.window
            .on_sent(self.cursor, self.parsed, self.session.now_ms());
    }

    /// Tells the resizes that lie at the cursor.
    fn say_resizes(&mut self, shared: &Shared, writer: &mut BatchWriter) {
        while let Some(mark) = shared.log.mark(self.next_mark) {
            if mark.offset > self.cursor {
                return;
            }
            self.next_mark = mark.number + 1;
            writer.push(&ServerFrame::Resized {
                session: self.session.id,
                offset: self.cursor,
                size: mark.size,
            });
        }
    }

    /// The bytes at the cursor of a reader of the log are gone: goes on with the oldest kept, and says so.
    fn skip(&mut self, shared: &Shared, writer: &mut BatchWriter) {
        let log = &shared.log;
        let to = log.start();
        let session = self.session.id;
        writer.push(&ServerFrame::Gap {
            session,
            from: self.cursor,
            to,
        });
        self.cursor = to;
        // What was in flight is forgiven: the client has at most one window of it.
        self.parsed = to;
        self.window.restart();
        let (size, next_mark) = log.size_at(to);
        self.next_mark = next_mark;
        writer.push(&ServerFrame::Resized {
            session,
            offset: to,
            size,
        });
    }

    /// Tells a hidden viewer once that there is output, and waits for it until there is.
    fn say_unseen(&mut self, shared: &mut Shared, writer: &mut BatchWriter) {
        let end = shared.log.end();
        if let Unseen::Settles(since) = self.unseen
            && since.elapsed() >= SETTLE
        {
            self.unseen = Unseen::Waits(end);
        }
        match self.unseen {
            Unseen::Waits(seen) if seen < end => {
                self.unseen = Unseen::Told;
                let event = Event::Unseen;
                let session = self.session.id;
                writer.push(&ServerFrame::Event { session, event });
            }
            Unseen::Waits(_) => shared.viewers.arm(self.client),
            Unseen::Nothing | Unseen::Settles(_) | Unseen::Told => {}
        }
    }

    fn say_exit(&mut self, shared: &Shared, writer: &mut BatchWriter) {
        let Some(exit) = shared.exit else {
            return;
        };
        if !self.exit_told {
            self.exit_told = true;
            let end = shared.log.end();
            let event = Event::Exited { exit, end };
            let session = self.session.id;
            writer.push(&ServerFrame::Event { session, event });
        }
    }
}
