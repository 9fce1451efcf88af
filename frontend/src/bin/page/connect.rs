//! The page's end of its link: a Web Worker, because background tabs throttle a page's timers; or, when
//! none can be made, the same driver beside the page: a chunk of its own, which others never fetch.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use std::time::Duration;

use bowline_frontend::driver::{Driver, ToPageFn};
use bowline_frontend::message::{self, LinkMessage, PageMessage};
use bowline_protocol::port::{ToLink, ToPage};
use js_sys::Uint8Array;
use leptos::prelude::set_timeout;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// `<meta name="bowline-worker" content="URL">` names the worker's script.
const WORKER_META: &str = "meta[name=bowline-worker]";

/// How long after the driver could not be fetched it is tried again.
const AGAIN: Duration = Duration::from_secs(2);

type OnMessage = Rc<dyn Fn(ToPage, Option<Uint8Array>)>;
type Post = Rc<dyn Fn(ToLink, Option<Uint8Array>)>;

/// Where the page's messages go.
enum Way {
    /// Not known yet; the page says little before the worker is ready.
    Starting(Vec<LinkMessage>),
    Worker(Worker),
    Beside(Beside),
}

/// A driver beside the page, by what it hears.
struct Beside(Rc<dyn Fn(LinkMessage)>);

impl From<SplitLoaderError> for Unfetched {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// The chunk could not be fetched.
#[derive(Debug)]
struct Unfetched;

/// Fetches the driver; only what is reached from here is in that chunk.
#[wasm_split(beside, wasm_split_path = ::leptos::wasm_split, fallible)]
fn drive(hand_over: ToPageFn) -> Result<Beside, Unfetched> {
    let driver = Driver::new(hand_over);
    Ok(Beside(Rc::new(move |message| driver.on_message(message))))
}

/// Connects the page to its link.
pub(crate) fn connect(on_message: OnMessage) -> Post {
    let way = Rc::new(RefCell::new(Way::Starting(Vec::new())));
    let hand_over: ToPageFn = Rc::new(move |messages| {
        for message in messages {
            on_message(message.header, message.payload);
        }
    });
    if start_worker(&way, &hand_over).is_err() {
        run_beside(&way, &hand_over);
    }
    Rc::new(move |header, payload| say(&way, LinkMessage { header, payload }))
}

fn say(way: &RefCell<Way>, message: LinkMessage) {
    let driver = match &mut *way.borrow_mut() {
        Way::Starting(waiting) => {
            waiting.push(message);
            return;
        }
        Way::Worker(worker) => {
            let packed = message::pack(&[message]);
            // Fails only for what can't be cloned; these are arrays of bytes.
            let _ = worker.post_message_with_transfer(&packed.value, &packed.transfer);
            return;
        }
        Way::Beside(driver) => Rc::clone(&driver.0),
    };
    driver(message);
}

/// Takes the way that works and says what was waiting.
fn settle(way: &RefCell<Way>, settled: Way) {
    if let Way::Starting(waiting) = way.replace(settled) {
        for message in waiting {
            say(way, message);
        }
    }
}

/// Until the driver is there, the page's messages wait: few, as it hears of no connection.
fn run_beside(way: &Rc<RefCell<Way>>, hand_over: &ToPageFn) {
    let (way, hand_over) = (Rc::clone(way), Rc::clone(hand_over));
    spawn_local(async move {
        match drive(Rc::clone(&hand_over)).await {
            Ok(driver) => settle(&way, Way::Beside(driver)),
            Err(Unfetched) => set_timeout(move || run_beside(&way, &hand_over), AGAIN),
        }
    });
}

fn start_worker(way: &Rc<RefCell<Way>>, hand_over: &ToPageFn) -> Result<(), JsValue> {
    let url = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector(WORKER_META).ok().flatten())
        .and_then(|meta| meta.get_attribute("content"))
        .ok_or("the page names no worker")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&url, &options)?;

    // A worker that says nothing before it fails (refused by a policy, not loadable) is replaced.
    let ready = Rc::new(Cell::new(false));
    let on_message = {
        let (ready, way, worker) = (Rc::clone(&ready), Rc::clone(way), worker.clone());
        let hand_over = Rc::clone(hand_over);
        Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let messages: Vec<PageMessage> = message::unpack(&event.data());
            if !ready.replace(true) {
                settle(&way, Way::Worker(worker.clone()));
            }
            hand_over(messages);
        })
    };
    let on_error = {
        let (way, hand_over) = (Rc::clone(way), Rc::clone(hand_over));
        Closure::<dyn Fn()>::new(move || {
            if !ready.replace(true) {
                run_beside(&way, &hand_over);
            }
        })
    };
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    // The worker lives as long as the page.
    on_message.forget();
    on_error.forget();
    Ok(())
}
