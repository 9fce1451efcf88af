//! The driver with commands of `sh`: what is told, what is left, what is never called complete.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::graph::Bound;

/// Works by a script and is proved by another.
struct Script {
    work: String,
    proof: &'static str,
    note: Note,
    attempts: AtomicU32,
}

async fn sh(job: &Job, script: &str) -> Result<Answer, Failed> {
    let call = Call {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        folder: job.home().to_owned(),
        environment: Vec::new(),
        shown: Shown::All,
    };
    let answer = job.run(call).await?;
    match answer.status.success() {
        true => Ok(answer),
        false => Err(Failed::for_now("the script failed")),
    }
}

impl Task for Script {
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>> {
        Box::pin(async move {
            let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            sh(job, &format!("ATTEMPT={attempt}; {}", self.work)).await?;
            Ok(self.note.clone())
        })
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>> {
        Box::pin(async move {
            let answer = sh(job, self.proof).await?;
            Ok(Some(answer.text.trim().to_owned()))
        })
    }
}

fn step(name: &str, needs: &[&str], work: &str) -> Step {
    proved(name, needs, work, "echo 1.0")
}

fn proved(name: &str, needs: &[&str], work: &str, proof: &'static str) -> Step {
    Step {
        spec: Spec {
            id: StepId::new(name),
            label: name.to_owned(),
            needs: needs.iter().copied().map(StepId::new).collect(),
            touches: Vec::new(),
            bound: Bound::Machine,
            limit: Duration::from_secs(60),
            tries: 1,
        },
        task: Arc::new(Script {
            work: work.to_owned(),
            proof,
            note: Note::Nothing,
            attempts: AtomicU32::new(0),
        }),
    }
}

/// A run in a home of its own.
struct Run {
    setup: Setup,
    home: tempfile::TempDir,
}

impl Run {
    fn of(steps: Vec<Step>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let variables = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let place = Place::new(home.path(), variables);
        let setup = Setup::start(steps, place, Width::default()).unwrap();
        Self { setup, home }
    }

    async fn over(&self) -> Arc<Status> {
        let over = self.setup.over();
        tokio::time::timeout(Duration::from_secs(60), over)
            .await
            .unwrap()
    }

    /// Waits for what a step prints.
    async fn printed(&self, line: &str) {
        let mut watch = self.setup.watch();
        let printed = |status: &Arc<Status>| {
            status
                .steps
                .iter()
                .any(|step| step.tail.iter().any(|printed| printed == line))
        };
        let printed = watch.wait_for(printed);
        let printed = tokio::time::timeout(Duration::from_secs(60), printed).await;
        printed.expect("it is printed").unwrap();
    }

