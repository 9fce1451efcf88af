//! Does what commands ask for, whoever asks: a chord, the palette, a button. In the browser only.

use std::time::Duration;

use leptos::prelude::*;

use super::{access, clipboard, dictation, looks, regions, uploading};
use crate::keys::Command;
use crate::panes;
use crate::state::copied;
use crate::state::desk::{Desk, Overlay};
use crate::state::toasts::Tone;
use crate::state::welcome::Welcome;
use crate::workspace::{Side, Step, Workspace};

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
        Command::SplitRight => desk.split(Side::Right),
        Command::SplitDown => desk.split(Side::Down),
        Command::ClosePane => desk.close_focused(),
        Command::ZoomPane => in_use(desk, |pane| desk.toggle_zoom(pane)),
        Command::NextPane => desk.step_pane(Step::Next),
        Command::PreviousPane => desk.step_pane(Step::Previous),
        Command::FocusSide(side) => desk.go(side),
        Command::PushDivider(side) => desk.push_divider(side),
        Command::EqualSizes => desk.equalise(),
        Command::PaneToNewTab => in_use(desk, |pane| desk.move_to_new_tab(pane)),
        Command::PaneToTab(step) => in_use(desk, |pane| desk.move_to_tab_at(pane, step)),
        Command::MovePane(side) => in_use(desk, |pane| desk.shift_pane(pane, side)),
        Command::ToggleGrid => desk.toggle_grid(),
        Command::Grid(preset) => desk.choose_preset(Some(preset)),
        Command::ResetView => desk.reset_view(),
        Command::MoveTab(step) => desk.shift_tab(step),
        Command::NextTab => desk.step(Workspace::next),
        Command::PreviousTab => desk.step(Workspace::previous),
        Command::JumpToTab(nth) => desk.step(|workspace| workspace.jump(nth.into())),
        Command::NextTerminal => desk.next_terminal(),
        Command::FindTab => desk.toggle(Overlay::FindTab),
        Command::RenameTab => desk.renaming.set(active()),
        Command::Palette => desk.toggle(Overlay::Palette),
        Command::Sessions => desk.toggle(Overlay::Sessions),
        Command::Shortcuts => desk.toggle(Overlay::Shortcuts),
        Command::Settings => desk.toggle(Overlay::Settings),
        Command::LargerText => looks::resize(desk.taste, 1),
        Command::SmallerText => looks::resize(desk.taste, -1),
        Command::ResetText => desk.taste.change(|settings| settings.text.size = None),
        Command::Connection => desk.toggle(Overlay::Connection),
        Command::Welcome => {
            desk.overlay.set(None);
            // Behind the key that asks: the next one takes them away.
            set_timeout(move || desk.welcome.set(Welcome::Asked), Duration::ZERO);
        }
        Command::Dictate => dictate(desk),
        Command::ToggleTheme => looks::toggle(desk.taste),
        Command::ToggleReader => access::toggle_reader(desk),
        Command::NextRegion => regions::go(desk, regions::Way::On),
        Command::PreviousRegion => regions::go(desk, regions::Way::Back),
        Command::Copy | Command::CopySelection => copy(),
        Command::CopyHtml => clipboard::copy_as_html(desk),
        Command::CopyAll => copy_all(desk),
        Command::SelectAll => {
            if let Some(emulator) = panes::shown_emulator() {
                emulator.select_all();
            }
        }
        Command::Paste => clipboard::read_and_paste(desk),
        Command::Find => find(desk),
        Command::Upload => uploading::ask(desk),
        Command::DownloadText => uploading::save_text(desk),
        Command::DownloadRecording => uploading::save_recording(desk),
    }
}

fn find(desk: Desk) {
    if let Some(pane) = panes::shown_pane() {
        desk.searching.begin(pane);
    }
}

fn copy_all(desk: Desk) {
    panes::search::with_history(move |emulator| {
        let text = copied::tidy(emulator.text().trim_end());
        clipboard::write(&text);
        let lines = text.lines().count();
        desk.toasts
            .say(Tone::Info, format!("Copied all {lines} lines."));
    });
}

/// Does something with the pane in use.
fn in_use(desk: Desk, act: impl FnOnce(&str)) {
    if let Some(pane) = untrack(|| desk.focused_pane()) {
        act(&pane);
    }
}

fn dictate(desk: Desk) {
    if dictation::is_there() {
        desk.toggle(Overlay::Dictation);
    } else {
        let text = "This browser has no speech recognition. Chrome, Edge and Safari have one.";
        desk.toasts.say(Tone::Problem, text);
    }
}

fn copy() {
    let Some(emulator) = panes::shown_emulator() else {
        return;
    };
    if emulator.has_selection() {
        clipboard::write(&copied::tidy(&emulator.selection()));
        emulator.clear_selection();
    }
}
