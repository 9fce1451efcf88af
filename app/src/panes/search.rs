//! What a search needs of a pane: its emulator, and all of its history. Looks for nothing itself.

use std::rc::Rc;

use super::registry;
use crate::xterm::Emulator;

/// Begins a search in a pane: its history is asked for, and `again` called when there is more of it.
pub(crate) fn begin(pane: &str, again: impl Fn() + 'static) -> Option<Rc<Emulator>> {
    let live = registry::pane(pane)?;
    if let Some(sink) = live.sink() {
        sink.search(again);
    }
    live.emulator()
}

/// Calls back with the emulator on screen once all of its history is there.
pub(crate) fn with_history(then: impl FnOnce(&Emulator) + 'static) {
    let live = registry::shown_pane().and_then(|pane| registry::pane(&pane));
    let Some((sink, emulator)) = live.and_then(|live| Some((live.sink()?, live.emulator()?)))
    else {
        return;
    };
    sink.with_history(move || then(&emulator));
}

/// Ends it.
pub(crate) fn end(pane: &str) {
    if let Some(sink) = registry::pane(pane).and_then(|live| live.sink()) {
        sink.search_ends();
    }
}
