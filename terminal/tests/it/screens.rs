//! The screen behind each session: snapshots for viewers that can't have every byte, answers for programs.

use bowline_protocol::frame::{ClientFrame, Colours, Mode, Size};
use bowline_protocol::ids::SessionId;
use bowline_terminal::{History, Options, ScreenFormat};

use crate::support::{Acks, Page, World, soon};

/// Lines that a snapshot brings beside the screen.
const HISTORY: usize = 1_000;

async fn attached(world: &World, number: u8, session: SessionId) -> Page {
    let mut page = world.page(number);
    page.attach_as(session, Mode::Screen, Size::default()).await;
    page
}

/// Waits until the page shows what the server does.
async fn agrees(page: &mut Page, world: &World, session: SessionId) {
    let handle = world.sessions.get(session).expect("it runs");
    let history = History::Lines(HISTORY);
    loop {
        let shot = handle.screen(ScreenFormat::Text, history).await;
        let shot = shot.expect("a picture");
        // Behind it, or at it with the picture of a flood, which brings no history: more will come.
        // One that has passed it meanwhile is compared with the next.
        while page.known.of(session).end() <= shot.offset {
            if page.known.of(session).screen.text(history) == shot.content {
                return;
            }
            page.take(&format!("the page to show\n{}", shot.content))
                .await;
        }
    }
}

fn view(session: SessionId, focused: bool) -> ClientFrame {
    ClientFrame::View {
        session,
        visible: true,
        focused,
        colours: Some(Colours {
            foreground: 0x11_22_33,
            background: 0x44_55_66,
            cursor: 0x77_88_99,
        }),
    }
}

#[tokio::test]
async fn a_new_viewer_of_a_long_session_gets_a_snapshot() {
    let world = World::new();
    let shell = world.bash().await;
    let mut first = attached(&world, 1, shell).await;
    first
        .type_in(shell, "seq -f 'line %07.0f' 1 30000; echo all-''printed\r")
        .await;
    // The prompt is the last that is said.
    first.shows(shell, "all-printed\n$").await;
    agrees(&mut first, &world, shell).await;
    let mut second = attached(&world, 2, shell).await;
    second.shows(shell, "all-printed").await;
    let seen = second.known.of(shell);
    assert_eq!(seen.snapshots, 1);
    assert_eq!(seen.bytes.len(), 0);
    let text = seen.screen.text(History::All);
    let numbers: Vec<usize> = text
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.parse().ok())
        .collect();
    assert!(numbers.len() >= HISTORY, "{}", numbers.len());
    let expected: Vec<usize> = (30_001 - numbers.len()..=30_000).collect();
    assert_eq!(numbers, expected);
    second.type_in(shell, "echo go''es on\r").await;
    second.shows(shell, "goes on").await;
    agrees(&mut second, &world, shell).await;
}

#[tokio::test]
async fn no_more_lines_are_kept_above_a_screen_than_wished() {
    let world = World::with(Options {
        scrollback: 200,
        ..Options::default()
    });
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.type_in(shell, "seq 1000; echo all-''printed\r").await;
    page.shows(shell, "all-printed\n$").await;
    let handle = world.sessions.get(shell).expect("it runs");
    let shot = handle.screen(ScreenFormat::Text, History::All).await;
    let text = shot.expect("a picture").content;
    let numbers = text
        .lines()
        .filter(|line| line.parse::<u32>().is_ok())
        .count();
    assert_eq!(
        numbers + 2,
        200 + usize::from(Size::default().rows),
        "{text}"
    );
}

