//! Random secrets and their hashes. A secret is shown once; what is kept is its SHA-256, compared in
//! constant time.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::hex::hex;

/// The hash of a secret.
#[derive(Clone, Copy)]
pub(super) struct Hash([u8; 32]);

impl Hash {
    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the secret. Takes the same time wherever they differ.
    pub(super) fn matches(&self, secret: &str) -> bool {
        self.equals(&Self::of(secret))
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn to_hex(self) -> String {
        hex(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// A fresh secret of `N` random bytes, in hexadecimal.
pub(super) fn random<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .expect("the system's random source works once the system has started");
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_being_written() {
        let secret = random::<16>();
        let hash = Hash::from_hex(&Hash::of(&secret).to_hex()).unwrap();
        assert!(hash.matches(&secret));
        assert!(!hash.matches(&random::<16>()));
        assert!(Hash::from_hex("zz").is_none());
        assert!(Hash::from_hex(&"é".repeat(32)).is_none());
    }
}
