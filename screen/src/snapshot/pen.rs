//! Writes SGR and its kin: the shortest way from one look to the next.

use super::put;
use crate::cell::{
    BLINK, BOLD, COLOUR, COLOUR_KIND, COLOUR_VALUE, DIM, EXTENDED, Extended, INVERSE, INVISIBLE,
    ITALIC, Look, OVERLINE, PALETTE_16, PALETTE_256, PROTECTED, STRIKETHROUGH, UNDERLINE,
};
use crate::emulator::Pen;
use crate::styles::Styles;

const FG_FLAGS: [(u32, u8); 5] = [
    (BOLD, 1),
    (BLINK, 5),
    (INVERSE, 7),
    (INVISIBLE, 8),
    (STRIKETHROUGH, 9),
];
const BG_FLAGS: [(u32, u8); 3] = [(DIM, 2), (ITALIC, 3), (OVERLINE, 53)];

/// The pen of the terminal that is written to.
#[derive(Debug, Default)]
pub(super) struct PenWriter {
    fg: u32,
    bg: u32,
    extended: Extended,
    /// DECRC has brought the flags back that say whether there is an underline or a link, and left those as they were.
    /// SGR 0, underlines and links would bring flags and extension together again.
    is_loose: bool,
}

impl PenWriter {
    /// The background that erasing leaves now.
    pub(super) fn background(&self) -> u32 {
        self.bg & COLOUR
    }

    /// Makes characters look like this.
    pub(super) fn set(&mut self, look: Look, styles: &Styles, out: &mut Vec<u8>) {
        let extended = if look.bg & EXTENDED != 0 {
            styles.extended(look.extended)
        } else if look.fg & UNDERLINE != 0 {
            // As DECALN writes it.
            Extended::default()
        } else {
            // Without an underline its colour is never seen.
            Extended {
                underline_colour: self.extended.underline_colour,
                ..Extended::default()
            }
        };
        let shows_extension = look.bg & EXTENDED != 0 || look.fg & UNDERLINE != 0;
        if !shows_extension || extended == self.extended {
            self.stay_loose(look.fg, look.bg);
        } else {
            self.is_loose = false;
        }
        let extended = if self.is_loose {
            self.extended
        } else {
            extended
        };
        self.change(look.fg, look.bg, extended, styles, out);
    }

    /// Makes the pen this one, down to what no cell shows yet.
    pub(super) fn set_exactly(&mut self, pen: &Pen, styles: &Styles, out: &mut Vec<u8>) {
        self.stay_loose(pen.fg, pen.bg);
        let mut extended = pen.extended;
        if pen.fg & UNDERLINE != 0 && pen.bg & EXTENDED == 0 {
            // A line in the colour of the text.
            extended.underline_colour = 0;
        }
        self.change(pen.fg, pen.bg, extended, styles, out);
    }

    /// The pen stays loose if a look has the same of the two flags.
    fn stay_loose(&mut self, fg: u32, bg: u32) {
        self.is_loose &= (self.fg ^ fg) & UNDERLINE == 0 && (self.bg ^ bg) & EXTENDED == 0;
    }

    /// A plain pen, link and protection included.
    pub(super) fn plain(&mut self, out: &mut Vec<u8>) {
        let styles = Styles::default();
        self.change(0, 0, Extended::default(), &styles, out);
    }

    /// Becomes a pen whose flags don't say what its extension has, by way of DECRC, which restores `saved`.
    pub(super) fn restore(
        &mut self,
        pen: &Pen,
        saved: (u32, u32),
        styles: &Styles,
        out: &mut Vec<u8>,
    ) {
        let underline = if pen.extended.underline == 0 {
            0
        } else {
            UNDERLINE
        };
        self.change(underline, 0, pen.extended, styles, out);
        self.restored(saved, out);
        self.is_loose = true;
        self.extended = pen.extended;
    }

    /// DECRC, with `saved` saved.
    pub(super) fn restored(&mut self, saved: (u32, u32), out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b8");
        (self.fg, self.bg) = saved;
    }

    /// Takes flags away one by one.
    fn lose_flags(&mut self, fg: u32, bg: u32, out: &mut Vec<u8>) {
        const OFF: [(u32, u32, u8); 6] = [
            (BOLD, DIM, 22),
            (0, ITALIC, 23),
            (BLINK, 0, 25),
            (INVERSE, 0, 27),
            (INVISIBLE, 0, 28),
            (STRIKETHROUGH, 0, 29),
        ];
        for (fg_flag, bg_flag, code) in OFF {
            if self.fg & !fg & fg_flag != 0 || self.bg & !bg & bg_flag != 0 {
                put!(out, "\x1b[{code}m");
                self.fg &= !fg_flag;
                self.bg &= !bg_flag;
            }
        }
        if self.bg & !bg & OVERLINE != 0 {
            out.extend_from_slice(b"\x1b[55m");
            self.bg &= !OVERLINE;
        }
    }

