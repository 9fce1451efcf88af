//! The field in which a tab is named, in its place in the bar.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::html::Input;
use leptos::prelude::*;

use crate::state::desk::Desk;
use crate::workspace::MAX_NAME;

/// The name being edited in place. Enter and leaving keep it, Escape doesn't.
#[component]
pub(crate) fn NameField(id: StoredValue<String>, name: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = node.get() {
            // Fails only for elements outside the document.
            let _ = input.focus();
            input.select();
        }
    });
    let keep = move || {
        let mine = desk
            .renaming
            .with_untracked(|renaming| id.with_value(|id| renaming.as_ref() == Some(id)));
        // Leaving also comes from the field's own removal, when its node is no longer to be asked for.
        if mine && let Some(input) = node.get_untracked() {
            desk.rename(&id.get_value(), &input.value());
        }
    };
    let on_key = move |event: KeyboardEvent| {
        event.stop_propagation();
        match event.key().as_str() {
            "Enter" if !event.is_composing() => keep(),
            "Escape" => {
                desk.renaming.set(None);
                desk.focus();
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <input
            class="tab-field"
            type="text"
            aria-label="Name of the tab"
            maxlength=MAX_NAME
            spellcheck="false"
            autocomplete="off"
            value=name
            node_ref=node
            on:keydown=on_key
            on:blur=move |_: FocusEvent| keep()
            on:click=|event| event.stop_propagation()
            on:dblclick=|event| event.stop_propagation()
        />
    }
}
