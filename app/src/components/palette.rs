//! The command palette: every command that can be done now, and every tab and session to go to. What is listed and in
//! which order is decided here in plain functions; what a command does is [`super::commands`]'.

use leptos::prelude::*;

use super::chooser::{Choice, Chooser, Target};
use crate::functions::sessions::State;
use crate::keys::place::System;
use crate::keys::{Command, Entry, Keys, TABLE};
use crate::state::desk::Desk;
use crate::state::face::Face;
use crate::state::fuzzy;
use crate::state::recent::Recent;

/// Most rows shown.
const MOST: usize = 100;
/// What a query begins with that means places only.
const PLACES: char = '@';
/// Where the commands chosen lately are kept in the browser.
#[cfg(feature = "hydrate")]
const STORED_AS: &str = "bowline-recent-commands";

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Where.
    pub(super) target: Target,
    /// What it is called.
    pub(super) name: String,
    /// What stands beside the name.
    pub(super) detail: String,
    /// The icon of its mark.
    pub(super) icon: Option<&'static str>,
}

/// All tabs, then the sessions that share one or run in none. Tracked.
fn places(desk: Desk) -> Vec<Place> {
    let mut places = tabs(desk);
    let rows = desk.sessions();
    let running = rows.iter().filter(|row| row.state != State::Exited);
    for row in running {
        let tab = desk.with(|workspace| {
            let tab = workspace.tab_of(row.session_id)?;
            Some((tab.id.clone(), tab.panes().len()))
        });
        let detail = match tab {
            // Found by its tab.
            Some((_, 1)) => continue,
            Some((tab, _)) => format!("pane of {}", desk.name(&tab)),
            None => "detached session".to_owned(),
        };
        places.push(Place {
            target: Target::Session(row.session_id),
            name: row.label.clone(),
            detail,
            icon: None,
        });
    }
    places
}

/// All tabs. Tracked.
pub(super) fn tabs(desk: Desk) -> Vec<Place> {
    let ids: Vec<_> =
        desk.with(|workspace| workspace.tabs.iter().map(|tab| tab.id.clone()).collect());
    let place = |id: String| {
        let Face {
            name, detail, mark, ..
        } = desk.face(&id);
        Place {
            target: Target::Tab(id),
            name,
            detail: detail.unwrap_or_default(),
            icon: mark.icon(),
        }
    };
    ids.into_iter().map(place).collect()
}

/// A command as a row, with how well it matches.
fn command_row(
    entry: &'static Entry,
    query: &str,
    keys: Vec<&'static str>,
) -> Option<(i32, Choice)> {
    // Its group is found too, behind its words.
    let words = entry.title.chars().count();
    let text = format!("{} {}", entry.title, entry.group.title());
    let found = fuzzy::find(query, &text)?;
    let choice = Choice {
        target: Target::Command(entry.command),
        section: entry.group.title(),
        title: entry.title.to_owned(),
        places: found.places.into_iter().filter(|at| *at < words).collect(),
        note: String::new(),
        icon: None,
        keys,
    };
    Some((found.score, choice))
}

/// Places that match, best first; without a query in their order.
pub(super) fn find_places(places: Vec<Place>, query: &str) -> Vec<Choice> {
    let row = |place: Place| {
        let words = place.name.chars().count();
        let found = fuzzy::find(query, &format!("{} {}", place.name, place.detail))?;
        let choice = Choice {
            target: place.target,
            section: "Go to",
            title: place.name,
            places: found.places.into_iter().filter(|at| *at < words).collect(),
            note: place.detail,
            icon: place.icon,
            keys: Vec::new(),
        };
        Some((found.score, choice))
    };
    let rows = places.into_iter().filter_map(row).collect();
    ranked(rows, query)
}

/// Best first, among equals in their order.
fn ranked(mut rows: Vec<(i32, Choice)>, query: &str) -> Vec<Choice> {
    if !query.trim().is_empty() {
        rows.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    }
    rows.into_iter().map(|(_, choice)| choice).collect()
}

/// All rows: commands chosen lately, the other commands, then places.
fn arrange(
    query: &str,
    commands: Vec<(&'static Entry, Vec<&'static str>)>,
    recent: &Recent,
    places: Vec<Place>,
) -> Vec<Choice> {
    if let Some(query) = query.strip_prefix(PLACES) {
        return find_places(places, query);
    }
    let is_empty = query.trim().is_empty();
    let mut lately = Vec::new();
    let mut rows = Vec::new();
    for (entry, keys) in commands {
        let Some((score, mut choice)) = command_row(entry, query, keys) else {
            continue;
        };
        match recent.rank(entry.id) {
            Some(rank) if is_empty => {
                choice.section = "Used lately";
                lately.push((rank, choice));
            }
            // Of two that match alike, the one that was used.
            rank => {
                if !is_empty {
                    choice.section = "Commands";
                    choice.note = entry.group.title().to_owned();
                }
                rows.push((score + i32::from(rank.is_some()), choice));
            }
        }
    }
    lately.sort_by_key(|(rank, _)| *rank);
    let mut all: Vec<_> = lately.into_iter().map(|(_, choice)| choice).collect();
    all.extend(ranked(rows, query));
    all.extend(find_places(places, query));
    all.truncate(MOST);
    all
}

