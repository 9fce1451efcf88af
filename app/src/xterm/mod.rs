//! The one module that knows xterm.js. Bound through xterm-js-rs, whose declarations are for 4.x; what 6.x
//! changed is declared in `api`. The rest of the page sees [`Emulator`]: bytes in, keys out, a size.
//!
//! Invariants: `write` parses in order and calls back in order; the emulator answers no query, whatever is
//! written; nothing is called back after [`Emulator::dispose`].

mod api;
pub(crate) mod clipboard;
mod dress;
pub(crate) mod fonts;
mod images;
mod links;
pub(crate) mod pointing;
mod press;
mod repairs;
pub(crate) mod search;
mod still;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bowline_protocol::frame::{Role, Size};
use bowline_protocol::limits;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;
use xterm_js_rs::addons::fit::FitAddon;
use xterm_js_rs::{Terminal, TerminalOptions, Theme};

use api::{Fit6, Terminal6};

use crate::state::held::Arrows;
use crate::state::settings::LinkClick;

pub(crate) use dress::Dress;
use dress::Joiner;
pub(crate) use press::Press;

// How wide characters are: `public/width.mjs`, by the page's import map.
#[wasm_bindgen(module = "bowline-width")]
extern "C" {
    fn provider(table: &Uint8Array) -> JsValue;
}

// What is fetched when it is asked for: `public/lazy.mjs`.
#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = drawByWebgl)]
    fn draw_by_webgl(terminal: &Terminal);
}

thread_local! {
    /// One table for all terminals.
    static WIDTHS: JsValue = provider(&Uint8Array::from(&bowline_screen::width::table()[..]));
}

/// Aborts whatever sequence the parser is in, and resets the terminal.
const RESET: &[u8] = b"\x18\x1bc";
/// Takes back every colour that a program has set, which a reset leaves.
const RESET_COLOURS: &[u8] = b"\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07";
/// Takes the size of the snapshot that follows. Only [`Emulator::restore`] says it: from a program it means
/// nothing.
const TAKE_SIZE: &[u8] = b"\x1b]7778\x07";
/// The number in it.
const TAKE_SIZE_NUMBER: u32 = 7778;

/// Which renderer draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renderer {
    /// WebGL where the browser has it, else the DOM.
    Fastest,
    /// The DOM: its text can be read by tests.
    Dom,
}

/// The colours of a terminal, as CSS colours by xterm.js's names.
pub(crate) type Palette = Vec<(&'static str, String)>;

/// Owns the closures that xterm.js calls.
type Callbacks = RefCell<Vec<Box<dyn std::any::Any>>>;

/// Where a terminal is scrolled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scroll {
    /// Lines above the screen that are kept.
    pub(crate) above: u32,
    /// How many lines lie below what is shown; 0 = at the bottom.
    pub(crate) below: u32,
}

/// One emulator in one element.
pub(crate) struct Emulator {
    terminal: Terminal,
    fit: FitAddon,
    callbacks: Callbacks,
    /// What the user likes.
    dress: Cell<Dress>,
    /// Ligatures, while they are drawn.
    joiner: RefCell<Joiner>,
    /// Which click opens links.
    clicks: Rc<Cell<LinkClick>>,
    /// Nothing blinks.
    still: Rc<Cell<bool>>,
    /// A program has set colours.
    coloured: Rc<Cell<bool>>,
    /// The size of the snapshot that is about to be parsed, if it is another.
    next_size: Rc<Cell<Option<Size>>>,
    disposed: Cell<bool>,
}

impl Emulator {
    /// Makes an emulator in an empty element that is on screen.
    pub(crate) fn open(
        parent: &HtmlElement,
        palette: &Palette,
        dress: Dress,
        renderer: Renderer,
    ) -> Rc<Self> {
        let options = TerminalOptions::new();
        options.set_theme(&theme(palette));
        dress.put(&options);
        set(&options, "cursorInactiveStyle", &"outline".into());
        set(&options, "rescaleOverlappingGlyphs", &true.into());
        set(&options, "macOptionClickForcesSelection", &true.into());
        // For `unicode`.
        set(&options, "allowProposedApi", &true.into());

        let terminal = Terminal::new(&options);
        let fit = FitAddon::new();
        let emulator = Rc::new(Self {
            terminal,
            fit,
            callbacks: RefCell::default(),
            dress: Cell::new(dress),
            joiner: RefCell::default(),
            clicks: Rc::new(Cell::new(dress.links)),
            still: Rc::new(Cell::new(dress.still)),
            coloured: Rc::default(),
            next_size: Rc::default(),
            disposed: Cell::new(false),
        });
        emulator.answer_nothing();
        emulator.use_our_widths();
        emulator.load(&emulator.fit);
        emulator.follow_links(parent);
        emulator.terminal.open(parent.clone());
        if renderer == Renderer::Fastest {
            draw_by_webgl(&emulator.terminal);
        }
        emulator.join(dress.text.ligatures);
        emulator.notice_colours();
        emulator.keep_still();
        emulator.take_sizes();
        emulator.erase_from_the_last_cell();
        emulator.show_pictures();
        emulator
    }

