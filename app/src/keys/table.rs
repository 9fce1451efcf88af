//! The key table: every command with its name, title and default chords. One table for the keyboard, the
//! palette, the tooltips and the dialog of shortcuts. Each has a default that reaches the page in every
//! browser, and it stands first: [`super::reserved`] tests it.

use super::chord::{ALT_SHIFT, CTRL, CTRL_SHIFT, Chord, Modifiers, NONE, SHIFT};
use super::command::Command::{self, *};
use crate::workspace::{Preset, Side, Step};

/// Where a command belongs, as people look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Tabs.
    Tabs,
    /// Panes.
    Panes,
    /// The page as a whole.
    Window,
    /// What is in a terminal.
    Terminal,
}

impl Group {
    /// As a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Tabs => "Tabs",
            Self::Panes => "Panes",
            Self::Window => "Window",
            Self::Terminal => "Terminal",
        }
    }
}

/// One command.
pub(crate) struct Entry {
    /// Which.
    pub(crate) command: Command,
    /// Its name in saved settings: never changed.
    pub(crate) id: &'static str,
    /// Where it belongs.
    pub(crate) group: Group,
    /// What it does.
    pub(crate) title: &'static str,
    /// How it is asked for unless the user says otherwise, best first.
    pub(crate) chords: &'static [Chord],
}

