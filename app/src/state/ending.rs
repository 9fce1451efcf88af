//! Sessions that end soon because nobody uses them: which, how soon, and what is said of it. Pure.

use bowline_protocol::SessionId;

use crate::functions::sessions::SessionRow;
use crate::text;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Which.
    pub(crate) session: SessionId,
    /// What it is called.
    pub(crate) label: String,
    /// Seconds it had left when it was listed.
    pub(crate) left_s: u64,
}

/// Those of these that nobody has dismissed, the first to end first.
pub(crate) fn ending(rows: &[SessionRow], dismissed: &[SessionId]) -> Vec<Ending> {
    let warned = rows.iter().filter_map(|row| {
        Some(Ending {
            session: row.session_id,
            label: row.label.clone(),
            left_s: row.ends_in_s?,
        })
    });
    let mut ending: Vec<_> = warned
        .filter(|ending| !dismissed.contains(&ending.session))
        .collect();
    ending.sort_by_key(|ending| (ending.left_s, ending.session));
    ending
}

/// Which sessions these are, without a figure that changes.
pub(crate) fn who(ending: &[Ending]) -> String {
    match ending {
        [] => String::new(),
        [one] => format!(
            "\u{201c}{}\u{201d} ends unless somebody uses it.",
            one.label
        ),
        several => format!("{} sessions end unless somebody uses them.", several.len()),
    }
}

/// How soon the first of them ends, so many seconds after they were listed.
pub(crate) fn when(ending: &[Ending], later_s: u64) -> String {
    let Some(first) = ending.first() else {
        return String::new();
    };
    let left = match first.left_s.saturating_sub(later_s) {
        0 => return "Now.".to_owned(),
        left => text::age(left),
    };
    match ending.len() {
        1 => format!("In {left}."),
        _ => format!("The first in {left}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::known::tests::row;

    fn rows() -> Vec<SessionRow> {
        let left = [Some(900), None, Some(200)];
        let row = |(id, ends_in_s): (u8, Option<u64>)| SessionRow {
            ends_in_s,
            ..row(id)
        };
        (1..).zip(left).map(row).collect()
    }

    #[test]
    fn the_first_to_end_is_said_first_and_counts_down() {
        let ending = ending(&rows(), &[]);
        assert_eq!(who(&ending), "2 sessions end unless somebody uses them.");
        assert_eq!(when(&ending, 0), "The first in 3 min.");
        assert_eq!(when(&ending, 190), "The first in 10 s.");
        assert_eq!(when(&ending, 500), "Now.");
    }

    #[test]
    fn a_warning_that_was_dismissed_is_not_said_again() {
        let dismissed = [rows()[2].session_id];
        let ending = ending(&rows(), &dismissed);
        assert_eq!(
            who(&ending),
            "\u{201c}bash\u{201d} ends unless somebody uses it."
        );
        assert_eq!(when(&ending, 0), "In 15 min.");
        assert_eq!((who(&[]), when(&[], 0)), (String::new(), String::new()));
    }
}
