//! The desk's part about the workspace on the server: changes are made here at once and saved in order, and what
//! others saved is read. The ledger decides what is next.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Change, Desk};
use crate::error::{AppError, ErrorCode};
use crate::functions;
use crate::state::ledger::{Ledger, Next};
use crate::state::toasts::Tone;
use crate::workspace::{Workspace, WorkspaceReply};

/// How long to wait before saving again after a failure.
const RETRY: std::time::Duration = std::time::Duration::from_secs(3);

impl Desk {
    /// Makes a change here at once and saves it.
    pub(crate) fn change(self, change: Change) {
        self.workspace.update(|workspace| {
            self.ledger
                .update_value(|ledger| ledger.change(workspace, change));
        });
        self.settle();
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
                let workspace = self.send();
                spawn_local(async move {
                    let answer = functions::save_workspace(revision, workspace).await;
                    self.saved(answer.map(|reply| reply.revision));
                });
            }
            Some(Next::Fetch) => self.fetch(),
            Some(Next::Rest) | None => {}
        }
    }

    /// The page is about to be left, or is: what may not be saved is sent by a request that outlives it. A save
    /// under way may be cut off now; where it is not, the server has it first and refuses this one.
    #[cfg(feature = "hydrate")]
    pub(crate) fn leave(self) {
        let owing = self.ledger.try_with_value(|ledger| {
            let revision = ledger.revision();
            ledger.owes().then_some(revision)
        });
        if let Some(revision) = owing.flatten() {
            let workspace = self.send();
            let body = serde_json::json!({ "revision": revision, "workspace": workspace });
            crate::browser::post_keepalive("api/workspace", &body.to_string());
        }
    }

    /// The workspace as it goes to the server.
    fn send(self) -> Workspace {
        let workspace = self.workspace.get_untracked();
        self.ledger
            .update_value(|ledger| ledger.sent(workspace.clone()));
        workspace
    }

    fn adopt(self, reply: WorkspaceReply) {
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
