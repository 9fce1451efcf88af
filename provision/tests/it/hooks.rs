//! Hooks by a real git: commits are told of, and a repository's own hooks run as if there were no others.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use bowline_provision::graph::{State, Width};
use bowline_provision::profile::Profile;
use bowline_provision::run::{Place, Setup, StepStatus};
use bowline_provision::steps::{self, Commits, Options};

/// It decides nothing, it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(120);

async fn install(home: &Path) -> StepStatus {
    let options = Options {
        commits: Commits::Told,
        ..Options::default()
    };
    let plan = steps::plan(&Profile::Minimal, &options).unwrap();
    let path = std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path));
    let setup = Setup::start(plan, Place::new(home, path), Width::default()).unwrap();
    let status = tokio::time::timeout(DEADLINE, setup.over()).await.unwrap();
    status.steps[0].clone()
}

/// As in a session's shell: the program that is told notes where it was, and how it was called.
fn git(home: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    let named = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
    command.args(named).args(arguments).current_dir(folder);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let told = home.join("told.sh");
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("BOWLINE_BIN", told);
    command.output().unwrap()
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn repository(home: &Path, at: &str) -> std::path::PathBuf {
    let root = home.join(at);
    fs::create_dir_all(&root).unwrap();
    assert!(git(home, &root, &["init", "--quiet"]).status.success());
    root
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    script(
        &home.path().join("told.sh"),
        r#"echo "$PWD $*" >> "$HOME/told""#,
    );
    home
}

fn told(home: &Path) -> Vec<String> {
    let told = fs::read_to_string(home.join("told")).unwrap_or_default();
    told.lines().map(str::to_owned).collect()
}

const COMMIT: [&str; 5] = ["commit", "--quiet", "--allow-empty", "-m", "work"];

#[tokio::test]
async fn a_commit_below_projects_is_told_of_and_elsewhere_is_not() {
    let home = home();
    let home = home.path();
    assert_eq!(install(home).await.state, State::Complete);
    let (one, elsewhere) = (
        repository(home, "projects/one"),
        repository(home, "elsewhere"),
    );
    for root in [&one, &elsewhere] {
        assert!(git(home, root, &COMMIT).status.success());
    }
    let expected = format!("{} sync --hook", one.canonicalize().unwrap().display());
    assert_eq!(told(home), [expected]);
}

#[tokio::test]
async fn a_repositorys_own_hooks_run_and_decide_as_before() {
    let home = home();
    let home = home.path();
    install(home).await;
    let root = repository(home, "projects/one");
    let hooks = root.join(".git/hooks");
    script(&hooks.join("post-commit"), "echo own >> \"$HOME/told\"");
    script(&hooks.join("commit-msg"), "grep -q work \"$1\"");
    script(&hooks.join("pre-push"), "cat >> \"$HOME/pushed\"");
    assert!(git(home, &root, &COMMIT).status.success());
    assert_eq!(told(home).len(), 2);
    assert_eq!(told(home)[0], "own");
    let refused = git(home, &root, &["commit", "--allow-empty", "-m", "play"]);
    assert!(!refused.status.success());
    assert_eq!(told(home).len(), 2);
    // What git says to a hook reaches it.
    let bare = home.join("bare");
    assert!(
        git(home, home, &["init", "--quiet", "--bare", "bare"])
            .status
            .success()
    );
    let push = [
        "push",
        "--quiet",
        bare.to_str().unwrap(),
        "HEAD:refs/heads/main",
    ];
    assert!(git(home, &root, &push).status.success());
    assert!(
        fs::read_to_string(home.join("pushed"))
            .unwrap()
            .contains("refs/heads/main")
    );
    // One that fails after a commit does not keep it from being told of.
    script(&hooks.join("post-commit"), "exit 3");
    assert!(git(home, &root, &COMMIT).status.success());
    assert_eq!(told(home).len(), 3);
}

#[tokio::test]
async fn hooks_of_the_user_for_all_repositories_stay_and_that_is_said() {
    let home = home();
    let home = home.path();
    let own = "[core]\n\thooksPath = ~/my-hooks\n";
    fs::write(home.join(".gitconfig"), own).unwrap();
    script(
        &home.join("my-hooks/post-commit"),
        "echo mine >> \"$HOME/told\"",
    );
    let step = install(home).await;
    assert_eq!(step.state, State::Warning);
    let problem = step.problem.unwrap();
    assert!(problem.contains("core.hooksPath"), "{problem}");
    let root = repository(home, "projects/one");
    assert!(git(home, &root, &COMMIT).status.success());
    assert_eq!(told(home), ["mine"]);
    assert_eq!(fs::read_to_string(home.join(".gitconfig")).unwrap(), own);
}

#[tokio::test]
async fn undoing_leaves_what_was_there_before() {
    for before in [None, Some("# mine\n[alias]\n\tst = status")] {
        let home = home();
        let home = home.path();
        let config = home.join(".config/git/config");
        if let Some(before) = before {
            fs::create_dir_all(config.parent().unwrap()).unwrap();
            fs::write(&config, before).unwrap();
        }
        install(home).await;
        install(home).await;
        let root = repository(home, "projects/one");
        fs::remove_file(home.join("told.sh")).unwrap();
        // Where nobody is to be told, a commit is a commit.
        assert!(git(home, &root, &COMMIT).status.success());
        for (id, undone) in steps::undo(home, &[]).unwrap() {
            undone.unwrap_or_else(|error| panic!("{id}: {error}"));
        }
        assert_eq!(fs::read_to_string(&config).ok().as_deref(), before);
        let own_ones = [".config", ".local"].map(|name| home.join(name).exists());
        assert_eq!(own_ones, [before.is_some(), false]);
        assert!(git(home, &root, &COMMIT).status.success());
    }
}
