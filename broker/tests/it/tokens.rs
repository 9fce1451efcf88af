//! Which token a request goes on with, also when that changes on the way.

use crate::support::{End, Stage};

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine";
const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";

async fn answered(client: &mut End, status: u16, text: &str) {
    client.read_head().await;
    assert_eq!(client.status(), status);
    client.hear(text).await;
}

#[tokio::test]
async fn each_request_has_the_token_of_its_time() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    for token in ["t1", "t2", "t3"] {
        stage.tell(Some(Ok(token)));
        client.say(&stage.responses("")).await;
        let mut workspace = stage.asked().await;
        assert!(workspace.has(&format!("authorization: bearer {token}")));
        workspace.say(FINE).await;
        answered(&mut client, 200, "fine").await;
    }
}

#[tokio::test]
async fn a_request_waits_for_a_token_that_is_being_made() {
    let stage = Stage::set(|_| {}).await;
    stage.tell(None);
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    stage.tell(Some(Ok("t2")));
    let mut workspace = stage.asked().await;
    assert!(workspace.has("authorization: bearer t2"));
    workspace.say(FINE).await;
    answered(&mut client, 200, "fine").await;
}

#[tokio::test]
async fn without_a_token_it_is_said_what_to_do() {
    let stage = Stage::set(|_| {}).await;
    stage.tell(Some(Err("give one in the page")));
    let mut client = stage.ask(&stage.responses("")).await;
    assert_eq!(client.status(), 503);
    assert!(client.rest().await.contains("give one in the page"));
}

#[tokio::test]
async fn a_token_that_was_replaced_on_the_way_is_no_reason_to_fail() {
    let stage = Stage::set(|_| {}).await;
    for more in [
        "content-length: 4\r\n\r\nbody",
        "transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ] {
        stage.tell(Some(Ok("t1")));
        let body = more.split_once("\r\n\r\n").unwrap().1;
        let mut client = stage.connect().await;
        client.say(&stage.responses(more)).await;
        let mut workspace = stage.asked().await;
        assert!(workspace.has("authorization: bearer t1"));
        workspace.hear(body).await;
        stage.tell(Some(Ok("t2")));
        workspace.say(REFUSED).await;
        let mut workspace = stage.asked().await;
        assert!(workspace.has("authorization: bearer t2"));
        workspace.hear(body).await;
        workspace.say(FINE).await;
        answered(&mut client, 200, "fine").await;
    }
}

#[tokio::test]
async fn a_body_that_is_still_coming_is_said_again_as_far_as_it_came() {
    let stage = Stage::set(|_| {}).await;
    let mut client = stage.connect().await;
    client
        .say(&stage.responses("content-length: 8\r\n\r\nhalf"))
        .await;
    let mut workspace = stage.asked().await;
    workspace.hear("half").await;
    stage.tell(Some(Ok("t2")));
    // Who is refused need not be heard to the end.
    workspace.say(REFUSED).await;
    let mut workspace = stage.asked().await;
    workspace.hear("half").await;
    client.say("rest").await;
    workspace.hear("rest").await;
    workspace.say(FINE).await;
    answered(&mut client, 200, "fine").await;
}

#[tokio::test]
async fn it_is_tried_once_more_only_with_another_token_and_only_once() {
    let stage = Stage::set(|_| {}).await;
    // The token is still the one in force: the workspace means it.
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    stage.asked().await.say(REFUSED).await;
    answered(&mut client, 403, "no").await;
    // Another one is refused, too.
    let mut client = stage.connect().await;
    client.say(&stage.responses("")).await;
    let mut workspace = stage.asked().await;
    stage.tell(Some(Ok("t2")));
    workspace.say(REFUSED).await;
    let mut workspace = stage.asked().await;
    stage.tell(Some(Ok("t3")));
    workspace.say(REFUSED).await;
    answered(&mut client, 403, "no").await;
}

#[tokio::test]
async fn what_is_too_large_to_be_kept_is_not_said_again() {
    let stage = Stage::set(|limits| limits.kept = 4).await;
    let mut client = stage.connect().await;
    client
        .say(&stage.responses("content-length: 5\r\n\r\nlarge"))
        .await;
    let mut workspace = stage.asked().await;
    workspace.hear("large").await;
    stage.tell(Some(Ok("t2")));
    workspace.say(REFUSED).await;
    answered(&mut client, 403, "no").await;
}