#[tokio::test]
async fn a_flood_is_followed_by_pictures_and_ends_at_the_prompt() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.type_in(shell, "yes 'a flood of words'\r").await;
    page.shows(shell, "a flood of words").await;
    let handle = world.sessions.get(shell).expect("it runs");
    page.acks = Acks::Withheld;
    while page.known.of(shell).snapshots < 3 {
        // It parses a window while the program says ten times as much.
        let received = page.known.of(shell).end();
        let ahead = handle.wait_output(received + 2 * 1024 * 1024, crate::support::DEADLINE);
        soon("the flood", ahead).await;
        let snapshots = page.known.of(shell).snapshots;
        page.say(&[ClientFrame::Ack {
            session: shell,
            received,
            parsed: received,
        }])
        .await;
        page.until(shell, "a picture", |seen| {
            seen.snapshots > snapshots || seen.end() > received
        })
        .await;
    }
    page.acks = Acks::Given;
    let received = page.known.of(shell).end();
    page.say(&[ClientFrame::Ack {
        session: shell,
        received,
        parsed: received,
    }])
    .await;
    page.type_in(shell, "\x03").await;
    page.type_in(shell, "echo it is o''ver\r").await;
    page.shows(shell, "it is over").await;
    agrees(&mut page, &world, shell).await;
    let seen = page.known.of(shell);
    let all = seen.end();
    assert!(
        (seen.bytes.len() as u64) < all / 2,
        "{} of {all} bytes were sent",
        seen.bytes.len()
    );
}

#[tokio::test]
async fn a_viewer_that_takes_nothing_gets_nothing_and_later_the_screen() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.acks = Acks::Withheld;
    page.type_in(shell, "seq 1 200000; echo all-''printed\r")
        .await;
    let handle = world.sessions.get(shell).expect("it runs");
    let printed = async {
        loop {
            let end = handle.read(None, 1).end;
            let shot = handle.screen(ScreenFormat::Text, History::None).await;
            if shot.expect("a picture").content.contains("all-printed") {
                break;
            }
            handle.wait_output(end, crate::support::DEADLINE).await;
        }
    };
    soon("the flood's end", printed).await;
    assert_eq!(page.known.of(shell).snapshots, 0);
    page.acks = Acks::Given;
    let received = page.known.of(shell).end();
    page.say(&[ClientFrame::Ack {
        session: shell,
        received,
        parsed: received,
    }])
    .await;
    page.shows(shell, "all-printed").await;
    agrees(&mut page, &world, shell).await;
}

#[tokio::test]
async fn a_hidden_viewer_comes_back_to_the_present() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.shows(shell, "$").await;
    page.say(&[ClientFrame::View {
        session: shell,
        visible: false,
        focused: false,
        colours: None,
    }])
    .await;
    page.type_in(shell, "seq 1 300000; echo all-''printed\r")
        .await;
    let mut other = attached(&world, 2, shell).await;
    other.shows(shell, "all-printed").await;
    assert!(
        !page
            .known
            .of(shell)
            .screen
            .text(History::None)
            .contains("all")
    );
    page.say(&[view(shell, true)]).await;
    page.shows(shell, "all-printed").await;
    agrees(&mut page, &world, shell).await;
}

#[tokio::test]
async fn more_history_comes_when_it_is_asked_for() {
    let world = World::new();
    let shell = world.bash().await;
    let mut first = attached(&world, 1, shell).await;
    first
        .type_in(shell, "seq -f 'line %07.0f' 1 8000; echo all-''printed\r")
        .await;
    first.shows(shell, "all-printed").await;
    let mut page = attached(&world, 2, shell).await;
    page.shows(shell, "all-printed").await;
    page.say(&[ClientFrame::History {
        session: shell,
        lines: 10_000,
    }])
    .await;
    page.until(shell, "a longer snapshot", |seen| seen.snapshots == 2)
        .await;
    let text = page.known.of(shell).screen.text(History::All);
    assert!(text.contains("line 0000001\n"));
    assert!(text.contains("line 0008000\n"));
}

/// Waits until a session's program has printed another megabyte.
async fn another_megabyte(world: &World, session: SessionId) {
    let handle = world.sessions.get(session).expect("it runs");
    let begun = handle.read(None, 1).end;
    let mut end = begun;
    while end < begun + 1024 * 1024 {
        handle.wait_output(end, crate::support::DEADLINE).await;
        end = handle.read(None, 1).end;
    }
}

/// Confirms all that a page was sent of a session.
async fn confirm(page: &mut Page, session: SessionId) {
    let received = page.known.of(session).end();
    let ack = ClientFrame::Ack {
        session,
        received,
        parsed: received,
    };
    page.say(&[ack]).await;
}

