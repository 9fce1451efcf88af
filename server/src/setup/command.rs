//! `bowline setup`: the same steps from a terminal, shown while they run. Needs no server and tells none; where one does the
//! same at the same time, they wait for each other agent by agent.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use bowline_app::functions::setup::{SetupState, SetupStep};
use bowline_provision::graph::{StepId, Width};
use bowline_provision::profile::Profile;
use bowline_provision::run::{Overall, Place, Setup, Status};
use bowline_provision::steps::{self, BadChoice, Undone};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::args::SetupCommand;
use super::display::{Changes, lines};
use super::told;
use crate::config::{ConfigError, Env};

/// Status of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Why nothing was set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No such steps.
    #[error(transparent)]
    Choice(#[from] BadChoice),
    /// Nobody said what.
    #[error("nothing is chosen: name steps ({0}), or say --profile agents")]
    Nothing(String),
    /// Nowhere to put it.
    #[error("HOME is not set")]
    Homeless,
    /// Signals, or the terminal.
    #[error("cannot be followed: {0}")]
    Io(#[from] std::io::Error),
    /// A defect of the list of steps.
    #[error(transparent)]
    Plan(#[from] bowline_provision::graph::BadPlan),
}

/// Does what was asked, and gives the status to end with.
pub async fn run(
    what: SetupCommand,
    variables: HashMap<OsString, OsString>,
) -> Result<ExitCode, Error> {
    let read = |name: &str| variables.get(&OsString::from(name)).cloned();
    let mut settings = what.settings.resolve(&Env(&read))?;
    if what.list {
        let names = steps::names()?;
        let longest = names.iter().map(|(id, _)| id.as_str().len()).max();
        let longest = longest.unwrap_or_default();
        for (id, label) in names {
            say(&format!("{:longest$}  {label}\n", id.as_str()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let named: Vec<StepId> = what.steps.iter().map(|name| StepId::new(name)).collect();
    let home = settings.home.take().ok_or(Error::Homeless)?;
    if what.undo {
        return undo(&home, &named);
    }
    if !named.is_empty() {
        let wanted = &mut settings.options.repositories;
        wanted.retain(|repository| named.contains(&repository.step()));
        settings.profile = Profile::Steps(named);
    }
    if steps::is_nothing(&settings.profile, &settings.options) {
        let names = steps::names()?.into_iter().map(|(id, _)| id.to_string());
        return Err(Error::Nothing(names.collect::<Vec<_>>().join(", ")));
    }
    let plan = steps::plan(&settings.profile, &settings.options)?;
    let setup = Setup::start(plan, Place::new(&home, variables), Width::default())?;
    let show = match (what.json, std::io::stdout().is_terminal()) {
        (true, _) => Show::Json,
        (false, true) => Show::Redrawn,
        (false, false) => Show::Lines,
    };
    follow(&setup, show).await
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    /// In one place that is drawn again.
    Redrawn,
    /// A line for each change.
    Lines,
    /// At the end.
    Json,
}

async fn follow(setup: &Setup, show: Show) -> Result<ExitCode, Error> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut watch = setup.watch();
    let mut changes = Changes::default();
    let mut drawn = 0;
    let status = loop {
        let status = watch.borrow_and_update().clone();
        match show {
            Show::Redrawn => drawn = draw(&status, drawn),
            Show::Lines => changes
                .of(&status)
                .iter()
                .for_each(|line| say(&format!("{line}\n"))),
            Show::Json => {}
        }
        if status.overall() != Overall::Running {
            break status;
        }
        let is_stopped = tokio::select! {
            changed = watch.changed() => changed.is_err(),
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
        };
        if is_stopped {
            setup.end().await;
            eprintln!(
                "bowline: stopped; nothing of it runs on, and what was there before is whole"
            );
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    if show == Show::Json {
        let (state, steps) = told(&status);
        let text = serde_json::to_string_pretty(&Told { state, steps });
        say(&format!("{}\n", text.map_err(std::io::Error::from)?));
    }
    Ok(match status.overall() {
        Overall::Error => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// What is said as JSON.
#[derive(Serialize)]
struct Told {
    state: SetupState,
    steps: Vec<SetupStep>,
}

/// Draws over what was drawn before; how many lines it is now.
fn draw(status: &Arc<Status>, before: usize) -> usize {
    let width = rustix::termios::tcgetwinsize(std::io::stdout());
    let width = width.map_or(80, |size| usize::from(size.ws_col)).max(20);
    let lines = lines(status, width);
    let mut text = String::new();
    if before > 0 {
        text += &format!("\x1b[{before}A");
    }
    for line in &lines {
        text += &format!("\r\x1b[K{line}\n");
    }
    // What is longer no more.
    text += "\x1b[J";
    say(&text);
    lines.len()
}

fn undo(home: &Path, which: &[StepId]) -> Result<ExitCode, Error> {
    let mut status = ExitCode::SUCCESS;
    if which.is_empty() {
        // Of a home that is as it was before, nothing is known.
        bowline_sync::state::forget(home)?;
    }
    for (id, undone) in steps::undo(home, which)? {
        match undone {
            Ok(Undone::Removed) => say(&format!("{id}: removed\n")),
            Ok(Undone::Nothing) => say(&format!("{id}: nothing to remove\n")),
            Err(failed) => {
                eprintln!("bowline: {id}: {failed}");
                status = ExitCode::FAILURE;
            }
        }
    }
    Ok(status)
}

fn say(text: &str) {
    // Whoever reads may have seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}
