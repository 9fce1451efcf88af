//! What the first prompt does not wait for: dialogs, menus, hints, notices, what is said over terminals, uploads,
//! commands. Their code is a chunk of its own, cut out of the page when it is built. It is fetched soon after the link stands, or at once when one of
//! them is wanted; until then nothing is there. What is shown when is the desk's.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::LinkState;
use super::context_menu::ContextMenu;
use super::dictation::DictationPanel;
use super::drag_view::DragLabel;
use super::ending::EndingNotice;
use super::link_details::LinkDetails;
use super::lost::LostNotice;
use super::palette::Palette;
use super::paste_warning::PasteWarning;
use super::picker::Picker;
use super::settings::SettingsDialog;
use super::setup_panel::SetupPanel;
use super::shortcuts::Shortcuts;
use super::splash::Splash;
use super::tab_finder::TabFinder;
use super::tab_name::NameField;
use super::touch_keys::TouchKeys;
use super::touch_menu::TouchMenuView;
use super::upload_list::UploadList;
use crate::keys::Command;
use crate::panes::over::over;
use crate::state::desk::{Desk, Overlay};
use crate::state::later::Chunk;
use crate::state::toasts::Tone;

/// How long after the link stands the chunk is fetched unasked: the first prompt is there by then.
const QUIET: std::time::Duration = std::time::Duration::from_millis(300);

// Its style sheet: `public/lazy.mjs`.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    fn dress() -> js_sys::Promise;
}

/// The chunk could not be fetched. The next try starts anew.
#[derive(Debug)]
struct Unfetched;

impl From<SplitLoaderError> for Unfetched {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// Fetches the chunk; only what is reached from here is in it.
#[wasm_split(later, wasm_split_path = ::leptos::wasm_split, fallible)]
fn fetch() -> Result<Chunk, Unfetched> {
    Ok(Chunk {
        layers,
        over,
        notices,
        name: |id, name| view! { <NameField id=id name=name /> }.into_any(),
        #[cfg(feature = "hydrate")]
        upload: super::uploading::send_all,
        run: perform,
    })
}

/// The chunk and its style sheet, both at once.
#[cfg(feature = "hydrate")]
async fn fetch_dressed() -> Result<Chunk, Unfetched> {
    let sheet = dress();
    let chunk = fetch().await?;
    let sheet = wasm_bindgen_futures::JsFuture::from(sheet).await;
    sheet.map(|_| chunk).map_err(|_| Unfetched)
}

/// The server fetches nothing.
#[cfg(not(feature = "hydrate"))]
async fn fetch_dressed() -> Result<Chunk, Unfetched> {
    fetch().await
}

/// The chunk, fetched if it isn't there yet.
async fn chunk(desk: Desk) -> Result<Chunk, Unfetched> {
    if let Some(chunk) = untrack(|| desk.later.get()) {
        return Ok(chunk);
    }
    let chunk = fetch_dressed().await?;
    // Others may have waited for the same.
    if untrack(|| desk.later.get()).is_none() {
        desk.later.set(chunk);
        if let Some(root) = document().document_element() {
            // Fails only for names that aren't attribute names.
            let _ = root.set_attribute("data-complete", "");
        }
    }
    Ok(chunk)
}

/// Fetches what isn't there yet.
pub(crate) fn load(desk: Desk) {
    spawn_local(async move {
        // What nobody asked for is not missed.
        if chunk(desk).await.is_err() && untrack(|| wanted(desk)) {
            desk.overlay.set(None);
            desk.menu.set(None);
            desk.touch_menu.set(None);
            desk.searching.end();
            desk.renaming.set(None);
            tell(desk);
        }
    });
}

fn tell(desk: Desk) {
    let text = "This part of the page could not be fetched. Try again, or reload the page.";
    desk.toasts.say(Tone::Problem, text);
}

/// Does a command, once what does it is there.
pub(crate) fn run(desk: Desk, command: Command) {
    then(desk, move |chunk| (chunk.run)(desk, command));
}

/// Does something with the chunk, once it is there.
pub(crate) fn then(desk: Desk, act: impl FnOnce(Chunk) + 'static) {
    if let Some(chunk) = untrack(|| desk.later.get()) {
        return act(chunk);
    }
    spawn_local(async move {
        match chunk(desk).await {
            Ok(chunk) => act(chunk),
            Err(Unfetched) => tell(desk),
        }
    });
}

/// Whether the user waits for something of the chunk, tracked.
fn wanted(desk: Desk) -> bool {
    let overlay = desk.overlay.with(Option::is_some);
    let menu = desk.menu.with(Option::is_some) || desk.touch_menu.with(Option::is_some);
    overlay || menu || desk.searching.is_on() || desk.renaming.with(Option::is_some)
}

/// The place of what lies over the panes.
#[component]
pub(crate) fn Layers(
    /// Whether the page is used by fingers.
    fingers: RwSignal<bool>,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let link = expect_context::<LinkState>().0;
    let connected = Memo::new(move |_| link.get().kind.is_connected());
    Effect::new(move |_| {
        if wanted(desk) {
            load(desk);
        }
    });
    Effect::new(move |_| {
        if connected.get() {
            set_timeout(move || load(desk), QUIET);
        }
    });
    move || desk.later.get().map(|chunk| (chunk.layers)(fingers))
}

/// The server's copy of the page does no command.
fn perform(desk: Desk, command: Command) {
    #[cfg(feature = "hydrate")]
    super::commands::run(desk, command);
    #[cfg(not(feature = "hydrate"))]
    let _ = (desk, command);
}

fn notices() -> AnyView {
    view! {
        <EndingNotice />
        <LostNotice />
    }
    .into_any()
}

fn layers(fingers: RwSignal<bool>) -> AnyView {
    let desk = expect_context::<Desk>();
    #[cfg(feature = "hydrate")]
    {
        super::dragging::listen(desk);
        super::keyboard::load(desk);
        super::notices::run(desk);
        super::credential_notice::run(desk);
    }
    let row = desk.taste.memo(|settings| settings.access.keys);
    let over = move |overlay: Overlay| desk.overlay.get() == Some(overlay);
    view! {
        <Show when=move || row.get().is_shown(fingers.get())>
            <TouchKeys />
        </Show>
        <TouchMenuView />
        <DragLabel />
        <Splash />
        <SetupPanel />
        <UploadList />
        <Show when=move || over(Overlay::Sessions)>
            <Picker />
        </Show>
        <Show when=move || over(Overlay::Shortcuts)>
            <Shortcuts />
        </Show>
        <Show when=move || over(Overlay::Settings)>
            <SettingsDialog />
        </Show>
        {move || desk.menu.get().map(|place| view! { <ContextMenu place=place /> })}
        <Show when=move || over(Overlay::Paste)>
            <PasteWarning />
        </Show>
        <Show when=move || over(Overlay::Palette)>
            <Palette />
        </Show>
        <Show when=move || over(Overlay::FindTab)>
            <TabFinder />
        </Show>
        <Show when=move || over(Overlay::Connection)>
            <LinkDetails />
        </Show>
        <Show when=move || over(Overlay::Dictation)>
            <DictationPanel />
        </Show>
    }
    .into_any()
}
