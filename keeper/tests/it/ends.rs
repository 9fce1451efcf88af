//! How a keeper begins and ends: found, started, told to stop, killed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use bowline_keeper::Reason;
use bowline_terminal::Options;
use rustix::process::Signal;
use serde_json::json;

use crate::support::{
    DEADLINE, HostExt as _, Kept, TODAY, TOMORROW, children, environment, is_alive, kill, soon,
    stat, until,
};

#[tokio::test]
async fn a_killed_keeper_is_replaced_and_its_sessions_are_gone() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let session = host.run(&["bash", "-c", "echo ready; read x"]).await;
    host.sees(session, "ready").await;
    let before = kept.greeting(&[1]).await.pid;
    let programs = children(before);
    kill(before, Signal::KILL);
    // What was asked at that moment may or may not have been done; what is asked later is answered.
    until("an answer", async || {
        host.list().await.is_ok_and(|listed| listed.is_empty())
    })
    .await;
    let gone = host.attach(session).await.expect_err("it is gone");
    assert_eq!(gone.reason, Reason::Gone);
    let after = kept.greeting(&[1]).await.pid;
    assert_ne!(after, before);
    assert_eq!(kept.keepers(), [after]);
    until("its programs to end", async || {
        programs.iter().all(|pid| !is_alive(*pid))
    })
    .await;
    let next = host.run(&["bash", "-c", "echo again; read x"]).await;
    host.sees(next, "again").await;
}

#[tokio::test]
async fn servers_that_start_at_once_have_one_keeper() {
    for _ in 0..5 {
        let kept = Kept::new();
        let (one, other, third) =
            tokio::join!(kept.open(TODAY), kept.open(TODAY), kept.open(TODAY));
        let session = one.run(&["bash", "-c", "echo ready; read x"]).await;
        for host in [&other, &third] {
            host.sees(session, "ready").await;
        }
        let pid = kept.greeting(&[1]).await.pid;
        until("the others to end", async || kept.keepers() == [pid]).await;
    }
}

#[tokio::test]
async fn servers_of_two_programs_that_start_at_once_lose_no_session() {
    let kept = Kept::new();
    let first = kept.open(TODAY).await;
    let session = first
        .run(&["bash", "-c", "echo ready; read x; exit 3"])
        .await;
    first.sees(session, "ready").await;
    let pid = kept.greeting(&[1]).await.pid;
    let programs = children(pid);
    // Each wants the keeper to be its own: who comes last has it.
    let (one, other, third) =
        tokio::join!(kept.open(TOMORROW), kept.open(TODAY), kept.open(TOMORROW));
    assert_eq!(kept.greeting(&[1]).await.pid, pid);
    assert_eq!(children(pid), programs);
    for host in [&one, &other, &third, &first] {
        until("an answer", async || host.attach(session).await.is_ok()).await;
    }
    one.type_in(session, "\r").await.expect("typed");
    assert_eq!(
        first.exit_of(session).await,
        bowline_terminal::Exit::Code(3)
    );
}

#[tokio::test]
async fn it_ends_when_told_with_its_programs_and_leaves_nothing() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let session = host.run(&["bash", "-c", "echo ready; read x"]).await;
    host.sees(session, "ready").await;
    let (mut raw, greeting) = kept.visit(&[1]).await;
    let programs = children(greeting.pid);
    assert_eq!(programs.len(), 1);
    // Nobody looks for another one.
    drop(host);
    assert_eq!(raw.ask(&json!("stop")).await, Some(json!({"Ok": "done"})));
    raw.ends().await;
    until("its end", async || !is_alive(greeting.pid)).await;
    assert!(programs.iter().all(|pid| !is_alive(*pid)));
    assert!(!kept.socket().exists());
    let lock = fs::File::open(kept.state().join("keeper.lock")).expect("a lock");
    lock.try_lock().expect("it is free");
    drop(lock);
    // A server that opens then has a new one.
    let host = kept.open(TODAY).await;
    assert!(host.list().await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_server_that_opens_while_the_keeper_ends_gets_another() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    // Deaf: the end takes as long as programs are given.
    let session = host
        .run(&["bash", "-c", "trap '' HUP TERM; echo ready; read x; read x"])
        .await;
    host.sees(session, "ready").await;
    drop(host);
    let (mut raw, greeting) = kept.visit(&[1]).await;
    assert!(raw.ask(&json!("stop")).await.is_some());
    let next = kept.open(TODAY).await;
    // Which of them has answered so far is open: the first may still have.
    until("its end", async || !is_alive(greeting.pid)).await;
    until("an answer of the other", async || {
        next.list().await.is_ok_and(|listed| listed.is_empty())
    })
    .await;
    let now = kept.greeting(&[1]).await.pid;
    assert_ne!(now, greeting.pid);
    until("one keeper", async || kept.keepers() == [now]).await;
}

