//! What the session picker says of sessions, in which order, and which of them nobody seems to need. Pure.

use crate::functions::sessions::{ExitReply, SessionRow, State};
use crate::text;
use bowline_protocol::SessionId;

/// A session that nobody used or looked at for so long may be killed together with others, seconds.
pub(crate) const UNUSED_S: u64 = 3_600;

/// Where a session stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Runs, in no tab.
    Detached,
    /// Runs, in a tab.
    Shown,
    /// Ended a while ago.
    Ended,
}

/// The rows that match, in the order shown.
pub(crate) fn arrange(
    rows: Vec<SessionRow>,
    shown: &[SessionId],
    filter: &str,
) -> Vec<(Place, SessionRow)> {
    let words: Vec<_> = filter.split_whitespace().map(str::to_lowercase).collect();
    let matches = |row: &SessionRow| {
        let folder = row.cwd.as_deref().unwrap_or_default();
        let text = format!("{} {} {folder}", row.label, row.process).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let place = |row: &SessionRow| match row.state {
        State::Exited => Place::Ended,
        _ if shown.contains(&row.session_id) => Place::Shown,
        State::Running | State::Idle | State::NeedsAttention => Place::Detached,
    };
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(matches)
        .map(|row| (place(&row), row))
        .collect();
    rows.sort_by_key(|(place, row)| (*place, row.idle_s));
    rows
}

/// The program in the foreground, unless the session is called so.
pub(crate) fn program(row: &SessionRow) -> String {
    match row.process == row.label {
        true => String::new(),
        false => row.process.clone(),
    }
}

/// The line of facts below a session's name.
pub(crate) fn facts(row: &SessionRow) -> String {
    let viewers = match row.viewers {
        0 => "no viewers".to_owned(),
        1 => "1 viewer".to_owned(),
        count => format!("{count} viewers"),
    };
    let idle = match row.exit {
        Some(ExitReply::Lost) => format!("last seen {} ago", text::age(row.idle_s)),
        _ => format!("idle {}", text::age(row.idle_s)),
    };
    format!(
        "{}\u{d7}{} \u{b7} started {} ago \u{b7} {idle} \u{b7} {viewers}",
        row.cols,
        row.rows,
        text::age(row.age_s),
    )
}

/// Where a session is.
pub(crate) fn whereabouts(place: Place, row: &SessionRow) -> &'static str {
    match (place, row.exit) {
        (Place::Ended, Some(ExitReply::Lost)) => "lost",
        (Place::Ended, _) => "ended",
        (Place::Shown, _) => "in a tab",
        (Place::Detached, _) => "detached",
    }
}

/// Whether a session shall really be killed, with the program that would end.
pub(crate) fn question(row: &SessionRow) -> String {
    match program(row).as_str() {
        "" => format!("Kill \u{201c}{}\u{201d} and what runs in it?", row.label),
        program => format!("Kill \u{201c}{}\u{201d}, where {program} runs?", row.label),
    }
}

/// What whoever looks at the session should know. The terminal says it too, with our name before it.
pub(crate) fn notice(row: &SessionRow) -> String {
    let notice = row.notice.as_deref().unwrap_or_default();
    notice.trim_start_matches("Bowline: ").to_owned()
}

/// How a session ended, if it did.
pub(crate) fn ended(row: &SessionRow) -> String {
    let exit = row.exit.map(|exit| text::exit(exit.into()));
    exit.unwrap_or_default()
}

/// Why somebody should look at a session, if somebody should.
pub(crate) fn attention(row: &SessionRow) -> String {
    let why = row.attention.filter(|_| row.state == State::NeedsAttention);
    why.map(text::attention).unwrap_or_default().to_owned()
}

/// Whether its program works.
pub(crate) fn work(row: &SessionRow) -> String {
    match row.state {
        State::Running => "working".to_owned(),
        State::Idle | State::NeedsAttention | State::Exited => String::new(),
    }
}

