//! The clipboard and links: the part of the settings about what is copied, what is asked before a paste, and what
//! the pointer's buttons do.

use serde::{Deserialize, Serialize};

/// Fewest lines of a paste that can be worth a question to a program that takes pastes as such.
pub(crate) const MIN_LINES: u32 = 2;
/// Most.
pub(crate) const MAX_LINES: u32 = 100_000;

/// What a click with the right button does in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RightClick {
    /// Opens the menu.
    #[default]
    Menu,
    /// Copies what is selected, else pastes.
    Paste,
}

impl RightClick {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Paste => "paste",
        }
    }

    /// What has that name.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "paste" => Self::Paste,
            _ => Self::Menu,
        }
    }
}

/// Which click opens a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LinkClick {
    /// One with Ctrl or Cmd held.
    #[default]
    Held,
    /// Any.
    Plain,
}

impl LinkClick {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Plain => "plain",
        }
    }

    /// What has that name.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "plain" => Self::Plain,
            _ => Self::Held,
        }
    }
}

/// The group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Clipboard {
    /// What the pointer selects is copied at once.
    pub(crate) on_select: bool,
    /// Programs may put text on the clipboard.
    pub(crate) programs: bool,
    /// The user is asked before lines are pasted.
    pub(crate) asks: bool,
    /// From so many lines on, also where the program takes a paste as such.
    pub(crate) many: u32,
    /// The right button.
    pub(crate) right_click: RightClick,
    /// Links.
    pub(crate) links: LinkClick,
}

impl Default for Clipboard {
    fn default() -> Self {
        Self {
            on_select: false,
            programs: true,
            asks: true,
            many: 1_000,
            right_click: RightClick::default(),
            links: LinkClick::default(),
        }
    }
}

impl Clipboard {
    /// With every value inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            many: self.many.clamp(MIN_LINES, MAX_LINES),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_bounded() {
        let wild = Clipboard {
            many: 0,
            ..Clipboard::default()
        };
        assert_eq!(wild.bounded().many, MIN_LINES);
    }

    #[test]
    fn choices_are_known_by_their_names() {
        for choice in [RightClick::Menu, RightClick::Paste] {
            assert_eq!(RightClick::of(choice.name()), choice);
        }
        for choice in [LinkClick::Held, LinkClick::Plain] {
            assert_eq!(LinkClick::of(choice.name()), choice);
        }
    }
}
