//! Access: the part of the settings for who hears the page, has fingers for a pointer, or wants it to stand still.

use serde::{Deserialize, Serialize};

/// When the row of keys that a screen's keyboard lacks is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyRow {
    /// Where fingers point.
    #[default]
    Automatic,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl KeyRow {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// What has that name.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "always" => Self::Always,
            "never" => Self::Never,
            _ => Self::Automatic,
        }
    }

    /// Whether it is shown, by whether fingers point.
    pub(crate) const fn is_shown(self, fingers: bool) -> bool {
        match self {
            Self::Automatic => fingers,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// What may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Motion {
    /// What the system says.
    #[default]
    System,
    /// As little as can be.
    Less,
}

impl Motion {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Less => "less",
        }
    }

    /// What has that name.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "less" => Self::Less,
            _ => Self::System,
        }
    }
}

/// The group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Access {
    /// Terminals say their text to screen readers.
    pub(crate) reader: bool,
    /// The row of keys.
    pub(crate) keys: KeyRow,
    /// What may move.
    pub(crate) motion: Motion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_known_by_their_names() {
        for choice in [KeyRow::Automatic, KeyRow::Always, KeyRow::Never] {
            assert_eq!(KeyRow::of(choice.name()), choice);
        }
        for choice in [Motion::System, Motion::Less] {
            assert_eq!(Motion::of(choice.name()), choice);
        }
    }

    #[test]
    fn fingers_decide_where_the_user_does_not() {
        for fingers in [true, false] {
            assert_eq!(KeyRow::Automatic.is_shown(fingers), fingers);
            assert!(KeyRow::Always.is_shown(fingers));
            assert!(!KeyRow::Never.is_shown(fingers));
        }
    }
}
