//! Agents by npm: what is there afterwards, whatever the registry does.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bowline_provision::graph::{State, StepId, Width};
use bowline_provision::profile::Profile;
use bowline_provision::run::{Place, Setup, Status, StepStatus};
use bowline_provision::steps::{self, Options};
use tempfile::TempDir;

use crate::registry::{Fault, Registry};

/// It decides nothing, it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(120);

struct Machine {
    home: TempDir,
    registry: Registry,
    options: Options,
}

impl Machine {
    async fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            registry: Registry::start().await,
            options: Options::default(),
        }
    }

    fn begin(&self, settings: Vec<(&'static str, String)>) -> Setup {
        let profile = Profile::Steps(vec![StepId::new("codex")]);
        let mut plan = steps::plan(&profile, &self.options).unwrap();
        for step in &mut plan {
            step.spec.tries = 1;
        }
        let path = std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path));
        let settings = settings
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let place = Place::new(self.home.path(), path.into_iter().chain(settings));
        Setup::start(plan, place, Width::default()).unwrap()
    }

    /// Sets up Codex, and says how that went.
    async fn codex(&self) -> StepStatus {
        let setup = self.begin(self.registry.settings());
        codex(&tokio::time::timeout(DEADLINE, setup.over()).await.unwrap())
    }

    fn program(&self) -> PathBuf {
        self.home.path().join(".local/bin/codex")
    }

    fn versions(&self) -> Vec<String> {
        let folder = self.home.path().join(".local/share/bowline/agents/codex");
        let mut all: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != ".lock")
            .collect();
        all.sort();
        all
    }

    /// What the program says that stands where shells find it.
    fn says(&self) -> String {
        let out = Command::new(self.program()).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}

fn codex(status: &Arc<Status>) -> StepStatus {
    let mut steps = status.steps.iter();
    steps
        .find(|step| step.id.as_str() == "codex")
        .unwrap()
        .clone()
}

/// Everything below a folder.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
            all.push(entry.path());
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn an_agent_is_installed_kept_replaced_and_taken_out_without_a_trace() {
    let machine = Machine::new().await;
    machine.registry.offer_codex("1.0.0");
    let before = tree(machine.home.path());
    let done = machine.codex().await;
    assert_eq!(
        (&done.state, done.version.as_deref()),
        (&State::Complete, Some("1.0.0")),
        "{done:?}"
    );
    assert_eq!(machine.says(), "codex-cli 1.0.0");
    // npm leaves nothing of its own.
    let mut names: Vec<_> = fs::read_dir(machine.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".codex", ".local"]);
    let fetched = machine.registry.fetched();
    assert_eq!(machine.codex().await.state, State::Complete);
    assert_eq!(machine.registry.fetched(), fetched, "it was there already");
    for version in ["1.1.0", "1.2.0"] {
        machine.registry.offer_codex(version);
        assert_eq!(machine.codex().await.version.as_deref(), Some(version));
        assert_eq!(machine.says(), format!("codex-cli {version}"));
    }
    // The one before stays for programs that run.
    assert_eq!(machine.versions(), ["1.1.0", "1.2.0"]);
    for (_, undone) in steps::undo(machine.home.path(), &[]).unwrap() {
        undone.unwrap();
    }
    assert_eq!(tree(machine.home.path()), before);
}

#[tokio::test]
async fn whatever_the_registry_does_nothing_is_complete_and_what_was_there_stays() {
    let mut machine = Machine::new().await;
    machine.registry.offer_codex("1.0.0");
    machine.codex().await;
    machine.registry.offer_codex("2.0.0");
    for fault in [
        Fault::Corrupt,
        Fault::WrongChecksum,
        Fault::Missing,
        Fault::Stall,
    ] {
        machine.registry.break_by(fault);
        if fault == Fault::Stall {
            machine.options.limit = Duration::from_secs(8);
        }
        let failed = machine.codex().await;
        assert_eq!(
            (&failed.state, &failed.version),
            (&State::Error, &None),
            "{fault:?}"
        );
        let problem = failed.problem.unwrap();
        if fault != Fault::Stall {
            assert!(problem.ends_with("; 1.0.0 is kept"), "{fault:?}: {problem}");
        }
        assert_eq!(machine.says(), "codex-cli 1.0.0", "{fault:?}");
    }
    machine.registry.break_by(Fault::None);
    machine.options.limit = Duration::from_secs(60);
    assert_eq!(machine.codex().await.version.as_deref(), Some("2.0.0"));
    assert_eq!(
        machine.versions(),
        ["1.0.0", "2.0.0"],
        "nothing is left of what failed"
    );
}

#[tokio::test]
async fn a_program_that_does_not_answer_never_takes_the_place_of_one_that_does() {
    let machine = Machine::new().await;
    machine.registry.offer_codex("1.0.0");
    machine.codex().await;
    machine
        .registry
        .offer("@openai/codex", "1.1.0", "codex", "echo broken >&2; exit 1");
    let failed = machine.codex().await;
    assert_eq!(failed.state, State::Error);
    let problem = failed.problem.unwrap();
    assert_eq!(
        problem,
        "codex does not say its version (broken); 1.0.0 is kept"
    );
    assert_eq!(machine.says(), "codex-cli 1.0.0");
}

#[tokio::test]
async fn without_a_registry_what_is_there_is_kept_and_said_so() {
    let machine = Machine::new().await;
    machine.registry.offer_codex("1.0.0");
    machine.codex().await;
    // Nobody listens there.
    let gone = || {
        let mut settings = machine.registry.settings();
        settings[0].1 = "http://127.0.0.1:1/".to_owned();
        settings
    };
    let setup = machine.begin(gone());
    let kept = codex(&tokio::time::timeout(DEADLINE, setup.over()).await.unwrap());
    assert_eq!(
        (&kept.state, kept.version.as_deref()),
        (&State::Warning, Some("1.0.0")),
        "{kept:?}"
    );
    let problem = kept.problem.unwrap();
    assert!(
        problem.starts_with("the registry was asked in vain: ")
            && problem.ends_with("; 1.0.0 is kept"),
        "{problem}"
    );
    // A version that is chosen needs nobody.
    let machine = Machine {
        options: Options {
            versions: [(StepId::new("codex"), "1.0.0".to_owned())].into(),
            ..Options::default()
        },
        ..machine
    };
    let mut settings = machine.registry.settings();
    settings[0].1 = "http://127.0.0.1:1/".to_owned();
    let setup = machine.begin(settings);
    let pinned = codex(&tokio::time::timeout(DEADLINE, setup.over()).await.unwrap());
    assert_eq!(pinned.state, State::Complete, "{pinned:?}");
}

#[tokio::test]
async fn a_program_that_is_not_ours_is_kept() {
    let machine = Machine::new().await;
    machine.registry.offer_codex("1.0.0");
    let own = machine.home.path().join("own");
    fs::write(&own, "#!/bin/sh\necho my codex 0.5.0\n").unwrap();
    fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::create_dir_all(machine.home.path().join(".local/bin")).unwrap();
    symlink(&own, machine.program()).unwrap();
    let done = machine.codex().await;
    assert_eq!(
        (&done.state, done.version.as_deref()),
        (&State::Complete, Some("0.5.0")),
        "{done:?}"
    );
    assert_eq!(fs::read_link(machine.program()).unwrap(), own);
    steps::undo(machine.home.path(), &[]).unwrap();
    assert_eq!(fs::read_link(machine.program()).unwrap(), own);
}