#[tokio::test]
async fn in_a_flood_the_answer_to_a_question_for_history_is_told_from_its_pictures() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.shows(shell, "$").await;
    page.acks = Acks::Withheld;
    page.type_in(shell, "yes\r").await;
    another_megabyte(&world, shell).await;
    confirm(&mut page, shell).await;
    page.until(shell, "a picture of the flood", |seen| {
        // What was sent before it fell behind must be confirmed too.
        seen.snapshots > 0 || seen.bytes.len() > 32 * 1024
    })
    .await;
    confirm(&mut page, shell).await;
    page.until(shell, "a picture of the flood", |seen| seen.snapshots > 0)
        .await;
    assert!(page.known.of(shell).answers.is_empty());
    let ask = ClientFrame::History {
        session: shell,
        lines: 10_000,
    };
    page.say(&[ask]).await;
    page.until(shell, "the answer", |seen| !seen.answers.is_empty())
        .await;
    confirm(&mut page, shell).await;
    let snapshots = page.known.of(shell).snapshots;
    another_megabyte(&world, shell).await;
    page.until(shell, "the next picture", |seen| {
        seen.snapshots > snapshots || seen.bytes.len() > 64 * 1024
    })
    .await;
    confirm(&mut page, shell).await;
    page.until(shell, "the next picture", |seen| seen.snapshots > snapshots)
        .await;
    let answers = &page.known.of(shell).answers;
    assert_eq!(answers.len(), 1);
    assert!(answers[0] > 5_000, "{answers:?}");
}

#[tokio::test]
async fn nothing_takes_the_place_of_an_answer_before_it_is_confirmed() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.type_in(shell, "seq 1 5000; echo prin''ted\r").await;
    page.shows(shell, "printed").await;
    page.acks = Acks::Withheld;
    let ask = ClientFrame::History {
        session: shell,
        lines: 1_100,
    };
    page.say(&[ask]).await;
    page.until(shell, "the answer", |seen| !seen.answers.is_empty())
        .await;
    let snapshots = page.known.of(shell).snapshots;
    // There is room for a picture, and reason enough.
    page.type_in(shell, "yes\r").await;
    another_megabyte(&world, shell).await;
    for t in 1..=2 {
        page.say(&[ClientFrame::Ping { t }]).await;
        while !page.known.pongs.contains(&t) {
            page.take("a pong").await;
        }
        // Asked after it, so answered after a picture that was asked for would have been made.
        let handle = world.sessions.get(shell).expect("it runs");
        let shot = handle.screen(ScreenFormat::Text, History::None).await;
        shot.expect("a picture");
    }
    assert_eq!(page.known.of(shell).snapshots, snapshots);
    confirm(&mut page, shell).await;
    page.until(shell, "a picture", |seen| seen.snapshots > snapshots)
        .await;
    assert_eq!(page.known.of(shell).answers.len(), 1);
}

#[tokio::test]
async fn a_program_learns_the_sixteen_colours_of_who_had_the_keyboard_last() {
    let world = World::new();
    let shell = world.bash().await;
    let (mut page, other) = (
        attached(&world, 1, shell).await,
        attached(&world, 2, shell).await,
    );
    page.shows(shell, "$").await;
    let palette = |sixteen| ClientFrame::Palette {
        session: shell,
        sixteen,
    };
    let mut mine = [0x01_02_03; 16];
    mine[9] = 0xab_cd_ef;
    other.say(&[view(shell, true), palette([7; 16])]).await;
    page.say(&[view(shell, true), palette(mine)]).await;
    let ask = r"stty raw -echo; printf '\033]4;9;?;16;?\033\\'; head -c 53 | tr -d '\033'; stty sane; echo to''ld";
    page.type_in(shell, format!("{ask}\r")).await;
    page.shows(shell, "told").await;
    let text = page.known.of(shell).screen.text(History::None);
    let text: String = text.split_whitespace().collect();
    assert!(text.contains("]4;9;rgb:abab/cdcd/efef"), "{text}");
    assert!(text.contains("]4;16;rgb:0000/0000/0000"), "{text}");
}

