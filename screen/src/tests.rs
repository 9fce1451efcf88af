//! The screen against itself: what a snapshot recreates must be what it was taken of. Against the page's
//! emulator it is proved in `tests/it`.

use bowline_protocol::frame::Size;

use crate::{History, Screen, Settings, Signal};

fn screen(cols: u16, rows: u16) -> Screen {
    Screen::new(Size { cols, rows }, Settings::default())
}

fn fed(cols: u16, rows: u16, bytes: &[u8]) -> Screen {
    let mut screen = screen(cols, rows);
    screen.feed(bytes);
    screen
}

/// A screen made from another's snapshot.
fn copy(of: &mut Screen) -> Screen {
    let size = of.size();
    let snapshot = of.snapshot(History::All);
    let mut copy = Screen::new(size, Settings::default());
    copy.feed(&snapshot.bytes);
    copy
}

fn assert_copies(cols: u16, rows: u16, bytes: &[u8]) {
    let mut original = fed(cols, rows, bytes);
    let mut copied = copy(&mut original);
    assert_eq!(
        String::from_utf8_lossy(&original.snapshot(History::All).bytes),
        String::from_utf8_lossy(&copied.snapshot(History::All).bytes),
        "{}",
        bytes.escape_ascii()
    );
    assert_eq!(original.text(History::All), copied.text(History::All));
    assert_eq!(original.cursor(), copied.cursor());
}

#[test]
fn a_snapshot_recreates_the_screen() {
    for bytes in [
        &b"hello"[..],
        b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix",
        b"0123456789abcdefghij",
        b"0123456789",
        b"\x1b[31mred\x1b[44m blue\x1b[K\r\nnext\x1b[m",
        b"\x1b[1;4:3;58:5:9mcurly\x1b[0m plain",
        b"\x1b]8;id=a;https://example.com\x1b\\link\x1b]8;;\x1b\\ none",
        b"\x1b[2;3r\x1b[?6h\x1b[2;2Hx",
        b"\x1b[?1049h\x1b[Halt\x1b[3;3H",
        b"a\x1b7\r\nb\r\nc\r\nd\r\ne\x1b[?25l",
        b"\x1b(0lqk\x1b(B\x0e",
        b"\x1b[3g\x1b[4G\x1bH\x1b[H\tx",
        "日本語日本語日本".as_bytes(),
        "👩‍👩‍👧 e\u{301}x".as_bytes(),
        b"wide \xe3\x80\x80\x08X",
        b"ab\x1b[4hcd\x1b[?2004h\x1b[?1000;1006h\x1b[5 q",
        b"0123456789\x1b[2K",
        b"0123456789\x1b[1;5H\x1b[45m\x1b[1K",
        b"\x1b]2;title\x07\x1b[38;2;1;2",
        b"\x1b]0;unfinished tit",
        b"0123456789\r\n\r\n\r\n\r\n\x1b[A\x1b[A01234567890\x1b[5D\x1b[1X",
    ] {
        assert_copies(10, 4, bytes);
    }
}

#[test]
fn a_character_that_the_cursor_was_moved_behind_keeps_its_looks() {
    for pen in ["\x1b]8;;https://example.com\x1b\\", "\x1b[31m"] {
        let mut original = fed(10, 4, format!("abc{pen}d\x1b]8;;\x1b\\\x1b[m ").as_bytes());
        original.resize(Size { cols: 5, rows: 4 });
        let mut copied = copy(&mut original);
        assert_eq!(
            original.snapshot(History::All),
            copied.snapshot(History::All)
        );
    }
}

#[test]
fn an_unfinished_character_is_sent_again() {
    let mut screen = fed(10, 4, b"a\xe2\x82");
    assert_eq!(screen.snapshot(History::None).behind, 2);
    screen.feed(b"\xac");
    assert_eq!(screen.snapshot(History::None).behind, 0);
    assert_eq!(screen.text(History::None), "a€");
}

#[test]
fn a_long_string_is_read_over_wherever_it_is_cut() {
    let mut screen = screen(10, 4);
    screen.feed(b"\x1b]52;c;");
    screen.feed(&[b'x'; 200_000]);
    let mut copied = copy(&mut screen);
    copied.feed(b"yy\x07after");
    assert_eq!(copied.text(History::None), "after");
}

#[test]
fn queries_are_answered_once_and_in_order() {
    let mut screen = fed(
        80,
        24,
        b"\x1b[c\x1b[3;4H\x1b[6n\x1b[?2026$p\x1bP$qr\x1b\\\x1b[>q\x1b]11;?\x07",
    );
    let replies: Vec<String> = screen
        .take_signals()
        .into_iter()
        .filter_map(|signal| match signal {
            Signal::Reply(reply) => Some(String::from_utf8(reply).expect("answers are text")),
            _ => None,
        })
        .collect();
    assert_eq!(
        replies,
        [
            "\x1b[?62;4;22c",
            "\x1b[3;4R",
            "\x1b[?2026;2$y",
            "\x1bP1$r1;24r\x1b\\",
            "\x1bP>|xterm.js(6.0.0)\x1b\\",
            "\x1b]11;rgb:0000/0000/0000\x1b\\",
        ]
    );
    assert!(screen.take_signals().is_empty());
}

#[test]
fn text_joins_what_was_wrapped() {
    let mut screen = fed(10, 3, b"a line that is wrapped\r\nnext\r\n\r\n");
    assert_eq!(screen.text(History::All), "a line that is wrapped\nnext");
}

#[test]
fn a_wider_screen_wraps_anew() {
    let mut screen = fed(10, 4, b"0123456789abcdef\r\n$ ");
    screen.resize(Size { cols: 20, rows: 4 });
    assert_eq!(screen.text(History::All), "0123456789abcdef\n$");
    assert_eq!(screen.cursor().y, 1);
    screen.resize(Size { cols: 5, rows: 4 });
    assert_eq!(screen.text(History::All), "0123456789abcdef\n$");
}
