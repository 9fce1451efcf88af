//! A terminal and the clipboard: what is pasted, what is selected, and what a program wants to be copied.
//! Asks nobody and writes no clipboard, but for copying with colours, which only a browser's own interface
//! can do.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use xterm_js_rs::Terminal;

use super::Emulator;
use crate::state::copied;
use crate::state::paste::Brackets;

/// The sequence by which programs use the clipboard.
const CLIPBOARD: u32 = 52;

#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = copyAsHtml)]
    fn copy_as_html(terminal: &Terminal, selected: &str) -> Promise;
}

impl Emulator {
    /// Whether the program has asked for brackets around what is pasted.
    pub(crate) fn brackets(&self) -> Brackets {
        match self.modern().modes().bracketed_paste() {
            true => Brackets::Asked,
            false => Brackets::No,
        }
    }

    /// Types a text as a paste: line breaks as the Enter key, in brackets where the program asked for them.
    /// Nothing is taken out of it: that is [`crate::state::paste`]'s.
    pub(crate) fn paste(&self, text: &str) {
        self.modern().paste(text);
    }

    /// Selects everything, what is above the screen too.
    pub(crate) fn select_all(&self) {
        self.modern().select_all();
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
        let parser = self.modern().parser();
        parser.register_osc_handler(CLIPBOARD, handler.as_ref().unchecked_ref());
        self.keep(handler);
    }
}
