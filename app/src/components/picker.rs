//! The session picker: what runs on the server, detached first. Typing filters, arrows choose, Enter
//! opens. The list is read again while the dialog is open.

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::html::Button;
use leptos::prelude::*;

use super::dialog::Dialog;
use crate::functions::sessions::{ExitReply, SessionRow, State};
use crate::state::desk::Desk;
use crate::text;
use bowline_protocol::SessionId;

/// How often the list is read while the dialog is open.
const EVERY: Duration = Duration::from_secs(2);

/// Where a session stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Runs, in no tab.
    Detached,
    /// Runs, in a tab.
    Shown,
    /// Ended a while ago.
    Ended,
}

/// The rows that match, in the order shown.
fn arrange(rows: Vec<SessionRow>, shown: &[SessionId], filter: &str) -> Vec<(Place, SessionRow)> {
    let words: Vec<_> = filter.split_whitespace().map(str::to_lowercase).collect();
    let matches = |row: &SessionRow| {
        let folder = row.cwd.as_deref().unwrap_or_default();
        let text = format!("{} {} {folder}", row.label, row.process).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let place = |row: &SessionRow| match row.state {
        State::Exited => Place::Ended,
        _ if shown.contains(&row.session_id) => Place::Shown,
        State::Running | State::Idle | State::NeedsAttention => Place::Detached,
    };
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(matches)
        .map(|row| (place(&row), row))
        .collect();
    rows.sort_by_key(|(place, row)| (*place, row.idle_s));
    rows
}

/// The program in the foreground, unless the session is called so.
fn program(row: &SessionRow) -> String {
    match row.process == row.label {
        true => String::new(),
        false => row.process.clone(),
    }
}

/// The line of facts below a session's name.
fn facts(row: &SessionRow) -> String {
    let viewers = match row.viewers {
        0 => "no viewers".to_owned(),
        1 => "1 viewer".to_owned(),
        count => format!("{count} viewers"),
    };
    let idle = match row.exit {
        Some(ExitReply::Lost) => format!("last seen {} ago", text::age(row.idle_s)),
        _ => format!("idle {}", text::age(row.idle_s)),
    };
    format!(
        "{}\u{d7}{} \u{b7} started {} ago \u{b7} {idle} \u{b7} {viewers}",
        row.cols,
        row.rows,
        text::age(row.age_s),
    )
}

/// Where a session is.
fn whereabouts(place: Place, row: &SessionRow) -> &'static str {
    match (place, row.exit) {
        (Place::Ended, Some(ExitReply::Lost)) => "lost",
        (Place::Ended, _) => "ended",
        (Place::Shown, _) => "in a tab",
        (Place::Detached, _) => "detached",
    }
}

