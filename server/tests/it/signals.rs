//! The binary and what ends it: one SIGTERM, two, SIGKILL; with sessions that end with it and sessions that
//! don't.

use std::process::Command;
use std::sync::Arc;

use bowline_protocol::frame::{Mode, Notice, Size};
use bowline_protocol::{ClientFrame, LogPosition, ServerFrame, SessionId};
use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{DEADLINE, Socket, TestServer, input};

const PLAIN: &str = "exec \"$@\"";

fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

/// Ends a test's tmux server, if there is one, whatever becomes of the test.
struct Tmux(Arc<TempDir>);

impl Tmux {
    fn ask(&self, arguments: &[&str]) -> String {
        let socket = self.0.path().join("state/tmux.sock");
        let output = Command::new("tmux")
            .arg("-S")
            .arg(socket)
            .args(arguments)
            .output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
}

async fn dies(pid: i32) {
    let dead = async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, dead).await.expect("it dies");
}

/// Reads output until a text comes that ends with `;`, and gives what stands between.
async fn after(socket: &mut Socket, text: &str) -> String {
    let mut seen = String::new();
    let looking = async {
        loop {
            let frame = socket.next().await.expect("the socket stays open");
            seen.push_str(&String::from_utf8_lossy(&frame.payload));
            if let Some((_, rest)) = seen.split_once(text)
                && let Some((found, _)) = rest.split_once(';')
            {
                return found.to_owned();
            }
        }
    };
    let found = tokio::time::timeout(DEADLINE, looking).await;
    found.unwrap_or_else(|_| panic!("no {text:?} in {seen:?}"))
}

/// A session of this command for a pane, and the number that it prints as `pid=123;`.
async fn session(server: &TestServer, pane: &str, script: &str) -> (SessionId, Socket, i32) {
    let body =
        json!({"command": ["/bin/bash", "--norc", "--noprofile", "-c", script], "pane_id": pane});
    let (status, created) = server.post("/api/session", body).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    assert_eq!(created.get("notice"), None);
    let session = created["session_id"].as_str().unwrap().parse().unwrap();
    let mut socket = Socket::connect(server, pane.as_bytes()[0], 1).await;
    socket.attach(session).await;
    let pid = after(&mut socket, "pid=").await.parse().unwrap();
    (session, socket, pid)
}

