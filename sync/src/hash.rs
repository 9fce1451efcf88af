//! What tells contents apart.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A content's SHA-256, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// A content's.
    pub fn of(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            // Into a string it never fails.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Its first 16 digits: enough for a name.
    pub fn short(&self) -> &str {
        &self.0[..16]
    }
}
