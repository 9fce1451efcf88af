//! Which steps may start, given what has ended: a pure machine. A step waits for those that it needs and for earlier ones
//! that touch the same file; so many run beside each other and no more; one that failed is tried again, later each time.
//! Knows no clock, no process and no file: the time is told, and whoever asks starts and ends.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The pause before a second attempt; it doubles with each further one.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A step's name, for programs; the same at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(Arc<str>);

impl StepId {
    /// By its name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a step waits for most of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The network.
    Network,
    /// This machine.
    Machine,
}

/// What is known of a step before it runs.
#[derive(Debug, Clone)]
pub struct Spec {
    /// For programs.
    pub id: StepId,
    /// For people.
    pub label: String,
    /// What has to be there first.
    pub needs: Vec<StepId>,
    /// Files that it writes, below the home: of two steps that share one, the earlier in the plan goes first.
    pub touches: Vec<&'static str>,
    /// What it waits for.
    pub bound: Bound,
    /// How long one attempt may take.
    pub limit: Duration,
    /// How often it is tried, at least once.
    pub tries: u32,
}

/// How many run beside each other.
#[derive(Debug, Clone, Copy)]
pub struct Width {
    /// Of those bound by the network.
    pub network: usize,
    /// Of the others.
    pub machine: usize,
}

impl Default for Width {
    /// Four downloads share a line well; what works on files is short.
    fn default() -> Self {
        Self {
            network: 4,
            machine: 2,
        }
    }
}

/// How a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn, or to be tried again.
    Pending,
    /// It is under way.
    Running,
    /// Done and verified.
    Complete,
    /// Verified, but something about it is not as it was wanted.
    Warning,
    /// It failed.
    Error,
    /// It was not tried to the end.
    Skipped(Why),
}

impl State {
    /// Whether nothing more becomes of it by itself.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// Whether what it was for is there.
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Complete | Self::Warning)
    }
}

/// Why a step was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Somebody said so.
    Cancelled,
    /// What it needs is not there.
    Needs(StepId),
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done and verified.
    Complete,
    /// Verified, with something to say.
    Warning,
    /// It failed.
    Failed(Again),
}

/// Whether another attempt could end otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It could.
    Worthwhile,
    /// Only if somebody changes something.
    Pointless,
}

/// A plan that can't be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// Two of one name.
    #[error("there are two steps {0}")]
    Twice(StepId),
    /// A need that is not in the plan.
    #[error("step {0} needs {1}, which is not in the plan")]
    Unknown(StepId, StepId),
    /// Needs that go round.
    #[error("steps wait for each other: {0} is one of them")]
    Round(StepId),
}

/// Why a step can't be retried or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No step of that name.
    #[error("there is no step {0}")]
    Unknown(StepId),
    /// It is under way already.
    #[error("{0} is not over yet")]
    NotOver(StepId),
    /// It has ended.
    #[error("{0} is over already")]
    Over(StepId),
    /// Nothing is set up any more.
    #[error("set-up has ended")]
    Ended,
}

/// What to do about a step that is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It runs: it has to be stopped, and says when it has ended.
    Stop,
    /// It had not begun.
    Never,
}

#[derive(Debug)]
struct Node {
    spec: Spec,
    needs: Vec<usize>,
    /// Earlier ones that touch a file of this one.
    behind: Vec<usize>,
    state: State,
    attempts: u32,
    not_before: Duration,
    is_cancelled: bool,
}

/// The steps, and how each is.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    width: Width,
}

impl Graph {
    /// Those of a plan, in an order in which each stands behind what it needs, and otherwise as they were given.
    pub fn new(specs: Vec<Spec>, width: Width) -> Result<Self, BadPlan> {
        let specs = sort(specs)?;
        let at = |id: &StepId| specs.iter().position(|spec| spec.id == *id);
        let link = |(index, spec): (usize, &Spec)| Node {
            needs: spec.needs.iter().filter_map(at).collect(),
            behind: (0..index)
                .filter(|earlier| shares(&specs[*earlier], spec))
                .collect(),
            spec: spec.clone(),
            state: State::Pending,
            attempts: 0,
            not_before: Duration::ZERO,
            is_cancelled: false,
        };
        let nodes = specs.iter().enumerate().map(link).collect();
        Ok(Self { nodes, width })
    }

    /// What is known of the steps, and how each is, in their order.
    pub fn steps(&self) -> impl Iterator<Item = (&Spec, &State)> {
        self.nodes.iter().map(|node| (&node.spec, &node.state))
    }

    /// Whether nothing more happens by itself.
    pub fn is_over(&self) -> bool {
        self.nodes.iter().all(|node| node.state.is_over())
    }

