//! The page's handle on its link. Input is numbered and kept here until the server says it is written;
//! output goes straight to the pane that shows the session.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bowline_protocol::frame::{Colours, Event, InputRefusal, Mode, Notice, Role, Sixteen, Size};
use bowline_protocol::input::InputSender;
use bowline_protocol::port::{ToLink, ToPage};
use bowline_protocol::{ClientFrame, ClientId, LogId, LogPosition, ServerFrame, SessionId, limits};
use bytes::Bytes;
use js_sys::Uint8Array;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

use super::surroundings;
use crate::functions::client;
use crate::link_api::{Focus, LinkKind, LinkView, Quality, Visibility};
use crate::state::quality::Meter;
use bowline_protocol::client::Status;

/// Takes what concerns the whole page.
type OnNotice = Rc<dyn Fn(Notice)>;
/// Takes what is said of sessions, shown or not.
type OnNews = Rc<dyn Fn(SessionId, News<'_>)>;
/// Takes what the link says, with an `Output` frame's bytes.
pub type OnMessage = Rc<dyn Fn(ToPage, Option<Uint8Array>)>;
/// Says something to the link, with an `Input` frame's bytes.
pub type Post = Rc<dyn Fn(ToLink, Option<Uint8Array>)>;
/// Makes the link: a worker, or the same machine beside the page.
pub type ConnectLink = fn(OnMessage) -> Post;

/// How long to wait before offering refused input again, milliseconds.
const REFUSED_PAUSE_MS: i32 = 250;

/// What a pane learns before the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// Where output goes on.
    pub from: LogPosition,
    /// The terminal's size at `from`.
    pub size: Size,
    /// The terminal must be reset first: another log, or the first time.
    pub fresh: bool,
}

/// What is said of a session, whether or not a pane shows it.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// It is followed from now on, or again: its state is said anew.
    Followed,
    /// Something happened.
    Event(&'a Event),
}

/// Why a snapshot comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The page asked for history.
    Asked,
    /// There was too much to catch up with.
    Behind,
}

/// What recreates a terminal.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Output goes on here.
    pub offset: u64,
    /// The terminal's size.
    pub size: Size,
    /// To be written to a reset terminal.
    pub bytes: Uint8Array,
    /// Why it comes.
    pub reason: Reason,
}

/// A pane, as the link sees it. Called in the order in which the program produced things; a resize or a
/// gap comes only after all bytes before it are parsed.
pub trait PaneSink {
    /// Output will start, or go on.
    fn attached(&self, attached: &Attached);
    /// Bytes of the program; `parsed` must be called once the emulator has parsed them.
    fn output(&self, offset: u64, bytes: Uint8Array, parsed: Box<dyn FnOnce()>);
    /// The terminal's whole content up to a point in the output, in place of all before; `parsed` as for
    /// [`PaneSink::output`].
    fn snapshot(&self, snapshot: Snapshot, parsed: Box<dyn FnOnce()>);
    /// The program's terminal has this size from here on.
    fn resized(&self, size: Size);
    /// This many bytes are no longer to be had.
    fn gap(&self, lost: u64);
    /// Something happened.
    fn event(&self, event: &Event);
    /// There is no such session.
    fn gone(&self);
    /// This many typed bytes may not have arrived.
    fn input_lost(&self, bytes: u64);
}

struct Pane {
    /// `None` = its session is followed and not shown.
    sink: Option<Rc<dyn PaneSink>>,
    input: InputSender,
    log: Option<LogId>,
    /// Why the next snapshot comes.
    reason: Reason,
}

struct Inner {
    post: RefCell<Option<Post>>,
    panes: RefCell<HashMap<SessionId, Pane>>,
    state: RwSignal<LinkView>,
    meter: RefCell<Meter>,
    quality: RwSignal<Quality>,
    on_notice: RefCell<Vec<OnNotice>>,
    on_news: RefCell<Option<OnNews>>,
    client: ClientId,
}

/// The page's link. One per page; cloned freely.
#[derive(Clone)]
pub struct LinkHandle(SendWrapper<Rc<Inner>>);

