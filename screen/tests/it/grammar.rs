//! A grammar of what programs write to terminals, sensible and hostile, for proptest. Must not know the proof.

use bowline_protocol::frame::Size;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::stream::{Step, Stream};

/// Whole streams on small terminals, where wrapping and scrolling happen at every turn.
pub(crate) fn stream() -> impl Strategy<Value = Stream> {
    // Never 0: xterm.js 6.0 then loses count of its lines when it reflows.
    let scrollback = select(vec![1, 3, 20, 1000]);
    let parts = (size(), scrollback, any::<Flavour>(), vec(steps(), 1..60));
    parts.prop_map(|(size, scrollback, flavour, steps)| {
        let mut steps = steps.concat();
        steps.retain(|step| flavour.has(step));
        // Without a cut nothing would be compared, and the end is where most can be seen.
        steps.push(Step::Cut);
        // A line that takes more lines anew than all there may be ends up in the wrong order in xterm.js.
        let is_resized = steps.iter().any(|step| matches!(step, Step::Resize(_)));
        Stream {
            size,
            scrollback: if is_resized { 300 } else { scrollback },
            steps,
        }
    })
}

/// What a stream is about. What DECRC brought back on one screen, and is in use on the other, where DECSC saved another:
/// a character set that is not designated, a look without the link that is open. That can't be had again.
#[derive(Debug, Clone, Copy)]
enum Flavour {
    SetsAndLinks,
    Screens,
}

impl Arbitrary for Flavour {
    type Parameters = ();
    type Strategy = proptest::sample::Select<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        select(&[Self::SetsAndLinks, Self::Screens][..])
    }
}

impl Flavour {
    fn has(self, step: &Step) -> bool {
        let Step::Bytes(bytes) = step else {
            return true;
        };
        let contains = |parts: &[&[u8]]| {
            (0..bytes.len()).any(|at| parts.iter().any(|part| bytes[at..].starts_with(part)))
        };
        !match self {
            Self::SetsAndLinks => contains(&[b"47", b"1049"]),
            Self::Screens => contains(&[
                b"\x1b(", b"\x1b)", b"\x1b*", b"\x1b+", b"\x1b-", b"\x1b.", b"]8;", b"\x9d8;",
            ]),
        }
    }
}

