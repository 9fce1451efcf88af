//! What becomes of text that is pasted: what is taken out of it, and whether the user is asked first. A
//! program that asked for brackets around pastes knows what was pasted; another one takes every line break
//! for the Enter key.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::settings::Clipboard;

/// Most bytes of a paste that a dialog shows.
const SHOWN: usize = 16 * 1024;

/// Whether a program has asked for brackets around what is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brackets {
    /// It has.
    Asked,
    /// It has not: what is pasted is as if typed.
    No,
}

/// Text as it may be pasted, and what the user should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paste {
    /// The text.
    pub(crate) text: String,
    /// Its lines.
    pub(crate) lines: usize,
    /// Control characters that were taken out.
    pub(crate) removed: usize,
    brackets: Brackets,
}

impl Paste {
    /// Takes out what must not be pasted: the end of the brackets, or every control character where there are
    /// none.
    pub(crate) fn new(text: &str, brackets: Brackets) -> Self {
        let (text, removed) = match brackets {
            Brackets::Asked => without_ends(text),
            Brackets::No => without_controls(text),
        };
        let breaks = text.replace("\r\n", "\n").matches(['\n', '\r']).count();
        let unended = usize::from(!text.ends_with(['\n', '\r']) && !text.is_empty());
        Self {
            lines: breaks + unended,
            text,
            removed,
            brackets,
        }
    }

    /// Whether the user is asked first. About characters that were taken out always: the text is not what it
    /// was.
    pub(crate) fn is_doubtful(&self, liked: Clipboard) -> bool {
        let lines = match self.brackets {
            Brackets::Asked => self.lines >= liked.many as usize,
            Brackets::No => self.text.contains(['\n', '\r']),
        };
        let changed = self.brackets == Brackets::No && self.removed > 0;
        changed || (liked.asks && lines)
    }

    /// The same on one line.
    pub(crate) fn on_one_line(&self) -> String {
        let lines = self.text.split(['\n', '\r']).map(str::trim);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        lines.join(" ")
    }

    /// What a dialog shows of it.
    pub(crate) fn shown(&self) -> String {
        if self.text.len() <= SHOWN {
            return self.text.clone();
        }
        format!(
            "{}\u{2026}",
            &self.text[..self.text.floor_char_boundary(SHOWN)]
        )
    }

    /// What a dialog says of it.
    pub(crate) fn facts(&self) -> String {
        let count = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {many}"),
        };
        let lines = count(self.lines, "line", "lines");
        let bytes = crate::text::bytes(self.text.len() as u64);
        let mut facts = format!("{lines}, {bytes}.");
        if self.brackets == Brackets::No && self.lines > 1 {
            facts.push_str(" The program takes every line break for the Enter key.");
        } else if self.brackets == Brackets::No && self.text.contains(['\n', '\r']) {
            facts.push_str(" The program takes its end for the Enter key.");
        }
        if self.removed > 0 {
            let removed = count(
                self.removed,
                "control character is",
                "control characters are",
            );
            facts.push_str(&format!(" {removed} left out."));
        }
        facts
    }
}

/// Without the sequences that end a bracketed paste, those too that appear when others are taken out. One
/// pass, however they are nested.
fn without_ends(text: &str) -> (String, usize) {
    const ENDS: [&str; 2] = ["\u{1b}[201~", "\u{9b}201~"];
    if !text.contains("201~") {
        return (text.to_owned(), 0);
    }
    let mut kept = String::with_capacity(text.len());
    let mut removed = 0;
    for character in text.chars() {
        kept.push(character);
        if character != '~' {
            continue;
        }
        if let Some(end) = ENDS.into_iter().find(|end| kept.ends_with(end)) {
            kept.truncate(kept.len() - end.len());
            removed += 1;
        }
    }
    (kept, removed)
}

