//! A block of ours in somebody's text: lines between two marks, which anybody can see. Pure.

use std::ops::Range;

use super::text::{lines, split_end};

/// The lines around a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Before it.
    pub begin: String,
    /// Behind it.
    pub end: String,
}

/// The marks are not one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Where, counted from one.
    pub line: usize,
}

impl Marks {
    /// Those of a name.
    pub fn of(name: &str) -> Self {
        Self {
            begin: format!("# >>> bowline {name} >>>"),
            end: format!("# <<< bowline {name} <<<"),
        }
    }
}

/// Where the block stands, its marks and the end of its last line included.
pub fn find(text: &str, marks: &Marks) -> Result<Option<Range<usize>>, Broken> {
    let (mut at, mut begin, mut found) = (0, None, None);
    for (number, line) in (1..).zip(lines(text)) {
        let content = split_end(line).0.trim();
        let (is_begin, is_end) = (content == marks.begin, content == marks.end);
        match begin {
            None if is_begin && found.is_none() => begin = Some((at, number)),
            Some((from, _)) if is_end => {
                found = Some(from..at + line.len());
                begin = None;
            }
            _ if is_begin || is_end => return Err(Broken { line: number }),
            _ => {}
        }
        at += line.len();
    }
    match begin {
        None => Ok(found),
        Some((_, line)) => Err(Broken { line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_one_pair_of_marks() {
        let marks = Marks::of("x");
        let text = "a\n# >>> bowline x >>>\nb\n# <<< bowline x <<<\nc\n";
        let found = find(text, &marks).unwrap().unwrap();
        assert_eq!(&text[..found.start], "a\n");
        assert_eq!(&text[found.end..], "c\n");
        assert_eq!(find("a\n", &marks), Ok(None));
        assert_eq!(find(text, &Marks::of("y")), Ok(None));
        for (broken, line) in [
            ("# >>> bowline x >>>\n", 1),
            ("a\n# <<< bowline x <<<\n", 2),
            ("# >>> bowline x >>>\n# >>> bowline x >>>\n", 2),
        ] {
            assert_eq!(find(broken, &marks), Err(Broken { line }), "{broken}");
        }
        assert!(find(&text.repeat(2), &marks).is_err(), "twice");
    }
}
