//! The steps there are, and which of them a profile means.

mod agents;
mod block;
mod download;
mod hermes;
mod home;
mod hooks;
mod mcp;
mod npm;
mod repository;
mod settings;
mod shell;
mod tool;
mod tools;
mod unpack;
mod versions;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use self::agents::Damaged;
use self::agents::{Agents, BadVersion, Wanted};
use self::hermes::Hermes;
pub use self::home::path_with_ours;
use self::hooks::Hooks;
pub use self::mcp::{BadServer, McpServer};
use self::npm::{NodeAndNpm, NpmAgent};
pub use self::repository::{BadRepository, Repository};
use self::settings::AgentSettings;
pub use self::settings::{OPENCODE_MODELS, Told, Tracing};
use self::shell::Shell;
use self::tool::ToolStep;
use self::tools::{BadToolVersion, Tools};
use crate::graph::{Bound, Spec, StepId};
use crate::profile::Profile;
use crate::run::{Failed, Place, Step, Task};

/// Attempts at what comes from the network.
const TRIES: u32 = 2;
/// How long a step may take that asks nobody else.
const SOON: Duration = Duration::from_secs(60);
/// What only where a workspace is at hand belongs to a profile.
const BESIDE_A_WORKSPACE: [&str; 6] = ["oauth", "micro", "tmux", "gh", "databricks-cli", HERMES];
/// The step of [`Hermes`].
const HERMES: &str = "hermes";
/// What is there for Hermes alone.
const NEEDED: [&str; 1] = ["uv"];
/// What is there for other steps, or for what a setting wants.
const IN_NO_PROFILE: [&str; 2] = ["uv", hooks::ID];

/// How steps are done.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long one attempt at a step may take that comes from the network.
    pub limit: Duration,
    /// Versions, or tags, of agents and tools, by the names of their steps; other agents are the latest, other tools as
    /// the data has them.
    pub versions: BTreeMap<StepId, String>,
    /// Repositories that are cloned, whatever the profile.
    pub repositories: Vec<Repository>,
    /// Steps that a profile doesn't mean; a list that names them does.
    pub left_out: Vec<StepId>,
    /// What agents are told.
    pub told: Told,
    /// What takes the place of `https://github.com` in addresses of downloads.
    pub mirror: Option<String>,
    /// Whether the system's package manager may be asked for tools.
    pub packages: Packages,
    /// Whether commits are to be told of, whatever the profile.
    pub commits: Commits,
}

/// What becomes of the system's package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packages {
    /// It may be asked.
    Asked,
    /// It is left alone.
    LeftAlone,
}

impl Packages {
    /// As this user may: it wants root.
    pub fn of_this_user() -> Self {
        match rustix::process::geteuid().is_root() {
            true => Self::Asked,
            false => Self::LeftAlone,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(600),
            versions: BTreeMap::new(),
            repositories: Vec::new(),
            left_out: Vec::new(),
            mirror: None,
            packages: Packages::of_this_user(),
            told: Told::default(),
            commits: Commits::Alone,
        }
    }
}

/// Whether somebody wants to know of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// Nobody.
    Alone,
    /// `bowline sync` does.
    Told,
}

