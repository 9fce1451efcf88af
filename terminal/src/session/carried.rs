//! A session as it is handed over to another image of this process, and how it is taken up there. Its viewers are
//! not carried: their transports end, and they come back by offset.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::disk::{Store, unix_ms};
use crate::handover::state::{CarriedOptions, CarriedTmux, CarriedWarning, Head};
use crate::handover::{self, PIECE, RecordWriter, SessionHead, reading::CarriedSession};
use crate::input::CarriedInput;
use crate::options::Options;
use crate::screen::{CarriedScreen, Pool, Replies, Speakers, TakenUp, Trail};
use crate::session::{IdleWarning, Label, Phase, Session, Shared, Terminal};
use crate::status::{Focus, Status};
use crate::tmux::TmuxSession;
use crate::viewers::Viewers;

/// All there is to write of a session. Bytes are shared with its log.
pub(crate) struct Captured {
    head: SessionHead,
    input: (CarriedInput, Vec<Bytes>),
    arrivals: Bytes,
    log: Vec<Vec<Bytes>>,
    screen: Option<CarriedScreen>,
}

impl Captured {
    pub(crate) fn write(self, to: &mut RecordWriter<impl Write>) -> io::Result<()> {
        to.write(&Head::Session(&self.head), &[])?;
        let (input, waiting) = self.input;
        to.write(&Head::Input(&input), &waiting)?;
        for piece in pieces(&self.arrivals) {
            to.write(&Head::Arrivals, &[piece])?;
        }
        for piece in self.log {
            to.write(&Head::Log, &piece)?;
        }
        if let Some(CarriedScreen { mut head, bytes }) = self.screen {
            head.left = bytes.len() as u64;
            for piece in pieces(&bytes) {
                head.left -= piece.len() as u64;
                to.write(&Head::Screen(&head), &[piece])?;
            }
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn pieces(bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    let starts = (0..bytes.len()).step_by(PIECE);
    starts.map(|start| bytes.slice(start..(start + PIECE).min(bytes.len())))
}

impl Session {
    /// What there is to hand over; the task stands still. `terminal` is which of the descriptors its PTY is. Takes
    /// its time for a large screen.
    pub(crate) fn capture(&self, terminal: Option<usize>) -> Captured {
        self.trail.carry(|heard, screen| {
            let shared = self.shared();
            Captured {
                head: self.head(&shared, terminal, heard, screen.as_ref()),
                input: shared.input.carry(),
                arrivals: shared.log.carry_arrivals(),
                log: shared.log.carry_bytes(),
                screen,
            }
        })
    }

    fn head(
        &self,
        shared: &Shared,
        terminal: Option<usize>,
        heard: u64,
        screen: Option<&CarriedScreen>,
    ) -> SessionHead {
        let warning = shared.idle_warning;
        let unused = match shared.viewers.any_visible() {
            true => Duration::ZERO,
            false => shared.used.elapsed(),
        };
        SessionHead {
            id: self.id,
            pane_id: self.pane_id.clone(),
            label: shared.label.text.clone(),
            naming: shared.label.naming,
            label_changes: shared.label.changes,
            notice: self.notice.clone(),
            // Under the lock: no time in the state is later.
            age_ms: self.now_ms(),
            clock_ms: Some(handover::clock_ms()),
            origin: self.origin.clone(),
            folder: shared.folder.clone(),
            started_ms: Some(self.started_ms),
            lost_ms: self.lost_ms,
            unused_ms: millis(unused),
            size: shared.size,
            wanted_size: Some(shared.wanted_size),
            log: shared.log.carry(),
            status: shared.status.carry(),
            idle_warning: CarriedWarning {
                count: warning.count,
                seconds: warning.seconds,
                is_present: warning.of == Some(shared.used),
            },
            exit: shared.exit,
            ending: shared.ending,
            left_to_tmux: shared.left_to_tmux,
            focus: shared.focus,
            replies: shared.replies.carry(),
            speakers: shared.speakers.carry(),
            tmux: self.tmux.as_ref().map(|tmux| CarriedTmux {
                number: tmux.number,
                leader: tmux.leader().map(rustix::process::Pid::as_raw_pid),
            }),
            pid: shared.child.map(rustix::process::Pid::as_raw_pid),
            terminal,
            options: CarriedOptions {
                size_rule: Some(self.size_rule),
                idle_limit_ms: Some(millis(self.idle_limit)),
                kill_grace_ms: Some(millis(self.kill_grace)),
                scrollback: Some(self.scrollback),
            },
            heard,
            has_screen: screen.is_some(),
        }
    }

    /// A session that goes on where another image of this process stopped. Nothing runs yet.
    pub(crate) fn take_up(carried: CarriedSession, with: TakeUp<'_>) -> Self {
        let CarriedSession {
            head,
            log,
            input,
            screen,
        } = carried;
        let passed = handover::passed_ms(head.clock_ms);
        let ago = |ms: u64| {
            let now = Instant::now();
            let ago = Duration::from_millis(ms.saturating_add(passed));
            now.checked_sub(ago).unwrap_or(now)
        };
        let used = ago(head.unused_ms);
        let started = ago(head.age_ms);
        let age_ms = millis(started.elapsed());
        let status = Status::take_up(head.status, age_ms);
        let mut status = status.unwrap_or_else(|| {
            tracing::warn!(session = %head.id, "a session's status begins anew");
            Status::default()
        });
        // Whoever had the keyboard comes back and says so.
        let _ = status.focus(age_ms, Focus::Nobody);
        let taken_up = TakenUp {
            log: &log,
            heard: head.heard,
            screen: screen.as_ref(),
        };
        let trail = Trail::take_up(with.screens, with.options.scrollback, taken_up);
        let phase = match head.exit {
            Some(_) => Phase::Ended,
            None => Phase::Running,
        };
        let wanted_size = head
            .wanted_size
            .and_then(bowline_protocol::frame::Size::checked);
        Self {
            id: head.id,
            pane_id: head.pane_id,
            started,
            started_ms: head.started_ms.unwrap_or_else(|| {
                let age = head.age_ms.saturating_add(passed);
                unix_ms().saturating_sub(age)
            }),
            origin: head.origin,
            disk: with.disk,
            lost_ms: head.lost_ms,
            size_rule: with.options.size_rule,
            trail,
            idle_limit: with.options.idle_limit,
            scrollback: with.options.scrollback,
            kill_grace: with.options.kill_grace,
            shared: Mutex::new(Shared {
                log,
                folder: head.folder,
                viewers: Viewers::default(),
                input,
                label: Label {
                    text: super::bounded(&head.label),
                    naming: head.naming,
                    changes: head.label_changes,
                },
                exit: head.exit,
                status,
                idle_warning: IdleWarning {
                    count: head.idle_warning.count,
                    seconds: head.idle_warning.seconds,
                    of: head.idle_warning.is_present.then_some(used),
                },
                size: head.size,
                wanted_size: wanted_size.unwrap_or(head.size),
                ending: head.ending,
                left_to_tmux: head.left_to_tmux,
                used,
                terminal: with.terminal,
                child: head.pid.and_then(handover::pid),
                speakers: Speakers::take_up(head.speakers),
                replies: Replies::take_up(head.replies),
                taken: Vec::new(),
                focus: head.focus,
            }),
            wanted: Notify::new(),
            grown: Notify::new(),
            phase: watch::Sender::new(phase),
            stillness: watch::Sender::default(),
            tmux: with.tmux,
            notice: head.notice,
            greets: false,
        }
    }
}

/// What a session is taken up with.
pub(crate) struct TakeUp<'a> {
    pub(crate) options: &'a Options,
    pub(crate) screens: Arc<Pool>,
    pub(crate) disk: Option<Arc<Store>>,
    pub(crate) terminal: Option<Arc<Terminal>>,
    pub(crate) tmux: Option<Arc<TmuxSession>>,
}
