//! The emulator proper: what sequences do to the buffers. One file per family of sequences.

mod cursor;
mod edit;
mod modes;
mod osc;
mod print;
mod reports;
mod sgr;

use std::collections::{BTreeMap, VecDeque};

use bowline_protocol::frame::{Colours, Sixteen, Size};

use crate::Settings;
use crate::buffer::{Buffer, Kind, Saved};
use crate::cell::{Cell, Extended, Look};
use crate::charset::Charset;
use crate::params::Params;
use crate::parser::Handler;
use crate::row::Row;
use crate::signal::Signal;
use crate::styles::Styles;

pub(crate) use modes::{Modes, MouseEncoding, MouseProtocol};

/// Prefix and intermediates of a sequence, and its final byte.
type Ident = (u32, u8);

const NONE: u32 = 0;
const PRIVATE: u32 = b'?' as u32;
const SECONDARY: u32 = b'>' as u32;
const SPACE: u32 = b' ' as u32;
const APOSTROPHE: u32 = b'\'' as u32;
const QUOTE: u32 = b'"' as u32;
const BANG: u32 = b'!' as u32;
const DOLLAR: u32 = b'$' as u32;
const PRIVATE_DOLLAR: u32 = PRIVATE << 8 | DOLLAR;

/// Takes a parser's number apart.
fn split(ident: u32) -> Ident {
    (ident >> 8, (ident & 0xff) as u8)
}

/// Titles that a program may stack up.
const TITLES_MAX: usize = 10;

/// The look that characters are written in, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pen {
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    pub(crate) extended: Extended,
    /// Its number, while `bg` says that cells need it.
    number: u32,
}

impl Pen {
    /// The look of a cell written now.
    pub(crate) fn look(&self) -> Look {
        let extended = if self.bg & crate::cell::EXTENDED != 0 {
            self.number
        } else {
            0
        };
        Look {
            fg: self.fg,
            bg: self.bg,
            extended,
        }
    }
}

/// The four designated sets and which is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Charsets {
    pub(crate) designated: [Charset; 4],
    pub(crate) level: usize,
    /// DECRC brings one back without designating it.
    pub(crate) current: Charset,
}

impl Charsets {
    fn designate(&mut self, level: usize, charset: Charset) {
        self.designated[level] = charset;
        if self.level == level {
            self.current = charset;
        }
    }

    fn use_level(&mut self, level: usize) {
        self.level = level;
        self.current = self.designated[level];
    }
}

/// Colours that the program set (OSC 4, 10, 11, 12), `0xRRGGBB`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) indexed: BTreeMap<u8, u32>,
    pub(crate) special: [Option<u32>; 3],
}

/// A terminal's whole state, but for the parser's.
#[derive(Debug)]
pub(crate) struct Emulator {
    pub(crate) settings: Settings,
    pub(crate) cols: usize,
    pub(crate) rows: usize,
    pub(crate) normal: Buffer,
    pub(crate) alternate: Buffer,
    pub(crate) shown: Kind,
    pub(crate) styles: Styles,
    pub(crate) pen: Pen,
    pub(crate) charsets: Charsets,
    pub(crate) modes: Modes,
    pub(crate) palette: Palette,
    pub(crate) colours: Option<Colours>,
    /// Those of the viewer's theme, else xterm.js's.
    pub(crate) sixteen: Sixteen,
    pub(crate) title: String,
    pub(crate) titles: VecDeque<String>,
    /// Properties of the character printed last ([`crate::width::join`]); 0 behind anything else.
    pub(crate) join: u32,
    pub(crate) signals: Vec<Signal>,
}

impl Emulator {
    pub(crate) fn new(size: Size, settings: Settings) -> Self {
        let (cols, rows) = dimensions(size);
        Self {
            settings,
            cols,
            rows,
            normal: Buffer::new(Kind::Normal, cols, rows, settings.scrollback),
            alternate: Buffer::new(Kind::Alternate, cols, rows, 0),
            shown: Kind::Normal,
            styles: Styles::default(),
            pen: Pen::default(),
            charsets: Charsets::default(),
            modes: Modes::default(),
            palette: Palette::default(),
            colours: None,
            sixteen: crate::colour::SIXTEEN,
            title: String::new(),
            titles: VecDeque::new(),
            join: 0,
            signals: Vec::new(),
        }
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        match self.shown {
            Kind::Normal => &self.normal,
            Kind::Alternate => &self.alternate,
        }
    }

