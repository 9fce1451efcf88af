//! Does what [`Client`] decides: opens sockets, sends requests, sets one timer, tells the page. Decides
//! nothing itself. Runs in the worker, or beside the page.

use std::cell::RefCell;
use std::rc::Rc;

use bowline_protocol::ServerFrame;
use bowline_protocol::client::{Answer, Client, Effect, Event, Request, SocketEnd, Status};
use bowline_protocol::codec::Framed;
use bowline_protocol::ids::{ClientId, Generation};
use bowline_protocol::port::{ToLink, ToPage};
use bowline_protocol::{http, limits};
use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, BinaryType, CloseEvent, MessageEvent, RequestInit, RequestRedirect, Response,
    WebSocket,
};

use crate::message::{LinkMessage, PageMessage};
use crate::scope::{self, Timer};

/// The server closes with this code when it doesn't know us.
const CLOSE_UNAUTHENTICATED: u16 = 4401;

/// Takes what the link says to the page: all that one event brought, at once.
pub type ToPageFn = Rc<dyn Fn(Vec<PageMessage>)>;

/// A driver; silent until told to start.
#[derive(Clone)]
pub struct Driver(Rc<RefCell<State>>);

struct State {
    to_page: ToPageFn,
    timer: Option<Timer>,
    running: Option<Running>,
}

struct Running {
    id: ClientId,
    proof: Option<String>,
    base: String,
    client: Client,
    socket: Option<Socket>,
    abort: Option<AbortController>,
}

/// An open or opening socket. Dropping it takes its handlers away.
struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for a bad code or reason.
        let _ = self.socket.close();
    }
}

impl Driver {
    /// A driver that tells the page through `to_page`.
    pub fn new(to_page: ToPageFn) -> Self {
        let driver = Self(Rc::new(RefCell::new(State {
            to_page,
            timer: None,
            running: None,
        })));
        let weak = Rc::downgrade(&driver.0);
        driver.0.borrow_mut().timer = Some(Timer::new(move || {
            if let Some(state) = weak.upgrade() {
                Self(state).handle(Event::Timer);
            }
        }));
        driver
    }

    /// Takes what the page says.
    pub fn on_message(&self, message: LinkMessage) {
        match message.header {
            ToLink::Start {
                client,
                proof,
                base,
                settings,
            } => {
                self.0.borrow_mut().running = Some(Running {
                    id: client,
                    proof: proof.clone(),
                    base,
                    client: Client::new(client, proof, settings),
                    socket: None,
                    abort: None,
                });
                self.handle(Event::Start);
            }
            ToLink::Frame(frame) => {
                let payload = message
                    .payload
                    .map(|bytes| bytes.to_vec())
                    .unwrap_or_default();
                self.handle(Event::Page(Framed {
                    frame,
                    payload: payload.into(),
                }));
            }
            ToLink::Parsed { session, offset } => self.handle(Event::Parsed { session, offset }),
            ToLink::Attention(attention) => self.handle(Event::Attention(attention)),
            ToLink::RetryNow => self.handle(Event::RetryNow),
            ToLink::Reconnect => self.handle(Event::Reconnect),
            ToLink::SignedIn { proof } => {
                if let Some(running) = &mut self.0.borrow_mut().running {
                    running.proof.clone_from(&proof);
                }
                self.handle(Event::SignedIn(proof));
            }
            ToLink::Measure => self.handle(Event::Measure),
        }
    }

    fn handle(&self, event: Event) {
        let mut messages = Vec::new();
        {
            let mut state = self.0.borrow_mut();
            let state = &mut *state;
            let Some(running) = &mut state.running else {
                return;
            };
            let now = scope::now_ms();
            for effect in running.client.handle(event, now) {
                self.carry_out(running, effect, now, &mut messages);
            }
            let wait = running.client.deadline().map(|at| at.saturating_sub(now));
            if let Some(timer) = &mut state.timer {
                timer.set(wait);
            }
        }
        if !messages.is_empty() {
            let to_page = Rc::clone(&self.0.borrow().to_page);
            to_page(messages);
        }
    }

