//! Where a session's output enters a pane: bytes go straight into the emulator, states into signals.
//!
//! While the user looks at something further up, or has selected something, output and snapshots wait here
//! and are not acknowledged: what the user looks at stands still, and the link's window bounds what waits.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use bowline_protocol::SessionId;
use bowline_protocol::frame::{Event, Exit, Size};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Left, PaneState};
use crate::link_api::{Attached, LinkHandle, PaneSink, Reason, Snapshot};
use crate::state::desk::Desk;
use crate::state::look::{Held, Look, Ruler};
use crate::state::progress::{Epoch, Progress, Start};
use crate::state::tail::{self, unfinished};
use crate::state::toasts::Tone;
use crate::text;
use crate::xterm::{self, Emulator};

/// DECTCEM, reset.
const HIDE_CURSOR: &str = "\u{1b}[?25l";

/// Says that a write is parsed.
type Parsed = Box<dyn FnOnce()>;

/// What a sink works for.
pub(super) struct Target {
    pub(super) session: SessionId,
    pub(super) link: LinkHandle,
    pub(super) emulator: Rc<Emulator>,
    pub(super) progress: Rc<RefCell<Progress>>,
    pub(super) state: RwSignal<PaneState>,
    pub(super) look: RwSignal<Look>,
    pub(super) desk: Desk,
}

/// What waits until the user looks at the end again.
enum Waiting {
    Output(u64, Uint8Array, Parsed),
    Snapshot(Snapshot, Parsed),
}

/// Whether there is more history than the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum History {
    /// No.
    Whole,
    /// The last snapshot may have left some out.
    MayBeMore,
    /// It is asked for, and on its way as a snapshot.
    Asked,
}

/// One attachment of a pane.
pub(super) struct Sink {
    target: Target,
    waiting: RefCell<VecDeque<Waiting>>,
    /// The unfinished character at the end of what has come.
    tail: RefCell<Vec<u8>>,
    history: Cell<History>,
    /// Called when more history is there, while somebody searches it.
    searching: RefCell<Option<Rc<dyn Fn()>>>,
    /// Called once more history is there.
    wanted: RefCell<Vec<Box<dyn FnOnce()>>>,
}

