//! `bowline status`, the real binary in real sessions, by each of its ways.

use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bowline_protocol::frame::{Activity, Attention, Event};
use bowline_protocol::{ServerFrame, SessionId};
use serde_json::json;

use crate::support::{Socket, TestServer, attach, with};

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");

/// Looks at a session until it is told what its program does.
async fn is_told(server: &TestServer, session: SessionId, expected: Activity) {
    // A page of its own each time.
    static PAGES: AtomicU8 = AtomicU8::new(1);
    let page = PAGES.fetch_add(1, Ordering::Relaxed);
    let mut socket = Socket::connect(server, page, 1).await;
    // Without the keyboard, which would end the call.
    let [attach, _] = attach(session);
    socket.send(&[attach]).await;
    let told = socket.until(|frame| match frame {
        ServerFrame::Event {
            event: Event::Activity { activity },
            ..
        } => (*activity == expected).then_some(()),
        _ => None,
    });
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    told.unwrap_or_else(|_| panic!("{expected:?} is told"));
}

/// Runs the binary in a session, which then waits for ever.
async fn says(server: &TestServer, line: &str, expected: Activity) -> SessionId {
    let script = format!("bowline() {{ {BINARY} \"$@\"; }}; {line}; exec sleep 1000");
    let session = server.script(&script).await;
    is_told(server, session, expected).await;
    session
}

const WAITING: Activity = Activity::NeedsAttention(Attention::Waiting);
const DONE: Activity = Activity::NeedsAttention(Attention::Done);

