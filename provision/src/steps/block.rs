//! A block in a text: putting it there, exchanging it where it stands, taking it out again so that the text is what it was
//! before. Pure.

use bowline_identity::sinks::block::{Marks, find};

/// In the block of a file that was not there before it.
const MADE: &str = "This file was made by Bowline.";
/// In the block behind a last line that had no end.
const UNENDED: &str = "The line above had no end.";

/// How the format writes what nobody is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comment {
    /// `# …`
    Hash,
    /// `<!-- … -->`
    Markup,
}

/// What belongs into a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) name: &'static str,
    pub(super) body: &'a str,
    /// In a file that was not there.
    pub(super) fresh: &'a str,
    pub(super) comment: Comment,
}

/// The marks are not a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the marks of Bowline's block are broken (line {0}): remove what is left of it")]
pub(super) struct Unclear(usize);

/// What is left of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// This.
    Text(String),
    /// Nothing, and there was no file before.
    Nothing,
}

impl Block<'_> {
    /// The text with the block: where it stands, or at the end. None = there is no file yet.
    pub(super) fn put(&self, old: Option<&str>) -> Result<String, Unclear> {
        let Some(old) = old else {
            return Ok(self.write(true, false));
        };
        let text = match self.find(old)? {
            Some(found) => {
                let (is_made, is_unended) = notes(&old[found.clone()], self.comment);
                let block = self.write(is_made, is_unended);
                format!("{}{block}{}", &old[..found.start], &old[found.end..])
            }
            None => {
                let is_unended = !old.is_empty() && !old.ends_with('\n');
                // All that is in it is ours.
                let is_made = old.starts_with("# >>> bowline ") && is_ours_alone(old);
                let gap = if is_unended { "\n" } else { "" };
                format!("{old}{gap}{}", self.write(is_made, is_unended))
            }
        };
        Ok(text)
    }

    /// The text without the block; none if it isn't there.
    pub(super) fn take(&self, old: &str) -> Result<Option<Rest>, Unclear> {
        let Some(found) = self.find(old)? else {
            return Ok(None);
        };
        let (is_made, is_unended) = notes(&old[found.clone()], self.comment);
        let (before, behind) = (&old[..found.start], &old[found.end..]);
        let before = match before.strip_suffix('\n') {
            Some(before) if is_unended && behind.is_empty() => before,
            _ => before,
        };
        let rest = format!("{before}{behind}");
        Ok(Some(match rest.is_empty() && is_made {
            true => Rest::Nothing,
            false => Rest::Text(rest),
        }))
    }

    fn find(&self, text: &str) -> Result<Option<std::ops::Range<usize>>, Unclear> {
        find(text, &self.marks()).map_err(|broken| Unclear(broken.line))
    }

    /// Whether it is there.
    pub(super) fn is_in(&self, text: &str) -> Result<bool, Unclear> {
        Ok(self.find(text)?.is_some())
    }

    fn marks(&self) -> Marks {
        let Marks { begin, end } = Marks::of(self.name);
        let wrap = |mark: String| self.comment.write(mark.trim_start_matches("# "));
        Marks {
            begin: wrap(begin),
            end: wrap(end),
        }
    }

    fn write(&self, is_made: bool, is_unended: bool) -> String {
        let marks = self.marks();
        let note = |is_so: bool, note| match is_so {
            true => self.comment.write(note) + "\n",
            false => String::new(),
        };
        let (made, unended) = (note(is_made, MADE), note(is_unended, UNENDED));
        let body = if is_made { self.fresh } else { self.body };
        format!("{}\n{made}{unended}{body}{}\n", marks.begin, marks.end)
    }
}

impl Comment {
    fn write(self, text: &str) -> String {
        match self {
            Self::Hash => format!("# {text}"),
            Self::Markup => format!("<!-- {text} -->"),
        }
    }
}

/// Whether the file was made with the block, and whether the line above had no end.
fn notes(block: &str, comment: Comment) -> (bool, bool) {
    let has = |note: &str| block.lines().any(|line| line == comment.write(note));
    (has(MADE), has(UNENDED))
}

/// Whether a text is nothing but blocks, the first of which made it.
fn is_ours_alone(text: &str) -> bool {
    let mut within = None;
    for line in text.lines() {
        match within {
            None => match line
                .strip_prefix("# >>> bowline ")
                .and_then(|line| line.strip_suffix(" >>>"))
            {
                Some(name) => within = Some(Marks::of(name).end),
                None => return false,
            },
            Some(ref end) if line == end => within = None,
            Some(_) => {}
        }
    }
    within.is_none() && notes(text, Comment::Hash).0
}
