//! A cursor that stands still for who wants nothing to blink, also where a program asks for a blinking one. The shape
//! that the program asks for stays.

use std::rc::Rc;

use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

use super::{Emulator, member, set};

/// The private mode of a blinking cursor.
const BLINKING: f64 = 12.0;

/// Calls a handler of xterm.js's own with other parameters.
fn handle(handler: &Function, of: &JsValue, parameters: &Array) {
    let other = Object::new();
    set(&other, "length", &parameters.length().into());
    set(&other, "params", parameters);
    // Throws nothing: it sets modes.
    let _ = handler.call1(of, &other);
}

impl Emulator {
    /// Takes the blinking out of what programs ask for, while nothing shall blink: of a cursor's style
    /// (`CSI Ps SP q`), whose odd numbers blink, and of the private modes.
    pub(super) fn keep_still(&self) {
        self.in_place_of("setCursorStyle", ("intermediates", " ", "q"), |asked| {
            let style = asked.get(0).as_f64().unwrap_or(0.0);
            (style % 2.0 == 1.0).then(|| Array::of1(&(style + 1.0).into()))
        });
        self.in_place_of("setModePrivate", ("prefix", "?", "h"), |asked| {
            let blinks = |mode: &JsValue| *mode == BLINKING;
            let others = || asked.iter().filter(|mode| !blinks(mode)).collect();
            asked.iter().any(|mode| blinks(&mode)).then(others)
        });
    }

    /// While nothing shall blink, gives a handler of xterm.js's own the parameters that are answered in the place
    /// of those it would get.
    fn in_place_of(
        &self,
        method: &str,
        (member_of_id, value, last): (&str, &str, &str),
        change: fn(&Array) -> Option<Array>,
    ) {
        let inner = member(&self.terminal, "_core").and_then(|core| member(&core, "_inputHandler"));
        let Some(inner) = inner.filter(JsValue::is_object) else {
            return;
        };
        let own = member(&inner, method).and_then(|own| own.dyn_into::<Function>().ok());
        let Some(own) = own else { return };
        let still = Rc::clone(&self.still);
        let handler = Closure::<dyn Fn(Array) -> bool>::new(move |asked: Array| {
            let Some(changed) = still.get().then(|| change(&asked)).flatten() else {
                return false;
            };
            if changed.length() > 0 {
                handle(&own, &inner, &changed);
            }
            true
        });
        let id = Object::new();
        set(&id, member_of_id, &value.into());
        set(&id, "final", &last.into());
        let parser = self.modern().parser();
        parser.register_csi_handler(&id, handler.as_ref().unchecked_ref());
        self.keep(handler);
    }

    /// From now on nothing blinks, what blinks already neither; or it may again.
    pub(super) fn stand_still(&self, still: bool) {
        self.still.set(still);
        let modes = member(&self.terminal, "_core")
            .and_then(|core| member(&core, "coreService"))
            .and_then(|service| member(&service, "decPrivateModes"));
        let Some(modes) = modes.filter(|modes| still && modes.is_object()) else {
            return;
        };
        let name = "cursorBlink";
        // Where no program has said anything the option holds.
        if member(&modes, name).is_some_and(|blinks| blinks.is_truthy()) {
            set(&modes, name, &false.into());
            // Drawn anew when the option changes, which is next.
            set(&self.modern().options(), name, &true.into());
        }
    }
}
