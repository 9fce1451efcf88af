//! Floods: how soon Ctrl-C shows while `yes` runs, to a client that reads at once, to one that reads
//! 1 MB/s, and beside that what a client costs that reads nothing, and what another session's echo takes.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bowline_protocol::frame::Mode;
use bowline_protocol::{ClientId, ServerFrame, SessionId};

use crate::Sizes;
use crate::echo::{self, close};
use crate::pty;
use crate::server::{Arrangement, Server};
use crate::socket::Socket;
use crate::stats::{median_spread, spread};
use crate::table::Table;

/// Floods until it is interrupted, which it says.
pub(crate) const FLOOD: &str =
    "printf ready; read -r start; trap 'printf GOT' INT; yes; exec sleep 1000";
/// What it says.
pub(crate) const STOPPED: &[u8] = b"GOT";
/// How long a flood runs before it is interrupted.
pub(crate) const RUNS: Duration = Duration::from_millis(500);
/// An interruption that shows later never does.
const WITHIN: Duration = Duration::from_secs(30);
/// What the slow client reads a second, bytes.
const SLOW: f64 = 1e6;
/// Floods beside which an echo is measured.
const FLOODS: usize = 8;

/// Measures all of it.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let mut number = 0;
    let mut client = || {
        number += 1;
        ClientId::from_bytes((number as u128 + 7_000).to_be_bytes())
    };
    let server = Server::start(50, Arrangement::Keeper).await?;
    let (mut fast, mut slow, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..sizes.interrupts {
        bare.push(tokio::task::spawn_blocking(pty::interrupt).await??);
        fast.push(interrupted(&server, client(), None).await?);
        slow.push(interrupted(&server, client(), Some(SLOW)).await?);
    }
    let (fast, slow, bare) = (spread(fast), spread(slow), spread(bare));
    let name = "Ctrl-C under `yes`, p50 / p99";
    table.spread(name, fast, "bare PTY", bare);
    let name = "Ctrl-C under `yes`, client reading 1 MB/s, p50 / p99";
    table.spread(name, slow, "bare PTY", bare);

    let alone = echo::over_socket(&server, client(), sizes.keys).await?;
    let mut floods = Vec::new();
    for _ in 0..FLOODS {
        floods.push(Flood::start(&server, client()).await?);
    }
    let mut beside = Vec::new();
    for _ in 0..sizes.rounds {
        beside.push(spread(
            echo::over_socket(&server, client(), sizes.keys / 3).await?,
        ));
    }
    for flood in floods {
        flood.end(&server).await?;
    }
    table.spread(
        "echo beside 8 floods nobody reads, p50 / p99",
        median_spread(&beside),
        "alone",
        spread(alone),
    );
    server.stop().await?;
    let clients = [client(), client(), client(), client()];
    stopped_reader(sizes, table, clients).await
}

/// Time from Ctrl-C to what the program says about it, for a client that reads so many bytes a second.
async fn interrupted(
    server: &Server,
    client: ClientId,
    rate: Option<f64>,
) -> anyhow::Result<Duration> {
    let session = server.session(Some(FLOOD)).await?;
    let mut socket = Socket::connect_as(server.address, (client, Mode::Screen), session).await?;
    socket.type_key(0, b"\n").await?;
    let started = Instant::now();
    let mut read = 0_usize;
    let mut typed: Option<Instant> = None;
    let mut tail = Vec::new();
    let shown = async {
        loop {
            if typed.is_none() && started.elapsed() >= RUNS {
                typed = Some(Instant::now());
                socket.type_key(1, b"\x03").await?;
            }
            let framed = socket.next().await?;
            read += framed.payload.len();
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(read as f64 / rate);
                tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
            }
            let parsed = match framed.frame {
                ServerFrame::Output { offset, .. } => offset + framed.payload.len() as u64,
                ServerFrame::Snapshot { position, .. } => position.offset,
                _ => continue,
            };
            tail.extend_from_slice(&framed.payload);
            if let Some(typed) = typed
                && tail.windows(STOPPED.len()).any(|window| window == STOPPED)
            {
                return anyhow::Ok(typed.elapsed());
            }
            tail.drain(..tail.len().saturating_sub(STOPPED.len()));
            socket.acknowledge(parsed).await?;
        }
    };
    let elapsed = tokio::time::timeout(WITHIN, shown)
        .await
        .context("Ctrl-C does not show")??;
    close(server, session).await?;
    Ok(elapsed)
}

/// A flood with a viewer that reads nothing.
struct Flood {
    session: SessionId,
    _viewer: Socket,
}

impl Flood {
    async fn start(server: &Server, client: ClientId) -> anyhow::Result<Self> {
        let session = server.session(Some(FLOOD)).await?;
        let mut viewer =
            Socket::connect_as(server.address, (client, Mode::Screen), session).await?;
        viewer.type_key(0, b"\n").await?;
        Ok(Self {
            session,
            _viewer: viewer,
        })
    }

    async fn end(self, server: &Server) -> anyhow::Result<()> {
        close(server, self.session).await
    }
}

/// What a viewer costs which reads nothing, beyond the same flood with nobody attached: memory, and the echo
/// of another session.
async fn stopped_reader(
    sizes: Sizes,
    table: &mut Table,
    [starter, viewer, before_it, beside_it]: [ClientId; 4],
) -> anyhow::Result<()> {
    let server = Server::start(50, Arrangement::Keeper).await?;
    let session = server.session(Some(FLOOD)).await?;
    let mut first = Socket::connect_as(server.address, (starter, Mode::Screen), session).await?;
    first.type_key(0, b"\n").await?;
    drop(first);
    // The log and the lines above the screen fill, and are full from then on.
    tokio::time::sleep(sizes.stopped).await;
    let alone = echo::over_socket(&server, before_it, sizes.keys).await?;
    let before = server.resident_of_sessions()?;
    let mut stopped = Socket::connect_as(server.address, (viewer, Mode::Screen), session).await?;
    stopped.type_key(0, b"").await?;
    tokio::time::sleep(sizes.stopped).await;
    let after = server.resident_of_sessions()?;
    let beside = echo::over_socket(&server, beside_it, sizes.keys).await?;
    server.stop().await?;
    table.spread(
        "echo beside a flood whose viewer reads nothing, p50 / p99",
        spread(beside),
        "beside the same flood without a viewer",
        spread(alone),
    );
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    table.row(
        &format!(
            "memory for a viewer that reads nothing, {} s of `yes`",
            sizes.stopped.as_secs()
        ),
        format!("{:+.1} MiB", mib(after) - mib(before)),
        format!("the same flood without it: {:.1} MiB in all", mib(before)),
        format!("{:.2}", mib(after) / mib(before)),
    );
    Ok(())
}
