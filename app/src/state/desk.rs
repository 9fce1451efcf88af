//! The page's state and what can be done with it: tabs, overlays, names, the session list. Views read its
//! signals and call its methods. Talks to the server by server functions only, and only in the browser;
//! the link and terminals are `panes`'.

use leptos::prelude::*;
use leptos::task::spawn_local;

mod grid;
mod panes;

use super::face::{Face, Output};
use super::gesture::Point;
use super::held::Held;
#[cfg(feature = "hydrate")]
use super::known::Haste;
use super::known::Known;
use super::ledger::{Change, Ledger, Next};
use super::paste::Pasting;
use super::search::Searching;
use super::seed::Seed;
use super::settings::Taste;
use super::toasts::{Toasts, Tone};
use super::uploads::Uploads;
use super::welcome::Welcome;
use crate::error::{AppError, ErrorCode};
use crate::functions;
use crate::functions::sessions::{SessionRow, State};
use crate::text;
use crate::workspace::{Layout, Pane, Step, Tab, View, Workspace};
use bowline_protocol::SessionId;
#[cfg(feature = "hydrate")]
use bowline_protocol::frame::Event;
use bowline_protocol::frame::Role;
pub(crate) use grid::Slot;
pub(crate) use panes::STEP;
use panes::{Stretch, fresh_pane};

/// How long to wait before saving again after a failure.
const RETRY: std::time::Duration = std::time::Duration::from_secs(3);

/// Between two showings of what programs may change many times a second: titles that spin, progress.
#[cfg(feature = "hydrate")]
const PACE: std::time::Duration = std::time::Duration::from_millis(400);

/// Whether what was heard is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// It is.
    Free,
    /// Something was shown just now; nothing came since.
    Rests,
    /// Something was shown just now, and more came.
    Due,
}

/// What lies over the terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// The session picker.
    Sessions,
    /// The key table.
    Shortcuts,
    /// The question before a paste.
    Paste,
    /// The command palette.
    Palette,
    /// The list of tabs.
    FindTab,
    /// The settings.
    Settings,
    /// The link's details.
    Connection,
    /// Dictation.
    Dictation,
}

/// The page's state. In context, copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    workspace: RwSignal<Workspace>,
    /// A divider that is being dragged.
    stretch: Stretch,
    /// How panes are shown where nobody chose.
    default_view: View,
    /// Where panes and dividers are.
    layout: Memo<Layout>,
    ledger: StoredValue<Ledger>,
    /// The server's workspace is known: an empty one is really empty.
    known: StoredValue<bool>,
    heard: StoredValue<Known>,
    pace: StoredValue<Pace>,
    /// What is known of sessions, as last shown.
    sessions: RwSignal<Vec<SessionRow>>,
    /// Sessions with output that nobody at this page has seen.
    unseen: RwSignal<Vec<SessionId>>,
    /// Sessions that this page only looks at.
    reads: RwSignal<Vec<SessionId>>,
    /// It only looks at all of them: the address says so.
    only_reads: RwSignal<bool>,
    /// What lies over the terminals.
    pub(crate) overlay: RwSignal<Option<Overlay>>,
    /// The tab whose name is being edited.
    pub(crate) renaming: RwSignal<Option<String>>,
    /// What the user likes. Also in context by itself.
    pub(crate) taste: Taste,
    /// The pane that is searched.
    pub(crate) searching: Searching,
    /// Where the menu of a terminal is open.
    pub(crate) menu: RwSignal<Option<Point>>,
    /// The pane over which something is dragged from outside.
    pub(crate) drop_target: RwSignal<Option<String>>,
    /// Files on their way to the server.
    pub(crate) uploads: Uploads,
    /// What is pasted.
    pub(crate) pasting: Pasting,
    /// The first-run hints.
    pub(crate) welcome: RwSignal<Welcome>,
    /// Messages.
    pub(crate) toasts: Toasts,
    /// Counts requests to put the keyboard into the terminal.
    pub(crate) focus_wish: RwSignal<u32>,
    /// Modifiers that fingers hold down for the next key.
    pub(crate) held: RwSignal<Held>,
    /// Where something is offered for what a finger has selected.
    pub(crate) touch_menu: RwSignal<Option<Point>>,
}

