//! The key table as a dialog.

use leptos::prelude::*;

use super::dialog::Dialog;
use crate::keys::{self, Entry, TABLE};

/// The table's groups in order, each with its entries.
fn groups() -> Vec<(&'static str, Vec<&'static Entry>)> {
    let mut groups: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in TABLE {
        match groups.last_mut() {
            Some((group, entries)) if *group == entry.group => entries.push(entry),
            _ => groups.push((entry.group, vec![entry])),
        }
    }
    groups
}

fn chord(keys: Vec<&'static str>) -> impl IntoView {
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> });
    view! { <span class="chord">{keys.collect_view()}</span> }
}

/// The dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let groups = groups().into_iter().map(|(group, entries)| {
        let entries = entries.into_iter().map(|entry| {
            let chords = keys::shown(entry).into_iter().map(chord);
            view! {
                <div class="key-row">
                    <dt>{entry.title}</dt>
                    <dd>{chords.collect_view()}</dd>
                </div>
            }
        });
        view! {
            <section class="key-group">
                <h3>{group}</h3>
                <dl>{entries.collect_view()}</dl>
            </section>
        }
    });
    view! {
        <Dialog title="Keyboard shortcuts" class="shortcuts">
            <div class="dialog-body" tabindex="0" autofocus>{groups.collect_view()}</div>
        </Dialog>
    }
}