/// A program that asks without echo and prints what it is told.
const ASK: &str = r#"stty raw -echo; printf '\033[6n\033[c\033[?2026$p\033]11;?\033\\'; \
    dd bs=1 count=53 2>/dev/null | od -An -c | tr -d ' \n' ; stty sane; echo; echo an''swered"#;

#[tokio::test]
async fn queries_are_answered_once_whoever_looks() {
    for viewers in 0..3 {
        let world = World::new();
        let shell = world.bash().await;
        let mut pages = Vec::new();
        for number in 0..viewers {
            let page = attached(&world, number + 1, shell).await;
            page.say(&[view(shell, number == 0)]).await;
            pages.push(page);
        }
        let mut reader = world.page(9);
        reader.attach(shell).await;
        reader.see(shell, "$ ").await;
        reader.type_in(shell, format!("clear; {ASK}\r")).await;
        reader.see(shell, "answered").await;
        let background = if viewers == 0 {
            "0000/0000/0000"
        } else {
            "4444/5555/6666"
        };
        let text = reader.known.of(shell).text();
        let answer = format!("033[1;1R033[?62;4;22c033[?2026;2$y033]11;rgb:{background}033\\");
        assert!(text.replace("\\033", "033").contains(&answer), "{text}");
        // Nothing more comes: the shell reads only what is typed.
        reader.type_in(shell, "echo qui''et\r").await;
        reader.see(shell, "quiet").await;
        let text = reader.known.of(shell).text();
        assert_eq!(text.matches("4;22c").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_not_typed_into_the_shell() {
    let world = World::new();
    let shell = world.bash().await;
    let mut reader = world.page(1);
    reader.attach(shell).await;
    reader.see(shell, "$ ").await;
    // A shell marks the end of a command, as login shells do here. What the command asked dies with it. Both in one
    // write: an answer that is faster than the mark is typed, here as in any terminal.
    let asks = "printf '\\033[c\\033[6n\\033]133;D\\007\\033]133;A\\007'; echo ask''ed\r";
    reader.type_in(shell, asks).await;
    reader.see(shell, "asked").await;
    reader.type_in(shell, "echo qui''et\r").await;
    reader.see(shell, "quiet").await;
    let text = reader.known.of(shell).text();
    assert!(
        !text.contains("1;2c") && !text.contains("not found"),
        "{text}"
    );
}

#[tokio::test]
async fn a_program_that_wants_to_know_is_told_who_has_the_keyboard() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.shows(shell, "$").await;
    page.say(&[view(shell, true)]).await;
    let script = r#"stty raw -echo; printf '\033[?1004h'; head -c 3 | od -An -c; printf fir''st; \
        head -c 3 | od -An -c; stty sane; echo to''ld"#;
    page.type_in(shell, format!("{script}\r")).await;
    page.shows(shell, "first").await;
    page.say(&[view(shell, false)]).await;
    page.shows(shell, "told").await;
    let text = page.known.of(shell).screen.text(History::None);
    let compact: String = text.split_whitespace().collect();
    assert!(compact.contains("033[Ifirst033[O"), "{text}");
}

#[tokio::test]
async fn a_screen_is_told_as_text_and_as_bytes() {
    let world = World::new();
    let shell = world.bash().await;
    let mut page = attached(&world, 1, shell).await;
    page.type_in(
        shell,
        "printf '\\033[31mred\\033[0m\\033]2;a title\\007'; echo; echo do''ne\r",
    )
    .await;
    page.shows(shell, "done").await;
    let handle = world.sessions.get(shell).expect("it runs");
    let text = handle.screen(ScreenFormat::Text, History::None).await;
    let text = text.expect("a picture");
    assert!(text.content.contains("\nred\ndone"), "{}", text.content);
    assert_eq!(text.title, "a title");
    assert_eq!(text.size, Size::default());
    let ansi = handle.screen(ScreenFormat::Ansi, History::None).await;
    let mut copy =
        bowline_screen::Screen::new(Size::default(), bowline_screen::Settings::default());
    copy.feed(ansi.expect("a picture").content.as_bytes());
    assert!(copy.text(History::None).starts_with(&text.content));
}
