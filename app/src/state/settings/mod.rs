//! What this device's user likes: one struct with a part for each group of the settings dialog. Kept in
//! the browser's storage, so every value that comes from there is bounded and every part that is missing or
//! unreadable is what a fresh page has. What a setting does is done elsewhere.
//!
//! A new group: its struct (`serde(default)`, `bounded` if it has numbers or texts) in a file here and a field
//! of [`Settings`]; its fields in a file of `components::settings`, and a line in that module's table.

mod access;
mod clipboard;
mod looks;
mod notices;
mod screen;
mod taste;
mod text;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json;

pub(crate) use access::{Access, KeyRow, Motion};
pub(crate) use clipboard::{Clipboard, LinkClick, MAX_LINES, MIN_LINES, RightClick};
pub(crate) use looks::Looks;
pub(crate) use notices::NoticeTaste;
pub(crate) use screen::{CursorShape, MAX_SCROLLBACK, MIN_SCROLLBACK, Screen};
pub(crate) use taste::Taste;
pub(crate) use text::{Family, MAX_SIZE, MIN_SIZE, Text};

/// All settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Colours.
    pub(crate) looks: Looks,
    /// Fonts.
    pub(crate) text: Text,
    /// The terminal.
    pub(crate) screen: Screen,
    /// The clipboard and links.
    pub(crate) clipboard: Clipboard,
    /// Access.
    pub(crate) access: Access,
    /// Notifications.
    pub(crate) notices: NoticeTaste,
}

impl Settings {
    /// Reads what was kept. Never fails: what cannot be read is as on a fresh page.
    pub(crate) fn read(kept: &str) -> Self {
        let Ok(Value::Object(mut kept)) = json::read(kept) else {
            return Self::default();
        };
        let mut part = |name: &str| kept.remove(name).unwrap_or_default();
        Self {
            looks: readable(part("looks")),
            text: readable(part("text")),
            screen: readable(part("screen")),
            clipboard: readable(part("clipboard")),
            access: readable(part("access")),
            notices: readable(part("notices")),
        }
        .bounded()
    }

    /// As it is kept.
    pub(crate) fn written(&self) -> String {
        // Plain structs with string keys: nothing that JSON lacks.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// With every value inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            looks: self.looks.bounded(),
            text: self.text.bounded(),
            screen: self.screen.bounded(),
            clipboard: self.clipboard.bounded(),
            access: self.access,
            notices: self.notices,
        }
    }
}

/// One part: a field that cannot be read, from another version or by hand, doesn't cost the others.
fn readable<T: DeserializeOwned + Default>(part: Value) -> T {
    if let Ok(whole) = json::read(&part.to_string()) {
        return whole;
    }
    let Value::Object(mut fields) = part else {
        return T::default();
    };
    fields.retain(|name, value| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        json::read::<T>(&Value::Object(alone).to_string()).is_ok()
    });
    json::read(&Value::Object(fields).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Mode;

    #[test]
    fn what_was_kept_is_read_again() {
        let mut settings = Settings::default();
        settings.looks.mode = Mode::Light;
        assert_eq!(Settings::read(&settings.written()), settings);
    }

    #[test]
    fn rubbish_is_a_fresh_page() {
        for kept in ["", "null", "[]", "{", r#"{"looks": 7}"#, r#"{"other": {}}"#] {
            assert_eq!(Settings::read(kept), Settings::default(), "{kept}");
        }
    }

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(default)]
    struct Part {
        one: u8,
        two: u8,
    }

    #[test]
    fn a_field_that_cannot_be_read_costs_only_itself() {
        let kept = serde_json::json!({"one": 1, "two": "a lot", "three": null});
        assert_eq!(readable::<Part>(kept), Part { one: 1, two: 0 });
    }
}
