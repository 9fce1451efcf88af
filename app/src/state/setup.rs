//! How far the machine's set-up is, in words, and when to ask again. Pure.

use crate::functions::setup::{SetupReply, SetupState, SetupStep, StepState};
use crate::text;

/// Between two questions while something runs, milliseconds.
const EVERY_MS: u64 = 2_000;
/// The longest pause when answers fail, milliseconds.
const MOST_MS: u64 = 30_000;
/// Lines shown of what a step prints.
const LINES: usize = 6;
/// Characters shown of a line.
const LINE: usize = 200;

/// In how many milliseconds to ask again, if at all: `failures` questions in a row had no answer.
pub(crate) fn again_ms(state: Option<SetupState>, failures: u32) -> Option<u64> {
    match state {
        _ if failures > 0 => Some((EVERY_MS << failures.min(5)).min(MOST_MS)),
        Some(SetupState::Running) => Some(EVERY_MS),
        _ => None,
    }
}

/// All of it in a line.
pub(crate) fn summary(reply: &SetupReply) -> String {
    let done = |step: &&SetupStep| !matches!(step.state, StepState::Waiting | StepState::Running);
    let (done, all) = (reply.steps.iter().filter(done).count(), reply.steps.len());
    match reply.state {
        SetupState::None => String::new(),
        SetupState::Running => format!("Setting up this machine: {done} of {all}"),
        SetupState::Complete => "This machine is set up.".to_owned(),
        SetupState::Warning => "Set up, but not everything works.".to_owned(),
        SetupState::Error => "Set-up failed.".to_owned(),
    }
}

/// A step's state in a word.
pub(crate) fn word(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Running => "running",
        StepState::Complete => "done",
        StepState::Warning => "done in part",
        StepState::Error => "failed",
        StepState::Skipped => "skipped",
    }
}

/// The value of `data-state`.
pub(crate) fn name(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Running => "running",
        StepState::Complete => "complete",
        StepState::Warning => "warning",
        StepState::Error => "error",
        StepState::Skipped => "skipped",
    }
}

/// What may be done about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// It goes well.
    None,
    /// It is not over.
    Cancel,
    /// It could come to another end.
    Retry,
}

/// What may be done about a step in a state.
pub(crate) fn remedy(state: StepState) -> Remedy {
    match state {
        StepState::Waiting | StepState::Running => Remedy::Cancel,
        StepState::Complete => Remedy::None,
        StepState::Warning | StepState::Error | StepState::Skipped => Remedy::Retry,
    }
}

/// Whether the panel is there: what had ended well before this page was opened is no news.
pub(crate) fn is_shown(state: SetupState, dismissed: Option<SetupState>, ran_here: bool) -> bool {
    let is_old = state == SetupState::Complete && !ran_here;
    state != SetupState::None && dismissed != Some(state) && !is_old
}

/// How long a step has taken, at a moment by this browser's clock.
pub(crate) fn took(step: &SetupStep, now_ms: f64) -> Option<String> {
    let began = step.started_ms? as f64;
    let until = step.ended_ms.map_or(now_ms, |ended| ended as f64);
    Some(text::age(((until - began) / 1_000.0).max(0.0) as u64))
}

/// The last lines of what a step prints, as far as they can be shown.
pub(crate) fn tail(step: &SetupStep) -> String {
    let all = step.tail.as_deref().unwrap_or_default();
    let lines: Vec<_> = all.lines().map(text::printable).collect();
    let lines: Vec<String> = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.chars().take(LINE).collect())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(state: StepState) -> SetupStep {
        SetupStep {
            id: "gh".to_owned(),
            label: "GitHub CLI".to_owned(),
            state,
            version: None,
            started_ms: Some(1_000),
            ended_ms: None,
            tail: None,
            error: None,
        }
    }

    #[test]
    fn it_is_asked_again_only_while_something_runs_and_more_rarely_when_nobody_answers() {
        assert_eq!(again_ms(Some(SetupState::None), 0), None);
        assert_eq!(again_ms(Some(SetupState::Complete), 0), None);
        assert_eq!(again_ms(Some(SetupState::Running), 0), Some(2_000));
        assert_eq!(again_ms(None, 1), Some(4_000));
        assert_eq!(again_ms(Some(SetupState::Running), 9), Some(30_000));
    }

    #[test]
    fn the_summary_counts_what_is_over() {
        let reply = SetupReply {
            state: SetupState::Running,
            steps: [
                StepState::Complete,
                StepState::Error,
                StepState::Running,
                StepState::Waiting,
            ]
            .map(step)
            .to_vec(),
            ..SetupReply::default()
        };
        assert_eq!(summary(&reply), "Setting up this machine: 2 of 4");
        assert_eq!(summary(&SetupReply::default()), "");
    }

    #[test]
    fn what_ended_well_before_the_page_came_is_not_shown() {
        assert!(!is_shown(SetupState::None, None, true));
        assert!(is_shown(SetupState::Running, None, false));
        assert!(!is_shown(SetupState::Complete, None, false));
        assert!(is_shown(SetupState::Complete, None, true));
        assert!(is_shown(SetupState::Error, None, false));
        assert!(!is_shown(SetupState::Error, Some(SetupState::Error), false));
    }

    #[test]
    fn a_step_is_cancelled_until_it_is_over_and_then_tried_again_unless_all_is_well() {
        assert_eq!(remedy(StepState::Waiting), Remedy::Cancel);
        assert_eq!(remedy(StepState::Complete), Remedy::None);
        assert_eq!(remedy(StepState::Skipped), Remedy::Retry);
    }

    #[test]
    fn a_step_says_how_long_it_took() {
        let mut step = step(StepState::Running);
        assert_eq!(took(&step, 13_500.0).as_deref(), Some("12 s"));
        step.ended_ms = Some(4_000);
        assert_eq!(took(&step, 99_000.0).as_deref(), Some("3 s"));
        step.started_ms = None;
        assert_eq!(took(&step, 99_000.0), None);
    }

    #[test]
    fn output_is_cut_to_what_can_be_shown() {
        let mut step = step(StepState::Running);
        let lines: Vec<_> = (1..=9)
            .map(|line| format!("line {line}\u{1b}\n\n"))
            .collect();
        step.tail = Some(lines.concat());
        assert_eq!(
            tail(&step),
            "line 4\nline 5\nline 6\nline 7\nline 8\nline 9"
        );
    }
}