impl Sink {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            waiting: RefCell::default(),
            tail: RefCell::default(),
            history: Cell::new(History::Whole),
            searching: RefCell::default(),
            wanted: RefCell::default(),
        }
    }

    /// Why output must wait now, if it must.
    fn held(&self) -> Option<Held> {
        let emulator = &self.target.emulator;
        let searched = self.searching.borrow().is_some() || !self.wanted.borrow().is_empty();
        if searched && self.history.get() == History::Asked {
            // What is selected is a match; it is looked for again in all that comes.
            None
        } else if emulator.has_selection() {
            Some(Held::Selected)
        } else if self.history.get() == History::Asked {
            // What waits for the answer would wait for itself.
            None
        } else {
            (emulator.scroll().below > 0).then_some(Held::Scrolled)
        }
    }

    /// Takes something that changes the screen: now, or once the user looks at the end again.
    fn take(&self, what: Waiting) {
        let held = self.held();
        if held.is_some() || !self.waiting.borrow().is_empty() {
            self.waiting.borrow_mut().push_back(what);
            self.tell_held(held);
        } else {
            self.apply(what);
        }
    }

    fn apply(&self, what: Waiting) {
        match what {
            Waiting::Output(offset, bytes, parsed) => self.write(offset, &bytes, parsed),
            Waiting::Snapshot(snapshot, parsed) => self.restore(&snapshot, parsed),
        }
    }

    /// Writes whole characters; what is left over waits for the rest. It counts as parsed, as the rest
    /// comes only then.
    fn write(&self, offset: u64, bytes: &Uint8Array, parsed: Parsed) {
        let end = offset + u64::from(bytes.length());
        let epoch = self.target.progress.borrow().epoch();
        let step = self.step(epoch, end);
        let whole = self.whole_characters(bytes);
        self.target.emulator.write(&whole, move || {
            step();
            parsed();
        });
    }

    fn whole_characters(&self, bytes: &Uint8Array) -> Uint8Array {
        let mut kept = self.tail.borrow_mut();
        let bytes = match kept.is_empty() {
            true => bytes.clone(),
            false => xterm::joined(&kept, bytes),
        };
        let length = bytes.length();
        let longest = u32::try_from(tail::LONGEST).unwrap_or(0);
        let mut end = bytes
            .subarray(length.saturating_sub(longest), length)
            .to_vec();
        let left = unfinished(&end);
        *kept = end.split_off(end.len() - left);
        let left = u32::try_from(left).unwrap_or(0);
        bytes.subarray(0, length - left)
    }

    /// Shows a snapshot in place of everything. If more history was asked for, the user goes on looking at
    /// the same lines, counted from the bottom.
    fn restore(&self, snapshot: &Snapshot, parsed: Parsed) {
        let keep = match (snapshot.reason, self.history.get()) {
            (Reason::Asked, _) | (_, History::Asked) => self.target.emulator.scroll().below,
            (Reason::Behind, History::Whole | History::MayBeMore) => 0,
        };
        match (snapshot.reason, self.history.get()) {
            (Reason::Asked, _) => self.history.set(History::Whole),
            // It was under way already.
            (Reason::Behind, History::Asked) => {}
            (Reason::Behind, _) => self.history.set(History::MayBeMore),
        }
        if self.searching.borrow().is_some() {
            self.complete();
        }
        self.tail.borrow_mut().clear();
        let epoch = self.target.progress.borrow_mut().replaced();
        let step = self.step(epoch, snapshot.offset);
        let (emulator, state) = (Rc::clone(&self.target.emulator), self.target.state);
        let searching = self.searching.borrow().clone();
        let searching = searching.filter(|_| snapshot.reason == Reason::Asked);
        let wanted = match snapshot.reason {
            Reason::Asked => self.wanted.take(),
            Reason::Behind => Vec::new(),
        };
        let done = move || {
            emulator.scroll_to(keep);
            if state.with_untracked(|state| matches!(state, PaneState::Exited(..))) {
                emulator.write_text(HIDE_CURSOR);
            }
            step();
            parsed();
            if let Some(again) = searching {
                again();
            }
            for then in wanted {
                then();
            }
        };
        let Snapshot { size, bytes, .. } = snapshot;
        self.target.emulator.restore(*size, bytes, done);
        self.tell(|look| look.size = Some(*size));
    }

    /// The user scrolled: the topmost line shown is `top`. Called for every line that output scrolls too.
    pub(super) fn scrolled(self: &Rc<Self>, top: u32) {
        let emulator = &self.target.emulator;
        if top == 0
            && emulator.scroll().above > 0
            && !emulator.has_selection()
            && self.history.get() == History::MayBeMore
        {
            self.ask_for_history();
        }
        self.look_again();
    }

    /// The user selected something, or nothing.
    pub(super) fn look_again(self: &Rc<Self>) {
        if self.waiting.borrow().is_empty() {
            return;
        }
        // Out of the emulator's own event: it may be in the middle of parsing.
        let sink = Rc::clone(self);
        spawn_local(async move { sink.release() });
    }

    /// Lets go of what waits, if it may.
    fn release(&self) {
        let held = self.held();
        if held.is_none() {
            loop {
                // Not borrowed while it is applied: that may call back.
                let next = self.waiting.borrow_mut().pop_front();
                let Some(next) = next else { break };
                self.apply(next);
            }
        }
        self.tell_held(held);
    }

    /// Somebody searches: all history is asked for, and `again` called when there is more of it.
    pub(super) fn search(self: &Rc<Self>, again: impl Fn() + 'static) {
        self.searching.replace(Some(Rc::new(again)));
        self.complete();
    }

    /// Asks for what history is missing, also above a snapshot that has none: such a one comes in a flood, and the next
    /// has little.
    fn complete(&self) {
        if self.history.get() == History::MayBeMore {
            self.target.emulator.clear_selection();
            self.ask_for_history();
        }
    }

    /// Calls back once all history is there.
    pub(super) fn with_history(self: &Rc<Self>, then: impl FnOnce() + 'static) {
        self.complete();
        match self.history.get() {
            History::Asked => self.wanted.borrow_mut().push(Box::new(then)),
            History::Whole | History::MayBeMore => then(),
        }
    }

    /// Nobody searches any more.
    pub(super) fn search_ends(self: &Rc<Self>) {
        self.searching.take();
        self.look_again();
    }

    fn ask_for_history(&self) {
        self.history.set(History::Asked);
        let Target {
            session,
            link,
            desk,
            ..
        } = &self.target;
        let kept = desk.taste.peek(|settings| settings.screen.scrollback);
        link.history(*session, kept);
    }

    fn tell_held(&self, held: Option<Held>) {
        let held = held.filter(|_| !self.waiting.borrow().is_empty());
        self.tell(|look| look.held = held);
    }

    fn tell(&self, change: impl FnOnce(&mut Look)) {
        change_look(self.target.look, change);
    }

    /// Says that everything before `end` is parsed.
    fn step(&self, epoch: Epoch, end: u64) -> impl FnOnce() + 'static {
        let Target {
            emulator,
            progress,
            state,
            desk,
            ..
        } = &self.target;
        let (progress, emulator) = (Rc::clone(progress), Rc::clone(emulator));
        let (state, desk) = (*state, *desk);
        move || {
            let due = progress.borrow_mut().parsed(epoch, end);
            if let Some(exit) = due {
                show_exit(&emulator, state, desk, exit);
            }
        }
    }
}

