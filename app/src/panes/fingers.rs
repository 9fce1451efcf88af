//! Fingers on a terminal: hears them and does what [`crate::state::gesture`] makes of them. A program that takes
//! the wheel gets wheel events; what is kept is scrolled line by line, as far as the finger moves.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Event, HtmlElement, PointerEvent, WheelEvent, WheelEventInit};

use crate::components::dom::Listener;
use crate::components::{access, clipboard, later};
use crate::keys::Command;
use crate::state::desk::Desk;
use crate::state::gesture::{Act, Gesture, Point};
use crate::xterm::Emulator;
use crate::xterm::pointing::{Cell as Place, Mouse};

/// A finger that rests so long selects.
const REST: Duration = Duration::from_millis(450);
/// Between two steps of a scroll that goes on by itself.
const STEP: Duration = Duration::from_millis(16);
/// What is left of its speed after a step.
const DRAG: f64 = 0.95;
/// Slower than this it stands still, pixels per millisecond.
const STILL: f64 = 0.03;
/// Faster than this nobody can follow, pixels per millisecond.
const FASTEST: f64 = 6.0;

/// The fingers on one terminal, heard until dropped.
pub(super) struct Fingers {
    _listeners: Vec<Listener>,
    _inner: Rc<Inner>,
}

struct Inner {
    element: HtmlElement,
    emulator: Weak<Emulator>,
    desk: Desk,
    gesture: RefCell<Gesture>,
    resting: Cell<Option<TimeoutHandle>>,
    /// Both ends of the word that a selection began with.
    word: Cell<Option<(Place, Place)>>,
    /// What a finger moved beyond whole lines, pixels.
    carried: Cell<f64>,
    /// Counts the touches: a scroll that goes on by itself ends with the next.
    touches: Cell<u32>,
}

impl Fingers {
    /// Hears them.
    pub(super) fn new(element: &HtmlElement, emulator: &Rc<Emulator>, desk: Desk) -> Self {
        let inner = Rc::new(Inner {
            element: element.clone(),
            emulator: Rc::downgrade(emulator),
            desk,
            gesture: RefCell::default(),
            resting: Cell::new(None),
            word: Cell::new(None),
            carried: Cell::new(0.0),
            touches: Cell::new(0),
        });
        let hear = |event: &'static str, act: fn(&Rc<Inner>, &PointerEvent)| {
            let inner = Rc::downgrade(&inner);
            Listener::new(element, event, move |event: Event| {
                let finger = event.dyn_ref::<PointerEvent>();
                let finger = finger.filter(|event| event.pointer_type() == "touch");
                if let (Some(inner), Some(event)) = (inner.upgrade(), finger) {
                    act(&inner, event);
                }
            })
        };
        let listeners = vec![
            hear("pointerdown", Inner::down),
            hear("pointermove", Inner::moved),
            hear("pointerup", Inner::up),
            hear("pointercancel", |inner, _| inner.cancelled()),
        ];
        Self {
            _listeners: listeners,
            _inner: inner,
        }
    }
}

impl Inner {
    fn down(self: &Rc<Self>, event: &PointerEvent) {
        self.touches.set(self.touches.get() + 1);
        self.carried.set(0.0);
        self.stop_resting();
        self.desk.touch_menu.set(None);
        // Moves are heard also beside the terminal. Fails only for a pointer that has gone.
        let _ = self.element.set_pointer_capture(event.pointer_id());
        let may_rest = self
            .gesture
            .borrow_mut()
            .down(event.pointer_id(), place(event));
        if may_rest {
            let inner = Rc::downgrade(self);
            let rested = move || {
                if let Some(inner) = inner.upgrade() {
                    let act = inner.gesture.borrow_mut().rested();
                    inner.act(act);
                }
            };
            // Fails only outside a window.
            self.resting.set(set_timeout_with_handle(rested, REST).ok());
        }
    }

    fn moved(self: &Rc<Self>, event: &PointerEvent) {
        let mut gesture = self.gesture.borrow_mut();
        let act = gesture.moved(event.pointer_id(), place(event), event.time_stamp());
        drop(gesture);
        self.act(act);
    }

    fn up(self: &Rc<Self>, event: &PointerEvent) {
        self.stop_resting();
        let mut gesture = self.gesture.borrow_mut();
        let act = gesture.up(event.pointer_id(), place(event), event.time_stamp());
        drop(gesture);
        self.act(act);
    }

    fn cancelled(&self) {
        self.stop_resting();
        self.gesture.borrow_mut().cancel();
    }

    fn stop_resting(&self) {
        if let Some(resting) = self.resting.take() {
            resting.clear();
        }
    }

    fn act(self: &Rc<Self>, act: Act) {
        let Some(emulator) = self.emulator.upgrade() else {
            return;
        };
        match act {
            Act::Nothing => {}
            Act::Larger => later::run(self.desk, Command::LargerText),
            Act::Smaller => later::run(self.desk, Command::SmallerText),
            Act::Scroll(by, at) => self.scroll(by, at),
            Act::Fling(speed, at) => self.fling(speed.clamp(-FASTEST, FASTEST), at),
            Act::SelectWord(at) => {
                if let Some(cell) = emulator.cell_at(at) {
                    let word = emulator.word_at(cell);
                    self.word.set(Some(word));
                    emulator.select_between(word.0, word.1);
                }
            }
            Act::SelectTo(to) => {
                if let (Some((first, last)), Some(cell)) = (self.word.get(), emulator.cell_at(to)) {
                    emulator.select_between(first.min(cell), last.max(cell));
                }
            }
            Act::Offer(at) => {
                clipboard::copy_on_select(self.desk);
                self.desk.touch_menu.set(Some(at));
            }
        }
    }

    fn scroll(&self, by: f64, at: Point) {
        let Some(emulator) = self.emulator.upgrade() else {
            return;
        };
        if emulator.wheel() == Mouse::Programs {
            return self.turn_wheel(by, at);
        }
        let Some(height) = emulator.row_height() else {
            return;
        };
        let way = self.carried.get() + by;
        let lines = (way / height).trunc();
        self.carried.set(way - lines * height);
        // A finger moves over a window's lines at most.
        emulator.scroll_down(lines as i32);
    }

    fn turn_wheel(&self, by: f64, at: Point) {
        let target = self.element.query_selector(".xterm-screen").ok().flatten();
        let options = WheelEventInit::new();
        options.set_delta_y(by);
        options.set_client_x(at.x as i32);
        options.set_client_y(at.y as i32);
        options.set_bubbles(true);
        options.set_cancelable(true);
        let wheel = WheelEvent::new_with_event_init_dict("wheel", &options);
        if let (Some(target), Ok(wheel)) = (target, wheel) {
            // Throws only what its listeners throw.
            let _ = target.dispatch_event(&wheel);
        }
    }

    fn fling(self: &Rc<Self>, speed: f64, at: Point) {
        let motion = self.desk.taste.peek(|settings| settings.access.motion);
        if speed.abs() < STILL || access::is_still(motion) {
            return;
        }
        let (inner, touches) = (Rc::downgrade(self), self.touches.get());
        let step = move || {
            let Some(inner) = inner
                .upgrade()
                .filter(|inner| inner.touches.get() == touches)
            else {
                return;
            };
            inner.scroll(speed * 16.0, at);
            inner.fling(speed * DRAG, at);
        };
        set_timeout(step, STEP);
    }
}

fn place(event: &PointerEvent) -> Point {
    Point {
        x: event.client_x().into(),
        y: event.client_y().into(),
    }
}
