//! The emulator alone: what it parses a second, what a line above the screen takes, and what a snapshot
//! costs. Its bound is the terminal that feeds it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings};

use crate::Sizes;
use crate::pty;
use crate::stats::median;
use crate::table::Table;

/// A large terminal's size.
const SIZE: Size = Size {
    cols: 150,
    rows: 50,
};
/// Names the stream to a process that measures the memory of one screen.
const CHILD: &str = "BOWLINE_BENCH_SCREEN";
const PLAIN: &str = "plain lines";
/// More than enough for the lines above a screen, bytes.
const FULL: usize = 4_000_000;
/// What is parsed at a time: a slice of the trail.
const SLICE: usize = 64 * 1024;

/// Measures streams of three kinds and `yes`.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let streams = [
        (PLAIN, plain(sizes.stream)),
        ("coloured lines", coloured(sizes.stream)),
        ("cursor-addressed", addressed(sizes.stream)),
        (
            "`yes`",
            b"y\r\n"
                .iter()
                .copied()
                .cycle()
                .take(sizes.stream)
                .collect(),
        ),
    ];
    let bound = bare_read(&streams[0].1).await?;
    for (name, stream) in &streams {
        let rates = (0..sizes.rounds).map(|_| {
            let mut screen = Screen::new(SIZE, Settings::default());
            stream.len() as f64 / 1e6 / feed(&mut screen, stream).as_secs_f64()
        });
        let rate = median(rates);
        table.row(
            &format!("screen, {name}"),
            format!("{rate:.0} MB/s"),
            format!("bare PTY read of plain lines: {bound:.0} MB/s"),
            format!("{:.2}", rate / bound),
        );
    }
    for (name, stream) in &streams[..2] {
        let grown = grown_in_a_process(name)?;
        let lines = Settings::default().scrollback as u64;
        table.alone(
            &format!("memory of a screen with {lines} lines above it, {name}"),
            format!(
                "{:.1} MB, {} bytes a line",
                grown as f64 / 1e6,
                grown / lines
            ),
        );
        let mut screen = Screen::new(SIZE, Settings::default());
        feed(&mut screen, stream);
        for (which, history) in [
            ("1,000 lines", History::Lines(1_000)),
            ("all lines", History::All),
        ] {
            let mut size = 0;
            let times = (0..sizes.rounds.max(3)).map(|_| {
                let started = Instant::now();
                size = screen.snapshot(history).bytes.len();
                started.elapsed().as_secs_f64() * 1e3
            });
            let time = median(times);
            table.alone(
                &format!("snapshot with {which}, {name}"),
                format!("{} KB in {time:.2} ms", size / 1_000),
            );
        }
    }
    Ok(())
}

fn feed(screen: &mut Screen, stream: &[u8]) -> Duration {
    let started = Instant::now();
    for slice in stream.chunks(SLICE) {
        screen.feed(slice);
        screen.take_signals();
    }
    started.elapsed()
}

/// What a read loop in this process takes from a terminal, MB/s.
async fn bare_read(stream: &[u8]) -> anyhow::Result<f64> {
    use std::io::Write as _;

    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(stream)?;
    let path = file.path().display().to_string();
    let script = format!("stty raw -echo; printf ready; read -r start; exec cat '{path}'");
    let expected: Arc<[u8]> = stream.into();
    let length = expected.len() as f64 / 1e6;
    let reading = tokio::task::spawn_blocking(move || pty::read(&script, &expected)).await??;
    Ok(length / reading.elapsed.as_secs_f64())
}

/// What a screen takes in a process that has done nothing else: in this one its memory was used before.
fn grown_in_a_process(name: &str) -> anyhow::Result<u64> {
    let mut child = std::process::Command::new(std::env::current_exe()?);
    let output = child.env(CHILD, name).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    printed
        .trim()
        .parse()
        .with_context(|| format!("a screen in a process of its own said {printed:?}"))
}

/// The other side of that: whether this process is such a one, and then what its screen takes.
pub(crate) fn child() -> Option<anyhow::Result<u64>> {
    let name = std::env::var(CHILD).ok()?;
    let stream = match name.as_str() {
        PLAIN => plain(FULL),
        _ => coloured(FULL),
    };
    let resident = || crate::server::resident("/proc/self/status");
    let mut screen = Screen::new(SIZE, Settings::default());
    Some(resident().and_then(|before| {
        feed(&mut screen, &stream);
        screen.shrink();
        Ok(resident()?.saturating_sub(before))
    }))
}

fn repeated(size: usize, line: impl Fn(usize) -> String) -> Vec<u8> {
    let mut stream = Vec::with_capacity(size + 256);
    let mut number = 0;
    while stream.len() < size {
        stream.extend_from_slice(line(number).as_bytes());
        number += 1;
    }
    stream
}

fn plain(size: usize) -> Vec<u8> {
    let text = "the quick brown fox jumps over the lazy dog, then it goes home and sleeps";
    repeated(size, |number| format!("{number:08} {text} {text}\r\n"))
}

fn coloured(size: usize) -> Vec<u8> {
    repeated(size, |number| {
        format!(
            "\x1b[3{}m{number:06}\x1b[0m some text \x1b[1;38;5;{}mbold colour\x1b[m and \
             \x1b[4munderlined\x1b[24m é ü 日本 end\r\n",
            number % 8,
            number % 256
        )
    })
}

fn addressed(size: usize) -> Vec<u8> {
    repeated(size, |number| {
        format!(
            "\x1b[{};{}H\x1b[3{}mcell {number}\x1b[K",
            number % 50 + 1,
            number * 7 % 140 + 1,
            number % 8
        )
    })
}