impl Desk {
    /// Starts from what the server rendered.
    pub(crate) fn new(seed: Seed) -> Self {
        let heard = Known::new(seed.sessions);
        let workspace = RwSignal::new(seed.workspace.workspace);
        let stretch = RwSignal::new(None);
        Self {
            layout: panes::layout(workspace, stretch, seed.default_view),
            default_view: seed.default_view,
            workspace,
            stretch,
            sessions: RwSignal::new(heard.rows()),
            unseen: RwSignal::new(Vec::new()),
            heard: StoredValue::new(heard),
            pace: StoredValue::new(Pace::Free),
            known: StoredValue::new(seed.known),
            ledger: StoredValue::new(Ledger::new(seed.workspace.revision)),
            reads: RwSignal::new(Vec::new()),
            only_reads: RwSignal::new(false),
            overlay: RwSignal::new(None),
            renaming: RwSignal::new(None),
            taste: Taste::new(),
            searching: Searching::new(),
            menu: RwSignal::new(None),
            drop_target: RwSignal::new(None),
            uploads: Uploads::new(),
            pasting: Pasting::new(),
            welcome: RwSignal::new(Welcome::Away),
            toasts: Toasts::new(),
            focus_wish: RwSignal::new(0),
            held: RwSignal::new(Held::default()),
            touch_menu: RwSignal::new(None),
        }
    }

