//! What this browser keeps for the page: texts under names in `localStorage`. A browser that keeps nothing, or
//! is full, answers as if nothing had been kept: no caller depends on it. Knows no meaning.

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What is kept under a name.
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps a text under a name, in the place of the one before.
pub fn set(name: &str, text: &str) {
    if let Some(storage) = storage() {
        // See above: what can't be kept is not there the next time.
        let _ = storage.set_item(name, text);
    }
}

/// Forgets what is kept under a name.
pub fn remove(name: &str) {
    if let Some(storage) = storage() {
        // Fails only where nothing is kept.
        let _ = storage.remove_item(name);
    }
}