fn without_controls(text: &str) -> (String, usize) {
    let is_kept = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let kept: String = text.chars().filter(|c| is_kept(*c)).collect();
    let removed = text.chars().filter(|c| !is_kept(*c)).count();
    (kept, removed)
}

/// A paste that the user is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Where it goes.
    pub(crate) pane: String,
    /// What.
    pub(crate) paste: Paste,
}

/// Pastes of the page. Part of the desk.
#[derive(Clone, Copy)]
pub(crate) struct Pasting {
    /// The one that the user is asked about.
    pub(crate) offer: RwSignal<Option<Offer>>,
    /// Panes whose user does not want to be asked again on this page.
    trusted: StoredValue<BTreeSet<String>>,
}

impl Pasting {
    /// Nothing pasted yet.
    pub(crate) fn new() -> Self {
        Self {
            offer: RwSignal::new(None),
            trusted: StoredValue::new(BTreeSet::new()),
        }
    }

    /// Whether the user is not asked about pastes into this pane.
    pub(crate) fn trusts(self, pane: &str) -> bool {
        self.trusted.with_value(|trusted| trusted.contains(pane))
    }

    /// The user is not asked again.
    pub(crate) fn trust(self, pane: String) {
        self.trusted.update_value(|trusted| {
            trusted.insert(pane);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_brackets_cannot_be_pasted() {
        for text in [
            "a\u{1b}[201~b",
            "a\u{9b}201~b",
            "a\u{1b}[20\u{1b}[201~1~b",
            "a\u{1b}[2\u{1b}[20\u{9b}201~1~01~b",
        ] {
            let paste = Paste::new(text, Brackets::Asked);
            assert_eq!(paste.text, "ab");
            assert!(!paste.is_doubtful(Clipboard::default()));
        }
        // Everything else goes whole.
        let other = "\u{1b}]8;;x\u{1b}[200~ 201~ \n";
        assert_eq!(Paste::new(other, Brackets::Asked).text, other);
    }

    #[test]
    fn what_would_run_is_asked_about() {
        let liked = Clipboard::default();
        let asked = |text| Paste::new(text, Brackets::No).is_doubtful(liked);
        assert!(!asked("ls -la"));
        assert!(!asked("a\tb"));
        assert!(asked("ls\n"));
        assert!(asked("one\rtwo"));
        assert!(asked("a\u{1b}b"));
        let many = "line\n".repeat(liked.many as usize);
        assert!(Paste::new(&many, Brackets::Asked).is_doubtful(liked));
        assert!(!Paste::new("one\ntwo\n", Brackets::Asked).is_doubtful(liked));
    }

    #[test]
    fn the_user_says_which_lines_are_worth_a_question() {
        let two = Paste::new("one\ntwo\n", Brackets::Asked);
        let few = Clipboard {
            many: 2,
            ..Clipboard::default()
        };
        assert!(two.is_doubtful(few));
        let silent = Clipboard { asks: false, ..few };
        assert!(!two.is_doubtful(silent));
        assert!(!Paste::new("one\ntwo\n", Brackets::No).is_doubtful(silent));
        // Not about its lines.
        assert!(Paste::new("a\u{1b}b", Brackets::No).is_doubtful(silent));
    }

    #[test]
    fn a_dialog_says_what_it_is() {
        let paste = Paste::new("one\r\n  two\n\u{7}", Brackets::No);
        assert_eq!(paste.lines, 2);
        assert_eq!(
            paste.facts(),
            "2 lines, 11 bytes. The program takes every line break for the Enter key. 1 control \
             character is left out."
        );
        assert_eq!(paste.on_one_line(), "one two");
        assert_eq!(Paste::new("", Brackets::No).lines, 0);
    }

    #[test]
    fn a_long_paste_is_shown_in_part() {
        let paste = Paste::new(&"\u{e9}".repeat(SHOWN), Brackets::Asked);
        let shown = paste.shown();
        assert!(shown.len() <= SHOWN + 3 && shown.ends_with('\u{2026}'));
    }
}
