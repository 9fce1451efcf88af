//! Starting, ending, starting again.

use std::sync::Arc;

use bowline_protocol::ServerFrame;
use bowline_protocol::frame::Notice;
use bowline_server::Server;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Socket, TestServer, with};

#[tokio::test]
async fn a_restart_keeps_logins_and_tabs() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start("", folder).await;
    let login = server.log_in().await;
    let tabs = json!({"tabs": [{"id": "t", "name": "build", "pane": {"id": "p", "session": null}}],
        "active": "t"});
    let body = json!({"revision": 0, "workspace": tabs});
    let (status, _) = server.post("/api/workspace", body).await;
    assert_eq!(status, StatusCode::OK);

    let server = TestServer::start("", server.stop().await).await;
    let request = server.bare(Method::GET, "/api/workspace");
    let request = request.header("cookie", &login.cookie);
    let response = request
        .header("bowline-proof", &login.proof)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let kept: serde_json::Value = response.json().await.unwrap();
    assert_eq!(kept, json!({"revision": 1, "workspace": tabs}));
    server.stop().await;
}

#[tokio::test]
async fn the_end_is_told_and_leaves_no_program() {
    let server = TestServer::start("", Arc::new(tempfile::tempdir().unwrap())).await;
    let session = server.script("echo pid=$$.; exec sleep 1000").await;
    let mut socket = Socket::connect(&server, 1, 1).await;
    socket.attach(session).await;
    let mut seen = String::new();
    let pid = loop {
        let frame = socket.next().await.unwrap();
        seen.push_str(&String::from_utf8_lossy(&frame.payload));
        if let Some((_, rest)) = seen.split_once("pid=")
            && let Some((pid, _)) = rest.split_once('.')
        {
            break pid.to_owned();
        }
    };
    assert!(std::path::Path::new("/proc").join(&pid).exists());

    server.stop().await;
    assert!(!std::path::Path::new("/proc").join(&pid).exists());
    socket
        .until(|frame| match frame {
            ServerFrame::Notice { notice } => (*notice == Notice::Restart).then_some(()),
            _ => None,
        })
        .await;
    assert_eq!(socket.closed().await, 1001);
}

#[tokio::test]
async fn a_held_poll_does_not_hold_up_the_end() {
    let server = TestServer::start("", Arc::new(tempfile::tempdir().unwrap())).await;
    let request = |path: &str| {
        let request = server.request(Method::POST, path);
        let request = request.header("bowline-client", "01".repeat(16));
        let request = request
            .header("bowline-generation", "1")
            .header("bowline-seq", "0");
        request.header("bowline-hold", "20000")
    };
    let hello = crate::support::batch(&[(crate::support::hello(1, 1, None), "")]);
    let opened = request("/link/send")
        .header("bowline-hold", "0")
        .body(hello);
    assert_eq!(opened.send().await.unwrap().status(), StatusCode::OK);
    let poll = tokio::spawn(request("/link/poll").send());
    // The server ends within its ten seconds, whatever the poll still waits for.
    server.stop().await;
    drop(poll.await.unwrap());
}

#[tokio::test]
async fn one_state_folder_serves_one_server() {
    with("", async |server| {
        use clap::Parser as _;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut raw = bowline_server::config::Cli::parse_from(["bowline"]).into_serve();
        raw.files.state_dir = Some(server.folder.path().join("state"));
        let second = Server::new(raw.resolve(|_| None).unwrap(), listener).await;
        assert!(second.err().unwrap().to_string().contains("--state-dir"));
    })
    .await;
}

/// Why a server with these settings does not start on this address.
async fn refusal(arguments: &str, address: &str) -> String {
    use clap::Parser as _;

    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
    let mut raw = bowline_server::config::Cli::parse_from(arguments).into_serve();
    raw.files.state_dir = Some(folder.path().to_owned());
    let server = Server::new(raw.resolve(|_| None).unwrap(), listener).await;
    server.err().unwrap().to_string()
}

#[tokio::test]
async fn settings_that_would_let_in_everybody_or_nobody_are_refused() {
    let everywhere = refusal("--auth none", "0.0.0.0:0").await;
    assert!(everywhere.contains("loopback"), "{everywhere}");
    let owner = "--owner ana@example.com";
    let unproven = refusal(&format!("--auth proxy {owner}"), "127.0.0.1:0").await;
    assert!(unproven.contains("--trusted-proxy"), "{unproven}");
    let nobody = refusal("--auth proxy --trusted-proxy 127.0.0.1", "127.0.0.1:0").await;
    assert!(nobody.contains("--owner"), "{nobody}");
}
