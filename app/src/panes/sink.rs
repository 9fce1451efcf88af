//! Where a session's output enters a pane: bytes go straight into the emulator, states into one signal.

use std::cell::RefCell;
use std::rc::Rc;

use bowline_protocol::frame::{Event, Exit, Size};
use js_sys::Uint8Array;
use leptos::prelude::*;

use super::PaneState;
use crate::link_api::{Attached, PaneSink};
use crate::state::desk::Desk;
use crate::state::progress::{Epoch, Progress, Start};
use crate::state::toasts::Tone;
use crate::text;
use crate::xterm::Emulator;

/// DECTCEM, reset.
const HIDE_CURSOR: &str = "\u{1b}[?25l";

/// One attachment of a pane.
pub(super) struct Sink {
    pub(super) emulator: Rc<Emulator>,
    pub(super) progress: Rc<RefCell<Progress>>,
    pub(super) state: RwSignal<PaneState>,
    pub(super) desk: Desk,
}

impl Sink {
    /// Says that everything before `end` is parsed.
    fn step(&self, epoch: Epoch, end: u64) -> impl FnOnce() + 'static {
        let (progress, emulator) = (Rc::clone(&self.progress), Rc::clone(&self.emulator));
        let (state, desk) = (self.state, self.desk);
        move || {
            let due = progress.borrow_mut().parsed(epoch, end);
            if let Some(exit) = due {
                show_exit(&emulator, state, desk, exit);
            }
        }
    }
}

fn show_exit(emulator: &Emulator, state: RwSignal<PaneState>, desk: Desk, exit: Exit) {
    let exit = PaneState::Exited(exit);
    // The pane may be gone by the time its last write is parsed.
    if state.try_get_untracked().is_some_and(|now| now != exit) {
        state.set(exit);
        desk.refresh_sessions();
        // Nobody reads what would be typed here. A new program's attachment resets it.
        emulator.write_text(HIDE_CURSOR);
    }
}

impl PaneSink for Sink {
    fn attached(&self, attached: &Attached) {
        let start = if attached.fresh {
            Start::Fresh
        } else {
            Start::Resumed
        };
        let (from, end) = (attached.from.offset, attached.end);
        self.progress.borrow_mut().attached(start, from, end);
        let (emulator, size) = (Rc::clone(&self.emulator), attached.size);
        self.emulator.after_writes(move || {
            if start == Start::Fresh {
                emulator.reset();
            }
            emulator.resize(size);
        });
        self.state.set(PaneState::Live);
    }

    fn output(&self, offset: u64, bytes: Uint8Array, parsed: Box<dyn FnOnce()>) {
        let (epoch, cut) = {
            let progress = self.progress.borrow();
            (progress.epoch(), progress.cut(offset, bytes.length()))
        };
        let end = offset + u64::from(bytes.length());
        let news = match cut {
            Some(at) => {
                let history = bytes.subarray(0, at);
                self.emulator
                    .write(&history, self.step(epoch, offset + u64::from(at)));
                bytes.subarray(at, bytes.length())
            }
            None => bytes,
        };
        let step = self.step(epoch, end);
        self.emulator.write(&news, move || {
            step();
            parsed();
        });
    }

    fn resized(&self, size: Size) {
        self.emulator.resize(size);
    }

    fn gap(&self, lost: u64) {
        self.emulator.reset();
        self.emulator.write_text(&text::gap(lost));
    }

    fn event(&self, event: &Event) {
        match event {
            Event::Exited { exit, end } => {
                let due = self.progress.borrow_mut().exited(*exit, *end);
                if let Some(exit) = due {
                    show_exit(&self.emulator, self.state, self.desk, exit);
                }
            }
            Event::Renamed { .. } | Event::Viewers { .. } => self.desk.refresh_sessions(),
            Event::IdleWarning { seconds } => {
                let left = text::age(u64::from(*seconds));
                let warning =
                    format!("A session nobody uses ends in {left}. Press a key in it to keep it.");
                self.desk.toasts.say(Tone::Info, warning);
            }
        }
    }

    fn gone(&self) {
        self.state.set(PaneState::Gone);
        self.desk.refresh_sessions();
    }

    fn input_lost(&self, bytes: u64) {
        let lost = text::bytes(bytes);
        let warning =
            format!("The connection was lost while you typed: {lost} may not have arrived.");
        self.desk.toasts.say(Tone::Problem, warning);
    }
}
