//! A pane in the browser: makes the emulator once it is first shown, makes or finds its session,
//! attaches it to the link, wishes for the size of its box. Never resizes the emulator by itself: that
//! comes back from the server, in order with the output.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bowline_protocol::SessionId;
use bowline_protocol::frame::{Colours, Role, Sixteen, Size};
use leptos::html::Div;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fingers::Fingers;
use super::sink::{Sink, Target, change_look};
use super::{PaneState, Parts, registry};
use crate::browser::stored;
use crate::components::dom::BoxWatcher;
use crate::components::{PageVisible, access, clipboard};
use crate::error::{AppError, ErrorCode};
use crate::functions;
use crate::link_api::{Focus, LinkHandle, Visibility};
use crate::state::desk::Keyboard;
use crate::state::ledger::Change;
use crate::state::progress::Progress;
use crate::theme::browser::{Painting, painting};
use crate::xterm::{self, Dress, Emulator, Press, Renderer};

/// A box that changes is measured once it has been still for so long.
const STILL: Duration = Duration::from_millis(100);
/// Most bytes kept of what is typed before the session is there.
const EARLY: usize = 64 * 1024;
/// Most keys kept before the emulator is there, which takes no longer than its font.
const WAITING: usize = 1024;

/// One pane.
pub(super) struct Live {
    parts: Parts,
    link: LinkHandle,
    emulator: RefCell<Option<Rc<Emulator>>>,
    progress: Rc<RefCell<Progress>>,
    sink: RefCell<Option<Rc<Sink>>>,
    /// What it shows by default, for programs that ask.
    colours: RwSignal<Option<(Colours, Sixteen)>>,
    attached: RwSignal<Option<SessionId>>,
    /// The session that is followed because the pane was never shown.
    followed: Cell<Option<SessionId>>,
    /// The emulator is there.
    ready: RwSignal<bool>,
    begun: Cell<bool>,
    creating: Cell<bool>,
    closed: Cell<bool>,
    wish: Cell<Option<Size>>,
    measuring: Cell<Option<TimeoutHandle>>,
    watcher: RefCell<Option<BoxWatcher>>,
    fingers: RefCell<Option<Fingers>>,
    early: RefCell<Vec<u8>>,
    /// Keys for an emulator that is not there yet.
    waiting: RefCell<Vec<Press>>,
}