async fn rows(server: &TestServer) -> Vec<Value> {
    server.get("/api/sessions").await.1["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

fn signal(pid: Pid, signal: Signal) {
    kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn in_tmux_sessions_outlive_a_killed_server_with_their_content() {
    let folder = folder();
    let tmux = Tmux(folder.clone());
    let (server, pid) = TestServer::start_binary(PLAIN, "--tmux on", folder.clone()).await;
    let (id, mut socket, shell) = session(
        &server,
        "1",
        "echo pid=$$';'; exec bash --norc --noprofile -i",
    )
    .await;
    let log = socket.attach(id).await;
    socket
        .send(&[input(id, log, 0, "X=kept; echo con''tent\r")])
        .await;
    socket.until_text("content").await;
    assert_eq!(
        server.get("/api/tmux-sessions").await.1,
        json!({"sessions": [1]})
    );
    signal(pid, Signal::KILL);
    assert!(server.ended().await.is_err());
    assert!(is_alive(shell));

    let (server, pid) = TestServer::start_binary(PLAIN, "--tmux on", folder.clone()).await;
    let row = &rows(&server).await[0];
    assert_eq!(
        (&row["session_id"], &row["pane_id"]),
        (&json!(id.to_string()), &json!("1"))
    );
    assert_eq!(row["tmux"], 1);
    assert_ne!(row["state"], "exited");
    assert_eq!(row["process"], "bash");
    // The page comes back and says how far it was: it is told that the log began anew, and gets the screen.
    let mut socket = Socket::connect(&server, 1, 2).await;
    let from = Some(LogPosition { log, offset: 5 });
    let attach = ClientFrame::Attach {
        session: id,
        from,
        mode: Mode::Screen,
        size: Size::default(),
    };
    socket.send(&[(attach, "")]).await;
    let (new, start) = socket
        .until(|frame| match frame {
            ServerFrame::Attached { from, .. } => Some((from.log, from.offset)),
            _ => None,
        })
        .await;
    assert!(new != log && start == 0);
    socket.until_text("content").await;
    socket
        .send(&[input(id, new, 0, "echo n''ow=$X';'\r")])
        .await;
    assert_eq!(after(&mut socket, "now=").await, "kept");
    // A create for the pane finds it.
    let (_, again) = server.post("/api/session", json!({"pane_id": "1"})).await;
    assert_eq!(
        again,
        json!({"session_id": id.to_string(), "reattached": true})
    );

    // Killed for good, it is gone everywhere.
    let body = json!({"session": 1});
    let (status, _) = server.post("/api/tmux-session/close", body.clone()).await;
    assert_eq!(status, StatusCode::OK);
    dies(shell).await;
    let (status, error) = loop {
        let (status, error) = server.post("/api/tmux-session/close", body.clone()).await;
        if status != StatusCode::OK {
            break (status, error);
        }
    };
    assert_eq!(
        (status, &error["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("gone"))
    );
    assert_eq!(
        server.get("/api/tmux-sessions").await.1,
        json!({"sessions": []})
    );
    signal(pid, Signal::TERM);
    server.ended().await.unwrap();
    assert_eq!(tmux.ask(&["list-sessions"]), "");
}

#[tokio::test]
async fn without_tmux_a_killed_server_takes_its_sessions_along() {
    let (server, pid) = TestServer::start_binary(PLAIN, "", folder()).await;
    let (_, _, shell) = session(&server, "1", "sleep 3001 & echo pid=$!';'; wait").await;
    signal(pid, Signal::KILL);
    assert!(server.ended().await.is_err());
    dies(shell).await;
}

#[tokio::test]
async fn at_the_end_sessions_in_tmux_are_kept_or_ended_as_asked() {
    for (on_exit, lives) in [
        ("", true),
        ("--on-exit keep", true),
        ("--on-exit end", false),
    ] {
        let folder = folder();
        let tmux = Tmux(folder.clone());
        let arguments = format!("--tmux on {on_exit}");
        let (server, pid) = TestServer::start_binary(PLAIN, &arguments, folder.clone()).await;
        let (id, mut socket, shell) =
            session(&server, "1", "echo pid=$$';'; exec sleep 3002").await;
        signal(pid, Signal::TERM);
        let told = |frame: &ServerFrame| match frame {
            ServerFrame::Notice { notice } => (*notice == Notice::Restart).then_some(()),
            _ => None,
        };
        socket.until(told).await;
        // Who looks is not told that a session ended which didn't.
        let mut ends = 0;
        let code = loop {
            match socket.next().await {
                Ok(framed) => {
                    ends += usize::from(
                        matches!(framed.frame, ServerFrame::Event { session, .. } if session == id),
                    );
                }
                Err(code) => break code,
            }
        };
        assert_eq!((code, ends > 0), (1001, !lives), "{on_exit}");
        server.ended().await.unwrap();
        assert_eq!(is_alive(shell), lives, "{on_exit}");
        assert_eq!(tmux.ask(&["list-sessions"]).is_empty(), !lives, "{on_exit}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_and_leaves_nothing() {
    let (server, pid) = TestServer::start_binary(PLAIN, "", folder()).await;
    // It ignores what would end it politely, and has a child in another group that does too.
    let script =
        "trap '' HUP TERM; set -m; sleep 3003 & echo pid=$!';'; while :; do sleep 3004; done";
    let (_, mut socket, deaf) = session(&server, "1", script).await;
    signal(pid, Signal::TERM);
    socket
        .until(|frame| matches!(frame, ServerFrame::Notice { .. }).then_some(()))
        .await;
    signal(pid, Signal::TERM);
    let ended = server.ended().await.unwrap_err();
    assert!(ended.contains("exit status: 1"), "{ended}");
    dies(deaf).await;
}
