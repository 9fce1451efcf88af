//! What programs show to the broker: 256 random bits in hexadecimal.

use std::fmt;

use subtle::ConstantTimeEq as _;

const BYTES: usize = 32;

/// The broker's secret. What it is, is seen by [`Secret::expose`] alone.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    pub fn random() -> Self {
        use fmt::Write as _;
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)
            .expect("the system's random source works once the system has started");
        let hex = bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes all that is written");
            text
        });
        Self(hex)
    }

    /// One that was kept; none if it is not of the form that ours have.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_ours.then(|| Self(text.to_owned()))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret. Takes the same time wherever they differ.
    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test that unwraps says enough by failing"
    )]

    use super::*;

    #[test]
    fn a_secret_is_long_random_and_never_printed() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(format!("{one:?}"), "Secret");
    }

    #[test]
    fn one_that_was_kept_is_the_same_and_no_other() {
        let secret = Secret::random();
        let kept = Secret::parse(secret.expose()).unwrap();
        assert!(kept.is(secret.expose().as_bytes()));
        for wrong in [Secret::random().expose(), "", &secret.expose()[1..]] {
            assert!(!kept.is(wrong.as_bytes()), "{wrong}");
        }
        for bad in ["", "0", &"x".repeat(64), &"é".repeat(32)] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
    }
}
