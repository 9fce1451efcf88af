//! Bringing back what agents and shells remember, as a step among those that set the machine up: so it is seen, and whether
//! it came too late for a shell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bowline_provision::graph::{Bound, Spec, StepId};
use bowline_provision::run::{Failed, Job, Later, Note, Step, Task};
use tokio::sync::watch;

use super::Carried;
use super::state::{Phase, View};

/// How long it is waited for somebody to give a token: as good as for ever.
const LIMIT: Duration = Duration::from_secs(30 * 86_400);

struct Restore {
    view: watch::Receiver<View>,
    is_late: Arc<AtomicBool>,
}

/// The step, if anything is brought back.
pub(crate) fn step(carried: &Carried) -> Option<Step> {
    let keeping = carried.keeping()?;
    Some(Step {
        spec: Spec {
            id: StepId::new("state"),
            label: "Saved state".to_owned(),
            needs: Vec::new(),
            touches: Vec::new(),
            bound: Bound::Machine,
            limit: LIMIT,
            tries: 1,
        },
        task: Arc::new(Restore {
            view: keeping.watch(),
            is_late: keeping.is_late(),
        }),
    })
}

impl Task for Restore {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(async move {
            let mut view = self.view.clone();
            let settled = |view: &View| view.phase == Phase::Kept || view.problem.is_some();
            let ends = |_| Failed::for_good("the server ends");
            let wants_token = job.unless_stopped(view.wait_for(settled)).await?;
            let wants_token = wants_token.map_err(ends)?.wants_token;
            if wants_token {
                job.say("waits for a token of the workspace: Settings, Databricks")
                    .await;
            }
            let ended = |view: &View| settled(view) && !view.wants_token;
            let view = job.unless_stopped(view.wait_for(ended)).await?;
            let view = view.map_err(ends)?.clone();
            if view.phase != Phase::Kept {
                let problem = view.problem.unwrap_or_default();
                return Ok(Note::But(format!("{problem}; it is tried again by itself")));
            }
            job.say(&format!("{} files from {}", view.restored, view.label))
                .await;
            if view.restored > 0 && self.is_late.load(Ordering::Relaxed) {
                let late = "shells that began before don't have their history: open a new one";
                return Ok(Note::But(late.to_owned()));
            }
            Ok(match view.notes.first() {
                Some(note) => Note::But(note.clone()),
                None => Note::Nothing,
            })
        })
    }

    fn prove<'a>(&'a self, _job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move { Ok(None) })
    }
}