const fn entry(
    command: Command,
    id: &'static str,
    (group, title): (Group, &'static str),
    chords: &'static [Chord],
) -> Entry {
    Entry {
        command,
        id,
        group,
        title,
        chords,
    }
}

const fn ctrl(code: &'static str) -> Chord {
    Chord::of(CTRL, code)
}

const fn ctrl_shift(code: &'static str) -> Chord {
    Chord::of(CTRL_SHIFT, code)
}

const fn ctrl_alt_shift(code: &'static str) -> Chord {
    let held = Modifiers {
        alt: true,
        ..CTRL_SHIFT
    };
    Chord::of(held, code)
}

const fn alt_shift(code: &'static str) -> Chord {
    Chord::of(ALT_SHIFT, code)
}

use Group::{Panes, Tabs, Terminal, Window};

const fn plain(code: &'static str) -> Chord {
    Chord::of(NONE, code)
}

const fn shift(code: &'static str) -> Chord {
    Chord::of(SHIFT, code)
}

/// All commands of the page, by group.
#[rustfmt::skip]
pub(crate) const TABLE: &[Entry] = &[
    entry(NewTab, "new-tab", (Tabs, "New tab"), &[alt_shift("KeyT"), ctrl_shift("KeyT")]),
    entry(CloseTab, "close-tab", (Tabs, "Close tab (its sessions go on)"), &[alt_shift("KeyQ")]),
    entry(NextTab, "next-tab", (Tabs, "Next tab"), &[alt_shift("BracketRight"), ctrl_shift("BracketRight")]),
    entry(PreviousTab, "previous-tab", (Tabs, "Previous tab"), &[alt_shift("BracketLeft"), ctrl_shift("BracketLeft")]),
    entry(JumpToTab(1), "tab-1", (Tabs, "Go to tab 1"), &[alt_shift("Digit1"), ctrl_shift("Digit1")]),
    entry(JumpToTab(2), "tab-2", (Tabs, "Go to tab 2"), &[alt_shift("Digit2"), ctrl_shift("Digit2")]),
    entry(JumpToTab(3), "tab-3", (Tabs, "Go to tab 3"), &[alt_shift("Digit3"), ctrl_shift("Digit3")]),
    entry(JumpToTab(4), "tab-4", (Tabs, "Go to tab 4"), &[alt_shift("Digit4"), ctrl_shift("Digit4")]),
    entry(JumpToTab(5), "tab-5", (Tabs, "Go to tab 5"), &[alt_shift("Digit5"), ctrl_shift("Digit5")]),
    entry(JumpToTab(6), "tab-6", (Tabs, "Go to tab 6"), &[alt_shift("Digit6"), ctrl_shift("Digit6")]),
    entry(JumpToTab(7), "tab-7", (Tabs, "Go to tab 7"), &[alt_shift("Digit7"), ctrl_shift("Digit7")]),
    entry(JumpToTab(8), "tab-8", (Tabs, "Go to tab 8"), &[alt_shift("Digit8"), ctrl_shift("Digit8")]),
    entry(JumpToTab(9), "tab-9", (Tabs, "Go to the last tab"), &[alt_shift("Digit9"), ctrl_shift("Digit9")]),
    entry(MoveTab(Step::Previous), "move-tab-left", (Tabs, "Move tab to the left"), &[ctrl_alt_shift("BracketLeft")]),
    entry(MoveTab(Step::Next), "move-tab-right", (Tabs, "Move tab to the right"), &[ctrl_alt_shift("BracketRight")]),
    entry(NextTerminal, "next-terminal", (Tabs, "Next terminal: pane, then tab"), &[alt_shift("KeyN"), ctrl_shift("KeyN")]),
    entry(FindTab, "find-tab", (Tabs, "Find a tab"), &[alt_shift("KeyA")]),
    entry(RenameTab, "rename-tab", (Tabs, "Rename tab"), &[alt_shift("KeyR")]),
    entry(SplitRight, "split-right", (Panes, "Split right"), &[alt_shift("KeyD")]),
    entry(SplitDown, "split-down", (Panes, "Split down"), &[alt_shift("KeyE")]),
    entry(ClosePane, "close-pane", (Panes, "Close pane, with the last one the tab (sessions go on)"), &[alt_shift("KeyW"), ctrl_shift("KeyW")]),
    entry(ZoomPane, "zoom-pane", (Panes, "Zoom pane, or show all"), &[alt_shift("KeyZ")]),
    entry(NextPane, "next-pane", (Panes, "Next pane"), &[alt_shift("KeyO")]),
    entry(PreviousPane, "previous-pane", (Panes, "Previous pane"), &[alt_shift("KeyU")]),
    entry(FocusSide(Side::Left), "pane-left", (Panes, "Pane to the left"), &[alt_shift("ArrowLeft")]),
    entry(FocusSide(Side::Right), "pane-right", (Panes, "Pane to the right"), &[alt_shift("ArrowRight")]),
    entry(FocusSide(Side::Up), "pane-up", (Panes, "Pane above"), &[alt_shift("ArrowUp")]),
    entry(FocusSide(Side::Down), "pane-down", (Panes, "Pane below"), &[alt_shift("ArrowDown")]),
    entry(PushDivider(Side::Left), "divider-left", (Panes, "Move the divider left"), &[alt_shift("Home")]),
    entry(PushDivider(Side::Right), "divider-right", (Panes, "Move the divider right"), &[alt_shift("End")]),
    entry(PushDivider(Side::Up), "divider-up", (Panes, "Move the divider up"), &[alt_shift("PageUp")]),
    entry(PushDivider(Side::Down), "divider-down", (Panes, "Move the divider down"), &[alt_shift("PageDown")]),
    entry(EqualSizes, "equal-sizes", (Panes, "Equal sizes"), &[alt_shift("Backslash")]),
    entry(PaneToNewTab, "pane-to-new-tab", (Panes, "Move the pane to a tab of its own"), &[alt_shift("KeyM")]),
    entry(PaneToTab(Step::Previous), "pane-to-previous-tab", (Panes, "Move the pane into the previous tab"), &[ctrl_alt_shift("Comma")]),
    entry(PaneToTab(Step::Next), "pane-to-next-tab", (Panes, "Move the pane into the next tab"), &[ctrl_alt_shift("Period")]),
    entry(MovePane(Side::Left), "move-pane-left", (Panes, "Move the pane to the left"), &[ctrl_alt_shift("Home")]),
    entry(MovePane(Side::Right), "move-pane-right", (Panes, "Move the pane to the right"), &[ctrl_alt_shift("End")]),
    entry(MovePane(Side::Up), "move-pane-up", (Panes, "Move the pane up"), &[ctrl_alt_shift("PageUp")]),
    entry(MovePane(Side::Down), "move-pane-down", (Panes, "Move the pane down"), &[ctrl_alt_shift("PageDown")]),
    entry(ToggleGrid, "toggle-grid", (Panes, "Tabs or grid"), &[alt_shift("KeyG")]),
    entry(Grid(Preset::Single), "grid-1", (Panes, "Grid of 1"), &[ctrl_alt_shift("Digit1")]),
    entry(Grid(Preset::Beside), "grid-2h", (Panes, "Grid of 2, side by side"), &[ctrl_alt_shift("Digit2")]),
    entry(Grid(Preset::Below), "grid-2v", (Panes, "Grid of 2, one below the other"), &[ctrl_alt_shift("Digit3")]),
    entry(Grid(Preset::Four), "grid-4", (Panes, "Grid of 4"), &[ctrl_alt_shift("Digit4")]),
    entry(Grid(Preset::Six), "grid-6", (Panes, "Grid of 6"), &[ctrl_alt_shift("Digit5")]),
    entry(Grid(Preset::Nine), "grid-9", (Panes, "Grid of 9"), &[ctrl_alt_shift("Digit6")]),
    entry(Grid(Preset::Twelve), "grid-12", (Panes, "Grid of 12"), &[ctrl_alt_shift("Digit7")]),
    entry(Grid(Preset::Sixteen), "grid-16", (Panes, "Grid of 16"), &[ctrl_alt_shift("Digit8")]),
    entry(Grid(Preset::Twenty), "grid-20", (Panes, "Grid of 20"), &[ctrl_alt_shift("Digit9")]),
    entry(ResetView, "reset-view", (Panes, "Tabs or grid as the server is set"), &[alt_shift("Backspace")]),
    entry(Palette, "palette", (Window, "Command palette"), &[alt_shift("KeyP"), ctrl_shift("KeyP")]),
    entry(Sessions, "sessions", (Window, "Sessions"), &[alt_shift("KeyS")]),
    entry(Settings, "settings", (Window, "Settings"), &[alt_shift("Comma"), ctrl("Comma")]),
    entry(LargerText, "larger-text", (Window, "Larger text"), &[ctrl("Equal"), ctrl("NumpadAdd"), alt_shift("Equal")]),
    entry(SmallerText, "smaller-text", (Window, "Smaller text"), &[ctrl("Minus"), ctrl("NumpadSubtract"), alt_shift("Minus")]),
    entry(ResetText, "reset-text", (Window, "Text of the usual size"), &[ctrl("Digit0"), ctrl("Numpad0"), alt_shift("Digit0")]),
    entry(Connection, "connection", (Window, "Connection"), &[alt_shift("KeyK")]),
    entry(Welcome, "welcome", (Window, "Welcome and first hints"), &[alt_shift("KeyH")]),
    entry(ToggleTheme, "toggle-theme", (Window, "Dark or light"), &[alt_shift("KeyL")]),
    entry(ToggleReader, "screen-reader", (Window, "Screen-reader mode"), &[alt_shift("KeyY")]),
    entry(Shortcuts, "shortcuts", (Window, "Keyboard shortcuts"), &[alt_shift("Slash")]),
    entry(NextRegion, "next-region", (Window, "Next part of the page, out of the terminal"), &[plain("F6"), alt_shift("KeyX")]),
    entry(PreviousRegion, "previous-region", (Window, "Previous part of the page"), &[shift("F6")]),
    entry(Copy, "copy", (Terminal, "Copy the selection"), &[ctrl_shift("KeyC")]),
    entry(CopySelection, "copy-or-interrupt", (Terminal, "Copy the selection, or interrupt without one"), &[ctrl("KeyC")]),
    entry(CopyHtml, "copy-html", (Terminal, "Copy the selection with its colours"), &[alt_shift("KeyC")]),
    entry(CopyAll, "copy-all", (Terminal, "Copy everything in the terminal"), &[ctrl_alt_shift("KeyC")]),
    entry(SelectAll, "select-all", (Terminal, "Select everything in the terminal"), &[ctrl_alt_shift("KeyA")]),
    entry(Paste, "paste", (Terminal, "Paste"), &[ctrl_shift("KeyV"), ctrl("KeyV")]),
    entry(Dictate, "dictate", (Terminal, "Dictate"), &[alt_shift("KeyV")]),
    entry(Find, "find", (Terminal, "Search the terminal"), &[ctrl_shift("KeyF"), alt_shift("KeyF")]),
    entry(Upload, "upload", (Terminal, "Upload files and type their paths"), &[ctrl_alt_shift("KeyU")]),
    entry(DownloadText, "download-text", (Terminal, "Download everything in the terminal as text"), &[ctrl_alt_shift("KeyS")]),
    entry(DownloadRecording, "download-recording", (Terminal, "Download a recording of the session"), &[ctrl_alt_shift("KeyR")]),
];

/// The entry of a command.
pub(crate) fn entry_of(command: Command) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.command == command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (&'static Entry, &'static Chord)> {
        let pairs = |entry: &'static Entry| entry.chords.iter().map(move |chord| (entry, chord));
        TABLE.iter().flat_map(pairs)
    }

    #[test]
    fn a_chord_means_one_thing_and_a_name_one_command() {
        for (at, (entry, chord)) in all().enumerate() {
            let taken = all().take(at).any(|(_, other)| other == chord);
            assert!(!taken, "{} of {} is there twice", chord.text(), entry.id);
        }
        for (at, entry) in TABLE.iter().enumerate() {
            let taken = TABLE[..at].iter().any(|other| other.id == entry.id);
            assert!(!taken, "{} is there twice", entry.id);
        }
    }

    #[test]
    fn plain_keys_and_programs_chords_are_left_alone() {
        for (entry, chord) in all() {
            let Modifiers {
                ctrl, alt, shift, ..
            } = chord.modifiers;
            // The clipboard's keys; and terminals have no code for Ctrl with the others, or none that another key
            // has not.
            let free = matches!(
                entry.command,
                CopySelection | Paste | Settings | LargerText | SmallerText | ResetText
            );
            // Full-screen programs get these two first: `Command::yields`.
            let regions = matches!(entry.command, NextRegion | PreviousRegion);
            assert!(shift || free || regions, "{}", entry.id);
            assert!(ctrl || alt || regions, "{}", entry.id);
            assert_eq!(chord.checked(), Ok(*chord), "{}", entry.id);
        }
    }
}
