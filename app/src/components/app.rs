//! The root: the login view or the workspace.

use leptos::prelude::*;

use super::Gate;
use super::login::{Login, LoginCode};
use super::workspace::WorkspaceView;
use crate::context::GateView;
use crate::state::seed;

/// The page. On the server it renders what the context holds: `GateView`, and `AppContext` for the
/// workspace.
#[component]
pub fn App() -> impl IntoView {
    let gate = RwSignal::new(seed::gate());
    let code = LoginCode::default();
    provide_context(Gate(gate));
    provide_context(code);
    #[cfg(feature = "hydrate")]
    provide_context(super::OpenLink(StoredValue::new(None)));

    #[cfg(feature = "hydrate")]
    if seed::sign_in() == crate::sign_in::SignIn::Elsewhere {
        super::elsewhere::follow(super::login::Way::expect());
    }

    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        code.take_from_address();
        // The cookie opened the page, but the page's own secret is missing: the code brings a new one.
        let open = gate.get_untracked() == GateView::Open;
        if open && code.is_there() && crate::functions::client::proof().is_none() {
            gate.set(GateView::Login);
        }
    });

    // A workspace that was open stays below the login view: nothing of it is lost by signing in again.
    let opened = Memo::new(move |before: Option<&bool>| {
        before == Some(&true) || gate.get() == GateView::Open
    });
    view! {
        <Show when=move || opened.get()>
            <WorkspaceView />
        </Show>
        <Show when=move || gate.get() == GateView::Login>
            <Login />
        </Show>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn rendered(view: GateView) -> String {
        let owner = Owner::new();
        owner.with(|| {
            provide_context(view);
            App().into_view().to_html()
        })
    }

    #[test]
    fn behind_the_gate_only_the_login_view_is_rendered() {
        let page = rendered(GateView::Login);
        assert!(page.contains("Sign in to Bowline"));
        assert!(!page.contains("tablist"));
    }

    #[test]
    fn the_tab_bar_is_there_with_the_first_paint() {
        let page = rendered(GateView::Open);
        assert!(page.contains("role=\"tablist\""));
        assert!(page.contains("aria-label=\"New tab\""));
        assert!(!page.contains("<dialog"));
    }
}
