//! Sessions handed over to another image of the process. Here both images are in one process: the old one stands
//! still for ever, and the new one has copies of its descriptors.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use bowline_protocol::frame::Exit;
use bowline_protocol::ids::SessionId;
use bowline_screen::{Screen, Settings};
use bowline_terminal::{
    ApiInput, CreateSession, Error, HandOverError, History, Options, ScreenFormat, ScreenShot,
    SessionInfo, SessionState, Sessions, Still, Word,
};

use crate::support::{Page, World, client, command_of, is_alive, soon};

/// A log that loses nothing of what these tests print.
fn options() -> Options {
    Options {
        log_bytes: 64 * 1024 * 1024,
        ..Options::default()
    }
}

fn copies(still: &Still) -> Vec<OwnedFd> {
    let terminals = still.descriptors().iter();
    let copies = terminals.map(|terminal| terminal.try_clone().expect("a copy"));
    copies.collect()
}

/// The sessions' state, once all stand still.
async fn held(world: &World) -> (Still, Vec<u8>) {
    let mut state = Vec::new();
    let still = soon("stillness", world.sessions.hand_over(&mut state)).await;
    let still = still.expect("handed over");
    let proved = Sessions::check(state.as_slice()).expect("a readable state");
    assert_eq!(proved, world.sessions.list().len());
    (still, state)
}

/// Replaces the process. The old image does nothing any more.
async fn moved(world: &World, options: Options) -> World {
    let (still, state) = held(world).await;
    let next = World::with(options);
    let taken_up = next.sessions.take_over(state.as_slice(), copies(&still));
    assert_eq!(
        taken_up.await.expect("taken up"),
        world.sessions.list().len()
    );
    // It would go on and read the same terminals.
    std::mem::forget(still);
    next
}

async fn shot(world: &World, session: SessionId, format: ScreenFormat) -> ScreenShot {
    let handle = world.sessions.get(session).expect("it is kept");
    let shot = soon("a screen", handle.screen(format, History::All)).await;
    shot.expect("a screen")
}

/// The whole log.
fn log(world: &World, session: SessionId) -> (u64, Vec<u8>) {
    let handle = world.sessions.get(session).expect("it is kept");
    let read = handle.read(None, usize::MAX);
    assert_eq!(read.next_offset, read.end);
    (read.offset, read.bytes)
}

async fn shown(world: &World, number: u8, session: SessionId) -> Page {
    let mut page = world.page(number);
    page.attach(session).await;
    page
}

/// What a listing says and a handover must not change.
fn told(world: &World) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let told = |info: SessionInfo| {
        let SessionInfo {
            id,
            pane_id,
            label,
            naming,
            process,
            cwd,
            title,
            size,
            tmux,
            notice,
            state,
            progress,
            last_command,
            ..
        } = info;
        // Guessed anew at any moment.
        let state = Some(state)
            .filter(|state| !matches!(state, SessionState::Running | SessionState::Idle));
        let named = (id, pane_id, label, naming, notice, tmux);
        (
            named,
            process,
            cwd,
            title,
            size,
            state,
            progress,
            last_command,
        )
    };
    world.sessions.list().into_iter().map(told).collect()
}

#[tokio::test]
async fn what_has_ended_starts_again_afterwards_with_its_arguments_where_it_was() {
    let before = World::with(options());
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("it is there");
    let request = CreateSession {
        cwd: Some(folder.clone()),
        ..command_of(&[
            "sh",
            "-c",
            "pwd; printf '<%s>' \"$@\"; exit 4",
            "sh",
            "a  b",
        ])
    };
    let created = before.sessions.create(request).await;
    let session = created.expect("a session").session;
    let mut page = shown(&before, 1, session).await;
    assert_eq!(page.exit_of(session).await, Exit::Code(4));
    let age = before.sessions.list()[0].age;

    let after = moved(&before, options()).await;
    assert!(after.sessions.list()[0].age >= age);
    let again = after.sessions.restart(session).await.expect("it starts");
    let mut page = shown(&after, 1, again.session).await;
    page.see(again.session, "<a  b>").await;
    assert_eq!(page.exit_of(again.session).await, Exit::Code(4));
    let (_, said) = log(&after, again.session);
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.starts_with(&folder.display().to_string()), "{said}");
}

