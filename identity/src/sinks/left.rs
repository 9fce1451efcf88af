//! Why a file is left as it is, for people. Never says what is in it: that may be a secret.

/// A file that was not merged into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Left {
    /// It does not have the form that its tool reads, or one that can't be changed safely.
    #[error("not readable as {format}{}: correct it, or move it away", at(.line))]
    Unreadable {
        /// What it should be.
        format: &'static str,
        /// Where it stops being that, counted from one.
        line: Option<usize>,
    },
    /// It would take too much memory.
    #[error("larger than 1 MiB: make it smaller, or move it away")]
    TooLarge,
    /// The tool was set up for something else, and the token has no business there.
    #[error("{key} is set up for something else than this workspace: remove it to have it set")]
    Elsewhere {
        /// What says so.
        key: &'static str,
    },
}

fn at(line: &Option<usize>) -> String {
    line.map_or(String::new(), |line| format!(" (line {line})"))
}

impl Left {
    /// Not what it should be.
    pub fn unreadable(format: &'static str) -> Self {
        Self::Unreadable { format, line: None }
    }

    /// Not what it should be.
    pub fn unreadable_at(format: &'static str, line: usize) -> Self {
        let line = Some(line);
        Self::Unreadable { format, line }
    }
}