    /// Whether a process runs that was started with a mark in its arguments.
    fn runs(mark: &str) -> bool {
        let listed = std::fs::read_dir("/proc").unwrap().flatten();
        let mut lines = listed.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.any(|line| String::from_utf8_lossy(&line).contains(mark))
    }
}

fn states(status: &Status) -> Vec<&State> {
    status.steps.iter().map(|step| &step.state).collect()
}

#[tokio::test]
async fn steps_run_in_their_order_and_tell_version_times_and_output() {
    let run = Run::of(vec![
        step("second", &["first"], "cat made"),
        step(
            "first",
            &[],
            "echo hello > made; printf '\\033[1mbold\\033[0m\\n' >&2",
        ),
    ]);
    assert_eq!(run.setup.status().steps.len(), 2, "told at once");
    let status = run.over().await;
    assert_eq!(status.overall(), Overall::Complete);
    let [first, second] = &status.steps[..] else {
        panic!("two steps");
    };
    assert_eq!(first.version.as_deref(), Some("1.0"));
    assert!(first.tail.contains(&"bold".to_owned()), "{:?}", first.tail);
    assert!(
        second.tail.contains(&"hello".to_owned()),
        "{:?}",
        second.tail
    );
    assert!(first.ended <= second.started && first.started <= first.ended);
}

#[tokio::test]
async fn nothing_is_complete_that_does_not_answer() {
    let run = Run::of(vec![
        proved("a", &[], "true", "exit 1"),
        step("b", &["a"], "true"),
    ]);
    let status = run.over().await;
    let [a, b] = &status.steps[..] else {
        panic!("two steps");
    };
    assert_eq!((&a.state, a.version.as_ref()), (&State::Error, None));
    assert_eq!(a.problem.as_deref(), Some("the script failed"));
    assert_eq!(b.problem.as_deref(), Some("it needs a, which is not there"));
    assert_eq!(status.overall(), Overall::Error);
}

#[tokio::test]
async fn what_is_not_as_wanted_is_a_warning_and_good_enough_for_others() {
    let mut first = step("a", &[], "true");
    first.task = Arc::new(Script {
        work: "true".to_owned(),
        proof: "echo 0.9",
        note: Note::But("an old one".to_owned()),
        attempts: AtomicU32::new(0),
    });
    let run = Run::of(vec![first, step("b", &["a"], "true")]);
    let status = run.over().await;
    assert_eq!(states(&status), [&State::Warning, &State::Complete]);
    assert_eq!(status.steps[0].problem.as_deref(), Some("an old one"));
    assert_eq!(status.overall(), Overall::Warning);
}

#[tokio::test]
async fn a_step_is_tried_again_after_a_while() {
    let mut step = step("a", &[], "echo attempt $ATTEMPT; [ $ATTEMPT = 2 ]");
    step.spec.tries = 2;
    let began = Instant::now();
    let run = Run::of(vec![step]);
    let status = run.over().await;
    assert_eq!(states(&status), [&State::Complete]);
    let tail = &status.steps[0].tail;
    assert!(
        tail.contains(&"attempt 1".to_owned()) && tail.contains(&"attempt 2".to_owned()),
        "{tail:?}"
    );
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_failed_step_can_be_run_again_with_what_waited_for_it() {
    let run = Run::of(vec![
        step("a", &[], "[ -e wanted ]"),
        step("b", &["a"], "true"),
    ]);
    assert_eq!(run.over().await.overall(), Overall::Error);
    std::fs::write(run.home.path().join("wanted"), "").unwrap();
    run.setup.retry(&StepId::new("a")).await.unwrap();
    let mut watch = run.setup.watch();
    let done = watch.wait_for(|status| status.overall() == Overall::Complete);
    tokio::time::timeout(Duration::from_secs(60), done)
        .await
        .unwrap()
        .unwrap();
    assert!(run.setup.status().steps[0].problem.is_none());
    let nobody = StepId::new("nobody");
    assert_eq!(
        run.setup.retry(&nobody).await,
        Err(Refused::Unknown(nobody))
    );
}

/// Ignores what would end it, and so does its child.
const STUBBORN: &str =
    "trap '' TERM; sh -c \"trap '' TERM; sleep 600 MARK & echo ready; wait\" & wait";

#[tokio::test]
async fn a_cancelled_step_leaves_no_process() {
    let mark = "600.25";
    let run = Run::of(vec![
        step("a", &[], &STUBBORN.replace("600 MARK", mark)),
        step("b", &["a"], "true"),
    ]);
    run.printed("ready").await;
    assert!(Run::runs(mark));
    run.setup.cancel(&StepId::new("a")).await.unwrap();
    let status = run.over().await;
    assert!(!Run::runs(mark));
    assert_eq!(status.steps[0].state, State::Skipped(Why::Cancelled));
    assert_eq!(status.steps[0].problem.as_deref(), Some("it was cancelled"));
    assert_eq!(status.overall(), Overall::Warning);
}

#[tokio::test]
async fn a_step_that_takes_too_long_fails_and_leaves_no_process() {
    let mark = "600.5";
    let mut step = step("a", &[], &STUBBORN.replace("600 MARK", mark));
    step.spec.limit = Duration::from_millis(300);
    let run = Run::of(vec![step]);
    let status = run.over().await;
    assert!(!Run::runs(mark));
    assert_eq!(
        status.steps[0].problem.as_deref(),
        Some("it took longer than 0.3 s")
    );
}

#[tokio::test]
async fn what_a_step_leaves_in_the_background_ends_with_it() {
    let mark = "600.75";
    let run = Run::of(vec![step("a", &[], &format!("sleep {mark} & true"))]);
    assert_eq!(run.over().await.overall(), Overall::Complete);
    assert!(!Run::runs(mark));
}

#[tokio::test]
async fn the_end_of_all_leaves_no_process_and_is_told() {
    let mark = "600.125";
    let run = Run::of(vec![
        step("a", &[], &STUBBORN.replace("600 MARK", mark)),
        step("b", &["a"], "true"),
    ]);
    run.printed("ready").await;
    run.setup.end().await;
    assert!(!Run::runs(mark));
    let status = run.setup.status();
    assert!(states(&status).iter().all(
        |state| **state == State::Skipped(Why::Cancelled) || matches!(state, State::Skipped(_))
    ));
    assert_eq!(
        run.setup.retry(&StepId::new("a")).await,
        Err(Refused::Ended)
    );
}

#[tokio::test]
async fn commands_get_no_secret_of_the_server_and_their_output_is_bounded() {
    let home = tempfile::tempdir().unwrap();
    let variables = [
        ("PATH", std::env::var_os("PATH").unwrap()),
        ("DATABRICKS_TOKEN", "dapi-geheim".into()),
    ];
    let variables = variables.map(|(name, value)| (OsString::from(name), value));
    let place = Place::new(home.path(), variables);
    let script = "env; yes | head -n 50000; echo Bearer abcdef; env; echo end";
    let setup = Setup::start(vec![step("a", &[], script)], place, Width::default()).unwrap();
    let over = tokio::time::timeout(Duration::from_secs(60), setup.over()).await;
    let tail = &over.unwrap().steps[0].tail;
    assert_eq!(tail.len(), 40);
    for line in ["y", "Bearer …", "end"] {
        assert!(tail.contains(&line.to_owned()), "{line}: {tail:?}");
    }
    assert!(tail.iter().any(|line| line.starts_with("HOME=")));
    assert!(
        tail.iter().all(|line| !line.contains("DATABRICKS")),
        "{tail:?}"
    );
}