    /// The steps that start now: they run from here on.
    pub fn start(&mut self, now: Duration) -> Vec<StepId> {
        let mut started = Vec::new();
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if self.may_start(node) && node.not_before <= now && self.has_room(node.spec.bound) {
                let node = &mut self.nodes[index];
                node.state = State::Running;
                node.attempts += 1;
                started.push(node.spec.id.clone());
            }
        }
        started
    }

    /// When to ask again although nothing has ended.
    pub fn wake(&self) -> Option<Duration> {
        let waiting = self.nodes.iter().filter(|node| self.may_start(node));
        waiting
            .filter(|node| self.has_room(node.spec.bound))
            .map(|node| node.not_before)
            .min()
    }

    /// An attempt has ended.
    pub fn ended(&mut self, id: &StepId, how: Ended, now: Duration) {
        let Some(node) = self.node_mut(id) else {
            return;
        };
        if node.state != State::Running {
            return;
        }
        node.state = match how {
            Ended::Complete => State::Complete,
            Ended::Warning => State::Warning,
            Ended::Failed(_) if node.is_cancelled => State::Skipped(Why::Cancelled),
            Ended::Failed(Again::Worthwhile) if node.attempts < node.spec.tries => {
                let doubled = PAUSE.saturating_mul(1 << (node.attempts - 1).min(8));
                node.not_before = now + doubled.min(LONGEST_PAUSE);
                State::Pending
            }
            Ended::Failed(_) => State::Error,
        };
        self.settle();
    }

    /// A step is not wanted any more.
    pub fn cancel(&mut self, id: &StepId) -> Result<Cancelled, Refused> {
        let node = self
            .node_mut(id)
            .ok_or_else(|| Refused::Unknown(id.clone()))?;
        let done = match node.state {
            State::Running => {
                node.is_cancelled = true;
                Cancelled::Stop
            }
            State::Pending => {
                node.state = State::Skipped(Why::Cancelled);
                Cancelled::Never
            }
            _ => return Err(Refused::Over(id.clone())),
        };
        self.settle();
        Ok(done)
    }

    /// A step that is over is wanted once more, and with it what it needs and what waited for it.
    pub fn retry(&mut self, id: &StepId) -> Result<(), Refused> {
        let at = self.nodes.iter().position(|node| node.spec.id == *id);
        let at = at.ok_or_else(|| Refused::Unknown(id.clone()))?;
        if !self.nodes[at].state.is_over() {
            return Err(Refused::NotOver(id.clone()));
        }
        let mut again = vec![at];
        while let Some(at) = again.pop() {
            let node = &mut self.nodes[at];
            node.state = State::Pending;
            node.attempts = 0;
            node.not_before = Duration::ZERO;
            node.is_cancelled = false;
            let missing = self.nodes[at].needs.iter().copied();
            let missing: Vec<usize> = missing
                .filter(|need| self.nodes[*need].state.is_over())
                .filter(|need| !self.nodes[*need].state.is_there())
                .collect();
            let id = &self.nodes[at].spec.id;
            let waited = |node: &Node| node.state == State::Skipped(Why::Needs(id.clone()));
            let waited = (0..self.nodes.len()).filter(|other| waited(&self.nodes[*other]));
            again.extend(waited.chain(missing));
        }
        self.settle();
        Ok(())
    }

    /// How often a step was begun, the attempt under way counted in.
    pub fn attempts(&self, id: &StepId) -> u32 {
        let node = self.nodes.iter().find(|node| node.spec.id == *id);
        node.map_or(0, |node| node.attempts)
    }

    fn node_mut(&mut self, id: &StepId) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.spec.id == *id)
    }

    /// But for the time and for room.
    fn may_start(&self, node: &Node) -> bool {
        let is_there = |need: &usize| self.nodes[*need].state.is_there();
        let is_free = |earlier: &usize| self.nodes[*earlier].state.is_over();
        // One that is retried may meet a later one that runs.
        let is_alone =
            |other: &Node| other.state != State::Running || !shares(&other.spec, &node.spec);
        node.state == State::Pending
            && node.needs.iter().all(is_there)
            && node.behind.iter().all(is_free)
            && self.nodes.iter().all(is_alone)
    }

    fn has_room(&self, bound: Bound) -> bool {
        let running = self
            .nodes
            .iter()
            .filter(|node| node.state == State::Running);
        let beside = running.filter(|node| node.spec.bound == bound).count();
        let width = match bound {
            Bound::Network => self.width.network,
            Bound::Machine => self.width.machine,
        };
        beside < width.max(1)
    }

    /// What needs something that will not be there is skipped. Needs stand before, so one walk is enough.
    fn settle(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].state != State::Pending {
                continue;
            }
            let is_lost = |need: &&usize| {
                let state = &self.nodes[**need].state;
                state.is_over() && !state.is_there()
            };
            let lost = self.nodes[index].needs.iter().find(is_lost);
            if let Some(lost) = lost {
                let id = self.nodes[*lost].spec.id.clone();
                self.nodes[index].state = State::Skipped(Why::Needs(id));
            }
        }
    }
}

fn shares(one: &Spec, other: &Spec) -> bool {
    one.touches.iter().any(|file| other.touches.contains(file))
}

/// Each behind what it needs, and otherwise as they were.
fn sort(mut specs: Vec<Spec>) -> Result<Vec<Spec>, BadPlan> {
    let mut names = HashSet::new();
    for spec in &specs {
        if !names.insert(spec.id.clone()) {
            return Err(BadPlan::Twice(spec.id.clone()));
        }
    }
    for spec in &specs {
        if let Some(need) = spec.needs.iter().find(|need| !names.contains(need)) {
            return Err(BadPlan::Unknown(spec.id.clone(), need.clone()));
        }
    }
    let (mut sorted, mut placed) = (Vec::with_capacity(specs.len()), HashSet::new());
    while let Some(first) = specs.first() {
        let is_ready = |spec: &Spec| spec.needs.iter().all(|need| placed.contains(need));
        let Some(next) = specs.iter().position(is_ready) else {
            return Err(BadPlan::Round(first.id.clone()));
        };
        let spec = specs.remove(next);
        placed.insert(spec.id.clone());
        sorted.push(spec);
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests;