/// Whether a command can be done now. Tracked.
fn offered(desk: Desk, command: Command) -> bool {
    let tabs = || desk.with(|workspace| workspace.tabs.len());
    match command {
        // Here already; and what differs from another only by its key.
        Command::Palette | Command::CopySelection => false,
        Command::NewTab => !desk.only_reads(),
        Command::NextTab | Command::PreviousTab => tabs() > 1,
        // By its name, below.
        Command::JumpToTab(_) => false,
        Command::Copy | Command::CopyHtml => selected(),
        _ => true,
    }
}

#[cfg(feature = "hydrate")]
fn selected() -> bool {
    crate::panes::shown_emulator().is_some_and(|emulator| emulator.has_selection())
}

#[cfg(not(feature = "hydrate"))]
fn selected() -> bool {
    false
}

/// The dialog.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let keys = expect_context::<Keys>();
    let query = RwSignal::new(String::new());
    let recent = StoredValue::new(load_recent());
    let choices = Memo::new(move |_| {
        let system: System = keys.place().system;
        let offered = TABLE.iter().filter(|entry| offered(desk, entry.command));
        let commands = offered.map(|entry| {
            let best = keys.best(entry.command);
            (
                entry,
                best.map(|chord| chord.keys(system)).unwrap_or_default(),
            )
        });
        let commands = commands.collect();
        query.with(|query| {
            recent.with_value(|recent| arrange(query, commands, recent, places(desk)))
        })
    });
    let pick = move |target: Target| {
        desk.overlay.set(None);
        desk.focus();
        if let Target::Command(command) = target {
            recent.update_value(|recent| remember(recent, command));
        }
        go(desk, target);
    };
    view! {
        <Chooser
            title="Command palette"
            placeholder="A command, a tab or a session \u{2013} @ for places only"
            query=query
            choices=choices
            pick=pick
        />
    }
}

/// Does what a row says.
pub(super) fn go(desk: Desk, target: Target) {
    match target {
        Target::Tab(tab) => desk.activate(&tab),
        Target::Session(session) => {
            let rows = untrack(|| desk.sessions());
            if let Some(row) = rows.iter().find(|row| row.session_id == session) {
                desk.open_session(row);
            }
        }
        #[cfg(feature = "hydrate")]
        Target::Command(command) => super::commands::run(desk, command),
        #[cfg(not(feature = "hydrate"))]
        Target::Command(_) => {}
    }
}

fn remember(recent: &mut Recent, command: Command) {
    let Some(entry) = crate::keys::entry_of(command) else {
        return;
    };
    recent.add(entry.id);
    #[cfg(feature = "hydrate")]
    crate::browser::stored::set(STORED_AS, &recent.text());
}

fn load_recent() -> Recent {
    #[cfg(feature = "hydrate")]
    return Recent::parse(&crate::browser::stored::get(STORED_AS).unwrap_or_default());
    #[cfg(not(feature = "hydrate"))]
    Recent::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(query: &str, recent: &str, names: &[&str]) -> Vec<String> {
        let commands = TABLE.iter().map(|entry| (entry, Vec::new())).collect();
        let places = names.iter().map(|name| Place {
            target: Target::Tab((*name).to_owned()),
            name: (*name).to_owned(),
            detail: String::new(),
            icon: None,
        });
        let rows = arrange(query, commands, &Recent::parse(recent), places.collect());
        rows.into_iter().map(|row| row.title).collect()
    }

    #[test]
    fn what_was_used_lately_comes_first() {
        let rows = listed("", "sessions rename-tab", &["one"]);
        assert_eq!(rows[..2], ["Sessions", "Rename tab"]);
        assert_eq!(rows.iter().filter(|title| *title == "Sessions").count(), 1);
        assert_eq!(rows.len(), TABLE.len() + 1);
        assert_eq!(rows.last().map(String::as_str), Some("one"));
    }

    #[test]
    fn a_few_letters_find_a_command() {
        assert_eq!(listed("nt", "", &[])[0], "New tab");
        assert_eq!(listed("rename", "", &[])[0], "Rename tab");
        assert_eq!(listed("keyb", "", &[])[0], "Keyboard shortcuts");
    }

    #[test]
    fn places_come_below_and_alone_behind_an_at() {
        let rows = listed("new", "", &["news", "other"]);
        assert_eq!(rows.first().map(String::as_str), Some("New tab"));
        assert_eq!(rows.last().map(String::as_str), Some("news"));
        assert_eq!(listed("@new", "", &["news", "other"]), ["news"]);
        assert_eq!(listed("@", "", &["news", "other"]), ["news", "other"]);
    }
}
