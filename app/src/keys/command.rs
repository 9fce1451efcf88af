//! Commands: everything that a chord, the command palette or a button can ask the page for. What each does
//! is `components::commands`'.

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
    /// Edits the active tab's name.
    RenameTab,
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
    /// Dark to light and back.
    ToggleTheme,
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
}
