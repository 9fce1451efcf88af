//! Set-up by the real binary in homes that were empty: beside the server, from a terminal, killed in the middle, undone.
//! The registry is a double; npm and the shells are real.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings};
use rustix::process::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::mirror::{self, Mirror};
use crate::registry::{Fault, Registry};
use crate::support::TestServer;

/// npm starts several times, on a machine that may be busy. It decides nothing.
const DEADLINE: Duration = Duration::from_secs(180);

/// `sh` that hands the registry to what it becomes.
fn wrapper(registry: &Registry) -> String {
    let settings = registry.settings().into_iter();
    let settings = settings.map(|(name, value)| format!("export {name}='{value}'; "));
    settings.collect::<String>() + "exec \"$@\""
}

async fn serve(registry: &Registry, arguments: &str) -> (TestServer, Arc<TempDir>, Pid) {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let (server, pid) = TestServer::start_binary(&wrapper(registry), arguments, home.clone()).await;
    (server, home, pid)
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("in time")
}

/// Waits until a step is as it should be, and gives all of the answer.
async fn until(server: &TestServer, id: &str, state: &str) -> Value {
    let mut last = Value::Null;
    let waiting = async {
        loop {
            let (status, answer) = server.get("/api/setup-status").await;
            assert_eq!(status, 200, "{answer}");
            let steps = answer["steps"].as_array().unwrap().iter();
            let found = steps
                .clone()
                .any(|step| step["id"] == id && step["state"] == state);
            last = answer.clone();
            if found {
                return answer;
            }
        }
    };
    match tokio::time::timeout(DEADLINE, waiting).await {
        Ok(answer) => answer,
        Err(_) => panic!("{id} is never {state}: {last}"),
    }
}

fn step<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let mut steps = answer["steps"].as_array().unwrap().iter();
    steps.find(|step| step["id"] == id).unwrap()
}

/// Whether a process works below a folder: npm calls itself otherwise than it was started.
fn is_anybody_at(folder: &Path) -> bool {
    let listed = std::fs::read_dir("/proc").unwrap().flatten();
    let mut places = listed.filter_map(|entry| std::fs::read_link(entry.path().join("cwd")).ok());
    places.any(|place| place.starts_with(folder))
}

fn agents(home: &TempDir) -> PathBuf {
    home.path().join(".local/share/bowline/agents")
}

#[tokio::test]
async fn an_agent_comes_to_an_empty_home_beside_shells_that_work_at_once() {
    let registry = Registry::start().await;
    registry.offer_codex("1.0.0");
    registry.break_by(Fault::Stall);
    let (server, home, _) = serve(&registry, "--profile codex,shell").await;
    in_time(registry.until_fetched()).await;
    assert!(is_anybody_at(&agents(&home)));
    // Nobody waits for it, and what comes will be found.
    let bin = home.path().join(".local/bin");
    let session = server.script("echo \"[${PATH%%:*}]\"; exec cat").await;
    in_time(server.printed(session, &format!("[{}]", bin.display()))).await;
    let (status, _) = server
        .post("/api/setup-cancel", json!({"id": "codex"}))
        .await;
    assert_eq!(status, 200);
    let answer = until(&server, "codex", "skipped").await;
    assert_eq!(answer["state"], "warning");
    assert_eq!(step(&answer, "codex")["error"], "it was cancelled");
    assert_eq!(step(&answer, "shell")["state"], "complete");
    assert!(!is_anybody_at(&agents(&home)), "npm has ended");
    registry.break_by(Fault::None);
    let (status, _) = server
        .post("/api/setup-retry", json!({"id": "codex"}))
        .await;
    assert_eq!(status, 200);
    let answer = until(&server, "codex-settings", "complete").await;
    assert_eq!(answer["state"], "complete", "{answer}");
    let codex = step(&answer, "codex");
    assert_eq!(codex["version"], "1.0.0");
    assert!(codex["started_ms"].as_u64() <= codex["ended_ms"].as_u64());
    // A login shell finds it, whatever the system's own files do to PATH.
    let (status, created) = server.post("/api/session", json!({})).await;
    assert_eq!(status, 200, "{created}");
    let session = created["session_id"].as_str().unwrap();
    let body = json!({"session_id": session, "input": "codex\n"});
    server.post("/api/input", body).await;
    in_time(server.printed(session.parse().unwrap(), "codex-cli 1.0.0")).await;
    let (status, error) = server
        .post("/api/setup-retry", json!({"id": "emacs"}))
        .await;
    assert_eq!(
        (status.as_u16(), &error["error"]["code"]),
        (404, &json!("not_found"))
    );
    let (status, error) = server
        .post("/api/setup-cancel", json!({"id": "codex"}))
        .await;
    assert_eq!(
        (status.as_u16(), &error["error"]["message"]),
        (400, &json!("codex is over already"))
    );
    server.stop().await;
}

