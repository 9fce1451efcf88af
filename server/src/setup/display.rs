//! How set-up is shown in a terminal: a line for each step, or a line for each change where nobody can draw. Pure.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use bowline_provision::graph::{State, StepId};
use bowline_provision::run::{Status, StepStatus};

/// Lines of output that are shown of a step that failed, where each change has a line.
const TAIL: usize = 10;

/// All steps as they are, in lines no longer than a terminal's.
pub(super) fn lines(status: &Status, width: usize) -> Vec<String> {
    let longest = status.steps.iter().map(|step| step.label.chars().count());
    let longest = longest.max().unwrap_or_default();
    let mut lines = Vec::new();
    for step in &status.steps {
        lines.push(format!("{:longest$}  {}", step.label, said(step)));
        let below = match step.state {
            State::Running => step.tail.last(),
            _ => None,
        };
        lines.extend(below.map(|line| format!("    {line}")));
    }
    for line in &mut lines {
        *line = line.chars().take(width - 1).collect();
    }
    lines
}

/// What has changed since the last look.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<StepId, State>);

impl Changes {
    /// A line for each step that has another state, and the output of those that failed.
    pub(super) fn of(&mut self, status: &Status) -> Vec<String> {
        let mut lines = Vec::new();
        for step in &status.steps {
            let before = self.0.insert(step.id.clone(), step.state.clone());
            if before.as_ref() == Some(&step.state) || step.state == State::Pending {
                continue;
            }
            lines.push(format!("{}: {}", step.label, said(step)));
            if step.state == State::Error {
                let from = step.tail.len().saturating_sub(TAIL);
                lines.extend(step.tail[from..].iter().map(|line| format!("    {line}")));
            }
        }
        lines
    }
}

/// A step's state in words.
fn said(step: &StepStatus) -> String {
    let word = match step.state {
        State::Pending => "waiting",
        State::Running => "running",
        State::Complete => "done",
        State::Warning => "done in part",
        State::Error => "failed",
        State::Skipped(_) => "skipped",
    };
    let version = step.version.as_ref().map(|version| format!(", {version}"));
    let time = time(step).map(|time| format!(" ({:.1} s)", time.as_secs_f64()));
    let problem = step.problem.as_ref().map(|problem| format!(": {problem}"));
    let parts = [version, time, problem].into_iter().flatten();
    parts.fold(word.to_owned(), |text, part| text + &part)
}

/// How long it took, or has taken.
fn time(step: &StepStatus) -> Option<Duration> {
    let until = match step.state {
        State::Running => SystemTime::now(),
        _ => step.ended?,
    };
    until.duration_since(step.started?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(state: State) -> StepStatus {
        let began = SystemTime::UNIX_EPOCH;
        StepStatus {
            id: StepId::new("codex"),
            label: "Codex".to_owned(),
            version: (state == State::Complete).then(|| "0.1.0".to_owned()),
            problem: (state == State::Error).then(|| "no network".to_owned()),
            started: Some(began),
            ended: state.is_over().then(|| began + Duration::from_millis(1500)),
            tail: vec!["GET one".to_owned(), "GET two".to_owned()],
            state,
        }
    }

    fn of(state: State) -> Status {
        Status {
            steps: vec![step(state)],
        }
    }

    #[test]
    fn a_line_says_how_a_step_is_and_never_wraps() {
        assert_eq!(
            lines(&of(State::Complete), 80),
            ["Codex  done, 0.1.0 (1.5 s)"]
        );
        assert_eq!(lines(&of(State::Running), 80)[1], "    GET two");
        assert!(
            lines(&of(State::Error), 20)
                .iter()
                .all(|line| line.len() < 20)
        );
    }

    #[test]
    fn each_change_has_one_line_and_a_failure_its_output() {
        let mut changes = Changes::default();
        assert_eq!(changes.of(&of(State::Pending)), [""; 0]);
        assert_eq!(changes.of(&of(State::Running)).len(), 1);
        assert_eq!(changes.of(&of(State::Running)), [""; 0]);
        let failed = changes.of(&of(State::Error));
        assert_eq!(
            failed,
            [
                "Codex: failed (1.5 s): no network",
                "    GET one",
                "    GET two"
            ]
        );
    }
}
