//! Short messages, read out politely.

use leptos::prelude::*;

use super::icons::Icon;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;

/// The messages shown.
#[component]
pub(crate) fn ToastList() -> impl IntoView {
    let toasts = expect_context::<Desk>().toasts;
    view! {
        <div
            class="toasts"
            role="status"
            aria-live="polite"
            data-region="messages"
            on:mouseenter=move |_| toasts.hold()
            on:mouseleave=move |_| toasts.release()
            on:focusin=move |_| toasts.hold()
            on:focusout=move |_| toasts.release()
        >
            <For each=move || toasts.list() key=|toast| toast.id let:toast>
                <div class="toast" class:problem=toast.tone == Tone::Problem>
                    <span class="toast-text">{toast.text}</span>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.dismiss(toast.id)
                    >
                        <Icon name="cross" />
                    </button>
                </div>
            </For>
        </div>
    }
}
