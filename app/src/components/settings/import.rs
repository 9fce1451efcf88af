//! Brings schemes in: from a file, or from text that is pasted. Says what came of it.

use leptos::html::Input;
use leptos::prelude::*;

use crate::state::settings::Taste;
use crate::theme::import;

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// Nothing was brought yet.
    None,
    /// Said politely.
    Done(String),
    /// Said as a failure.
    Failed(String),
}

/// Adds the schemes of a file.
fn bring(taste: Taste, file: &str) -> Outcome {
    let schemes = match import::schemes(file) {
        Ok(schemes) => schemes,
        Err(why) => return Outcome::Failed(why.to_string()),
    };
    let said = match schemes.as_slice() {
        [one] => format!("{} is there.", one.name),
        many => format!("{} themes are there.", many.len()),
    };
    let mut added = Ok(());
    taste.change(|settings| added = settings.looks.import(schemes));
    match added {
        Ok(()) => Outcome::Done(said),
        Err(why) => Outcome::Failed(why.to_string()),
    }
}

/// The part of the dialog.
#[component]
pub(super) fn Import() -> impl IntoView {
    let taste = expect_context::<Taste>();
    let outcome = RwSignal::new(Outcome::None);
    let field = NodeRef::<Input>::new();
    let pasted = RwSignal::new(String::new());
    let picked = move |_| {
        #[cfg(feature = "hydrate")]
        if let Some(field) = field.get_untracked() {
            browser::read(&field, move |file| {
                outcome.set(match file {
                    Ok(file) => bring(taste, &file),
                    Err(why) => Outcome::Failed(why),
                });
            });
        }
    };
    let add = move |_| {
        outcome.set(bring(taste, &pasted.get_untracked()));
        if matches!(outcome.get_untracked(), Outcome::Done(_)) {
            pasted.set(String::new());
        }
    };
    let said = move || match outcome.get() {
        Outcome::None => None,
        Outcome::Done(said) => Some(view! { <p class="import-done">{said}</p> }.into_any()),
        Outcome::Failed(why) => Some(view! { <p class="import-failed">{why}</p> }.into_any()),
    };
    view! {
        <fieldset class="import">
            <legend>"Import a theme"</legend>
            <p class="setting-hint">
                "JSON of Windows Terminal, VS Code, Gogh, Alacritty, base16 or kitty."
            </p>
            <textarea
                class="import-text"
                aria-label="Theme as JSON"
                placeholder="{ \"name\": … }"
                rows="3"
                spellcheck="false"
                prop:value=move || pasted.get()
                on:input=move |event| pasted.set(event_target_value(&event))
            ></textarea>
            <div class="import-actions">
                <label class="button import-file">
                    "From a file…"
                    <input
                        type="file"
                        accept=".json,.jsonc,application/json"
                        node_ref=field
                        on:change=picked
                    />
                </label>
                <button
                    type="button"
                    class="button primary"
                    disabled=move || pasted.with(|text| text.trim().is_empty())
                    on:click=add
                >
                    "Import"
                </button>
            </div>
            <div role="status">{said}</div>
        </fieldset>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! Reading a picked file.

    use leptos::task::spawn_local;
    use wasm_bindgen_futures::JsFuture;

    use crate::theme::import::{ImportError, MAX_FILE};

    /// Calls back with the text of the file that was picked, and forgets it.
    pub(super) fn read(
        field: &web_sys::HtmlInputElement,
        then: impl FnOnce(Result<String, String>) + 'static,
    ) {
        let Some(file) = field.files().and_then(|files| files.get(0)) else {
            return;
        };
        // So that the same file can be picked again.
        field.set_value("");
        if file.size() > MAX_FILE as f64 {
            return then(Err(ImportError::Large.to_string()));
        }
        let text = file.text();
        spawn_local(async move {
            let text = JsFuture::from(text).await.ok();
            let text = text.and_then(|text| text.as_string());
            then(text.ok_or_else(|| "the file could not be read".to_owned()));
        });
    }
}