    /// Reads the workspace, tracked.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Workspace) -> T) -> T {
        self.workspace.with(read)
    }

    /// Reads the workspace for an action.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&Workspace) -> T) -> T {
        self.workspace.with_untracked(read)
    }

    /// What a tab shows of its sessions, tracked: the name of the one in use, and what is most urgent of
    /// all. Only a pane that isn't on screen has output to see.
    pub(crate) fn face(self, tab: &str) -> Face {
        self.workspace.with(|workspace| {
            let Some(tab) = workspace.tab(tab) else {
                return Face::default();
            };
            let output = |pane: &Pane| {
                let unseen = |session: SessionId| self.unseen.with(|all| all.contains(&session));
                let news = pane.session.is_some_and(unseen) && self.rect(&pane.id).is_none();
                match news {
                    true => Output::Unseen,
                    false => Output::Seen,
                }
            };
            self.sessions.with(|sessions| {
                let row = |pane: &Pane| {
                    let mut rows = sessions.iter();
                    rows.find(|row| Some(row.session_id) == pane.session)
                };
                let front = tab.focused_pane();
                let face = Face::of(tab, row(front), output(front));
                let others = tab.panes().into_iter().filter(|pane| pane.id != front.id);
                others.fold(face, |face, pane| face.beside(row(pane), output(pane)))
            })
        })
    }

    /// The name a tab is shown by, tracked.
    pub(crate) fn name(self, tab: &str) -> String {
        self.face(tab).name
    }

    /// How many sessions need somebody to look, as last known, tracked.
    #[cfg(feature = "hydrate")]
    pub(crate) fn calling(self) -> usize {
        let calls = |row: &&SessionRow| row.state == State::NeedsAttention;
        self.sessions.with(|rows| rows.iter().filter(calls).count())
    }

    /// Reads the session list as last known, tracked.
    pub(crate) fn with_sessions<T>(self, read: impl FnOnce(&[SessionRow]) -> T) -> T {
        self.sessions.with(|rows| read(rows))
    }

    /// When a lost session was last seen, tracked.
    pub(crate) fn last_seen(self, session: SessionId) -> Option<u64> {
        self.sessions.with(|rows| {
            let row = rows.iter().find(|row| row.session_id == session)?;
            row.last_seen_ms
        })
    }

    /// The session list as last known, tracked.
    pub(crate) fn sessions(self) -> Vec<SessionRow> {
        self.sessions.get()
    }

    /// How many sessions run, as last known, tracked.
    pub(crate) fn running(self) -> usize {
        self.sessions
            .with(|rows| rows.iter().filter(|row| row.state != State::Exited).count())
    }

    /// What this page may do in a session, tracked.
    pub(crate) fn role(self, session: Option<SessionId>) -> Role {
        let reads = self.only_reads.get()
            || self
                .reads
                .with(|reads| session.is_some_and(|session| reads.contains(&session)));
        if reads { Role::Reader } else { Role::Writer }
    }

    /// Whether this page only looks at everything, tracked.
    pub(crate) fn only_reads(self) -> bool {
        self.only_reads.get()
    }

    /// This page only looks from now on.
    #[cfg(feature = "hydrate")]
    pub(crate) fn read_everything(self) {
        self.only_reads.set(true);
    }

    /// Shows a session without typing into it.
    pub(crate) fn watch(self, row: &SessionRow) {
        self.reads.update(|reads| {
            if !reads.contains(&row.session_id) {
                reads.push(row.session_id);
            }
        });
        self.open_session(row);
    }

    /// Types into a session that was only looked at.
    pub(crate) fn write_to(self, session: Option<SessionId>) {
        self.reads
            .update(|reads| reads.retain(|read| Some(*read) != session));
        self.focus();
    }

    /// Makes a change here at once and saves it.
    pub(crate) fn change(self, change: Change) {
        self.workspace.update(|workspace| {
            self.ledger
                .update_value(|ledger| ledger.change(workspace, change));
        });
        self.settle();
    }

    /// Whether this page starts programs; says so where it doesn't.
    fn may_start(self) -> bool {
        let reads = self.only_reads.get_untracked();
        if reads {
            let text = "This page is read only: it starts no program.".to_owned();
            self.toasts.say(Tone::Info, text);
        }
        !reads
    }

    /// Adds a tab with a shell of its own.
    pub(crate) fn new_tab(self) {
        if self.may_start() {
            self.add_tab(None);
        }
    }

    fn add_tab(self, session: Option<SessionId>) {
        let before = untrack(|| self.focused_pane());
        self.change(Change::Add(fresh_tab(session)));
        self.reveal(before);
        self.focus();
    }

    /// Makes sure that there is a tab, once it is known that there is none.
    pub(crate) fn ensure_tab(self) {
        let may = !self.only_reads.get_untracked() && self.known.get_value();
        if may && self.peek(|workspace| workspace.tabs.is_empty()) {
            self.change(Change::AddFirst(fresh_tab(None)));
        }
    }

    /// Closes a tab with all its panes. Their sessions go on; the last tab is replaced by a fresh one.
    pub(crate) fn close_tab(self, tab: &str) {
        let sessions: Vec<_> = self.peek(|workspace| {
            let panes = workspace.tab(tab).map(Tab::panes).unwrap_or_default();
            panes.iter().filter_map(|pane| pane.session).collect()
        });
        let running = self.running_of(&sessions);
        if running > 0 {
            let name = untrack(|| self.name(tab));
            self.toasts.say(Tone::Info, text::detached(&name, running));
        }
        self.settle_grid();
        self.change(Change::Close(tab.to_owned()));
        self.ensure_tab();
        self.focus();
    }

    /// Shows a tab and puts the keyboard into it.
    pub(crate) fn activate(self, tab: &str) {
        self.select(tab);
        self.focus();
    }

    /// Shows a tab; the keyboard stays where it is.
    pub(crate) fn select(self, tab: &str) {
        if self.peek(|workspace| workspace.active.as_deref() != Some(tab)) {
            let before = untrack(|| self.focused_pane());
            self.change(Change::Activate(tab.to_owned()));
            self.reveal(before);
        }
    }

    /// Moves the tab shown along the bar, not beyond its ends.
    pub(crate) fn shift_tab(self, step: Step) {
        let at = self.peek(|workspace| {
            let tab = workspace.active.clone()?;
            Some((workspace.position(&tab)?, tab))
        });
        if let Some((at, tab)) = at {
            let to = match step {
                Step::Next => at + 1,
                Step::Previous => at.saturating_sub(1),
            };
            self.move_tab(&tab, to);
        }
    }

    /// Moves a tab to a place in the bar.
    pub(crate) fn move_tab(self, tab: &str, to: usize) {
        let last = self
            .peek(|workspace| workspace.tabs.len())
            .saturating_sub(1);
        let to = to.min(last);
        if self
            .peek(|workspace| workspace.position(tab))
            .is_some_and(|at| at != to)
        {
            self.change(Change::MoveTab(tab.to_owned(), to));
        }
    }

    /// Shows the tab that a step leads to.
    pub(crate) fn step(self, step: impl FnOnce(&mut Workspace)) {
        let mut after = self.workspace.get_untracked();
        step(&mut after);
        if let Some(tab) = after.active {
            self.activate(&tab);
        }
    }

    /// Names a tab, and the session of its only pane with it, so that the picker shows the same name.
    pub(crate) fn rename(self, tab: &str, name: &str) {
        self.renaming.set(None);
        let session = self.peek(|workspace| match workspace.tab(tab)?.panes()[..] {
            [only] => only.session,
            _ => None,
        });
        let label = name.trim().to_owned();
        if untrack(|| self.name(tab)) != label {
            self.change(Change::Rename {
                tab: tab.to_owned(),
                name: label.clone(),
            });
            if let (Some(session), false) = (session, label.is_empty()) {
                spawn_local(async move {
                    // The tab has its name either way; a session that is gone needs none.
                    let _ = functions::rename_session(session, label).await;
                    self.refresh_sessions();
                });
            }
        }
        self.focus();
    }

    /// Shows a session: in its pane, or in a new tab.
    pub(crate) fn open_session(self, row: &SessionRow) {
        self.bring(row.session_id);
        self.overlay.set(None);
    }

    fn bring(self, session: SessionId) {
        match self.pane_of(session) {
            Some(pane) => self.focus_pane(&pane),
            None => self.add_tab(Some(session)),
        }
    }

    /// The pane that shows a session.
    fn pane_of(self, session: SessionId) -> Option<String> {
        let id = |pane: &Pane| pane.id.clone();
        self.peek(|workspace| workspace.pane_of(session).map(id))
    }

    /// Kills a session with everything in it.
    pub(crate) fn kill(self, session: SessionId) {
        spawn_local(async move {
            match functions::close_session(session).await {
                Ok(_) => {}
                Err(error) if error.code() == ErrorCode::Gone => {}
                Err(error) => self.toasts.say(Tone::Problem, error.to_string()),
            }
            self.refresh_sessions();
        });
    }

    /// Kills several sessions with everything in them.
    pub(crate) fn kill_many(self, sessions: Vec<SessionId>) {
        spawn_local(async move {
            let count = sessions.len();
            self.end_all(sessions).await;
            let text = match count {
                1 => "Killed 1 session.".to_owned(),
                count => format!("Killed {count} sessions."),
            };
            self.toasts.say(Tone::Info, text);
        });
    }

    /// Kills these sessions, closes all tabs and opens a fresh one.
    pub(crate) fn start_afresh(self, sessions: Vec<SessionId>) {
        self.overlay.set(None);
        spawn_local(async move {
            self.end_all(sessions).await;
            let tabs = self.peek(|workspace| {
                let tabs = workspace.tabs.iter().map(|tab| tab.id.clone());
                tabs.collect::<Vec<_>>()
            });
            for tab in tabs {
                self.change(Change::Close(tab));
            }
            self.ensure_tab();
            self.focus();
        });
    }

    /// Kills sessions side by side: each may take its time.
    async fn end_all(self, sessions: Vec<SessionId>) {
        let ends = sessions.into_iter().map(functions::close_session);
        let ends = futures_util::future::join_all(ends).await;
        let failed = ends.into_iter().filter_map(Result::err);
        let mut failed = failed.filter(|error| error.code() != ErrorCode::Gone);
        if let Some(error) = failed.next() {
            self.toasts.say(Tone::Problem, error.to_string());
        }
        self.refresh_sessions();
    }

    /// Names a session. A tab that goes by the old name goes by the new one.
    pub(crate) fn rename_session(self, session: SessionId, name: &str) {
        let label = name.trim().to_owned();
        let old = self.sessions.with_untracked(|rows| {
            let row = rows.iter().find(|row| row.session_id == session);
            row.map(|row| row.label.clone())
        });
        if label.is_empty() || old.as_ref() == Some(&label) {
            return;
        }
        let tab = self.peek(|workspace| {
            let tab = workspace.tab_of(session)?;
            (tab.name == old).then(|| tab.id.clone())
        });
        if let Some(tab) = tab {
            let name = label.clone();
            self.change(Change::Rename { tab, name });
        }
        spawn_local(async move {
            if let Err(error) = functions::rename_session(session, label).await {
                self.toasts.say(Tone::Problem, error.to_string());
            }
            self.refresh_sessions();
        });
    }

    /// Starts the program of an ended session again and shows it.
    pub(crate) fn restart(self, session: SessionId) {
        spawn_local(async move {
            if let Some(again) = self.start_again(session).await {
                self.bring(again);
                self.overlay.set(None);
            }
            self.refresh_sessions();
        });
    }

    /// Starts the programs of several ended sessions again, where they were.
    pub(crate) fn restart_all(self, sessions: Vec<SessionId>) {
        spawn_local(async move {
            for session in sessions {
                self.start_again(session).await;
            }
            self.refresh_sessions();
        });
    }

    /// Starts a program again and shows it in the pane that showed it. One that somebody else has started
    /// needs nothing; what goes wrong is told.
    async fn start_again(self, session: SessionId) -> Option<SessionId> {
        let again = match functions::restart_session(session).await {
            Ok(created) => created.session_id,
            Err(error) if error.code() == ErrorCode::Gone => return None,
            Err(error) => {
                self.toasts.say(Tone::Problem, error.to_string());
                return None;
            }
        };
        if let Some(pane) = self.pane_of(session) {
            self.change(Change::Show {
                pane,
                session: again,
            });
        }
        Some(again)
    }

    /// Puts the keyboard into the terminal shown.
    pub(crate) fn focus(self) {
        self.focus_wish.update(|wish| *wish += 1);
    }

    /// Opens an overlay, or closes it if it is open.
    pub(crate) fn toggle(self, overlay: Overlay) {
        let next = (self.overlay.get_untracked() != Some(overlay)).then_some(overlay);
        self.overlay.set(next);
        if next.is_none() {
            self.focus();
        }
    }

    /// Reads the session list again.
    pub(crate) fn refresh_sessions(self) {
        spawn_local(async move {
            if let Ok(reply) = functions::sessions().await {
                let listed = |heard: &mut Known| heard.listed(reply.sessions);
                if self.heard.try_update_value(listed).is_some() {
                    self.show_heard();
                }
            }
        });
    }

    /// Shows what is known of sessions. What is the same wakes nobody.
    fn show_heard(self) {
        let news = self
            .heard
            .try_with_value(|heard| (heard.rows(), heard.unseen()));
        let Some((rows, unseen)) = news else { return };
        if self.sessions.try_with_untracked(|now| *now != rows) == Some(true) {
            self.sessions.set(rows);
        }
        if self.unseen.try_with_untracked(|now| *now != unseen) == Some(true) {
            self.unseen.set(unseen);
        }
    }

    /// Somebody saved this revision of the workspace.
    pub(crate) fn announced(self, revision: u64) {
        self.ledger
            .update_value(|ledger| ledger.announced(revision));
        self.settle();
        self.refresh_sessions();
    }

    /// The link is there (again): notices may have been missed, and saves may have failed.
    #[cfg(feature = "hydrate")]
    pub(crate) fn catch_up(self) {
        self.settle();
        self.refresh_sessions();
        self.fetch();
    }

    /// Reads the workspace and takes it if it is news.
    fn fetch(self) {
        let Some(asked_at) = self.ledger.try_with_value(Ledger::revision) else {
            return;
        };
        spawn_local(async move {
            let Ok(reply) = functions::workspace().await else {
                return;
            };
            let news = self
                .ledger
                .try_update_value(|ledger| ledger.fetched(asked_at, reply.revision));
            let first = self.known.try_get_value() == Some(false);
            if news == Some(true) || first {
                self.adopt(reply);
            } else {
                self.settle();
            }
        });
    }

    /// Does what the ledger says is next. Also called when the link is back.
    pub(crate) fn settle(self) {
        let next = self.ledger.try_update_value(Ledger::next);
        match next {
            Some(Next::Save(revision)) => {
                let workspace = self.workspace.get_untracked();
                spawn_local(async move {
                    let answer = functions::save_workspace(revision, workspace).await;
                    self.saved(answer.map(|reply| reply.revision));
                });
            }
            Some(Next::Fetch) => self.fetch(),
            Some(Next::Rest) | None => {}
        }
    }

    fn adopt(self, reply: crate::workspace::WorkspaceReply) {
        self.known.set_value(true);
        self.workspace.update(|workspace| {
            self.ledger
                .update_value(|ledger| ledger.adopt(workspace, reply));
        });
        self.ensure_tab();
        self.settle();
    }

    fn saved(self, answer: Result<u64, AppError>) {
        match answer {
            Ok(revision) => {
                self.ledger.update_value(|ledger| ledger.saved(revision));
                self.settle();
            }
            Err(error) => match (&error.problem().current, error.code()) {
                (Some(current), _) => self.adopt((**current).clone()),
                (None, ErrorCode::Malformed | ErrorCode::TooLarge) => {
                    self.ledger.update_value(Ledger::refused);
                    self.toasts.say(Tone::Problem, error.to_string());
                }
                _ => {
                    self.ledger.update_value(Ledger::failed);
                    set_timeout(move || self.settle(), RETRY);
                }
            },
        }
    }
}

