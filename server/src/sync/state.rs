//! When what agents and shells remember is carried: brought back before the first shell if that is soon enough, saved every
//! few minutes, and a last time at the end. One task does it, so that two never do it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bowline_identity::rotation::Standing;
use bowline_sync::state::{Report, Saved, Way};
use bowline_sync::store::{Folder, Store, WorkspaceFiles};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::bearer::OfVault;
use crate::config::{Sync as Settings, Target};
use crate::vault::Vault;

/// How long until it is tried again where the store could not be reached.
const AGAIN: Duration = Duration::from_secs(15);
/// How long a shell is held up for what belongs to it.
const HELD_UP: Duration = Duration::from_secs(4);
/// How long saving a last time may take.
const LAST_WITHIN: Duration = Duration::from_secs(3);
/// Orders that wait; who gives a further one waits too.
const ORDERS: usize = 4;
/// Lines that people are shown of what could not be carried.
const NOTES: usize = 20;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing opens the store yet.
    Waiting,
    /// It is being brought back.
    Restoring,
    /// It was, and is saved from time to time.
    Kept,
}

/// How it stands, for people.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) phase: Phase,
    /// Where it is kept.
    pub(super) label: String,
    /// When it was last compared with what is there, and all was well.
    pub(super) saved: Option<SystemTime>,
    /// What went wrong last.
    pub(super) problem: Option<String>,
    /// Whether that is that nobody has given a token: then there is nothing to mend but that.
    pub(super) wants_token: bool,
    /// What could not be carried, and where both sides had changed.
    pub(super) notes: Vec<String>,
    /// How many files came back.
    pub(super) restored: usize,
}

/// A handle on the task.
pub(crate) struct Keeping {
    orders: mpsc::Sender<oneshot::Sender<()>>,
    view: watch::Receiver<View>,
    is_late: Arc<AtomicBool>,
    _task: AbortOnDropHandle<()>,
}

/// Begins to keep it, if that is wanted.
pub(super) fn keep(settings: &Settings, vault: Option<Arc<Vault>>) -> Option<Keeping> {
    let label = match &settings.state {
        Target::Off => return None,
        Target::Workspace => "the workspace".to_owned(),
        Target::Folder(folder) => folder.display().to_string(),
    };
    let Some(home) = settings.home.clone() else {
        tracing::error!("HOME is not set: what agents and shells remember is not kept");
        return None;
    };
    let (orders, taken) = mpsc::channel(ORDERS);
    let (shown, view) = watch::channel(View {
        phase: Phase::Waiting,
        label,
        saved: None,
        problem: None,
        wants_token: false,
        notes: Vec::new(),
        restored: 0,
    });
    let task = Task {
        home,
        target: settings.state.clone(),
        every: settings.every,
        vault,
        shown,
    };
    Some(Keeping {
        orders,
        view,
        is_late: Arc::new(AtomicBool::new(false)),
        _task: AbortOnDropHandle::new(tokio::spawn(task.run(taken))),
    })
}

impl Keeping {
    pub(super) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Whether a shell began before all was brought back.
    pub(super) fn is_late(&self) -> Arc<AtomicBool> {
        self.is_late.clone()
    }

    /// Holds a shell up until what belongs to it is there, but not for long, and not where something is wrong.
    pub(super) async fn before_a_shell(&self) {
        let mut view = self.view.clone();
        let is_settled = |view: &View| view.phase == Phase::Kept || view.problem.is_some();
        let settled = view.wait_for(is_settled);
        let _ = tokio::time::timeout(HELD_UP, settled).await;
        if self.view.borrow().phase != Phase::Kept {
            self.is_late.store(true, Ordering::Relaxed);
        }
    }

    /// Saves now, as far as there is time for it.
    pub(super) async fn flush(&self) {
        let (done, ended) = oneshot::channel();
        let flushed = async {
            if self.orders.send(done).await.is_ok() {
                let _ = ended.await;
            }
        };
        if tokio::time::timeout(LAST_WITHIN, flushed).await.is_err() {
            tracing::warn!("what agents and shells remember could not all be saved in time");
        }
    }
}

struct Task {
    home: std::path::PathBuf,
    target: Target,
    every: Duration,
    vault: Option<Arc<Vault>>,
    shown: watch::Sender<View>,
}

