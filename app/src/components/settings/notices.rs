//! The settings about notifications. Turning them on asks the browser for leave; what it says to that is told
//! here.

use leptos::prelude::*;

use super::fields::{self, Words};
use crate::state::notices::Leave;
use crate::state::settings::{NoticeTaste, Settings, Taste};

const DESKTOP: Words = Words {
    name: "Desktop notifications",
    hint: "When a session needs you and you look at something else. They hold the tab\u{2019}s name, and what \
           the program itself put into a notification.",
};

/// The fields.
pub(super) fn view() -> AnyView {
    let taste = expect_context::<Taste>();
    let leave = RwSignal::new(Leave::Unasked);
    #[cfg(feature = "hydrate")]
    leave.set(crate::components::notices::leave());
    let on = Signal::derive(move || taste.with(|settings| settings.notices.desktop));
    let change = Callback::new(move |wanted: bool| {
        taste.change(|settings| settings.notices.desktop = wanted);
        #[cfg(feature = "hydrate")]
        if wanted {
            crate::components::notices::ask(move |answer| {
                leave.try_set(answer);
                if answer != Leave::Given {
                    taste.change(|settings| settings.notices.desktop = false);
                }
            });
        }
    });
    view! {
        {fields::switch(DESKTOP, on, change)}
        <p class="setting-problem" role="status">{move || leave.get().problem()}</p>
    }
    .into_any()
}

/// As on a fresh page.
pub(super) fn reset(settings: &mut Settings) {
    settings.notices = NoticeTaste::default();
}
