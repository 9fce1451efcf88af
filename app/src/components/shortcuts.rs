//! The key table as a dialog: every command with its chords now, to look up, change, save and load. Recording a
//! chord is [`super::recorder`]'s, the keymap [`crate::keys::keymap`]'s.

use leptos::prelude::*;

use super::dialog::Dialog;
use super::icons::Icon;
use super::recorder::{Edit, Recorder};
use crate::keys::keymap::Keymap;
use crate::keys::place::System;
use crate::keys::reserved::{self, Keeper};
use crate::keys::table::Group;
use crate::keys::{Chord, Command, Entry, Keys, TABLE};

/// The table's groups as they first come, each with its entries.
fn groups() -> Vec<(Group, Vec<&'static Entry>)> {
    let mut groups: Vec<(Group, Vec<&Entry>)> = Vec::new();
    for entry in TABLE {
        match groups.iter_mut().find(|(group, _)| *group == entry.group) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((entry.group, vec![entry])),
        }
    }
    groups
}

/// Whether an entry has every word of a filter in its words or in one of its chords.
fn matches(entry: &Entry, chords: &[Chord], system: System, filter: &str) -> bool {
    let keys = chords
        .iter()
        .map(|chord| format!("{} {}", chord.text(), chord.said(system)));
    let keys = keys.collect::<Vec<_>>().join(" ");
    let text = format!("{} {} {keys}", entry.title, entry.group.title()).to_lowercase();
    let filter = filter.to_lowercase();
    filter.split_whitespace().all(|word| text.contains(word))
}

/// A chord as physical keys, for tests and tools: `Ctrl+Shift+BracketRight`.
fn by_code(chord: Chord) -> String {
    let mut keys = chord.keys(System::Linux);
    keys.pop();
    keys.push(chord.code);
    keys.join("+")
}

/// Who takes keys away, as a half sentence.
fn takers(keepers: impl Iterator<Item = Keeper>) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for keeper in keepers {
        let name = match keeper {
            Keeper::Browser(browser) => browser.name(),
            Keeper::System(system) => system.name(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let verb = match names.len() {
        0 => return None,
        1 => "keeps",
        _ => "keep",
    };
    Some(format!("{} {verb} them", names.join(" and ")))
}

/// Keys as they look.
pub(super) fn chips(keys: Vec<&'static str>) -> impl IntoView {
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> });
    view! { <span class="chord">{keys.collect_view()}</span> }
}

/// What is under way in the dialog.
#[derive(Clone, Copy)]
struct Work {
    keys: Keys,
    filter: RwSignal<String>,
    edit: RwSignal<Option<Edit>>,
}

impl Work {
    /// Ends recording and puts the keyboard back into the row.
    fn done(self) {
        let edited = self.edit.get_untracked();
        self.edit.set(None);
        if let Some(edited) = edited {
            focus_row(edited.command);
        }
    }
}

/// Puts the keyboard into a command's row, once it is as it will be.
fn focus_row(command: Command) {
    #[cfg(feature = "hydrate")]
    if let Some(entry) = crate::keys::entry_of(command) {
        super::dom::focus_soon(format!("[data-command=\"{}\"] button", entry.id));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = command;
}

/// The dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let keys = expect_context::<Keys>();
    let work = Work {
        keys,
        filter: RwSignal::new(String::new()),
        edit: RwSignal::new(None),
    };
    let shown = Memo::new(move |_| {
        let (filter, system) = (work.filter.get(), keys.place().system);
        let shows = |entry: &&Entry| {
            let chords = keys.with(|keymap| keymap.chords(entry.command));
            matches(entry, &chords, system, &filter)
        };
        TABLE
            .iter()
            .filter(shows)
            .map(|entry| entry.id)
            .collect::<Vec<_>>()
    });
    let sections = groups().into_iter().map(move |(group, entries)| {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
        let is_empty = move || shown.with(|shown| !ids.iter().any(|id| shown.contains(id)));
        let rows = entries.into_iter().map(|entry| row(work, entry, shown));
        view! {
            <section class="key-group" hidden=is_empty>
                <h3>{group.title()}</h3>
                <dl>{rows.collect_view()}</dl>
            </section>
        }
        .into_any()
    });
    let leaving = move || {
        let chords = keys.with(|keymap| keymap.chords(Command::NextRegion));
        let system = keys.place().system;
        let said: Vec<_> = chords.iter().map(|chord| chord.said(system)).collect();
        match said.is_empty() {
            true => "No keys leave the terminal, which takes Tab.".to_owned(),
            false => format!("The terminal takes Tab; {} leaves it.", said.join(" or ")),
        }
    };
    let kept = move || {
        let place = keys.place();
        let chords = TABLE
            .iter()
            .flat_map(|entry| keys.with(|keymap| keymap.chords(entry.command)));
        takers(chords.filter_map(|chord| reserved::keeper(place, chord)))
            .map(|takers| view! { " " <s>"Struck keys"</s> {format!(" may never come here: {takers}.")} })
    };
    view! {
        <Dialog title="Keyboard shortcuts" class="shortcuts">
            <div class="picker-search">
                <input
                    type="text"
                    class="picker-field"
                    placeholder="Filter by name or keys"
                    aria-label="Filter shortcuts"
                    spellcheck="false"
                    autocomplete="off"
                    autofocus
                    on:input=move |event| work.filter.set(event_target_value(&event))
                />
            </div>
            <div class="dialog-body">
                {sections.collect_view()}
                <Show when=move || shown.with(Vec::is_empty)>
                    <p class="picker-empty">"No shortcut matches."</p>
                </Show>
                <p class="key-note">
                    {leaving}
                    {kept}
                    " Full-screen programs get their function keys. Click keys to change or remove them."
                </p>
            </div>
            <Files keys=keys />
        </Dialog>
    }
}

