//! Asks before a paste that a program would run at once. Decides nothing: [`crate::state::paste`] does.

use leptos::prelude::*;

use super::dialog::Dialog;
use crate::state::desk::Desk;
use crate::state::paste::{Offer, Paste};

/// How a paste is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it is.
    Whole,
    /// Its lines joined.
    OneLine,
}

/// The dialog.
#[component]
pub(crate) fn PasteWarning() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let offer = desk.pasting.offer.get_untracked();
    on_cleanup(move || {
        // Disposed with the page; and nothing is kept of what was on the clipboard.
        let _ = desk.pasting.offer.try_set(None);
    });
    offer.map(|Offer { pane, paste }| {
        let trust = RwSignal::new(false);
        let several = paste.lines > 1;
        let (facts, shown) = (paste.facts(), paste.shown());
        let paste = StoredValue::new((pane, paste));
        let go = move |how: How| {
            let (pane, paste) = paste.get_value();
            if trust.get_untracked() {
                desk.pasting.trust(pane.clone());
            }
            desk.overlay.set(None);
            typed(&pane, &paste, how);
            desk.focus();
        };
        view! {
            <Dialog title="Paste this?" class="paste-warning">
                <p class="paste-facts">{facts}</p>
                <pre class="paste-text" tabindex="0" aria-label="The text">{shown}</pre>
                <label class="paste-trust">
                    <input
                        type="checkbox"
                        prop:checked=move || trust.get()
                        on:change=move |event| trust.set(event_target_checked(&event))
                    />
                    "Don\u{2019}t ask again for this terminal"
                </label>
                <div class="paste-buttons">
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| {
                            desk.overlay.set(None);
                            desk.focus();
                        }
                    >
                        "Cancel"
                    </button>
                    {several
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="button"
                                    on:click=move |_| go(How::OneLine)
                                >
                                    "Paste as one line"
                                </button>
                            }
                        })}
                    <button
                        type="button"
                        class="button primary"
                        autofocus=true
                        on:click=move |_| go(How::Whole)
                    >
                        "Paste"
                    </button>
                </div>
            </Dialog>
        }
    })
}

fn typed(pane: &str, paste: &Paste, how: How) {
    let text = match how {
        How::Whole => paste.text.clone(),
        How::OneLine => paste.on_one_line(),
    };
    #[cfg(feature = "hydrate")]
    crate::panes::paste::paste(pane, &text);
    #[cfg(not(feature = "hydrate"))]
    let _ = (pane, text);
}
