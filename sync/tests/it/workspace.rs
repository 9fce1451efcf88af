//! What is true of the workspace alone: tokens that change, faults, and answers that make no sense.

use std::sync::{Arc, Mutex};

use bowline_double::{Double, Fault, Times};
use bowline_sync::store::{Store, StoreError, WorkspaceFiles};

use crate::far::{ANA, Far, Token, place};

#[tokio::test]
async fn a_token_that_was_replaced_meanwhile_is_no_failure() {
    let double = Double::start().await;
    double.give("fresh", ANA);
    let token = Arc::new(Token(Mutex::new(vec!["stale", "fresh"])));
    let root = double.root.parse().unwrap();
    let store = WorkspaceFiles::new(root, ANA, token).unwrap();
    store.put(&place("a/b.txt"), "x".into()).await.unwrap();
    assert_eq!(store.get(&place("a/b.txt")).await.unwrap().unwrap(), "x");

    let token = Arc::new(Token(Mutex::new(vec!["stale"])));
    let root = double.root.parse().unwrap();
    let store = WorkspaceFiles::new(root, ANA, token).unwrap();
    let refused = store.list(&place("a")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(403)), "{refused}");
}

#[tokio::test]
async fn what_is_busy_or_broken_for_a_moment_is_asked_again() {
    let far = Far::workspace().await;
    let double = far.double.clone().unwrap();
    for fault in [
        Fault::Broken,
        Fault::TooMany { retry_after: 0 },
        Fault::Truncated,
    ] {
        double.fault_at("/api/2.0/workspace/", fault, Times::Count(1));
        far.put("a.txt", "x").await;
        assert_eq!(far.text("a.txt").await.unwrap(), "x");
    }
}

#[tokio::test]
async fn a_workspace_that_sends_elsewhere_gets_no_token_there() {
    let far = Far::workspace().await;
    let double = far.double.clone().unwrap();
    let elsewhere = Double::start().await;
    let to = elsewhere.root.clone();
    double.fault_at(
        "/api/2.0/workspace/list",
        Fault::Redirect { to },
        Times::Always,
    );
    assert!(far.store.list(&place("a")).await.is_err());
    assert!(elsewhere.state().log.is_empty());
}

#[tokio::test]
async fn somebody_elses_folder_is_not_ours() {
    let double = Double::start().await;
    double.give("dapi2", "bob@example.com");
    let token = Arc::new(Token(Mutex::new(vec!["dapi2"])));
    let root = double.root.parse().unwrap();
    let store = WorkspaceFiles::new(root, ANA, token).unwrap();
    let refused = store.put(&place("a.txt"), "x".into()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(403)), "{refused}");
}
