//! Pointers that drag a pane's head or a tab: hears them on the whole window, asks the document what is under them, and
//! lets [`crate::state::grip`] decide when a drag begins and the desk where it leads. In the browser only.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, KeyboardEvent, MouseEvent, PointerEvent};

use super::dom;
use crate::state::desk::Desk;
use crate::state::drag::{Fate, Load, Under, pull};
use crate::state::gesture::Point;
use crate::state::grip::{Act, Grip, Hand, Pointer};

/// A finger that rests so long drags.
const REST: Duration = Duration::from_millis(400);
/// Between two steps of a bar that scrolls.
const STEP: Duration = Duration::from_millis(16);
/// How far a step goes at most, CSS pixels.
const REACH: f64 = 14.0;

struct Dragger {
    desk: Desk,
    grip: RefCell<Grip>,
    /// What was pressed, and the element that is told of the pointer from then on.
    held: RefCell<Option<(Load, Element)>>,
    at: Cell<Point>,
    resting: Cell<Option<TimeoutHandle>>,
    scrolling: Cell<bool>,
    /// The click that ends a drag is none.
    no_click: Cell<bool>,
}

/// Hears them for the life of the page.
pub(crate) fn listen(desk: Desk) {
    let dragger = Rc::new(Dragger {
        desk,
        grip: RefCell::default(),
        held: RefCell::default(),
        at: Cell::new(Point { x: 0.0, y: 0.0 }),
        resting: Cell::new(None),
        scrolling: Cell::new(false),
        no_click: Cell::new(false),
    });
    let left = dragger.clone();
    // Not of the elements in it: these lose the keyboard all the time.
    dom::listen(&window(), "blur", move |_| left.cancel());
    let hear = |event: &str, act: fn(&Rc<Dragger>, &Event)| {
        let dragger = dragger.clone();
        dom::listen_first(&window(), event, move |event| act(&dragger, &event));
    };
    hear("pointerdown", |dragger, event| {
        pointer(event, |event| dragger.down(event))
    });
    hear("pointermove", |dragger, event| {
        pointer(event, |event| dragger.moved(event))
    });
    hear("pointerup", |dragger, event| {
        pointer(event, |event| dragger.up(event))
    });
    hear("pointercancel", |dragger, event| {
        pointer(event, |event| {
            let holder = dragger.grip.borrow().holder();
            if holder.is_some_and(|holder| holder.id == event.pointer_id()) {
                dragger.cancel();
            }
        });
    });
    hear("keydown", |dragger, event| {
        let key = event.dyn_ref::<KeyboardEvent>();
        if dragger.grip.borrow().drags() && key.is_some_and(|event| event.key() == "Escape") {
            event.prevent_default();
            event.stop_propagation();
            dragger.cancel();
        }
    });
    hear("click", |dragger, event| {
        // Not one by key.
        let clicks = event
            .dyn_ref::<MouseEvent>()
            .map_or(0, |event| event.detail());
        if clicks > 0 && dragger.no_click.replace(false) {
            event.prevent_default();
            event.stop_propagation();
        }
    });
    // A finger that rests would open the browser's menu.
    hear("contextmenu", |dragger, event| {
        let holder = dragger.grip.borrow().holder();
        if holder.is_some_and(|holder| holder.hand == Hand::Finger) {
            event.prevent_default();
            event.stop_propagation();
        }
    });
}

/// Where fingers scroll an element, those that drag do not.
pub(crate) fn keep_still(element: &Element, desk: Desk) {
    dom::listen(element, "touchmove", move |event| {
        if untrack(|| desk.dragging.is_on()) {
            event.prevent_default();
        }
    });
}

fn pointer(event: &Event, act: impl FnOnce(&PointerEvent)) {
    if let Some(event) = event.dyn_ref::<PointerEvent>() {
        act(event);
    }
}

impl Dragger {
    fn down(self: &Rc<Self>, event: &PointerEvent) {
        self.no_click.set(false);
        let plain = event.button() == 0 && !event.ctrl_key();
        let Some(found) = event.target().filter(|_| plain).and_then(load) else {
            return;
        };
        if self.grip.borrow().drags() {
            return;
        }
        let hand = match event.pointer_type().as_str() {
            "touch" => Hand::Finger,
            _ => Hand::Mouse,
        };
        self.held.replace(Some(found));
        self.at.set(place(event));
        self.grip.borrow_mut().press(Pointer {
            id: event.pointer_id(),
            at: place(event),
            hand,
        });
        self.stop_resting();
        if hand == Hand::Finger {
            let dragger = Rc::downgrade(self);
            let rested = move || {
                if let Some(dragger) = dragger.upgrade() {
                    let act = dragger.grip.borrow_mut().rested();
                    dragger.act(act);
                }
            };
            // Fails only outside a window.
            self.resting.set(set_timeout_with_handle(rested, REST).ok());
        }
    }

    fn moved(self: &Rc<Self>, event: &PointerEvent) {
        // Most moves are of nobody's concern.
        let Some(holder) = self.grip.borrow().holder() else {
            return;
        };
        if holder.id == event.pointer_id() && event.buttons() == 0 {
            // It went up where nobody heard it.
            return self.cancel();
        }
        let act = self
            .grip
            .borrow_mut()
            .moved(event.pointer_id(), place(event));
        if act != Act::Nothing {
            self.at.set(place(event));
            event.prevent_default();
            event.stop_propagation();
        }
        self.act(act);
    }