/// Runs a pane until its view is cleaned up.
pub(super) fn run(parts: Parts, node: NodeRef<Div>) {
    let Some(link) = use_context::<LinkHandle>() else {
        return;
    };
    let link_state = link.state();
    let page_visible = expect_context::<PageVisible>().0;
    let live = Rc::new(Live {
        parts,
        link,
        emulator: RefCell::default(),
        progress: Rc::default(),
        sink: RefCell::default(),
        colours: RwSignal::new(None),
        attached: RwSignal::new(None),
        followed: Cell::new(None),
        ready: RwSignal::new(false),
        begun: Cell::new(false),
        creating: Cell::new(false),
        closed: Cell::new(false),
        wish: Cell::new(None),
        measuring: Cell::new(None),
        watcher: RefCell::default(),
        fingers: RefCell::default(),
        early: RefCell::default(),
        waiting: RefCell::default(),
    });
    let (ready, attached) = (live.ready, live.attached);
    registry::add(&live);

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        if parts.shown.get() {
            pane.begin(&element);
        }
    });

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        if ready.get() {
            match parts.session.get() {
                Some(session) => pane.attach(session),
                None => pane.create(),
            }
        }
    });

    // Before it is shown for the first time it has no terminal; its tab says what happens there.
    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        if !ready.get() && !parts.shown.get() {
            pane.follow(parts.session.get());
        }
    });

    let pane = Rc::clone(&live);
    Effect::new(move |before: Option<u32>| {
        let count = parts.restarts.get();
        if before.is_some_and(|before| before != count) {
            pane.create();
        }
        count
    });

    // What failed without a connection is tried again with one.
    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        let connected = link_state.get().kind.is_connected();
        let failed = parts
            .state
            .with_untracked(|state| matches!(state, PaneState::Failed(_)));
        if connected && failed {
            pane.create();
        }
    });

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        let on_screen = parts.shown.get() && page_visible.get();
        let Some(session) = attached.get() else {
            return;
        };
        let visibility = if on_screen {
            Visibility::Shown
        } else {
            Visibility::Hidden
        };
        let focus = match parts.focused.get() {
            true => Focus::Focused,
            false => Focus::Unfocused,
        };
        let (colours, sixteen) = pane.colours.get().unzip();
        pane.link.view(session, visibility, focus, colours);
        if let Some(sixteen) = sixteen {
            pane.link.palette(session, sixteen);
        }
        // Said also as it goes out of sight: what came until now was seen.
        parts.desk.seen(session);
    });

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        let role = parts.role.get();
        change_look(parts.look, |look| look.role = role);
        let Some(emulator) = ready.get().then(|| pane.emulator()).flatten() else {
            return;
        };
        emulator.set_role(role);
        if let Some(session) = attached.get_untracked() {
            pane.link.role(session, role);
            // Said anew by who becomes a writer.
            pane.wish.take();
            pane.measure();
        }
    });

    let pane = Rc::clone(&live);
    let liked = parts.desk.taste.memo(|settings| {
        (
            settings.text,
            settings.screen,
            settings.clipboard.links,
            settings.access,
        )
    });
    Effect::new(move |before: Option<_>| {
        let now = liked.get();
        if before.is_some_and(|before| before != now) {
            pane.dress_up();
        }
        now
    });

    let pane = Rc::clone(&live);
    Effect::new(move |before: Option<u32>| {
        let count = parts.catch_ups.get();
        if before.is_some_and(|before| before != count) {
            pane.catch_up();
        }
        count
    });

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        if parts.shown.get() && ready.get() {
            // The element is displayed by an effect that may run after this one.
            let pane = Rc::clone(&pane);
            set_timeout(move || pane.measure(), Duration::ZERO);
        }
    });

    let pane = Rc::clone(&live);
    Effect::new(move |_| {
        let wanted = parts.desk.keyboard.get() == Keyboard::Wanted;
        if wanted && parts.shown.get() && parts.chosen.get() && ready.get() {
            // The element is displayed by an effect that may run after this one.
            let pane = Rc::clone(&pane);
            set_timeout(move || pane.take_keyboard(), Duration::ZERO);
        }
    });

    let pane = send_wrapper::SendWrapper::new(live);
    on_cleanup(move || pane.close());
}

impl Live {
    /// The pane's emulator, once it is there.
    pub(super) fn emulator(&self) -> Option<Rc<Emulator>> {
        self.emulator.borrow().clone()
    }

    /// The session it shows.
    pub(super) fn session(&self) -> Option<SessionId> {
        self.attached.try_get_untracked().flatten()
    }

    /// The pane's id in the workspace.
    pub(super) fn pane(&self) -> Option<String> {
        self.parts.pane.try_get_value()
    }

    /// Whether it is on screen.
    fn is_shown(&self) -> bool {
        !self.closed.get() && self.parts.shown.try_get_untracked().unwrap_or(false)
    }

    /// Whether it is the pane in use.
    pub(super) fn is_in_use(&self) -> bool {
        self.is_shown() && self.parts.chosen.try_get_untracked().unwrap_or(false)
    }

    fn begin(self: &Rc<Self>, element: &web_sys::HtmlElement) {
        if self.begun.replace(true) {
            return;
        }
        let (live, element) = (Rc::clone(self), element.clone());
        let text = self.parts.desk.taste.peek(|settings| settings.text);
        spawn_local(async move {
            xterm::fonts::ready(text).await;
            if !live.closed.get() {
                live.open(&element);
            }
        });
    }

    fn open(self: &Rc<Self>, element: &web_sys::HtmlElement) {
        let taste = self.parts.desk.taste;
        let painting = painting(&taste.peek(|settings| settings.looks.choice()));
        let emulator = Emulator::open(element, &painting.palette, self.dress(), renderer());
        self.colours.set(Some((painting.colours, painting.sixteen)));

        let typing = Rc::downgrade(self);
        emulator.on_input(move |bytes| {
            if let Some(live) = typing.upgrade() {
                live.typed(bytes);
            }
        });
        let scrolling = Rc::downgrade(self);
        emulator.on_scroll(move |top| {
            if let Some(sink) = scrolling.upgrade().and_then(|live| live.sink()) {
                sink.scrolled(top);
            }
        });
        let selecting = Rc::downgrade(self);
        emulator.on_selection_change(move || {
            if let Some(sink) = selecting.upgrade().and_then(|live| live.sink()) {
                sink.look_again();
            }
        });
        let desk = self.parts.desk;
        emulator.on_program_copies(move |text| clipboard::copy_for_program(desk, text));
        let watching = Rc::downgrade(self);
        let watcher = BoxWatcher::new(element, move || {
            if let Some(live) = watching.upgrade() {
                live.measure_soon();
            }
        });
        self.watcher.replace(watcher);
        let fingers = Fingers::new(element, &emulator, self.parts.desk);
        self.fingers.replace(Some(fingers));
        self.emulator.replace(Some(Rc::clone(&emulator)));
        for key in self.waiting.take() {
            emulator.press(&key);
        }
        self.ready.set(true);
    }

