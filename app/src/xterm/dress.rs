//! What the user likes about terminals, put into the emulator's options: font, cursor, lines, colours'
//! strength, ligatures; and what opens links. Programs may change some of it, for themselves: a reset brings it back.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::api::Terminal6;
use super::{Emulator, fonts, set};
use crate::state::ligatures::joints;
use crate::state::settings::{LinkClick, Screen, Text};

/// All of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dress {
    /// Fonts.
    pub(crate) text: Text,
    /// Cursor and lines.
    pub(crate) screen: Screen,
    /// Which click opens links.
    pub(crate) links: LinkClick,
    /// Its text is offered to screen readers.
    pub(crate) reading: bool,
    /// Nothing blinks, whatever programs say.
    pub(crate) still: bool,
}

/// Ligatures: xterm.js's number of the joiner, and what it calls.
pub(super) type Joiner = Option<(u32, Closure<dyn Fn(String) -> Array>)>;

impl Dress {
    /// Whether the cursor blinks where no program says.
    pub(super) fn blinks(self) -> bool {
        self.screen.blink && !self.still
    }

    /// Sets the options of a terminal, or of one that is about to be made.
    pub(super) fn put(self, options: &JsValue) {
        let Self { text, screen, .. } = self;
        set(options, "fontFamily", &text.family.css().into());
        set(options, "fontSize", &fonts::size(text).into());
        set(options, "lineHeight", &text.line_height.into());
        set(options, "letterSpacing", &text.spacing.into());
        set(options, "cursorStyle", &screen.cursor.name().into());
        set(options, "cursorBlink", &self.blinks().into());
        set(options, "screenReaderMode", &self.reading.into());
        set(options, "scrollback", &screen.scrollback.into());
        set(options, "minimumContrastRatio", &screen.contrast.into());
        set(
            options,
            "drawBoldTextInBrightColors",
            &screen.bold_is_bright.into(),
        );
    }
}

impl Emulator {
    /// Puts on another dress. The size of a cell may be another from now on.
    pub(crate) fn wear(&self, dress: Dress) {
        self.dress.set(dress);
        self.stand_still(dress.still);
        dress.put(&self.modern().options());
        self.join(dress.text.ligatures);
        self.clicks.set(dress.links);
    }

    /// Draws ligatures, or doesn't.
    pub(super) fn join(&self, wanted: bool) {
        let mut joiner = self.joiner.borrow_mut();
        let terminal: &Terminal6 = self.modern();
        match (wanted, joiner.take()) {
            (true, None) => {
                let find = Closure::<dyn Fn(String) -> Array>::new(|line: String| {
                    let pair = |(from, to): (u32, u32)| Array::of2(&from.into(), &to.into());
                    joints(&line).into_iter().map(pair).collect()
                });
                let find_js: &Function = find.as_ref().unchecked_ref();
                let number = terminal.register_character_joiner(find_js);
                *joiner = Some((number, find));
            }
            (false, Some((number, _))) => terminal.deregister_character_joiner(number),
            (_, as_it_was) => *joiner = as_it_was,
        }
    }
}