    fn up(self: &Rc<Self>, event: &PointerEvent) {
        self.stop_resting();
        let act = self.grip.borrow_mut().up(event.pointer_id());
        if act == Act::Drop {
            event.stop_propagation();
        }
        self.act(act);
    }

    fn act(self: &Rc<Self>, act: Act) {
        match act {
            Act::Nothing => {}
            Act::Begin => self.begin(),
            Act::Move => self.follow(),
            Act::Drop => {
                // Once more: what is there may have changed since the pointer moved.
                self.follow();
                self.end(Fate::Dropped);
            }
        }
    }

    fn begin(self: &Rc<Self>) {
        let (held, holder) = (self.held.borrow().clone(), self.grip.borrow().holder());
        if let (Some((load, element)), Some(holder)) = (held, holder) {
            // Fails only for a pointer that is gone by now.
            let _ = element.set_pointer_capture(holder.id);
            self.desk.drag(load, holder.hand);
            self.follow();
        }
    }

    fn follow(self: &Rc<Self>) {
        let at = self.at.get();
        self.desk.hold(at, &under(at));
        self.scroll_bar();
    }

    /// Gives up, whatever was under way.
    fn cancel(&self) {
        self.stop_resting();
        let before = self.grip.replace(Grip::Free);
        if let Grip::Drags(pointer) = before {
            if let Some((_, element)) = &*self.held.borrow() {
                // Fails only for a pointer that is gone by now.
                let _ = element.release_pointer_capture(pointer.id);
            }
            self.end(Fate::Kept);
        }
    }

    fn end(&self, fate: Fate) {
        self.held.replace(None);
        self.no_click.set(true);
        self.desk.let_go(fate);
    }

    /// Scrolls the bar as long as the pointer is at an end of it.
    fn scroll_bar(self: &Rc<Self>) {
        if !self.scrolling.get() && self.pulled().is_some() {
            self.scrolling.set(true);
            self.scroll_on();
        }
    }

    fn scroll_on(self: &Rc<Self>) {
        let dragger = Rc::downgrade(self);
        let step = move || {
            let Some(dragger) = dragger.upgrade() else {
                return;
            };
            let Some((bar, way)) = dragger.pulled() else {
                return dragger.scrolling.set(false);
            };
            // A few pixels.
            bar.set_scroll_left(bar.scroll_left() + (way * REACH).round() as i32);
            let at = dragger.at.get();
            dragger.desk.hold(at, &under(at));
            dragger.scroll_on();
        };
        set_timeout(step, STEP);
    }

    /// The bar and how it is pulled, if a drag pulls it.
    fn pulled(&self) -> Option<(Element, f64)> {
        let at = self.at.get();
        let drags = self.grip.borrow().drags();
        let bar = drags.then(|| find(".tabs")).flatten()?;
        let place = bar.get_bounding_client_rect();
        let pull = pull(at.x, place.left(), place.right());
        let over = (place.top()..=place.bottom()).contains(&at.y);
        (over && pull.abs() > 0.05).then_some((bar, pull))
    }

    fn stop_resting(&self) {
        if let Some(resting) = self.resting.take() {
            resting.clear();
        }
    }
}

/// What can be dragged by an element, and what is told of the pointer then.
fn load(target: web_sys::EventTarget) -> Option<(Load, Element)> {
    let target = target.dyn_into::<Element>().ok()?;
    let around = |selector: &str| target.closest(selector).ok().flatten();
    if around("button, input").is_some() {
        return None;
    }
    if let Some(head) = around(".pane-head") {
        let pane = around(".pane")?.get_attribute("data-pane")?;
        return Some((Load::Pane(pane), head));
    }
    let face = around(".tab-face")?;
    Some((Load::Tab(tab_of(&face)?), face))
}

/// The tab of its face.
fn tab_of(face: &Element) -> Option<String> {
    face.id().strip_prefix("tab-").map(str::to_owned)
}

/// What is at a point of the window.
fn under(at: Point) -> Under {
    find_under(at).unwrap_or(Under::Nothing)
}

fn find_under(at: Point) -> Option<Under> {
    let room = find(".panel")?.get_bounding_client_rect();
    if (room.left()..room.right()).contains(&at.x) && (room.top()..room.bottom()).contains(&at.y) {
        let x = (at.x - room.left()) / room.width();
        let y = (at.y - room.top()) / room.height();
        return Some(Under::Panes(x, y));
    }
    let element = document().element_from_point(at.x as f32, at.y as f32)?;
    let around = |selector: &str| element.closest(selector).ok().flatten();
    if let Some(tab) = around(".tab") {
        let face = tab.query_selector(".tab-face").ok().flatten()?;
        let place = tab.get_bounding_client_rect();
        let share = (at.x - place.left()) / place.width();
        return Some(Under::Tab(tab_of(&face)?, share));
    }
    around(".bar").map(|_| Under::Bar)
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn place(event: &PointerEvent) -> Point {
    Point {
        x: event.client_x().into(),
        y: event.client_y().into(),
    }
}
