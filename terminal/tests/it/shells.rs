//! What a program on a terminal of ours meets: echo, bytes, sizes, pastes, its environment, its end.

use std::io::Write;

use bowline_protocol::frame::{ClientFrame, Exit, Mode, Size};
use bowline_terminal::{ApiInput, CreateSession, Error, OnExit, Options, SessionState, SizeRule};

use crate::support::{World, client, command_of, contains, soon};

#[tokio::test]
async fn a_shell_computes() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.type_in(shell, "echo $((6*7))\r").await;
    page.see(shell, "42\r\n").await;
}

#[tokio::test]
async fn characters_split_between_writes_arrive_whole() {
    let world = World::new();
    let shell = world
        .run(&[
            "bash",
            "-c",
            r"stty -echo; printf '\xe2'; read x; printf '\x82\xac'; read x",
        ])
        .await;
    let handle = world.sessions.get(shell).expect("it runs");
    soon(
        "the first byte",
        handle.wait_output(0, crate::support::DEADLINE),
    )
    .await;
    let read = handle.read(Some(0), 100);
    assert_eq!(
        (read.bytes.as_slice(), read.next_offset, read.end),
        (&b""[..], 0, 1)
    );

    let input = ApiInput {
        client: Some(client(1)),
        position: Some(0),
        bytes: "\n".into(),
    };
    assert_eq!(handle.input(input.clone()).await.expect("accepted"), 1);
    // Again: it is not typed again, or the program would end.
    assert_eq!(handle.input(input).await.expect("accepted"), 1);
    let mut page = world.page(1);
    page.attach(shell).await;
    page.see(shell, "€").await;
    let read = handle.read(Some(0), 3);
    assert!(read.bytes.len() <= 4, "{read:?}");
    let state = handle.info().state;
    assert!(!matches!(state, SessionState::Exited(_)), "{state:?}");
}

#[tokio::test]
async fn sizes_reach_the_program_and_are_marked_where_it_knew_them() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.type_in(shell, "echo before $(stty size)\r").await;
    page.see(shell, "before 24 80").await;
    let size = Size {
        cols: 132,
        rows: 43,
    };
    let session = shell;
    page.say(&[ClientFrame::Resize { session, size }]).await;
    page.until(shell, "the mark", |seen| {
        seen.sizes.last().is_some_and(|(_, last)| *last == size)
    })
    .await;
    page.type_in(shell, "echo after $(stty size)\r").await;
    page.see(shell, "after 43 132").await;
    assert_eq!(page.known.of(shell).sizes.len(), 2);

    // An equal size is not applied, and one that no terminal can have is nobody's wish.
    let bad = Size { cols: 0, rows: 0 };
    let equal = ClientFrame::Resize { session, size };
    let refused = ClientFrame::Resize { session, size: bad };
    page.say(&[equal, refused]).await;
    page.type_in(shell, "echo again $(stty size)\r").await;
    page.see(shell, "again 43 132").await;
    assert_eq!(page.known.of(shell).sizes.len(), 2);

    let handle = world.sessions.get(shell).expect("it runs");
    assert!(matches!(handle.resize(bad), Err(Error::BadSize)));
    assert_eq!(handle.info().size, size);
}

#[tokio::test]
async fn the_smallest_size_rules_where_that_is_the_rule() {
    let world = World::with(Options {
        size_rule: SizeRule::Smallest,
        ..Options::default()
    });
    let shell = world.bash().await;
    let size = |cols, rows| Size { cols, rows };
    let (mut first, mut second) = (world.page(1), world.page(2));
    first.attach_as(shell, Mode::Screen, size(120, 20)).await;
    second.attach_as(shell, Mode::Screen, size(100, 50)).await;
    first
        .until(shell, "the common size", |seen| {
            seen.sizes
                .last()
                .is_some_and(|(_, last)| *last == size(100, 20))
        })
        .await;
    first.type_in(shell, "stty size\r").await;
    first.see(shell, "20 100").await;
}

/// A canonical line is cut at 4095 bytes by the kernel, so programs that take pastes are in raw mode.
#[tokio::test]
async fn five_megabytes_pasted_arrive_whole_and_in_order() {
    const LENGTH: usize = 5_000_000;
    let mut state = 1_u64;
    let paste: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(LENGTH)
    .collect();
    let mut expected = tempfile::NamedTempFile::new().expect("a file");
    expected.write_all(&paste).expect("written");

    let world = World::new();
    let script = format!(
        "stty raw -echo; printf re''ady; head -c {LENGTH} | cmp - {} && printf sa''me",
        expected.path().display()
    );
    let shell = world.run(&["bash", "-c", &script]).await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.see(shell, "ready").await;
    page.type_in(shell, paste).await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(0));
    assert!(contains(&page.known.of(shell).bytes, b"same"));
    assert_eq!(page.known.of(shell).refusals, []);
    assert_eq!(page.known.of(shell).input.unacknowledged(), 0);
}

