//! What an emulator does otherwise than xterm.js: it answers no query, it survives what xterm.js 6.0 throws at,
//! it takes a snapshot's size where the snapshot says so, and it knows when a program has set colours.

use std::rc::Rc;

use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;
use xterm_js_rs::Terminal;

use super::api::Terminal6;
use super::{Emulator, TAKE_SIZE_NUMBER, member, resize, set};

impl Emulator {
    /// Lets nothing out but what the user does. The server's screen answers queries, once, whoever looks; an
    /// answer from here would be typed a second time, or at a prompt. Everything xterm.js says to a program
    /// passes one method, which is told whether the user caused it: device attributes, reports of the
    /// cursor, modes, settings, colours and sizes, and reports of focus do not. The method is not public:
    /// the journey `answers` asks everything there is to ask, so that another version is noticed.
    pub(super) fn answer_nothing(&self) {
        let Some(service) = member(&self.terminal, "_core")
            .and_then(|core| member(&core, "coreService"))
            .filter(JsValue::is_object)
        else {
            return;
        };
        let name = "triggerDataEvent";
        let Some(say) = member(&service, name).and_then(|say| say.dyn_into::<Function>().ok())
        else {
            return;
        };
        let of = service.clone();
        let muted = Closure::<dyn Fn(JsValue, JsValue)>::new(move |data, by_user: JsValue| {
            if by_user.is_truthy() {
                // Throws only what its listeners throw, and they are ours.
                let _ = say.call2(&of, &data, &by_user);
            }
        });
        set(&service, name, muted.as_ref());
        self.keep(muted);
    }

    /// Erasing up to a cursor in the last cell (`CSI 1 J`) throws in xterm.js 6.0, and a parser that has thrown
    /// parses nothing any more. Everything is erased there, so that is what is asked for instead.
    pub(super) fn erase_from_the_last_cell(&self) {
        let Some(inner) = member(&self.terminal, "_core")
            .and_then(|core| member(&core, "_inputHandler"))
            .filter(JsValue::is_object)
        else {
            return;
        };
        let Some(erase) =
            member(&inner, "eraseInDisplay").and_then(|erase| erase.dyn_into::<Function>().ok())
        else {
            return;
        };
        let everything = Object::new();
        set(&everything, "length", &1.into());
        set(&everything, "params", &Array::of1(&2.into()));
        for (prefix, protects) in [("", false), ("?", true)] {
            let terminal: Terminal = self.terminal.clone().unchecked_into();
            let inner = inner.clone();
            let (erase, everything) = (erase.clone(), everything.clone());
            let handler = Closure::<dyn Fn(Array) -> bool>::new(move |parameters: Array| {
                if parameters.get(0) != 1 {
                    return false;
                }
                let buffer = terminal.unchecked_ref::<Terminal6>().buffer().active();
                let last_column = buffer.cursor_x() + 1 >= terminal.get_cols();
                let last_row = buffer.cursor_y() + 1 >= terminal.get_rows();
                // With lines above the screen there is a line where it looks for one.
                let throws = last_column && last_row && buffer.base_y() == 0;
                if throws {
                    // Throws nothing: it erases whole lines.
                    let _ = erase.call2(&inner, &everything, &protects.into());
                }
                throws
            });
            let id = function_id(prefix, "J");
            let parser = self.modern().parser();
            parser.register_csi_handler(&id, handler.as_ref().unchecked_ref());
            self.keep(handler);
        }
    }

    /// Takes the size of a snapshot where the snapshot says so.
    pub(super) fn take_sizes(&self) {
        let next = Rc::clone(&self.next_size);
        let terminal: Terminal = self.terminal.clone().unchecked_into();
        let take = Closure::<dyn Fn(JsValue) -> bool>::new(move |_| {
            if let Some(size) = next.take() {
                resize(&terminal, size);
            }
            true
        });
        let parser = self.modern().parser();
        parser.register_osc_handler(TAKE_SIZE_NUMBER, take.as_ref().unchecked_ref());
        self.keep(take);
    }

    /// Remembers that a program has set colours, which a reset leaves.
    pub(super) fn notice_colours(&self) {
        let parser = self.modern().parser();
        let coloured = Rc::clone(&self.coloured);
        // False = not handled: xterm.js goes on with it.
        let notice = Closure::<dyn Fn(JsValue) -> bool>::new(move |_| {
            coloured.set(true);
            false
        });
        for ident in [4, 10, 11, 12] {
            parser.register_osc_handler(ident, notice.as_ref().unchecked_ref());
        }
        self.keep(notice);
    }
}

fn function_id(prefix: &str, last: &str) -> Object {
    let id = Object::new();
    if !prefix.is_empty() {
        set(&id, "prefix", &prefix.into());
    }
    set(&id, "final", &last.into());
    id
}