    fn change(
        &mut self,
        fg: u32,
        bg: u32,
        mut extended: Extended,
        styles: &Styles,
        out: &mut Vec<u8>,
    ) {
        if self.is_loose {
            self.lose_flags(fg, bg, out);
        } else {
            // DECRC can leave a style without an underline, and the reverse, which is drawn as a single line.
            extended.underline = match fg & UNDERLINE {
                0 => 0,
                _ => extended.underline.max(1),
            };
        }
        if extended.link != self.extended.link {
            match styles.link(extended.link) {
                Some(link) => {
                    let id = link.id.as_deref();
                    let (key, id) = id.map_or(("", ""), |id| ("id=", id));
                    put!(out, "\x1b]8;{key}{id};{}\x1b\\", link.uri);
                }
                None => out.extend_from_slice(b"\x1b]8;;\x1b\\"),
            }
            self.extended.link = extended.link;
        }
        self.change_sgr(fg, bg, extended, out);
        if (bg ^ self.bg) & PROTECTED != 0 {
            put!(out, "\x1b[{}\"q", u8::from(bg & PROTECTED != 0));
        }
        self.fg = fg;
        self.bg = bg;
        self.extended = extended;
    }

    fn change_sgr(&mut self, fg: u32, bg: u32, extended: Extended, out: &mut Vec<u8>) {
        const FLAGS: u32 = !COLOUR & !UNDERLINE;
        let sgr_bg = |bg: u32| bg & !(EXTENDED | PROTECTED);
        let is_same = self.fg == fg
            && sgr_bg(self.bg) == sgr_bg(bg)
            && self.extended.underline == extended.underline
            && self.extended.underline_colour == extended.underline_colour;
        if is_same {
            return;
        }
        out.extend_from_slice(b"\x1b[");
        let start = out.len();
        let loses_flags = self.fg & !fg & FLAGS != 0 || sgr_bg(self.bg) & !sgr_bg(bg) & FLAGS != 0;
        let loses_colour = self.extended.underline_colour != 0 && extended.underline_colour == 0;
        let mut number = |number: u32| {
            if out.len() > start {
                out.push(b';');
            }
            put!(out, "{number}");
        };
        let is_plain = fg == 0 && sgr_bg(bg) == 0 && extended.underline == 0;
        if (loses_flags || loses_colour || is_plain) && !self.is_loose {
            number(0);
            // Protection goes with it, the link stays.
            (self.fg, self.bg) = (0, 0);
            self.extended.underline = 0;
            self.extended.underline_colour = 0;
        }
        for (flag, code) in FG_FLAGS {
            if fg & !self.fg & flag != 0 {
                number(code.into());
            }
        }
        for (flag, code) in BG_FLAGS {
            if bg & !self.bg & flag != 0 {
                number(code.into());
            }
        }
        colour(self.fg, fg, 30, &mut number);
        colour(self.bg, bg, 40, &mut number);
        let underline_colour = extended.underline_colour;
        let mut separate = out.len() > start;
        let mut text = |text: std::fmt::Arguments<'_>| {
            if separate {
                out.push(b';');
            }
            separate = true;
            put!(out, "{text}");
        };
        let colour_changes = underline_colour != self.extended.underline_colour;
        if colour_changes && underline_colour != 0 {
            if underline_colour & COLOUR_KIND == PALETTE_256 {
                text(format_args!("58:5:{}", underline_colour & 0xff));
            } else {
                let [_, red, green, blue] = underline_colour.to_be_bytes();
                text(format_args!("58:2::{red}:{green}:{blue}"));
            }
        }
        let was = (self.fg & UNDERLINE, self.extended.underline);
        let becomes = (fg & UNDERLINE, extended.underline);
        if was != becomes || (colour_changes && extended.underline != 0) {
            match becomes {
                (0, _) => text(format_args!("24")),
                (_, 1) => text(format_args!("4")),
                (_, style) => text(format_args!("4:{style}")),
            }
        }
        out.push(b'm');
    }
}

/// One of the two colours. `base` is 30 or 40.
fn colour(from: u32, to: u32, base: u32, number: &mut impl FnMut(u32)) {
    if from & COLOUR == to & COLOUR {
        return;
    }
    let value = to & COLOUR_VALUE;
    match to & COLOUR_KIND {
        0 => number(base + 9),
        PALETTE_16 if value < 8 => number(base + value),
        PALETTE_16 => number(base + 60 + (value & 7)),
        PALETTE_256 => {
            number(base + 8);
            number(5);
            number(value & 0xff);
        }
        _ => {
            number(base + 8);
            number(2);
            let [_, red, green, blue] = value.to_be_bytes();
            number(red.into());
            number(green.into());
            number(blue.into());
        }
    }
}
