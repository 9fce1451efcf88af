//! The terminal: the part of the settings about its cursor, its lines and how it draws colours.

use serde::{Deserialize, Serialize};

/// Most lines that a page keeps above the screen.
pub(crate) const MAX_SCROLLBACK: u32 = 10_000;
/// Least lines that a page keeps above the screen.
pub(crate) const MIN_SCROLLBACK: u32 = 500;

/// What the cursor looks like, unless a program says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CursorShape {
    /// The whole cell.
    #[default]
    Block,
    /// A line before the character.
    Bar,
    /// A line below the character.
    Underline,
}

impl CursorShape {
    /// Its name, also xterm.js's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Bar => "bar",
            Self::Underline => "underline",
        }
    }

    /// The shape of that name.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "bar" => Self::Bar,
            "underline" => Self::Underline,
            _ => Self::Block,
        }
    }
}

/// The terminal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Screen {
    /// What the cursor looks like.
    pub(crate) cursor: CursorShape,
    /// Whether it blinks.
    pub(crate) blink: bool,
    /// How many lines are kept above the screen.
    pub(crate) scrollback: u32,
    /// The least contrast of text, by WCAG; 1 leaves colours as they are.
    pub(crate) contrast: f64,
    /// Whether bold text in one of the eight colours gets the bright one.
    pub(crate) bold_is_bright: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            cursor: CursorShape::default(),
            blink: true,
            scrollback: MAX_SCROLLBACK,
            contrast: 4.5,
            bold_is_bright: true,
        }
    }
}

impl Screen {
    /// With every value inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            scrollback: self.scrollback.clamp(MIN_SCROLLBACK, MAX_SCROLLBACK),
            contrast: self.contrast.clamp(1.0, 21.0),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_bounded() {
        let wild = Screen {
            scrollback: u32::MAX,
            contrast: 0.0,
            ..Screen::default()
        };
        let bounded = wild.bounded();
        assert_eq!(
            (bounded.scrollback, bounded.contrast),
            (MAX_SCROLLBACK, 1.0)
        );
    }

    #[test]
    fn shapes_are_known_by_their_names() {
        for shape in [CursorShape::Block, CursorShape::Bar, CursorShape::Underline] {
            assert_eq!(CursorShape::of(shape.name()), shape);
        }
    }
}
