//! Sessions that outlive this process: a real tmux, on a socket of the test's own.

use std::path::Path;
use std::process::Command;

use bowline_protocol::frame::{Activity, CommandMark, Event, Exit, Size};
use bowline_terminal::{CreateSession, Error, OnExit, Options, SessionId, TmuxMode};
use tempfile::TempDir;

use crate::support::{Page, World, command_of, is_alive, soon};

/// A folder with a tmux server, which ends with it.
struct Tmux(TempDir);

impl Tmux {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn world(&self) -> World {
        self.world_with(Options::default())
    }

    /// Another run of the server on the same folder.
    fn world_with(&self, options: Options) -> World {
        World::with(Options {
            tmux: TmuxMode::On,
            tmux_dir: Some(self.0.path().to_owned()),
            ..options
        })
    }

    /// What tmux says, asked as a user would.
    fn ask(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.0.path().join("tmux.sock"));
        let output = command.args(arguments).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

fn for_pane(pane: &str) -> CreateSession {
    CreateSession {
        pane_id: Some(pane.into()),
        ..command_of(&["bash", "--norc", "--noprofile", "-i"])
    }
}

async fn create(world: &World, request: CreateSession) -> SessionId {
    let created = world.sessions.create(request).await.expect("a session");
    assert_eq!(created.notice, None);
    created.session
}

async fn shown(world: &World, number: u8, session: SessionId) -> Page {
    let mut page = world.page(number);
    page.attach(session).await;
    page
}

/// Waits until a program that isn't ours has ended.
async fn ends(pid: i32) {
    let ended = async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of a process", ended).await;
}

#[tokio::test]
async fn a_session_outlives_the_server_with_its_content() {
    let tmux = Tmux::new();
    let before = tmux.world();
    let session = create(&before, for_pane("p-a")).await;
    let mut page = shown(&before, 1, session).await;
    page.type_in(session, "echo pid=$$';' id=$BOWLINE_SESSION; X=kept\r")
        .await;
    let pid = page.number(session, "pid").await;
    page.see(session, &format!("id={session}")).await;
    before
        .sessions
        .get(session)
        .expect("it runs")
        .rename("work");
    let label = async {
        while !tmux
            .ask(&["list-sessions", "-F", "#{@bowline-label}"])
            .contains("776f726b")
        {
            tokio::task::yield_now().await;
        }
    };
    soon("the name in tmux", label).await;
    soon("letting go", before.sessions.leave()).await;
    assert!(is_alive(pid));
    assert!(before.sessions.list().is_empty());

    let after = tmux.world();
    assert!(matches!(after.sessions.get(session), Err(Error::Gone)));
    soon("taking up", after.sessions.adopt()).await;
    let info = after.sessions.get(session).expect("it is back").info();
    assert_eq!(
        (info.label.as_str(), info.pane_id.as_deref()),
        ("work", Some("p-a"))
    );
    assert_eq!((info.tmux, info.process.as_str()), (Some(0), "bash"));
    // What was on the screen is there again, and the shell is the same.
    let mut page = shown(&after, 1, session).await;
    page.see(session, &format!("pid={pid};")).await;
    page.type_in(session, "echo again=$X\r").await;
    page.see(session, "again=kept").await;
    // A page that asks for its pane finds it.
    let again = after
        .sessions
        .create(for_pane("p-a"))
        .await
        .expect("a session");
    assert!(again.reattached && again.session == session);
    after.sessions.end_all(OnExit::End).await;
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_kill_ends_the_session_in_tmux_and_all_its_processes() {
    let tmux = Tmux::new();
    let world = tmux.world();
    let session = create(&world, for_pane("p1")).await;
    let other = create(&world, for_pane("p2")).await;
    let mut page = shown(&world, 1, session).await;
    page.type_in(session, "echo shell=$$';'\r").await;
    page.type_in(
        session,
        "bash -c 'trap \"\" HUP TERM; echo deaf=$$\";\"; sleep 2001; sleep 2002' &\r",
    )
    .await;
    page.type_in(session, "sleep 2003 & disown; echo disowned=$!';'\r")
        .await;
    let mut pids = Vec::new();
    for name in ["shell", "deaf", "disowned"] {
        pids.push(page.number(session, name).await);
    }
    world.sessions.close(session).await.expect("it runs");
    assert_eq!(page.exit_of(session).await, Exit::Killed);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
    assert_eq!(
        tmux.ask(&["list-sessions", "-F", "#{session_name}"]),
        "pane-1"
    );
    // One that has ended is not found again.
    let again = world
        .sessions
        .create(for_pane("p1"))
        .await
        .expect("a session");
    assert!(!again.reattached);
    world.sessions.end_all(OnExit::End).await;
    assert!(world.sessions.get(other).is_err());
    assert_eq!(tmux.ask(&["list-sessions"]), "");
}

#[tokio::test]
async fn a_program_ends_with_its_status_and_its_last_output() {
    let tmux = Tmux::new();
    let world = tmux.world();
    for (number, script, expected) in [
        (
            1,
            "seq 1 100; echo last-words; read x; exit 7",
            Exit::Code(7),
        ),
        (
            2,
            "echo last-words; read x; kill -TERM $$",
            Exit::Signal(15),
        ),
        (3, "echo last-words; read x; exit 0", Exit::Code(0)),
    ] {
        let session = create(&world, command_of(&["bash", "-c", script])).await;
        let mut page = shown(&world, number, session).await;
        // tmux throws away what it has not read when it learns of an end, so the program waits.
        page.see(session, "last-words").await;
        page.type_in(session, "\r").await;
        assert_eq!(page.exit_of(session).await, expected, "{script}");
        // The last that is printed is on the screen that stays.
        let text = page.known.of(session).text();
        let (_, left) = text
            .rsplit_once("\x1b[?1049l")
            .expect("the client left its screen");
        assert!(left.contains("last-words\r\n"), "{left:?}");
        if number == 1 {
            assert!(left.contains("\r\n50\r\n51\r\n"), "{left:?}");
        }
    }
    assert!(world.sessions.in_tmux().await.is_empty());
}

#[tokio::test]
async fn what_is_left_in_tmux_is_listed_and_can_be_removed() {
    let tmux = Tmux::new();
    let before = tmux.world();
    let mut pids = Vec::new();
    for (number, pane) in [(1, "a"), (2, "4"), (3, "c")] {
        let session = create(&before, for_pane(pane)).await;
        let mut page = shown(&before, number, session).await;
        page.type_in(session, "echo pid=$$';'\r").await;
        pids.push(page.number(session, "pid").await);
    }
    before.sessions.leave().await;

    // A server that may have only one session leaves the others where they are.
    let after = tmux.world_with(Options {
        max_sessions: 1,
        ..Options::default()
    });
    after.sessions.adopt().await;
    assert_eq!(after.sessions.list().len(), 1);
    assert_eq!(after.sessions.in_tmux().await, [0, 1, 4]);
    after.sessions.close_in_tmux(4).await.expect("it is there");
    assert!(!is_alive(pids[1]));
    assert_eq!(after.sessions.in_tmux().await, [0, 1]);
    assert!(matches!(
        after.sessions.close_in_tmux(4).await,
        Err(Error::Gone)
    ));
    // One that is attended is closed like any other.
    after.sessions.close_in_tmux(0).await.expect("it is there");
    ends(pids[0]).await;
    assert!(after.sessions.list().is_empty());
    // The place is free, and the last one is found by its pane.
    let found = after
        .sessions
        .create(for_pane("c"))
        .await
        .expect("a session");
    assert!(found.reattached);
    after.sessions.end_all(OnExit::End).await;
    assert!(!is_alive(pids[2]));
}

#[tokio::test]
async fn without_tmux_mode_what_is_left_is_taken_up_too() {
    let tmux = Tmux::new();
    let before = tmux.world();
    let session = create(&before, for_pane("p")).await;
    before.sessions.leave().await;
    let after = World::with(Options {
        tmux_dir: Some(tmux.0.path().to_owned()),
        ..Options::default()
    });
    after.sessions.adopt().await;
    let info = after.sessions.get(session).expect("it is back").info();
    assert_eq!(info.tmux, Some(0));
    // A new one is plain.
    let plain = create(&after, for_pane("q")).await;
    assert_eq!(
        after.sessions.get(plain).expect("it runs").info().tmux,
        None
    );
    after.sessions.end_all(OnExit::Keep).await;
    assert!(after.sessions.get(plain).is_err());
    assert_eq!(after.sessions.in_tmux().await, [0]);
    after.sessions.end_all(OnExit::End).await;
    assert!(after.sessions.in_tmux().await.is_empty());
}

#[tokio::test]
async fn a_session_in_tmux_is_handed_over_with_its_client() {
    let tmux = Tmux::new();
    let before = tmux.world();
    let session = create(&before, command_of(&["bash", "--norc", "-i"])).await;
    let mut page = shown(&before, 1, session).await;
    page.type_in(session, "echo pid=$$';'\r").await;
    let pid = page.number(session, "pid").await;
    let mut state = Vec::new();
    let still = soon("stillness", before.sessions.hand_over(&mut state)).await;
    let still = still.expect("handed over");
    let terminals = still.descriptors().iter();
    let terminals = terminals.map(|terminal| terminal.try_clone().expect("a copy"));
    let after = tmux.world();
    let taken_up = after
        .sessions
        .take_over(state.as_slice(), terminals.collect());
    assert_eq!(taken_up.await.expect("taken up"), 1);
    // The old image does nothing any more.
    std::mem::forget(still);
    after.sessions.adopt().await;
    let numbers: Vec<_> = after.sessions.list().iter().map(|one| one.tmux).collect();
    assert_eq!(numbers, [Some(0)]);
    page.move_to(&after, session).await;
    page.type_in(session, "echo the-''same $$\r").await;
    page.see(session, &format!("the-same {pid}")).await;
    after.sessions.close(session).await.expect("it runs");
    assert_eq!(page.exit_of(session).await, Exit::Killed);
    assert!(!is_alive(pid));
    assert!(after.sessions.in_tmux().await.is_empty());
}

#[tokio::test]
async fn a_program_that_ended_meanwhile_is_told_as_it_ended() {
    let tmux = Tmux::new();
    let before = tmux.world();
    let session = create(
        &before,
        command_of(&[
            "bash",
            "-c",
            "echo pid=$$';'; read x; echo by''e; read x; exit 3",
        ]),
    )
    .await;
    let mut page = shown(&before, 1, session).await;
    let pid = page.number(session, "pid").await;
    before.sessions.leave().await;
    tmux.ask(&["send-keys", "-t", "=pane-0:", "Enter"]);
    let said = async {
        while !tmux
            .ask(&["capture-pane", "-p", "-t", "=pane-0:"])
            .contains("bye")
        {
            tokio::task::yield_now().await;
        }
    };
    soon("the last words in tmux", said).await;
    tmux.ask(&["send-keys", "-t", "=pane-0:", "Enter"]);
    ends(pid).await;

    let after = tmux.world();
    after.sessions.adopt().await;
    let mut page = shown(&after, 1, session).await;
    assert_eq!(page.exit_of(session).await, Exit::Code(3));
    let text = page.known.of(session).text();
    assert!(text.contains("bye"), "{text:?}");
}

#[tokio::test]
async fn a_shell_whose_folder_was_deleted_lands_in_one_that_exists() {
    let tmux = Tmux::new();
    let folders = tempfile::tempdir().expect("a folder");
    let projects = folders.path().join("pro'jects");
    let (gone, again) = (folders.path().join("gone"), folders.path().join("again"));
    for folder in [&projects, &gone, &again] {
        std::fs::create_dir(folder).expect("made");
    }
    let options = || Options {
        projects_dir: Some(projects.clone()),
        env_set: vec![("SHELL".into(), "/bin/bash".into())],
        ..Options::default()
    };
    let before = tmux.world_with(options());
    let mut sessions = Vec::new();
    for (number, folder) in [(1, &gone), (2, &again)] {
        let request = CreateSession {
            cwd: Some(folder.clone()),
            ..CreateSession::default()
        };
        let session = create(&before, request).await;
        let mut page = shown(&before, number, session).await;
        page.type_in(session, "PS1='$ '; echo re''ady\r").await;
        page.see(session, "ready").await;
        sessions.push(session);
    }
    before.sessions.leave().await;
    std::fs::remove_dir(&gone).expect("removed");
    std::fs::remove_dir(&again).expect("removed");
    std::fs::create_dir(&again).expect("made");

    let after = tmux.world_with(options());
    after.sessions.adopt().await;
    let expected = [(1, &projects), (2, &again)];
    for (session, (number, expected)) in sessions.into_iter().zip(expected) {
        let mut page = shown(&after, number, session).await;
        page.type_in(session, "echo in=$(/bin/pwd)';'\r").await;
        page.see(session, &format!("in={};", expected.display()))
            .await;
        let info = after.sessions.get(session).expect("it runs").info();
        assert_eq!(info.cwd.as_deref(), Some(expected.as_path()));
    }
    after.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn nothing_of_tmux_is_felt() {
    let tmux = Tmux::new();
    let world = tmux.world_with(Options {
        env_set: vec![("SECRET".into(), "only-here".into())],
        ..Options::default()
    });
    let session = create(&world, for_pane("p")).await;
    let size = Size {
        cols: 100,
        rows: 30,
    };
    let mut page = world.page(1);
    page.attach_as(session, bowline_protocol::frame::Mode::Log, size)
        .await;
    // The whole size is the program's: no line of status.
    page.type_in(
        session,
        "until [ \"$(stty size)\" = '30 100' ]; do :; done; echo fi''ts\r",
    )
    .await;
    page.see(session, "fits").await;
    // Ctrl-B goes to the program.
    page.type_in(session, "read -rp go''on: keys; printf '%q;' \"$keys\"\r")
        .await;
    page.see(session, "goon:").await;
    page.type_in(session, "\x02c\x02d\r").await;
    page.see(session, "$'\\002c\\002d';").await;
    page.type_in(session, "echo secret=$SECRET';'\r").await;
    page.see(session, "secret=only-here;").await;
    // Its variables are the session's and not the server's, and nobody sees them in a list of processes.
    assert!(!tmux.ask(&["show-environment", "-g"]).contains("SECRET"));
    let commands = std::fs::read_dir("/proc").expect("/proc").flatten();
    for process in commands.filter(|one| one.path().join("cmdline").exists()) {
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains("only-here"));
    }
    // What a program sets as its title and hands to the clipboard reaches the page.
    page.type_in(
        session,
        "printf '\\033]2;my''title\\007\\033]52;c;aGk=\\007'\r",
    )
    .await;
    page.see(session, "mytitle").await;
    page.see(session, "]52;").await;
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn a_missing_program_is_told_in_tmux_mode_too() {
    let tmux = Tmux::new();
    let world = tmux.world();
    for path in ["no-such-program", "/no/such/program", "/etc/passwd"] {
        let refused = world.sessions.create(command_of(&[path])).await;
        let message = refused.expect_err("it can't start").to_string();
        assert!(message.contains(path), "{message}");
    }
    assert!(world.sessions.in_tmux().await.is_empty());
}

#[tokio::test]
async fn words_reach_the_program_as_they_are() {
    let tmux = Tmux::new();
    let world = tmux.world();
    let script = "printf '<%s>' \"$@\"; read x";
    let words = ["bash", "-c", script, "bash"];
    let words = [
        &words[..],
        &["a b", "x;", ";", "#{host}", "$HOME", "-n", "'\""],
    ]
    .concat();
    let session = create(&world, command_of(&words)).await;
    let mut page = shown(&world, 1, session).await;
    page.see(session, "<a b><x;><;><#{host}><$HOME><-n><'\">")
        .await;
    page.type_in(session, "\r").await;
    assert_eq!(page.exit_of(session).await, Exit::Code(0));
}

#[tokio::test]
async fn where_tmux_cannot_be_used_a_plain_shell_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("x".repeat(120));
    let world = World::with(Options {
        tmux: TmuxMode::On,
        tmux_dir: Some(deep),
        env_set: vec![("SHELL".into(), "/bin/sh".into())],
        ..Options::default()
    });
    let created = world
        .sessions
        .create(CreateSession::default())
        .await
        .expect("a shell");
    let notice = created.notice.expect("a notice");
    assert!(notice.contains("--state-dir"), "{notice}");
    let info = world.sessions.get(created.session).expect("it runs").info();
    assert_eq!(
        (info.tmux, info.notice.as_deref()),
        (None, Some(notice.as_str()))
    );
    let mut page = shown(&world, 1, created.session).await;
    page.see(created.session, "--state-dir").await;
    page.type_in(created.session, "echo $((6*7))\r").await;
    page.see(created.session, "42").await;
    // What a script starts prints nothing of ours.
    let created = world
        .sessions
        .create(command_of(&["echo", "hi"]))
        .await
        .expect("started");
    assert!(created.notice.is_some());
    let mut page = shown(&world, 2, created.session).await;
    page.exit_of(created.session).await;
    assert_eq!(page.known.of(created.session).text(), "hi\r\n");
    assert!(!Path::new(&folder.path().join("tmux.conf")).exists());
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn a_login_shell_in_tmux_is_one_and_its_marks_arrive() {
    let tmux = Tmux::new();
    let scripts = tempfile::tempdir().expect("a folder");
    let world = tmux.world_with(Options {
        shell_integration: Some(scripts.path().to_owned()),
        env_set: vec![
            ("SHELL".into(), "/bin/bash".into()),
            ("HOME".into(), scripts.path().display().to_string()),
        ],
        ..Options::default()
    });
    let session = create(&world, CreateSession::default()).await;
    let mut page = shown(&world, 1, session).await;
    page.type_in(
        session,
        "shopt -q login_shell && echo lo''gin';'; echo name=$0';'\r",
    )
    .await;
    page.see(session, "login;").await;
    page.see(session, "name=-bash;").await;
    // While tmux draws its window for the first time it passes nothing through.
    page.type_in(session, "(exit 3)\r").await;
    let told = async {
        loop {
            let info = world.sessions.get(session).expect("it runs").info();
            if info.last_command.is_some_and(|last| last.status == Some(3)) {
                return;
            }
            page.take("the mark").await;
        }
    };
    soon("the end of the command", told).await;
    // On their way through tmux they leave nothing on the screen.
    let text = page.known.of(session).text();
    assert!(
        !text.contains("Ptmux") && !text.contains("__bowline"),
        "{text:?}"
    );
    world.sessions.end_all(OnExit::End).await;
}

#[tokio::test]
async fn marks_and_words_come_through() {
    let tmux = Tmux::new();
    let world = tmux.world_with(Options {
        shell_integration: Some(tmux.0.path().join("shell-integration")),
        ..Options::default()
    });
    let shell = CreateSession {
        pane_id: Some("p".into()),
        ..CreateSession::default()
    };
    let session = create(&world, shell).await;
    let mut page = shown(&world, 1, session).await;
    // tmux passes on what a program says to the terminal while one is attached; the first prompt may come before.
    page.type_in(session, "\r").await;
    page.until(session, "a prompt", |seen| {
        seen.events
            .iter()
            .any(|event| matches!(event, Event::Cwd { .. }))
    })
    .await;
    page.type_in(session, "(exit 7)\r").await;
    let ended = |event: &Event| {
        let Event::Command { mark, .. } = event else {
            return false;
        };
        matches!(
            mark,
            CommandMark::Ended {
                status: Some(7),
                ..
            }
        )
    };
    page.until(session, "the command's end", |seen| {
        seen.events.iter().any(ended)
    })
    .await;
    let word = r"printf '\ePtmux;\e\e]7777;bowline;status=working\a\e\\'";
    page.type_in(session, format!("{word}\r")).await;
    let running = Event::Activity {
        activity: Activity::Running,
    };
    page.until(session, "the word", |seen| {
        seen.events.last() == Some(&running)
    })
    .await;
}