    /// What the user likes now.
    fn dress(&self) -> Dress {
        let taste = self.parts.desk.taste;
        taste.peek(|settings| Dress {
            text: settings.text,
            screen: settings.screen,
            links: settings.clipboard.links,
            reading: settings.access.reader,
            still: access::is_still(settings.access.motion),
        })
    }

    /// Puts on what the user likes, once its font is there: cells are measured then.
    pub(super) fn dress_up(self: &Rc<Self>) {
        let (live, dress) = (Rc::clone(self), self.dress());
        spawn_local(async move {
            xterm::fonts::ready(dress.text).await;
            if live.closed.get() {
                return;
            }
            if let Some(emulator) = live.emulator() {
                // What is wanted by now.
                emulator.wear(live.dress());
                live.measure();
            }
        });
    }

    /// Where its output enters, once it is attached.
    pub(super) fn sink(&self) -> Option<Rc<Sink>> {
        self.sink.borrow().clone()
    }

    fn role(&self) -> Role {
        self.parts.role.try_get_untracked().unwrap_or_default()
    }

    /// Shows other colours.
    pub(super) fn repaint(&self, painting: &Painting) {
        if let Some(emulator) = self.emulator() {
            emulator.set_palette(&painting.palette);
            self.colours.set(Some((painting.colours, painting.sixteen)));
        }
    }

    /// Looks at the end again, where the output that waits comes in.
    fn catch_up(&self) {
        if let Some(emulator) = self.emulator() {
            emulator.clear_selection();
            emulator.scroll_to(0);
            emulator.focus();
        }
    }

    fn typed(&self, bytes: Vec<u8>) {
        if self.role() == Role::Reader {
            return;
        }
        let bytes = self.parts.desk.typed(bytes);
        match self.session() {
            Some(session) => self.link.input(session, bytes),
            None => {
                let mut early = self.early.borrow_mut();
                if early.len() + bytes.len() <= EARLY {
                    early.extend(bytes);
                }
            }
        }
    }

    /// Starts a session for this pane, or finds the one that another page just started for it. What ended
    /// here is started again as it was.
    fn create(self: &Rc<Self>) {
        let Some(emulator) = self.emulator() else {
            return;
        };
        if self.role() == Role::Reader {
            let why = "this page is read only: it starts no program".to_owned();
            self.parts.state.set(PaneState::Failed(why));
            return;
        }
        if self.creating.replace(true) {
            return;
        }
        self.parts.state.set(PaneState::Connecting);
        let size = emulator.proposed().unwrap_or_default();
        let (live, pane) = (Rc::clone(self), self.parts.pane.get_value());
        let ended = self.parts.session.get_untracked();
        spawn_local(async move {
            let mut again = None;
            if let Some(ended) = ended {
                let answer = functions::restart_session(ended).await;
                again = Some(answer).filter(|answer| !answer.as_ref().is_err_and(is_gone));
            }
            let answer = match again {
                Some(answer) => answer,
                None => {
                    let (cols, rows) = (Some(size.cols), Some(size.rows));
                    let (for_pane, none) = (Some(pane.clone()), None);
                    functions::create_session(none, cols, rows, for_pane, None, None).await
                }
            };
            live.creating.set(false);
            if live.closed.get() {
                return;
            }
            match answer {
                Ok(created) => {
                    let session = created.session_id;
                    if live.attached.get_untracked() == Some(session) {
                        // It was here all along.
                        live.parts.state.set(PaneState::Live);
                    }
                    live.parts.desk.change(Change::Show { pane, session });
                    live.parts.desk.refresh_sessions();
                }
                Err(error) => live.parts.state.set(PaneState::Failed(error.to_string())),
            }
        });
    }