impl LinkHandle {
    /// Starts the link of this page.
    pub fn start(connect: ConnectLink) -> Self {
        let inner = Rc::new(Inner {
            post: RefCell::new(None),
            panes: RefCell::default(),
            state: RwSignal::new(LinkView::default()),
            meter: RefCell::default(),
            quality: RwSignal::new(Quality::default()),
            on_notice: RefCell::default(),
            on_news: RefCell::default(),
            client: ClientId::from_bytes(surroundings::random_bytes()),
        });
        let for_messages = Rc::downgrade(&inner);
        let post = connect(Rc::new(move |message, payload| {
            if let Some(inner) = for_messages.upgrade() {
                inner.on_message(message, payload);
            }
        }));
        post(
            ToLink::Start {
                client: inner.client,
                proof: client::proof(),
                base: surroundings::base_url() + "link/",
                settings: surroundings::link_settings(),
            },
            None,
        );
        post(ToLink::Attention(surroundings::attention()), None);
        inner.post.replace(Some(post));

        let looking = Rc::clone(&inner);
        surroundings::listen(
            &["visibilitychange", "focus", "blur", "pageshow"],
            move || {
                looking.say(ToLink::Attention(surroundings::attention()), None);
            },
        );
        let online = Rc::clone(&inner);
        surroundings::listen(&["online"], move || online.say(ToLink::RetryNow, None));
        let leaving = Rc::clone(&inner);
        surroundings::listen(&["pagehide"], move || leaving.flush_input());
        Self(SendWrapper::new(inner))
    }

    /// The state to show.
    pub fn state(&self) -> Signal<LinkView> {
        self.0.state.into()
    }

    /// Tries again now.
    pub fn retry_now(&self) {
        self.0.say(ToLink::RetryNow, None);
    }

    /// How good the link is. Changes once a second at most, and says so only when somebody [measures] it.
    ///
    /// [measures]: LinkHandle::measure
    pub fn quality(&self) -> Signal<Quality> {
        self.0.quality.into()
    }

    /// Asks how long an answer takes, unless that is being asked.
    pub fn measure(&self) {
        self.0.say(ToLink::Measure, None);
    }

    /// The user has signed in again; this is the page's secret from now on.
    pub fn signed_in(&self, proof: &str) {
        let proof = Some(proof.to_owned());
        self.0.say(ToLink::SignedIn { proof }, None);
    }

    /// Takes another transport now, whatever the present one is worth.
    pub fn reconnect(&self) {
        self.0.say(ToLink::Reconnect, None);
    }

    /// Calls back for what concerns the whole page.
    pub fn on_notice(&self, callback: impl Fn(Notice) + 'static) {
        self.0.on_notice.borrow_mut().push(Rc::new(callback));
    }

    /// Calls back for what is said of sessions.
    pub fn on_news(&self, callback: impl Fn(SessionId, News<'_>) + 'static) {
        self.0.on_news.replace(Some(Rc::new(callback)));
    }

    /// Asks for what happens in a session, without its output. [`LinkHandle::attach`] shows it.
    pub fn follow(&self, session: SessionId) {
        let input = InputSender::new(limits::INPUT_WINDOW);
        let pane = Pane {
            sink: None,
            input,
            log: None,
            reason: Reason::Behind,
        };
        self.0.panes.borrow_mut().insert(session, pane);
        self.0
            .say(ToLink::Frame(ClientFrame::Follow { session }), None);
    }

    /// Shows a session in a pane. A reader wishes for no size.
    pub fn attach(&self, session: SessionId, size: Size, role: Role, sink: Rc<dyn PaneSink>) {
        let size = match role {
            Role::Writer => size,
            Role::Reader => Size::NO_WISH,
        };
        let input = InputSender::new(limits::INPUT_WINDOW);
        self.0.panes.borrow_mut().insert(
            session,
            Pane {
                sink: Some(sink),
                input,
                log: None,
                reason: Reason::Behind,
            },
        );
        let frame = ClientFrame::Attach {
            session,
            from: None,
            mode: Mode::Screen,
            size,
        };
        self.0.say(ToLink::Frame(frame), None);
        self.role(session, role);
    }

    /// What this page may do in a session. Who becomes a writer says its size anew.
    pub fn role(&self, session: SessionId, role: Role) {
        let frame = ClientFrame::Role { session, role };
        self.0.say(ToLink::Frame(frame), None);
    }

    /// Asks for a snapshot with so many lines above the screen.
    pub fn history(&self, session: SessionId, lines: u32) {
        let frame = ClientFrame::History { session, lines };
        self.0.say(ToLink::Frame(frame), None);
    }

    /// The pane is closed; the session lives on.
    pub fn detach(&self, session: SessionId) {
        self.0.panes.borrow_mut().remove(&session);
        self.0
            .say(ToLink::Frame(ClientFrame::Detach { session }), None);
    }

    /// Whether the pane is shown and has the keyboard, and its colours. Saying the same again costs nothing.
    pub fn view(
        &self,
        session: SessionId,
        visibility: Visibility,
        focus: Focus,
        colours: Option<Colours>,
    ) {
        let frame = ClientFrame::View {
            session,
            visible: visibility == Visibility::Shown,
            focused: focus == Focus::Focused,
            colours,
        };
        self.0.say(ToLink::Frame(frame), None);
    }

    /// The 16 colours of a pane. Saying the same again costs nothing.
    pub fn palette(&self, session: SessionId, sixteen: Sixteen) {
        let frame = ClientFrame::Palette { session, sixteen };
        self.0.say(ToLink::Frame(frame), None);
    }

    /// The pane would like this size. The emulator is resized only when [`PaneSink::resized`] says so.
    pub fn resize(&self, session: SessionId, size: Size) {
        self.0
            .say(ToLink::Frame(ClientFrame::Resize { session, size }), None);
    }

    /// The user typed or pasted.
    pub fn input(&self, session: SessionId, bytes: Vec<u8>) {
        if let Some(pane) = self.0.panes.borrow_mut().get_mut(&session) {
            pane.input.push(Bytes::from(bytes));
        }
        self.0.pump(session);
    }

    /// Typed bytes not yet known to be written.
    pub fn unacknowledged(&self, session: SessionId) -> u64 {
        self.0
            .panes
            .borrow()
            .get(&session)
            .map_or(0, |pane| pane.input.unacknowledged())
    }
}

impl Inner {
    fn say(&self, message: ToLink, payload: Option<Uint8Array>) {
        let post = self.post.borrow().clone();
        if let Some(post) = post {
            post(message, payload);
        }
    }

