//! Ends that come with time, by a clock that only the tests move: the idle limit, by both transports; pages
//! that are gone; sessions that have ended. Programs and terminals are real and keep their own time.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use bowline_protocol::frame::{ClientFrame, Event, Exit};
use bowline_terminal::{Error, Options, SessionId, SessionInfo, SessionState};
use rustix::process::{Pid, Signal, kill_process};

use crate::polling::Poller;
use crate::support::{DEADLINE, Page, World, batch, soon};

/// Timers ring a moment after their time.
const MOMENT: Duration = Duration::from_millis(2);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Prints when it is signalled, and takes what is typed without a word.
const PROGRAM: [&str; 3] = [
    "bash",
    "-c",
    "stty -echo; trap 'echo out''put' USR1; cat <&0 >/dev/null & echo pid=$$';'; while :; do wait; done",
];

/// tokio's clock, stopped.
struct Clock {
    _moves_again_when_dropped: Sender<()>,
}

impl Clock {
    /// A stopped clock runs ahead whenever everybody waits, if it isn't held: it would not wait for real
    /// programs. It is held for as long as a real deadline allows, so that what hangs ends.
    fn stop() -> Self {
        let (held, dropped) = channel();
        tokio::time::pause();
        tokio::task::spawn_blocking(move || {
            if dropped.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("held for {DEADLINE:?}: what is waited for doesn't come");
            }
        });
        Self {
            _moves_again_when_dropped: held,
        }
    }

    /// Moves on, and lets everybody see it.
    async fn advance(&self, by: Duration) {
        tokio::time::advance(by).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

fn world() -> World {
    World::with(Options {
        idle_limit: LIMIT,
        ..Options::default()
    })
}

fn info(world: &World, session: SessionId) -> SessionInfo {
    world.sessions.get(session).expect("it is there").info()
}

#[track_caller]
fn assert_unwarned(world: &World, session: SessionId) {
    let info = info(world, session);
    assert!(!matches!(info.state, SessionState::Exited(_)), "{info:?}");
    assert_eq!(info.ends_in, None);
}

fn view(session: SessionId, visible: bool) -> ClientFrame {
    ClientFrame::View {
        session,
        visible,
        focused: false,
        colours: None,
    }
}

fn warnings(events: &[Event]) -> Vec<u32> {
    let seconds = |event: &Event| match event {
        Event::IdleWarning { seconds } => Some(*seconds),
        _ => None,
    };
    events.iter().filter_map(seconds).collect()
}

async fn program(world: &World, page: &mut Page) -> (SessionId, Pid) {
    let session = world.run(&PROGRAM).await;
    page.attach(session).await;
    let pid = page.number(session, "pid").await;
    (session, Pid::from_raw(pid).expect("a pid"))
}

/// Waits until a page knows that what it typed is written, and tells how long that took. Where nothing is
/// echoed, it is told a moment later.
async fn acknowledged(clock: &Clock, page: &mut Page, session: SessionId) -> Duration {
    let mut waited = Duration::ZERO;
    tokio::select! {
        () = page.until(session, "written", |seen| seen.input.unacknowledged() == 0) => {}
        () = async {
            loop {
                // Counted first: given up on, it has moved nevertheless.
                waited += MOMENT;
                clock.advance(MOMENT).await;
            }
        } => {}
    }
    waited
}

#[tokio::test]
async fn input_output_and_looking_keep_a_session_and_its_end_is_announced() {
    let clock = Clock::stop();
    let world = world();
    let mut page = world.page(1);
    let (session, pid) = program(&world, &mut page).await;

    // Whoever looks keeps it, however long.
    clock.advance(100 * HOUR).await;
    assert_unwarned(&world, session);
    assert_eq!(info(&world, session).idle, Duration::ZERO);
    // From when nobody looks any more it is idle.
    page.say(&[view(session, false)]).await;
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);
    assert_eq!(info(&world, session).idle, 19 * HOUR);
    // Input keeps it.
    page.type_in(session, "keys").await;
    let waited = acknowledged(&clock, &mut page, session).await;
    clock.advance(19 * HOUR - waited).await;
    assert_unwarned(&world, session);
    // Output keeps it.
    let before = info(&world, session);
    assert_eq!(before.idle, 19 * HOUR);
    kill_process(pid, Signal::USR1).expect("it runs");
    let handle = world.sessions.get(session).expect("it is there");
    handle.wait_output(handle.read(None, 1).end, DEADLINE).await;
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);
    // A look keeps it, and so does a word by the API.
    page.say(&[view(session, true), view(session, false)]).await;
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);
    handle.touch();
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);

    // At four fifths it is announced, to the page and to who asks.
    clock.advance(12 * MINUTE + MOMENT).await;
    assert_eq!(info(&world, session).ends_in, Some(LIMIT / 5 - MOMENT));
    page.until(session, "the warning", |seen| {
        !warnings(&seen.events).is_empty()
    })
    .await;
    assert_eq!(warnings(&page.known.of(session).events), [17_280]);
    clock.advance(HOUR).await;
    assert_eq!(
        info(&world, session).ends_in,
        Some(LIMIT / 5 - HOUR - MOMENT)
    );
    // Used again, it is as if nothing had been said; later it is said anew.
    page.type_in(session, "x").await;
    let waited = acknowledged(&clock, &mut page, session).await;
    assert_unwarned(&world, session);
    clock.advance(LIMIT.mul_f64(0.8) + MOMENT - waited).await;
    page.until(session, "another warning", |seen| {
        warnings(&seen.events).len() == 2
    })
    .await;
    clock.advance(LIMIT / 5 - SECOND).await;
    assert!(!matches!(
        info(&world, session).state,
        SessionState::Exited(_)
    ));
    clock.advance(SECOND + MOMENT).await;
    assert_eq!(page.exit_of(session).await, Exit::Idle);
    assert_eq!(
        info(&world, session).state,
        SessionState::Exited(Exit::Idle)
    );
}

