//! What the page says of files that outlive the machine. Pure.

use crate::functions::sync::{Phase, StateReply, SyncReply};
use crate::text;

/// What is known of what agents and shells remember, as names and texts.
pub(crate) fn facts(state: &StateReply, now_ms: f64) -> Vec<(&'static str, String)> {
    let phase = match state.phase {
        Phase::Waiting => "waits for the workspace",
        Phase::Restoring => "being brought back",
        Phase::Kept => "brought back, and saved every few minutes",
    };
    let saved = state.saved_ms.map(|then| {
        // Clocks of two machines may differ.
        let seconds = ((now_ms - then as f64) / 1000.0).max(0.0) as u64;
        format!("{} ago", text::age(seconds))
    });
    let facts = [
        ("Kept in", Some(state.place.clone())),
        ("State", Some(phase.to_owned())),
        ("Last looked at", saved),
    ];
    let there = facts.into_iter();
    there
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

/// What to do where something is off.
pub(crate) fn advice(reply: &SyncReply) -> Option<&'static str> {
    match (&reply.state, &reply.projects) {
        (Some(_), Some(_)) => None,
        (Some(_), None) => Some(
            "Commits stay on this machine until they are pushed. Started with --workspace-sync on, the server copies \
             repositories below ~/projects at each commit.",
        ),
        (None, Some(_)) => Some(
            "Agents\u{2019} memory and shells\u{2019} histories stay on this machine. Start the server with --state-sync to \
             keep them elsewhere, too.",
        ),
        (None, None) => Some(
            "All files stay on this machine. --state-sync keeps agents\u{2019} memory and shells\u{2019} histories in a \
             Databricks workspace or a folder, and --workspace-sync repositories below ~/projects.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::sync::ProjectsReply;

    fn state(phase: Phase, saved_ms: Option<u64>) -> StateReply {
        StateReply {
            place: "adb-1.net/Users/ana".to_owned(),
            phase,
            saved_ms,
            problem: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let names = |state: &StateReply| {
            let facts = facts(state, 180_000.0).into_iter();
            facts.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&state(Phase::Waiting, None)), ["Kept in", "State"]);
        let kept = state(Phase::Kept, Some(60_000));
        assert_eq!(facts(&kept, 180_000.0)[2].1, "2 min ago");
    }

    #[test]
    fn what_is_off_is_said_with_the_way_to_turn_it_on() {
        let projects = ProjectsReply {
            place: "the workspace".to_owned(),
            log: String::new(),
        };
        let whole = SyncReply {
            state: Some(state(Phase::Kept, None)),
            projects: Some(projects),
        };
        assert_eq!(advice(&whole), None);
        let half = SyncReply {
            projects: None,
            ..whole
        };
        assert!(advice(&half).unwrap().contains("--workspace-sync"));
        assert!(
            advice(&SyncReply::default())
                .unwrap()
                .contains("--state-sync")
        );
    }
}
