//! One session: its state, shared between its task and everybody who holds a handle. The task
//! ([`task`]) owns the PTY's reading and writing; everybody else changes what is wanted and wakes it. Long because
//! all that is under the session's one lock is declared and changed here.

mod carried;
mod handle;
mod info;
mod kept;
mod reading;
mod status;
mod still;
mod task;

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bowline_protocol::frame::{Exit, InputRefusal, Role, Sixteen, Size};
use bowline_protocol::ids::{ClientId, LogId, SessionId};
use bowline_screen::{PromptMark, Signal};
use bytes::Bytes;
use rustix::process::Pid;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::disk::{self, Origin, unix_ms};
use crate::error::Error;
use crate::input::{InputQueue, Refused, Rest};
use crate::lock;
use crate::log::OutputLog;
use crate::options::{Options, SizeRule};
use crate::process;
use crate::screen::{Pool, Replies, Speakers, Taken, Trail};
use crate::status::{Sign, Status};
use crate::tmux::TmuxSession;
use crate::viewers::{Reach, View, Viewers};
use crate::wake::Wake;

pub(crate) use carried::TakeUp;
pub(crate) use handle::bounded;
pub use handle::{ApiInput, Read, Recording, SessionHandle};
pub use info::{Naming, SessionInfo, SessionState};
pub(crate) use reading::Floods;
use still::Stillness;
pub(crate) use task::{Life, see_off};

/// The first byte of every sequence (in the eight-bit form programs of today don't ask).
const ESC: u8 = 0x1b;

/// Our end of a PTY.
pub(crate) type Terminal = OwnedFd;

/// How far a session's life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// Its processes are being ended.
    Ending,
    Ended,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) pane_id: Option<String>,
    started: Instant,
    /// The same in Unix time, milliseconds.
    started_ms: u64,
    /// How it is started again.
    pub(crate) origin: Origin,
    /// Keeps it on disk, where that is wanted.
    disk: Option<Arc<disk::Store>>,
    /// For one that a crash or a reboot ended: when it was last seen, milliseconds of Unix time.
    lost_ms: Option<u64>,
    size_rule: SizeRule,
    trail: Trail,
    idle_limit: Duration,
    /// Of its screen and its end: other options may hold when it is handed over.
    scrollback: usize,
    kill_grace: Duration,
    shared: Mutex<Shared>,
    /// Wakes the task: something is wanted.
    wanted: Notify,
    /// Wakes those who wait for output without being viewers.
    grown: Notify,
    phase: watch::Sender<Phase>,
    /// Whether its task may read and write.
    stillness: watch::Sender<Stillness>,
    /// Where its program really is, in tmux mode: on our PTY runs a client of it.
    tmux: Option<Arc<TmuxSession>>,
    /// What whoever looks at it should know.
    pub(crate) notice: Option<String>,
    /// Whether the notice is also the first thing on the terminal.
    greets: bool,
}

/// What is under the session's lock.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) log: OutputLog,
    /// The last folder that its program was seen in.
    folder: Option<PathBuf>,
    pub(crate) viewers: Viewers,
    pub(crate) input: InputQueue,
    pub(crate) label: Label,
    pub(crate) exit: Option<Exit>,
    pub(crate) status: Status,
    /// How often, and with how many seconds left, an end for lack of use was announced.
    pub(crate) idle_warning: IdleWarning,
    size: Size,
    wanted_size: Size,
    /// How it shall end, once somebody wants it to.
    ending: Option<Exit>,
    /// What tmux keeps of it stays when it ends.
    left_to_tmux: bool,
    used: Instant,
    /// Gone once the program has ended.
    terminal: Option<Arc<Terminal>>,
    /// The program on our PTY, until its end is taken from the kernel.
    child: Option<Pid>,
    /// Who said what, as far as the screen has not read it.
    pub(crate) speakers: Speakers,
    /// Answers of the screen for the program.
    replies: Replies,
    /// Snapshots for viewers that want one, at most one each.
    taken: Vec<(ClientId, Taken)>,
    /// The program wants to know about the focus, and what it was told last.
    focus: Option<bool>,
}

