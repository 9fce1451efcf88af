//! Carries a plan out: starts steps as the graph allows, tells how each is, and leaves no process of one that failed or was
//! cancelled. A step is complete only when its proof has succeeded, whatever its work said.

mod command;
mod status;
mod tail;

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::command::{Answer, Call, CommandError, Shown};
pub use self::status::{Overall, Status, StepStatus};
use self::tail::Tail;
use crate::graph::{
    Again, BadPlan, Cancelled, Ended, Graph, Refused, Spec, State, StepId, Why, Width,
};

/// The status is told so often at most.
const TOLD: Duration = Duration::from_millis(100);
/// Lines under way from the steps; while there are so many, commands wait.
const LINES: usize = 256;
/// Orders under way; who gives a further one waits.
const ORDERS: usize = 16;
/// Lines of a step that wait to be put beside those of others.
const OWN_LINES: usize = 16;
/// How long a step that is stopped has to end what it began, beyond the ends of its commands.
const STOPPING: Duration = Duration::from_secs(6);

/// What comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a step does.
pub trait Task: Send + Sync {
    /// Does it. What could be done otherwise than it was wanted is said as a note.
    fn work<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Note, Failed>>;
    /// Looks whether it is there and answers, and as which version.
    fn prove<'a>(&'a self, job: &'a Job) -> Later<'a, Result<Option<String>, Failed>>;
}

/// What is to be said of work that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    Nothing,
    /// What is not as it was wanted: the step ends as a warning.
    But(String),
}

/// Why a step failed. Free of secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether another attempt could help.
    pub again: Again,
}

impl Failed {
    /// Another attempt could help.
    pub fn for_now(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            again: Again::Worthwhile,
        }
    }

    /// Somebody has to change something.
    pub fn for_good(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            again: Again::Pointless,
        }
    }
}

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        Self::for_good(error.to_string())
    }
}

/// A step with what it does.
#[derive(Clone)]
pub struct Step {
    /// What is known of it before.
    pub spec: Spec,
    /// What it does.
    pub task: Arc<dyn Task>,
}

/// Where steps work, and what their commands find in their environment.
#[derive(Debug, Clone)]
pub struct Place {
    /// The user's home.
    pub home: PathBuf,
    /// All of it: nothing else is inherited.
    pub environment: Arc<[(String, OsString)]>,
}

/// What a step works with while it runs.
pub struct Job {
    place: Place,
    lines: mpsc::Sender<String>,
    stop: CancellationToken,
}

impl Job {
    /// The user's home.
    pub fn home(&self) -> &Path {
        &self.place.home
    }

    /// A variable of the commands' environment.
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        let mut all = self.place.environment.iter();
        all.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Adds a line to what the step prints.
    pub async fn say(&self, line: &str) {
        let _ = self.lines.send(tail::without_secrets(line)).await;
    }

    /// Runs a command in a process group of its own, which has ended when this returns.
    pub async fn run(&self, call: Call) -> Result<Answer, CommandError> {
        command::run(call, &self.place.environment, &self.lines, &self.stop).await
    }

    /// Does what blocks.
    pub async fn blocking<T: Send + 'static>(
        &self,
        what: impl FnOnce() -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Failed> {
        let done = tokio::task::spawn_blocking(what).await;
        done.unwrap_or_else(|_| Err(Failed::for_good("it broke off: see the server's log")))
    }

    /// Waits a while, unless the step is stopped.
    pub async fn pause(&self, time: Duration) -> Result<(), Failed> {
        self.unless_stopped(tokio::time::sleep(time)).await
    }

    /// Waits for something, unless the step is stopped; then it is dropped.
    pub async fn unless_stopped<T>(&self, what: impl Future<Output = T>) -> Result<T, Failed> {
        tokio::select! {
            done = what => Ok(done),
            () = self.stop.cancelled() => Err(CommandError::Stopped.into()),
        }
    }
}

