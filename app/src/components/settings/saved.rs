//! Files that outlive the machine: where they are kept, how that goes, and what was copied. There is nothing to change here;
//! what it says is [`crate::state::saved`]'s.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::clock;
use crate::functions;
use crate::functions::sync::{ProjectsReply, StateReply, SyncReply};
use crate::state::saved::{advice, facts};

/// How often it is looked how it stands.
const EVERY: Duration = Duration::from_secs(3);

/// The group.
pub(super) fn view() -> AnyView {
    let status = RwSignal::new(None::<SyncReply>);
    let read = move || {
        spawn_local(async move {
            if let Ok(reply) = functions::sync_status().await {
                status.try_set(Some(reply));
            }
        });
    };
    Effect::new(move |_| read());
    clock::each(EVERY, read);
    let now = clock::ticks(Duration::from_secs(1));
    let remembered = move || {
        let state = status.get()?.state?;
        Some(remembered(&state, now.get()))
    };
    // Its text is selected and scrolled: it is made anew only when it is another.
    let projects = Memo::new(move |_| status.get().and_then(|status| status.projects));
    let projects = move || Some(commits(projects.get()?));
    let off = move || {
        let advice = advice(&status.get()?)?;
        Some(view! { <p class="link-why">{advice}</p> })
    };
    view! {
        {remembered}
        {projects}
        {off}
    }
    .into_any()
}

fn remembered(state: &StateReply, now_ms: f64) -> impl IntoView + use<> {
    let facts = facts(state, now_ms).into_iter().map(|(name, text)| {
        view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd>{text}</dd>
            </div>
        }
    });
    let facts = facts.collect_view();
    let problem = state
        .problem
        .clone()
        .map(|why| view! { <p class="setting-problem" role="alert">{why}</p> });
    let notes = state
        .notes
        .iter()
        .map(|note| view! { <li>{note.clone()}</li> })
        .collect_view();
    view! {
        <h4>"Agents\u{2019} memory and shells\u{2019} histories"</h4>
        <dl class="facts">{facts}</dl>
        {problem}
        <ul class="saved-notes">{notes}</ul>
    }
}

fn commits(projects: ProjectsReply) -> impl IntoView {
    let log = match projects.log.is_empty() {
        true => "Nothing yet: commit in a repository below ~/projects.".to_owned(),
        false => projects.log,
    };
    view! {
        <h4>"Projects, at each commit"</h4>
        <dl class="facts">
            <div class="fact">
                <dt>"Copied to"</dt>
                <dd>{projects.place}</dd>
            </div>
        </dl>
        <pre class="saved-log" tabindex="0" aria-label="What was copied">
            {log}
        </pre>
    }
}