/// One command.
fn row(work: Work, entry: &'static Entry, shown: Memo<Vec<&'static str>>) -> AnyView {
    let Work { keys, edit, .. } = work;
    let command = entry.command;
    let hidden = move || shown.with(|shown| !shown.contains(&entry.id));
    let chords = Memo::new(move |_| keys.with(|keymap| keymap.chords(command)));
    let changed = Memo::new(move |_| keys.with(|keymap| keymap.is_changed(command)));
    let editing = Memo::new(move |_| edit.get().filter(|edit| edit.command == command));
    let buttons = move || {
        let system = keys.place().system;
        let buttons = chords.get().into_iter().map(|chord| {
            let kept = reserved::keeper(keys.place(), chord);
            let title = match kept {
                Some(keeper) => format!("{} Change or remove: {}", keeper.words(), entry.title),
                None => format!("Change or remove: {}", entry.title),
            };
            view! {
                <button
                    type="button"
                    class="chord-button"
                    class:kept=kept.is_some()
                    data-chord=by_code(chord)
                    title=title
                    on:click=move |_| edit.set(Some(Edit { command, old: Some(chord) }))
                >
                    {chips(chord.keys(system))}
                </button>
            }
        });
        buttons.collect_view().into_any()
    };
    let face = move || match editing.get() {
        Some(edit) => view! { <Recorder edit=edit done=move |()| work.done() /> }.into_any(),
        None => view! {
            {buttons}
            <button
                type="button"
                class="icon-button key-add"
                title="Add keys"
                aria-label=format!("Add keys for {}", entry.title)
                on:click=move |_| edit.set(Some(Edit { command, old: None }))
            >
                <Icon name="plus" />
            </button>
            <Show when=move || changed.get()>
                <button
                    type="button"
                    class="icon-button key-reset"
                    title="Back to the default"
                    aria-label=format!("Reset the keys of {}", entry.title)
                    on:click=move |_| {
                        keys.change(|keymap| keymap.reset(command));
                        focus_row(command);
                    }
                >
                    <Icon name="undo" />
                </button>
            </Show>
        }
        .into_any(),
    };
    view! {
        <div class="key-row" class:changed=move || changed.get() data-command=entry.id hidden=hidden>
            <dt>{entry.title}</dt>
            <dd>{face}</dd>
        </div>
    }
    .into_any()
}

/// What a message about saved keys is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Good(String),
    Bad(String),
}

/// Uses keys that were read, and tells what became of them.
fn take(keys: Keys, text: &str) -> Said {
    match Keymap::from_json(text) {
        Ok(loaded) => {
            let left_out = match loaded.unknown {
                0 => String::new(),
                1 => " One command is not known here and was left out.".to_owned(),
                count => format!(" {count} commands are not known here and were left out."),
            };
            keys.change(|keymap| *keymap = loaded.keymap);
            Said::Good(format!("These keys are used now.{left_out}"))
        }
        Err(error) => Said::Bad(format!("Nothing was changed: {error}.")),
    }
}

