//! What a stream of output says besides what it draws.

/// Something the program asked, announced or switched, in the order of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// The answer to a query, to be written to the program.
    Reply(Vec<u8>),
    /// The title (OSC 0, OSC 2, or taken back from the title stack).
    Title(String),
    /// The directory the program is in (OSC 7), a path.
    Cwd(String),
    /// BEL.
    Bell,
    /// A notification (OSC 9, 99, 777).
    Notification {
        /// Its title, where the sequence has one.
        title: Option<String>,
        /// What it says.
        body: String,
    },
    /// Progress of a task (OSC 9;4).
    Progress(Progress),
    /// Where prompts, commands and their output start and end (OSC 133).
    Prompt(PromptMark),
    /// What a program says of itself (OSC 7777;bowline;status=…): working, waiting, done, clear.
    Status(String),
    /// Whether the program wants to know about the focus (mode 1004).
    FocusReports(bool),
    /// Whether the alternate screen is shown.
    AlternateScreen(bool),
}

/// Progress of a task, in percent where it has a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No task, or it is over.
    None,
    /// So far.
    Normal(u8),
    /// Failed so far.
    Error(u8),
    /// Nobody knows how far.
    Indeterminate,
    /// Waits.
    Paused(u8),
}

/// A mark of shell integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptMark {
    /// A: the prompt starts.
    PromptStart,
    /// B: what the user types starts.
    CommandStart,
    /// C: the command runs, its output starts.
    OutputStart,
    /// D: the command ended.
    CommandEnd {
        /// Its exit status, if the shell said it.
        status: Option<i32>,
    },
}
