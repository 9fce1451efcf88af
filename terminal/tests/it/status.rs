//! What real programs do, as viewers are told it.

use bowline_protocol::frame::{Activity, Attention, ClientFrame, Event, Progress};
use bowline_terminal::{SessionId, SessionState, Word};

use crate::support::{Page, World};

const CALLED: Activity = Activity::NeedsAttention(Attention::Quiet);

/// Waits until the last thing told of what the program does is as expected.
async fn told(page: &mut Page, session: SessionId, expected: Activity) {
    let what = format!("{expected:?}");
    page.until(session, &what, |seen| {
        let told = seen.events.iter().rev().find_map(|event| match event {
            Event::Activity { activity } => Some(*activity),
            _ => None,
        });
        told == Some(expected)
    })
    .await;
}

async fn focus(page: &Page, session: SessionId, focused: bool) {
    page.say(&[ClientFrame::View {
        session,
        visible: true,
        focused,
        colours: None,
    }])
    .await;
}

#[tokio::test]
async fn a_command_that_ends_with_nobody_there_calls_until_somebody_comes() {
    let world = World::new();
    let session = world.bash().await;
    let mut page = world.page(1);
    page.attach(session).await;
    told(&mut page, session, Activity::Idle).await;
    page.see(session, "$ ").await;
    page.type_in(session, "sleep 3\n").await;
    told(&mut page, session, Activity::Running).await;
    told(&mut page, session, CALLED).await;
    let handle = world.sessions.get(session).expect("it runs");
    let state = SessionState::NeedsAttention(Attention::Quiet);
    assert_eq!(handle.info().state, state);
    focus(&page, session, true).await;
    told(&mut page, session, Activity::Idle).await;
}

#[tokio::test]
async fn a_question_calls_and_its_answer_ends_the_call() {
    let world = World::new();
    let session = world.bash().await;
    let mut page = world.page(1);
    page.attach(session).await;
    page.see(session, "$ ").await;
    let question = "sh -c 'sleep 1; printf \"go on? \"; read answer; exec sleep 60'\n";
    page.type_in(session, question).await;
    told(&mut page, session, CALLED).await;
    page.type_in(session, "yes\n").await;
    told(&mut page, session, Activity::Running).await;
}

#[tokio::test]
async fn a_word_is_told_at_once_and_again_to_who_comes_later() {
    let world = World::new();
    let session = world.bash().await;
    let mut page = world.page(1);
    page.attach(session).await;
    let handle = world.sessions.get(session).expect("it runs");
    handle.say_status(Word::Working);
    told(&mut page, session, Activity::Running).await;
    handle.say_status(Word::Waiting);
    let waiting = Activity::NeedsAttention(Attention::Waiting);
    told(&mut page, session, waiting).await;
    let mut later = world.page(2);
    later.attach(session).await;
    told(&mut later, session, waiting).await;
}

#[tokio::test]
async fn what_is_said_in_the_output_is_told_and_listed() {
    let world = World::new();
    let session = world.bash().await;
    let mut page = world.page(1);
    page.attach(session).await;
    page.see(session, "$ ").await;
    let line =
        r"printf '\e]2;building\a\e]7;file://h/srv/a%%20b\a\e]9;4;1;40\a\e]777;notify;tests;red\a'";
    page.type_in(session, format!("{line}\n")).await;
    let expected = [
        Event::Title {
            title: "building".into(),
        },
        Event::Cwd {
            cwd: "/srv/a b".into(),
        },
        Event::Progress {
            progress: Progress::Normal(40),
        },
        Event::Notification {
            number: 1,
            title: Some("tests".into()),
            body: "red".into(),
        },
    ];
    page.until(session, "all that was said", |seen| {
        expected.iter().all(|event| seen.events.contains(event))
    })
    .await;
    let called = Activity::NeedsAttention(Attention::Notification);
    told(&mut page, session, called).await;
    let info = world.sessions.get(session).expect("it runs").info();
    assert_eq!(info.title, "building");
    assert_eq!(info.cwd, Some("/srv/a b".into()));
    assert_eq!(info.progress, Progress::Normal(40));
}

#[tokio::test]
async fn a_word_reaches_through_the_terminal() {
    let world = World::new();
    let session = world.bash().await;
    let mut page = world.page(1);
    page.attach(session).await;
    page.see(session, "$ ").await;
    let line = r"printf '\e]7777;bowline;status=waiting\e\\'";
    page.type_in(session, format!("{line}\n")).await;
    let waiting = Activity::NeedsAttention(Attention::Waiting);
    told(&mut page, session, waiting).await;
}