/// What is asked of a run.
enum Order {
    Retry(StepId, oneshot::Sender<Result<(), Refused>>),
    Cancel(StepId, oneshot::Sender<Result<(), Refused>>),
    End(oneshot::Sender<()>),
}

/// A run of a plan. Dropped, it ends, and so do its commands.
#[derive(Debug)]
pub struct Setup {
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Arc<Status>>,
    _conducting: tokio_util::task::AbortOnDropHandle<()>,
}

impl Setup {
    /// Begins.
    pub fn start(steps: Vec<Step>, place: Place, width: Width) -> Result<Self, BadPlan> {
        let specs = steps.iter().map(|step| step.spec.clone()).collect();
        let graph = Graph::new(specs, width)?;
        let (telling, status) = watch::channel(Arc::default());
        let (orders, to_do) = mpsc::channel(ORDERS);
        let (lines, told) = mpsc::channel(LINES);
        let tasks = steps.into_iter().map(|step| (step.spec.id, step.task));
        let mut conductor = Conductor {
            tasks: tasks.collect(),
            seen: HashMap::new(),
            graph,
            place,
            telling,
            running: JoinSet::new(),
            stops: HashMap::new(),
            lines,
            began: Instant::now(),
        };
        // Whoever looks at once sees all steps.
        conductor.tell();
        let conducting = tokio::spawn(conductor.conduct(to_do, told));
        Ok(Self {
            orders,
            status,
            _conducting: tokio_util::task::AbortOnDropHandle::new(conducting),
        })
    }

    /// How it is.
    pub fn status(&self) -> Arc<Status> {
        self.status.borrow().clone()
    }

    /// How it is, and whenever that changes, ten times a second at most.
    pub fn watch(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// Runs a step again, with what it needs and what waited for it.
    pub async fn retry(&self, id: &StepId) -> Result<(), Refused> {
        self.ask(|done| Order::Retry(id.clone(), done)).await
    }

    /// Stops a step, or has it never begin.
    pub async fn cancel(&self, id: &StepId) -> Result<(), Refused> {
        self.ask(|done| Order::Cancel(id.clone(), done)).await
    }

    /// Stops all, and returns when no process of any is left.
    pub async fn end(&self) {
        let (done, ended) = oneshot::channel();
        if self.orders.send(Order::End(done)).await.is_ok() {
            let _ = ended.await;
        }
    }

    /// Waits until nothing more happens by itself.
    pub async fn over(&self) -> Arc<Status> {
        let mut status = self.status.clone();
        let over = status.wait_for(|status| status.overall() != Overall::Running);
        match over.await {
            Ok(over) => over.clone(),
            Err(_) => self.status(),
        }
    }

    async fn ask(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<(), Refused>>) -> Order,
    ) -> Result<(), Refused> {
        let (done, answer) = oneshot::channel();
        let sent = self.orders.send(order(done)).await;
        sent.map_err(|_| Refused::Ended)?;
        answer.await.unwrap_or(Err(Refused::Ended))
    }
}

/// What was seen of a step.
#[derive(Debug, Default)]
struct Seen {
    version: Option<String>,
    problem: Option<String>,
    started: Option<SystemTime>,
    ended: Option<SystemTime>,
    tail: Tail,
}

/// An attempt that has ended.
struct Attempt {
    id: StepId,
    result: Result<(Note, Option<String>), Failed>,
}

struct Conductor {
    tasks: HashMap<StepId, Arc<dyn Task>>,
    seen: HashMap<StepId, Seen>,
    graph: Graph,
    place: Place,
    telling: watch::Sender<Arc<Status>>,
    running: JoinSet<Attempt>,
    stops: HashMap<StepId, CancellationToken>,
    lines: mpsc::Sender<(StepId, String)>,
    began: Instant,
}

