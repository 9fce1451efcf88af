//! Measures the release binary as its users meet it, and prints a table in Markdown: each figure beside
//! what bounds it, taken in the same run. Decides nothing: no figure fails the run, only what can't be
//! measured does. See `docs/performance.md` for the method.
//!
//! Environment: `BOWLINE_BIN` (another binary than the one just built), `BOWLINE_DIST` (the page's files),
//! `BOWLINE_BENCH_QUICK` (smaller sizes), `BOWLINE_BENCH_ONLY` (some parts, by name, with commas between).

mod bare;
mod echo;
mod flood;
mod keeper;
mod memory;
mod page;
mod polling;
mod pty;
mod screen;
mod server;
mod socket;
mod stats;
mod table;
mod throughput;

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::table::Table;

/// Longest a run may take. It decides nothing, it only ends what hangs.
const RUN_WITHIN: Duration = Duration::from_secs(1_200);

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Rounds; each takes every figure and its bound once, so that both see the same machine.
    rounds: usize,
    /// Keys typed in one round, one after the other's echo.
    keys: usize,
    /// Bytes of the file that is printed.
    file: usize,
    /// Idle sessions, step by step.
    sessions: &'static [usize],
    /// Bytes that the emulator parses.
    stream: usize,
    /// Floods that are interrupted.
    interrupts: usize,
    /// How long a client reads nothing.
    stopped: Duration,
}

impl Sizes {
    fn chosen() -> Self {
        if std::env::var_os("BOWLINE_BENCH_QUICK").is_some_and(|quick| quick != "0") {
            Self {
                rounds: 1,
                keys: 100,
                file: 10_000_000,
                sessions: &[20],
                stream: 10_000_000,
                interrupts: 3,
                stopped: Duration::from_secs(3),
            }
        } else {
            Self {
                rounds: 5,
                keys: 300,
                file: 100_000_000,
                sessions: &[20, 100, 300, 1_000],
                stream: 50_000_000,
                interrupts: 20,
                stopped: Duration::from_secs(30),
            }
        }
    }
}

fn main() -> anyhow::Result<()> {
    if let Some(grown) = screen::child() {
        println!("{}", grown?);
        return Ok(());
    }
    // Arguments are cargo's (`--bench`, a filter): there is one table, and it is always whole.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let measured = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // Whatever ends first: dropping what runs kills what it started.
        tokio::select! {
            measured = tokio::time::timeout(RUN_WITHIN, measure(Sizes::chosen())) => {
                measured.context("the run took too long")?
            }
            _ = terminate.recv() => bail!("terminated"),
            _ = interrupt.recv() => bail!("interrupted"),
        }
    });
    runtime.shutdown_background();
    println!("{}", measured?);
    Ok(())
}

/// Whether a part is measured: all are, unless some are named.
fn is_wanted(part: &str) -> bool {
    std::env::var("BOWLINE_BENCH_ONLY")
        .ok()
        .filter(|only| !only.is_empty())
        .is_none_or(|only| only.split(',').any(|name| name == part))
}

async fn measure(sizes: Sizes) -> anyhow::Result<Table> {
    let mut table = Table::default();
    // Memory first: the server of that figure has done nothing else.
    if is_wanted("memory") {
        memory::measure(sizes, &mut table).await.context("memory")?;
    }
    if is_wanted("echo") {
        echo::measure(sizes, &mut table).await.context("echo")?;
    }
    if is_wanted("throughput") {
        let measured = throughput::measure(sizes, &mut table).await;
        measured.context("throughput")?;
    }
    if is_wanted("keeper") {
        keeper::measure(sizes, &mut table).await.context("keeper")?;
    }
    if is_wanted("screen") {
        screen::measure(sizes, &mut table).await.context("screen")?;
    }
    if is_wanted("floods") {
        flood::measure(sizes, &mut table).await.context("floods")?;
    }
    if is_wanted("page") {
        page::measure(&mut table).context("page")?;
    }
    Ok(table)
}
