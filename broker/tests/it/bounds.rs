//! How many connections there are at a time, and how long one may be silent.

use std::time::Duration;

use crate::support::{End, Stage};

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

async fn exchange(stage: &Stage, client: &mut End, workspace: &mut End, mark: &str) {
    client
        .say(&stage.responses(&format!("x-mark: {mark}\r\n")))
        .await;
    workspace.read_head().await;
    assert!(
        workspace.has(&format!("x-mark: {mark}")),
        "{}",
        workspace.head
    );
    workspace.say(FINE).await;
    client.read_head().await;
    client.hear("fine").await;
}

#[tokio::test]
async fn further_connections_wait_until_one_ends() {
    let stage = Stage::set(|limits| limits.connections = 1).await;
    let mut first = stage.connect().await;
    first.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    workspace.say(FINE).await;
    first.read_head().await;
    first.hear("fine").await;
    let mut second = stage.connect().await;
    second.say(&stage.responses("x-mark: second\r\n")).await;
    // The first goes on alone, and the second is not heard meanwhile.
    for mark in ["a", "b", "c"] {
        exchange(&stage, &mut first, &mut workspace, mark).await;
    }
    drop(first);
    workspace.read_head().await;
    assert!(workspace.has("x-mark: second"), "{}", workspace.head);
    workspace.say(FINE).await;
    second.read_head().await;
    second.hear("fine").await;
}

#[tokio::test]
async fn who_says_nothing_does_not_keep_a_place() {
    let stage = Stage::set(|limits| limits.head_within = Duration::from_millis(20)).await;
    let mut silent = stage.connect().await;
    assert_eq!(silent.rest().await, "");
    let mut slow = stage.connect().await;
    slow.say("POST / HTTP/1.1\r\nhost").await;
    assert!(!slow.rest().await.contains("200"));
}

#[tokio::test]
async fn a_workspace_that_says_nothing_is_given_up() {
    let stage = Stage::set(|limits| limits.silence = Duration::from_millis(20)).await;
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    client.read_head().await;
    assert_eq!(client.status(), 504);
    assert_eq!(workspace.rest().await, "");
}