impl Task {
    async fn run(self, mut orders: mpsc::Receiver<oneshot::Sender<()>>) {
        let (mut saved, mut way) = (None, Way::Restore);
        let mut next = Instant::now();
        loop {
            // Whoever gives an order has little time: what is under way is cut, and done again as a whole.
            let mut order = None;
            tokio::select! {
                asked = orders.recv() => match asked {
                    Some(asked) => order = Some(asked),
                    None => return,
                },
                () = self.when(next, &mut saved, way) => {
                    let is_restored = way == Way::Restore && self.shown.borrow().phase == Phase::Kept;
                    // What was changed before it came back is saved at once.
                    let is_well = self.shown.borrow().problem.is_none();
                    next = Instant::now() + match (is_restored, is_well) {
                        (true, _) => Duration::ZERO,
                        (false, true) => self.every,
                        (false, false) => AGAIN,
                    };
                    if is_restored {
                        way = Way::Both;
                    }
                }
            }
            if let Some(done) = order {
                // Before it was ever brought back there is nothing that is known to be new here.
                if way == Way::Both {
                    self.pass(&mut saved, way).await;
                }
                let _ = done.send(());
            }
        }
    }

    async fn when(&self, next: Instant, saved: &mut Option<Saved>, way: Way) {
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = self.token() => {}
        }
        self.pass(saved, way).await;
    }

    /// Waits for the token, if that is what is missing.
    async fn token(&self) {
        match &self.vault {
            Some(vault) if self.shown.borrow().wants_token => {
                let mut view = vault.credentials().watch();
                let _ = view.wait_for(|view| view.token.is_some()).await;
            }
            _ => std::future::pending().await,
        }
    }

    /// Whether nobody has given a token.
    fn wants_token(&self) -> bool {
        let vault = self.vault.as_ref();
        vault.is_some_and(|vault| vault.credentials().view().standing == Standing::Nothing)
    }

    async fn pass(&self, saved: &mut Option<Saved>, way: Way) {
        let result = match saved {
            Some(saved) => Ok(saved),
            None => match self.open().await {
                Ok(opened) => Ok(saved.insert(opened)),
                Err(why) => Err(why),
            },
        };
        let result = match result {
            Ok(saved) => saved.pass(way).await.map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        match result {
            Ok(report) => self.tell(&report),
            Err(problem) => {
                // Another token may be somebody else's.
                *saved = None;
                let is_news = self.shown.borrow().problem.as_ref() != Some(&problem);
                if is_news {
                    tracing::warn!(%problem, "what agents and shells remember is not saved");
                }
                let wants_token = self.wants_token();
                self.shown.send_modify(|view| {
                    view.problem = Some(problem);
                    view.wants_token = wants_token;
                });
            }
        }
    }

    async fn open(&self) -> Result<Saved, String> {
        let store: Arc<dyn Store> = match (&self.target, &self.vault) {
            (Target::Folder(folder), _) => Arc::new(Folder::new(folder.clone())),
            (_, Some(vault)) => {
                let who = vault.who().await?;
                let root = vault.credentials().workspace().root().clone();
                let bearer = Arc::new(OfVault(vault.clone()));
                let files = WorkspaceFiles::new(root, &who, bearer);
                Arc::new(files.map_err(|error| error.to_string())?)
            }
            (_, None) => return Err("there is no workspace".to_owned()),
        };
        self.shown.send_modify(|view| {
            if view.phase == Phase::Waiting {
                view.phase = Phase::Restoring;
            }
            view.label = store.label();
        });
        let home = self.home.clone();
        let opened = tokio::task::spawn_blocking(move || Saved::new(&home, store)).await;
        let opened = opened.map_err(|error| error.to_string())?;
        opened.map_err(|error| error.to_string())
    }

    fn tell(&self, report: &Report) {
        let Report {
            fetched,
            sent,
            removed,
            ..
        } = *report;
        if fetched + sent + removed > 0 {
            tracing::info!(
                fetched,
                sent,
                removed,
                "what agents and shells remember is saved"
            );
        }
        let both = report.both_kept.iter();
        let both = both.map(|both| format!("changed here and there, both are kept: {both}"));
        let mut fresh: Vec<String> = report.left.iter().cloned().chain(both).collect();
        fresh.truncate(NOTES);
        self.shown.send_modify(|view| {
            for note in &fresh {
                if !view.notes.contains(note) {
                    tracing::warn!(%note, "what agents and shells remember");
                }
            }
            if view.phase != Phase::Kept {
                view.restored = report.fetched;
            }
            view.phase = Phase::Kept;
            view.saved = Some(SystemTime::now());
            view.problem = None;
            view.wants_token = false;
            view.notes = fresh;
        });
    }
}
