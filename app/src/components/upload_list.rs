//! The files on their way to the server: how far each is, and a button that gives it up.

use leptos::prelude::*;

use super::icons::Icon;
use crate::state::desk::Desk;

/// The list, empty most of the time.
#[component]
pub(crate) fn UploadList() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let uploads = Memo::new(move |_| desk.uploads.list());
    let ids = move || uploads.with(|list| list.iter().map(|upload| upload.id).collect::<Vec<_>>());
    let some = Memo::new(move |_| uploads.with(|list| !list.is_empty()));
    let row = move |id: u32| {
        let now = move || uploads.with(|list| list.iter().find(|upload| upload.id == id).cloned());
        let name = untrack(now).map(|upload| upload.name).unwrap_or_default();
        let label = format!("Cancel uploading {name}");
        view! {
            <li class="upload">
                <span class="upload-name">{name.clone()}</span>
                <span class="upload-words">{move || now().map(|upload| upload.words())}</span>
                <progress
                    class="upload-progress"
                    aria-label=name
                    max=move || now().map(|upload| upload.bytes.max(1).to_string())
                    value=move || now().map(|upload| upload.sent.to_string())
                ></progress>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=label
                    title="Cancel"
                    on:click=move |_| cancel(desk, id)
                >
                    <Icon name="cross" />
                </button>
            </li>
        }
    };
    view! {
        <Show when=move || some.get()>
            <ul class="uploads" aria-label="Uploads">
                <For each=ids key=|id| *id let:id>
                    {row(id)}
                </For>
            </ul>
        </Show>
    }
}

#[cfg(feature = "hydrate")]
fn cancel(desk: Desk, id: u32) {
    super::uploading::cancel(desk, id);
}

/// The server sends nothing.
#[cfg(not(feature = "hydrate"))]
fn cancel(_: Desk, _: u32) {}
