//! A secret that nothing prints by accident.

use std::fmt;

use serde::Deserialize;

/// A token or a password. What it holds is seen by [`Secret::expose`] alone.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Without the blanks around, which copying brings along; `None` if nothing is left, or if it can't stand in a header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        (!text.is_empty() && is_plain).then(|| Self(text.to_owned()))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_trimmed_and_never_printed() {
        let secret = Secret::new(" dapi123\r\n").unwrap();
        assert_eq!(secret.expose(), "dapi123");
        assert_eq!(format!("{secret:?}"), "Secret");
        for none in ["", " \n", "two words", "umläut", "a\nb"] {
            assert!(Secret::new(none).is_none(), "{none:?}");
        }
    }
}
