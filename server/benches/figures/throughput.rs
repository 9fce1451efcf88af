//! A large file printed on a terminal: to a WebSocket client that wants every byte, beside a bare read of
//! the same. Every byte is compared with the file's.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bowline_protocol::limits::ACK_EVERY;
use bowline_protocol::{ClientId, ServerFrame};

use crate::Sizes;
use crate::echo::close;
use crate::pty;
use crate::server::{Arrangement, READY, Server};
use crate::socket::Socket;
use crate::stats::median;
use crate::table::Table;

/// A file that takes longer never comes whole.
const WITHIN: Duration = Duration::from_secs(60);

/// What became of one file.
#[derive(Clone)]
struct Carried {
    elapsed: Duration,
    processor: f64,
    /// Bytes that the server said were lost.
    lost: u64,
    gaps: u64,
}

/// Prints the file, round by round.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let text: Arc<[u8]> = text(sizes.file).into();
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&text)?;
    let path = file.path().to_str().context("a path of letters")?;
    let script = format!("stty raw -echo; printf ready; read -r start; exec cat '{path}'");
    let server = Server::start(50, Arrangement::Keeper).await?;
    let without = Server::start(50, Arrangement::Within).await?;
    let mut bare = Vec::new();
    let mut carried = Vec::new();
    let mut within = Vec::new();
    for round in 0..sizes.rounds {
        let (expected, again) = (text.clone(), script.clone());
        bare.push(tokio::task::spawn_blocking(move || pty::read(&again, &expected)).await??);
        let client = ClientId::from_bytes([round as u8 + 1; 16]);
        let carrying = carry(&server, (client, &script), &text);
        carried.push(tokio::time::timeout(WITHIN, carrying).await??);
        let carrying = carry(&without, (client, &script), &text);
        within.push(tokio::time::timeout(WITHIN, carrying).await??);
    }
    server.stop().await?;
    without.stop().await?;

    let rate = |elapsed: Duration| text.len() as f64 / 1e6 / elapsed.as_secs_f64();
    let ours = median(carried.iter().map(|carried| rate(carried.elapsed)));
    let bound = median(bare.iter().map(|reading| rate(reading.elapsed)));
    let name = format!(
        "`cat` of {} MB to a WebSocket client",
        text.len() / 1_000_000
    );
    table.row(
        &name,
        format!("{ours:.0} MB/s"),
        format!("bare PTY read: {bound:.0} MB/s"),
        format!("{:.2}", ours / bound),
    );
    let without = median(within.iter().map(|carried| rate(carried.elapsed)));
    table.row(
        &name,
        format!("{ours:.0} MB/s"),
        format!("the same with `--keeper=off`: {without:.0} MB/s"),
        format!("{:.2}", ours / without),
    );
    let ours = median(carried.iter().map(|carried| carried.processor));
    let bound = median(bare.iter().map(|reading| reading.processor));
    table.row(
        "processor time of server and keeper for it",
        format!("{ours:.2} s"),
        format!("bare PTY read: {bound:.2} s"),
        format!("{:.2}", ours / bound),
    );
    let without = median(within.iter().map(|carried| carried.processor));
    table.row(
        "processor time of server and keeper for it",
        format!("{ours:.2} s"),
        format!("the server with `--keeper=off`: {without:.2} s"),
        format!("{:.2}", ours / without),
    );
    let carried = [carried, within].concat();
    let lost: u64 = carried.iter().map(|carried| carried.lost).sum();
    let gaps: u64 = carried.iter().map(|carried| carried.gaps).sum();
    let complete = match gaps {
        0 => format!("identical in {} of {0} rounds", carried.len()),
        _ => format!("{lost} bytes lost in {gaps} gaps, the others identical"),
    };
    table.alone("bytes of it", complete);
    Ok(())
}

async fn carry(
    server: &Server,
    (client, script): (ClientId, &str),
    expected: &[u8],
) -> anyhow::Result<Carried> {
    let session = server.session(Some(script)).await?;
    let mut socket = Socket::connect(server.address, client, session).await?;
    let first = READY.len() as u64;
    let end = first + expected.len() as u64;
    let (mut received, mut acknowledged) = (first, first);
    let (mut lost, mut gaps) = (0, 0);
    let processor = server.processor()?;
    let started = Instant::now();
    socket.type_key(0, b"\n").await?;
    while received < end {
        let framed = socket.next().await?;
        match framed.frame {
            ServerFrame::Output { offset, .. } => {
                ensure!(
                    offset == received,
                    "output at {offset} instead of {received}"
                );
                let from = (offset - first) as usize;
                let same = expected.get(from..from + framed.payload.len());
                ensure!(
                    same == Some(&framed.payload[..]),
                    "the bytes differ from {from} on"
                );
                received += framed.payload.len() as u64;
            }
            ServerFrame::Gap { from, to, .. } => {
                gaps += 1;
                lost += to - from;
                received = to;
            }
            _ => {}
        }
        if received - acknowledged >= ACK_EVERY {
            acknowledged = received;
            socket.acknowledge(received).await?;
        }
    }
    let carried = Carried {
        elapsed: started.elapsed(),
        processor: server.processor()? - processor,
        lost,
        gaps,
    };
    close(server, session).await?;
    Ok(carried)
}

/// Numbered lines of differing lengths, so that no two pieces of the file are alike.
fn text(size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 128);
    let mut number = 0_usize;
    while text.len() < size {
        let filling = "the quick brown fox jumps over the lazy dog ".as_bytes();
        text.extend_from_slice(format!("{number:09} ").as_bytes());
        text.extend_from_slice(&filling[..number * 7 % filling.len()]);
        text.extend_from_slice(filling);
        text.push(b'\n');
        number += 1;
    }
    text.truncate(size);
    text
}
