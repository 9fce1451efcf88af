//! The workspace: tab bar, panes, and what lies over them.

use leptos::prelude::*;

use super::banner::LinkBanner;
use super::context_menu::ContextMenu;
use super::dictation::DictationPanel;
use super::grid_bar::GridBar;
use super::link_details::LinkDetails;
use super::palette::Palette;
use super::paste_warning::PasteWarning;
use super::picker::Picker;
use super::settings::SettingsDialog;
use super::setup_panel::SetupPanel;
use super::shortcuts::Shortcuts;
use super::splash::Splash;
use super::tab_bar::TabBar;
use super::tab_finder::TabFinder;
use super::toasts::ToastList;
use super::touch_keys::TouchKeys;
use super::touch_menu::TouchMenuView;
use super::upload_list::UploadList;
use super::{Gate, LinkState, PageVisible, RestartTold};
use crate::context::GateView;
use crate::keys::Keys;
use crate::panes::Panes;
use crate::state::desk::{Desk, Overlay};
use crate::state::seed::Seed;

/// Everything behind the gate.
#[component]
pub(crate) fn WorkspaceView() -> impl IntoView {
    let gate = expect_context::<Gate>().0;
    let desk = Desk::new(Seed::take());
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
            <Show when=move || fingers.get()>
                <TouchKeys />
            </Show>
            <TouchMenuView />
            <Splash />
            <SetupPanel />
            <LinkBanner />
            <ToastList />
            <UploadList />
            <Show when=move || desk.overlay.get() == Some(Overlay::Sessions)>
                <Picker />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::Shortcuts)>
                <Shortcuts />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::Settings)>
                <SettingsDialog />
            </Show>
            {move || desk.menu.get().map(|place| view! { <ContextMenu place=place /> })}
            <Show when=move || desk.overlay.get() == Some(Overlay::Paste)>
                <PasteWarning />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::Palette)>
                <Palette />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::FindTab)>
                <TabFinder />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::Connection)>
                <LinkDetails />
            </Show>
            <Show when=move || desk.overlay.get() == Some(Overlay::Dictation)>
                <DictationPanel />
            </Show>
        </div>
    }
}
