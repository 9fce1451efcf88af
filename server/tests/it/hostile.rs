//! Clients that mean harm, or behave as if: slow ones, many, malformed and random ones. Each is got rid of, and nobody else
//! notices.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::{Colours, Mode, Role, Size};
use bowline_protocol::{ClientFrame, Generation, LogId, LogPosition, SessionId, limits};
use bowline_server::listen::Limits;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use rustix::process::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{DEADLINE, Socket, TOKEN, TestServer, answer, batch, client, input, with};

/// Runs a test against a server with other limits.
async fn limited(change: impl FnOnce(&mut Limits), test: impl AsyncFnOnce(&TestServer)) {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_within(change, folder).await;
    let tested = tokio::time::timeout(DEADLINE, test(&server)).await;
    server.stop().await;
    tested.expect("the test ends in time");
}

const SOON: Duration = Duration::from_millis(100);

async fn begin(address: SocketAddr, beginning: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    stream
}

/// What comes until the other end closes. A reset is an end too.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut some = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut some).await {
        all.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn who_is_slow_to_ask_is_cut() {
    limited(
        |limits| limits.head_within = SOON,
        async |server| {
            let request = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
            for (beginning, answers) in [
                // Also before it is known which HTTP it is going to be.
                ("", 0),
                ("P", 0),
                ("PRI * HTTP/2.0\r\n\r\nSM\r\n", 0),
                ("GET /health HTTP/1.1\r\nhost: local", 0),
                (request, 1),
                (&format!("{request}GET /he"), 1),
            ] {
                let mut stream = begin(server.address, beginning).await;
                let said = rest(&mut stream).await;
                assert_eq!(
                    said.matches("200 OK").count(),
                    answers,
                    "{beginning:?}: {said}"
                );
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_408() {
    limited(|limits| limits.body_silence = SOON, async |server| {
        let form = "--e\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nhalf of it";
        let link = "bowline-client: 01010101010101010101010101010101\r\nbowline-generation: 1\r\n\
                    bowline-seq: 0\r\nbowline-hold: 0\r\n";
        for (path, headers, half) in [
            ("/api/session", "content-type: application/json\r\n", "{\"label\":"),
            ("/api/upload", "content-type: multipart/form-data; boundary=e\r\n", form),
            ("/link/send", link, "\u{1}"),
        ] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
                 content-length: 4000\r\n{headers}\r\n{half}"
            );
            let mut stream = begin(server.address, &request).await;
            let said = rest(&mut stream).await;
            assert!(said.starts_with("HTTP/1.1 408"), "{path}: {said}");
            assert!(said.contains("\"timeout\""), "{path}: {said}");
        }
        let uploads = server.folder.path().join("uploads");
        while std::fs::read_dir(&uploads).unwrap().count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_packed_body_is_not_unpacked() {
    with("", async |server| {
        for (encoding, expected) in [
            ("gzip", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("identity, br", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("Identity", StatusCode::OK),
        ] {
            let request =
                server
                    .request(Method::POST, "/api/session/close")
                    .json(&serde_json::json!({
                        "session_id": SessionId::from_bytes([1; 16]).to_string()
                    }));
            let request = request.header("content-encoding", encoding);
            let (status, said) = answer(request.send().await.unwrap()).await;
            match expected {
                StatusCode::OK => assert_eq!(said["error"]["code"], "gone", "{encoding}"),
                _ => assert_eq!(
                    (status, &said["error"]["code"]),
                    (expected, &"encoding".into())
                ),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn heads_have_a_bound() {
    with("", async |server| {
        let long = format!("x-long: {}\r\n", "x".repeat(100_000));
        let many: String = (0..1000)
            .map(|number| format!("x-{number}: 1\r\n"))
            .collect();
        let fits = format!("x-long: {}\r\n", "x".repeat(30_000));
        for (headers, expected) in [(&long, "431"), (&many, "431"), (&fits, "200")] {
            let request = format!(
                "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n"
            );
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            // It need not take all of it.
            let _ = stream.write_all(request.as_bytes()).await;
            let said = rest(&mut stream).await;
            let is_cut = said.is_empty() && expected == "431";
            assert!(
                is_cut || said.starts_with(&format!("HTTP/1.1 {expected}")),
                "{said}"
            );
        }
    })
    .await;
}

/// A second request, hidden where only some see one.
const HIDDEN: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_body_of_two_lengths_hides_no_request() {
    with("", async |server| {
        let length = HIDDEN.len();
        for (headers, body) in [
            (
                format!("content-length: {length}\r\ncontent-length: 0\r\n"),
                HIDDEN.to_owned(),
            ),
            (
                format!("content-length: {length}, 0\r\n"),
                HIDDEN.to_owned(),
            ),
            (format!("content-length: +{length}\r\n"), HIDDEN.to_owned()),
            ("content-length: -1\r\n".to_owned(), HIDDEN.to_owned()),
            ("content-length: 0x0\r\n".to_owned(), HIDDEN.to_owned()),
            (
                "transfer-encoding: xchunked\r\n".to_owned(),
                format!("0\r\n\r\n{HIDDEN}"),
            ),
            (
                "transfer-encoding: chunked, identity\r\n".to_owned(),
                format!("0\r\n\r\n{HIDDEN}"),
            ),
            (
                "transfer-encoding : chunked\r\n".to_owned(),
                format!("0\r\n\r\n{HIDDEN}"),
            ),
            (
                "x: 1\r\n content-length: 0\r\ncontent-length: x\r\n".to_owned(),
                HIDDEN.to_owned(),
            ),
        ] {
            let request =
                format!("POST /api/login HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n{body}");
            let mut stream = begin(server.address, &request).await;
            let said = rest(&mut stream).await;
            assert!(said.starts_with("HTTP/1.1 400"), "{headers}: {said}");
            assert_eq!(said.matches("HTTP/1.1").count(), 1, "{headers}: {said}");
        }
        // Both ways of saying it at once: the chunks count, and nothing that follows them (RFC 9112, 6.1).
        for headers in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        ] {
            let request = format!(
                "POST /api/login HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n0\r\n\r\n{HIDDEN}"
            );
            let mut stream = begin(server.address, &request).await;
            let said = rest(&mut stream).await;
            assert_eq!(said.matches("HTTP/1.1").count(), 1, "{headers}: {said}");
        }
    })
    .await;
}

#[tokio::test]
async fn silent_connections_keep_nobody_out_and_cut_nobody() {
    limited(
        |limits| limits.connections = 8,
        async |server| {
            let session = server.script("stty -echo; exec cat").await;
            let mut socket = Socket::connect(server, 1, 1).await;
            let log = socket.attach(session).await;
            let mut silent = Vec::new();
            for _ in 0..30 {
                silent.push(TcpStream::connect(server.address).await.unwrap());
            }
            let request = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            let said = rest(&mut begin(server.address, request).await).await;
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
            // Who was there before goes on.
            socket.send(&[input(session, log, 0, "still here\n")]).await;
            socket.until_text("still here").await;
        },
    )
    .await;
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let count = self.roll() % most;
        (0..count).map(|_| self.roll() as u8).collect()
    }

    fn session(&mut self) -> SessionId {
        SessionId::from_bytes([self.roll() as u8; 16])
    }

    fn size(&mut self) -> Size {
        Size {
            cols: self.roll() as u16,
            rows: self.roll() as u16,
        }
    }

    /// A frame that can be read, and asks for anything.
    fn frame(&mut self) -> ClientFrame {
        let session = self.session();
        match self.roll() % 10 {
            0 => ClientFrame::Attach {
                session,
                from: Some(LogPosition {
                    log: LogId::from_bytes([self.roll() as u8; 16]),
                    offset: self.roll(),
                }),
                mode: if self.roll() & 1 == 0 {
                    Mode::Screen
                } else {
                    Mode::Log
                },
                size: self.size(),
            },
            1 => ClientFrame::Detach { session },
            2 => ClientFrame::View {
                session,
                visible: true,
                focused: true,
                colours: None::<Colours>,
            },
            3 => ClientFrame::Input {
                session,
                log: LogId::from_bytes([self.roll() as u8; 16]),
                position: self.roll(),
                more: self.roll() & 1 == 0,
            },
            4 => ClientFrame::Resize {
                session,
                size: self.size(),
            },
            5 => ClientFrame::Ack {
                session,
                received: self.roll(),
                parsed: self.roll(),
            },
            6 => ClientFrame::History {
                session,
                lines: self.roll() as u32,
            },
            7 => ClientFrame::Role {
                session,
                role: Role::Reader,
            },
            8 => ClientFrame::Follow { session },
            _ => ClientFrame::Ping { t: self.roll() },
        }
    }
}

/// Sends frames over sockets, one socket after the other, as fast as they are taken.
async fn throw_frames(server: &TestServer, seed: u64) {
    let mut dice = Dice(seed);
    for generation in 1..=20 {
        let url = format!("ws://{}/link/socket", server.address);
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert(
            "sec-websocket-protocol",
            limits::SUBPROTOCOL.parse().unwrap(),
        );
        headers.insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let (mut to, mut from) = socket.split();
        let reading = tokio::spawn(async move { while let Some(Ok(_)) = from.next().await {} });
        let hello = ClientFrame::Hello {
            client: client(200 + (seed % 8) as u8),
            generation: Generation(generation),
            versions: vec![limits::VERSION],
            proof: None,
        };
        let mut sent = to.send(Message::Binary(batch(&[(hello, "")]))).await;
        for number in 0..200 {
            if sent.is_err() {
                break;
            }
            let frames: Vec<_> = (0..20).map(|_| (dice.frame(), "some payload")).collect();
            let message = match number {
                // Sooner or later, what is none: it is cut.
                199 => dice.bytes(100_000).into(),
                _ => batch(&frames),
            };
            sent = to.send(Message::Binary(message)).await;
        }
        drop(to);
        reading.await.unwrap();
    }
}

/// Sends bytes that are no HTTP, and some that begin as if.
async fn throw_bytes(address: SocketAddr, seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..200 {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            continue;
        };
        let beginning: &[u8] = match dice.roll() % 4 {
            0 => {
                b"POST /api/login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
            }
            1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            2 => b"GET /",
            _ => b"",
        };
        let _ = stream.write_all(beginning).await;
        let _ = stream.write_all(&dice.bytes(20_000)).await;
        let _ = stream.shutdown().await;
        rest(&mut stream).await;
    }
}

fn resident_kib(pid: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_client_that_rages_costs_little_and_hurts_nobody() {
    /// What it may cost, KiB: buffers of its connections, and what an allocator keeps of them.
    const COST: u64 = 64 * 1024;

    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, pid) = TestServer::start_binary("exec \"$@\"", "", folder).await;
    let session = server.script("stty -echo; exec cat").await;
    let mut socket = Socket::connect(&server, 1, 1).await;
    let log = socket.attach(session).await;
    let before = resident_kib(pid);
    let raging = async {
        let (one, two) = (throw_frames(&server, 11), throw_frames(&server, 12));
        let bytes = throw_bytes(server.address, 13);
        tokio::join!(one, two, bytes);
    };
    let typing = async {
        let mut position = 0;
        for number in 0..500 {
            let line = format!("key {number};\n");
            socket.send(&[input(session, log, position, &line)]).await;
            position += line.len() as u64;
            socket.until_text(&format!("key {number};")).await;
        }
    };
    let both = async { tokio::join!(raging, typing) };
    Box::pin(tokio::time::timeout(DEADLINE, both))
        .await
        .expect("it ends");
    let after = resident_kib(pid);
    assert!(after < before + COST, "{before} KiB, then {after} KiB");
    server.stop().await;
}
