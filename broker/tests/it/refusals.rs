//! What is not passed on. After each refusal, the next thing that the workspace hears is a request that is.

use bowline_broker::{PREFIX, Secret};

use crate::support::Stage;

/// Asks something that is passed on, and nothing came before it.
async fn nothing_came_through(stage: &Stage) {
    let mut client = stage.connect().await;
    client.say(&stage.responses("x-last: 1\r\n")).await;
    let mut workspace = stage.asked().await;
    assert!(workspace.has("x-last: 1"), "{}", workspace.head);
    workspace
        .say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .await;
    client.read_head().await;
    assert_eq!(client.status(), 200);
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let stage = Stage::set(|_| {}).await;
    let (port, secret) = (stage.port, stage.secret.expose());
    let wrong = Secret::random();
    let wrong = wrong.expose();
    for head in [
        format!("host: 127.0.0.1:{port}\r\n"),
        format!("host: 127.0.0.1:{port}\r\nauthorization: Bearer {wrong}\r\n"),
        format!("host: 127.0.0.1:{port}\r\nx-api-key: {wrong}\r\n"),
        format!("host: 127.0.0.1:{port}\r\ncookie: key={secret}\r\n"),
        // A page of another site that had its name lead here.
        format!("host: evil.tld:{port}\r\nx-api-key: {secret}\r\n"),
        format!("host: 127.0.0.1:{port}\r\nhost: evil.tld\r\nx-api-key: {secret}\r\n"),
        format!("x-api-key: {secret}\r\n"),
    ] {
        let mut told = Vec::new();
        for path in [&*format!("{PREFIX}/openai/responses"), "/", "/bowline"] {
            let request = format!("POST {path} HTTP/1.1\r\n{head}content-length: 0\r\n\r\n");
            let mut client = stage.ask(&request).await;
            assert_eq!(client.status(), 401, "{head}");
            told.push(client.rest().await);
        }
        assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
        assert!(!told[0].contains(secret));
    }
    nothing_came_through(&stage).await;
}

#[tokio::test]
async fn only_the_paths_of_model_apis_are_passed_on() {
    let stage = Stage::set(|_| {}).await;
    for line in [
        "POST /api/2.0/token/create".to_owned(),
        format!("POST {PREFIX}/openai/../../api/2.0/token/create"),
        format!("POST {PREFIX}/openai/..%2f..%2fapi/2.0/token/create"),
        format!("POST {PREFIX}/openai//responses"),
        format!("POST /{PREFIX}/openai/responses"),
        format!("DELETE {PREFIX}/openai/responses"),
        format!("GET {PREFIX}/openai/responses"),
        format!("POST http://evil.tld{PREFIX}/openai/responses"),
        format!(
            "POST http://127.0.0.1:{}{PREFIX}/openai/responses",
            stage.port
        ),
        "OPTIONS *".to_owned(),
    ] {
        let client = stage.ask(&stage.request(&line, "")).await;
        assert_eq!(client.status(), 404, "{line}");
    }
    let tunnel = stage.request("CONNECT evil.tld:443", "");
    assert!(stage.ask(&tunnel).await.status() >= 400);
    nothing_came_through(&stage).await;
}

#[tokio::test]
async fn an_upgrade_is_not_passed_on() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    let more = "connection: upgrade\r\nupgrade: websocket\r\n";
    client.say(&stage.responses(more)).await;
    let workspace = stage.asked().await;
    assert!(!workspace.head.contains("upgrade"), "{}", workspace.head);
}