    pub(crate) fn buffer_mut(&mut self) -> &mut Buffer {
        match self.shown {
            Kind::Normal => &mut self.normal,
            Kind::Alternate => &mut self.alternate,
        }
    }

    pub(crate) fn resize(&mut self, size: Size) {
        let old = (self.cols, self.rows);
        let new = dimensions(size);
        if old != new {
            self.normal.resize(old, new, &mut self.styles);
            self.alternate.resize(old, new, &mut self.styles);
            (self.cols, self.rows) = new;
        }
    }

    /// What erasing leaves.
    fn erased(&self) -> Cell {
        Buffer::erased(self.pen.look())
    }

    fn scroll(&mut self, wrapped: bool) {
        let (cols, fill) = (self.cols, self.erased());
        let buffer = match self.shown {
            Kind::Normal => &mut self.normal,
            Kind::Alternate => &mut self.alternate,
        };
        buffer.scroll(cols, fill, wrapped, &self.styles);
    }

    /// RIS. What xterm.js leaves as it was stays: a hidden cursor, LNM, a blinking cursor's setting.
    fn reset(&mut self) {
        let (cols, rows) = (self.cols, self.rows);
        self.normal = Buffer::new(Kind::Normal, cols, rows, self.settings.scrollback);
        self.alternate = Buffer::new(Kind::Alternate, cols, rows, 0);
        self.show(Kind::Normal);
        self.pen = Pen::default();
        self.charsets = Charsets::default();
        self.modes.reset_all();
    }

    fn soft_reset(&mut self) {
        let rows = self.rows;
        self.modes.soft_reset();
        self.pen = Pen::default();
        self.charsets = Charsets::default();
        let buffer = self.buffer_mut();
        (buffer.top, buffer.bottom) = (0, rows - 1);
        buffer.saved = Saved {
            line: buffer.history.len(),
            ..Saved::default()
        };
    }

    fn show(&mut self, kind: Kind) {
        if self.shown != kind {
            self.shown = kind;
            self.signals
                .push(Signal::AlternateScreen(kind == Kind::Alternate));
        }
    }

    fn save_cursor(&mut self) {
        let (pen, charset) = (self.pen, self.charsets.current);
        let buffer = self.buffer_mut();
        buffer.saved = Saved {
            x: buffer.x,
            line: buffer.history.len() + buffer.y,
            fg: pen.fg,
            bg: pen.bg,
            charset,
        };
    }

    fn restore_cursor(&mut self) {
        let buffer = self.buffer_mut();
        let saved = buffer.saved;
        buffer.x = saved.x;
        buffer.y = saved.line.saturating_sub(buffer.history.len());
        (self.pen.fg, self.pen.bg) = (saved.fg, saved.bg);
        self.renumber_pen();
        self.charsets.current = saved.charset;
        self.keep_cursor_inside();
    }

    /// Says which number the pen's extended look has, if cells need it.
    fn renumber_pen(&mut self) {
        if self.pen.bg & crate::cell::EXTENDED != 0 {
            self.pen.number = self.styles.extended_number(self.pen.extended);
        }
    }

    /// Throws away looks, links and clusters that nothing refers to any more.
    pub(crate) fn collect_styles(&mut self) {
        if !self.styles.is_crowded() {
            return;
        }
        let mut old = std::mem::take(&mut self.styles);
        let mut new = Styles::default();
        for buffer in [&mut self.normal, &mut self.alternate] {
            let mut history = crate::history::History::new(buffer.history.max_lines());
            for at in 0..buffer.history.len() {
                let row = buffer.history.get(at, &mut old);
                history.push(&renumbered(&row, &old, &mut new), &new);
            }
            buffer.history = history;
            for row in &mut buffer.rows {
                *row = renumbered(row, &old, &mut new);
            }
        }
        if let Some(link) = old.link(self.pen.extended.link) {
            self.pen.extended.link = new.link_number(link.clone());
        }
        self.styles = new;
        self.renumber_pen();
        self.styles.collected();
    }

