//! Setting the machine up, as far as that is wanted: begun with the server and told to the page, or by `bowline setup` in a
//! terminal. What steps there are and how they are done is `provision`'s.

pub mod args;
pub mod command;
mod display;

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use bowline_app::context::{Pending, Setup as Asked};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::functions::setup::{SetupState, SetupStep, StepState};
use bowline_provision::graph::{Refused, State, StepId, Width};
use bowline_provision::run::{Overall, Place, Setup, Status, Step, StepStatus};
use bowline_provision::steps;
use tokio::sync::watch;

use crate::config::Setup as Settings;
use crate::unix_time::unix_ms;

/// The set-up that began with the server.
pub(crate) struct Machine(Setup);

/// Begins what the settings want, if they want anything. Nobody waits for it. `ours` are variables by which its commands
/// find this server, `besides` steps that are not of the profile.
pub(crate) fn begin(
    settings: &Settings,
    ours: impl Iterator<Item = (String, String)>,
    besides: Vec<Step>,
) -> Option<Machine> {
    if steps::is_nothing(&settings.profile, &settings.options) && besides.is_empty() {
        return None;
    }
    let Some(home) = &settings.home else {
        tracing::error!("HOME is not set: nothing is set up");
        return None;
    };
    let ours = ours.map(|(name, value)| (name.into(), value.into()));
    let place = Place::new(home, std::env::vars_os().chain(ours));
    // The settings were tried out when they were read.
    let mut plan = steps::plan(&settings.profile, &settings.options)
        .inspect_err(|error| tracing::error!(%error, "nothing is set up"))
        .ok()?;
    plan.splice(0..0, besides);
    let setup = Setup::start(plan, place, Width::default());
    let setup = setup.inspect_err(|error| tracing::error!(%error, "nothing is set up"));
    setup.ok().map(Machine)
}

/// Where something is set up, this process finds it before all else, and so do its sessions: it begins again with another
/// `PATH`, because it can't change its own.
pub fn find_ours_first(settings: &Settings) {
    let Some(home) = settings
        .home
        .as_ref()
        .filter(|_| !steps::installs_nothing(&settings.profile))
    else {
        return;
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let wanted = steps::path_with_ours(home, &path);
    if wanted == path {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).env("PATH", wanted).exec();
    eprintln!("bowline: what is set up is not found first, as it cannot begin again: {error}");
}

impl Machine {
    /// How its steps are, and whenever that changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Status>> {
        self.0.watch()
    }

    /// Stops what runs, and returns when no process of it is left.
    pub(crate) async fn end(&self) {
        self.0.end().await;
    }
}

impl Asked for Machine {
    fn status(&self) -> (SetupState, Vec<SetupStep>) {
        told(&self.0.status())
    }

    fn retry<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), AppError>> {
        Box::pin(async move {
            let done = self.0.retry(&StepId::new(id)).await;
            done.map_err(|refused| refusal(&refused))
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), AppError>> {
        Box::pin(async move {
            let done = self.0.cancel(&StepId::new(id)).await;
            done.map_err(|refused| refusal(&refused))
        })
    }
}

fn refusal(refused: &Refused) -> AppError {
    let code = match refused {
        Refused::Unknown(_) => ErrorCode::NotFound,
        Refused::NotOver(_) | Refused::Over(_) | Refused::Ended => ErrorCode::Malformed,
    };
    AppError::new(code, refused.to_string())
}

/// A status in the API's words.
fn told(status: &Arc<Status>) -> (SetupState, Vec<SetupStep>) {
    let state = match status.overall() {
        Overall::Nothing => SetupState::None,
        Overall::Running => SetupState::Running,
        Overall::Complete => SetupState::Complete,
        Overall::Warning => SetupState::Warning,
        Overall::Error => SetupState::Error,
    };
    (state, status.steps.iter().map(told_step).collect())
}

fn told_step(step: &StepStatus) -> SetupStep {
    SetupStep {
        id: step.id.to_string(),
        label: step.label.clone(),
        state: match step.state {
            State::Pending => StepState::Waiting,
            State::Running => StepState::Running,
            State::Complete => StepState::Complete,
            State::Warning => StepState::Warning,
            State::Error => StepState::Error,
            State::Skipped(_) => StepState::Skipped,
        },
        version: step.version.clone(),
        started_ms: step.started.map(unix_ms),
        ended_ms: step.ended.map(unix_ms),
        tail: (!step.tail.is_empty()).then(|| step.tail.join("\n")),
        error: step.problem.clone(),
    }
}
