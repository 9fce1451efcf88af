//! Who somebody is, and who may enter. Pure.

use std::fmt;

/// Longest name, bytes: that of an email address.
const LONGEST: usize = 254;

/// An email address, or the name that a proxy or an identity provider gives somebody; in lower case, since
/// addresses are compared without regard to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity(String);

impl Identity {
    /// `None` for what can be nobody's name: empty, too long, several, or with marks that headers and lists
    /// give a meaning to.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || ",;<>\"\\".contains(c);
        let is_name = !text.is_empty() && text.len() <= LONGEST && !text.contains(is_odd);
        is_name.then(|| Self(text.to_lowercase()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who may enter: several names are several names of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners(Vec<Identity>);

impl Owners {
    /// These.
    pub fn new(owners: Vec<Identity>) -> Self {
        Self(owners)
    }

    /// Whether nobody is known to be an owner: then nobody enters.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that was named first.
    pub fn first(&self) -> Option<&Identity> {
        self.0.first()
    }

    /// Whether this is one.
    pub fn has(&self, who: &Identity) -> bool {
        self.0.contains(who)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_regard_to_case() {
        let owners = Owners::new(vec![Identity::new("Ana.Müller@Example.COM").unwrap()]);
        assert!(owners.has(&Identity::new(" ana.müller@example.com ").unwrap()));
        assert!(!owners.has(&Identity::new("ana.müller@example.co").unwrap()));
    }

    #[test]
    fn what_is_no_name_is_nobody() {
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "", "  ", "a b@c", "a@c,b@c", "a@c;b@c", "<a@c>", "a\u{0}@c", "\"a\"@c", &long,
        ] {
            assert_eq!(Identity::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn without_owners_nobody_is_one() {
        let owners = Owners::default();
        assert!(owners.is_unknown());
        assert!(!owners.has(&Identity::new("a@example.com").unwrap()));
    }
}