/// Whether a session shall really be killed, with the program that would end.
fn question(row: &SessionRow) -> String {
    match program(row).as_str() {
        "" => format!("Kill \u{201c}{}\u{201d} and what runs in it?", row.label),
        program => format!("Kill \u{201c}{}\u{201d}, where {program} runs?", row.label),
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

/// What whoever looks at the session should know. The terminal says it too, with our name before it.
fn notice(row: &SessionRow) -> String {
    let notice = row.notice.as_deref().unwrap_or_default();
    notice.trim_start_matches("Bowline: ").to_owned()
}

/// How a session ended, if it did.
fn ended(row: &SessionRow) -> String {
    let exit = row.exit.map(|exit| text::exit(exit.into()));
    exit.unwrap_or_default()
}

/// Why somebody should look at a session, if somebody should.
fn attention(row: &SessionRow) -> String {
    let why = row.attention.filter(|_| row.state == State::NeedsAttention);
    why.map(text::attention).unwrap_or_default().to_owned()
}

/// The dialog.
#[component]
pub(crate) fn Picker() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let filter = RwSignal::new(String::new());
    let chosen = RwSignal::new(0usize);
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
    let at = move || chosen.get().min(ids.with(Vec::len).saturating_sub(1));

    Effect::new(move |_| {
        desk.refresh_sessions();
    });
    let reading = set_interval_with_handle(move || desk.refresh_sessions(), EVERY);
    on_cleanup(move || {
        if let Ok(reading) = reading {
            reading.clear();
        }
    });

    let on_key = move |event: KeyboardEvent| {
        let count = ids.with_untracked(Vec::len);
        let now = chosen.get_untracked().min(count.saturating_sub(1));
        match event.key().as_str() {
            "ArrowDown" if count > 0 => chosen.set((now + 1) % count),
            "ArrowUp" if count > 0 => chosen.set((now + count - 1) % count),
            "Enter" => {
                let row = rows.with_untracked(|rows| rows.get(now).map(|(_, row)| row.clone()));
                if let Some(row) = row {
                    desk.open_session(&row);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };

    view! {
        <Dialog title="Sessions" class="picker">
            <div class="picker-search">
                <input
                    type="text"
                    class="picker-field"
                    placeholder="Filter by name, program or folder"
                    aria-label="Filter sessions"
                    spellcheck="false"
                    autocomplete="off"
                    autofocus
                    prop:value=move || filter.get()
                    on:input=move |event| {
                        filter.set(event_target_value(&event));
                        chosen.set(0);
                    }
                    on:keydown=on_key
                />
            </div>
            <ul class="session-list">
                <For
                    each=move || ids.get()
                    key=|id| *id
                    children=move |id| view! { <Row id=id rows=rows chosen=Signal::derive(move || {
                        ids.with(|ids| ids.get(at()) == Some(&id))
                    }) /> }
                />
            </ul>
            <Show when=move || ids.with(Vec::is_empty)>
                <p class="picker-empty">
                    {move || match filter.with(String::is_empty) {
                        true => "No sessions run.",
                        false => "No session matches.",
                    }}
                </p>
            </Show>
            <footer class="dialog-foot">
                <span><kbd>"\u{2191}"</kbd><kbd>"\u{2193}"</kbd>" choose"</span>
                <span><kbd>"Enter"</kbd>" open"</span>
                <span><kbd>"Esc"</kbd>" close"</span>
            </footer>
        </Dialog>
    }
}

/// One session. Kept while it is listed, so that nothing changes under the pointer but its words.
#[component]
fn Row(id: SessionId, rows: Memo<Vec<(Place, SessionRow)>>, chosen: Signal<bool>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let found = Memo::new(move |_| {
        rows.with(|rows| rows.iter().find(|(_, row)| row.session_id == id).cloned())
    });
    let read = move |words: fn(&SessionRow) -> String| {
        found.with(|found| {
            found
                .as_ref()
                .map(|(_, row)| words(row))
                .unwrap_or_default()
        })
    };
    let place = move || found.with(|found| found.as_ref().map(|(place, _)| *place));
    let open = move |_| {
        if let Some((_, row)) = found.get_untracked() {
            desk.open_session(&row);
        }
    };
    let watch = move |_| {
        if let Some((_, row)) = found.get_untracked() {
            desk.watch(&row);
        }
    };
    let runs = move || place() != Some(Place::Ended);
    // What runs ends only after a second word.
    let asking = RwSignal::new(false);
    let asks = move || asking.get() && runs();
    let (kill, keep) = (NodeRef::<Button>::new(), NodeRef::<Button>::new());
    let ask = move || {
        asking.set(true);
        focus_soon(keep);
    };
    let take_back = move || {
        asking.set(false);
        focus_soon(kill);
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && asking.get_untracked() {
            // The dialog stays.
            event.prevent_default();
            event.stop_propagation();
            take_back();
        }
    };
    view! {
        <li class="session-row" class:chosen=move || chosen.get() class:ended=move || place() == Some(Place::Ended)>
            <div class="session-words" on:dblclick=open>
                <div class="session-title">
                    <span class="session-name">{move || read(|row| row.label.clone())}</span>
                    <span class="session-process">{move || read(program)}</span>
                    <span class="session-place" title=move || read(ended)>
                        {move || found.with(|found| found.as_ref().map(|(place, row)| whereabouts(*place, row)))}
                    </span>
                    <Show when=move || !read(attention).is_empty()>
                        <span class="session-place attention">{move || read(attention)}</span>
                    </Show>
                </div>
                <div class="session-folder">
                    {move || read(|row| row.cwd.as_deref().map(text::folder).unwrap_or_default())}
                </div>
                <div class="session-facts">{move || read(facts)}</div>
                <Show when=move || !read(notice).is_empty()>
                    <div class="session-notice">{move || read(notice)}</div>
                </Show>
            </div>
            <div class="session-actions" class:asks=asks>
                <button type="button" class="button primary" on:click=open>
                    {move || if place() == Some(Place::Shown) { "Show" } else { "Attach" }}
                </button>
                <Show when=move || !runs()>
                    <Show when=move || !desk.only_reads()>
                        <button
                            type="button"
                            class="button"
                            title="Start the same command in the same folder"
                            on:click=move |_| desk.restart(id)
                        >
                            "Restart"
                        </button>
                    </Show>
                    <button
                        type="button"
                        class="button danger"
                        title="Remove it from the list, with what it showed"
                        on:click=move |_| desk.kill(id)
                    >
                        "Forget"
                    </button>
                </Show>
                <Show when=runs>
                    <button
                        type="button"
                        class="button"
                        title="Show it without typing into it"
                        on:click=watch
                    >
                        "Watch"
                    </button>
                    <button
                        type="button"
                        class="button danger"
                        node_ref=kill
                        on:click=move |_| ask()
                    >
                        "Kill"
                    </button>
                    // "Keep" stands where "Kill" stood: a double click does no harm.
                    <div class="session-sure" role="group" aria-label=move || read(question) on:keydown=on_key>
                        <span class="session-question">{move || read(question)}</span>
                        <button type="button" class="button danger" on:click=move |_| {
                            asking.set(false);
                            desk.kill(id);
                        }>
                            "Kill"
                        </button>
                        <button
                            type="button"
                            class="button"
                            node_ref=keep
                            on:click=move |_| take_back()
                        >
                            "Keep"
                        </button>
                    </div>
                </Show>
            </div>
        </li>
    }
    // Erased: the dialog's type would grow beyond what the compiler takes.
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::known;

    fn row(id: u8, label: &str, state: State) -> SessionRow {
        SessionRow {
            label: label.to_owned(),
            process: "vim".to_owned(),
            state,
            ..known::tests::row(id)
        }
    }

    #[track_caller]
    fn check(filter: &str, expected: &str) {
        let rows = vec![
            row(1, "ended", State::Exited),
            row(2, "shown", State::Running),
            row(4, "idle", State::Idle),
            row(3, "busy", State::Running),
        ];
        let shown = [SessionId::from_bytes([2; 16])];
        let arranged = arrange(rows, &shown, filter);
        let labels: Vec<_> = arranged.iter().map(|(_, row)| row.label.as_str()).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn detached_sessions_come_first_and_ended_ones_last() {
        check("", "busy idle shown ended");
    }

    #[test]
    fn every_word_of_the_filter_must_match_something() {
        check("work VIM bus", "busy");
        check("nothing", "");
    }

    #[test]
    fn who_kills_is_told_what_runs() {
        assert_eq!(
            question(&row(1, "build", State::Running)),
            "Kill \u{201c}build\u{201d}, where vim runs?"
        );
        assert_eq!(
            question(&row(1, "vim", State::Idle)),
            "Kill \u{201c}vim\u{201d} and what runs in it?"
        );
    }

    #[test]
    fn a_lost_session_is_called_so() {
        let mut lost = row(9, "x", State::Exited);
        assert_eq!(whereabouts(Place::Ended, &lost), "ended");
        lost.exit = Some(ExitReply::Lost);
        assert_eq!(whereabouts(Place::Ended, &lost), "lost");
        assert!(facts(&lost).contains("last seen 9 s ago"));
        assert!(ended(&lost).contains("the machine"));
    }

    #[test]
    fn the_facts_of_a_session() {
        assert_eq!(
            facts(&row(9, "x", State::Running)),
            "80\u{d7}24 \u{b7} started 1 h 1 min ago \u{b7} idle 9 s \u{b7} 1 viewer"
        );
    }
}
