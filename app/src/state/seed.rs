//! What the server rendered from, handed to the browser inside the page as an element with JSON: both sides build the
//! same tree from it, and the tabs are there with the first paint.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::context::GateView;
#[cfg(feature = "ssr")]
use crate::context::Listed;
use crate::functions::sessions::SessionRow;
#[cfg(feature = "ssr")]
use crate::functions::setup::TerminalMode;
use crate::sign_in::SignIn;
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
    /// Whether there is a Databricks workspace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) has_workspace: bool,
    /// Known sessions, for names and the count.
    pub(crate) sessions: Vec<SessionRow>,
}

/// The element's id.
const ELEMENT: &str = "seed";

impl Seed {
    /// As the server handed it over. Where it rendered none, it is empty.
    #[cfg(feature = "hydrate")]
    pub(crate) fn take() -> Self {
        let element = document().get_element_by_id(ELEMENT);
        let text = element.and_then(|element| element.text_content());
        crate::json::read(&text.unwrap_or_default()).unwrap_or_default()
    }

    /// As the server knows it.
    #[cfg(feature = "ssr")]
    pub(crate) fn take() -> Self {
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
            has_workspace: context.vault.is_some(),
            workspace: WorkspaceReply::clone(&context.workspace.current()),
            sessions: sessions.map(SessionRow::from).collect(),
        }
    }

    /// What hands it over: no script, so that no policy concerns it.
    #[cfg(feature = "ssr")]
    pub(crate) fn element(&self) -> impl IntoView + use<> {
        let text = serde_json::to_string(self).unwrap_or_default();
        // Nothing may end the element. In JSON this stands only in strings, where the escape says the same.
        let text = text.replace('<', "\\u003c");
        view! { <script type="application/json" id=ELEMENT inner_html=text></script> }
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

/// How somebody signs in.
pub(crate) fn sign_in() -> SignIn {
    #[cfg(feature = "hydrate")]
    {
        let body = document().body();
        let way = body.and_then(|body| body.get_attribute("data-sign-in"));
        match way.as_deref() {
            Some("elsewhere") => SignIn::Elsewhere,
            _ => SignIn::Secret,
        }
    }
    #[cfg(not(feature = "hydrate"))]
    use_context::<SignIn>().unwrap_or_default()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::workspace::{Pane, Tab};

    #[test]
    fn no_name_of_a_tab_ends_the_element() {
        let mut seed = Seed::default();
        let name = "</script><script>alert(1)</script><!--<script>";
        let pane = Pane {
            id: "pane".to_owned(),
            session: None,
        };
        let tab = Tab::new("tab".to_owned(), pane);
        seed.workspace.workspace.add(tab);
        seed.workspace.workspace.rename("tab", name);
        let markup = seed.element().into_view().to_html();
        let (_, text) = markup.split_once('>').unwrap();
        let (text, rest) = text.split_once('<').unwrap();
        assert_eq!(rest, "/script>");
        let read: Seed = crate::json::read(text).unwrap();
        assert_eq!(read.workspace.workspace, seed.workspace.workspace);
    }
}
