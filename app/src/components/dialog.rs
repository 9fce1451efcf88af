//! A modal dialog: the browser's own, so that the keyboard stays inside, Escape closes it and the rest of
//! the page is inert.

use leptos::html;
use leptos::prelude::*;

use super::icons::Icon;
use crate::state::desk::Desk;

/// A dialog over the terminals, open while it exists.
#[component]
pub(crate) fn Dialog(
    /// Its heading and accessible name.
    title: &'static str,
    /// More classes.
    class: &'static str,
    /// What it shows.
    children: Children,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            // Fails only when it is open already.
            let _ = dialog.show_modal();
        }
    });
    let leave = move || {
        desk.overlay.set(None);
        desk.focus();
    };
    // The browser would close it and say so some moments later: what is typed until then would be lost on
    // whatever opened it.
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && !event.is_composing() {
            event.prevent_default();
            leave();
        }
    };
    // The content fills the dialog: a click on the dialog itself is one beside it.
    let beside = move |event: leptos::ev::MouseEvent| {
        if event.target() == event.current_target() {
            leave();
        }
    };
    view! {
        <dialog
            class=format!("dialog {class}")
            aria-label=title
            node_ref=node
            on:close=move |_| leave()
            on:click=beside
            on:keydown=pressed
        >
            <div class="dialog-content">
                <header class="dialog-head">
                    <h2>{title}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Close"
                        title="Close (Esc)"
                        on:click=move |_| leave()
                    >
                        <Icon name="cross" />
                    </button>
                </header>
                {children()}
            </div>
        </dialog>
    }
}
