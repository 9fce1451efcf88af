//! Time from a key to its echo, over both transports, beside the bare PTY, a bare WebSocket and a bare
//! HTTP request. The program is `cat` on a raw terminal everywhere.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bowline_protocol::{ClientId, LogId, ServerFrame, SessionId};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::Sizes;
use crate::bare::Echoes;
use crate::polling::{Poller, Way};
use crate::server::{Arrangement, Server};
use crate::socket::{self, Socket};
use crate::stats::{Spread, median_spread, spread};
use crate::table::Table;

const CAT: &str = "stty raw -echo; printf ready; exec cat";
/// A session that says a word and stays.
const SAYS: &str = "printf ready; exec sleep 60";
/// Sessions started in a round.
const STARTS: usize = 10;
/// Between an echo and the next key: nobody types faster, and a processor may go to sleep meanwhile.
const PAUSE: Duration = Duration::from_millis(5);
/// An echo that takes longer never comes.
const ECHO_WITHIN: Duration = Duration::from_secs(10);

/// What is compared, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pty,
    BareSocket,
    BareHttp,
    Socket,
    /// To sessions in the server's own process.
    Within,
    Held,
    Send,
}

const KINDS: [Kind; 7] = [
    Kind::Pty,
    Kind::BareSocket,
    Kind::BareHttp,
    Kind::Socket,
    Kind::Within,
    Kind::Held,
    Kind::Send,
];

/// Measures all of them, round by round.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let server = Server::start(50, Arrangement::Keeper).await?;
    let within = Server::start(50, Arrangement::Within).await?;
    let echoes = Echoes::start().await?;
    let mut rounds: [Vec<Spread>; KINDS.len()] = Default::default();
    for round in 0..sizes.rounds {
        for (index, kind) in KINDS.into_iter().enumerate() {
            let client = client(round * KINDS.len() + index);
            let times = match kind {
                Kind::Pty => {
                    let keys = sizes.keys;
                    tokio::task::spawn_blocking(move || crate::pty::echo(CAT, keys, PAUSE))
                        .await??
                }
                Kind::BareSocket => bare_socket(echoes, sizes.keys).await?,
                Kind::BareHttp => bare_http(&server, echoes, sizes.keys).await?,
                Kind::Socket => over_socket(&server, client, sizes.keys).await?,
                Kind::Within => over_socket(&within, client, sizes.keys).await?,
                Kind::Held => over_polling(&server, client, (sizes.keys, Way::HeldPoll)).await?,
                Kind::Send => over_polling(&server, client, (sizes.keys, Way::Send)).await?,
            };
            rounds[index].push(spread(times));
        }
    }
    let (mut starts, mut bare) = (Vec::new(), Vec::new());
    for number in 0..sizes.rounds * STARTS {
        bare.push(tokio::task::spawn_blocking(|| crate::pty::start(SAYS)).await??);
        let started = Instant::now();
        let session = server.session(Some(SAYS)).await?;
        let client = client(1_000 + number);
        let socket = Socket::connect(server.address, client, session).await?;
        starts.push(started.elapsed());
        drop(socket);
        close(&server, session).await?;
    }
    server.stop().await?;
    within.stop().await?;
    let name = "request of a session to its first word over a WebSocket opened for it, p50 / p99";
    table.spread(name, spread(starts), "bare PTY", spread(bare));
    let [pty, bare_socket, bare_http, socket, within, held, send] =
        rounds.map(|rounds| median_spread(&rounds));
    let name = "echo over WebSocket, p50 / p99";
    table.spread(name, socket, "bare PTY", pty);
    table.spread(name, socket, "bare WebSocket", bare_socket);
    let sum = Spread {
        p50: pty.p50 + bare_socket.p50,
        p99: pty.p99 + bare_socket.p99,
    };
    table.spread(name, socket, "both, one after the other", sum);
    table.spread(name, socket, "the same with `--keeper=off`", within);
    let name = "echo by polling, poll held, p50 / p99";
    table.spread(name, held, "bare PTY", pty);
    table.spread(name, held, "bare HTTP request", bare_http);
    let name = "echo by polling, answer of the send, p50 / p99";
    table.spread(name, send, "bare HTTP request", bare_http);
    Ok(())
}

fn client(number: usize) -> ClientId {
    ClientId::from_bytes((number as u128 + 1).to_be_bytes())
}

/// What a key weighs on the wire.
fn message() -> Bytes {
    let session = SessionId::from_bytes([1; 16]);
    socket::key(session, LogId::from_bytes([1; 16]), 100, b"x")
}

async fn bare_socket(echoes: Echoes, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let mut stream = socket::open(echoes.socket, "/", None).await?;
    let mut times = Vec::with_capacity(keys);
    for _ in 0..keys {
        tokio::time::sleep(PAUSE).await;
        let sent = Instant::now();
        stream.send(Message::Binary(message())).await?;
        stream.next().await.context("the socket was closed")??;
        times.push(sent.elapsed());
    }
    Ok(times)
}

async fn bare_http(server: &Server, echoes: Echoes, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let url = format!("http://{}/", echoes.http);
    let mut times = Vec::with_capacity(keys);
    for _ in 0..keys {
        tokio::time::sleep(PAUSE).await;
        let sent = Instant::now();
        let answer = server.http.post(&url).body(message()).send().await?;
        answer.bytes().await?;
        times.push(sent.elapsed());
    }
    Ok(times)
}

pub(crate) async fn over_socket(
    server: &Server,
    client: ClientId,
    keys: usize,
) -> anyhow::Result<Vec<Duration>> {
    let session = server.session(Some(CAT)).await?;
    let mut socket = Socket::connect(server.address, client, session).await?;
    let mut times = Vec::with_capacity(keys);
    for position in 0..keys as u64 {
        // What comes besides the echo, such as its acknowledgement, is read before the next key.
        let _ = tokio::time::timeout(PAUSE, async {
            while let Ok(framed) = socket.next().await {
                drop(framed);
            }
        })
        .await;
        let typed = Instant::now();
        socket.type_key(position, b"x").await?;
        let echoed = async {
            loop {
                let framed = socket.next().await?;
                if let ServerFrame::Output { .. } = framed.frame {
                    return anyhow::Ok(framed.payload);
                }
            }
        };
        let payload = tokio::time::timeout(ECHO_WITHIN, echoed).await??;
        times.push(typed.elapsed());
        ensure!(payload == b"x"[..], "something else came back");
    }
    close(server, session).await?;
    Ok(times)
}

async fn over_polling(
    server: &Server,
    client: ClientId,
    (keys, way): (usize, Way),
) -> anyhow::Result<Vec<Duration>> {
    let session = server.session(Some(CAT)).await?;
    let mut poller = Poller::connect(server, client, session, way).await?;
    let mut times = Vec::with_capacity(keys);
    for _ in 0..keys {
        poller.settle(PAUSE).await?;
        let typed = Instant::now();
        tokio::time::timeout(ECHO_WITHIN, poller.echo()).await??;
        times.push(typed.elapsed());
    }
    drop(poller);
    close(server, session).await?;
    Ok(times)
}

/// Ends a session.
pub(crate) async fn close(server: &Server, session: SessionId) -> anyhow::Result<()> {
    let body = serde_json::json!({"session_id": session.to_string()});
    server.post("session/close", &body).await?;
    Ok(())
}