/// Four columns at least: on a row full of the remains of wide characters there is no room to make them. Two rows: a line that goes on from one with an empty last column needs a row above to be made.
fn size() -> impl Strategy<Value = Size> {
    let made = |(cols, rows)| Size { cols, rows };
    prop_oneof![
        6 => (4u16..=14, 2u16..=7).prop_map(made),
        3 => (10u16..=40, 3u16..=12).prop_map(made),
        1 => Just(Size { cols: 80, rows: 24 }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        60 => bytes().prop_map(Step::Bytes),
        2 => size().prop_map(Step::Resize),
        4 => Just(Step::Cut),
    ];
    prop_oneof![
        60 => one.prop_map(|step| vec![step]),
        1 => without_autowrap(),
    ]
}

/// Not with wide characters: in the last column xterm.js drops them or cuts them in half, but lets marks join
/// what was not printed.
fn without_autowrap() -> impl Strategy<Value = Vec<Step>> {
    let inside = prop_oneof![3 => "[ -~é─]{1,40}".prop_map(String::into_bytes), 1 => cursor(), 1 => edit(), 1 => sgr()];
    vec(inside, 0..4).prop_map(|inside| {
        let off = Step::Bytes(owned(b"\r\x1b[?7l"));
        let on = Step::Bytes(owned(b"\x1b[?7h"));
        let inside = Step::Bytes(inside.concat());
        vec![off, Step::Cut, inside, Step::Cut, on]
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        24 => text(),
        10 => controls(),
        16 => cursor(),
        8 => edit(),
        10 => sgr(),
        10 => modes(),
        5 => charsets(),
        4 => links(),
        4 => strings(),
        4 => queries(),
        3 => rare(),
        3 => noise(),
        2 => whole(),
    ]
}

fn owned(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

fn words(text: &'static str) -> Vec<&'static str> {
    text.split(' ').collect()
}

fn one_of(choices: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    select(choices).prop_map(owned)
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    const WIDE: &[&str] = &[
        "漢",
        "字漢字",
        "한국",
        "かな",
        "ｆｕｌｌ",
        "\u{20000}",
        "😀",
        "🎉🎉",
        "❤\u{fe0f}",
        "❤",
        "👍\u{1f3fd}",
        "👨\u{200d}👩\u{200d}👧",
        "🏳\u{fe0f}\u{200d}🌈",
        "🇩🇪",
        "🇩🇪🇫",
        "1\u{fe0f}\u{20e3}",
        "\u{1f3fd}",
        "☺\u{fe0f}",
        "☺\u{fe0e}",
    ];
    const NARROW: &[&str] = &[
        "e\u{301}",
        "a\u{308}\u{301}",
        "\u{301}",
        "\u{200d}",
        "\u{200b}",
        "\u{fe0f}",
        "é",
        "ß",
        "─│┌",
        "\u{ad}",
        "नि",
        "ไก่",
        "\u{2066}x\u{2069}",
        "\u{feff}",
        "\u{e0101}",
        "ﾊﾟ",
        "\u{300}\u{301}",
        "✓",
        "…",
        "\u{a0}",
    ];
    prop_oneof![
        6 => "[ -~]{1,6}".prop_map(String::into_bytes),
        3 => "[a-z ]{1,30}".prop_map(String::into_bytes),
        2 => " {1,20}".prop_map(String::into_bytes),
        4 => vec(select(WIDE), 1..4).prop_map(|parts| parts.concat().into_bytes()),
        3 => vec(select(NARROW), 1..4).prop_map(|parts| parts.concat().into_bytes()),
        1 => any::<char>().prop_map(|one| one.to_string().into_bytes()),
    ]
}

fn controls() -> impl Strategy<Value = Vec<u8>> {
    one_of(&[
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\n\n\n",
        b"\r",
        b"\x08",
        b"\x08\x08\x08",
        b"\t",
        b"\t\t",
        b"\x0b",
        b"\x0c",
        b"\x07",
        b"\x0e",
        b"\x0f",
        b"\x00",
        b"\x7f",
        b"\x18",
        b"\x1a",
        b"\x05",
        b"\xc2\x84",
        b"\xc2\x85",
        b"\xc2\x88",
        b"\xc2\x8d",
        b"\x1bD",
        b"\x1bE",
        b"\x1bM",
        b"\x1bM\x1bM",
        b"\x1bH",
        b"\x1b7",
        b"\x1b8",
    ])
}

/// A parameter: mostly none or small, sometimes beyond every edge.
fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        12 => (0u32..=9).prop_map(|n| n.to_string()),
        3 => (10u32..=45).prop_map(|n| n.to_string()),
        1 => select(words("255 256 999 32768 65535 65536 2147483647 2147483648 99999999999"))
            .prop_map(str::to_owned),
        1 => select(vec!["00003", "1:2", ":", "3:"]).prop_map(str::to_owned),
    ]
}

/// For what xterm.js does once for each of so many: a large number would keep it busy for minutes.
fn count() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        12 => (0u32..=6).prop_map(|n| n.to_string()),
        1 => (7u32..=90).prop_map(|n| n.to_string()),
    ]
}

fn csi(before: &str, parameters: &str, end: &str) -> Vec<u8> {
    format!("\x1b[{before}{parameters}{end}").into_bytes()
}

fn cursor() -> impl Strategy<Value = Vec<u8>> {
    let one = select(words("A B C D E F G ` a d e"));
    let two = select(vec!["H", "f", "H", "r"]);
    prop_oneof![
        6 => (parameter(), one).prop_map(|(n, end)| csi("", &n, end)),
        6 => (parameter(), parameter(), two).prop_map(|(a, b, end)| csi("", &format!("{a};{b}"), end)),
        2 => (1u32..8, 1u32..8).prop_map(|(a, b)| csi("", &format!("{a};{}", a + b), "r")),
        2 => (count(), select(vec!["I", "Z"])).prop_map(|(n, end)| csi("", &n, end)),
        1 => select(vec!["0", "3", "", "2"]).prop_map(|n| csi("", n, "g")),
        2 => select(vec!["s", "u", "H", "999;999H", "r"]).prop_map(|end| csi("", "", end)),
    ]
}

fn edit() -> impl Strategy<Value = Vec<u8>> {
    let erase = select(vec!["J", "K"]);
    let kind = select(vec!["", "0", "1", "2", "3"]);
    let cells = select(vec!["@", "P", "X"]);
    let lines = select(vec!["L", "M", "S", "T", "b", " @", " A", "'}", "'~"]);
    prop_oneof![
        4 => (select(vec!["", "", "?"]), kind, erase).prop_map(|(mark, n, end)| csi(mark, n, end)),
        3 => (parameter(), cells).prop_map(|(n, end)| csi("", &n, end)),
        5 => (count(), lines).prop_map(|(n, end)| csi("", &n, end)),
        1 => one_of(&[b"\x1b[1\"q", b"\x1b[0\"q", b"\x1b[2\"q"]),
    ]
}

