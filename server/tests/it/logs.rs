//! One line for each request, in a form that programs read.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Socket, TestServer};

#[tokio::test]
async fn each_request_is_one_line_with_its_route_and_number() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let wrapper = "exec \"$@\" 2>\"$HOME/log\"";
    let settings = "--log-format json --log access=debug --base-path /below/";
    let (server, pid) = TestServer::start_binary(wrapper, settings, folder.clone()).await;
    let mut ids = Vec::new();
    let mut ask = async |method: Method, path: &str, body: Option<Value>| {
        let mut request = server.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        ids.push(
            answer.headers()["bowline-request"]
                .to_str()
                .unwrap()
                .to_owned(),
        );
        (answer.status(), answer.text().await.unwrap())
    };
    let command = json!({"command": ["/bin/cat"]});
    let (_, created) = ask(Method::POST, "/below/api/session", Some(command)).await;
    let created: Value = serde_json::from_str(&created).unwrap();
    let session = &created["session_id"];
    let body = json!({"session_id": session});
    ask(Method::POST, "/below/api/output", Some(body.clone())).await;
    let (status, _) = ask(Method::GET, "/below/nothing?secret", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    ask(Method::GET, "/beside", None).await;
    ask(Method::HEAD, "/below/health", None).await;
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();

    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            assert_eq!(line["target"], "access");
            assert_eq!(line["from"], "127.0.0.1");
            assert!(line["seconds"].is_f64() && line["cut"].is_null(), "{line}");
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (
                text("method"),
                text("route"),
                line["status"].as_u64().unwrap(),
            )
        })
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(method, route, status)| (method.as_str(), route.as_str(), *status))
        .collect();
    assert_eq!(
        told,
        [
            ("POST", "/api/session", 200),
            ("POST", "/api/output", 200),
            ("other", "other", 404),
            ("other", "other", 404),
            ("GET", "/health", 200),
        ]
    );
    assert_eq!(lines[1]["session"], *session);
    assert_eq!(lines[1]["bytes_in"], body.to_string().len());
    assert!(lines[1]["bytes_out"].as_u64().unwrap() > 0);
    let said: Vec<&str> = lines
        .iter()
        .map(|line| line["request"].as_str().unwrap())
        .collect();
    assert_eq!(said, ids);
}

#[tokio::test]
async fn a_socket_is_told_of_when_it_closes() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let wrapper = "exec \"$@\" 2>\"$HOME/log\"";
    let settings = "--log-format json --log access=debug";
    let (server, pid) = TestServer::start_binary(wrapper, settings, folder.clone()).await;
    let path = folder.path().join("log");
    let socket = Socket::connect(&server, 1, 1).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    drop(socket);
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
    let log = std::fs::read_to_string(&path).unwrap();
    let line: Value = serde_json::from_str(log.trim_end()).unwrap();
    assert_eq!(
        (&line["route"], &line["status"]),
        (&json!("/link/socket"), &json!(101))
    );
}
