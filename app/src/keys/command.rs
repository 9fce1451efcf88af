//! Commands: everything that a chord, the command palette or a button can ask the page for. What each does
//! is `components::commands`'.

use crate::workspace::{Preset, Side, Step};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    /// Adds a tab.
    NewTab,
    /// Closes the active tab; its session goes on.
    CloseTab,
    /// Shows the tab to the right.
    NextTab,
    /// Shows the tab to the left.
    PreviousTab,
    /// Shows the nth tab, from 1; 9 is the last.
    JumpToTab(u8),
    /// Uses the next pane of the tab, or shows the next tab behind the last pane.
    NextTerminal,
    /// Opens the list of tabs.
    FindTab,
    /// Edits the active tab's name.
    RenameTab,
    /// Puts a new terminal to the right of the pane in use.
    SplitRight,
    /// Puts one below it.
    SplitDown,
    /// Closes the pane in use, and its tab with its last one; the session goes on.
    ClosePane,
    /// Gives the pane in use all the room of its tab, or takes it back.
    ZoomPane,
    /// Uses the next pane of the tab.
    NextPane,
    /// Uses the one before.
    PreviousPane,
    /// Uses the pane on a side.
    FocusSide(Side),
    /// Moves the divider at the edge of the pane in use to a side.
    PushDivider(Side),
    /// Gives all panes of the tab equal sizes.
    EqualSizes,
    /// Moves the pane in use into a tab of its own.
    PaneToNewTab,
    /// Moves the pane in use into the next tab, or the one before.
    PaneToTab(Step),
    /// Moves the pane in use to a side: it changes places with its neighbour there, or comes to stand there.
    MovePane(Side),
    /// Tabs to grid and back.
    ToggleGrid,
    /// Shows the grid in a size.
    Grid(Preset),
    /// Tabs or grid as the server is set, the grid as large as there are terminals.
    ResetView,
    /// Moves the active tab along the bar.
    MoveTab(Step),
    /// Opens the list of commands.
    Palette,
    /// Opens the session picker.
    Sessions,
    /// Opens the list of the keys.
    Shortcuts,
    /// Opens the settings.
    Settings,
    /// Makes text larger.
    LargerText,
    /// Makes text smaller.
    SmallerText,
    /// Makes text as large as on a fresh page.
    ResetText,
    /// Opens the link's details.
    Connection,
    /// Shows the first-run hints.
    Welcome,
    /// Opens or closes dictation.
    Dictate,
    /// Dark to light and back.
    ToggleTheme,
    /// Says terminals' text to screen readers, or no more.
    ToggleReader,
    /// Moves the keyboard to the next part of the page: bar, terminals, messages.
    NextRegion,
    /// The other way round.
    PreviousRegion,
    /// Copies the selection and clears it. Without a selection the key goes to the program.
    CopySelection,
    /// Copies the selection, if there is one; never goes to the program.
    Copy,
    /// Copies the selection with its colours.
    CopyHtml,
    /// Copies all that the terminal keeps.
    CopyAll,
    /// Selects all that the terminal keeps.
    SelectAll,
    /// Pastes.
    Paste,
    /// Looks for text in the terminal.
    Find,
    /// Sends files to the server.
    Upload,
    /// Gives the user all text of the terminal as a file.
    DownloadText,
    /// Gives the user a recording of the session as a file.
    DownloadRecording,
}

/// Where a command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Not while something lies over the terminals.
    Terminals,
    /// Also then: it opens or closes what lies there, or changes how the page looks.
    Everywhere,
}

impl Command {
    /// Where it works.
    pub(crate) const fn reach(self) -> Reach {
        match self {
            Self::Palette
            | Self::FindTab
            | Self::Sessions
            | Self::Shortcuts
            | Self::Settings
            | Self::Connection
            | Self::Dictate
            | Self::Welcome
            | Self::LargerText
            | Self::SmallerText
            | Self::ResetText
            | Self::ToggleTheme
            | Self::ToggleReader => Reach::Everywhere,
            _ => Reach::Terminals,
        }
    }
}
