//! Short messages at the edge of the page. They leave by themselves; at most four are shown.

use leptos::prelude::*;

/// Most messages at once; older ones leave first.
const MOST: usize = 4;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Good to know.
    Info,
    /// Something went wrong.
    Problem,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// Unique on this page.
    pub(crate) id: u32,
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What it says.
    pub(crate) text: String,
}

/// The messages shown.
#[derive(Clone, Copy)]
pub(crate) struct Toasts(RwSignal<(u32, Vec<Toast>)>, StoredValue<bool>);

impl Toasts {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(RwSignal::default(), StoredValue::new(false))
    }

    /// The messages, oldest first.
    pub(crate) fn list(self) -> Vec<Toast> {
        self.0.with(|(_, list)| list.clone())
    }

    /// Takes a message away.
    pub(crate) fn dismiss(self, id: u32) {
        // What had the pointer or the keyboard may be gone with it.
        self.release();
        self.0
            .update(|(_, list)| list.retain(|toast| toast.id != id));
    }

    /// Somebody reads them: none leaves by itself.
    pub(crate) fn hold(self) {
        self.1.set_value(true);
    }

    /// Nobody does any more.
    pub(crate) fn release(self) {
        self.1.set_value(false);
    }

    /// Takes a message away after a while, or once nobody reads any more.
    #[cfg(feature = "hydrate")]
    fn leave(self, id: u32, stay: std::time::Duration) {
        let leave = move || match self.1.try_get_value() {
            Some(true) => self.leave(id, std::time::Duration::from_secs(1)),
            Some(false) => self.dismiss(id),
            None => {}
        };
        set_timeout(leave, stay);
    }

    /// Shows a message for a few seconds.
    #[cfg(feature = "hydrate")]
    pub(crate) fn say(self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        let id = self.0.try_update(|(last, list)| {
            *last += 1;
            list.retain(|toast| toast.text != text);
            let over = (list.len() + 1).saturating_sub(MOST);
            list.drain(..over);
            list.push(Toast {
                id: *last,
                tone,
                text,
            });
            *last
        });
        let Some(id) = id else { return };
        let stay = match tone {
            Tone::Info => std::time::Duration::from_secs(5),
            Tone::Problem => std::time::Duration::from_secs(9),
        };
        self.leave(id, stay);
    }

    /// The server has nobody to tell.
    #[cfg(not(feature = "hydrate"))]
    pub(crate) fn say(self, tone: Tone, text: impl Into<String>) {
        self.0.update(|(last, list)| {
            list.truncate(MOST - 1);
            list.push(Toast {
                id: *last,
                tone,
                text: text.into(),
            });
        });
    }
}
