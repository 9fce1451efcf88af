//! What goes through, and how.

use bowline_broker::PREFIX;

use crate::support::Stage;

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

#[tokio::test]
async fn a_request_goes_on_with_the_token_in_place_of_the_secret() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    let more =
        "x-mine: 1\r\ncookie: a=b\r\nx-forwarded-for: 10.0.0.1\r\ncontent-length: 4\r\n\r\nbody";
    client.say(&stage.responses(more)).await;
    let mut workspace = stage.asked().await;
    assert!(
        workspace
            .head
            .starts_with("post /base/openai/responses http/1.1\r\n")
    );
    assert!(
        workspace.has("authorization: bearer t1"),
        "{}",
        workspace.head
    );
    assert!(workspace.has("x-mine: 1") && workspace.has("content-length: 4"));
    for gone in [
        stage.secret.expose(),
        "cookie",
        "x-forwarded",
        &stage.port.to_string(),
    ] {
        assert!(!workspace.head.contains(gone), "{gone}: {}", workspace.head);
    }
    workspace.hear("body").await;
    let answer =
        "HTTP/1.1 418 Teapot\r\nx-theirs: 2\r\nset-cookie: a=b\r\ncontent-length: 4\r\n\r\nfine";
    workspace.say(answer).await;
    client.read_head().await;
    assert_eq!(client.status(), 418);
    assert!(client.has("x-theirs: 2") && !client.head.contains("set-cookie"));
    client.hear("fine").await;
}

#[tokio::test]
async fn each_api_is_asked_at_its_place_by_whatever_header_its_tools_use() {
    let stage = Stage::set(|_| {}).await;
    let (port, secret) = (stage.port, stage.secret.expose());
    for (line, credential, asked) in [
        (
            "anthropic/v1/messages?beta=true",
            "x-api-key: ",
            "/base/anthropic/v1/messages?beta=true",
        ),
        (
            "gemini/v1beta/models/m-1:streamGenerateContent?alt=sse",
            "x-goog-api-key: ",
            "/base/gemini/v1beta/models/m-1:streamgeneratecontent?alt=sse",
        ),
        (
            "chat/chat/completions",
            "authorization: bearer ",
            "/base/chat/chat/completions",
        ),
    ] {
        let mut client = stage.connect().await;
        let request = format!(
            "POST {PREFIX}/{line} HTTP/1.1\r\nhost: localhost:{port}\r\n{credential}{secret}\r\ncontent-length: 0\r\n\r\n"
        );
        client.say(&request).await;
        let mut workspace = stage.asked().await;
        let first = workspace.head.lines().next().unwrap().to_owned();
        assert_eq!(first, format!("post {asked} http/1.1"));
        assert!(workspace.has("authorization: bearer t1") && !workspace.head.contains(secret));
        assert!(!workspace.head.contains("api-key"), "{}", workspace.head);
        workspace
            .say("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            .await;
        client.read_head().await;
        assert_eq!(client.status(), 200);
    }
}

#[tokio::test]
async fn an_answer_arrives_piece_by_piece() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    workspace.say(head).await;
    // Before there is anything of its body.
    client.read_head().await;
    assert!(client.has("content-type: text/event-stream"));
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        workspace.say(&format!("9\r\n{event}\r\n")).await;
        client.hear(&format!("9\r\n{event}\r\n")).await;
    }
    workspace.say("0\r\n\r\n").await;
    client.hear("0\r\n\r\n").await;
    // The connection is used again.
    client.say(&stage.responses("")).await;
    workspace.read_head().await;
    workspace.say(FINE).await;
    client.read_head().await;
    client.hear("fine").await;
}

#[tokio::test]
async fn a_request_leaves_piece_by_piece() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client
        .say(&stage.responses("transfer-encoding: chunked\r\n\r\n"))
        .await;
    client.say("5\r\nfirst\r\n").await;
    let mut workspace = stage.asked().await;
    workspace.hear("5\r\nfirst\r\n").await;
    client.say("6\r\nsecond\r\n0\r\n\r\n").await;
    workspace.hear("6\r\nsecond\r\n0\r\n\r\n").await;
    workspace.say(FINE).await;
    client.read_head().await;
    client.hear("fine").await;
}

#[tokio::test]
async fn a_redirect_is_followed_by_nobody() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    let answer = "HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    workspace.say(answer).await;
    client.read_head().await;
    assert_eq!(client.status(), 502);
    assert!(!client.head.contains("location"), "{}", client.head);
    assert!(client.rest().await.contains("sends elsewhere"));
}

#[tokio::test]
async fn a_client_that_goes_away_ends_what_it_asked() {
    let stage = Stage::set(|_| {}).await;
    // Before there is an answer,
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    drop(client);
    assert_eq!(workspace.rest().await, "");
    // and in the middle of it.
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    workspace
        .say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome")
        .await;
    client.read_head().await;
    client.hear("some").await;
    drop(client);
    assert_eq!(workspace.rest().await, "");
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_here_too() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    workspace
        .say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsome\r\n")
        .await;
    client.read_head().await;
    drop(workspace);
    // Not as if it were whole.
    assert_eq!(client.rest().await, "4\r\nsome\r\n");
}

#[tokio::test]
async fn the_broker_ends_with_what_goes_through_it_and_its_port_is_free() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    assert_eq!(
        stage.broker.url(),
        format!("http://127.0.0.1:{}{PREFIX}", stage.port)
    );
    let port = stage.port;
    drop(stage);
    assert_eq!(workspace.rest().await, "");
    assert_eq!(client.rest().await, "");
    assert_eq!(bowline_broker::Bound::at(port).await.unwrap().port(), port);
}