/// Sessions that nobody used for an hour and nobody looks at.
pub(crate) fn unused(rows: &[SessionRow]) -> Vec<SessionId> {
    let unused = rows
        .iter()
        .filter(|row| row.state != State::Exited && row.viewers == 0 && row.idle_s > UNUSED_S);
    unused.map(|row| row.session_id).collect()
}

/// Sessions that run.
pub(crate) fn running(rows: &[SessionRow]) -> Vec<SessionId> {
    let running = rows.iter().filter(|row| row.state != State::Exited);
    running.map(|row| row.session_id).collect()
}

/// So many sessions, in words.
pub(crate) fn sessions(count: usize) -> String {
    match count {
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

/// A chosen row for who doesn't see it.
pub(crate) fn spoken(row: &SessionRow, at: usize, count: usize) -> String {
    let program = program(row);
    let parts = [row.label.as_str(), program.as_str()];
    let mut words: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let attention = attention(row);
    words.extend((!attention.is_empty()).then_some(attention.as_str()));
    format!("{}, {} of {count}", words.join(", "), at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::known;

    fn row(id: u8, label: &str, state: State) -> SessionRow {
        SessionRow {
            label: label.to_owned(),
            process: "vim".to_owned(),
            state,
            ..known::tests::row(id)
        }
    }

    #[track_caller]
    fn check(filter: &str, expected: &str) {
        let rows = vec![
            row(1, "ended", State::Exited),
            row(2, "shown", State::Running),
            row(4, "idle", State::Idle),
            row(3, "busy", State::Running),
        ];
        let shown = [SessionId::from_bytes([2; 16])];
        let arranged = arrange(rows, &shown, filter);
        let labels: Vec<_> = arranged.iter().map(|(_, row)| row.label.as_str()).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn detached_sessions_come_first_and_ended_ones_last() {
        check("", "busy idle shown ended");
    }

    #[test]
    fn every_word_of_the_filter_must_match_something() {
        check("work VIM bus", "busy");
        check("nothing", "");
    }

    #[test]
    fn who_kills_is_told_what_runs() {
        assert_eq!(
            question(&row(1, "build", State::Running)),
            "Kill \u{201c}build\u{201d}, where vim runs?"
        );
        assert_eq!(
            question(&row(1, "vim", State::Idle)),
            "Kill \u{201c}vim\u{201d} and what runs in it?"
        );
    }

    #[test]
    fn a_lost_session_is_called_so() {
        let mut lost = row(9, "x", State::Exited);
        assert_eq!(whereabouts(Place::Ended, &lost), "ended");
        lost.exit = Some(ExitReply::Lost);
        assert_eq!(whereabouts(Place::Ended, &lost), "lost");
        assert!(facts(&lost).contains("last seen 9 s ago"));
        assert!(ended(&lost).contains("the machine"));
    }

    #[test]
    fn the_facts_of_a_session() {
        assert_eq!(
            facts(&row(9, "x", State::Running)),
            "80\u{d7}24 \u{b7} started 1 h 1 min ago \u{b7} idle 9 s \u{b7} 1 viewer"
        );
    }

    #[test]
    fn only_what_nobody_uses_or_sees_counts_as_unused() {
        let long = |id, viewers, state| SessionRow {
            viewers,
            idle_s: UNUSED_S + 1,
            ..row(id, "x", state)
        };
        let rows = [
            long(1, 0, State::Idle),
            long(2, 1, State::Idle),
            long(3, 0, State::Exited),
            long(4, 0, State::Running),
            row(5, "x", State::Idle),
        ];
        let ids = |sessions: Vec<SessionId>| {
            let first = sessions.iter().map(|id| id.to_string()[..2].to_owned());
            first.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ids(unused(&rows)), "01 04");
        assert_eq!(ids(running(&rows)), "01 02 04 05");
    }

    #[test]
    fn a_chosen_row_is_said_with_its_place() {
        let mut row = row(1, "build", State::NeedsAttention);
        row.attention = Some(crate::functions::sessions::AttentionReply::Bell);
        assert_eq!(spoken(&row, 2, 9), "build, vim, rang, 3 of 9");
    }
}
