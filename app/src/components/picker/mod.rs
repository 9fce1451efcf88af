//! The session picker: what runs on the server, detached first. Typing filters, arrows choose, keys or buttons
//! open, name and kill. The list is read again while the dialog is open. What it says is
//! [`crate::state::listing`]'s.

mod foot;
mod row;

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::html::{Button, Input};
use leptos::prelude::*;

use super::clock;
use super::dialog::Dialog;
use crate::functions::sessions::SessionRow;
use crate::state::desk::Desk;
use crate::state::listing::{self, Place, arrange};
use bowline_protocol::SessionId;
use foot::Foot;
use row::Row;

/// How often the list is read while the dialog is open.
const EVERY: Duration = Duration::from_secs(2);
/// Rows that a page key goes over.
const PAGE: usize = 6;

/// What the picker's parts share.
#[derive(Clone, Copy)]
struct Picking {
    rows: Memo<Vec<(Place, SessionRow)>>,
    ids: Memo<Vec<SessionId>>,
    /// The row that keys are about.
    chosen: RwSignal<Option<SessionId>>,
    /// The session whose name is being edited.
    naming: RwSignal<Option<SessionId>>,
    /// The session of which the user is asked whether it shall be killed.
    asking: RwSignal<Option<SessionId>>,
    field: NodeRef<Input>,
}

impl Picking {
    /// Where the chosen row stands now, tracked. One that left is followed by the first.
    fn at(self) -> usize {
        let chosen = self.chosen.get();
        self.ids.with(|ids| {
            let place = ids.iter().position(|id| Some(*id) == chosen);
            place.unwrap_or(0)
        })
    }

    fn row(self) -> Option<SessionRow> {
        untrack(|| {
            let at = self.at();
            self.rows
                .with(|rows| rows.get(at).map(|(_, row)| row.clone()))
        })
    }

    /// Chooses the row that a key leads to.
    fn go(self, step: impl FnOnce(usize, usize) -> usize) {
        let at = untrack(|| self.at());
        self.ids.with_untracked(|ids| {
            if let Some(last) = ids.len().checked_sub(1) {
                self.chosen.set(ids.get(step(at, last).min(last)).copied());
            }
        });
    }

    /// Gives the keyboard back to the filter.
    fn back(self) {
        if let Some(field) = self.field.get_untracked() {
            // Fails only for elements outside the document.
            let _ = field.focus();
        }
    }
}

/// Gives a button the keyboard once it is displayed.
fn focus_soon(button: NodeRef<Button>) {
    let focus = move || {
        if let Some(button) = button.try_get_untracked().flatten() {
            // Fails only for elements outside the document.
            let _ = button.focus();
        }
    };
    set_timeout(focus, Duration::ZERO);
}

/// The dialog.
#[component]
pub(crate) fn Picker() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let filter = RwSignal::new(String::new());
    let rows = Memo::new(move |_| {
        let shown = desk.with(|workspace| {
            let sessions = workspace.panes().filter_map(|pane| pane.session);
            sessions.collect::<Vec<_>>()
        });
        filter.with(|filter| arrange(desk.sessions(), &shown, filter))
    });
    let ids = Memo::new(move |_| {
        rows.with(|rows| {
            let ids = rows.iter().map(|(_, row)| row.session_id);
            ids.collect::<Vec<_>>()
        })
    });
    let picking = Picking {
        rows,
        ids,
        chosen: RwSignal::new(None),
        naming: RwSignal::new(None),
        asking: RwSignal::new(None),
        field: NodeRef::new(),
    };
    Effect::new(move |_| {
        desk.refresh_sessions();
    });
    clock::each(EVERY, move || desk.refresh_sessions());
    // Said only once keys choose: what is there at first is read with the list.
    let spoken = Memo::new(move |_| {
        picking.chosen.get()?;
        let at = picking.at();
        rows.with(|rows| {
            let (_, row) = rows.get(at)?;
            Some(listing::spoken(row, at, rows.len()))
        })
    });
    view! {
        <Dialog title="Sessions" class="picker">
            <div class="picker-search">
                <input
                    type="text"
                    class="picker-field"
                    placeholder="Filter by name, program or folder"
                    aria-label="Filter sessions"
                    aria-keyshortcuts="ArrowUp ArrowDown Enter F2 Shift+Delete"
                    spellcheck="false"
                    autocomplete="off"
                    autofocus
                    node_ref=picking.field
                    prop:value=move || filter.get()
                    on:input=move |event| {
                        filter.set(event_target_value(&event));
                        picking.chosen.set(None);
                    }
                    on:keydown=move |event| pressed(desk, picking, &event)
                />
            </div>
            <ul class="session-list">
                <For each=move || ids.get() key=|id| *id let:id>
                    <Row id=id picking=picking />
                </For>
            </ul>
            <Show when=move || ids.with(Vec::is_empty)>
                <p class="picker-empty">
                    {move || match filter.with(String::is_empty) {
                        true => "No sessions run.",
                        false => "No session matches.",
                    }}
                </p>
            </Show>
            <div class="unseen" role="status">{move || spoken.get()}</div>
            <Foot />
        </Dialog>
    }
}

/// A key in the filter.
fn pressed(desk: Desk, picking: Picking, event: &KeyboardEvent) {
    if event.is_composing() || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    match event.key().as_str() {
        "ArrowDown" => picking.go(|at, last| if at < last { at + 1 } else { 0 }),
        "ArrowUp" => picking.go(|at, last| at.checked_sub(1).unwrap_or(last)),
        "PageDown" => picking.go(|at, _| at + PAGE),
        "PageUp" => picking.go(|at, _| at.saturating_sub(PAGE)),
        "Enter" => {
            if let Some(row) = picking.row() {
                desk.open_session(&row);
            }
        }
        "F2" => {
            let row = picking.row().filter(|_| !untrack(|| desk.only_reads()));
            picking.naming.set(row.map(|row| row.session_id));
        }
        "Delete" if event.shift_key() => {
            picking.asking.set(picking.row().map(|row| row.session_id));
        }
        _ => return,
    }
    event.prevent_default();
}
