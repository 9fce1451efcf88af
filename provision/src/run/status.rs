//! How all steps are, for whoever looks.

use std::time::SystemTime;

use crate::graph::{State, StepId};

/// How all steps together are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overall {
    /// There are none.
    Nothing,
    /// Some step waits or runs.
    Running,
    /// Every step is done and verified.
    Complete,
    /// Nothing failed, but something was cancelled or is not as it was wanted.
    Warning,
    /// A step failed.
    Error,
}

/// How the steps are at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// In the order of the plan.
    pub steps: Vec<StepStatus>,
}

/// How one step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepStatus {
    /// For programs.
    pub id: StepId,
    /// For people.
    pub label: String,
    /// How it is.
    pub state: State,
    /// What of it is there, such as `2.1.0`, once that was verified.
    pub version: Option<String>,
    /// What is wrong, and what to do.
    pub problem: Option<String>,
    /// When it began.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// The last lines that it printed.
    pub tail: Vec<String>,
}

impl Status {
    /// How all steps together are.
    pub fn overall(&self) -> Overall {
        let any = |wanted: fn(&State) -> bool| self.steps.iter().any(|step| wanted(&step.state));
        if self.steps.is_empty() {
            Overall::Nothing
        } else if any(|state| !state.is_over()) {
            Overall::Running
        } else if any(|state| *state == State::Error) {
            Overall::Error
        } else if any(|state| *state != State::Complete) {
            Overall::Warning
        } else {
            Overall::Complete
        }
    }
}
