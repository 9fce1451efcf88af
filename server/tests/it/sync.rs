//! Nothing is lost when the machine is: a whole life of a home, its end, and the next one's beginning, by the real program, a
//! real bash and a real git.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bowline_double::{Double, Fault, Times};
use bowline_protocol::SessionId;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{DEADLINE, TestServer};

const ANA: &str = "ana@example.com";
const MEMORY: &str = ".claude/projects/-home-one/memory/notes.md";

async fn workspace() -> Double {
    let double = Double::start().await;
    double.give("dapi1", ANA);
    double
}

fn home() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

/// The program in a home, with a workspace.
async fn start(double: &Double, home: &Arc<TempDir>, settings: &str) -> TestServer {
    let wrapper = format!(
        "export DATABRICKS_HOST={} DATABRICKS_TOKEN=dapi1; exec \"$@\"",
        double.root
    );
    let settings = format!("--keeper off --on-exit end {settings}");
    let started = TestServer::start_binary(&wrapper, &settings, home.clone()).await;
    started.0
}

/// A step of set-up, once it is over.
async fn over(server: &TestServer, step: &str) -> Value {
    let looking = async {
        loop {
            let (_, status) = server.get("/api/setup-status").await;
            let steps = status["steps"].as_array().unwrap();
            let found = steps.iter().find(|found| found["id"] == step).unwrap();
            if !["waiting", "running"].contains(&found["state"].as_str().unwrap()) {
                return found.clone();
            }
        }
    };
    tokio::time::timeout(DEADLINE, looking)
        .await
        .expect("the step ends")
}

/// A bash that somebody types into.
async fn bash(server: &TestServer) -> SessionId {
    let body = json!({"command": ["/bin/bash", "--norc", "-i"]});
    let (status, created) = server.post("/api/session", body).await;
    assert_eq!(status, 200, "{created}");
    created["session_id"].as_str().unwrap().parse().unwrap()
}

async fn type_in(server: &TestServer, session: SessionId, text: &str) {
    let body = json!({"session_id": session.to_string(), "input": text});
    assert_eq!(server.post("/api/input", body).await.0, 200);
}

fn there(double: &Double, at: &str) -> Option<String> {
    double.state().files.text(&format!("/Users/{ANA}/{at}"))
}

#[tokio::test]
async fn a_home_that_is_wiped_has_everything_back_at_the_next_start() {
    let double = workspace().await;
    let before = home();
    let server = start(&double, &before, "--workspace-sync on --tool-files on").await;
    assert_eq!(over(&server, "hooks").await["state"], "complete");
    assert_eq!(over(&server, "state").await["state"], "complete");

    let session = bash(&server).await;
    let work = "mkdir -p ~/projects/one ~/.claude/projects/-home-one/memory; cd ~/projects/one; \
                git init --quiet; echo target > .gitignore; echo 'fn main() {}' > main.rs; echo no > target; \
                git add --all; until git config user.email; do sleep 0.1; done; git commit --quiet -m work; \
                git log --format='by %an <%ae>'; echo 'it wants tabs' > ~/.claude/projects/-home-one/memory/notes.md; \
                until \"$BOWLINE_BIN\" sync log | grep 'one: 2 sent'; do sleep 0.1; done; echo CARR''IED\r";
    type_in(&server, session, work).await;
    let printed = server.printed(session, "CARRIED").await;
    // The workspace says who the user is.
    assert!(printed.contains("by ana <ana@example.com>"), "{printed}");
    assert_eq!(
        there(&double, "projects/one/main.rs").unwrap(),
        "fn main() {}\n"
    );
    assert_eq!(there(&double, "projects/one/target"), None);
    let (_, told) = server.get("/api/sync-status").await;
    assert_eq!(told["state"]["phase"], "kept", "{told}");
    let log = told["projects"]["log"].as_str().unwrap();
    assert!(log.contains("one: 2 sent, 0 removed"), "{log}");

    // Told to end, it saves what was never saved, and what bash writes when it ends.
    server.stop().await;
    assert_eq!(
        there(&double, &format!(".state/{MEMORY}")).unwrap(),
        "it wants tabs\n"
    );
    let history = there(&double, ".state/.bash_history").unwrap();
    assert!(history.contains("git init --quiet"), "{history}");
    drop(before);

    let after = home();
    let server = start(&double, &after, "--workspace-sync on").await;
    let restored = over(&server, "state").await;
    assert_eq!(restored["state"], "complete", "{restored}");
    assert!(
        restored["tail"]
            .as_str()
            .unwrap()
            .starts_with("2 files from ")
    );
    let memory = fs::read_to_string(after.path().join(MEMORY)).unwrap();
    assert_eq!(memory, "it wants tabs\n");
    let session = bash(&server).await;
    type_in(
        &server,
        session,
        "history; \"$BOWLINE_BIN\" sync restore one; cat ~/projects/one/*; echo EN''D\r",
    )
    .await;
    let printed = server.printed(session, "END").await;
    assert!(printed.contains("git init --quiet"), "{printed}");
    assert!(printed.contains("fn main() {}"), "{printed}");
    server.stop().await;
}

