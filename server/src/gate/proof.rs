//! What a page proves itself with that hasn't logged in, because a proxy says who comes: a word made of who that is
//! and of a key of this server. The page is handed it in its own text, which pages of other origins can't read.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::identity::Identity;
use crate::hex::hex;

/// Makes proofs.
pub(super) struct Proofs(Hmac<Sha256>);

/// Whom a proxy named, and what their page proves itself with. Not `Debug`: it holds the proof.
#[derive(Clone)]
pub struct Named {
    who: Identity,
    proof: String,
}

impl Proofs {
    pub(super) fn new(key: &str) -> Self {
        Self(Hmac::new_from_slice(key.as_bytes()).expect("a key may have any length"))
    }

    pub(super) fn of(&self, who: Identity) -> Named {
        let mut mac = self.0.clone();
        mac.update(who.as_str().as_bytes());
        let proof = hex(&mac.finalize().into_bytes());
        Named { who, proof }
    }
}

impl Named {
    /// Who it is.
    pub fn who(&self) -> &Identity {
        &self.who
    }

    /// Whether the page that sends this is one of ours.
    pub fn proves(&self, proof: &str) -> bool {
        self.proof.as_bytes().ct_eq(proof.as_bytes()).into()
    }

    pub(super) fn proof(&self) -> &str {
        &self.proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_name_and_one_server() {
        let who = |name| Identity::new(name).unwrap();
        let proofs = Proofs::new("a key");
        let ana = proofs.of(who("ana@example.com"));
        assert!(ana.proves(proofs.of(who("Ana@Example.com")).proof()));
        assert!(!ana.proves(proofs.of(who("bob@example.com")).proof()));
        assert!(!ana.proves(Proofs::new("another").of(who("ana@example.com")).proof()));
        assert!(!ana.proves(""));
    }
}