impl Shared {
    /// The process group that has the terminal.
    fn foreground(&self) -> Option<Pid> {
        let terminal = self.terminal.as_ref()?;
        rustix::termios::tcgetpgrp(&**terminal).ok()
    }

    /// The snapshot made for a viewer.
    pub(crate) fn take_snapshot(&mut self, client: ClientId) -> Option<Taken> {
        let at = self.taken.iter().position(|(other, _)| *other == client)?;
        Some(self.taken.swap_remove(at).1)
    }

    /// Tells the program that somebody looks at it with the keyboard, or nobody any more, if it wants to
    /// know and does not yet.
    fn report_focus(&mut self) {
        let focused = self.viewers.any_focused();
        if self.focus.is_some_and(|told| told != focused) {
            self.focus = Some(focused);
            let report: &[u8] = if focused { b"\x1b[I" } else { b"\x1b[O" };
            let foreground = self.foreground();
            self.replies.push(report.to_vec(), foreground);
        }
    }
}

/// A session's name, and how often it was changed.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) text: String,
    naming: Naming,
    pub(crate) changes: u64,
}

/// Announcements of an end for lack of use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct IdleWarning {
    pub(crate) count: u64,
    pub(crate) seconds: u32,
    /// The use after which the last one came.
    pub(crate) of: Option<Instant>,
}

/// What a session begins with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) id: SessionId,
    pub(crate) pane_id: Option<String>,
    pub(crate) label: String,
    pub(crate) naming: Naming,
    pub(crate) size: Size,
    /// How it is started again.
    pub(crate) origin: Origin,
    /// Our end of its PTY and its program; `None`: it has ended.
    pub(crate) terminal: Option<(Arc<Terminal>, Pid)>,
    pub(crate) tmux: Option<Arc<TmuxSession>>,
    pub(crate) notice: Option<String>,
    pub(crate) greets: bool,
}

impl Session {
    pub(crate) fn new(
        beginning: Beginning,
        options: &Options,
        screens: Arc<Pool>,
        disk: Option<Arc<disk::Store>>,
    ) -> Self {
        let Beginning {
            id,
            pane_id,
            label,
            naming,
            size,
            origin,
            terminal,
            tmux,
            notice,
            greets,
        } = beginning;
        let (terminal, child) = terminal.unzip();
        let log = LogId::from_bytes(crate::random_bytes());
        Self {
            id,
            pane_id,
            started: Instant::now(),
            started_ms: unix_ms(),
            origin,
            disk,
            lost_ms: None,
            size_rule: options.size_rule,
            trail: Trail::new(screens, size, options.scrollback),
            idle_limit: options.idle_limit,
            scrollback: options.scrollback,
            kill_grace: options.kill_grace,
            shared: Mutex::new(Shared {
                log: OutputLog::new(log, options.log_bytes, size),
                folder: None,
                viewers: Viewers::default(),
                input: InputQueue::default(),
                label: Label {
                    text: label,
                    naming,
                    changes: 0,
                },
                exit: None,
                status: Status::default(),
                idle_warning: IdleWarning::default(),
                size,
                wanted_size: size,
                ending: None,
                left_to_tmux: false,
                used: Instant::now(),
                terminal,
                child,
                speakers: Speakers::default(),
                replies: Replies::default(),
                taken: Vec::new(),
                focus: None,
            }),
            wanted: Notify::new(),
            grown: Notify::new(),
            phase: watch::Sender::new(Phase::Running),
            stillness: watch::Sender::default(),
            tmux,
            notice,
            greets,
        }
    }