#[tokio::test]
async fn a_commit_survives_the_end_of_its_server_in_the_middle() {
    let double = workspace().await;
    let home = home();
    let wrapper = format!(
        "export DATABRICKS_HOST={} DATABRICKS_TOKEN=dapi1; exec \"$@\"",
        double.root
    );
    let settings = "--keeper off --workspace-sync on";
    let started = TestServer::start_binary(&wrapper, settings, home.clone()).await;
    let (server, pid) = started;
    over(&server, "hooks").await;
    // The second file never gets there.
    double.fault_at(
        "/api/2.0/workspace/import",
        Fault::Slow { ms: 600_000 },
        Times::Always,
    );
    let work = "mkdir -p ~/projects/one; cd ~/projects/one; git init --quiet; echo 1 > a; echo 2 > b; git add --all; \
                git -c user.name=Ana -c user.email=ana@example.com commit --quiet -m work; echo COMMITTED; read go";
    let session = server.script(work).await;
    // A commit waits for nobody.
    server.printed(session, "COMMITTED").await;
    kill_process(pid, Signal::KILL).unwrap();
    assert!(server.ended().await.is_err());
    double.heal();

    let server = start(&double, &home, "--workspace-sync on").await;
    let again = server
        .script("cd ~/projects/one; \"$BOWLINE_BIN\" sync && echo DONE; read go")
        .await;
    server.printed(again, "DONE").await;
    assert_eq!(there(&double, "projects/one/a").unwrap(), "1\n");
    assert_eq!(there(&double, "projects/one/b").unwrap(), "2\n");
    server.stop().await;
}

#[tokio::test]
async fn what_comes_late_is_said_and_holds_nobody_up() {
    let double = workspace().await;
    let home = home();
    double.fault_at("/api/2.0/workspace/list", Fault::Broken, Times::Always);
    let server = start(&double, &home, "--state-sync-every 1s").await;
    let session = server.script("echo HERE; read go").await;
    server.printed(session, "HERE").await;
    let late = over(&server, "state").await;
    assert_eq!(late["state"], "warning", "{late}");
    let said = late["error"].as_str().unwrap();
    assert!(said.contains("it answered 500"), "{said}");
    // Never a save before what is there was looked at.
    assert_eq!(there(&double, ".state/.bash_history"), None);
    server.stop().await;
}

#[tokio::test]
async fn it_waits_for_the_token_and_goes_on_at_once() {
    let double = workspace().await;
    let home = home();
    let wrapper = format!("export DATABRICKS_HOST={}; exec \"$@\"", double.root);
    let started = TestServer::start_binary(&wrapper, "--keeper off", home.clone()).await;
    let (server, _) = started;
    let waits = async {
        loop {
            let (_, status) = server.get("/api/setup-status").await;
            let step = &status["steps"][0];
            let is_under_way = step["state"] == "waiting" || step["state"] == "running";
            assert!(is_under_way, "{status}");
            if step["tail"]
                .as_str()
                .is_some_and(|tail| tail.contains("waits for a token"))
            {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, waits)
        .await
        .expect("it says so");
    // Meanwhile nobody is held up.
    let session = server.script("echo HERE; read go").await;
    server.printed(session, "HERE").await;
    let given = server
        .post("/api/configure-pat", json!({"token": "dapi1"}))
        .await;
    assert_eq!(given.0, 200);
    assert_eq!(over(&server, "state").await["state"], "complete");
    server.stop().await;
}

#[tokio::test]
async fn a_folder_serves_who_has_no_workspace() {
    let (share, one, two) = (home(), home(), home());
    let at = share.path().join("share");
    let settings = format!(
        "--keeper off --on-exit end --state-sync {0} --workspace-sync {0} --state-sync-every 1s",
        at.display()
    );
    let (server, _) = TestServer::start_binary("exec \"$@\"", &settings, one.clone()).await;
    over(&server, "hooks").await;
    let work = "mkdir -p ~/projects/one; cd ~/projects/one; git init --quiet; echo 1 > a; git add --all; \
                git -c user.name=Ana -c user.email=ana@example.com commit --quiet -m work; \
                until \"$BOWLINE_BIN\" sync log | grep 'one: 1 sent'; do sleep 0.1; done; \
                mkdir -p ~/.claude/projects/p/memory; echo soon > ~/.claude/projects/p/memory/n.md; \
                until [ -e SHARE/.state/.claude/projects/p/memory/n.md ]; do sleep 0.1; done; echo DONE; read go";
    let work = work.replace("SHARE", at.to_str().unwrap());
    let session = server.script(&work).await;
    server.printed(session, "DONE").await;
    // Saved before any end: what happens now loses nothing.
    server.stop().await;
    assert_eq!(
        fs::read_to_string(at.join("projects/one/a")).unwrap(),
        "1\n"
    );

    let (server, _) = TestServer::start_binary("exec \"$@\"", &settings, two.clone()).await;
    assert_eq!(over(&server, "state").await["state"], "complete");
    let note = Path::new(".claude/projects/p/memory/n.md");
    assert_eq!(fs::read_to_string(two.path().join(note)).unwrap(), "soon\n");
    server.stop().await;
}

#[tokio::test]
async fn where_it_is_off_nothing_is_carried_and_that_is_said() {
    let double = workspace().await;
    let home = home();
    let server = start(&double, &home, "--state-sync off").await;
    let (_, told) = server.get("/api/sync-status").await;
    assert_eq!(told, json!({}));
    let session = server
        .script("cd; git init --quiet; \"$BOWLINE_BIN\" sync; echo END; read go")
        .await;
    let said = server.printed(session, "END").await;
    assert!(said.contains("start it with --workspace-sync on"), "{said}");
    fs::write(home.path().join(".bash_history"), "ls\n").unwrap();
    server.stop().await;
    assert_eq!(there(&double, ".state/.bash_history"), None);
}
