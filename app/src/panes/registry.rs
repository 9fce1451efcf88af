//! Finds the panes of the page: for commands about the terminal shown, for colours, and for tests
//! (`window.bowline`). Owns no pane.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use bowline_protocol::SessionId;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use super::live::Live;
use crate::theme::browser::Painting;
use crate::xterm::{Emulator, Press};

thread_local! {
    static PANES: RefCell<Vec<Weak<Live>>> = const { RefCell::new(Vec::new()) };
}

/// Adds a pane and forgets those that are gone.
pub(super) fn add(pane: &Rc<Live>) {
    PANES.with_borrow_mut(|panes| {
        panes.retain(|pane| pane.strong_count() > 0);
        panes.push(Rc::downgrade(pane));
    });
}

fn all() -> Vec<Rc<Live>> {
    PANES.with_borrow(|panes| panes.iter().filter_map(Weak::upgrade).collect())
}

/// The emulator of the pane in use.
pub(crate) fn shown_emulator() -> Option<Rc<Emulator>> {
    let mut panes = all().into_iter();
    panes.find(|pane| pane.is_in_use())?.emulator()
}

/// A pane that the keyboard is on its way to.
pub(crate) struct Awaiting(Rc<Live>);

impl Awaiting {
    /// Types a key there.
    pub(crate) fn press(&self, key: Press) {
        self.0.press(key);
    }
}

/// The pane that the keyboard is on its way to. It takes it now, if it can.
pub(crate) fn awaiting_keyboard() -> Option<Awaiting> {
    let pane = all().into_iter().find(|pane| pane.awaits_keyboard())?;
    pane.take_keyboard();
    Some(Awaiting(pane))
}

/// The pane on screen, by its id in the workspace.
pub(crate) fn shown_pane() -> Option<String> {
    all().into_iter().find(|pane| pane.is_in_use())?.pane()
}

/// The session of the pane on screen.
pub(crate) fn shown_session() -> Option<SessionId> {
    all().into_iter().find(|pane| pane.is_in_use())?.session()
}

/// A pane by its id in the workspace.
pub(super) fn pane(id: &str) -> Option<Rc<Live>> {
    let mut panes = all().into_iter();
    panes.find(|pane| pane.pane().as_deref() == Some(id))
}

/// Shows other colours in every pane.
pub(crate) fn repaint(painting: &Painting) {
    for pane in all() {
        pane.repaint(painting);
    }
}

/// Puts on in every pane what the user likes and the system says.
pub(crate) fn redress() {
    for pane in all() {
        pane.dress_up();
    }
}

fn emulator_of(session: Option<&str>) -> Option<Rc<Emulator>> {
    let Some(session) = session else {
        return shown_emulator();
    };
    let session: SessionId = session.parse().ok()?;
    let mut panes = all().into_iter();
    panes
        .find(|pane| pane.session() == Some(session))?
        .emulator()
}

/// Puts `window.bowline` in place: `text(sessionId?)` is a terminal's whole buffer, `size()` its size.
pub(crate) fn install_hooks() {
    let text =
        Closure::<dyn Fn(Option<String>) -> Option<String>>::new(|session: Option<String>| {
            emulator_of(session.as_deref()).map(|emulator| emulator.text())
        });
    let size = Closure::<dyn Fn(Option<String>) -> JsValue>::new(|session: Option<String>| {
        let Some(emulator) = emulator_of(session.as_deref()) else {
            return JsValue::NULL;
        };
        let (size, answer) = (emulator.size(), Object::new());
        put(&answer, "cols", &size.cols.into());
        put(&answer, "rows", &size.rows.into());
        answer.into()
    });
    let hooks = Object::new();
    put(&hooks, "text", text.as_ref());
    put(&hooks, "size", size.as_ref());
    put(&leptos::prelude::window(), "bowline", &hooks);
    text.forget();
    size.forget();
}

fn put(object: &JsValue, name: &str, value: &JsValue) {
    // Fails only for frozen objects, which these are not.
    let _ = Reflect::set(object, &name.into(), value);
}
