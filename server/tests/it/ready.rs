//! What probes are told: that the server lives, and whether it can do its work.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

use crate::keepers::Keepers;
use crate::support::{DEADLINE, TestServer};

/// Asks until the answer has this status, and gives what it says.
async fn until(server: &TestServer, status: StatusCode) -> String {
    let asking = async {
        loop {
            let answer = server.bare(Method::GET, "/ready").send().await.unwrap();
            if answer.status() == status {
                return answer.text().await.unwrap();
            }
        }
    };
    timeout(DEADLINE, asking).await.expect("it becomes so")
}

async fn is_alive(server: &TestServer) {
    let answer = server.bare(Method::GET, "/health").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_server_whose_keeper_does_not_answer_is_not_ready() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let keepers = Keepers::of(&folder);
    // Another file than the server's own, so that it can be taken away.
    let program = folder.path().join("bowline");
    std::fs::copy(env!("CARGO_BIN_EXE_bowline"), &program).unwrap();
    let wrapper = "shift; exec \"$HOME/bowline\" \"$@\"";
    let settings = "--keeper auto --on-exit end";
    let (server, pid) = TestServer::start_binary(wrapper, settings, folder.clone()).await;
    assert_eq!(until(&server, StatusCode::OK).await, "ready\n");
    let [keeper] = keepers.pids()[..] else {
        panic!("one keeper");
    };

    kill_process(keeper, Signal::STOP).unwrap();
    let said = until(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(said.contains("keeps the sessions"), "{said}");
    is_alive(&server).await;
    kill_process(keeper, Signal::CONT).unwrap();
    until(&server, StatusCode::OK).await;

    // Gone, and no other can be started.
    let aside: PathBuf = folder.path().join("aside");
    std::fs::rename(&program, &aside).unwrap();
    kill_process(keeper, Signal::KILL).unwrap();
    until(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    is_alive(&server).await;
    std::fs::rename(&aside, &program).unwrap();
    until(&server, StatusCode::OK).await;
    end(server, pid).await;
}

async fn end(server: TestServer, pid: Pid) {
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready_while_it_still_answers() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, pid) = TestServer::start_binary("exec \"$@\"", "", folder).await;
    // It takes its time to end.
    let session = server
        .script("trap '' HUP TERM; echo up; while :; do sleep 1000; done")
        .await;
    let mut socket = crate::support::Socket::connect(&server, 1, 1).await;
    socket.attach(session).await;
    socket.until_text("up").await;
    kill_process(pid, Signal::TERM).unwrap();
    let said = until(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said, "not ready: the server is ending\n");
    is_alive(&server).await;
    server.ended().await.unwrap();
}