#[tokio::test]
async fn it_has_no_secret_of_its_starter_and_outlives_it() {
    let kept = Kept::new();
    fs::create_dir_all(kept.state()).expect("a state folder");
    let secret = "a-secret-of-the-server";
    let mut starter = std::process::Command::new(TODAY);
    starter
        .arg("serve-for-a-moment")
        .arg(kept.state())
        .env("BOWLINE_TOKEN", secret)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null());
    let mut starter = starter.spawn().expect("a starter");
    let ended = tokio::task::spawn_blocking(move || starter.wait());
    let ended = soon("the starter's end", ended).await.expect("it ran");
    assert!(ended.expect("a status").success());

    let pid = kept.greeting(&[1]).await.pid;
    let told = environment(pid);
    assert!(
        told.values().all(|value| !value.contains(secret)),
        "{told:?}"
    );
    assert_eq!(told["LANG"], "C.UTF-8");
    assert!(!told.contains_key("BOWLINE_TOKEN"));
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).expect("its arguments");
    let arguments = String::from_utf8_lossy(&arguments).into_owned();
    let state = kept.state();
    let expected = [
        "keeper",
        "--started",
        "--state-dir",
        state.to_str().expect("text"),
        "",
    ];
    assert!(arguments.split('\0').skip(1).eq(expected), "{arguments:?}");
    // A session of its own.
    assert_eq!(stat(pid).expect("it runs")[3], pid.to_string());
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).expect("a folder");
    assert_eq!(cwd.to_str(), Some("/"));
    // The next program has no more.
    let host = kept.open(TOMORROW).await;
    let after = kept.greeting(&[1]).await.pid;
    assert_eq!((after, environment(after)), (pid, told));
    let session = host.run(&["env"]).await;
    host.exit_of(session).await;
    assert!(!host.text(session).await.contains(secret));
    let mode = |name: &str| {
        let metadata = fs::metadata(kept.state().join(name)).expect(name);
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(
        [mode("keeper.sock"), mode("keeper.lock"), mode("keeper.log")],
        [0o600; 3]
    );
}

#[tokio::test]
async fn a_state_folder_that_it_makes_is_closed_to_others() {
    let kept = Kept::new();
    let mut keeper = tokio::process::Command::new(TODAY)
        .args(["keeper", "--started", "--state-dir"])
        .arg(kept.state())
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a keeper");
    let options = serde_json::to_vec(&Options::default()).expect("JSON");
    let mut stdin = keeper.stdin.take().expect("a pipe");
    let told = tokio::io::AsyncWriteExt::write_all(&mut stdin, &options);
    soon("its options", told).await.expect("told");
    drop(stdin);
    until("its socket", async || kept.socket().exists()).await;
    let mode = fs::metadata(kept.state())
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    // SIGTERM ends it in good order.
    kill(keeper.id().expect("it runs").cast_signed(), Signal::TERM);
    let ended = tokio::time::timeout(DEADLINE, keeper.wait()).await;
    assert!(ended.expect("it ends").expect("a status").success());
    assert!(!kept.socket().exists());
}
