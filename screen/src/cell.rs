//! One cell and how it looks. Colours and flags are packed as xterm.js packs them, because which of them
//! an erase, a save or a restore keeps together is behaviour that programs see.

use crate::styles::Styles;

/// How a cell looks: foreground with its flags, background with its flags, and a reference to what few
/// cells have ([`Extended`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) struct Look {
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    /// Number in [`crate::styles::Styles`]; 0 unless `bg` has [`EXTENDED`].
    pub(crate) extended: u32,
}

/// The value of a colour: 24 bits of RGB, or 8 of a palette.
pub(crate) const COLOUR_VALUE: u32 = 0x00ff_ffff;
/// Which kind of colour.
pub(crate) const COLOUR_KIND: u32 = 0x0300_0000;
/// One of the 16 colours of a theme.
pub(crate) const PALETTE_16: u32 = 0x0100_0000;
/// One of 256.
pub(crate) const PALETTE_256: u32 = 0x0200_0000;
/// Red, green, blue.
pub(crate) const RGB: u32 = 0x0300_0000;
/// Kind and value.
pub(crate) const COLOUR: u32 = COLOUR_KIND | COLOUR_VALUE;

// Flags beside the foreground.
pub(crate) const INVERSE: u32 = 1 << 26;
pub(crate) const BOLD: u32 = 1 << 27;
pub(crate) const UNDERLINE: u32 = 1 << 28;
pub(crate) const BLINK: u32 = 1 << 29;
pub(crate) const INVISIBLE: u32 = 1 << 30;
pub(crate) const STRIKETHROUGH: u32 = 1 << 31;

// Flags beside the background.
pub(crate) const ITALIC: u32 = 1 << 26;
pub(crate) const DIM: u32 = 1 << 27;
/// The cell has a look in [`crate::styles::Styles`] too.
pub(crate) const EXTENDED: u32 = 1 << 28;
pub(crate) const PROTECTED: u32 = 1 << 29;
pub(crate) const OVERLINE: u32 = 1 << 30;

/// What few cells have: an underline's style and colour, a hyperlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) struct Extended {
    /// 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
    pub(crate) underline: u8,
    /// Kind and value; 0 = the foreground's.
    pub(crate) underline_colour: u32,
    /// Number of the hyperlink; 0 = none.
    pub(crate) link: u32,
}

impl Extended {
    /// Whether cells need it.
    pub(crate) fn is_empty(self) -> bool {
        self.underline == 0 && self.link == 0
    }
}

const CODE: u32 = 0x001f_ffff;
const CLUSTER: u32 = 1 << 21;
const CONTENT: u32 = CODE | CLUSTER;
const WIDTH_SHIFT: u32 = 22;

/// One cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// A code point, or the number of a cluster; and the width: 0 behind a wide character, 1, or 2.
    content: u32,
    pub(crate) look: Look,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Char(char),
    /// Number of a cluster of several code points.
    Cluster(u32),
}

impl Cell {
    /// Never written, or erased in the default colour.
    pub(crate) const BLANK: Self = Self {
        content: 1 << WIDTH_SHIFT,
        look: Look {
            fg: 0,
            bg: 0,
            extended: 0,
        },
    };

    pub(crate) fn char(code: u32, width: u32, look: Look) -> Self {
        Self {
            content: code | width << WIDTH_SHIFT,
            look,
        }
    }

    pub(crate) fn cluster(number: u32, width: u32, look: Look) -> Self {
        Self {
            content: number | CLUSTER | width << WIDTH_SHIFT,
            look,
        }
    }

    /// Nothing, one cell wide.
    pub(crate) fn empty(look: Look) -> Self {
        Self {
            content: 1 << WIDTH_SHIFT,
            look,
        }
    }

    /// What follows a wide character.
    pub(crate) fn behind_wide(look: Look) -> Self {
        Self { content: 0, look }
    }

    pub(crate) fn width(self) -> u32 {
        self.content >> WIDTH_SHIFT
    }

    pub(crate) fn has_content(self) -> bool {
        self.content & CONTENT != 0
    }

    pub(crate) fn content(self) -> Content {
        if self.content & CLUSTER != 0 {
            Content::Cluster(self.content & CODE)
        } else {
            match char::from_u32(self.content & CODE) {
                None | Some('\0') => Content::Nothing,
                Some(char) => Content::Char(char),
            }
        }
    }

    /// A byte of ASCII one cell wide, if that is what it holds; 0 if it holds nothing.
    pub(crate) fn letter(self) -> Option<u8> {
        let code = self.content ^ 1 << WIDTH_SHIFT;
        u8::try_from(code)
            .ok()
            .filter(|code| matches!(code, 0 | 0x20..0x7f))
    }

    /// The same cell with numbers of other styles.
    pub(crate) fn renumbered(self, old: &Styles, new: &mut Styles) -> Self {
        let mut cell = self;
        if let Content::Cluster(number) = self.content() {
            let number = new.cluster_number(old.cluster(number));
            cell = Self::cluster(number, self.width(), self.look);
        }
        if self.look.bg & EXTENDED != 0 {
            let mut extended = old.extended(self.look.extended);
            extended.link = match old.link(extended.link) {
                Some(link) => new.link_number(link.clone()),
                None => 0,
            };
            cell.look.extended = new.extended_number(extended);
        }
        cell
    }

    pub(crate) fn is_protected(self) -> bool {
        self.look.bg & PROTECTED != 0
    }
}
