//! Answers to queries. They say what the page's emulator can do, in its words: whoever asks talks to
//! both.

use super::{
    DOLLAR, Emulator, Ident, MouseEncoding, MouseProtocol, NONE, PRIVATE, PRIVATE_DOLLAR, SECONDARY,
};
use crate::buffer::Kind;
use crate::cell::PROTECTED;
use crate::params::Params;

/// Answer to XTVERSION: the emulator that draws.
const VERSION: &str = "\x1bP>|xterm.js(6.0.0)\x1b\\";

/// States of DECRPM.
const UNKNOWN: u8 = 0;
const SET: u8 = 1;
const RESET: u8 = 2;
const ALWAYS_SET: u8 = 3;
const ALWAYS_RESET: u8 = 4;

fn state(is_set: bool) -> u8 {
    if is_set { SET } else { RESET }
}

/// What DA1 answers: a VT220 that shows sixel (4) and colours (22). Programs draw pictures only where they find the 4, and
/// tmux looks for it only behind a 62 or more.
const ATTRIBUTES: &str = "\x1b[?62;4;22c";

impl Emulator {
    /// DA, DSR, DECRQM, XTVERSION.
    pub(super) fn report(&mut self, ident: Ident, params: &Params) {
        let first = params.get(0);
        match ident {
            (NONE, b'c') if first == 0 => self.reply(ATTRIBUTES),
            (SECONDARY, b'c') if first == 0 => self.reply("\x1b[>0;276;0c"),
            (SECONDARY, b'q') if first == 0 => self.reply(VERSION),
            (NONE, b'n') if first == 5 => self.reply("\x1b[0n"),
            (NONE | PRIVATE, b'n') if first == 6 => {
                let mark = if ident.0 == PRIVATE { "?" } else { "" };
                let buffer = self.buffer();
                let (x, y) = (buffer.x + 1, buffer.y + 1);
                self.reply(format!("\x1b[{mark}{y};{x}R"));
            }
            (DOLLAR, b'p') => {
                let state = self.ansi_mode(first);
                self.reply(format!("\x1b[{first};{state}$y"));
            }
            (PRIVATE_DOLLAR, b'p') => {
                let state = self.private_mode(first);
                self.reply(format!("\x1b[?{first};{state}$y"));
            }
            _ => {}
        }
    }

    fn ansi_mode(&self, mode: i32) -> u8 {
        match mode {
            2 => ALWAYS_RESET,
            4 => state(self.modes.insert),
            12 => ALWAYS_SET,
            20 => state(self.modes.new_line),
            _ => UNKNOWN,
        }
    }

    fn private_mode(&self, mode: i32) -> u8 {
        let modes = &self.modes;
        let mouse = |protocol| state(modes.mouse_protocol == protocol);
        let encoding = |encoding| state(modes.mouse_encoding == encoding);
        match mode {
            1 => state(modes.application_cursor),
            6 => state(modes.origin),
            7 => state(modes.wraparound),
            8 => ALWAYS_SET,
            67 | 1005 | 1015 => ALWAYS_RESET,
            9 => mouse(MouseProtocol::X10),
            12 => state(modes.cursor_blink.unwrap_or(self.settings.cursor_blink)),
            25 => state(!modes.cursor_hidden),
            45 => state(modes.reverse_wraparound),
            66 => state(modes.application_keypad),
            1000 => mouse(MouseProtocol::Vt200),
            1002 => mouse(MouseProtocol::Drag),
            1003 => mouse(MouseProtocol::Any),
            1004 => state(modes.focus_reports),
            1006 => encoding(MouseEncoding::Sgr),
            1016 => encoding(MouseEncoding::SgrPixels),
            1048 => SET,
            47 | 1047 | 1049 => state(self.shown == Kind::Alternate),
            2004 => state(modes.bracketed_paste),
            2026 => state(modes.synchronized),
            _ => UNKNOWN,
        }
    }

    /// DECRQSS.
    pub(super) fn device_control(&mut self, ident: u32, data: &[u8]) {
        const DECRQSS: u32 = (b'$' as u32) << 8 | b'q' as u32;
        if ident != DECRQSS {
            return;
        }
        let answer = match data {
            b"\"q" => format!("1$r{}\"q", u8::from(self.pen.bg & PROTECTED != 0)),
            b"\"p" => "1$r61;1\"p".to_owned(),
            b"r" => format!("1$r{};{}r", self.buffer().top + 1, self.buffer().bottom + 1),
            b"m" => "1$r0m".to_owned(),
            b" q" => {
                let blinks = self
                    .modes
                    .cursor_blink
                    .unwrap_or(self.settings.cursor_blink);
                format!("1$r{} q", 2 - u8::from(blinks))
            }
            _ => "0$r".to_owned(),
        };
        self.reply(format!("\x1bP{answer}\x1b\\"));
    }
}
