//! What a pane says about how its session is shown: whose size rules, who may type, why output waits.

use bowline_protocol::frame::{Role, Size};

/// How one pane shows its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// What this page may do there.
    pub(crate) role: Role,
    /// Whose size rules.
    pub(crate) ruler: Ruler,
    /// The terminal's size.
    pub(crate) size: Option<Size>,
    /// The size that would fill the pane.
    pub(crate) wish: Option<Size>,
    /// Why output waits, if it does.
    pub(crate) held: Option<Held>,
}

/// Whose size rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruler {
    /// This pane's.
    Here,
    /// That of another window.
    Elsewhere,
}

/// Why output waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The user looks at something further up.
    Scrolled,
    /// The user has selected something.
    Selected,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            role: Role::Writer,
            ruler: Ruler::Here,
            size: None,
            wish: None,
            held: None,
        }
    }
}

impl Look {
    /// Whether the terminal does not fill the pane, because another window's size rules.
    pub(crate) fn is_foreign(&self) -> bool {
        let elsewhere = self.ruler == Ruler::Elsewhere || self.role == Role::Reader;
        elsewhere && self.size.is_some() && self.size != self.wish
    }

    /// What is said about the size.
    pub(crate) fn size_note(&self) -> Option<String> {
        let size = self.size.filter(|_| self.is_foreign())?;
        let (cols, rows) = (size.cols, size.rows);
        Some(format!("Sized by another window: {cols}\u{d7}{rows}"))
    }

    /// What is said about output that waits.
    pub(crate) fn held_note(&self) -> Option<&'static str> {
        self.held.map(|held| match held {
            Held::Scrolled => "New output below",
            Held::Selected => "Output waits for the selection",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { cols: 80, rows: 24 };
    const LARGE: Size = Size {
        cols: 120,
        rows: 40,
    };

    #[test]
    fn anothers_size_is_said_if_it_differs() {
        let mut look = Look {
            ruler: Ruler::Elsewhere,
            size: Some(LARGE),
            wish: Some(SMALL),
            ..Look::default()
        };
        let note = look.size_note();
        assert_eq!(
            note.as_deref(),
            Some("Sized by another window: 120\u{d7}40")
        );
        look.wish = Some(LARGE);
        assert_eq!(look.size_note(), None);
        look.wish = Some(SMALL);
        look.ruler = Ruler::Here;
        // On its way to our size.
        assert_eq!(look.size_note(), None);
    }

    #[test]
    fn a_reader_rules_no_size() {
        let look = Look {
            role: Role::Reader,
            size: Some(LARGE),
            wish: Some(SMALL),
            ..Look::default()
        };
        assert!(look.is_foreign());
    }
}