#[tokio::test]
async fn what_sessions_show_and_say_is_the_same_afterwards() {
    let before = World::with(options());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "first line\nsecond line\n").expect("written");
    let file = file.to_str().expect("text");
    let vim = before.run(&["vim", "-u", "NONE", "-N", "-n", file]).await;
    let titled = before.sessions.create(CreateSession {
        label: Some("with a name".into()),
        pane_id: Some("pane-7".into()),
        ..command_of(&[
            "bash",
            "-c",
            "printf '\\033]2;its title\\007\\033]9;4;1;42\\007'; seq 1 3000; echo rea''dy; read x",
        ])
    });
    let titled = titled.await.expect("a session").session;
    let ended = before.run(&["bash", "-c", "echo last words; exit 3"]).await;

    let mut at_vim = shown(&before, 1, vim).await;
    at_vim.shows(vim, "second line").await;
    at_vim.type_in(vim, "Gofrom before").await;
    at_vim.shows(vim, "from before").await;
    let mut at_titled = shown(&before, 2, titled).await;
    at_titled.see(titled, "ready").await;
    let mut at_ended = shown(&before, 3, ended).await;
    assert_eq!(at_ended.exit_of(ended).await, Exit::Code(3));
    let handle = before.sessions.get(titled).expect("it runs");
    handle.say_status(Word::Waiting);
    handle.rename("another name");

    let (still, state) = held(&before).await;
    let sessions = [vim, titled, ended];
    let mut expected = Vec::new();
    for session in sessions {
        let shot = shot(&before, session, ScreenFormat::Ansi).await;
        expected.push((shot, log(&before, session)));
    }
    let listed = told(&before);
    let ages: Vec<Duration> = before.sessions.list().iter().map(|one| one.age).collect();

    let after = World::with(options());
    let taken_up = after.sessions.take_over(state.as_slice(), copies(&still));
    assert_eq!(taken_up.await.expect("taken up"), 3);
    std::mem::forget(still);
    for (session, expected) in sessions.into_iter().zip(expected) {
        let (shown, (start, logged)) = expected;
        let shot = shot(&after, session, ScreenFormat::Ansi).await;
        let (start_now, logged_now) = log(&after, session);
        assert_eq!(start_now, start);
        assert!(logged_now.starts_with(&logged));
        // A program may have said more since.
        let since = (shown.offset - start) as usize..(shot.offset - start) as usize;
        let mut screen = Screen::new(shown.size, Settings::default());
        screen.feed(shown.content.as_bytes());
        screen.feed(&logged_now[since]);
        let expected = screen.snapshot(History::All).bytes;
        assert_eq!(shot.content, String::from_utf8_lossy(&expected));
    }
    assert_eq!(told(&after), listed);
    let is_older =
        |(info, age): (SessionInfo, Duration)| info.age + Duration::from_millis(1) >= age;
    assert!(after.sessions.list().into_iter().zip(ages).all(is_older));
    let again = CreateSession {
        pane_id: Some("pane-7".into()),
        ..CreateSession::default()
    };
    let again = after.sessions.create(again).await.expect("the same");
    assert!(again.reattached && again.session == titled);

    at_vim.move_to(&after, vim).await;
    at_vim.type_in(vim, " and after\x1b:wq\r").await;
    assert_eq!(at_vim.exit_of(vim).await, Exit::Code(0));
    let text = std::fs::read_to_string(file).expect("written");
    assert_eq!(text, "first line\nsecond line\nfrom before and after\n");
    at_ended.move_to(&after, ended).await;
    assert_eq!(at_ended.exit_of(ended).await, Exit::Code(3));
}

#[tokio::test]
async fn a_flood_goes_on_and_every_line_comes_once() {
    const LINES: usize = 300_000;
    let before = World::with(options());
    let flood = before
        .run(&[
            "bash",
            "-c",
            "read x; seq 1 300000; echo all-''printed; read x",
        ])
        .await;
    let mut page = shown(&before, 1, flood).await;
    page.type_in(flood, "\r").await;
    page.see(flood, "\n5000\r").await;
    let mut world = before;
    let mut worlds = Vec::new();
    // As often as it takes to meet it in the middle of whatever it does.
    for _ in 0..8 {
        let next = moved(&world, options()).await;
        page.move_to(&next, flood).await;
        worlds.push(std::mem::replace(&mut world, next));
    }
    page.see(flood, "all-printed").await;
    let text = page.known.of(flood).text();
    let numbers = text
        .lines()
        .filter_map(|line| line.trim().parse::<usize>().ok());
    assert!(numbers.eq(1..=LINES), "a line is lost or doubled");
    assert!(page.known.of(flood).gaps.is_empty());
    page.type_in(flood, "\r").await;
    assert_eq!(page.exit_of(flood).await, Exit::Code(0));
}

