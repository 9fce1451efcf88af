//! The key table as a dialog.

use leptos::prelude::*;

use super::dialog::Dialog;
use crate::keys::table::Group;
use crate::keys::{Chord, Command, Entry, TABLE};

/// The table's groups in order, each with its entries.
fn groups() -> Vec<(Group, Vec<&'static Entry>)> {
    let mut groups: Vec<(Group, Vec<&Entry>)> = Vec::new();
    for entry in TABLE {
        match groups.last_mut() {
            Some((group, entries)) if *group == entry.group => entries.push(entry),
            _ => groups.push((entry.group, vec![entry])),
        }
    }
    groups
}

/// One line of the dialog.
struct Row {
    id: &'static str,
    title: &'static str,
    chords: Vec<Vec<&'static str>>,
}

/// The row of an entry: its title and its chords. The nine tabs share one.
fn row(entry: &'static Entry) -> Option<Row> {
    let keys = |chord: &Chord| {
        let mut keys = chord.keys();
        if entry.command == Command::JumpToTab(1) {
            keys.pop();
            keys.push("1 \u{2026} 9");
        }
        keys
    };
    let title = match entry.command {
        Command::JumpToTab(1) => "Go to tab 1 \u{2026} 8, or the last",
        Command::JumpToTab(_) => return None,
        _ => entry.title,
    };
    Some(Row {
        id: entry.id,
        title,
        chords: entry.chords.iter().map(keys).collect(),
    })
}

fn chord(keys: Vec<&'static str>) -> impl IntoView {
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> });
    view! { <span class="chord">{keys.collect_view()}</span> }
}

/// The dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let groups = groups().into_iter().map(|(group, entries)| {
        let entries = entries.into_iter().filter_map(row).map(|row| {
            let Row { id, title, chords } = row;
            let chords = chords.into_iter().map(chord);
            view! {
                <div class="key-row" data-command=id>
                    <dt>{title}</dt>
                    <dd>{chords.collect_view()}</dd>
                </div>
            }
        });
        view! {
            <section class="key-group">
                <h3>{group.title()}</h3>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nine_tabs_share_a_row() {
        let rows: Vec<_> = TABLE.iter().filter_map(row).collect();
        let jumps: Vec<_> = rows
            .iter()
            .filter(|row| row.title.starts_with("Go to"))
            .collect();
        let expected = vec![
            vec!["Alt", "Shift", "1 \u{2026} 9"],
            vec!["Ctrl", "Shift", "1 \u{2026} 9"],
        ];
        assert_eq!(jumps.len(), 1);
        assert_eq!(jumps[0].chords, expected);
    }
}
