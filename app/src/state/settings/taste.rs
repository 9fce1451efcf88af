//! The settings as a signal, in context; the only way to read and to change them in the page. In a browser
//! they are kept in its storage, and a change made in another window of it arrives here.
//!
//! They are what a fresh page has until [`Taste::load`] ran, once the page is mounted: both sides render the
//! same. Whoever needs them at once reads them in an effect.

use leptos::prelude::*;

use super::Settings;

/// The settings, in context.
#[derive(Clone, Copy)]
pub(crate) struct Taste(RwSignal<Settings>);

impl Taste {
    /// What a fresh page has.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(Settings::default()))
    }

    /// Reads, tracked.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Settings) -> T) -> T {
        self.0.with(read)
    }

    /// Reads for an action.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&Settings) -> T) -> T {
        self.0.with_untracked(read)
    }

    /// One value, tracked: it tells its readers only when that value changed.
    pub(crate) fn memo<T>(self, read: impl Fn(&Settings) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.0.with(&read))
    }

    /// Changes and keeps them.
    pub(crate) fn change(self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.0.get_untracked();
        change(&mut settings);
        self.take(settings.bounded());
        #[cfg(feature = "hydrate")]
        self.0.with_untracked(browser::keep);
    }

    /// Shows other settings, if they differ.
    fn take(self, settings: Settings) {
        if self.0.with_untracked(|now| *now != settings) {
            self.0.set(settings);
        }
    }

    /// Reads what this browser kept, or takes `fresh`, and follows what its other windows change. Once per page
    /// load.
    #[cfg(feature = "hydrate")]
    pub(crate) fn load(self, fresh: impl FnOnce() -> Settings) {
        self.take(browser::kept().unwrap_or_else(fresh));
        browser::on_change_elsewhere(move |settings| self.take(settings));
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! The browser's storage.

    use leptos::prelude::window;
    use wasm_bindgen::JsCast as _;

    use super::Settings;
    use crate::browser::stored;
    use crate::components::dom;

    const KEY: &str = "bowline-settings";

    pub(super) fn kept() -> Option<Settings> {
        Some(Settings::read(&stored::get(KEY)?))
    }

    pub(super) fn keep(settings: &Settings) {
        // A browser that keeps nothing has them for this page only.
        stored::set(KEY, &settings.written());
    }

    pub(super) fn on_change_elsewhere(callback: impl Fn(Settings) + 'static) {
        dom::listen(&window(), "storage", move |event| {
            let Some(event) = event.dyn_ref::<web_sys::StorageEvent>() else {
                return;
            };
            // No key: all of the storage was emptied.
            if event.key().is_none_or(|key| key == KEY) {
                callback(Settings::read(&event.new_value().unwrap_or_default()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Mode;

    #[test]
    fn a_change_is_read_at_once() {
        let owner = Owner::new();
        owner.with(|| {
            let taste = Taste::new();
            let mode = taste.memo(|settings| settings.looks.mode);
            taste.change(|settings| settings.looks.mode = Mode::Dark);
            assert_eq!(mode.get_untracked(), Mode::Dark);
        });
    }
}
