//! Peers that say nothing or read nothing, and what becomes of them, in time that passes at once.

use std::task::Poll;

use bowline_protocol::codec::encode;
use bowline_terminal::Options;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::*;

fn service() -> Arc<Service> {
    let sessions = Sessions::new(Options::default());
    let server = ServerId::from_bytes([9; 16]);
    Arc::new(Service {
        links: Links::new(sessions.clone(), server),
        sessions,
        server,
        program: "a program".to_owned(),
        versions: vec![1],
        commands: mpsc::channel(1).0,
        traffic: Traffic::default(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_say_what_it_is_for_ends() {
    let hello = encode(&ToKeeper::Hello { versions: vec![1] });
    for said in [&b""[..], &hello[..3], &hello] {
        let service = service();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(said).await.unwrap();
        let begun = Instant::now();
        let ended = service.connection(ours).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), PURPOSE_WITHIN.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn links_are_cut_and_those_that_come_meanwhile_too() {
    let service = service();
    let never = || service.until_cut(std::future::pending());
    let mut before = Box::pin(never());
    assert!(futures_poll(before.as_mut()).await.is_pending());
    let (resting, ended) = tokio::join!(service.traffic.rest(), before);
    ended.unwrap();
    let resting = resting.unwrap();
    // It was accepted before, and says only now that it is a link.
    never().await.unwrap();
    drop(resting);
    let mut after = Box::pin(never());
    assert!(futures_poll(after.as_mut()).await.is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_question_without_end_keeps_the_keeper_as_it_is() {
    let service = service();
    let answering = service.traffic.answering.read().await;
    assert!(service.traffic.rest().await.is_none());
    // What was begun is as if it had not been.
    assert!(!service.traffic.cut().is_cancelled());
    drop(answering);
    assert!(service.traffic.rest().await.is_some());
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut future).poll(context))).await
}
