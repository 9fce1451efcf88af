//! Ending a session: nothing of it is left, and nobody waits for it.

use std::time::Duration;

use bowline_protocol::frame::{Event, Exit};
use bowline_terminal::{Error, OnExit, Options, SessionState};

use crate::support::{World, is_alive, soon};

#[tokio::test]
async fn a_kill_leaves_no_process_of_the_session() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    let script = [
        "sleep 1001 & disown; echo disowned=$!';'",
        "(sleep 1002 & echo doubled=$!';')",
        "bash -c 'trap \"\" HUP TERM; echo deaf=$$\";\"; while :; do sleep 1003; done' &",
        "sleep 1004 & kill -STOP $!; echo stopped=$!';'",
        "nohup sleep 1005 >/dev/null & echo nohup=$!';'",
    ];
    let mut pids = Vec::new();
    for (line, name) in script
        .iter()
        .zip(["disowned", "doubled", "deaf", "stopped", "nohup"])
    {
        page.type_in(shell, format!("{line}\r")).await;
        pids.push(page.number(shell, name).await);
    }
    assert!(pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    world.sessions.close(shell).await.expect("it runs");
    // Closed at once for everybody who asks, seen through by those who look.
    assert!(matches!(world.sessions.get(shell), Err(Error::Gone)));
    assert!(matches!(
        world.sessions.close(shell).await,
        Err(Error::Gone)
    ));
    assert_eq!(page.exit_of(shell).await, Exit::Killed);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
    assert!(world.sessions.list().is_empty());
}

#[tokio::test]
async fn a_session_whose_leader_ignores_everything_ends_too() {
    let world = World::new();
    let shell = world
        .run(&[
            "bash",
            "-c",
            "trap '' HUP TERM INT; echo pid=$$';'; while :; do sleep 1; done",
        ])
        .await;
    let mut page = world.page(1);
    page.attach(shell).await;
    let pid = page.number(shell, "pid").await;
    world.sessions.close(shell).await.expect("it runs");
    assert_eq!(page.exit_of(shell).await, Exit::Killed);
    assert!(!is_alive(pid));
    assert!(
        !std::path::Path::new(&format!("/proc/{pid}")).exists(),
        "not reaped"
    );
}

#[tokio::test]
async fn a_natural_end_sweeps_nothing() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.type_in(
        shell,
        "nohup sleep 1006 >/dev/null 2>&1 & echo kept=$!';'\r",
    )
    .await;
    let pid = page.number(shell, "kept").await;
    page.type_in(shell, "exit 3\r").await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(3));
    assert!(is_alive(pid));
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
}

#[tokio::test]
async fn a_flood_of_output_ends_when_killed() {
    let world = World::new();
    let shell = world.run(&["yes"]).await;
    let handle = world.sessions.get(shell).expect("it runs");
    soon("output", handle.wait_output(0, crate::support::DEADLINE)).await;
    world.sessions.close(shell).await.expect("it runs");
    let ended = async {
        while !matches!(handle.info().state, SessionState::Exited(_)) {
            handle
                .wait_output(handle.read(None, 1).end, Duration::from_secs(1))
                .await;
        }
    };
    soon("the end", ended).await;
}

#[tokio::test]
async fn the_end_of_the_server_ends_everything() {
    let world = World::new();
    let mut page = world.page(1);
    let mut pids = Vec::new();
    let mut shells = Vec::new();
    for _ in 0..3 {
        let shell = world
            .run(&[
                "bash",
                "-c",
                "trap '' HUP; echo pid=$$';'; sleep 1007; sleep 1",
            ])
            .await;
        page.attach(shell).await;
        pids.push(page.number(shell, "pid").await);
        shells.push(shell);
    }
    soon("the end of all", world.sessions.end_all(OnExit::End)).await;
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert!(world.sessions.list().is_empty());
}

#[tokio::test]
async fn a_session_that_nobody_uses_is_warned_and_ended() {
    let world = World::with(Options {
        idle_limit: Duration::from_millis(1500),
        ..Options::default()
    });
    let shell = world.run(&["sleep", "1008"]).await;
    let mut page = world.page(1);
    page.attach(shell).await;
    // A page that looks away doesn't keep it.
    let session = shell;
    page.say(&[bowline_protocol::ClientFrame::View {
        session,
        visible: false,
        focused: false,
        colours: None,
    }])
    .await;
    assert_eq!(page.exit_of(shell).await, Exit::Idle);
    let events = &page.known.of(shell).events;
    let mut ending = events
        .iter()
        .filter(|event| !matches!(event, Event::Activity { .. }));
    let warned = matches!(ending.next(), Some(Event::IdleWarning { seconds: 1 }));
    assert!(warned, "{events:?}");
}