    /// The state. Held for moments; no lock but a client's bell is taken inside.
    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// Milliseconds since the session's start.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn is_running(&self) -> bool {
        let shared = self.shared();
        shared.exit.is_none() && shared.ending.is_none()
    }

    pub(crate) fn is_ended(&self) -> bool {
        *self.phase.borrow() == Phase::Ended
    }

    /// Whether somebody closed it: nobody can find it any more, but those who look at it.
    pub(crate) fn is_closed(&self) -> bool {
        let shared = self.shared();
        shared.exit.or(shared.ending) == Some(Exit::Killed)
    }

    /// Takes input of a client. After the end everything is taken and thrown away.
    pub(crate) fn input(
        &self,
        client: ClientId,
        position: Option<u64>,
        bytes: Bytes,
        rest: Rest,
    ) -> Result<u64, Refused> {
        let now_ms = self.now_ms();
        let mut shared = self.shared();
        if self.is_held() {
            // It would be in neither image of this process. The client keeps it and tries again.
            return Err(Refused {
                expected: shared.input.accepted(client),
                reason: InputRefusal::Full,
            });
        }
        shared.used = Instant::now();
        let accepted = shared.input.accept(client, position, bytes, rest, now_ms)?;
        self.with_status(&mut shared, Status::input);
        if shared.exit.is_some() {
            shared.input.discard();
            shared.viewers.wake_one(self.id, client);
        }
        drop(shared);
        self.wanted.notify_one();
        Ok(accepted)
    }

    /// A client looks at the session, and would like a size.
    pub(crate) fn join(&self, client: ClientId, wake: Arc<Wake>, wish: Option<Size>) {
        self.with_viewers(|viewers| viewers.join(client, wake, wish));
    }

    /// A client no longer looks.
    pub(crate) fn leave(&self, client: ClientId) {
        self.shared().taken.retain(|(other, _)| *other != client);
        self.with_viewers(|viewers| viewers.leave(client));
    }

    /// How a client shows the session.
    pub(crate) fn view(&self, client: ClientId, view: View) {
        self.with_viewers(|viewers| viewers.view(client, view));
    }

    /// A client would like a size.
    pub(crate) fn wish(&self, client: ClientId, wish: Size) {
        self.with_viewers(|viewers| viewers.wish(client, wish));
    }

    /// A client's page can't be reached, or can again.
    pub(crate) fn reach(&self, client: ClientId, reach: Reach) {
        self.with_viewers(|viewers| viewers.reach(client, reach));
    }

    /// A client's theme has these 16 colours.
    pub(crate) fn sixteen(&self, client: ClientId, sixteen: Sixteen) {
        self.shared().viewers.sixteen(client, sixteen);
    }

    /// What a client may do.
    pub(crate) fn role(&self, client: ClientId, role: Role) {
        self.with_viewers(|viewers| viewers.role(client, role));
    }

    pub(crate) fn size_rule(&self) -> SizeRule {
        self.size_rule
    }

    /// Changes who looks, which counts as use, and then lets the size rule speak.
    fn with_viewers(&self, change: impl FnOnce(&mut Viewers)) {
        let mut shared = self.shared();
        change(&mut shared.viewers);
        shared.used = Instant::now();
        self.refocus(&mut shared);
        if let Some(size) = shared.viewers.ruling_size(self.size_rule) {
            shared.wanted_size = size;
        }
        shared.viewers.wake_changed(self.id, self.size_rule);
        shared.report_focus();
        let wakes = shared.wanted_size != shared.size || shared.replies.due().is_some();
        drop(shared);
        if wakes {
            self.wanted.notify_one();
        }
    }

    /// Output goes into the log and wakes whoever waits for it. The caller sees to it that it is parsed, once
    /// the viewers' bytes are on their way.
    fn append(&self, terminal: BorrowedFd<'_>, bytes: Bytes) {
        crate::totals::printed(bytes.len());
        let now_ms = self.now_ms();
        // Only sequences ask.
        let speaker = bytes
            .contains(&ESC)
            .then(|| rustix::termios::tcgetpgrp(terminal).ok());
        let mut shared = self.shared();
        shared.used = Instant::now();
        if let Some(speaker) = speaker {
            let offset = shared.log.end();
            shared.speakers.note(offset, speaker);
        }
        shared.log.append(bytes, now_ms);
        let end = shared.log.end();
        self.with_status(&mut shared, Status::output);
        shared.viewers.wake_armed(self.id);
        drop(shared);
        self.grown.notify_waiters();
        self.trail.grown_to(end);
        if let Some(disk) = &self.disk {
            disk.changed();
        }
    }

    /// Whether the task has something to do before more output: an end, a size, or the screen's delay.
    fn needs_task(&self) -> bool {
        let shared = self.shared();
        let is_needed = shared.ending.is_some() || shared.wanted_size != shared.size;
        drop(shared);
        is_needed || self.is_held() || self.trail.must_wait()
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Something is wanted of the task.
    pub(crate) fn wake_task(&self) {
        self.wanted.notify_one();
    }

    /// What the screen heard in the output.
    pub(crate) fn heard(&self, signals: Vec<Signal>, asked_by: Option<Pid>) {
        if signals.is_empty() {
            return;
        }
        let mut shared = self.shared();
        for signal in signals {
            // Who asked has ended: nobody waits for the answer but a shell that did not ask.
            if let Signal::Prompt(PromptMark::CommandEnd { .. }) = signal {
                shared.replies.clear();
            }
            match signal {
                Signal::Reply(bytes) if shared.terminal.is_some() => {
                    shared.replies.push(bytes, asked_by);
                }
                Signal::FocusReports(on) => {
                    // Nothing was said yet: the state is said at once.
                    shared.focus = on.then_some(!shared.viewers.any_focused());
                    shared.report_focus();
                }
                signal => {
                    if let Some(sign) = Sign::of(signal) {
                        self.with_status(&mut shared, |status, now| status.sign(now, sign));
                    }
                }
            }
        }
        drop(shared);
        // There may be an answer to write, or the foreground to look at.
        self.wanted.notify_one();
    }

    /// A snapshot for a viewer that wants one.
    pub(crate) fn hand_over(&self, client: ClientId, taken: Taken) {
        let mut shared = self.shared();
        if shared.viewers.has(client) {
            shared.taken.retain(|(other, _)| *other != client);
            shared.taken.push((client, taken));
            shared.viewers.wake_one(self.id, client);
        }
    }

    /// Wakes a viewer after a while.
    pub(crate) fn wake_later(self: &Arc<Self>, client: ClientId, after: Duration) {
        let session = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(session) = session.upgrade() {
                session.shared().viewers.wake_one(session.id, client);
            }
        });
    }

    /// Asks for a size without being a viewer.
    pub(crate) fn resize(&self, size: Size) -> Result<(), Error> {
        let size = size.checked().ok_or(Error::BadSize)?;
        let mut shared = self.shared();
        if shared.exit.is_some() {
            return Err(Error::Exited);
        }
        shared.used = Instant::now();
        shared.wanted_size = size;
        drop(shared);
        self.wanted.notify_one();
        Ok(())
    }

    pub(crate) fn rename(&self, text: String) {
        let mut shared = self.shared();
        shared.label.naming = Naming::Given;
        if shared.label.text != text {
            shared.label.text = text;
            shared.label.changes += 1;
            shared.viewers.wake_all(self.id);
            if let Some(disk) = &self.disk {
                disk.changed();
            }
            if let Some(tmux) = self.tmux.clone() {
                let label = shared.label.text.clone();
                tokio::spawn(async move { tmux.rename(&label).await });
            }
        }
    }

    pub(crate) fn tmux(&self) -> Option<Arc<TmuxSession>> {
        self.tmux.clone()
    }

    /// The number of its session in tmux, if it is there.
    pub(crate) fn tmux_number(&self) -> Option<u32> {
        self.tmux.as_ref().map(|tmux| tmux.number)
    }

    /// Our end of the PTY, while the program runs.
    pub(crate) fn terminal(&self) -> Option<Arc<Terminal>> {
        self.shared().terminal.clone()
    }

    /// The program on our PTY, while it runs.
    pub(crate) fn leader(&self) -> Option<Pid> {
        let terminal = self.terminal()?;
        rustix::termios::tcgetsid(&*terminal).ok()
    }

    /// What of it in tmux must end with it.
    pub(crate) fn tmux_to_end(&self) -> Option<Arc<TmuxSession>> {
        let left = self.shared().left_to_tmux;
        self.tmux.clone().filter(|_| !left)
    }

    /// Ends our part of it; what tmux has lives on.
    pub(crate) fn leave_to_tmux(&self) {
        self.shared().left_to_tmux = true;
        self.end(Exit::Killed);
    }

    /// What is to stand on the terminal before the program says anything.
    pub(crate) fn greeting(&self) -> Option<Bytes> {
        let notice = self.notice.as_ref().filter(|_| self.greets)?;
        Some(format!("\x1b[33m{notice}\x1b[m\r\n").into())
    }

    /// The group in the foreground of the program's terminal.
    pub(crate) fn foreground(&self) -> Option<Pid> {
        let terminal = self.terminal()?;
        match &self.tmux {
            Some(tmux) => process::foreground_of(tmux.leader()?),
            None => rustix::termios::tcgetpgrp(&*terminal).ok(),
        }
    }

    /// Wants the session to end. Returns at once; the first reason given stands.
    pub(crate) fn end(&self, reason: Exit) {
        let mut shared = self.shared();
        if shared.exit.is_none() && shared.ending.is_none() {
            shared.ending = Some(reason);
        }
        drop(shared);
        self.wanted.notify_one();
    }

    /// Waits until the session's life is at least so far.
    pub(crate) async fn reached(&self, at_least: Phase) {
        let mut phase = self.phase.subscribe();
        // The sender lives in `self`: waiting can't fail.
        let _ = phase
            .wait_for(|phase| match at_least {
                Phase::Running => true,
                Phase::Ending => *phase != Phase::Running,
                Phase::Ended => *phase == Phase::Ended,
            })
            .await;
    }

    /// Since when an ended session has no viewers; `None` while it runs or has some.
    pub(crate) fn abandoned_since(&self) -> Option<Instant> {
        let shared = self.shared();
        (shared.exit.is_some() && shared.viewers.is_empty()).then_some(shared.used)
    }

    pub(crate) fn info(&self) -> SessionInfo {
        let shared = self.shared();
        let facts = shared.status.facts();
        let mut info = SessionInfo {
            id: self.id,
            pane_id: self.pane_id.clone(),
            label: shared.label.text.clone(),
            naming: shared.label.naming,
            process: String::new(),
            cwd: None,
            title: facts.title.value.clone(),
            age: self.started.elapsed(),
            idle: match (self.lost_ms, shared.viewers.any_visible()) {
                (Some(lost_ms), _) => Duration::from_millis(unix_ms().saturating_sub(lost_ms)),
                (None, true) => Duration::ZERO,
                (None, false) => shared.used.elapsed(),
            },
            size: shared.size,
            viewers: shared.viewers.count(),
            tmux: self.tmux_number(),
            notice: self.notice.clone(),
            ends_in: shared.ends_in(self.idle_limit),
            state: shared
                .exit
                .map_or(shared.status.activity().into(), SessionState::Exited),
            progress: facts.progress.value,
            last_command: facts.last_command,
            last_seen_ms: self.lost_ms,
        };
        let said = shared.said_folder();
        if shared.exit.is_some() {
            info.cwd = said.clone().or_else(|| shared.folder.clone());
        }
        drop(shared);
        // Asked outside the lock: `/proc` may take its time.
        if let Some(foreground) = self.foreground() {
            info.process = process::name(foreground).unwrap_or_default();
            info.cwd = said.or_else(|| process::cwd(foreground));
        }
        info
    }
}

impl Shared {
    /// Time left before an end for lack of use, once it has been announced for the present pause.
    fn ends_in(&self, idle_limit: Duration) -> Option<Duration> {
        let warned = self.exit.is_none() && self.idle_warning.of == Some(self.used);
        warned.then(|| idle_limit.saturating_sub(self.used.elapsed()))
    }
}
