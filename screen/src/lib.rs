//! The server-side terminal emulator: bytes in; snapshots, answers to queries and signals out. It behaves
//! like the page's emulator (xterm.js 6 with our width table), so that a snapshot shown there and the
//! screen kept here are one. Pure: no IO, no clock, no threads.

mod buffer;
mod cell;
mod charset;
mod colour;
mod emulator;
mod history;
mod packed;
mod params;
mod parser;
mod reflow;
mod row;
mod signal;
mod snapshot;
mod styles;
mod tabs;
#[cfg(test)]
mod tests;
mod text;
mod utf8;
pub mod width;

use bowline_protocol::frame::{Colours, Sixteen, Size};

use crate::emulator::Emulator;
use crate::parser::Parser;
pub use crate::signal::{Progress, PromptMark, Signal};
pub use crate::snapshot::Snapshot;

/// What a screen is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Lines kept above the screen.
    pub scrollback: usize,
    /// Whether the page's cursor blinks when the program has no wish.
    pub cursor_blink: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scrollback: 10_000,
            cursor_blink: true,
        }
    }
}

/// How many of the lines above the screen are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The screen alone.
    None,
    /// At most so many, the youngest.
    Lines(usize),
    /// Every one kept.
    All,
}

/// Where the cursor is, from 0; `x` is the number of columns while a wrap is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Column.
    pub x: usize,
    /// Row of the screen.
    pub y: usize,
}

/// One emulated terminal.
#[derive(Debug)]
pub struct Screen {
    parser: Parser,
    emulator: Emulator,
}

impl Screen {
    /// A fresh terminal.
    pub fn new(size: Size, settings: Settings) -> Self {
        Self {
            parser: Parser::default(),
            emulator: Emulator::new(size, settings),
        }
    }

    /// Takes output, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.emulator, bytes);
        self.emulator.collect_styles();
    }

    /// The terminal has another size from here on.
    pub fn resize(&mut self, size: Size) {
        self.emulator.resize(size);
    }

    /// Columns and rows.
    pub fn size(&self) -> Size {
        // They come from a `Size`.
        Size {
            cols: self.emulator.cols as u16,
            rows: self.emulator.rows as u16,
        }
    }

    /// The colours of who looks, for the answers to colour queries.
    pub fn set_colours(&mut self, colours: Colours) {
        self.emulator.colours = Some(colours);
    }

    /// The 16 colours of who looks, for the answers to colour queries.
    pub fn set_sixteen(&mut self, sixteen: Sixteen) {
        self.emulator.sixteen = sixteen;
    }

    /// The colours of who looks, if they were ever said.
    pub fn colours(&self) -> Option<Colours> {
        self.emulator.colours
    }

    /// The 16 colours of who looks, else the usual ones.
    pub fn sixteen(&self) -> Sixteen {
        self.emulator.sixteen
    }

    /// What was said since the last call.
    pub fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.emulator.signals)
    }

    /// The title; empty when none was set.
    pub fn title(&self) -> &str {
        &self.emulator.title
    }

    /// Where the cursor is.
    pub fn cursor(&self) -> Cursor {
        let buffer = self.emulator.buffer();
        Cursor {
            x: buffer.x,
            y: buffer.y,
        }
    }

    /// Gives back memory that is held for the next flood.
    pub fn shrink(&mut self) {
        self.emulator.normal.shrink();
        self.emulator.alternate.shrink();
    }
}
