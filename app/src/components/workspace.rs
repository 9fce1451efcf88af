//! The workspace: tab bar, panes, and what lies over them.

use leptos::prelude::*;

use super::banner::LinkBanner;
use super::grid_bar::GridBar;
use super::later::Layers;
use super::tab_bar::TabBar;
use super::toasts::ToastList;
use super::{Gate, LinkState, PageVisible, RestartTold};
use crate::context::GateView;
use crate::keys::Keys;
use crate::panes::Panes;
use crate::state::desk::Desk;
use crate::state::seed::Seed;

/// Everything behind the gate.
#[component]
pub(crate) fn WorkspaceView() -> impl IntoView {
    let gate = expect_context::<Gate>().0;
    let seed = Seed::take();
    // The browser has it from there.
    #[cfg(feature = "hydrate")]
    let handed = ();
    #[cfg(not(feature = "hydrate"))]
    let handed = seed.element();
    let desk = Desk::new(seed);
    provide_context(desk);
    provide_context(desk.taste);
    provide_context(Keys::new());
    provide_context(PageVisible(RwSignal::new(true)));
    provide_context(RestartTold(StoredValue::new(None)));

    #[cfg(feature = "hydrate")]
    let link_state = super::wiring::connect(desk);
    #[cfg(not(feature = "hydrate"))]
    let link_state = Signal::stored(crate::link_api::LinkView::default());
    provide_context(LinkState(link_state));
    #[cfg(feature = "hydrate")]
    let fingers = super::viewport::watch();
    // Only a browser knows.
    #[cfg(not(feature = "hydrate"))]
    let fingers = RwSignal::new(false);

    view! {
        <div class="workspace" prop:inert=move || gate.get() == GateView::Login>
            <TabBar />
            <GridBar />
            <Panes />
            <Layers fingers=fingers />
            <LinkBanner />
            <ToastList />
        </div>
        {handed}
    }
}
