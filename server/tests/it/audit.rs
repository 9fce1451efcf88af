//! The audit trail of real servers: what is in it, what isn't, and that it goes on across restarts.

use std::sync::Arc;

use reqwest::Method;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{TOKEN, TestServer};

#[tokio::test]
async fn the_trail_goes_on_across_servers_and_holds_no_secrets() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    for round in 0..2 {
        let (server, pid) = TestServer::start_binary("exec \"$@\"", "", folder.clone()).await;
        for token in ["wrong-and-not-to-be-written", TOKEN] {
            let login = server.bare(Method::POST, "/api/login");
            let answer = login.json(&json!({ "token": token })).send().await.unwrap();
            assert_eq!(answer.status().is_success(), token == TOKEN);
        }
        let command = ["/bin/sh", "-c", "exit 3", "an-argument"];
        let body = json!({ "command": command, "label": format!("round {round}") });
        let (status, created) = server.post("/api/session", body).await;
        assert_eq!(status, 200, "{created}");
        let body = json!({ "session_id": created["session_id"] });
        while server.post("/api/output", body.clone()).await.1["exited"] != true {}
        let form = "--e\r\ncontent-disposition: form-data; name=file; filename=a.txt\r\n\r\nin the file\r\n--e--";
        let upload = server.request(Method::POST, "/api/upload").body(form);
        let upload = upload.header("content-type", "multipart/form-data; boundary=e");
        assert!(upload.send().await.unwrap().status().is_success());
        kill_process(pid, Signal::TERM).unwrap();
        server.ended().await.unwrap();
    }
    let text = std::fs::read_to_string(folder.path().join("state/audit.log")).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<&str> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    let round = [
        "server started",
        "login refused",
        "login",
        "session started",
        "session ended",
        "upload",
        "server ends",
    ];
    assert_eq!(messages, [round, round].concat());
    assert_eq!(lines[3]["label"], "round 0");
    assert_eq!(lines[3]["program"], "sh");
    assert_eq!(lines[3]["session"], lines[4]["session"]);
    assert_eq!(lines[4]["exit"], "Code(3)");
    assert_eq!(lines[5]["bytes"], 11);
    for line in [1, 2, 5] {
        assert_eq!(lines[line]["from"], "127.0.0.1");
    }
    let uploads = std::fs::read_dir(folder.path().join("uploads")).unwrap();
    let mut uploads = uploads.map(|file| file.unwrap().file_name().into_string().unwrap());
    let number = lines[5]["file"].as_str().unwrap();
    assert!(uploads.any(|name| name == format!("{number}-a.txt")));
    for secret in [
        TOKEN,
        "wrong-and-not-to-be-written",
        "an-argument",
        "in the file",
        "a.txt",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn who_comes_through_a_proxy_is_told_once() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let proxy = "--auth proxy --owner ana@example.com --trusted-proxy 127.0.0.1";
    let (server, pid) = TestServer::start_binary("exec \"$@\"", proxy, folder.clone()).await;
    for (who, from, status) in [
        ("Ana@example.com", "192.0.2.7", 200),
        ("ana@example.com", "192.0.2.7", 200),
        ("ana@example.com", "192.0.2.8", 200),
        ("eve@example.com", "192.0.2.9", 403),
    ] {
        let page = server
            .bare(Method::GET, "/")
            .header("x-forwarded-email", who);
        let page = page.header("x-forwarded-for", from).send().await.unwrap();
        assert_eq!(page.status(), status);
    }
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
    let text = std::fs::read_to_string(folder.path().join("state/audit.log")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let logins: Vec<Value> = lines.filter(|line| line["message"] == "login").collect();
    assert_eq!(logins.len(), 2, "{text}");
    for (login, from) in logins.iter().zip(["192.0.2.7", "192.0.2.8"]) {
        assert_eq!(login["with"], "proxy");
        assert_eq!(login["identity"], "ana@example.com");
        assert_eq!(login["from"], from);
    }
}