#[tokio::test]
async fn by_polling_it_is_the_same() {
    let clock = Clock::stop();
    let world = world();
    let session = world.run(&PROGRAM).await;
    let mut page = Poller::new(&world, session).await;
    page.until(session, "its start", |seen| seen.text().contains("pid="))
        .await;
    let hide = batch(&[view(session, false)]);
    let held = Duration::from_secs(1_000_000);
    clock.advance(4 * SECOND).await;
    page.send(hide.clone(), Duration::ZERO).await;
    clock.advance(4 * SECOND).await;
    assert_eq!(info(&world, session).viewers, 1);
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);

    // It was away for longer than anybody waits for it: it begins anew.
    let mut page = Poller::new(&world, session).await;
    page.send(hide, Duration::ZERO).await;
    clock.advance(19 * HOUR).await;
    let mut page = Poller::new(&world, session).await;
    let keys = page.keys(session, "keys");
    page.send(keys, Duration::ZERO).await;
    page.send(batch(&[view(session, false)]), Duration::ZERO)
        .await;
    clock.advance(19 * HOUR).await;
    assert_unwarned(&world, session);

    let mut page = Poller::new(&world, session).await;
    page.send(batch(&[view(session, false)]), Duration::ZERO)
        .await;
    let poll = async {
        // More answers than there is to say mean that what is waited for doesn't come.
        for _ in 0..10 {
            page.poll(held).await;
            if page.known.of(session).exit.is_some() {
                break;
            }
        }
        let seen = page.known.of(session);
        (warnings(&seen.events), seen.exit)
    };
    let time = async {
        clock.advance(LIMIT.mul_f64(0.8) + MOMENT).await;
        clock.advance(LIMIT / 5).await;
        std::future::pending::<()>().await;
    };
    let told = tokio::select! {
        told = poll => told,
        () = time => unreachable!("it waits for ever"),
    };
    assert_eq!(told, (vec![17_280], Some(Exit::Idle)));
}

#[tokio::test]
async fn a_page_that_is_gone_keeps_no_session_and_is_forgotten() {
    let clock = Clock::stop();
    let world = world();
    let mut page = world.page(1);
    let (session, _) = program(&world, &mut page).await;
    assert_eq!(info(&world, session).viewers, 1);
    // Visible, when its transport is cut and never comes again.
    drop(page);
    for _ in 0..13 {
        clock.advance(5 * SECOND).await;
    }
    assert_eq!(info(&world, session).viewers, 0);
    // The same page may come back with whatever number, as one that is new.
    let mut again = world.page(1);
    again.attach(session).await;
    drop(again);
    for _ in 0..13 {
        clock.advance(5 * SECOND).await;
    }
    clock.advance(LIMIT + MOMENT).await;
    let handle = world.sessions.get(session);
    let ended = async {
        let Ok(handle) = handle else { return };
        while !matches!(handle.info().state, SessionState::Exited(_)) {
            handle.wait_output(handle.read(None, 1).end, DEADLINE).await;
        }
        assert_eq!(handle.info().state, SessionState::Exited(Exit::Idle));
    };
    soon("the end", ended).await;
}

#[tokio::test]
async fn an_ended_session_can_be_read_for_ten_minutes_after_the_last_look() {
    let clock = Clock::stop();
    let world = world();
    let mut page = world.page(1);
    let session = world.run(&["echo", "last words"]).await;
    page.attach(session).await;
    page.exit_of(session).await;
    // As long as a page shows it.
    for _ in 0..30 {
        clock.advance(MINUTE).await;
    }
    let handle = world.sessions.get(session).expect("it is shown");
    assert_eq!(handle.read(None, 100).bytes, b"last words\r\n");
    page.say(&[ClientFrame::Detach { session }]).await;
    for _ in 0..9 {
        clock.advance(MINUTE).await;
    }
    assert!(world.sessions.get(session).is_ok());
    for _ in 0..2 {
        clock.advance(MINUTE).await;
    }
    assert!(matches!(world.sessions.get(session), Err(Error::Gone)));
    assert!(world.sessions.list().is_empty());
}

#[tokio::test]
async fn a_limit_that_is_never_is_never() {
    let clock = Clock::stop();
    let world = World::with(Options {
        idle_limit: Duration::ZERO,
        ..Options::default()
    });
    let mut page = world.page(1);
    let (session, _) = program(&world, &mut page).await;
    page.say(&[view(session, false)]).await;
    clock.advance(1000 * LIMIT).await;
    assert_unwarned(&world, session);
    // It still lives and listens.
    let handle = world.sessions.get(session).expect("it is there");
    world.sessions.close(session).await.expect("it runs");
    drop(handle);
    assert_eq!(page.exit_of(session).await, Exit::Killed);
}
