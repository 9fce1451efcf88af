//! Admission, panes and the list.

use bowline_protocol::ClientFrame;
use bowline_terminal::{CreateSession, Error, OnExit, Options, Size};

use crate::support::{World, command_of, soon};

fn for_pane(pane: &str) -> CreateSession {
    CreateSession {
        pane_id: Some(pane.into()),
        ..command_of(&["sleep", "1009"])
    }
}

#[tokio::test]
async fn creates_that_race_for_a_pane_make_one_session() {
    let world = World::new();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let sessions = world.sessions.clone();
            tokio::spawn(async move { sessions.create(for_pane("p1")).await })
        })
        .collect();
    let mut created = Vec::new();
    for task in tasks {
        created.push(task.await.expect("no panic").expect("a session"));
    }
    assert!(created.iter().all(|one| one.session == created[0].session));
    assert_eq!(created.iter().filter(|one| !one.reattached).count(), 1);
    assert_eq!(world.sessions.list().len(), 1);
    world.sessions.end_all(OnExit::End).await;
    // One that has ended is not re-attached.
    let again = world
        .sessions
        .create(for_pane("p1"))
        .await
        .expect("a session");
    assert!(!again.reattached);
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn a_failed_start_gives_pane_and_place_back() {
    let world = World::with(Options {
        max_sessions: 1,
        ..Options::default()
    });
    let failing = CreateSession {
        pane_id: Some("p1".into()),
        ..command_of(&["no-such-program"])
    };
    let (one, two) = tokio::join!(
        world.sessions.create(failing.clone()),
        world.sessions.create(failing)
    );
    assert!(matches!(one, Err(Error::Spawn { .. })), "{one:?}");
    assert!(matches!(two, Err(Error::Spawn { .. })), "{two:?}");
    world
        .sessions
        .create(for_pane("p1"))
        .await
        .expect("a place");
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn the_limit_holds_among_racers_and_says_what_to_do() {
    let world = World::with(Options {
        max_sessions: 3,
        ..Options::default()
    });
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let sessions = world.sessions.clone();
            tokio::spawn(async move { sessions.create(command_of(&["sleep", "1010"])).await })
        })
        .collect();
    let mut refused = Vec::new();
    for task in tasks {
        refused.extend(task.await.expect("no panic").err());
    }
    assert_eq!(refused.len(), 5);
    let message = refused[0].to_string();
    assert!(message.contains("close one"), "{message}");
    let sessions = world.sessions.list();
    assert_eq!(sessions.len(), 3);
    assert!(
        sessions.windows(2).all(|two| two[0].age >= two[1].age),
        "oldest first"
    );

    world.sessions.close(sessions[0].id).await.expect("it runs");
    let freed = world.sessions.create(command_of(&["sleep", "1011"])).await;
    freed.expect("the place is free");
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn nonsense_is_refused_before_anything_starts() {
    let world = World::new();
    let request = CreateSession {
        size: Some(Size { cols: 1, rows: 0 }),
        ..command_of(&["true"])
    };
    let refused = world.sessions.create(request).await;
    assert!(matches!(refused, Err(Error::BadSize)));
    let refused = world.sessions.create(command_of(&[])).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    let refused = world.sessions.create(command_of(&["tr\0ue"])).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn ended_sessions_are_kept_but_not_without_end() {
    let world = World::new();
    let mut page = world.page(1);
    for _ in 0..40 {
        let session = world.run(&["true"]).await;
        page.attach(session).await;
        page.exit_of(session).await;
        page.say(&[ClientFrame::Detach { session }]).await;
    }
    let listed = world.sessions.list();
    assert!((1..=33).contains(&listed.len()), "{}", listed.len());
    let last = listed.last().expect("some are kept").id;
    world.sessions.close(last).await.expect("it is listed");
    assert!(matches!(world.sessions.get(last), Err(Error::Gone)));
}

#[tokio::test]
async fn a_thousand_sessions_run_in_one_process() {
    const SESSIONS: usize = 1000;
    bowline_terminal::resources::raise_open_files();
    let fit = bowline_terminal::resources::most_sessions();
    let world = World::with(Options {
        max_sessions: SESSIONS,
        ..Options::default()
    });
    let mut created = Vec::new();
    for _ in 0..SESSIONS {
        match world.sessions.create(command_of(&["cat"])).await {
            Ok(one) => created.push(one.session),
            // A machine that lets a process have few files says so, and only then.
            Err(Error::Exhausted { .. }) if fit.is_some_and(|fit| fit <= created.len()) => break,
            Err(error) => panic!("session {}: {error}", created.len()),
        }
    }
    // Each is as alive as if it were alone.
    let mut page = world.page(1);
    for session in created.iter().step_by(97).chain(created.last()) {
        page.attach(*session).await;
        page.type_in(*session, "still here\r").await;
        page.see(*session, "still here\r\nstill here\r\n").await;
    }
    assert_eq!(world.sessions.list().len(), created.len());
    world.sessions.end_all(OnExit::End).await;
    // A slow machine may need longer than a server waits.
    let ended = async {
        while !world.sessions.list().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of all", ended).await;
}
