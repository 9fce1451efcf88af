//! Files on their way to the server: sent one after the other, and their paths typed where they were put. And files for
//! the user to keep: a terminal's text, a session's recording. In the browser only.

use std::cell::RefCell;
use std::collections::VecDeque;

use bowline_protocol::http::PROOF;
use js_sys::{Array, Function};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast as _;
use leptos::wasm_bindgen::prelude::*;

use crate::functions::client;
use crate::panes;
use crate::state::desk::Desk;
use crate::state::toasts::Tone;
use crate::state::uploads::{self, MOST};

#[wasm_bindgen(module = "bowline-transfer")]
extern "C" {
    fn choose(then: &JsValue);
    fn send(
        file: &File,
        url: &str,
        proof: &Array,
        progress: &Function,
        done: &Function,
    ) -> Function;
    /// Gives the user a file to keep.
    pub(super) fn save(name: &str, text: &str);
    #[wasm_bindgen(js_name = fetchAndSave)]
    async fn fetch_and_save(name: &str, url: &str, proof: &Array) -> JsValue;

    /// A file of the browser's. What is read of it is looked up by name, so it needs no class.
    type File;
    #[wasm_bindgen(method, getter)]
    fn name(this: &File) -> String;
    #[wasm_bindgen(method, getter)]
    fn size(this: &File) -> f64;
}

/// A file that waits, and the pane for its path.
struct Job {
    id: u32,
    pane: String,
    file: File,
}

/// The file that is being sent.
struct Sending {
    id: u32,
    cancel: Function,
    _progress: Closure<dyn Fn(f64)>,
}

thread_local! {
    static WAITING: RefCell<VecDeque<Job>> = const { RefCell::new(VecDeque::new()) };
    static SENDING: RefCell<Option<Sending>> = const { RefCell::new(None) };
}

/// Lets the user choose files for the pane in front.
pub(crate) fn ask(desk: Desk) {
    let Some(pane) = panes::shown_pane() else {
        return;
    };
    let then = Closure::once_into_js(move |files: Array| {
        send_all(desk, &pane, &files);
        desk.focus();
    });
    choose(&then);
}

/// Gives one up.
pub(crate) fn cancel(desk: Desk, id: u32) {
    WAITING.with_borrow_mut(|waiting| waiting.retain(|job| job.id != id));
    let sending = SENDING.with_borrow_mut(|sending| sending.take_if(|sending| sending.id == id));
    desk.uploads.remove(id);
    if let Some(sending) = sending {
        // Throws nothing.
        let _ = sending.cancel.call0(&JsValue::NULL);
        next(desk);
    }
}

/// Sends files to a pane.
pub(super) fn send_all(desk: Desk, pane: &str, files: &Array) {
    if untrack(|| desk.only_reads()) && files.length() > 0 {
        let text = "This page is read only: it uploads nothing.";
        desk.toasts.say(Tone::Info, text);
        return;
    }
    for file in files.iter() {
        let file: File = file.unchecked_into();
        if desk.uploads.room() == 0 {
            let text = format!("At most {MOST} files at once; the rest was left out.");
            desk.toasts.say(Tone::Problem, text);
            break;
        }
        // Sizes are whole and far below what an f64 holds.
        let bytes = file.size() as u64;
        if let Some(why) = desk.uploads.refusal(&file.name(), bytes) {
            desk.toasts.say(Tone::Problem, why);
            continue;
        }
        let id = desk.uploads.add(file.name(), bytes);
        let pane = pane.to_owned();
        WAITING.with_borrow_mut(|waiting| waiting.push_back(Job { id, pane, file }));
    }
    next(desk);
}

/// Sends the next one, if none is on its way.
fn next(desk: Desk) {
    if SENDING.with_borrow(Option::is_some) {
        return;
    }
    let Some(Job { id, pane, file }) = WAITING.with_borrow_mut(VecDeque::pop_front) else {
        return;
    };
    let name = file.name();
    let progress = Closure::<dyn Fn(f64)>::new(move |sent: f64| {
        desk.uploads.sent(id, sent as u64);
    });
    let done = Closure::once_into_js(move |status: u16, body: String| {
        SENDING.with_borrow_mut(Option::take);
        desk.uploads.remove(id);
        match uploads::answer(status, &body) {
            Ok(path) => arrived(desk, &pane, &path),
            Err(why) => {
                let text = format!("\u{201c}{name}\u{201d} was not uploaded: {why}.");
                desk.toasts.say(Tone::Problem, text);
            }
        }
        next(desk);
    });
    let cancel = send(
        &file,
        "api/upload",
        &proof(),
        progress.as_ref().unchecked_ref(),
        done.unchecked_ref(),
    );
    SENDING.set(Some(Sending {
        id,
        cancel,
        _progress: progress,
    }));
}

/// Types the path where the file was put; a pane that is gone can't take it.
fn arrived(desk: Desk, pane: &str, path: &str) {
    if panes::paste::prepared(pane, "").is_some() {
        panes::paste::paste(pane, &format!("{} ", uploads::quoted(path)));
    }
    desk.toasts.say(Tone::Info, format!("Uploaded to {path}"));
}

fn proof() -> Array {
    let proof = client::proof().unwrap_or_default();
    Array::of2(&PROOF.into(), &proof.into())
}

/// Gives the user all text of the terminal in front.
pub(crate) fn save_text(desk: Desk) {
    let name = file_name(desk, "txt");
    panes::search::with_history(move |emulator| {
        save(&name, &format!("{}\n", emulator.text().trim_end()));
    });
}

/// Gives the user a recording of the session in front.
pub(crate) fn save_recording(desk: Desk) {
    let Some(session) = panes::shown_session() else {
        return;
    };
    let (name, url) = (
        file_name(desk, "cast"),
        format!("api/session/recording?session_id={session}"),
    );
    spawn_local(async move {
        let status = fetch_and_save(&name, &url, &proof()).await;
        let status = status.as_f64().unwrap_or_default();
        if status != 200.0 {
            let why = match status {
                0.0 => "the connection was lost".to_owned(),
                404.0 => "nothing of this session is kept".to_owned(),
                _ => format!("the server answered {status}"),
            };
            let text = format!("The recording was not downloaded: {why}.");
            desk.toasts.say(Tone::Problem, text);
        }
    });
}

/// A name for a file about the tab in front.
fn file_name(desk: Desk, ending: &str) -> String {
    let tab = desk.peek(|workspace| workspace.active.clone());
    let name = tab.map(|tab| untrack(|| desk.name(&tab)));
    let now = js_sys::Date::new_0();
    let time = uploads::Stamp {
        date: (now.get_full_year(), now.get_month() + 1, now.get_date()),
        time: (now.get_hours(), now.get_minutes(), now.get_seconds()),
    };
    uploads::file_name(&name.unwrap_or_default(), time, ending)
}