    /// Sends what input may be sent now.
    fn pump(&self, session: SessionId) {
        loop {
            let next = {
                let mut panes = self.panes.borrow_mut();
                let Some(pane) = panes.get_mut(&session) else {
                    return;
                };
                let Some(log) = pane.log else { return };
                pane.input.next_piece().map(|piece| (log, piece))
            };
            let Some((log, piece)) = next else { return };
            let payload = Uint8Array::from(&piece.bytes[..]);
            let frame = ClientFrame::Input {
                session,
                log,
                position: piece.position,
                more: piece.more,
            };
            self.say(ToLink::Frame(frame), Some(payload));
        }
    }

    /// Notes why the next snapshot comes; answers why this one does.
    fn expect(&self, session: SessionId, next: Reason) -> Reason {
        let mut panes = self.panes.borrow_mut();
        let pane = panes.get_mut(&session);
        pane.map_or(Reason::Behind, |pane| {
            std::mem::replace(&mut pane.reason, next)
        })
    }

    fn tell(&self, session: SessionId, news: News<'_>) {
        // Cloned out, as a sink is.
        let on_news = self.on_news.borrow().clone();
        if let Some(on_news) = on_news {
            on_news(session, news);
        }
    }

    fn sink(&self, session: SessionId) -> Option<Rc<dyn PaneSink>> {
        // Cloned out: a pane may call back into the handle.
        self.panes
            .borrow()
            .get(&session)
            .and_then(|pane| pane.sink.clone())
    }

    fn on_message(self: &Rc<Self>, message: ToPage, payload: Option<Uint8Array>) {
        match message {
            ToPage::Ready => {}
            ToPage::Frame(frame) => self.on_frame(frame, payload),
            ToPage::Detached => {
                for pane in self.panes.borrow_mut().values_mut() {
                    pane.input.pause();
                }
            }
            ToPage::Status {
                status,
                retry_in_ms,
            } => {
                let kind = match status {
                    Status::Connecting => LinkKind::Connecting,
                    Status::WebSocket => LinkKind::WebSocket,
                    Status::Poll => LinkKind::Poll,
                    Status::Offline { .. } => LinkKind::Offline {
                        retry_in_s: u32::try_from(retry_in_ms.div_ceil(1000)).unwrap_or(u32::MAX),
                    },
                    Status::Unauthenticated => LinkKind::Auth,
                };
                self.state.set(LinkView { kind });
            }
            ToPage::RoundTrip { ms } => {
                let news = self.meter.borrow_mut().measured(ms, js_sys::Date::now());
                if let Some(quality) = news {
                    self.quality.set(quality);
                }
            }
        }
    }