impl Conductor {
    async fn conduct(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut told: mpsc::Receiver<(StepId, String)>,
    ) {
        let (mut last, mut is_news) = (Instant::now(), false);
        loop {
            for id in self.graph.start(self.began.elapsed()) {
                self.begin(id);
                is_news = true;
            }
            if is_news && (last.elapsed() >= TOLD || self.graph.is_over()) {
                self.tell();
                (last, is_news) = (Instant::now(), false);
            }
            let wake = self.graph.wake().map(|wake| self.began + wake);
            let next = is_news.then_some(last + TOLD);
            let next = [wake, next].into_iter().flatten().min();
            let pause = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                order = orders.recv() => match order {
                    None => return,
                    Some(Order::End(done)) => {
                        self.end(&mut told).await;
                        self.tell();
                        let _ = done.send(());
                        return;
                    }
                    Some(Order::Retry(id, done)) => {
                        let _ = done.send(self.retry(&id));
                        is_news = true;
                    }
                    Some(Order::Cancel(id, done)) => {
                        let _ = done.send(self.cancel(&id));
                        is_news = true;
                    }
                },
                Some((id, line)) = told.recv() => {
                    self.hear(id, line);
                    is_news = true;
                }
                Some(attempt) = self.running.join_next(), if !self.running.is_empty() => {
                    // What it said before it ended comes first.
                    while let Ok((id, line)) = told.try_recv() {
                        self.hear(id, line);
                    }
                    if let Ok(attempt) = attempt {
                        self.ended(attempt);
                    }
                    is_news = true;
                }
                () = pause => {}
            }
        }
    }

    fn begin(&mut self, id: StepId) {
        let stop = CancellationToken::new();
        self.stops.insert(id.clone(), stop.clone());
        let is_first = self.graph.attempts(&id) == 1;
        let seen = self.seen.entry(id.clone()).or_default();
        if is_first {
            *seen = Seen {
                started: Some(SystemTime::now()),
                ..Seen::default()
            };
        }
        let limit = self.graph.steps().find(|(spec, _)| spec.id == id);
        let limit = limit.map_or(Duration::ZERO, |(spec, _)| spec.limit);
        let Some(task) = self.tasks.get(&id).cloned() else {
            return;
        };
        tracing::info!(step = %id, "set-up step begins");
        let (own, mut said) = mpsc::channel::<String>(OWN_LINES);
        let lines = self.lines.clone();
        let job = Job {
            place: self.place.clone(),
            lines: own,
            stop,
        };
        self.running.spawn(async move {
            let to = id.clone();
            let passing = async {
                while let Some(line) = said.recv().await {
                    if lines.send((to.clone(), line)).await.is_err() {
                        return;
                    }
                }
            };
            let trying = async {
                // Caught here, so that the graph learns of it.
                let tried = tokio::spawn(attempt(task, job, limit));
                let tried = tokio_util::task::AbortOnDropHandle::new(tried).await;
                tried.unwrap_or_else(|error| {
                    tracing::error!(step = %id, %error, "a set-up step broke off");
                    Err(Failed::for_good("it broke off: see the server's log"))
                })
            };
            let (result, ()) = futures_util::future::join(trying, passing).await;
            Attempt { id, result }
        });
    }

    fn hear(&mut self, id: StepId, line: String) {
        self.seen.entry(id).or_default().tail.push(line);
    }

    fn ended(&mut self, Attempt { id, result }: Attempt) {
        self.stops.remove(&id);
        let how = match &result {
            Ok((Note::Nothing, _)) => Ended::Complete,
            Ok((Note::But(_), _)) => Ended::Warning,
            Err(failed) => Ended::Failed(failed.again),
        };
        let seen = self.seen.entry(id.clone()).or_default();
        (seen.version, seen.problem) = match result {
            Ok((Note::Nothing, version)) => (version, None),
            Ok((Note::But(problem), version)) => (version, Some(problem)),
            Err(failed) => (None, Some(failed.message)),
        };
        seen.ended = Some(SystemTime::now());
        match &seen.problem {
            None => tracing::info!(step = %id, version = seen.version, "set-up step is complete"),
            Some(problem) => tracing::warn!(step = %id, %problem, "set-up step is not complete"),
        }
        self.graph.ended(&id, how, self.began.elapsed());
    }

    fn retry(&mut self, id: &StepId) -> Result<(), Refused> {
        self.graph.retry(id)?;
        let waiting = self.graph.steps().filter(|(_, state)| !state.is_over());
        let waiting: Vec<StepId> = waiting.map(|(spec, _)| spec.id.clone()).collect();
        for id in waiting {
            if !self.stops.contains_key(&id) && self.graph.attempts(&id) == 0 {
                self.seen.remove(&id);
            }
        }
        Ok(())
    }

    fn cancel(&mut self, id: &StepId) -> Result<(), Refused> {
        if self.graph.cancel(id)? == Cancelled::Stop
            && let Some(stop) = self.stops.get(id)
        {
            stop.cancel();
        }
        Ok(())
    }

    /// Stops everything and waits for it.
    async fn end(&mut self, told: &mut mpsc::Receiver<(StepId, String)>) {
        let all: Vec<StepId> = self
            .graph
            .steps()
            .map(|(spec, _)| spec.id.clone())
            .collect();
        for id in &all {
            let _ = self.cancel(id);
        }
        while !self.running.is_empty() {
            tokio::select! {
                Some((id, line)) = told.recv() => self.hear(id, line),
                Some(attempt) = self.running.join_next() => if let Ok(attempt) = attempt {
                    self.ended(attempt);
                },
            }
        }
    }

    /// Tells how all steps are, unless that is known.
    fn tell(&mut self) {
        let steps = self.graph.steps().map(|(spec, state)| {
            let seen = self.seen.get(&spec.id);
            let is_over = state.is_over();
            StepStatus {
                id: spec.id.clone(),
                label: spec.label.clone(),
                state: state.clone(),
                version: seen.and_then(|seen| seen.version.clone()),
                problem: problem(state, seen),
                started: seen.and_then(|seen| seen.started),
                ended: seen.and_then(|seen| seen.ended).filter(|_| is_over),
                tail: seen.map(|seen| seen.tail.lines()).unwrap_or_default(),
            }
        });
        let status = Status {
            steps: steps.collect(),
        };
        self.telling.send_if_modified(|told| {
            let is_news = **told != status;
            if is_news {
                *told = Arc::new(status);
            }
            is_news
        });
    }
}