#[tokio::test]
async fn each_end_is_told_for_what_it_is() {
    let world = World::new();
    for (number, script, expected) in [
        (1, "exit 7", Exit::Code(7)),
        (2, "kill -TERM $$", Exit::Signal(15)),
        (3, "printf last-words; exit 0", Exit::Code(0)),
    ] {
        let shell = world.run(&["bash", "-c", script]).await;
        let mut page = world.page(number);
        page.attach(shell).await;
        assert_eq!(page.exit_of(shell).await, expected, "{script}");
        let info = world.sessions.get(shell).expect("still listed").info();
        assert_eq!(info.state, SessionState::Exited(expected));
        let text = page.known.of(shell).text();
        assert_eq!(text.contains("last-words"), script.contains("last-words"));
    }
}

#[tokio::test]
async fn a_program_may_close_its_terminal_and_open_it_again() {
    let world = World::new();
    let script = "exec </dev/null >/dev/null 2>&1; sleep 0.3; echo a''gain >/dev/tty; sleep 0.1";
    let shell = world.run(&["bash", "-c", script]).await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.see(shell, "again").await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(0));
}

#[tokio::test]
async fn a_program_gets_a_terminal_and_only_the_environment_it_may_have() {
    let world = World::new();
    let script = "echo $TERM $COLORTERM; tty -s && echo is''atty; ps -o tpgid= -o sid= -o pid= $$ | \
        { read t s p; [ $t = $s ] && [ $s = $p ] && echo lea''der; }; env | grep -c CARGO; \
        echo id=$BOWLINE_SESSION; locale charmap";
    let shell = world.run(&["bash", "-c", script]).await;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.exit_of(shell).await;
    let text = page.known.of(shell).text();
    for expected in [
        "xterm-256color truecolor\r\n",
        "isatty\r\n",
        "leader\r\n",
        "\r\n0\r\n",
        &format!("id={shell}\r\n"),
        "UTF-8",
    ] {
        assert!(text.contains(expected), "{expected:?} in {text:?}");
    }
}

#[tokio::test]
async fn a_session_tells_its_foreground_program_and_folder() {
    let world = World::new();
    let folder = tempfile::tempdir().expect("a folder");
    let request = CreateSession {
        cwd: Some(folder.path().to_owned()),
        label: Some("work".into()),
        ..command_of(&["bash", "--norc", "--noprofile", "-i"])
    };
    let shell = world
        .sessions
        .create(request)
        .await
        .expect("a session")
        .session;
    let mut page = world.page(1);
    page.attach(shell).await;
    page.see(shell, "$ ").await;
    let info = world.sessions.get(shell).expect("it runs").info();
    assert_eq!(
        (info.label.as_str(), info.process.as_str()),
        ("work", "bash")
    );
    let folder = folder.path().canonicalize().expect("a path");
    assert_eq!(info.cwd, Some(folder));
    assert_eq!(info.viewers, 1);
    page.type_in(shell, "exec sh -c 'echo st''arted; read x'\r")
        .await;
    page.see(shell, "started").await;
    let info = world.sessions.get(shell).expect("it runs").info();
    assert_eq!(info.process, "sh");
}

#[tokio::test]
async fn what_cannot_start_says_what_and_why() {
    let world = World::new();
    let missing = world
        .sessions
        .create(command_of(&["no-such-program"]))
        .await;
    let message = missing.expect_err("it can't start").to_string();
    assert!(message.contains("no-such-program"), "{message}");
    assert!(message.contains("No such file"), "{message}");
    let request = CreateSession {
        cwd: Some("/no/such/folder".into()),
        ..command_of(&["true"])
    };
    let message = world.sessions.create(request).await.expect_err("no folder");
    assert!(message.to_string().contains("folder"), "{message}");
    assert!(world.sessions.list().is_empty());
}

#[tokio::test]
async fn a_shell_that_cannot_be_run_is_replaced_and_the_terminal_says_so() {
    for (number, chosen) in [(1, "/no/such/shell"), (2, "/etc/passwd")] {
        let world = World::with(Options {
            env_set: vec![("SHELL".into(), chosen.into())],
            ..Options::default()
        });
        let created = world.sessions.create(CreateSession::default()).await;
        let created = created.expect("a shell");
        let notice = created.notice.expect("a notice");
        assert!(
            notice.contains(chosen) && notice.contains("/bin/sh"),
            "{notice}"
        );
        let mut page = world.page(number);
        page.attach(created.session).await;
        page.see(created.session, &notice).await;
        page.type_in(created.session, "echo SHELL=$SHELL';'\r")
            .await;
        page.see(created.session, "SHELL=/bin/sh;").await;
        world.sessions.end_all(OnExit::End).await;
    }
}
