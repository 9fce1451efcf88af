//! Which session somebody means by the beginning of its id or by its label. Pure.

use std::fmt::Write as _;

use bowline_terminal::{SessionId, SessionInfo};

/// Shortest id that is shown, digits: short enough to type, long enough to stay the same for a while.
const SHORTEST: usize = 6;

/// No session was found, or more than one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// None.
    #[error(
        "no session has an id that begins with {0}, or the label {0}: `bowline sessions` lists them"
    )]
    None(String),
    /// Several.
    #[error("{name} may be any of several sessions: give more of its id\n{candidates}")]
    Several {
        /// What was said.
        name: String,
        /// Those that are meant, a line each.
        candidates: String,
    },
}

/// The one session that goes by this name. One that runs comes before those that ended.
///
/// # Errors
/// There is none, or more than one.
pub fn find<'a>(sessions: &'a [SessionInfo], name: &str) -> Result<&'a SessionInfo, FindError> {
    let digits = name.to_ascii_lowercase();
    let is_meant = |session: &&SessionInfo| {
        session.label == name || (!digits.is_empty() && session.id.to_string().starts_with(&digits))
    };
    let meant: Vec<&SessionInfo> = sessions.iter().filter(is_meant).collect();
    let runs = |session: &&&SessionInfo| !session.state.has_ended();
    let running: Vec<&SessionInfo> = meant.iter().filter(runs).copied().collect();
    match (&meant[..], &running[..]) {
        ([one], _) | (_, [one]) => Ok(one),
        ([], _) => Err(FindError::None(name.to_owned())),
        _ => {
            let mut candidates = String::new();
            for (session, id) in meant.iter().zip(short_ids(sessions, &meant)) {
                // Writing to a text can't fail.
                let _ = write!(candidates, "\n  {id}  {}", plain(&session.label));
            }
            Err(FindError::Several {
                name: name.to_owned(),
                candidates: candidates.split_off(1),
            })
        }
    }
}

/// The beginnings of some sessions' ids, which no other one of `all` has.
fn short_ids(all: &[SessionInfo], some: &[&SessionInfo]) -> Vec<String> {
    let ids: Vec<SessionId> = all.iter().map(|session| session.id).collect();
    let length = short_length(&ids);
    let short = |session: &&SessionInfo| session.id.to_string()[..length].to_owned();
    some.iter().map(short).collect()
}

/// How many digits tell all ids apart.
pub(super) fn short_length(ids: &[SessionId]) -> usize {
    let mut texts: Vec<String> = ids.iter().map(SessionId::to_string).collect();
    texts.sort_unstable();
    let shared = |pair: &[String]| {
        let both = pair[0].bytes().zip(pair[1].bytes());
        both.take_while(|(left, right)| left == right).count()
    };
    let longest = texts.windows(2).map(shared).max().unwrap_or(0);
    (longest + 1).clamp(SHORTEST, 32)
}

/// A text that others chose, without what a terminal would act upon.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bowline_terminal::{Exit, Naming, Progress, SessionState, Size};

    use super::*;

    fn session(id: [u8; 2], label: &str) -> SessionInfo {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&id);
        SessionInfo {
            id: SessionId::from_bytes(bytes),
            pane_id: None,
            label: label.to_owned(),
            naming: Naming::Given,
            process: "sh".to_owned(),
            cwd: None,
            title: String::new(),
            age: Duration::ZERO,
            idle: Duration::ZERO,
            size: Size::default(),
            viewers: 0,
            tmux: None,
            notice: None,
            ends_in: None,
            last_seen_ms: None,
            state: SessionState::Running,
            progress: Progress::None,
            last_command: None,
        }
    }

    #[test]
    fn a_session_goes_by_the_beginning_of_its_id_or_its_label() {
        let all = [session([0xab, 1], "build"), session([0xab, 2], "web")];
        let found = |name| find(&all, name).map(|session| session.label.as_str());
        assert_eq!(found("ab01"), Ok("build"));
        assert_eq!(found("AB02"), Ok("web"));
        assert_eq!(found("web"), Ok("web"));
        assert_eq!(found("we"), Err(FindError::None("we".to_owned())));
        assert_eq!(found(""), Err(FindError::None(String::new())));
        let Err(FindError::Several { candidates, .. }) = found("ab") else {
            panic!("two begin so");
        };
        assert_eq!(candidates, "  ab0100  build\n  ab0200  web");
    }

    #[test]
    fn one_that_runs_comes_before_those_that_ended() {
        let mut all = [session([1, 0], "sh"), session([2, 0], "sh")];
        assert!(find(&all, "sh").is_err());
        all[0].state = SessionState::Exited(Exit::Code(0));
        assert_eq!(find(&all, "sh").unwrap().id, all[1].id);
        assert_eq!(find(&all[..1], "sh").unwrap().id, all[0].id);
    }

    #[test]
    fn ids_are_as_short_as_tells_them_apart() {
        let id = |last: u8| {
            let mut bytes = [7; 16];
            bytes[15] = last;
            SessionId::from_bytes(bytes)
        };
        assert_eq!(short_length(&[id(1)]), SHORTEST);
        assert_eq!(short_length(&[id(0x10), id(0x20)]), 31);
        assert_eq!(short_length(&[id(0x10), id(0x11)]), 32);
    }

    #[test]
    fn a_label_moves_no_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a[2Jb");
    }
}
