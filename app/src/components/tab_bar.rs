//! The bar at the top: tabs, "New tab", and at its end the sessions, theme, keys and the link's dot.

use leptos::html::Div;
use leptos::prelude::*;

use super::dictation::DictationButton;
use super::icons::{Icon, Knot};
use super::later::run;
use super::link_details::LinkDot;
use super::tab::TabView;
use super::tab_finder::FinderButton;
use crate::keys::{Command, hint};
use crate::state::desk::Desk;
use crate::state::drag::Place;
use crate::text;
use crate::workspace::View;

/// A button that does a command.
#[component]
fn BarButton(
    /// Its own class: narrow bars hide some.
    class: &'static str,
    label: &'static str,
    command: Command,
    icon: &'static str,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    // Only a dialog is announced as one.
    let popup = (command != Command::SplitRight).then_some("dialog");
    view! {
        <button
            type="button"
            class=format!("icon-button {class}")
            aria-label=label
            title=hint(label, command)
            aria-haspopup=popup
            on:click=move |_| run(desk, command)
        >
            <Icon name=icon />
        </button>
    }
}

/// The bar.
#[component]
pub(crate) fn TabBar() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let list = NodeRef::<Div>::new();
    let tabs = Memo::new(move |_| {
        desk.with(|workspace| {
            let ids = workspace.tabs.iter().map(|tab| tab.id.clone());
            ids.collect::<Vec<_>>()
        })
    });
    let scroll = move |event: leptos::ev::WheelEvent| {
        if let Some(list) = list.get_untracked()
            && event.delta_x() == 0.0
        {
            list.set_scroll_left(list.scroll_left() + event.delta_y() as i32);
        }
    };
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(list) = list.get() {
            super::dragging::keep_still(&list, desk);
        }
    });
    let takes = move || desk.dragging.with_place(|place| *place == Place::NewTab) == Some(true);
    let count = Memo::new(move |_| text::session_count(desk.running()));
    let number = Memo::new(move |_| desk.running());

    view! {
        <header class="bar" class:takes=takes data-region="bar">
            <span class="brand" aria-hidden="true"><Knot /></span>
            <div class="tabs" role="tablist" aria-label="Terminals" node_ref=list on:wheel=scroll>
                <For each=move || tabs.get() key=Clone::clone let:tab>
                    <TabView tab=tab />
                </For>
            </div>
            <FinderButton list=list />
            <button
                type="button"
                class="icon-button new-tab"
                aria-label="New tab"
                title=hint("New tab", Command::NewTab)
                on:click=move |_| run(desk, Command::NewTab)
            >
                <Icon name="plus" />
            </button>
            <div class="bar-end">
                <button
                    type="button"
                    class="count"
                    title=hint("Sessions", Command::Sessions)
                    aria-label=move || count.get()
                    aria-haspopup="dialog"
                    on:click=move |_| run(desk, Command::Sessions)
                >
                    <Icon name="stack" />
                    <span class="count-text">{move || count.get()}</span>
                    <span class="count-number" aria-hidden="true">{move || number.get()}</span>
                </button>
                <BarButton class="split-button" label="Split right" command=Command::SplitRight icon="split-right" />
                <button
                    type="button"
                    class="icon-button grid-button"
                    aria-label="Grid"
                    aria-pressed=move || (desk.view() == View::Grid).to_string()
                    title=hint("Tabs or grid", Command::ToggleGrid)
                    on:click=move |_| desk.toggle_grid()
                >
                    <Icon name="grid" />
                </button>
                <BarButton class="palette-button" label="Command palette" command=Command::Palette icon="prompt" />
                <button
                    type="button"
                    class="icon-button theme-button"
                    aria-label="Dark or light"
                    title=hint("Dark or light", Command::ToggleTheme)
                    on:click=move |_| run(desk, Command::ToggleTheme)
                >
                    <Icon name="sun" />
                    <Icon name="moon" />
                </button>
                <BarButton class="keys-button" label="Keyboard shortcuts" command=Command::Shortcuts icon="keyboard" />
                <BarButton class="settings-button" label="Settings" command=Command::Settings icon="gear" />
                <DictationButton />
                <LinkDot />
            </div>
        </header>
    }
}