    pub(crate) fn reply(&mut self, reply: impl Into<Vec<u8>>) {
        self.signals.push(Signal::Reply(reply.into()));
    }
}

fn renumbered(row: &Row, old: &Styles, new: &mut Styles) -> Row {
    row.map(|cell| cell.renumbered(old, new))
}

/// Columns and rows within what a terminal can have.
fn dimensions(size: Size) -> (usize, usize) {
    use bowline_protocol::limits::{COLS, ROWS};
    let cols = size.cols.clamp(*COLS.start(), *COLS.end());
    let rows = size.rows.clamp(*ROWS.start(), *ROWS.end());
    (cols.into(), rows.into())
}

impl Handler for Emulator {
    fn prints(&mut self) {
        self.begin_printing();
    }

    fn print_ascii(&mut self, text: &[u8]) {
        self.print_text(text);
    }

    fn print(&mut self, code: u32) {
        self.print_code(code);
    }

    fn printed(&mut self) {
        self.end_printing();
    }

    fn execute(&mut self, code: u8) {
        match code {
            0x07 => self.signals.push(Signal::Bell),
            0x08 => self.backspace(),
            0x09 => self.tab(),
            0x0a..=0x0c => self.line_feed(),
            0x0d => self.buffer_mut().x = 0,
            0x0e => self.charsets.use_level(1),
            0x0f => self.charsets.use_level(0),
            0x84 => self.index(),
            0x85 => self.next_line(),
            0x88 => self.set_tab(),
            _ => {}
        }
        self.join = 0;
    }

    fn csi(&mut self, ident: u32, params: &Params) {
        let ident = split(ident);
        let known = self.move_cursor(ident, params)
            || self.edit(ident, params)
            || self.set_modes(ident, params);
        if !known {
            match ident {
                (NONE, b'm') => self.select_look(params),
                (QUOTE, b'q') => self.select_protection(params.get(0)),
                (BANG, b'p') => self.soft_reset(),
                (SPACE, b'q') => self.modes.set_cursor_shape(params.get(0)),
                (NONE, b's') => self.save_cursor(),
                (NONE, b'u') => self.restore_cursor(),
                (NONE, b't') => self.window(params),
                _ => self.report(ident, params),
            }
        }
        self.join = 0;
    }

    fn esc(&mut self, ident: u32) {
        match split(ident) {
            (0, b'7') => self.save_cursor(),
            (0, b'8') => self.restore_cursor(),
            (0, b'D') => self.index(),
            (0, b'E') => self.next_line(),
            (0, b'H') => self.set_tab(),
            (0, b'M') => self.reverse_index(),
            (0, b'=') => self.modes.application_keypad = true,
            (0, b'>') => self.modes.application_keypad = false,
            (0, b'c') => self.reset(),
            (0, b'n' | b'}') => self.charsets.use_level(2),
            (0, b'o' | b'|') => self.charsets.use_level(3),
            (0, b'~') => self.charsets.use_level(1),
            (0x25, b'@' | b'G') => {
                self.charsets.use_level(0);
                self.charsets.designate(0, Charset::Ascii);
            }
            (0x23, b'8') => self.fill_with_e(),
            (set @ (0x28..=0x2b | 0x2d | 0x2e), letter) => {
                let level = match set {
                    0x28 => 0,
                    0x29 | 0x2d => 1,
                    0x2a | 0x2e => 2,
                    _ => 3,
                };
                if let Some(charset) = Charset::designated(letter) {
                    self.charsets.designate(level, charset);
                }
            }
            _ => {}
        }
        self.join = 0;
    }

    fn osc(&mut self, command: &[u8]) {
        self.command(command);
        self.join = 0;
    }

    fn dcs(&mut self, ident: u32, data: &[u8]) {
        self.device_control(ident, data);
        self.join = 0;
    }

    fn ended(&mut self) {
        self.join = 0;
    }
}