/// What is to be said of a step that is not as it should be.
fn problem(state: &State, seen: Option<&Seen>) -> Option<String> {
    match state {
        State::Skipped(Why::Cancelled) => Some("it was cancelled".to_owned()),
        State::Skipped(Why::Needs(id)) => Some(format!("it needs {id}, which is not there")),
        // What went wrong the last time, while it is tried again, too.
        _ => seen.and_then(|seen| seen.problem.clone()),
    }
}

/// One attempt at a step, within its time.
async fn attempt(
    task: Arc<dyn Task>,
    job: Job,
    limit: Duration,
) -> Result<(Note, Option<String>), Failed> {
    let stop = job.stop.clone();
    let mut working = std::pin::pin!(async {
        let note = task.work(&job).await?;
        let version = task.prove(&job).await?;
        Ok((note, version))
    });
    let too_late = tokio::select! {
        done = &mut working => return done,
        () = stop.cancelled() => false,
        () = tokio::time::sleep(limit) => true,
    };
    stop.cancel();
    // Its commands are ended by it; what doesn't come to an end is dropped, which kills them.
    let ended = tokio::time::timeout(STOPPING, working).await;
    match (too_late, ended) {
        // It was just done.
        (_, Ok(Ok(done))) => Ok(done),
        (true, _) => {
            let seconds = limit.as_secs_f64();
            Err(Failed::for_now(format!("it took longer than {seconds} s")))
        }
        (false, Ok(Err(failed))) => Err(failed),
        (false, Err(_)) => Err(CommandError::Stopped.into()),
    }
}

#[cfg(test)]
mod tests;