#[tokio::test]
async fn a_sequence_and_a_character_that_have_only_begun_are_finished() {
    let before = World::with(options());
    let script =
        "stty -echo; printf 'plain\\033[3'; read x; printf '1mred\\033[0m|done-%s' 1; read x";
    let sequence = before.run(&["bash", "-c", script]).await;
    let script = "stty -echo; printf 'a\\342\\202'; read x; printf '\\254b|done-%s' 1; read x";
    let character = before.run(&["bash", "-c", script]).await;
    let mut pages = Vec::new();
    for (number, session, begun) in [(1, sequence, &b"\x1b[3"[..]), (2, character, b"a\xe2\x82")] {
        let mut page = shown(&before, number, session).await;
        page.until(session, "the beginning", |seen| seen.bytes.ends_with(begun))
            .await;
        pages.push((page, session));
    }
    let after = moved(&before, options()).await;
    for (page, session) in &mut pages {
        page.move_to(&after, *session).await;
        page.type_in(*session, "\r").await;
        page.see(*session, "done-1").await;
    }
    let red = shot(&after, sequence, ScreenFormat::Ansi).await.content;
    assert!(red.contains("31mred"), "{red:?}");
    assert!(!red.contains("plain3"), "{red:?}");
    let text = shot(&after, character, ScreenFormat::Text).await.content;
    assert!(text.starts_with("a€b|"), "{text:?}");
}

/// Where a program that does not read is told to.
fn pipe(folder: &Path) -> String {
    let path = folder.join("go");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    path.to_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_paste_that_waits_and_keys_behind_it_arrive_once() {
    let before = World::with(options());
    let folder = tempfile::tempdir().expect("a folder");
    let go = pipe(folder.path());
    let file = folder.path().join("typed");
    let paste: String = (0..20_000).map(|number| format!("{number:09} ")).collect();
    let keys = "keys of another|keys from after";
    let total = paste.len() + keys.len();
    let script = format!(
        "stty raw -echo; echo rea''dy; read -r x < {go}; head -c {total} > {}; echo all-''read; read -r x < {go}",
        file.display()
    );
    let session = before.run(&["bash", "-c", &script]).await;
    let (mut first, mut second) = (
        shown(&before, 1, session).await,
        shown(&before, 2, session).await,
    );
    first.see(session, "ready").await;
    first.type_in(session, paste.clone()).await;
    let some = "some of the paste to be written";
    first
        .until(session, some, |seen| seen.input.acknowledged() > 0)
        .await;
    second.type_in(session, "keys of another|").await;

    let after = moved(&before, options()).await;
    assert!(first.known.of(session).input.acknowledged() < paste.len() as u64);
    first.move_to(&after, session).await;
    second.move_to(&after, session).await;
    // Said again, as by a page that heard no answer.
    let repeated = ApiInput {
        client: Some(client(2)),
        position: Some(0),
        bytes: "keys of another|".into(),
    };
    let handle = after.sessions.get(session).expect("it runs");
    assert_eq!(handle.input(repeated).await.expect("known"), 16);
    second.type_in(session, "keys from after").await;
    let told = tokio::task::spawn_blocking(move || std::fs::write(go, "\n"));
    soon("the program to be told", told)
        .await
        .expect("it runs")
        .expect("told");
    second.see(session, "all-read").await;
    let typed = std::fs::read_to_string(&file).expect("text");
    assert_eq!(typed, paste + keys);
}

#[tokio::test]
async fn a_handover_that_fails_changes_nothing() {
    let world = World::with(options());
    let flood = world
        .run(&[
            "bash",
            "-c",
            "read x; seq 1 200000; echo all-''printed; read x",
        ])
        .await;
    let mut page = shown(&world, 1, flood).await;
    page.type_in(flood, "\r").await;
    page.see(flood, "\n3000\r").await;
    let handle = world.sessions.get(flood).expect("it runs");
    let typed = |text: &'static str| ApiInput {
        client: None,
        position: None,
        bytes: text.into(),
    };
    let failed = world.sessions.hand_over(Refuses).await;
    assert!(matches!(failed, Err(HandOverError::Io(_))));
    for _ in 0..5 {
        let (still, state) = held(&world).await;
        let end = handle.read(None, 0).end;
        let refused = handle.input(typed("lost")).await;
        assert!(matches!(refused, Err(Error::InputFull)));
        let creating = tokio::spawn({
            let sessions = world.sessions.clone();
            async move { sessions.create(command_of(&["true"])).await }
        });
        tokio::task::yield_now().await;
        assert!(!creating.is_finished());
        assert_eq!(handle.read(None, 0).end, end);
        let mut again = Vec::new();
        assert!(Sessions::check(&state[..state.len() - 1]).is_err());
        drop(still);
        let created = soon("the create", creating).await.expect("it ran");
        created.expect("a session");
        // Who drops it may begin anew at once.
        drop(soon("stillness", world.sessions.hand_over(&mut again)).await);
        page.reconnect(flood).await;
    }
    page.see(flood, "all-printed").await;
    let text = page.known.of(flood).text();
    let numbers = text
        .lines()
        .filter_map(|line| line.trim().parse::<usize>().ok());
    assert!(numbers.eq(1..=200_000), "a line is lost or doubled");
    handle.input(typed("\r")).await.expect("taken");
    assert_eq!(page.exit_of(flood).await, Exit::Code(0));
}