#[tokio::test]
async fn a_session_says_what_it_does_by_the_control_socket() {
    with("", async |server| {
        let path = server.folder.path().join("state/control.sock");
        let found = std::fs::metadata(&path).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        // Once the session is known by its id, which it may not be at its first moment.
        let script =
            format!("stty -echo; read go; {BINARY} status waiting; echo said=$?.; read go");
        let session = server.script(&script).await;
        let body = json!({"session_id": session.to_string(), "input": "go\n"});
        server.post("/api/input", body).await;
        is_told(server, session, WAITING).await;
        let (_, list) = server.get("/api/sessions").await;
        let row = &list["sessions"][0];
        assert_eq!(row["state"], "needs_attention");
        assert_eq!(row["attention"], "waiting");
        // By the terminal it would have been printed.
        let printed = server.printed(session, "said=0.").await;
        assert!(!printed.contains("7777"), "{printed:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_socket_the_word_goes_by_the_terminal() {
    with("", async |server| {
        let without = "unset BOWLINE_SOCKET";
        says(server, &format!("{without}; bowline status done"), DONE).await;
        // As agents start hooks: no terminal of its own, nothing inherited.
        let hook = format!("setsid -w {BINARY} status waiting </dev/null >/dev/null 2>&1");
        says(server, &format!("{without}; {hook}"), WAITING).await;
        // In tmux, which is asked to pass it on; it does once it has drawn.
        let inside = format!(
            "until [ -n \"$(tmux list-clients)\" ]; do :; done; {BINARY} status done; exec sleep 1000"
        );
        let tmux = format!(
            "{without}; echo 'set -g allow-passthrough on' > tmux.conf; \
             exec tmux -S $PWD/socket -f tmux.conf new '{inside}'"
        );
        let body = json!({"command": ["/bin/sh", "-c", tmux], "cwd": server.folder.path()});
        let (_, created) = server.post("/api/session", body).await;
        let session = created["session_id"].as_str().unwrap().parse().unwrap();
        is_told(server, session, DONE).await;
        let mut end = Command::new("tmux");
        end.arg("-S").arg(server.folder.path().join("socket"));
        assert!(end.arg("kill-server").status().unwrap().success());
    })
    .await;
}

#[tokio::test]
async fn a_leftover_socket_is_replaced_and_a_long_path_shortened() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let leftover = folder.path().join("state/control.sock");
    std::fs::create_dir(folder.path().join("state")).unwrap();
    drop(UnixListener::bind(&leftover).unwrap());
    let server = TestServer::start("", folder).await;
    says(&server, "bowline status waiting", WAITING).await;
    let _folder = server.stop().await;
    assert!(!leftover.exists());

    let deep = tempfile::Builder::new().prefix(&"d".repeat(120)).tempdir();
    let server = TestServer::start("", Arc::new(deep.unwrap())).await;
    let session = says(
        &server,
        "bowline status done; echo at=$BOWLINE_SOCKET.",
        DONE,
    )
    .await;
    let printed = server.printed(session, ".\r\n").await;
    let (_, path) = printed.split_once("at=").unwrap();
    let path = path.strip_suffix(".\r\n").unwrap();
    assert!(
        path.len() < 108 && path.starts_with("/tmp/bowline-"),
        "{path}"
    );
    server.stop().await;
    assert!(!std::path::Path::new(path).parent().unwrap().exists());
}

#[tokio::test]
async fn who_is_not_heard_says_why() {
    with("", async |server| {
        let socket = server.folder.path().join("state/control.sock");
        let unknown = "0".repeat(32);
        // A session without a terminal, and nobody above it that has one.
        let line = format!(
            "exec env -i BOWLINE_SOCKET={} BOWLINE_SESSION={unknown} {BINARY} status done",
            socket.display()
        );
        let mut command = tokio::process::Command::new("setsid");
        command.args(["-w", "sh", "-c", &line]).stdin(Stdio::null());
        let output = command.output().await.unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        if !output.status.success() {
            assert!(message.contains("does not exist"), "{message}");
        }
        let output = Command::new(BINARY).args(["status", "sleeping"]).output();
        let message = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(
            message.contains("working, waiting, done, clear"),
            "{message}"
        );
    })
    .await;
}

/// The commands of the hooks in the documentation, each with the word it says.
fn documented_hooks() -> Vec<(String, String)> {
    let document = include_str!("../../../docs/programs.md");
    let blocks = document.split("```json\n").skip(1);
    let hooks = blocks.flat_map(|block| {
        let block = block.split("```").next().unwrap();
        let settings: serde_json::Value = serde_json::from_str(block).unwrap();
        let events = settings["hooks"].as_object().unwrap().clone();
        let groups = events.into_values();
        let groups = groups.flat_map(|groups| groups.as_array().unwrap().clone());
        let hooks = groups.flat_map(|group| group["hooks"].as_array().unwrap().clone());
        let commands: Vec<String> = hooks
            .map(|hook| {
                assert_eq!(hook["type"], "command");
                hook["command"].as_str().unwrap().to_owned()
            })
            .collect();
        commands
    });
    let words = hooks.map(|command| {
        let (_, rest) = command.split_once(" status ").unwrap();
        let word = rest.split(' ').next().unwrap().to_owned();
        (command, word)
    });
    words.collect()
}

#[tokio::test]
async fn every_hook_in_the_documentation_is_heard() {
    with("", async |server| {
        let hooks = documented_hooks();
        assert_eq!(hooks.len(), 14);
        let mut distinct: Vec<_> = hooks.into_iter().collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 4, "one command for each word: {distinct:?}");
        for (command, word) in distinct {
            // As agents start hooks, from a program that reads keys and does nothing by itself.
            let hook = format!("setsid -w sh -c '{command}' </dev/null");
            let keys = format!("BOWLINE_BIN={BINARY}; export BOWLINE_BIN; stty -icanon");
            match word.as_str() {
                "working" => _ = says(server, &format!("{keys}; {hook}"), Activity::Running).await,
                "waiting" => _ = says(server, &format!("{keys}; {hook}"), WAITING).await,
                "done" => _ = says(server, &format!("{keys}; {hook}"), DONE).await,
                "clear" => {
                    let line = format!("{keys}; bowline status working; read go; {hook}");
                    let session = says(server, &line, Activity::Running).await;
                    let body = json!({"session_id": session.to_string(), "input": "\n"});
                    server.post("/api/input", body).await;
                    is_told(server, session, Activity::Idle).await;
                }
                other => panic!("{other} is no status"),
            }
        }
        // Where there is no Bowline, a hook neither fails nor speaks.
        for (command, _) in documented_hooks() {
            let mut shell = Command::new("sh");
            let shell = shell.args(["-c", &command]).env_clear();
            let output = shell.env("PATH", "/usr/bin:/bin").output().unwrap();
            assert!(output.status.success(), "{command}");
            assert_eq!(
                (output.stdout.len(), output.stderr.len()),
                (0, 0),
                "{command}"
            );
        }
    })
    .await;
}