/// What was chosen can't be.
#[derive(Debug, thiserror::Error)]
pub enum BadChoice {
    /// No step of that name.
    #[error("there is no step {0}; there are {1}")]
    Unknown(StepId, String),
    /// Only agents and tools have one.
    #[error("{0} has no version to choose; {1} have one")]
    NoVersion(StepId, String),
    /// Nothing that a registry would know.
    #[error(transparent)]
    Version(#[from] BadVersion),
    /// Nothing that a release could be called.
    #[error(transparent)]
    ToolVersion(#[from] BadToolVersion),
    /// A defect of this program.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// What undoing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// There was something, and it is gone.
    Removed,
    /// There was nothing.
    Nothing,
}

/// A step of the table.
struct Known {
    spec: Spec,
    task: KnownTask,
}

/// What a step does, and how it is undone.
#[derive(Clone)]
enum KnownTask {
    Npm(Arc<NodeAndNpm>),
    Agent(Arc<NpmAgent>),
    Tool(Arc<ToolStep>),
    Hermes(Arc<Hermes>),
    Settings(Arc<AgentSettings>),
    Shell(Arc<Shell>),
    Repository(Arc<Repository>),
    Hooks(Arc<Hooks>),
}

/// Every step there is, for people: its name, and what it is called.
pub fn names() -> Result<Vec<(StepId, String)>, BadChoice> {
    let all = table(&Options::default())?;
    Ok(all
        .into_iter()
        .map(|known| (known.spec.id, known.spec.label))
        .collect())
}

/// The steps that a profile means, with what they need.
pub fn plan(profile: &Profile, options: &Options) -> Result<Vec<Step>, BadChoice> {
    let all = table(options)?;
    let mut wanted = choose(&all, profile, &options.left_out)?;
    wanted.extend(options.repositories.iter().map(Repository::step));
    if options.commits == Commits::Told {
        wanted.push(StepId::new(hooks::ID));
    }
    let steps = all
        .into_iter()
        .filter(|known| wanted.contains(&known.spec.id));
    Ok(steps.map(Known::into_step).collect())
}

/// What undoing came to, step by step.
pub type AllUndone = Vec<(StepId, Result<Undone, Failed>)>;

/// Takes out what steps put into a home, all of them if none is named. Blocks.
pub fn undo(home: &Path, which: &[StepId]) -> Result<AllUndone, BadChoice> {
    let all = table(&Options::default())?;
    let wanted = match which {
        [] => all.iter().map(|known| known.spec.id.clone()).collect(),
        some => {
            check(&all, some)?;
            some.to_vec()
        }
    };
    // What came last goes first: then each finds what was there before it.
    let steps = all
        .into_iter()
        .rev()
        .filter(|known| wanted.contains(&known.spec.id));
    let undone = steps.map(|known| (known.spec.id, known.task.undo(home)));
    let undone = undone.collect();
    if which.is_empty() {
        home::forget(home);
    }
    Ok(undone)
}

/// Whether nothing is set up.
pub fn is_nothing(profile: &Profile, options: &Options) -> bool {
    options.repositories.is_empty()
        && options.commits == Commits::Alone
        && installs_nothing(profile)
}

/// Whether a profile brings nothing that has to be found.
pub fn installs_nothing(profile: &Profile) -> bool {
    match profile {
        Profile::Minimal => true,
        Profile::Steps(steps) => steps.is_empty(),
        Profile::Agents | Profile::Databricks => false,
    }
}

impl Place {
    /// A home, and of the variables of this process those that tools may have. What is installed is found first.
    pub fn new(home: &Path, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        let variables = variables.into_iter().filter_map(text);
        let mut environment: BTreeMap<String, OsString> = variables
            .filter(|(name, _)| home::is_for_tools(name))
            .collect();
        environment.insert("HOME".to_owned(), home.as_os_str().to_owned());
        let path = environment.get("PATH").cloned().unwrap_or_default();
        environment.insert("PATH".to_owned(), home::path_with_ours(home, &path));
        Self {
            home: home.to_owned(),
            environment: environment.into_iter().collect(),
        }
    }
}

impl Known {
    fn into_step(self) -> Step {
        Step {
            spec: self.spec,
            task: self.task.into_task(),
        }
    }
}

impl KnownTask {
    fn into_task(self) -> Arc<dyn Task> {
        match self {
            Self::Npm(task) => task,
            Self::Agent(task) => task,
            Self::Tool(task) => task,
            Self::Hermes(task) => task,
            Self::Settings(task) => task,
            Self::Shell(task) => task,
            Self::Repository(task) => task,
            Self::Hooks(task) => task,
        }
    }

    fn undo(&self, home: &Path) -> Result<Undone, Failed> {
        match self {
            // It made nothing, or what is the user's now.
            Self::Npm(_) | Self::Repository(_) => Ok(Undone::Nothing),
            Self::Agent(agent) => agent.undo(home),
            Self::Tool(tool) => tool.undo(home),
            Self::Hermes(_) => Hermes::undo(home),
            Self::Settings(settings) => settings.undo(home),
            Self::Shell(shell) => shell.undo(home),
            Self::Hooks(hooks) => hooks.undo(home),
        }
    }
}

/// All steps, in the order in which they are shown.
fn table(options: &Options) -> Result<Vec<Known>, BadChoice> {
    let agents = Agents::embedded()?;
    let tools = Tools::embedded()?;
    let versioned = agents.agent.iter().map(|agent| &*agent.id);
    let versioned = versioned.chain(tools.tool.iter().map(|tool| &*tool.id));
    let versioned = versioned.chain([HERMES]);
    let versioned: Vec<&str> = versioned.collect();
    let mut chosen = options.versions.keys();
    if let Some(id) = chosen.find(|id| !versioned.contains(&id.as_str())) {
        return Err(BadChoice::NoVersion(id.clone(), versioned.join(", ")));
    }
    let mut all = Vec::new();
    for shell in [Shell::usual(), Shell::without_principal()] {
        all.push(Known {
            spec: Spec {
                id: StepId::new(shell.id),
                label: shell.label.to_owned(),
                needs: Vec::new(),
                touches: shell.touches(),
                bound: Bound::Machine,
                limit: SOON,
                tries: 1,
            },
            task: KnownTask::Shell(Arc::new(shell)),
        });
    }
    let hooks = Hooks::new();
    all.push(Known {
        spec: Spec {
            id: StepId::new(hooks::ID),
            label: hooks::LABEL.to_owned(),
            needs: Vec::new(),
            touches: hooks.touches(),
            bound: Bound::Machine,
            limit: SOON,
            tries: 1,
        },
        task: KnownTask::Hooks(Arc::new(hooks)),
    });
    let npm = StepId::new("npm");
    all.push(Known {
        spec: Spec {
            id: npm.clone(),
            label: "Node.js and npm".to_owned(),
            needs: Vec::new(),
            touches: Vec::new(),
            bound: Bound::Machine,
            limit: SOON,
            tries: 1,
        },
        task: KnownTask::Npm(Arc::new(NodeAndNpm {
            least: agents.node.least,
        })),
    });
    for agent in agents.agent {
        let id = StepId::new(&agent.id);
        let version = options.versions.get(&id).map(String::as_str);
        all.push(Known {
            spec: Spec {
                label: agent.label.clone(),
                needs: vec![npm.clone()],
                touches: Vec::new(),
                bound: Bound::Network,
                limit: options.limit,
                tries: TRIES,
                id,
            },
            task: KnownTask::Agent(Arc::new(NpmAgent {
                wanted: Wanted::new(version)?,
                agent,
            })),
        });
    }
    for tool in tools.tool {
        let id = StepId::new(&tool.id);
        let version = options.versions.get(&id).map(String::as_str);
        all.push(Known {
            spec: Spec {
                label: tool.label.clone(),
                needs: Vec::new(),
                touches: Vec::new(),
                bound: Bound::Network,
                limit: options.limit,
                tries: TRIES,
                id,
            },
            task: KnownTask::Tool(Arc::new(ToolStep {
                wanted: tool.wanted(version)?,
                mirror: options.mirror.clone(),
                packages: options.packages,
                tool,
            })),
        });
    }
    let hermes = StepId::new(HERMES);
    let version = options.versions.get(&hermes).map(String::as_str);
    let mirror = options.mirror.as_deref();
    all.push(Known {
        spec: Spec {
            id: hermes,
            label: "Hermes".to_owned(),
            needs: NEEDED.map(StepId::new).to_vec(),
            touches: Vec::new(),
            bound: Bound::Network,
            limit: options.limit,
            tries: TRIES,
        },
        task: KnownTask::Hermes(Arc::new(Hermes::new(tools.hermes, version, mirror)?)),
    });
    for settings in settings::all(&options.told) {
        let agent = settings.agent;
        all.push(Known {
            spec: Spec {
                id: StepId::new(agent.step()),
                label: agent.label().to_owned(),
                needs: vec![StepId::new(agent.id())],
                touches: agent.touches(),
                bound: Bound::Machine,
                limit: SOON,
                tries: 1,
            },
            task: KnownTask::Settings(settings),
        });
    }
    for repository in &options.repositories {
        all.push(Known {
            spec: Spec {
                id: repository.step(),
                label: format!("Repository {repository}"),
                needs: Vec::new(),
                touches: Vec::new(),
                bound: Bound::Network,
                limit: options.limit,
                tries: TRIES,
            },
            task: KnownTask::Repository(Arc::new(repository.clone())),
        });
    }
    Ok(all)
}

/// The names that a profile means, those that they need among them.
fn choose(all: &[Known], profile: &Profile, left_out: &[StepId]) -> Result<Vec<StepId>, BadChoice> {
    let is_of = |id: &StepId, names: &[&str]| names.contains(&id.as_str());
    let ids = || all.iter().map(|known| known.spec.id.clone());
    let mut wanted: Vec<StepId> = match profile {
        Profile::Minimal => Vec::new(),
        Profile::Agents => ids()
            .filter(|id| !is_of(id, &IN_NO_PROFILE) && !is_of(id, &BESIDE_A_WORKSPACE))
            .collect(),
        Profile::Databricks => ids()
            .filter(|id| !is_of(id, &IN_NO_PROFILE) && !left_out.contains(id))
            .collect(),
        Profile::Steps(steps) => {
            check(all, steps)?;
            steps.clone()
        }
    };
    // Who is installed is told what there is to know.
    for agent in settings::Agent::ALL {
        let has = |name: &str| wanted.iter().any(|id| id.as_str() == name);
        if has(agent.id()) && !has(agent.step()) {
            wanted.push(StepId::new(agent.step()));
        }
    }
    let mut at = 0;
    while let Some(id) = wanted.get(at).cloned() {
        let needs = all.iter().find(|known| known.spec.id == id);
        for need in needs.map(|known| &known.spec.needs[..]).unwrap_or_default() {
            if !wanted.contains(need) {
                wanted.push(need.clone());
            }
        }
        at += 1;
    }
    Ok(wanted)
}

fn check(all: &[Known], steps: &[StepId]) -> Result<(), BadChoice> {
    let is_known = |id: &&StepId| all.iter().any(|known| known.spec.id == **id);
    match steps.iter().find(|id| !is_known(id)) {
        None => Ok(()),
        Some(id) => {
            let known: Vec<&str> = all.iter().map(|known| known.spec.id.as_str()).collect();
            Err(BadChoice::Unknown(id.clone(), known.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        let profile: Profile = text.parse().unwrap();
        let steps = plan(&profile, &Options::default()).unwrap();
        steps.iter().map(|step| step.spec.id.to_string()).collect()
    }

    #[test]
    fn a_profile_means_steps_with_what_they_need() {
        assert_eq!(ids("minimal"), [""; 0]);
        assert_eq!(ids("codex"), ["npm", "codex", "codex-settings"]);
        assert_eq!(ids("gemini-settings"), ["npm", "gemini", "gemini-settings"]);
        let agents = ["claude", "codex", "gemini", "opencode"];
        let mut all = vec!["shell".to_owned(), "npm".to_owned()];
        all.extend(agents.map(str::to_owned));
        all.extend(agents.map(|agent| format!("{agent}-settings")));
        assert_eq!(ids("agents"), all);
        let workspace = ids("databricks");
        let beside = workspace.iter().map(|id| &**id);
        let beside: Vec<&str> = beside
            .filter(|id| !all.iter().any(|one| one == id))
            .collect();
        // Hermes comes by uv.
        let beside: Vec<&str> = beside.into_iter().filter(|id| *id != "uv").collect();
        assert_eq!(beside, BESIDE_A_WORKSPACE);
    }

    #[test]
    fn what_is_left_out_of_a_profile_comes_if_it_is_named() {
        let options = Options {
            left_out: vec![StepId::new("hermes")],
            ..Options::default()
        };
        let count = |profile: &Profile| plan(profile, &options).unwrap().len();
        assert_eq!(count(&Profile::Databricks), ids("databricks").len() - 2);
        let named = Profile::Steps(vec![StepId::new("hermes")]);
        assert_eq!(count(&named), 2, "with uv");
    }

    #[test]
    fn what_there_is_not_is_named_with_what_there_is() {
        let profile = Profile::Steps(vec![StepId::new("emacs")]);
        let error = plan(&profile, &Options::default()).err().unwrap();
        let said = error.to_string();
        assert!(
            said.starts_with("there is no step emacs; there are shell, "),
            "{said}"
        );
        let options = Options {
            versions: [(StepId::new("shell"), "1".to_owned())].into(),
            ..Options::default()
        };
        let error = plan(&Profile::Minimal, &options).err().unwrap();
        assert!(matches!(error, BadChoice::NoVersion(..)));
    }
}