#[tokio::test]
async fn the_end_of_the_server_is_the_end_of_what_it_installs() {
    let registry = Registry::start().await;
    registry.offer_codex("1.0.0");
    registry.break_by(Fault::Stall);
    let (server, home, _) = serve(&registry, "--profile codex").await;
    in_time(registry.until_fetched()).await;
    assert!(is_anybody_at(&agents(&home)));
    server.stop().await;
    assert!(!is_anybody_at(&agents(&home)));
}

/// `bowline setup` with further arguments.
fn setup(home: &TempDir, registry: &Registry, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowline"));
    command
        .arg("setup")
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs(registry.settings())
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn ended(child: Child) -> Output {
    in_time(child.wait_with_output()).await.unwrap()
}

/// Every file below a home with its bytes, and every folder.
fn contents(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            all.push((entry.path(), bytes));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn killed_in_the_middle_it_begins_again_and_undone_it_leaves_no_trace() {
    let registry = Registry::start().await;
    registry.offer_codex("1.0.0");
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".bashrc"),
        "alias ll='ls -l'\t# \u{e9}\r\nexport A=\"1",
    )
    .unwrap();
    std::fs::write(home.path().join(".profile"), ". ~/.bashrc\n\n\n").unwrap();
    let before = contents(home.path());
    registry.break_by(Fault::Stall);
    let mut killed = setup(&home, &registry, &["codex", "shell"])
        .spawn()
        .unwrap();
    in_time(registry.until_fetched()).await;
    killed.kill().await.unwrap();
    registry.break_by(Fault::None);
    let done = ended(
        setup(&home, &registry, &["codex", "shell", "--json"])
            .spawn()
            .unwrap(),
    )
    .await;
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(done.status.success(), "{said}");
    assert_eq!(said["state"], "complete", "{said}");
    assert_eq!(step(&said, "codex")["version"], "1.0.0");
    let left: Vec<_> = std::fs::read_dir(agents(&home).join("codex"))
        .unwrap()
        .flatten()
        .collect();
    let mut names: Vec<_> = left.iter().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "1.0.0"]);
    let undone = ended(setup(&home, &registry, &["--undo"]).spawn().unwrap()).await;
    let said = String::from_utf8(undone.stdout).unwrap();
    assert!(
        undone.status.success() && said.contains("codex: removed\n"),
        "{said}"
    );
    assert_eq!(contents(home.path()), before);
}

#[tokio::test]
async fn a_tool_whose_download_is_killed_begins_again_and_undone_it_leaves_no_trace() {
    let (registry, mirror) = (Registry::start().await, Mirror::start().await);
    mirror.offer_micro("2.0.99");
    mirror.break_by(mirror::Fault::Stall);
    let home = tempfile::tempdir().unwrap();
    let before = contents(home.path());
    let chosen = ["micro", "--agent-versions", "micro=2.0.99", "--json"];
    let begin = || {
        let mut command = setup(&home, &registry, &chosen);
        command.env("BOWLINE_DOWNLOAD_MIRROR", &mirror.url);
        command.spawn().unwrap()
    };
    let mut killed = begin();
    in_time(mirror.until_fetched(0)).await;
    killed.kill().await.unwrap();
    let link = home.path().join(".local/bin/micro");
    assert!(!link.exists());
    mirror.break_by(mirror::Fault::None);
    let done = ended(begin()).await;
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(said["state"], "complete", "{said}");
    assert_eq!(step(&said, "micro")["version"], "2.0.99");
    let place = home.path().join(".local/share/bowline/tools/micro");
    let left = std::fs::read_dir(place).unwrap().flatten();
    let mut names: Vec<_> = left.map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "2.0.99"]);
    let undone = ended(setup(&home, &registry, &["--undo"]).spawn().unwrap()).await;
    assert!(undone.status.success());
    assert_eq!(contents(home.path()), before);
}