/// What is typed.
#[cfg(feature = "hydrate")]
impl Desk {
    /// What typed bytes become with what fingers hold down.
    pub(crate) fn typed(self, bytes: Vec<u8>) -> Vec<u8> {
        let held = self.held.get_untracked();
        if held.is_empty() {
            return bytes;
        }
        self.spend_held();
        held.typed(bytes)
    }

    /// A key was pressed: what was held down for one key goes up.
    pub(crate) fn spend_held(self) {
        if !self.held.with_untracked(|held| held.is_empty()) {
            self.held.update(|held| *held = held.spent());
        }
    }
}

/// What the link says.
#[cfg(feature = "hydrate")]
impl Desk {
    /// Something happened in a session.
    pub(crate) fn hear(self, session: SessionId, event: &Event) {
        let haste = self
            .heard
            .try_update_value(|heard| heard.hear(session, event));
        match haste {
            Some(Haste::Now) => self.show_heard(),
            Some(Haste::Paced) => self.show_soon(),
            Some(Haste::Never) | None => {}
        }
        if matches!(event, Event::IdleWarning { .. }) {
            // The list says for how long it is still there.
            self.refresh_sessions();
        }
    }

    /// The link follows a session from now on, or again.
    pub(crate) fn attached(self, session: SessionId) {
        // What it says follows at once: nothing is shown in between.
        self.heard.update_value(|heard| heard.attached(session));
    }

