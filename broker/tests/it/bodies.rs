//! Large bodies, and those that are too large.

use crate::support::Stage;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_large_body_goes_through_whole() {
    let stage = Stage::set(|_| {}).await;
    let size = 24 * MIB;
    let mut client = stage.connect().await;
    client
        .say(&stage.responses(&format!("content-length: {size}\r\n\r\n")))
        .await;
    let sending = async {
        assert!(client.try_say(&vec![b'x'; size]).await);
        client
    };
    let taking = async {
        let mut workspace = stage.asked().await;
        workspace.take(size).await;
        workspace
            .say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine")
            .await;
    };
    let (mut client, ()) = tokio::join!(sending, taking);
    client.read_head().await;
    client.hear("fine").await;
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_at_once() {
    let stage = Stage::set(|limits| limits.body = 10).await;
    let mut client = stage
        .ask(&stage.responses("content-length: 11\r\n\r\n"))
        .await;
    assert_eq!(client.status(), 413);
    assert!(client.rest().await.contains("larger than any may be"));
}

#[tokio::test]
async fn one_that_does_not_say_it_is_cut_off() {
    let stage = Stage::set(|limits| limits.body = 10).await;
    let mut client = stage.connect().await;
    client
        .say(&stage.responses("transfer-encoding: chunked\r\n\r\n6\r\nsome..\r\n"))
        .await;
    let mut workspace = stage.asked().await;
    workspace.hear("6\r\nsome..\r\n").await;
    client.say("6\r\nmore..\r\n").await;
    // Not as if it were whole.
    assert_eq!(workspace.rest().await, "");
    client.read_head().await;
    assert_eq!(client.status(), 413);
}
