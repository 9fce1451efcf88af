//! Commands that were chosen in the palette lately, newest first. Plain data; where it is kept is the palette's.

/// Most that are remembered.
const MOST: usize = 6;

/// Ids of commands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recent(Vec<String>);

impl Recent {
    /// Reads what [`Self::text`] wrote. Ids that no command has are harmless.
    pub(crate) fn parse(text: &str) -> Self {
        let ids = text.split(' ').filter(|id| !id.is_empty());
        Self(ids.take(MOST).map(str::to_owned).collect())
    }

    /// As it is kept.
    pub(crate) fn text(&self) -> String {
        self.0.join(" ")
    }

    /// One was chosen.
    pub(crate) fn add(&mut self, id: &str) {
        self.0.retain(|other| other != id);
        self.0.insert(0, id.to_owned());
        self.0.truncate(MOST);
    }

    /// How lately one was chosen: 0 is the last.
    pub(crate) fn rank(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|other| other == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_chosen_come_first_and_few_are_kept() {
        let mut recent = Recent::parse("a b c d e f g");
        assert_eq!(recent.rank("g"), None);
        recent.add("c");
        assert_eq!(recent.text(), "c a b d e f");
        recent.add("x");
        assert_eq!(recent.rank("x"), Some(0));
        assert_eq!(recent.rank("f"), None);
        assert_eq!(Recent::parse(&recent.text()), recent);
        assert_eq!(Recent::parse(""), Recent::default());
    }
}