/// Changes what a pane says, if that changes anything.
pub(super) fn change_look(look: RwSignal<Look>, change: impl FnOnce(&mut Look)) {
    let Some(before) = look.try_get_untracked() else {
        return;
    };
    let mut after = before;
    change(&mut after);
    if after != before {
        look.set(after);
    }
}

fn show_exit(
    emulator: &Emulator,
    state: RwSignal<PaneState>,
    desk: Desk,
    (exit, end): (Exit, u64),
) {
    let left = match end {
        0 => Left::Nothing,
        _ => Left::Screen,
    };
    let exit = PaneState::Exited(exit, left);
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
        if start == Start::Fresh {
            self.waiting.borrow_mut().clear();
            self.tail.borrow_mut().clear();
            self.history.set(History::Whole);
        } else if self.history.get() == History::Asked {
            // The answer may be lost with the transport.
            self.history.set(History::MayBeMore);
            if self.searching.borrow().is_some() {
                self.complete();
            }
        }
        // Whoever waits for it gets what there is.
        for then in self.wanted.take() {
            then();
        }
        let Target {
            emulator, progress, ..
        } = &self.target;
        let from = attached.from.offset;
        progress.borrow_mut().attached(start, from);
        let (emulator, size) = (Rc::clone(emulator), attached.size);
        self.target.emulator.after_writes(move || {
            if start == Start::Fresh {
                emulator.reset();
            }
            emulator.resize(size);
        });
        self.tell(|look| {
            look.size = Some(size);
            look.ruler = Ruler::Here;
        });
        self.tell_held(None);
        self.target.state.set(PaneState::Live);
    }

    fn output(&self, offset: u64, bytes: Uint8Array, parsed: Parsed) {
        self.take(Waiting::Output(offset, bytes, parsed));
    }

    fn snapshot(&self, snapshot: Snapshot, parsed: Parsed) {
        self.take(Waiting::Snapshot(snapshot, parsed));
    }

    fn resized(&self, size: Size) {
        self.target.emulator.resize(size);
        self.tell(|look| look.size = Some(size));
    }

    fn gap(&self, lost: u64) {
        self.tail.borrow_mut().clear();
        self.target.emulator.reset();
        self.target.emulator.write_text(&text::gap(lost));
    }

    fn event(&self, event: &Event) {
        let Target {
            emulator,
            progress,
            state,
            desk,
            ..
        } = &self.target;
        match event {
            Event::Exited { exit, end } => {
                let due = progress.borrow_mut().exited(*exit, *end);
                if let Some(exit) = due {
                    show_exit(emulator, *state, *desk, exit);
                }
            }
            Event::Viewers { ruling, .. } => {
                let ruler = match ruling {
                    true => Ruler::Here,
                    false => Ruler::Elsewhere,
                };
                self.tell(|look| look.ruler = ruler);
            }
            // What the program is called, does and says: the desk hears it, whether or not a pane shows it.
            Event::IdleWarning { .. }
            | Event::Renamed { .. }
            | Event::Title { .. }
            | Event::Cwd { .. }
            | Event::Bell { .. }
            | Event::Notification { .. }
            | Event::Progress { .. }
            | Event::Command { .. }
            | Event::Activity { .. }
            | Event::Unseen => {}
        }
    }

    fn gone(&self) {
        self.target.state.set(PaneState::Gone);
        self.target.desk.refresh_sessions();
    }

    fn input_lost(&self, bytes: u64) {
        let lost = text::bytes(bytes);
        let warning =
            format!("The connection was lost while you typed: {lost} may not have arrived.");
        self.target.desk.toasts.say(Tone::Problem, warning);
    }
}
