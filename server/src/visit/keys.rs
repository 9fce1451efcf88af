//! The key that leaves a session, however the terminal says it. Everything else is the program's.

use std::str::FromStr;

/// Not a key that can be told from text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a key with control, such as ctrl-] or ^a, or none")]
pub struct NoKey;

/// The key that leaves a session, if one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKey(Option<Spellings>);

/// How terminals say it: as a control character, or spelt out where a program asked for that.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spellings {
    control: u8,
    spelt: [Vec<u8>; 3],
}

impl FromStr for DetachKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let lower = text.to_ascii_lowercase();
        if lower == "none" {
            return Ok(Self(None));
        }
        let key = ["ctrl-", "ctrl+", "c-", "^"].iter();
        let key = key
            .filter_map(|prefix| lower.strip_prefix(prefix))
            .find(|key| key.len() == 1)
            .ok_or(NoKey)?
            .as_bytes()[0];
        // What has a control character, and is not a key of its own (Tab, Enter, Escape).
        if !matches!(key, b'a'..=b'z' | b'@' | b'\\' | b']' | b'^' | b'_') || b"ijm".contains(&key)
        {
            return Err(NoKey);
        }
        let spelt = [
            format!("\x1b[{key};5u"),
            format!("\x1b[{key};5:1u"),
            format!("\x1b[27;5;{key}~"),
        ];
        Ok(Self(Some(Spellings {
            control: key.to_ascii_uppercase() & 0x1f,
            spelt: spelt.map(String::into_bytes),
        })))
    }
}

impl DetachKey {
    /// Where the key begins in what was typed. A terminal says a key in one piece.
    pub(super) fn find(&self, typed: &[u8]) -> Option<usize> {
        let keys = self.0.as_ref()?;
        (0..typed.len()).find(|&at| {
            let rest = &typed[at..];
            rest[0] == keys.control || keys.spelt.iter().any(|spelt| rest.starts_with(spelt))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_said() {
        let key: DetachKey = "ctrl-]".parse().unwrap();
        assert_eq!(key.find(b"ls\x1dx"), Some(2));
        assert_eq!(key.find(b"\x1b[93;5u"), Some(0));
        assert_eq!(key.find(b"a\x1b[27;5;93~"), Some(1));
        assert_eq!(key.find(b"]\x1b[93u"), None);
        let key: DetachKey = "^A".parse().unwrap();
        assert_eq!(key.find(b"\x01"), Some(0));
        assert_eq!("none".parse::<DetachKey>().unwrap().find(b"\x1d"), None);
    }

    #[test]
    fn what_is_text_or_a_key_of_its_own_is_refused() {
        for text in ["", "x", "ctrl-", "ctrl-i", "^M", "ctrl-ab", "^[", "ctrl-é"] {
            assert_eq!(text.parse::<DetachKey>(), Err(NoKey), "{text}");
        }
    }
}