    /// Parses bytes; `done` is called once they are parsed.
    pub(crate) fn write(&self, bytes: &Uint8Array, done: impl FnOnce() + 'static) {
        let done = Closure::once_into_js(done);
        self.modern().write_bytes(bytes, &done);
    }

    /// Calls `then` once everything written so far is parsed, and before anything written later is.
    pub(crate) fn after_writes(&self, then: impl FnOnce() + 'static) {
        self.write(&Uint8Array::new_with_length(0), then);
    }

    /// Parses text that the page itself has to say.
    pub(crate) fn write_text(&self, text: &str) {
        self.terminal.write(text);
    }

    /// Forgets everything shown.
    pub(crate) fn reset(&self) {
        self.restore_options();
        self.terminal.reset();
    }

    /// Becomes what a snapshot says; `done` is called once it is parsed. Everything written before must be
    /// parsed. Nothing empty is ever drawn in between: the reset and the new size are parsed together with what
    /// follows them.
    pub(crate) fn restore(&self, size: Size, snapshot: &Uint8Array, done: impl FnOnce() + 'static) {
        self.restore_options();
        self.next_size.set(size.checked());
        let colours: &[u8] = match self.coloured.take() {
            true => RESET_COLOURS,
            false => b"",
        };
        // Emptied first: nothing is left to reflow.
        let head = [RESET, TAKE_SIZE, colours].concat();
        self.write(&joined(&head, snapshot), done);
    }

    /// What programs may change and a reset leaves.
    fn restore_options(&self) {
        let options = self.modern().options();
        set(&options, "convertEol", &false.into());
        set(&options, "cursorBlink", &self.dress.get().blinks().into());
    }

    /// Where it is scrolled to.
    pub(crate) fn scroll(&self) -> Scroll {
        let buffer = self.modern().buffer().active();
        let above = buffer.base_y();
        Scroll {
            above,
            below: above.saturating_sub(buffer.viewport_y()),
        }
    }

    /// Scrolls so that so many lines lie below what is shown.
    pub(crate) fn scroll_to(&self, below: u32) {
        let now = i64::from(self.scroll().below);
        // Lines are counted in thousands.
        let down = i32::try_from(now - i64::from(below)).unwrap_or(0);
        self.scroll_down(down);
    }

    /// Scrolls by so many lines, up if negative.
    pub(crate) fn scroll_down(&self, lines: i32) {
        if lines != 0 {
            self.modern().scroll_lines(lines);
        }
    }

    /// Calls back when something was scrolled, with the topmost line shown. Also for every line that output
    /// scrolls: must cost nothing then.
    pub(crate) fn on_scroll(&self, callback: impl Fn(u32) + 'static) {
        // Never beyond what a u32 holds: it is a line's number.
        let closure = Closure::<dyn Fn(f64)>::new(move |top: f64| callback(top as u32));
        self.modern().on_scroll(closure.as_ref().unchecked_ref());
        self.keep(closure);
    }

    /// Calls back when something else is selected, or nothing.
    pub(crate) fn on_selection_change(&self, callback: impl Fn() + 'static) {
        let closure = Closure::<dyn Fn()>::new(callback);
        let listener = closure.as_ref().unchecked_ref();
        self.modern().on_selection_change(listener);
        self.keep(closure);
    }

    /// Changes the size. Sizes no terminal can have are left out.
    pub(crate) fn resize(&self, size: Size) {
        resize(&self.terminal, size);
    }

    /// The present size.
    pub(crate) fn size(&self) -> Size {
        size_of(&self.terminal)
    }

    /// The size that would fill the element. `None` while it is not on screen.
    pub(crate) fn proposed(&self) -> Option<Size> {
        if self.disposed.get() {
            return None;
        }
        let dimensions = self.fit.unchecked_ref::<Fit6>().propose_dimensions()?;
        whole(dimensions.cols(), dimensions.rows())
    }

    /// Whether keys and the pointer reach the program.
    pub(crate) fn set_role(&self, role: Role) {
        let reads = role == Role::Reader;
        set(&self.modern().options(), "disableStdin", &reads.into());
    }

    /// Takes the keyboard.
    pub(crate) fn focus(&self) {
        self.terminal.focus();
    }

    /// Shows other colours.
    pub(crate) fn set_palette(&self, palette: &Palette) {
        set(&self.modern().options(), "theme", &theme(palette));
    }

    /// Whether something is selected.
    pub(crate) fn has_selection(&self) -> bool {
        self.terminal.has_selection()
    }

    /// What is selected, as text.
    pub(crate) fn selection(&self) -> String {
        self.terminal.get_selection()
    }

