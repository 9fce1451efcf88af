//! The settings dialog: groups at the side, the fields of one of them beside it. Every change is made at
//! once; there is nothing to confirm. What is kept and how is [`crate::state::settings`]'; this only shows it.

mod access;
mod browsers;
mod clipboard;
mod colours;
mod databricks;
pub(crate) mod fields;
mod import;
mod notices;
mod saved;
mod terminal;
mod text;

use leptos::prelude::*;

use super::dialog::Dialog;
use super::icons::Icon;
use crate::state::desk::Desk;
use crate::state::settings::{Settings, Taste};

/// Where a group is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Everywhere,
    /// Where the server knows of a Databricks workspace.
    WithWorkspace,
}

/// A group of settings.
struct Group {
    /// What it is called.
    title: &'static str,
    /// Its icon.
    icon: &'static str,
    /// Where it is shown.
    shown: Where,
    /// Its fields.
    view: fn() -> AnyView,
    /// Makes its settings what a fresh page has; `None` where there are none.
    reset: Option<fn(&mut Settings)>,
}

/// All groups, in the order shown.
const GROUPS: &[Group] = &[
    Group {
        title: "Colours",
        icon: "palette",
        shown: Where::Everywhere,
        view: colours::view,
        reset: Some(colours::reset),
    },
    Group {
        title: "Text",
        icon: "letters",
        shown: Where::Everywhere,
        view: text::view,
        reset: Some(|settings| settings.text = Default::default()),
    },
    Group {
        title: "Terminal",
        icon: "prompt",
        shown: Where::Everywhere,
        view: terminal::view,
        reset: Some(|settings| settings.screen = Default::default()),
    },
    Group {
        title: "Clipboard",
        icon: "paste",
        shown: Where::Everywhere,
        view: clipboard::view,
        reset: Some(|settings| settings.clipboard = Default::default()),
    },
    Group {
        title: "Access",
        icon: "person",
        shown: Where::Everywhere,
        view: access::view,
        reset: Some(|settings| settings.access = Default::default()),
    },
    Group {
        title: "Notifications",
        icon: "bell",
        shown: Where::Everywhere,
        view: notices::view,
        reset: Some(notices::reset),
    },
    Group {
        title: "Signed in",
        icon: "lock",
        shown: Where::Everywhere,
        view: browsers::view,
        reset: None,
    },
    Group {
        title: "Databricks",
        icon: "stack",
        shown: Where::WithWorkspace,
        view: databricks::view,
        reset: None,
    },
    Group {
        title: "Saved files",
        icon: "box",
        shown: Where::Everywhere,
        view: saved::view,
        reset: None,
    },
];

/// The dialog.
#[component]
pub(crate) fn SettingsDialog() -> impl IntoView {
    let taste = expect_context::<Taste>();
    let shown = RwSignal::new(0_usize);
    let has_workspace = expect_context::<Desk>().has_workspace;
    let groups = GROUPS.iter().enumerate();
    let groups = groups.filter(|(_, group)| group.shown == Where::Everywhere || has_workspace);
    let links = groups.map(|(at, group)| {
        view! {
            <button
                type="button"
                class="settings-link"
                aria-current=move || (shown.get() == at).then_some("true")
                autofocus=at == 0
                on:click=move |_| shown.set(at)
            >
                <Icon name=group.icon />
                {group.title}
            </button>
        }
    });
    let links = links.collect_view();
    let fields = move || {
        let group = GROUPS.get(shown.get())?;
        let fields = (group.view)();
        let reset = group.reset.map(|reset| {
            view! {
                <footer class="settings-foot">
                    <button type="button" class="button" on:click=move |_| taste.change(reset)>
                        "Reset this group"
                    </button>
                </footer>
            }
        });
        Some(view! {
            <section class="settings-group" aria-label=group.title>
                <h3>{group.title}</h3>
                {fields}
                {reset}
            </section>
        })
    };
    view! {
        <Dialog title="Settings" class="settings">
            <div class="settings-body">
                <nav class="settings-nav" aria-label="Groups of settings">{links}</nav>
                <div class="settings-fields">{fields}</div>
            </div>
        </Dialog>
    }
}
