//! What the server rendered from, handed to the browser inside the page: both sides build the same tree
//! from it, and the tabs are there with the first paint.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::context::GateView;
#[cfg(feature = "ssr")]
use crate::context::Listed;
use crate::functions::sessions::SessionRow;
#[cfg(feature = "ssr")]
use crate::functions::setup::TerminalMode;
use crate::workspace::{View, WorkspaceReply};

/// The beginning.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Seed {
    /// Whether the server rendered it. Without, the page asks before it makes a first tab.
    pub(crate) known: bool,
    /// The tabs and their revision.
    pub(crate) workspace: WorkspaceReply,
    /// How panes are shown where nobody chose.
    pub(crate) default_view: View,
    /// Most bytes of a file that the server takes; `None` where the page was told nothing.
    pub(crate) upload_limit: Option<u64>,
    /// Known sessions, for names and the count.
    pub(crate) sessions: Vec<SessionRow>,
}

impl Seed {
    /// The same on both sides. Where the server rendered none, it is empty.
    pub(crate) fn take() -> Self {
        let text =
            SharedValue::new_str(|| serde_json::to_string(&Self::make()).unwrap_or_default());
        crate::json::read(&text.into_inner()).unwrap_or_default()
    }

    #[cfg(feature = "ssr")]
    fn make() -> Self {
        let Some(context) = use_context::<crate::context::AppContext>() else {
            return Self::default();
        };
        // Without, the page asks once it runs.
        let sessions = use_context::<Listed>().unwrap_or_default().0.into_iter();
        Self {
            known: true,
            default_view: match context.terminal_mode {
                TerminalMode::Tabs => View::Tabs,
                TerminalMode::Grid => View::Grid,
            },
            upload_limit: Some(context.upload_limit),
            workspace: WorkspaceReply::clone(&context.workspace.current()),
            sessions: sessions.map(SessionRow::from).collect(),
        }
    }

    #[cfg(not(feature = "ssr"))]
    fn make() -> Self {
        Self::default()
    }
}

/// Which view the page begins with.
pub(crate) fn gate() -> GateView {
    #[cfg(feature = "hydrate")]
    {
        let gate = document()
            .body()
            .and_then(|body| body.get_attribute("data-gate"));
        match gate.as_deref() {
            Some("open") => GateView::Open,
            _ => GateView::Login,
        }
    }
    #[cfg(not(feature = "hydrate"))]
    use_context::<GateView>().unwrap_or_default()
}
