//! Modes: what is switched on and off, and where each is asked for.

use super::{Emulator, Ident, NONE, PRIVATE};
use crate::charset::Charset;
use crate::params::Params;
use crate::signal::Signal;

/// Which mouse events the program wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum MouseProtocol {
    #[default]
    None,
    X10,
    Vt200,
    Drag,
    Any,
}

impl MouseProtocol {
    /// The mode that switches it on.
    pub(crate) fn mode(self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::X10 => Some(9),
            Self::Vt200 => Some(1000),
            Self::Drag => Some(1002),
            Self::Any => Some(1003),
        }
    }
}

/// How mouse events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum MouseEncoding {
    #[default]
    Default,
    Sgr,
    SgrPixels,
}

/// What DECSCUSR chose, as its number: odd ones blink, 7 and 8 are of the user's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CursorShape(pub(crate) u8);

/// All modes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) insert: bool,
    /// LNM: a line feed is a new line.
    pub(crate) new_line: bool,
    pub(crate) application_cursor: bool,
    pub(crate) application_keypad: bool,
    pub(crate) bracketed_paste: bool,
    pub(crate) origin: bool,
    pub(crate) wraparound: bool,
    pub(crate) reverse_wraparound: bool,
    pub(crate) focus_reports: bool,
    pub(crate) synchronized: bool,
    pub(crate) cursor_hidden: bool,
    /// Mode 12, if the program ever chose.
    pub(crate) cursor_blink: Option<bool>,
    pub(crate) cursor_shape: Option<CursorShape>,
    pub(crate) mouse_protocol: MouseProtocol,
    pub(crate) mouse_encoding: MouseEncoding,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            insert: false,
            new_line: false,
            application_cursor: false,
            application_keypad: false,
            bracketed_paste: false,
            origin: false,
            wraparound: true,
            reverse_wraparound: false,
            focus_reports: false,
            synchronized: false,
            cursor_hidden: false,
            cursor_blink: None,
            cursor_shape: None,
            mouse_protocol: MouseProtocol::None,
            mouse_encoding: MouseEncoding::Default,
        }
    }
}

impl Modes {
    /// RIS: what xterm.js keeps is kept.
    pub(super) fn reset_all(&mut self) {
        *self = Self {
            new_line: self.new_line,
            cursor_hidden: self.cursor_hidden,
            cursor_blink: self.cursor_blink,
            ..Self::default()
        };
    }

    /// DECSTR: the mouse stays on.
    pub(super) fn soft_reset(&mut self) {
        *self = Self {
            new_line: self.new_line,
            cursor_blink: self.cursor_blink,
            mouse_protocol: self.mouse_protocol,
            mouse_encoding: self.mouse_encoding,
            ..Self::default()
        };
    }

    pub(super) fn set_cursor_shape(&mut self, number: i32) {
        self.cursor_shape = match (number, self.cursor_shape) {
            (0, _) => None,
            (1..=6, _) => Some(CursorShape(number as u8)),
            // An unknown one says only whether to blink.
            (_, before) => {
                let shape = before.map_or(8, |CursorShape(before)| before + before % 2);
                Some(CursorShape(shape - u8::from(number % 2 == 1)))
            }
        };
    }
}

impl Emulator {
    /// SM, RM, DECSET, DECRST. Says whether this was one.
    pub(super) fn set_modes(&mut self, ident: Ident, params: &Params) -> bool {
        let (is_private, on) = match ident {
            (NONE, b'h') => (false, true),
            (NONE, b'l') => (false, false),
            (PRIVATE, b'h') => (true, true),
            (PRIVATE, b'l') => (true, false),
            _ => return false,
        };
        for &mode in params.all() {
            match (is_private, mode) {
                (false, 4) => self.modes.insert = on,
                (false, 20) => self.modes.new_line = on,
                (true, _) => self.set_private(mode, on),
                _ => {}
            }
        }
        true
    }

    fn set_private(&mut self, mode: i32, on: bool) {
        let modes = &mut self.modes;
        match mode {
            1 => modes.application_cursor = on,
            2 if on => {
                for level in 0..4 {
                    self.charsets.designate(level, Charset::Ascii);
                }
            }
            6 => {
                modes.origin = on;
                self.set_cursor(0, 0);
            }
            7 => modes.wraparound = on,
            12 => modes.cursor_blink = Some(on),
            25 => modes.cursor_hidden = !on,
            45 => modes.reverse_wraparound = on,
            66 => modes.application_keypad = on,
            9 | 1000 | 1002 | 1003 => {
                modes.mouse_protocol = match mode {
                    _ if !on => MouseProtocol::None,
                    9 => MouseProtocol::X10,
                    1000 => MouseProtocol::Vt200,
                    1002 => MouseProtocol::Drag,
                    _ => MouseProtocol::Any,
                };
            }
            1004 => {
                modes.focus_reports = on;
                self.signals.push(Signal::FocusReports(on));
            }
            1006 | 1016 => {
                modes.mouse_encoding = match mode {
                    _ if !on => MouseEncoding::Default,
                    1006 => MouseEncoding::Sgr,
                    _ => MouseEncoding::SgrPixels,
                };
            }
            47 | 1047 if on => self.show_alternate(),
            47 | 1047 => self.show_normal(),
            1048 if on => self.save_cursor(),
            1048 => self.restore_cursor(),
            1049 if on => {
                self.save_cursor();
                self.show_alternate();
            }
            1049 => {
                self.show_normal();
                self.restore_cursor();
            }
            2004 => modes.bracketed_paste = on,
            2026 => modes.synchronized = on,
            _ => {}
        }
    }
}
