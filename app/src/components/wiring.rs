//! What starts with the workspace in a browser: the link, the keyboard, the page's events, the test hooks.
//! Runs once per page load.

use std::time::Duration;

use bowline_protocol::frame::Notice;
use leptos::prelude::*;

use super::{PageVisible, access, badge, clipboard, dom, files, keyboard, looks};
use crate::link_api::{ConnectLink, LinkHandle, LinkView, News};
use crate::panes;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;
use crate::text;

/// How often the session list is read while somebody looks.
const SESSIONS_EVERY: Duration = Duration::from_secs(5);
/// Of these times, one out of so many counts while nobody looks: tabs hear of their sessions by the link, and
/// sessions in no tab are only counted then.
const HIDDEN_EVERY: u32 = 12;

/// Starts the link and everything that listens. Answers the link's state.
pub(crate) fn connect(desk: Desk) -> Signal<LinkView> {
    let link = use_context::<LinkHandle>()
        .unwrap_or_else(|| LinkHandle::start(expect_context::<ConnectLink>()));
    provide_context(link.clone());
    if let Some(open) = use_context::<super::OpenLink>() {
        open.0.set_value(Some(link.clone()));
    }
    let state = link.state();
    let visible = expect_context::<PageVisible>().0;
    if dom::query("view").as_deref() == Some("readonly") {
        desk.read_everything();
    }

    looks::follow(desk.taste);
    access::follow(desk.taste);

    let told = expect_context::<super::RestartTold>().0;
    link.on_notice(move |notice| match notice {
        Notice::Workspace { revision } => desk.announced(revision),
        Notice::Restart => {
            told.set_value(Some(super::clock::now_ms()));
            desk.toasts.say(Tone::Info, "The server is restarting.");
        }
    });

    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            // Fails only for names that aren't attribute names.
            let _ = root.set_attribute("data-link", state.get().kind.name());
        }
    });
    let sent = super::notices::Sent::default();
    provide_context(sent);
    link.on_news(move |session, news| match news {
        News::Followed => desk.attached(session),
        News::Event(event) => {
            sent.hear(session, event);
            desk.hear(session, event);
        }
    });

    let title = Memo::new(move |_| {
        let active = desk.with(|workspace| workspace.active.clone());
        let name = active.map(|tab| desk.name(&tab)).unwrap_or_default();
        text::page_title(desk.calling(), &name)
    });
    Effect::new(move |_| document().set_title(&title.get()));
    badge::follow(desk);
    let connected = Memo::new(move |_| state.get().kind.is_connected());
    Effect::new(move |_| {
        if connected.get() {
            desk.catch_up();
        }
    });

    // Everything below touches the document: once the page is in it.
    Effect::new(move |_| {
        desk.ensure_tab();
        panes::install_hooks();
        keyboard::listen(desk);
        clipboard::listen(desk);
        files::listen(desk);
        // The first one comes before the next page is asked for, the second one always.
        for event in ["beforeunload", "pagehide"] {
            dom::listen(&window(), event, move |_| desk.leave());
        }
        visible.set(!document().hidden());
        dom::listen(&document(), "visibilitychange", move |_| {
            visible.set(!document().hidden());
        });
    });
    let passed = StoredValue::new(0);
    let looking = set_interval_with_handle(
        move || {
            let times = if visible.get_untracked() {
                HIDDEN_EVERY
            } else {
                passed.get_value() + 1
            };
            passed.set_value(times % HIDDEN_EVERY);
            if times == HIDDEN_EVERY && connected.get_untracked() {
                desk.refresh_sessions();
            }
        },
        SESSIONS_EVERY,
    );
    on_cleanup(move || {
        if let Ok(looking) = looking {
            looking.clear();
        }
    });
    state
}
