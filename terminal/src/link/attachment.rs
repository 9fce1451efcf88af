//! One client's attachment to one session: where it is in the log and how much it may have in flight.
//! Everything is pulled from the session's state when the client has room; nothing is queued here, so a
//! viewer that never reads costs nothing.

use std::sync::Arc;

use bowline_protocol::codec::BatchWriter;
use bowline_protocol::frame::{Event, Mode, ServerFrame, Size};
use bowline_protocol::ids::{ClientId, LogPosition};
use bowline_protocol::limits::FRAME_PAYLOAD;
use bowline_protocol::window::Window;

use crate::session::{Session, Shared};
use crate::viewers::{Rules, Shown, Standing};
use crate::wake::Wake;

/// Where a terminal that fell off the log starts again: this far before its end.
const SCREEN_RESTART: u64 = 64 * 1024;

/// Whether an attachment has more to send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    More,
    /// It waits for output, an acknowledgement, or to be shown.
    Done,
}

/// What a client asks for when it attaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) from: Option<LogPosition>,
    pub(super) mode: Mode,
    pub(super) size: Size,
}

#[derive(Debug)]
pub(super) struct Attachment {
    client: ClientId,
    session: Arc<Session>,
    mode: Mode,
    shown: Shown,
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
    /// Lines of history the client asked for.
    history: Option<u32>,
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
            current: false,
            cursor: 0,
            parsed: 0,
            window: Window::default(),
            next_mark: 0,
            written_told: 0,
            label_told: 0,
            warnings_told: 0,
            exit_told: false,
            history: None,
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
        let shared = self.session.shared();
        let log = &shared.log;
        let offset = asked
            .from
            .filter(|from| from.log == log.id() && from.offset <= log.end())
            .map_or(log.start(), |from| from.offset.max(log.start()));
        let (size, next_mark) = log.size_at(offset);
        self.mode = asked.mode;
        self.shown = Shown::Visible;
        self.current = true;
        self.cursor = offset;
        self.parsed = offset;
        self.window.restart();
        self.next_mark = next_mark;
        // State is said whole: the last transport may have lost it.
        self.written_told = 0;
        self.label_told = 0;
        self.warnings_told = shared.idle_warning.count;
        self.exit_told = false;
        ServerFrame::Attached {
            session: self.session.id,
            from: LogPosition {
                log: log.id(),
                offset,
            },
            end: log.end(),
            size,
            input: shared.input.accepted(self.client),
        }
    }

    pub(super) fn view(&mut self, shown: Shown, focused: bool) {
        if shown != self.shown {
            // Told early while hidden, it is told again behind the last output.
            self.exit_told = false;
        }
        self.shown = shown;
        self.session.view(self.client, shown, focused);
    }

    /// The client has parsed this much.
    pub(super) fn parsed(&mut self, parsed: u64) {
        let parsed = parsed.min(self.cursor);
        if parsed > self.parsed {
            self.parsed = parsed;
            self.window.on_ack(parsed, self.session.now_ms());
        }
    }

    /// The client would like a snapshot with so many lines of history.
    pub(super) fn wants_history(&mut self, lines: u32) {
        self.history = Some(lines);
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
        let written = shared.input.written(self.client);
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
            return Served::Done;
        }
        if self.cursor < shared.log.start() {
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

    /// The bytes at the cursor are gone: goes on where the mode wants it, and says so.
    fn skip(&mut self, shared: &Shared, writer: &mut BatchWriter) {
        let log = &shared.log;
        let to = match self.mode {
            Mode::Log => log.start(),
            Mode::Screen => log.line_near_end(SCREEN_RESTART),
        };
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
