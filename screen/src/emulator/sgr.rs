//! How characters look from here on: SGR and DECSCA.

use super::Emulator;
use crate::cell::{
    BLINK, BOLD, COLOUR, DIM, EXTENDED, INVERSE, INVISIBLE, ITALIC, OVERLINE, PALETTE_16,
    PALETTE_256, PROTECTED, RGB, STRIKETHROUGH, UNDERLINE,
};
use crate::params::Params;

/// What SGR 59 sets: xterm.js stores all bits, which its renderer takes for white.
const NO_COLOUR: u32 = COLOUR;

impl Emulator {
    /// DECSCA.
    pub(super) fn select_protection(&mut self, how: i32) {
        match how {
            1 => self.pen.bg |= PROTECTED,
            0 | 2 => self.pen.bg &= !PROTECTED,
            _ => {}
        }
    }

    /// Cells need the extended look, or no longer.
    pub(super) fn update_extended(&mut self) {
        if self.pen.extended.is_empty() {
            self.pen.bg &= !EXTENDED;
        } else {
            self.pen.bg |= EXTENDED;
        }
        self.renumber_pen();
    }

    fn underline(&mut self, style: i32) {
        // An unknown style is a single line.
        let style = u8::try_from(style)
            .ok()
            .filter(|&style| style <= 5)
            .unwrap_or(1);
        self.pen.extended.underline = style;
        if style == 0 {
            self.pen.fg &= !UNDERLINE;
        } else {
            self.pen.fg |= UNDERLINE;
        }
        self.update_extended();
    }

    /// SGR 0: all but the hyperlink.
    fn plain(&mut self) {
        self.pen.fg = 0;
        self.pen.bg = 0;
        self.pen.extended.underline = 0;
        self.pen.extended.underline_colour = 0;
        self.update_extended();
    }

    /// SGR.
    pub(super) fn select_look(&mut self, params: &Params) {
        let mut at = 0;
        while at < params.len() {
            let value = params.get(at);
            let pen = &mut self.pen;
            match value {
                0 => self.plain(),
                1 => pen.fg |= BOLD,
                2 => pen.bg |= DIM,
                3 => pen.bg |= ITALIC,
                4 => self.underline(params.subs(at).first().copied().unwrap_or(1)),
                5 => pen.fg |= BLINK,
                7 => pen.fg |= INVERSE,
                8 => pen.fg |= INVISIBLE,
                9 => pen.fg |= STRIKETHROUGH,
                21 => self.underline(2),
                22 => {
                    pen.fg &= !BOLD;
                    pen.bg &= !DIM;
                }
                23 => pen.bg &= !ITALIC,
                24 => self.underline(0),
                25 => pen.fg &= !BLINK,
                27 => pen.fg &= !INVERSE,
                28 => pen.fg &= !INVISIBLE,
                29 => pen.fg &= !STRIKETHROUGH,
                30..=37 => set(&mut pen.fg, PALETTE_16 | (value - 30) as u32),
                90..=97 => set(&mut pen.fg, PALETTE_16 | (value - 90) as u32 | 8),
                39 => set(&mut pen.fg, 0),
                40..=47 => set(&mut pen.bg, PALETTE_16 | (value - 40) as u32),
                100..=107 => set(&mut pen.bg, PALETTE_16 | (value - 100) as u32 | 8),
                49 => set(&mut pen.bg, 0),
                53 => pen.bg |= OVERLINE,
                55 => pen.bg &= !OVERLINE,
                38 | 48 | 58 => at += self.colour(params, at),
                59 => {
                    pen.extended.underline_colour = NO_COLOUR;
                    self.update_extended();
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// SGR 38, 48 and 58, with semicolons or colons, with or without a colour space. Returns how many
    /// parameters it took beyond its own.
    fn colour(&mut self, params: &Params, at: usize) -> usize {
        // target, kind, colour space, three values
        let mut slots = [0, 0, -1, 0, 0, 0];
        let mut space = 0;
        let mut advance = 0;
        loop {
            slots[advance + space] = params.get(at + advance);
            let subs = params.subs(at + advance);
            if !subs.is_empty() {
                for (number, &sub) in subs.iter().enumerate() {
                    if slots[1] == 5 {
                        space = 1;
                    }
                    let Some(slot) = slots.get_mut(advance + number + 1 + space) else {
                        break;
                    };
                    *slot = sub;
                }
                break;
            }
            let is_known =
                (slots[1] == 5 && advance + space >= 2) || (slots[1] == 2 && advance + space >= 5);
            if is_known {
                break;
            }
            if slots[1] != 0 {
                space = 1;
            }
            advance += 1;
            if at + advance >= params.len() || advance + space >= slots.len() {
                break;
            }
        }
        let value = |slot: usize| (slots[slot].max(0) & 0xff) as u32;
        let colour = match slots[1] {
            2 => Some(RGB | value(3) << 16 | value(4) << 8 | value(5)),
            5 => Some(PALETTE_256 | value(3)),
            _ => None,
        };
        if let Some(colour) = colour {
            match slots[0] {
                38 => set(&mut self.pen.fg, colour),
                48 => set(&mut self.pen.bg, colour),
                _ => {
                    self.pen.extended.underline_colour = colour;
                    self.renumber_pen();
                }
            }
        }
        advance
    }
}

fn set(target: &mut u32, colour: u32) {
    *target = *target & !COLOUR | colour;
}
