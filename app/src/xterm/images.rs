//! Pictures in a terminal: sixel and iTerm2's protocol. What draws them is fetched with the first one; see
//! `public/lazy.mjs`. It answers no query: whatever it says to a program is muted like the rest.

use wasm_bindgen::prelude::*;
use xterm_js_rs::Terminal;

use super::Emulator;

#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = showPictures)]
    fn show_pictures(terminal: &Terminal);
}

impl Emulator {
    /// Shows pictures from now on.
    pub(super) fn show_pictures(&self) {
        show_pictures(&self.terminal);
    }
}
