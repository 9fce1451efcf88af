//! What a first visitor is told, and for how long. Pure.

/// Whether the hints are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Welcome {
    /// They aren't.
    Away,
    /// They came by themselves: they leave as soon as the terminal needs the room.
    First,
    /// Somebody asked for them.
    Asked,
}

/// A hint with its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    /// What can be done.
    pub(crate) words: &'static str,
    /// The command whose chord does it, by its name in the key table.
    pub(crate) command: &'static str,
}

/// What is worth knowing first, best first. A command that the table lacks is left out.
pub(crate) const HINTS: &[Hint] = &[
    Hint {
        words: "Every command",
        command: "palette",
    },
    Hint {
        words: "Your sessions, also those in no tab",
        command: "sessions",
    },
    Hint {
        words: "Another terminal",
        command: "new-tab",
    },
    Hint {
        words: "Two terminals side by side",
        command: "split-right",
    },
    Hint {
        words: "All keys",
        command: "shortcuts",
    },
];

/// Agents, with what is typed for each.
pub(crate) const AGENTS: [(&str, &str); 4] = [
    ("Claude Code", "claude"),
    ("Codex", "codex"),
    ("Gemini", "gemini"),
    ("OpenCode", "opencode"),
];

/// Whether a terminal leaves room: its text in lines, its rows, and how far down the hints begin, of 1.
#[cfg(any(feature = "hydrate", test))]
pub(crate) fn leaves_room(text: &str, rows: u16, begin: f64) -> bool {
    let used = text.trim_end().lines().count();
    // One line stays free between them.
    (used + 1) as f64 <= f64::from(rows) * begin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_never_covered() {
        assert!(leaves_room("$ \n\n\n", 24, 0.4));
        let motd = "line\n".repeat(9);
        assert!(!leaves_room(&motd, 24, 0.4));
        assert!(leaves_room(&motd, 60, 0.4));
        // The hints reach to the top.
        assert!(!leaves_room("$", 24, 0.0));
    }
}
