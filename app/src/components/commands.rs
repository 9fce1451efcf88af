//! Does what commands ask for, whoever asks: a chord, the palette, a button. In the browser only.

use leptos::prelude::*;

use super::{clipboard, wiring};
use crate::keys::Command;
use crate::panes;
use crate::state::desk::{Desk, Overlay};
use crate::theme::browser as theme;
use crate::workspace::Workspace;

/// Does it.
pub(crate) fn run(desk: Desk, command: Command) {
    let active = || desk.peek(|workspace| workspace.active.clone());
    match command {
        Command::NewTab => desk.new_tab(),
        Command::CloseTab => {
            if let Some(tab) = active() {
                desk.close_tab(&tab);
            }
        }
        Command::NextTab => desk.step(Workspace::next),
        Command::PreviousTab => desk.step(Workspace::previous),
        Command::JumpToTab(nth) => desk.step(|workspace| workspace.jump(nth.into())),
        Command::RenameTab => desk.renaming.set(active()),
        Command::Sessions => desk.toggle(Overlay::Sessions),
        Command::Shortcuts => desk.toggle(Overlay::Shortcuts),
        Command::ToggleTheme => toggle_theme(),
        Command::Copy | Command::CopySelection => copy(),
        Command::Paste => {}
    }
}

/// Dark to light and back, terminals included.
pub(crate) fn toggle_theme() {
    theme::toggle();
    wiring::repaint();
}

fn copy() {
    let Some(emulator) = panes::shown_emulator() else {
        return;
    };
    if emulator.has_selection() {
        clipboard::write(&emulator.selection());
        emulator.clear_selection();
    }
}
