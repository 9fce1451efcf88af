//! A terminal and the clipboard: what is pasted, what is selected, and what a program wants to be copied.
//! Asks nobody and writes no clipboard, but for copying with colours, which only a browser's own interface
//! can do.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use xterm_js_rs::Terminal;

use super::Emulator;
use super::api::Terminal6;
use crate::state::copied;
use crate::state::paste::Brackets;

/// The sequence by which programs use the clipboard.
const CLIPBOARD: u32 = 52;

#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = copyAsHtml)]
    fn copy_as_html(terminal: &Terminal, selected: &str) -> Promise;
}

#[wasm_bindgen]
extern "C" {
    /// `terminal.modes`.
    type Modes;
    #[wasm_bindgen(method, getter, js_name = "bracketedPasteMode")]
    fn bracketed_paste_mode(this: &Modes) -> bool;
    #[wasm_bindgen(method, getter, js_name = "mouseTrackingMode")]
    fn mouse_tracking_mode(this: &Modes) -> String;

    #[wasm_bindgen(extends = js_sys::Object)]
    type Pasting;
    #[wasm_bindgen(method, getter)]
    fn modes(this: &Pasting) -> Modes;
    #[wasm_bindgen(method)]
    fn paste(this: &Pasting, text: &str);
    #[wasm_bindgen(method, js_name = "selectAll")]
    fn select_all(this: &Pasting);
}

/// Whether a program takes the mouse for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// It does.
    Programs,
    /// It is the page's.
    Ours,
}

impl Emulator {
    /// Whether the program has asked for brackets around what is pasted.
    pub(crate) fn brackets(&self) -> Brackets {
        match self.pasting().modes().bracketed_paste_mode() {
            true => Brackets::Asked,
            false => Brackets::No,
        }
    }

    /// Whose the mouse is.
    pub(crate) fn mouse(&self) -> Mouse {
        match self.pasting().modes().mouse_tracking_mode().as_str() {
            "none" => Mouse::Ours,
            _ => Mouse::Programs,
        }
    }

    /// Types a text as a paste: line breaks as the Enter key, in brackets where the program asked for them.
    /// Nothing is taken out of it: that is [`crate::state::paste`]'s.
    pub(crate) fn paste(&self, text: &str) {
        self.pasting().paste(text);
    }

    /// Selects everything, what is above the screen too.
    pub(crate) fn select_all(&self) {
        self.pasting().select_all();
    }

    /// Copies what is selected with its colours. Rejected where the browser refuses.
    pub(crate) fn copy_as_html(&self) -> Promise {
        copy_as_html(&self.terminal, &copied::tidy(&self.selection()))
    }

    /// Calls back with what a program wants to be copied. Whoever asks for the clipboard gets no answer.
    pub(crate) fn on_program_copies(&self, callback: impl Fn(String) + 'static) {
        let handler = Closure::<dyn Fn(String) -> bool>::new(move |payload: String| {
            if let Some(text) = copied::text(&payload) {
                callback(text);
            }
            true
        });
        let parser = self.terminal.unchecked_ref::<Terminal6>().parser();
        parser.register_osc_handler(CLIPBOARD, handler.as_ref().unchecked_ref());
        self.keep(handler);
    }

    fn pasting(&self) -> &Pasting {
        self.terminal.unchecked_ref()
    }
}