fn sgr() -> impl Strategy<Value = Vec<u8>> {
    let colour = prop_oneof![
        (0u32..=300).prop_map(|n| format!("5;{n}")),
        (0u32..=255, 0u32..=255, 0u32..=300).prop_map(|(r, g, b)| format!("2;{r};{g};{b}")),
        (0u32..=255).prop_map(|n| format!(":5:{n}")),
        (0u32..=255, 0u32..=255, 0u32..=255).prop_map(|(r, g, b)| format!(":2::{r}:{g}:{b}")),
        (0u32..=255, 0u32..=255, 0u32..=255).prop_map(|(r, g, b)| format!(":2:{r}:{g}:{b}")),
        Just("5".to_owned()),
        Just("2;1".to_owned()),
        Just(":2".to_owned()),
        Just(String::new()),
    ];
    let one = prop_oneof![
        10 => (0u32..=9).prop_map(|n| n.to_string()),
        6 => (20u32..=29).prop_map(|n| n.to_string()),
        6 => (30u32..=49).prop_map(|n| n.to_string()),
        3 => (90u32..=107).prop_map(|n| n.to_string()),
        3 => (50u32..=65).prop_map(|n| n.to_string()),
        4 => (0u32..=6).prop_map(|n| format!("4:{n}")),
        8 => (select(vec!["38", "48", "58"]), colour).prop_map(|(target, colour)| {
            let between = if colour.starts_with(':') { "" } else { ";" };
            format!("{target}{between}{colour}")
        }),
        1 => Just(String::new()),
        1 => parameter(),
    ];
    prop_oneof![
        8 => vec(one, 1..5).prop_map(|parts| csi("", &parts.join(";"), "m")),
        2 => Just(owned(b"\x1b[m")),
        1 => vec(0u32..=108, 30..40).prop_map(|many| {
            let many: Vec<String> = many.iter().map(u32::to_string).collect();
            csi("", &many.join(";"), "m")
        }),
    ]
}

fn modes() -> impl Strategy<Value = Vec<u8>> {
    let private = select(words(
        "1 2 3 6 6 8 9 12 25 45 45 66 1000 1002 1003 1004 1005 1006 1015 1016 1048 2004 2026 1;6;25 1000;1006 77",
    ));
    let screen = select(vec!["47", "1047", "1049", "1049"]);
    let ansi = select(vec!["4", "20", "2", "12", "4;20"]);
    let switch = select(vec!["h", "l"]);
    prop_oneof![
        5 => (private, switch.clone()).prop_map(|(mode, end)| csi("?", mode, end)),
        3 => (screen, switch.clone()).prop_map(|(mode, end)| csi("?", mode, end)),
        2 => (ansi, switch).prop_map(|(mode, end)| csi("", mode, end)),
        1 => (0u32..=8).prop_map(|n| csi("", &n.to_string(), " q")),
        1 => one_of(&[b"\x1b=", b"\x1b>", b"\x1b[ q"]),
    ]
}

fn charsets() -> impl Strategy<Value = Vec<u8>> {
    let set = select(vec![
        '0', '0', '0', 'A', 'B', '4', '5', 'C', 'R', 'Q', 'K', 'Y', 'E', '6', 'Z', 'H', '7', '=',
        '<', '1',
    ]);
    prop_oneof![
        5 => (select(vec!["(", ")", "*", "+", "-", ".", "/"]), set).prop_map(|(g, set)| format!("\x1b{g}{set}").into_bytes()),
        3 => one_of(&[b"\x0e", b"\x0f", b"\x1bn", b"\x1bo", b"\x1b|", b"\x1b}", b"\x1b~", b"\x1b%G", b"\x1b%@"]),
        2 => Just(owned(b"lqqk`#@[~")),
    ]
}

fn links() -> impl Strategy<Value = Vec<u8>> {
    one_of(&[
        b"\x1b]8;;http://a.example/x\x1b\\",
        b"\x1b]8;id=1;http://b.example/y;z\x07",
        b"\x1b]8;;\x1b\\",
        b"\x1b]8;;\x07",
        b"\x1b]8;id=1;http://b.example/y;z\x1b\\link\x1b]8;;\x1b\\",
        b"\x1b]8;id=2:x=y;file:///tmp/\xc3\xa9\x07",
        b"\x1b]8\x07",
        b"\x1b]8;id=7;\x07",
    ])
}

