//! What is said of sessions that a crash or a reboot ended: which of them are news to this browser, and when
//! they were last seen. Pure.

use bowline_protocol::SessionId;

use crate::functions::sessions::{ExitReply, SessionRow};

/// Fewer than this many are told by their panes alone.
#[cfg(any(feature = "hydrate", test))]
const SEVERAL: usize = 2;

/// Sessions that were lost, of these. The link tells of them one after the other, the list of all at once: only
/// what the list has told counts.
pub(crate) fn lost(rows: &[SessionRow]) -> Vec<SessionId> {
    let is_lost = |row: &&SessionRow| row.exit == Some(ExitReply::Lost);
    let lost = rows.iter().filter(is_lost);
    let listed = lost.filter(|row| row.last_seen_ms.is_some());
    listed.map(|row| row.session_id).collect()
}

/// Those that this browser was not told of, if they are so many that their panes do not say enough.
#[cfg(any(feature = "hydrate", test))]
pub(crate) fn news(lost: &[SessionId], told: &[SessionId]) -> Option<Vec<SessionId>> {
    let news = lost.iter().filter(|session| !told.contains(session));
    let news: Vec<_> = news.copied().collect();
    (news.len() >= SEVERAL).then_some(news)
}

/// What a page says of several.
pub(crate) fn words(count: usize) -> String {
    let who = match count {
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    };
    format!("{who} ended when the machine or Bowline\u{2019}s keeper stopped.")
}

/// A moment by the reader's clock.
#[cfg(any(feature = "hydrate", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: u32,
    /// From 0.
    pub(crate) month: u32,
    /// From 1.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
}

#[cfg(any(feature = "hydrate", test))]
impl Moment {
    /// This moment, as briefly as who reads it `now` understands it.
    pub(crate) fn words(self, now: Self) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let Self {
            year,
            month,
            day,
            hour,
            minute,
        } = self;
        let time = format!("{hour:02}:{minute:02}");
        let name = MONTHS.get(month as usize).unwrap_or(&"");
        if year != now.year {
            format!("{time} on {day} {name} {year}")
        } else if (month, day) != (now.month, now.day) {
            format!("{time} on {day} {name}")
        } else {
            time
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::sessions::State;
    use crate::state::known::tests::row;

    #[test]
    fn several_are_told_once() {
        let mut rows: Vec<_> = (1..=4).map(row).collect();
        for row in &mut rows[..3] {
            row.state = State::Exited;
            row.exit = Some(ExitReply::Lost);
            assert!(lost(std::slice::from_ref(row)).is_empty());
            row.last_seen_ms = Some(7);
        }
        let ids: Vec<_> = rows[..3].iter().map(|row| row.session_id).collect();
        rows[3].exit = Some(ExitReply::Code(1));
        assert_eq!(lost(&rows), ids);
        assert_eq!(news(&ids, &[]), Some(ids.clone()));
        assert_eq!(news(&ids, &ids[..1]), Some(ids[1..].to_vec()));
        // Its pane says it.
        assert_eq!(news(&ids, &ids[..2]), None);
        assert_eq!(news(&[], &ids), None);
        let words = words(3);
        assert!(words.starts_with("3 sessions ended when"), "{words}");
    }

    #[test]
    fn a_moment_is_told_as_briefly_as_can_be() {
        let now = Moment {
            year: 2026,
            month: 10,
            day: 21,
            hour: 18,
            minute: 5,
        };
        let then = Moment {
            hour: 9,
            minute: 3,
            ..now
        };
        assert_eq!(then.words(now), "09:03");
        let then = Moment { day: 20, ..then };
        assert_eq!(then.words(now), "09:03 on 20 November");
        let then = Moment {
            year: 2025,
            month: 0,
            ..then
        };
        assert_eq!(then.words(now), "09:03 on 20 January 2025");
    }
}