    fn attach(self: &Rc<Self>, session: SessionId) {
        let Some(emulator) = self.emulator() else {
            return;
        };
        let before = self.attached.get_untracked();
        if before == Some(session) {
            return;
        }
        if let Some(before) = before {
            self.leave(before);
        }
        if let Some(followed) = self.followed.take().filter(|other| *other != session) {
            self.leave(followed);
        }
        self.parts.state.set(PaneState::Connecting);
        let size = emulator.proposed().unwrap_or_else(|| emulator.size());
        self.wish.set(Some(size));
        change_look(self.parts.look, |look| look.wish = Some(size));
        let sink = Rc::new(Sink::new(Target {
            session,
            link: self.link.clone(),
            emulator,
            progress: Rc::clone(&self.progress),
            state: self.parts.state,
            look: self.parts.look,
            desk: self.parts.desk,
        }));
        self.sink.replace(Some(Rc::clone(&sink)));
        self.link.attach(session, size, self.role(), sink);
        let early = self.early.take();
        if !early.is_empty() {
            self.link.input(session, early);
        }
        self.attached.set(Some(session));
    }

    fn follow(&self, session: Option<SessionId>) {
        let before = self.followed.replace(session);
        if before == session {
            return;
        }
        if let Some(before) = before {
            self.leave(before);
        }
        if let Some(session) = session {
            self.link.follow(session);
        }
    }

    fn leave(&self, session: SessionId) {
        self.link.detach(session);
        self.parts.desk.left(session);
    }

    /// Whether what is typed anywhere is for this pane.
    pub(super) fn awaits_keyboard(&self) -> bool {
        let desk = self.parts.desk;
        desk.keyboard.get_untracked() == Keyboard::Wanted
            && self.is_in_use()
            && !desk.keyboard_is_elsewhere()
    }

    /// Takes the keyboard, if it is wanted here and nothing over the terminals needs it.
    pub(super) fn take_keyboard(&self) {
        let desk = self.parts.desk;
        if desk.keyboard.get_untracked() == Keyboard::Settled || !self.is_in_use() {
            return;
        }
        if desk.keyboard_is_elsewhere() {
            return desk.settle_keyboard();
        }
        if let Some(emulator) = self.emulator() {
            emulator.focus();
            desk.settle_keyboard();
        }
    }

    /// Takes a key that was heard elsewhere. Before the emulator is there it waits for it; of more than
    /// [`WAITING`] the last ones are lost.
    pub(super) fn press(&self, key: Press) {
        match self.emulator() {
            Some(emulator) => emulator.press(&key),
            None => {
                let mut waiting = self.waiting.borrow_mut();
                if waiting.len() < WAITING {
                    waiting.push(key);
                }
            }
        }
    }

    fn measure_soon(self: &Rc<Self>) {
        if let Some(earlier) = self.measuring.take() {
            earlier.clear();
        }
        let live = Rc::downgrade(self);
        let later = move || {
            if let Some(live) = live.upgrade() {
                live.measure();
            }
        };
        // Fails only outside a window.
        self.measuring
            .set(set_timeout_with_handle(later, STILL).ok());
    }

    /// Wishes for the size of the box, if it is not the last wish.
    fn measure(&self) {
        let (Some(emulator), Some(session)) = (self.emulator(), self.session()) else {
            return;
        };
        if !self.is_shown() {
            return;
        }
        if let Some(size) = emulator.proposed()
            && self.wish.replace(Some(size)) != Some(size)
        {
            change_look(self.parts.look, |look| look.wish = Some(size));
            if self.role() == Role::Writer {
                self.link.resize(session, size);
            }
        }
    }

    fn close(&self) {
        self.closed.set(true);
        if let Some(earlier) = self.measuring.take() {
            earlier.clear();
        }
        self.watcher.take();
        self.fingers.take();
        self.sink.take();
        let followed = self.followed.take();
        if let Some(session) = self.session().or(followed) {
            self.leave(session);
        }
        if let Some(emulator) = self.emulator.take() {
            emulator.dispose();
        }
    }
}

fn is_gone(error: &AppError) -> bool {
    error.code() == ErrorCode::Gone
}

/// `localStorage` may ask for the DOM renderer.
fn renderer() -> Renderer {
    match stored::get("bowline-renderer").as_deref() {
        Some("dom") => Renderer::Dom,
        _ => Renderer::Fastest,
    }
}