/// Takes nothing.
struct Refuses;

impl std::io::Write for Refuses {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_kill_that_has_begun_is_done_afterwards() {
    let patient = Options {
        kill_grace: Duration::from_secs(3600),
        ..options()
    };
    let before = World::with(patient);
    let script = "trap '' HUP TERM; echo pid=$$';'; while :; do sleep 1; done";
    let deaf = before.run(&["bash", "-c", script]).await;
    let mut page = shown(&before, 1, deaf).await;
    let pid = page.number(deaf, "pid").await;
    before.sessions.close(deaf).await.expect("it runs");
    assert!(is_alive(pid));
    let mut state = Vec::new();
    let still = soon("stillness", before.sessions.hand_over(&mut state)).await;
    let still = still.expect("handed over");
    // The old image's kill, which goes on in this process, must not do it for the new one.
    let (patient, hasty) = ("\"kill_grace_ms\":3600000", "\"kill_grace_ms\":    100");
    let windows = state.windows(patient.len());
    let at = windows
        .enumerate()
        .find(|(_, window)| *window == patient.as_bytes());
    let (at, _) = at.expect("the time it has");
    state[at..at + patient.len()].copy_from_slice(hasty.as_bytes());
    let after = World::with(options());
    let taken_up = after.sessions.take_over(state.as_slice(), copies(&still));
    assert_eq!(taken_up.await.expect("taken up"), 1);
    std::mem::forget(still);
    page.move_to(&after, deaf).await;
    assert_eq!(page.exit_of(deaf).await, Exit::Killed);
    assert!(!is_alive(pid));
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "not reaped");
}

#[tokio::test]
async fn an_end_during_the_handover_is_told_as_it_was() {
    let before = World::with(options());
    let session = before
        .run(&["bash", "-c", "echo pid=$$';'; read x; exit 7"])
        .await;
    let mut page = shown(&before, 1, session).await;
    let pid = page.number(session, "pid").await;
    let (still, state) = held(&before).await;
    // As if it had read something: it ends while nobody looks.
    let terminal = copies(&still).remove(0);
    let mut terminal = std::fs::File::from(terminal);
    std::io::Write::write_all(&mut terminal, b"\r").expect("written");
    soon("its end", async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let after = World::with(options());
    let taken_up = after.sessions.take_over(state.as_slice(), copies(&still));
    assert_eq!(taken_up.await.expect("taken up"), 1);
    std::mem::forget(still);
    page.move_to(&after, session).await;
    assert_eq!(page.exit_of(session).await, Exit::Code(7));
}

#[tokio::test]
async fn one_that_cannot_be_taken_up_costs_no_other_anything() {
    let before = World::with(options());
    let (first, second) = (before.bash().await, before.bash().await);
    let mut page = shown(&before, 1, first).await;
    page.see(first, "$ ").await;
    let (still, state) = held(&before).await;
    let mut terminals = copies(&still);
    terminals.truncate(1);
    let after = World::with(options());
    let taken_up = after.sessions.take_over(state.as_slice(), terminals);
    assert_eq!(taken_up.await.expect("readable"), 1);
    std::mem::forget(still);
    assert!(matches!(after.sessions.get(second), Err(Error::Gone)));
    page.move_to(&after, first).await;
    page.type_in(first, "exit 5\r").await;
    assert_eq!(page.exit_of(first).await, Exit::Code(5));
    let info = after.sessions.list().remove(0);
    assert_eq!(info.state, SessionState::Exited(Exit::Code(5)));
}

#[tokio::test]
async fn what_breaks_off_is_an_error_and_what_is_whole_goes_on() {
    let before = World::with(options());
    let shell = before.bash().await;
    let mut page = shown(&before, 1, shell).await;
    page.see(shell, "$ ").await;
    let (still, state) = held(&before).await;
    let cut = &state[..state.len() - 3];
    let refused = Sessions::check(cut);
    assert!(matches!(refused, Err(HandOverError::Truncated)));
    let after = World::with(options());
    let taken_up = after.sessions.take_over(cut, copies(&still)).await;
    assert!(matches!(taken_up, Err(HandOverError::Truncated)));
    std::mem::forget(still);
    page.move_to(&after, shell).await;
    page.type_in(shell, "exit\r").await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(0));
}