    /// Whether a full-screen program shows its own screen.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.modern().buffer().active().kind() == "alternate"
    }

    /// Selects nothing.
    pub(crate) fn clear_selection(&self) {
        self.terminal.clear_selection();
    }

    /// Everything shown and above it, wrapped lines joined.
    pub(crate) fn text(&self) -> String {
        let buffer = self.modern().buffer().active();
        let mut text = String::new();
        for y in 0..buffer.length() {
            let Some(line) = buffer.line(y) else { break };
            let wrapped_on =
                y + 1 < buffer.length() && buffer.line(y + 1).is_some_and(|next| next.is_wrapped());
            text.push_str(&line.translate(!wrapped_on));
            if !wrapped_on {
                text.push('\n');
            }
        }
        text
    }

    /// What arrow keys say to the program.
    pub(crate) fn arrows(&self) -> Arrows {
        match self.modern().modes().application_cursor_keys() {
            true => Arrows::Application,
            false => Arrows::Normal,
        }
    }

    /// Types, as if by the keyboard.
    pub(crate) fn type_in(&self, text: &str) {
        self.modern().input(text, true);
    }

    /// Calls back with what the user types.
    pub(crate) fn on_input(self: &Rc<Self>, callback: impl Fn(Vec<u8>) + 'static) {
        let callback = Rc::new(callback);
        let text = Rc::clone(&callback);
        let on_data = Closure::<dyn Fn(String)>::new(move |data: String| text(data.into_bytes()));
        // Mouse reports of the old encoding: one byte per character.
        let on_binary = Closure::<dyn Fn(String)>::new(move |data: String| {
            let bytes = data.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
            callback(bytes.collect());
        });
        self.terminal.on_data(on_data.as_ref().unchecked_ref());
        self.terminal.on_binary(on_binary.as_ref().unchecked_ref());
        self.keep(on_data);
        self.keep(on_binary);
    }

    /// Frees everything. Harmless when repeated.
    pub(crate) fn dispose(&self) {
        if !self.disposed.replace(true) {
            self.terminal.dispose();
            self.callbacks.borrow_mut().clear();
        }
    }

    fn modern(&self) -> &Terminal6 {
        self.terminal.unchecked_ref()
    }

    fn keep(&self, callback: impl std::any::Any) {
        self.callbacks.borrow_mut().push(Box::new(callback));
    }

    fn use_our_widths(&self) {
        let unicode = self.modern().unicode();
        WIDTHS.with(|provider| unicode.register(provider));
        unicode.set_active_version("bowline");
    }

    fn load(&self, addon: &JsValue) {
        // An addon that can't be loaded is missing, the terminal works without.
        let _ = self.modern().try_load_addon(addon);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.dispose();
    }
}

/// Changes a terminal's size. Sizes no terminal can have are left out.
fn resize(terminal: &Terminal, size: Size) {
    if size.checked().is_some() && size != size_of(terminal) {
        if !terminal.has_selection() {
            // A mere click leaves the start of a selection behind. In fewer columns it would become one, and
            // output waits for selections.
            terminal.clear_selection();
        }
        let terminal: &Terminal6 = terminal.unchecked_ref();
        // Throws only for sizes that are not whole numbers.
        let _ = terminal.resize(size.cols.into(), size.rows.into());
    }
}

fn size_of(terminal: &Terminal) -> Size {
    let bounded = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
    Size {
        cols: bounded(terminal.get_cols()),
        rows: bounded(terminal.get_rows()),
    }
}

/// A size in whole cells within what the server takes.
fn whole(cols: f64, rows: f64) -> Option<Size> {
    if !(cols.is_finite() && rows.is_finite()) {
        return None;
    }
    let within = |count: f64, range: &std::ops::RangeInclusive<u16>| {
        // Not `clamp`: the words of its panic bring all that formats such numbers into the page.
        let bounded = count
            .min(f64::from(*range.end()))
            .max(f64::from(*range.start()));
        // Within a range of u16 since just now.
        bounded as u16
    };
    Some(Size {
        cols: within(cols, &limits::COLS),
        rows: within(rows, &limits::ROWS),
    })
}

/// A copy of both, one behind the other.
pub(crate) fn joined(head: &[u8], tail: &Uint8Array) -> Uint8Array {
    // A terminal's bytes are counted in megabytes at most.
    let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
    let both = Uint8Array::new_with_length(length + tail.length());
    both.subarray(0, length).copy_from(head);
    both.set(tail, length);
    both
}

fn theme(palette: &Palette) -> Theme {
    let theme = Theme::new();
    for (name, colour) in palette {
        set(&theme, name, &colour.as_str().into());
    }
    theme
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    // Fails only for what is no object.
    Reflect::get(object, &name.into()).ok()
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Fails only for frozen objects, which these are not.
    let _ = Reflect::set(object, &name.into(), value);
}