    /// Nobody at this page follows a session any more.
    pub(crate) fn left(self, session: SessionId) {
        self.heard.update_value(|heard| heard.left(session));
    }

    /// A session is on screen, or was until now.
    pub(crate) fn seen(self, session: SessionId) {
        self.heard.update_value(|heard| heard.seen(session));
        self.show_heard();
    }

    /// Shows what was heard at once, or with what else comes within the pace.
    fn show_soon(self) {
        if self.pace.try_get_value() != Some(Pace::Free) {
            self.pace.set_value(Pace::Due);
            return;
        }
        self.show_heard();
        self.pace.set_value(Pace::Rests);
        set_timeout(move || self.paced(), PACE);
    }

    fn paced(self) {
        let due = self.pace.try_get_value() == Some(Pace::Due);
        self.pace.set_value(Pace::Free);
        if due {
            self.show_soon();
        }
    }
}

/// A tab with a pane of its own.
fn fresh_tab(session: Option<SessionId>) -> Tab {
    Tab::new(fresh_id("tab"), fresh_pane(session))
}

/// An id that no other page draws.
fn fresh_id(kind: &str) -> String {
    let digits: String = random().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-{digits}")
}

#[cfg(feature = "hydrate")]
fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window().crypto() {
        // Fails only for arrays over 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// The server makes no tabs.
#[cfg(not(feature = "hydrate"))]
fn random() -> [u8; 8] {
    [0; 8]
}
