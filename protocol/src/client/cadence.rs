//! How long a poll asks to be held, and how long to wait before the next one. Pure.
//!
//! A poll cut unanswered halves the hold; when even the shortest is cut, short polls take over, at a pace
//! that depends on who is looking. Nobody is shown an error: a proxy that cuts long requests is not one.

/// Holds tried one after the other when polls are cut, milliseconds.
const HOLDS_MS: [u32; 5] = [20_000, 10_000, 5_000, 2_000, 1_000];

/// Who is looking at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Attention {
    /// The page is visible and has the keyboard.
    Focused,
    /// Visible beside something else.
    Visible,
    /// Nobody sees it.
    Hidden,
}

impl Attention {
    /// The original's pace of short polls, milliseconds.
    pub const fn pace_ms(self) -> u64 {
        match self {
            Self::Focused => 100,
            Self::Visible => 500,
            Self::Hidden => 2_000,
        }
    }
}

/// The present hold.
#[derive(Debug, Clone)]
pub struct Cadence {
    /// Position in [`HOLDS_MS`]; beyond its end = short polls.
    step: usize,
}

impl Cadence {
    /// Starts with the longest hold that is at most `hold_ms`.
    pub fn new(hold_ms: u32) -> Self {
        Self {
            step: HOLDS_MS.partition_point(|hold| *hold > hold_ms),
        }
    }

    /// A poll was held and cut before its answer.
    pub fn on_cut(&mut self) {
        self.step = (self.step + 1).min(HOLDS_MS.len());
    }

    /// Whether polls are no longer held.
    pub fn is_short(&self) -> bool {
        self.step >= HOLDS_MS.len()
    }

    /// The hold to ask for. Only a visible page holds a poll: browsers allow six connections per origin.
    pub fn hold_ms(&self, attention: Attention) -> u32 {
        match attention {
            Attention::Hidden => 0,
            Attention::Focused | Attention::Visible => {
                HOLDS_MS.get(self.step).copied().unwrap_or(0)
            }
        }
    }

    /// The pause after an answered poll before the next, milliseconds.
    pub fn pause_ms(&self, attention: Attention) -> u64 {
        if self.hold_ms(attention) == 0 {
            attention.pace_ms()
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_halve_the_hold_down_to_short_polls() {
        let mut cadence = Cadence::new(20_000);
        let mut holds = Vec::new();
        for _ in 0..7 {
            holds.push(cadence.hold_ms(Attention::Focused));
            cadence.on_cut();
        }
        assert_eq!(holds, [20_000, 10_000, 5_000, 2_000, 1_000, 0, 0]);
        assert_eq!(cadence.pause_ms(Attention::Focused), 100);
        assert_eq!(cadence.pause_ms(Attention::Visible), 500);
        assert_eq!(cadence.pause_ms(Attention::Hidden), 2_000);
    }

    #[test]
    fn a_hidden_page_holds_nothing() {
        let cadence = Cadence::new(20_000);
        assert_eq!(cadence.hold_ms(Attention::Hidden), 0);
        assert_eq!(cadence.pause_ms(Attention::Hidden), 2_000);
        assert_eq!(cadence.pause_ms(Attention::Visible), 0);
    }
}
