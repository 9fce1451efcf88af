//! Repositories by a real git: what is in the projects folder afterwards, whatever was there and whoever fails.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bowline_provision::graph::{State, StepId, Width};
use bowline_provision::profile::Profile;
use bowline_provision::run::{Place, Setup, Status, StepStatus};
use bowline_provision::steps::{self, Options, Repository};
use tokio::net::TcpListener;

/// It decides nothing, it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(120);

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    let named = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
    command.args(named).args(arguments).current_dir(folder);
    let out = command.env("HOME", folder).output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{arguments:?}: {told}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// A repository with three commits, and a branch `next` with one more.
fn origin(folder: &Path, name: &str) -> String {
    let at = folder.join(name);
    fs::create_dir_all(&at).unwrap();
    git(&at, &["init", "--quiet", "--initial-branch=main"]);
    for number in 1..=3 {
        fs::write(at.join("number"), number.to_string()).unwrap();
        git(&at, &["add", "."]);
        git(&at, &["commit", "--quiet", "-m", "one more"]);
    }
    git(&at, &["checkout", "--quiet", "-b", "next"]);
    git(&at, &["commit", "--quiet", "--allow-empty", "-m", "next"]);
    git(&at, &["checkout", "--quiet", "main"]);
    format!("file://{}", at.display())
}

fn begin(home: &Path, list: &str) -> Setup {
    let options = Options {
        repositories: Repository::list(list).unwrap(),
        ..Options::default()
    };
    let mut plan = steps::plan(&Profile::Minimal, &options).unwrap();
    for step in &mut plan {
        step.spec.tries = 1;
    }
    let path = std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path));
    Setup::start(plan, Place::new(home, path), Width::default()).unwrap()
}

async fn over(setup: &Setup) -> Arc<Status> {
    tokio::time::timeout(DEADLINE, setup.over()).await.unwrap()
}

fn of(status: &Status, name: &str) -> StepStatus {
    let id = StepId::new(name);
    let mut steps = status.steps.iter();
    steps.find(|step| step.id == id).unwrap().clone()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_is_cloned_as_it_is_wanted_and_a_failure_stops_no_other() {
    let (home, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = origin(there.path(), "one");
    let two = origin(there.path(), "two");
    let missing = format!("file://{}/missing", there.path().display());
    let list = format!("{one},{missing},{two}#branch=next&depth=1&name=other,{two}#absent");
    let status = over(&begin(home.path(), &list)).await;
    let projects = home.path().join("projects");
    assert_eq!(names(&projects), ["one", "other"]);
    let done = of(&status, "repo-one");
    assert_eq!(done.state, State::Complete);
    let head = git(&projects.join("one"), &["rev-parse", "--short", "HEAD"]);
    assert_eq!(done.version.as_deref(), Some(&*head));
    assert!(!done.tail.is_empty(), "it tells how far it is");
    assert_eq!(
        git(&projects.join("one"), &["rev-list", "--count", "HEAD"]),
        "3"
    );
    let other = projects.join("other");
    assert_eq!(git(&other, &["branch", "--show-current"]), "next");
    assert_eq!(git(&other, &["rev-list", "--count", "HEAD"]), "1");
    for (name, said) in [("repo-missing", "does not"), ("repo-two", "absent")] {
        let failed = of(&status, name);
        assert_eq!(failed.state, State::Error);
        let problem = failed.problem.unwrap();
        assert!(problem.contains(said), "{problem}");
    }
}

#[tokio::test]
async fn what_is_there_already_is_left_alone() {
    let (home, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = origin(there.path(), "one");
    let mine = home.path().join("projects/one");
    fs::create_dir_all(&mine).unwrap();
    fs::write(mine.join("mine"), "kept").unwrap();
    let status = over(&begin(home.path(), &one)).await;
    assert_eq!(of(&status, "repo-one").state, State::Complete);
    assert_eq!(names(&mine), ["mine"]);
    assert_eq!(names(&home.path().join("projects")), ["one"]);
}

#[tokio::test]
async fn one_that_never_comes_is_cancelled_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    // A run that was killed left this; nobody has the largest number.
    let left = home.path().join("projects/.unfinished-one-4194304");
    fs::create_dir_all(left.join("objects")).unwrap();
    let setup = begin(home.path(), &format!("git://127.0.0.1:{port}/one"));
    // It asks, and is not answered.
    let _asking = silent.accept().await.unwrap();
    assert!(!left.exists());
    setup.cancel(&StepId::new("repo-one")).await.unwrap();
    let status = over(&setup).await;
    assert!(matches!(of(&status, "repo-one").state, State::Skipped(_)));
    assert_eq!(names(&home.path().join("projects")), [""; 0]);
}
