//! Says when programs have lost their way into the Databricks workspace and somebody has to give a token. The settings
//! say the rest.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::clock;
use crate::functions;
use crate::state::credential::asks;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(30);

/// Looks from now on, where there is a workspace.
pub(super) fn run(desk: Desk) {
    if !desk.has_workspace {
        return;
    }
    let asked = StoredValue::new(false);
    let look = move || {
        spawn_local(async move {
            let Ok(status) = functions::pat_status().await else {
                return;
            };
            let asks = asks(&status);
            // Once for each time that it is lost.
            if asks && asked.try_get_value() == Some(false) {
                let text = "Databricks wants a token: Settings \u{2192} Databricks.";
                desk.toasts.say(Tone::Problem, text);
            }
            asked.try_set_value(asks);
        });
    };
    Effect::new(move |_| look());
    clock::each(EVERY, look);
}