/// Saving, loading, and all defaults again.
#[component]
fn Files(keys: Keys) -> impl IntoView {
    let importing = RwSignal::new(false);
    let text = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Said>);
    let changed = move || keys.with(Keymap::has_changes);
    let use_text = move || {
        let answer = text.with_untracked(|text| take(keys, text));
        if matches!(answer, Said::Good(_)) {
            importing.set(false);
            text.set(String::new());
        }
        said.set(Some(answer));
    };
    let on_file = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        super::keyfile::read(&event_target(&event), move |read| {
            let answer = match read {
                Ok(text) => take(keys, &text),
                Err(why) => Said::Bad(format!("Nothing was changed: {why}.")),
            };
            if matches!(answer, Said::Good(_)) {
                importing.set(false);
            }
            said.set(Some(answer));
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = event;
    };
    let export = move |by: Export| {
        let json = untrack(|| keys.with(Keymap::to_json));
        let done = by.run(&json);
        said.set(Some(Said::Good(done.to_owned())));
    };
    let message = move || {
        let (class, words) = match said.get()? {
            Said::Good(words) => ("key-said", words),
            Said::Bad(words) => ("key-said bad", words),
        };
        Some(view! { <span class=class>{words}</span> })
    };
    view! {
        <Show when=move || importing.get()>
            <div class="key-import" role="group" aria-label="Import keys">
                <textarea
                    class="key-text"
                    rows="4"
                    aria-label="Keys as JSON"
                    placeholder="Paste saved keys here"
                    spellcheck="false"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
                <div class="key-import-actions">
                    <button type="button" class="button primary" on:click=move |_| use_text()>
                        "Use these keys"
                    </button>
                    <label class="button key-file">
                        "Choose a file\u{2026}"
                        <input type="file" accept=".json,application/json" on:change=on_file />
                    </label>
                    <button type="button" class="button" on:click=move |_| importing.set(false)>
                        "Cancel"
                    </button>
                </div>
            </div>
        </Show>
        <div class="key-message" role="status">{message}</div>
        <footer class="dialog-foot key-foot">
            <button type="button" class="button" on:click=move |_| importing.update(|on| *on = !*on)>
                "Import\u{2026}"
            </button>
            <button type="button" class="button" on:click=move |_| export(Export::File)>"Export"</button>
            <button type="button" class="button" on:click=move |_| export(Export::Clipboard)>
                "Copy as JSON"
            </button>
            <button
                type="button"
                class="button danger key-reset-all"
                disabled=move || !changed()
                on:click=move |_| {
                    keys.change(|keymap| *keymap = Keymap::default());
                    said.set(Some(Said::Good("All keys are as they were at first.".to_owned())));
                }
            >
                "Reset all"
            </button>
        </footer>
    }
    .into_any()
}

/// Where keys are saved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Export {
    File,
    Clipboard,
}

impl Export {
    /// Saves, and answers what to say.
    fn run(self, json: &str) -> &'static str {
        #[cfg(feature = "hydrate")]
        match self {
            Self::File => super::uploading::save("bowline-keys.json", json),
            Self::Clipboard => super::clipboard::write(json),
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = json;
        match self {
            Self::File => "The keys are saved as bowline-keys.json.",
            Self::Clipboard => "The keys are on the clipboard.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::place::Browser;

    fn filtered(filter: &str) -> Vec<&'static str> {
        let shows = |entry: &&Entry| matches(entry, entry.chords, System::MacOs, filter);
        TABLE.iter().filter(shows).map(|entry| entry.id).collect()
    }

    #[test]
    fn every_command_is_in_one_group() {
        let listed: usize = groups().iter().map(|(_, entries)| entries.len()).sum();
        assert_eq!(listed, TABLE.len());
        let titles: Vec<_> = groups().iter().map(|(group, _)| group.title()).collect();
        for (at, title) in titles.iter().enumerate() {
            assert!(!titles[..at].contains(title), "{title} is there twice");
        }
    }

    #[test]
    fn a_filter_finds_names_groups_and_keys() {
        assert_eq!(filtered("rename"), ["rename-tab"]);
        assert_eq!(filtered("alt+shift+t"), ["new-tab"]);
        assert_eq!(filtered("\u{2325}\u{21e7}T"), ["new-tab"]);
        assert!(filtered("tabs go").contains(&"tab-1"));
        assert_eq!(filtered("no such thing"), Vec::<&str>::new());
    }

    #[test]
    fn who_takes_keys_is_named_once() {
        let chromium = Keeper::Browser(Browser::Chromium);
        let windows = Keeper::System(System::Windows);
        let said = |keepers: &[Keeper]| takers(keepers.iter().copied());
        assert_eq!(said(&[]), None);
        assert_eq!(
            said(&[chromium, chromium]).as_deref(),
            Some("Chromium keeps them")
        );
        assert_eq!(
            said(&[chromium, windows]).as_deref(),
            Some("Chromium and Windows keep them")
        );
    }

    #[test]
    fn tools_get_physical_keys() {
        let chord = Chord::parse("Ctrl+Shift+]").unwrap();
        assert_eq!(by_code(chord), "Ctrl+Shift+BracketRight");
    }
}
