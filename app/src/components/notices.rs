//! Notifications of the system, for who has asked for them: shows what [`crate::state::notices`] finds worth one,
//! and brings the session to the front when it is clicked. In the browser only.

use bowline_protocol::SessionId;
use bowline_protocol::frame::Event;
use js_sys::{Object, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;

use super::dom;
use crate::state::desk::Desk;
use crate::state::notices::{Leave, Looking, Note, Notices, body};

/// Sessions whose last words are kept; the first to be forgotten is who said nothing for longest.
const SENT: usize = 64;

#[wasm_bindgen]
extern "C" {
    type Notification;
    #[wasm_bindgen(constructor, catch)]
    fn new(title: &str, options: &Object) -> Result<Notification, JsValue>;
    #[wasm_bindgen(method, setter)]
    fn set_onclick(this: &Notification, handler: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &Notification);
    #[wasm_bindgen(static_method_of = Notification, getter)]
    fn permission() -> String;
    #[wasm_bindgen(static_method_of = Notification, catch, js_name = "requestPermission")]
    fn request_permission() -> Result<Promise, JsValue>;
}

/// What programs said last, by session, in context.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent(StoredValue<Vec<(SessionId, String)>>);

impl Sent {
    /// Hears what happens in a session.
    pub(super) fn hear(self, session: SessionId, event: &Event) {
        let Event::Notification { title, body, .. } = event else {
            return;
        };
        let words = match title {
            Some(title) => format!("{title}: {body}"),
            None => body.clone(),
        };
        self.0.update_value(|sent| {
            sent.retain(|(other, _)| *other != session);
            if sent.len() >= SENT {
                sent.remove(0);
            }
            sent.push((session, words));
        });
    }

    fn of(self, session: SessionId) -> Option<String> {
        self.0.with_value(|sent| {
            let mut sent = sent.iter();
            let (_, words) = sent.find(|(other, _)| *other == session)?;
            Some(words.clone())
        })
    }
}

/// What the browser lets the page do.
pub(super) fn leave() -> Leave {
    if !Reflect::has(&js_sys::global(), &"Notification".into()).unwrap_or(false) {
        return Leave::Missing;
    }
    match Notification::permission().as_str() {
        "granted" => Leave::Given,
        "denied" => Leave::Denied,
        _ => Leave::Unasked,
    }
}

/// Asks the user, in whose click this must be called.
pub(super) fn ask(then: impl FnOnce(Leave) + 'static) {
    if leave() != Leave::Unasked {
        return then(leave());
    }
    let asked = Notification::request_permission();
    spawn_local(async move {
        if let Ok(asked) = asked {
            // Refused by the browser itself: the answer is the same question again.
            let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
        }
        then(leave());
    });
}

/// Shows them for the life of the page.
pub(super) fn run(desk: Desk) {
    let sent = expect_context::<Sent>();
    let looking = RwSignal::new(Looking::Here);
    let notices = StoredValue::new(Notices::default());
    let look = move || {
        let here = !document().hidden() && document().has_focus().unwrap_or(true);
        let now = match here {
            true => Looking::Here,
            false => Looking::Elsewhere,
        };
        if looking.get_untracked() != now {
            looking.set(now);
        }
    };
    for event in ["focus", "blur"] {
        dom::listen(&window(), event, move |_| look());
    }
    dom::listen(&document(), "visibilitychange", move |_| look());
    look();
    Effect::new(move |_| {
        let looking = looking.get();
        let notes = desk
            .with_sessions(|rows| notices.try_update_value(|notices| notices.look(rows, looking)));
        let wanted = desk.taste.peek(|settings| settings.notices.desktop);
        if !wanted || leave() != Leave::Given {
            return;
        }
        for note in notes.unwrap_or_default() {
            let words = sent.of(note.session);
            show(desk, &note, words.as_deref());
        }
    });
}

fn show(desk: Desk, note: &Note, sent: Option<&str>) {
    let Note { session, why } = *note;
    let name = untrack(|| {
        let tab = desk.peek(|workspace| workspace.tab_of(session).map(|tab| tab.id.clone()));
        tab.map(|tab| desk.name(&tab)).or_else(|| {
            desk.with_sessions(|rows| {
                let row = rows.iter().find(|row| row.session_id == session);
                row.map(|row| row.label.clone())
            })
        })
    });
    let options = Object::new();
    // One of a session takes the place of the one before.
    for (key, value) in [
        ("body", body(why, sent)),
        ("tag", format!("bowline-{session}")),
    ] {
        // Fails only for frozen objects, which this is not.
        let _ = Reflect::set(&options, &key.into(), &value.into());
    }
    // Refused where only service workers may show any.
    let Ok(notification) = Notification::new(&name.unwrap_or_default(), &options) else {
        return;
    };
    let shown = AsRef::<JsValue>::as_ref(&notification).clone();
    let clicked = Closure::once_into_js(move || {
        // Fails only where the browser keeps windows from coming forward.
        let _ = window().focus();
        shown.unchecked_ref::<Notification>().close();
        let row = untrack(|| {
            desk.with_sessions(|rows| rows.iter().find(|row| row.session_id == session).cloned())
        });
        if let Some(row) = row {
            desk.open_session(&row);
        }
    });
    notification.set_onclick(&clicked);
}