fn strings() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        3 => "[ -~]{0,12}",
        1 => Just("título ✓ 漢".to_owned()),
        1 => Just("?".to_owned()),
        1 => Just("1;rgb:ff/00/10".to_owned()),
        1 => Just("4;7;?;8;#123456".to_owned()),
    ];
    let number = select(vec![
        "0",
        "1",
        "2",
        "0",
        "2",
        "4",
        "7",
        "9",
        "10",
        "11",
        "12",
        "52",
        "99",
        "104",
        "110",
        "111",
        "112",
        "133",
        "777",
        "1337",
        "7777",
        "",
        "x",
        "-1",
        "99999999999",
    ]);
    let start = select(vec!["\x1b]", "\x1b]", "\x1b]", "\u{9d}"]);
    let end = select(vec![
        "\x07", "\x1b\\", "\u{9c}", "\x18", "\x1a", "\x1b[m", "",
    ]);
    prop_oneof![
        6 => (start, number, text, end.clone()).prop_map(|(start, number, text, end)| format!("{start}{number};{text}{end}").into_bytes()),
        2 => (select(vec!["\x1bP", "\x1bP1;2", "\u{90}", "\x1b_", "\x1b^", "\x1bX", "\u{98}"]), "[ -~]{0,12}", end)
            .prop_map(|(start, text, end)| format!("{start}{text}{end}").into_bytes()),
        1 => one_of(&[b"\x1b[22t", b"\x1b[22;0t", b"\x1b[22;2t", b"\x1b[23t", b"\x1b[23;2t", b"\x1b[22;1t", b"\x1b[18t"]),
    ]
}

fn queries() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => one_of(&[
            b"\x1b[c", b"\x1b[0c", b"\x1b[1c", b"\x1b[>c", b"\x1b[>1c", b"\x1b[=c", b"\x1b[5n", b"\x1b[6n", b"\x1b[?6n",
            b"\x1b[?15n", b"\x1b[>q", b"\x1bZ", b"\x1b[x", b"\x1bP$qm\x1b\\", b"\x1bP$qr\x1b\\", b"\x1bP$q q\x1b\\",
            b"\x1bP$q\"q\x1b\\", b"\x1bP$q\"p\x07\x1b\\", b"\x1bP$qz\x1b\\", b"\x1bP+q544e\x1b\\", b"\x1b[?u", b"\x1b[14t",
        ]),
        2 => (0u32..=30).prop_map(|n| csi("", &n.to_string(), "$p")),
        2 => select(words("1 3 6 7 8 9 12 25 45 47 66 67 1000 1002 1003 1004 1005 1006 1015 1016 1047 1048 1049 2004 2026 2027 4")).prop_map(|n| csi("?", n, "$p")),
    ]
}

/// DECALN not in origin mode: xterm.js 6.0 then fills lines elsewhere.
fn rare() -> impl Strategy<Value = Vec<u8>> {
    one_of(&[
        b"\x1bc",
        b"\x1b[!p",
        b"\x1b[!p",
        b"\x1b[?6l\x1b#8",
        b"\x1b[?6l\x1b#8",
        b"\x1b#3",
        b"\x1b#6",
        b"\x1b[?2026h\x1b[2K\x1b[?2026l",
        b"\x1b[3J",
        b"\x1b[2J\x1b[H",
        b"\x1b[1;3r\x1b[?6h",
        b"\x1b[?69h",
        b"\x1b[1;2;3;4;5;6;7;8;9z",
    ])
}

/// Bytes nobody meant, and sequences that never end.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => vec(any::<u8>(), 1..8),
        2 => vec(select(b"\x1b[]?;:0123456789mhlHJK\"$ !'".to_vec()), 1..12),
        2 => one_of(&[
            b"\x1b", b"\x1b[", b"\x1b[3", b"\x1b[3;", b"\x1b[?", b"\x1b[>1", b"\x1b]", b"\x1b]8;;http", b"\x1bP$q", b"\x1bP",
            b"\x1b(", b"\xe2\x80", b"\xf0\x9f", b"\xf0", b"\xc3", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\x1b[1\x0d2C",
            b"\x1b[3\xc3\xa9", b"\x1b[ 1q", b"\xc2\x9b", b"\xc2\x9b3", b"\x1b\x1b", b"\x1b[4:",
        ]),
    ]
}

/// Things programs do in one breath.
fn whole() -> impl Strategy<Value = Vec<u8>> {
    one_of(&[
        b"\x1b[?1049h\x1b[22;0;0t\x1b[2J\x1b[H",
        b"\x1b[?1049l\x1b[23;0;0t",
        b"\x1b[2;4r\x1b[4;1H\n\n\x1b[r",
        b"\x1b[?2026h\x1b[2A\x1b[J> working\r\n\r\n\x1b[?2026l",
        b"\x1b7\x1b[1;1Hstatus\x1b8",
        b"one\r\ntwo\r\nthree\r\nfour\r\n",
        b"\x1b[1;31mred\x1b[0m \x1b[7mturned\x1b[27m",
        b"\x1b[48;5;4m\x1b[K\x1b[m\r\n",
        b"\x1b[44m\n\n\n\x1b[m",
    ])
}
