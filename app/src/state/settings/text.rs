//! Text: the part of the settings about fonts.

use serde::{Deserialize, Serialize};

/// Least text size, CSS pixels.
pub(crate) const MIN_SIZE: u8 = 8;
/// Most text size, CSS pixels.
pub(crate) const MAX_SIZE: u8 = 32;
/// Text size, unless the user says otherwise.
const SIZE: u8 = 14;
/// The same in a window as wide as a 4K screen without scaling.
const LARGE_SIZE: u8 = 17;
/// The width from which on text is large, CSS pixels; the style sheet's last step.
const LARGE_FROM: f64 = 2_400.0;
/// What systems have, behind the chosen font.
const SYSTEM: &str = "ui-monospace, \"SF Mono\", Menlo, Consolas, \"DejaVu Sans Mono\", monospace";

/// A font. All but the system's come with the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Family {
    /// JetBrains Mono.
    #[default]
    JetbrainsMono,
    /// Fira Code.
    FiraCode,
    /// Cascadia Code.
    CascadiaCode,
    /// Source Code Pro.
    SourceCodePro,
    /// IBM Plex Mono.
    IbmPlexMono,
    /// What the system has.
    System,
}

impl Family {
    /// All of them, in the order shown.
    pub(crate) const ALL: [Self; 6] = [
        Self::JetbrainsMono,
        Self::FiraCode,
        Self::CascadiaCode,
        Self::SourceCodePro,
        Self::IbmPlexMono,
        Self::System,
    ];

    /// Its name, for people; for all but the system's also in style sheets.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::JetbrainsMono => "JetBrains Mono",
            Self::FiraCode => "Fira Code",
            Self::CascadiaCode => "Cascadia Code",
            Self::SourceCodePro => "Source Code Pro",
            Self::IbmPlexMono => "IBM Plex Mono",
            Self::System => "System",
        }
    }

    /// The font of that name.
    pub(crate) fn of(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|family| family.name() == name).unwrap_or_default()
    }

    /// As style sheets want it, with what stands in for it.
    pub(crate) fn css(self) -> String {
        match self {
            Self::System => SYSTEM.to_owned(),
            _ => format!("\"{}\", {SYSTEM}", self.name()),
        }
    }
}

/// Text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Text {
    /// Which font.
    pub(crate) family: Family,
    /// How large, CSS pixels; by the window's width if nothing is said.
    pub(crate) size: Option<u8>,
    /// How high a line is, in sizes.
    pub(crate) line_height: f64,
    /// What is put between letters, CSS pixels.
    pub(crate) spacing: f64,
    /// Whether some characters are drawn as one where the font has that.
    pub(crate) ligatures: bool,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            family: Family::default(),
            size: None,
            line_height: 1.2,
            spacing: 0.0,
            ligatures: false,
        }
    }
}

impl Text {
    /// The size in a window of such a width.
    pub(crate) fn size_in(self, width: f64) -> u8 {
        let fresh = if width >= LARGE_FROM {
            LARGE_SIZE
        } else {
            SIZE
        };
        self.size.unwrap_or(fresh)
    }

    /// With every value inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            size: self.size.map(|size| size.clamp(MIN_SIZE, MAX_SIZE)),
            line_height: self.line_height.clamp(1.0, 2.0),
            spacing: self.spacing.clamp(-1.0, 4.0),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_page_has_larger_text_on_a_very_wide_screen() {
        let fresh = Text::default();
        assert_eq!((fresh.size_in(1_280.0), fresh.size_in(3_840.0)), (14, 17));
        let own = Text {
            size: Some(20),
            ..fresh
        };
        assert_eq!((own.size_in(1_280.0), own.size_in(3_840.0)), (20, 20));
    }

    #[test]
    fn sizes_are_bounded() {
        let wild = Text {
            size: Some(200),
            line_height: 9.0,
            spacing: -7.0,
            ..Text::default()
        };
        let bounded = wild.bounded();
        assert_eq!(
            (bounded.size, bounded.line_height, bounded.spacing),
            (Some(32), 2.0, -1.0)
        );
    }

    #[test]
    fn fonts_are_known_by_their_names() {
        for family in Family::ALL {
            assert_eq!(Family::of(family.name()), family);
        }
        assert!(Family::FiraCode.css().starts_with("\"Fira Code\", "));
        assert!(!Family::System.css().contains("System"));
    }
}