    fn carry_out(
        &self,
        running: &mut Running,
        effect: Effect,
        now: u64,
        messages: &mut Vec<PageMessage>,
    ) {
        match effect {
            Effect::OpenSocket(generation) => {
                running.socket = self.open(&running.base, generation);
                if running.socket.is_none() {
                    // Told later: the machine is being asked right now.
                    let driver = self.clone();
                    spawn_local(async move {
                        driver.handle(Event::SocketClosed(generation, SocketEnd::Cut));
                    });
                }
            }
            Effect::SocketSend(batch) => {
                if let Some(socket) = &running.socket {
                    // Fails only when closing: the close event says so, and input is kept.
                    let _ = socket.socket.send_with_u8_array(&batch);
                }
            }
            Effect::CloseSocket => running.socket = None,
            Effect::Http {
                generation,
                request,
                seq,
                batch,
                hold_ms,
            } => {
                let call = Call {
                    generation,
                    request,
                    seq,
                    batch,
                    hold_ms,
                };
                self.request(running, &call);
            }
            Effect::AbortRequests => {
                if let Some(abort) = running.abort.take() {
                    abort.abort();
                }
            }
            Effect::Page(Framed { frame, payload }) => {
                let payload = matches!(
                    frame,
                    ServerFrame::Output { .. } | ServerFrame::Snapshot { .. }
                )
                .then(|| Uint8Array::from(&payload[..]));
                messages.push(PageMessage {
                    header: ToPage::Frame(frame),
                    payload,
                });
            }
            Effect::Detached => messages.push(ToPage::Detached.into()),
            Effect::RoundTrip(ms) => messages.push(ToPage::RoundTrip { ms }.into()),
            Effect::Status(status) => {
                let retry_in_ms = match status {
                    Status::Offline { retry_at_ms } => retry_at_ms.saturating_sub(now),
                    _ => 0,
                };
                messages.push(
                    ToPage::Status {
                        status,
                        retry_in_ms,
                    }
                    .into(),
                );
            }
        }
    }

    fn open(&self, base: &str, generation: Generation) -> Option<Socket> {
        let url = base.replacen("http", "ws", 1) + "socket";
        let socket = WebSocket::new_with_str(&url, limits::SUBPROTOCOL).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let driver = self.clone();
        let on_open = Closure::<dyn Fn()>::new(move || {
            driver.handle(Event::SocketOpened(generation));
        });
        let driver = self.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            // Text is not ours; an empty batch is harmless and shows that something came.
            let bytes = event
                .data()
                .dyn_into::<ArrayBuffer>()
                .map(|buffer| Bytes::from(Uint8Array::new(&buffer).to_vec()));
            driver.handle(Event::SocketMessage(generation, bytes.unwrap_or_default()));
        });
        let driver = self.clone();
        let on_close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            let end = if event.code() == CLOSE_UNAUTHENTICATED {
                SocketEnd::Unauthenticated
            } else {
                SocketEnd::Cut
            };
            driver.handle(Event::SocketClosed(generation, end));
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Socket {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    fn request(&self, running: &mut Running, call: &Call) {
        if running.abort.is_none() {
            running.abort = AbortController::new().ok();
        }
        let request = call.build(running);
        let driver = self.clone();
        let (generation, kind, seq) = (call.generation, call.request, call.seq);
        spawn_local(async move {
            let answer = match request {
                Ok(request) => fetch(&request).await.unwrap_or(Answer::Failed),
                Err(_) => Answer::Failed,
            };
            driver.handle(Event::Answered {
                generation,
                request: kind,
                seq,
                answer,
            });
        });
    }
}

/// A request to make.
struct Call {
    generation: Generation,
    request: Request,
    seq: u64,
    batch: Bytes,
    hold_ms: u32,
}

impl Call {
    fn build(&self, running: &Running) -> Result<web_sys::Request, JsValue> {
        let path = match self.request {
            Request::Poll => "poll",
            Request::Send => "send",
        };
        let options = RequestInit::new();
        options.set_method("POST");
        // A proxy's login page must not be taken for an answer.
        options.set_redirect(RequestRedirect::Manual);
        options.set_body(&Uint8Array::from(&self.batch[..]));
        if let Some(abort) = &running.abort {
            options.set_signal(Some(&abort.signal()));
        }
        let request =
            web_sys::Request::new_with_str_and_init(&format!("{}{path}", running.base), &options)?;
        let headers = request.headers();
        headers.set("content-type", "application/octet-stream")?;
        headers.set(http::CLIENT, &running.id.to_string())?;
        headers.set(http::GENERATION, &self.generation.0.to_string())?;
        headers.set(http::SEQ, &self.seq.to_string())?;
        headers.set(http::HOLD, &self.hold_ms.to_string())?;
        if let Some(proof) = &running.proof {
            headers.set(http::PROOF, proof)?;
        }
        Ok(request)
    }
}

async fn fetch(request: &web_sys::Request) -> Result<Answer, JsValue> {
    let response: Response = JsFuture::from(scope::fetch(request)).await?.dyn_into()?;
    let ours = response
        .headers()
        .has(http::SERVER_VERSION)
        .unwrap_or(false);
    Ok(match (ours, response.status()) {
        (true, 200) => {
            let buffer: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
            Answer::Batch(Bytes::from(Uint8Array::new(&buffer).to_vec()))
        }
        (true, 409) => Answer::Superseded,
        (_, 401 | 403) => Answer::Unauthenticated,
        // Ours and none of these: our own trouble; a gateway's error page: nobody is there.
        (true, _) | (false, 404 | 408 | 425 | 429 | 500..) => Answer::Failed,
        // An opaque redirect (status 0) or somebody's page: an identity proxy wants a sign-in.
        (false, _) => Answer::Unauthenticated,
    })
}
