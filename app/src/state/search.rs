//! What is looked for in a terminal, and what is said about what was found. Looking itself is the browser's
//! (`public/search.mjs`).

use leptos::prelude::*;

/// Which pane is searched. Part of the desk.
#[derive(Clone, Copy)]
pub(crate) struct Searching {
    pane: RwSignal<Option<String>>,
    /// Counts requests to begin, so that a second one brings the keyboard back to the field.
    asked: RwSignal<u32>,
}

impl Searching {
    /// None.
    pub(crate) fn new() -> Self {
        Self {
            pane: RwSignal::new(None),
            asked: RwSignal::new(0),
        }
    }

    /// Begins in a pane, or goes on there.
    pub(crate) fn begin(self, pane: String) {
        if self.pane.with_untracked(|now| now.as_ref() != Some(&pane)) {
            self.pane.set(Some(pane));
        }
        self.asked.update(|asked| *asked += 1);
    }

    /// Ends it.
    pub(crate) fn end(self) {
        self.pane.set(None);
    }

    /// Whether any pane is searched, tracked.
    pub(crate) fn is_on(self) -> bool {
        self.pane.with(Option::is_some)
    }

    /// Whether this pane is searched, tracked.
    pub(crate) fn is_in(self, pane: &str) -> bool {
        self.pane.with(|now| now.as_deref() == Some(pane))
    }

    /// How often it was asked for, tracked.
    pub(crate) fn asked(self) -> u32 {
        self.asked.get()
    }
}

/// How text is looked for; each may be on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Capital letters and small ones differ.
    Case,
    /// Only whole words.
    Word,
    /// The text is a regular expression.
    Regex,
}

impl Way {
    /// All of them, in the order of their buttons.
    pub(crate) const ALL: [Self; 3] = [Self::Case, Self::Word, Self::Regex];

    /// Its button: what it shows, and its name.
    pub(crate) const fn button(self) -> (&'static str, &'static str) {
        match self {
            Self::Case => ("Aa", "Match case"),
            Self::Word => ("ab", "Whole words"),
            Self::Regex => (".*", "Regular expression"),
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Case => 1,
            Self::Word => 2,
            Self::Regex => 4,
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// The text.
    pub(crate) text: String,
    ways: u8,
}

impl Query {
    /// Whether it is looked for in this way.
    pub(crate) fn has(&self, way: Way) -> bool {
        self.ways & way.bit() != 0
    }

    /// Turns a way on or off.
    pub(crate) fn toggle(&mut self, way: Way) {
        self.ways ^= way.bit();
    }
}

/// Where to go from the selected match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Downwards.
    Next,
    /// Upwards.
    Previous,
}

/// Whether these are all matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// They are.
    All,
    /// There are more than were counted.
    AtLeast,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tally {
    /// Nothing was looked for yet.
    #[default]
    Idle,
    /// There is none.
    Nothing,
    /// It is no regular expression.
    Invalid,
    /// The expression also matches nothing at all.
    Everywhere,
    /// Matches, one of them selected or none.
    Found(Option<u32>, u32, Extent),
}

impl Tally {
    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Idle => String::new(),
            Self::Nothing => "No matches".to_owned(),
            Self::Invalid => "Not a regular expression".to_owned(),
            Self::Everywhere => "Matches empty text".to_owned(),
            Self::Found(nth, count, extent) => {
                let more = match extent {
                    Extent::All => "",
                    Extent::AtLeast => "+",
                };
                match (nth, count) {
                    (Some(nth), _) => format!("{nth} of {count}{more}"),
                    (None, 1) => "1 match".to_owned(),
                    (None, _) => format!("{count}{more} matches"),
                }
            }
        }
    }

    /// Whether something about it is wrong.
    pub(crate) fn is_problem(self) -> bool {
        matches!(self, Self::Nothing | Self::Invalid | Self::Everywhere)
    }

    /// From the words of `search.mjs`.
    pub(crate) fn of(state: &str, nth: u32, count: u32, extent: Extent) -> Self {
        match state {
            "found" => Self::Found((nth > 0).then_some(nth), count, extent),
            "invalid" => Self::Invalid,
            "empty" => Self::Everywhere,
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_said_in_words() {
        let words = |state, nth, extent| Tally::of(state, nth, 17, extent).words();
        assert_eq!(words("found", 3, Extent::All), "3 of 17");
        assert_eq!(words("found", 3, Extent::AtLeast), "3 of 17+");
        assert_eq!(words("found", 0, Extent::All), "17 matches");
        assert_eq!(Tally::Found(None, 1, Extent::All).words(), "1 match");
        assert_eq!(words("none", 0, Extent::All), "No matches");
        assert!(Tally::of("invalid", 0, 0, Extent::All).is_problem());
        assert!(!Tally::Idle.is_problem());
    }

    #[test]
    fn ways_are_turned_one_by_one() {
        let mut query = Query::default();
        query.toggle(Way::Case);
        query.toggle(Way::Regex);
        query.toggle(Way::Case);
        assert_eq!(Way::ALL.map(|way| query.has(way)), [false, false, true]);
    }
}