    fn on_frame(self: &Rc<Self>, frame: ServerFrame, payload: Option<Uint8Array>) {
        match frame {
            ServerFrame::Attached {
                session,
                from,
                size,
                input,
                ..
            } => {
                let fresh = false;
                self.on_attached(session, Attached { from, size, fresh }, input);
            }
            ServerFrame::Output { session, offset } => {
                let (Some(sink), Some(bytes)) = (self.sink(session), payload) else {
                    return;
                };
                let end = offset + u64::from(bytes.length());
                sink.output(offset, bytes, self.parsed(session, end));
            }
            ServerFrame::Snapshot {
                session,
                position,
                size,
                parts_left: _,
            } => {
                let (Some(sink), Some(bytes)) = (self.sink(session), payload) else {
                    return;
                };
                let offset = position.offset;
                let reason = self.expect(session, Reason::Behind);
                let snapshot = Snapshot {
                    offset,
                    size,
                    bytes,
                    reason,
                };
                sink.snapshot(snapshot, self.parsed(session, offset));
            }
            ServerFrame::Resized { session, size, .. } => {
                if let Some(sink) = self.sink(session) {
                    sink.resized(size);
                }
            }
            ServerFrame::Gap { session, from, to } => {
                if let Some(sink) = self.sink(session) {
                    sink.gap(to - from);
                }
            }
            ServerFrame::InputAck { session, position } => {
                if let Some(pane) = self.panes.borrow_mut().get_mut(&session) {
                    pane.input.ack(position);
                }
                self.pump(session);
            }
            ServerFrame::InputRefused {
                session,
                expected,
                reason,
            } => {
                self.on_refused(session, expected, reason);
            }
            ServerFrame::Event { session, event } => {
                self.tell(session, News::Event(&event));
                if let Some(sink) = self.sink(session) {
                    sink.event(&event);
                }
            }
            ServerFrame::History { session } => {
                self.expect(session, Reason::Asked);
            }
            ServerFrame::Gone { session } => {
                let pane = self.panes.borrow_mut().remove(&session);
                if let Some(sink) = pane.and_then(|pane| pane.sink) {
                    sink.gone();
                }
            }
            ServerFrame::Notice { notice } => {
                let callbacks = self.on_notice.borrow().clone();
                for callback in callbacks {
                    callback(notice);
                }
            }
            ServerFrame::Welcome { .. } => {
                let quality = self.meter.borrow_mut().opened(js_sys::Date::now());
                self.quality.set(quality);
                self.say(ToLink::Measure, None);
            }
            ServerFrame::Pong { .. } | ServerFrame::KeepAlive => {}
        }
    }

    /// Says that a session's emulator is so far.
    fn parsed(self: &Rc<Self>, session: SessionId, offset: u64) -> Box<dyn FnOnce()> {
        let inner = Rc::downgrade(self);
        Box::new(move || {
            if let Some(inner) = inner.upgrade() {
                inner.say(ToLink::Parsed { session, offset }, None);
            }
        })
    }

    fn on_attached(&self, session: SessionId, mut attached: Attached, accepted: u64) {
        let (sink, lost) = {
            let mut panes = self.panes.borrow_mut();
            let Some(pane) = panes.get_mut(&session) else {
                return;
            };
            let mut lost = 0;
            if pane.log != Some(attached.from.log) {
                attached.fresh = true;
                if pane.log.is_some() {
                    // Another life of the program: what was typed belonged to the last one.
                    lost = pane.input.unacknowledged();
                    pane.input = InputSender::new(limits::INPUT_WINDOW);
                }
                pane.log = Some(attached.from.log);
            }
            lost += pane.input.resume(accepted);
            (pane.sink.clone(), lost)
        };
        self.tell(session, News::Followed);
        let Some(sink) = sink else { return };
        sink.attached(&attached);
        if lost > 0 {
            sink.input_lost(lost);
        }
        self.pump(session);
    }

    fn on_refused(self: &Rc<Self>, session: SessionId, expected: u64, reason: InputRefusal) {
        if let Some(pane) = self.panes.borrow_mut().get_mut(&session) {
            pane.input.rewind(expected);
        }
        match reason {
            InputRefusal::Missing => self.pump(session),
            InputRefusal::Full => {
                let inner = Rc::clone(self);
                let again = Closure::once_into_js(move || inner.pump(session));
                if let Some(window) = web_sys::window() {
                    // Fails only for a callback that isn't a function.
                    let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
                        again.unchecked_ref(),
                        REFUSED_PAUSE_MS,
                    );
                }
            }
            // An `Attached` with the new log is on its way.
            InputRefusal::OtherLog => {}
            // What a reader typed is nobody's, also once it is a writer again.
            InputRefusal::ReadOnly => {
                if let Some(pane) = self.panes.borrow_mut().get_mut(&session) {
                    pane.input = InputSender::new(limits::INPUT_WINDOW);
                    pane.input.resume(expected);
                }
            }
        }
    }

    /// The page goes away: what is not acknowledged goes by requests that outlive it.
    fn flush_input(&self) {
        for (session, pane) in self.panes.borrow_mut().iter_mut() {
            let position = pane.input.acknowledged();
            let bytes: Vec<u8> = pane.input.kept().concat();
            if bytes.is_empty() {
                continue;
            }
            let body = serde_json::json!({
                "session_id": session.to_string(),
                "input": String::from_utf8_lossy(&bytes),
                "client": self.client.to_string(),
                "position": position,
            });
            surroundings::post_keepalive("api/input", &body.to_string());
        }
    }
}