#[tokio::test]
async fn downloads_go_by_the_proxy_of_the_environment() {
    let (registry, proxy) = (Registry::start().await, Mirror::start().await);
    proxy.offer_micro("2.0.99");
    let home = tempfile::tempdir().unwrap();
    let chosen = ["micro", "--agent-versions", "micro=2.0.99"];
    let mut command = setup(&home, &registry, &chosen);
    // Nobody listens there.
    command.env("BOWLINE_DOWNLOAD_MIRROR", "http://127.0.0.1:1/mirror");
    command.env("NO_PROXY", "").env("HTTP_PROXY", &proxy.url);
    let done = ended(command.spawn().unwrap()).await;
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}");
    assert_eq!(proxy.fetched(), 1);
}

#[tokio::test]
async fn from_a_pipe_each_change_is_a_line_and_a_failure_the_status() {
    let registry = Registry::start().await;
    let home = tempfile::tempdir().unwrap();
    let failed = ended(setup(&home, &registry, &["codex"]).spawn().unwrap()).await;
    let said = String::from_utf8(failed.stdout).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(said.contains("Node.js and npm: done, "), "{said}");
    assert!(said.contains("\nCodex: failed ("), "{said}");
    assert!(said.contains("the registry was asked in vain: "), "{said}");
    let unknown = ended(setup(&home, &registry, &["emacs"]).spawn().unwrap()).await;
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        said.starts_with("bowline: there is no step emacs; there are shell, "),
        "{said}"
    );
    let nothing = ended(setup(&home, &registry, &[]).spawn().unwrap()).await;
    let said = String::from_utf8(nothing.stderr).unwrap();
    assert!(
        said.starts_with("bowline: nothing is chosen: name steps (shell, "),
        "{said}"
    );
    assert_eq!(nothing.status.code(), Some(1));
}

#[tokio::test]
async fn repositories_are_cloned_at_the_start_and_one_that_failed_is_tried_again() {
    let there = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let mut git = std::process::Command::new("git");
        let made = git
            .args(["init", "--quiet", name])
            .current_dir(there.path());
        assert!(made.status().unwrap().success());
    };
    make("one");
    let at = there.path().display();
    let wrapper = format!("export GIT_REPOS='file://{at}/one,file://{at}/two'; exec \"$@\"");
    let home = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = TestServer::start_binary(&wrapper, "", home.clone()).await;
    until(&server, "repo-one", "complete").await;
    until(&server, "repo-two", "error").await;
    make("two");
    let (status, answer) = server
        .post("/api/setup-retry", json!({"id": "repo-two"}))
        .await;
    assert_eq!(status, 200, "{answer}");
    until(&server, "repo-two", "complete").await;
    for name in ["one", "two"] {
        assert!(
            home.path()
                .join("projects")
                .join(name)
                .join(".git")
                .is_dir()
        );
    }
    server.stop().await;
}

/// What a terminal of 60 × 20 shows in the end of what a command draws on it.
fn drawn(mut command: pty_process::blocking::Command) -> String {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(20, 60)).unwrap();
    command = command.env("TERM", "xterm-256color");
    let mut child = command.spawn(pts).unwrap();
    let (size, settings) = (
        Size { cols: 60, rows: 20 },
        Settings {
            scrollback: 1000,
            cursor_blink: false,
        },
    );
    let mut screen = Screen::new(size, settings);
    let mut buffer = [0; 4096];
    // The end of a terminal whose program is gone is an error.
    while let Ok(count @ 1..) = std::io::Read::read(&mut pty, &mut buffer) {
        screen.feed(&buffer[..count]);
    }
    assert!(child.wait().unwrap().success());
    screen.text(History::All)
}

#[tokio::test]
async fn in_a_terminal_each_step_has_one_line_that_is_drawn_again() {
    let registry = Registry::start().await;
    registry.offer_codex("1.0.0");
    let home = tempfile::tempdir().unwrap();
    let mut command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_bowline"));
    command = command.args(["setup", "codex", "shell"]).env_clear();
    command = command.env("HOME", home.path());
    for (name, value) in registry.settings() {
        command = command.env(name, value);
    }
    command = command.env("PATH", std::env::var_os("PATH").unwrap());
    let shown = tokio::task::spawn_blocking(move || drawn(command));
    let shown = in_time(shown).await.unwrap();
    let lines: Vec<&str> = shown
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    // However often it was drawn, nothing is there twice, and nothing of what was under way.
    for label in ["Shell files", "Node.js and npm", "Codex "] {
        let found = lines.iter().filter(|line| line.starts_with(label));
        assert_eq!(found.count(), 1, "{label} in {shown}");
    }
    assert!(lines.iter().all(|line| line.contains("  done")), "{shown}");
    assert!(shown.contains("1.0.0"), "{shown}");
}
