//! Where it listens and what it speaks there: a Unix socket, a socket that a service manager hands over, HTTP/2; and what
//! a service manager is told.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::codec::BatchReader;
use bowline_protocol::{ServerFrame, limits};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::ext::Protocol;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpStream, UnixDatagram, UnixStream};
use tokio::process::{Child, Command};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::{DEADLINE, TOKEN, TestServer, batch, hello, with};

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// What is answered to a request, until the end of the connection.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    let asking = async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(DEADLINE, asking)
        .await
        .expect("an answer")
}

/// The binary, told to serve a state folder, and the first line that it says.
async fn start(mut command: Command, folder: &std::path::Path) -> (Child, String) {
    let mut child = command
        .arg("--state-dir")
        .arg(folder.join("state"))
        .args(["--keeper", "off", "--log", "warn"])
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = tokio::time::timeout(DEADLINE, lines.next_line()).await;
    let said = said.expect("it says where it listens").unwrap();
    (child, said.unwrap_or_default())
}

async fn ends(mut child: Child) {
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = tokio::time::timeout(DEADLINE, child.wait()).await;
    assert!(ended.expect("it ends").unwrap().success());
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bowline"))
}

#[tokio::test]
async fn a_unix_socket_is_served_with_the_mode_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let mut command = binary();
    command
        .arg("--listen")
        .arg(format!("unix:{}", path.display()));
    command.args([
        "--socket-mode",
        "660",
        "--public-url",
        "https://desk.example/",
    ]);
    let (child, said) = start(command, folder.path()).await;
    assert_eq!(said, format!("listening on unix:{}", path.display()));
    let mode = path.symlink_metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let answer = ask(UnixStream::connect(&path).await.unwrap(), HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    ends(child).await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_service_manager_is_told_of_the_beginning_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut command = binary();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", &path);
    let (child, _) = start(command, folder.path()).await;
    let told = async |what: &str| {
        let mut message = [0; 1024];
        let coming = tokio::time::timeout(DEADLINE, manager.recv(&mut message)).await;
        let length = coming.expect("a message").unwrap();
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        assert!(message.lines().any(|line| line == what), "{message}");
    };
    told("READY=1").await;
    ends(child).await;
    told("STOPPING=1").await;
}

/// `systemd-socket-activate` as it is called, if it is there.
fn activator(address: &str) -> Option<Command> {
    const PROGRAM: &str = "systemd-socket-activate";
    let there = std::process::Command::new(PROGRAM)
        .arg("--version")
        .output();
    if there.is_err() {
        eprintln!("skipped: {PROGRAM} is not installed");
        return None;
    }
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", address, "--", env!("CARGO_BIN_EXE_bowline")]);
    // Whatever it is told otherwise.
    command.args(["--listen", "127.0.0.1:1"]);
    Some(command)
}

#[tokio::test]
async fn a_socket_that_is_handed_over_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activated.sock");
    let Some(command) = activator(path.to_str().unwrap()) else {
        return;
    };
    // The first connection is what it starts for.
    let asking = async {
        let stream = async {
            loop {
                match UnixStream::connect(&path).await {
                    Ok(stream) => break stream,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let stream = tokio::time::timeout(DEADLINE, stream)
            .await
            .expect("a socket");
        ask(stream, HEALTH).await
    };
    let ((child, said), answer) = tokio::join!(start(command, folder.path()), asking);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    // Programs in sessions don't get it.
    let pid = child.id().unwrap();
    let flags = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/3")).unwrap();
    let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = u32::from_str_radix(flags.unwrap().trim(), 8).unwrap();
    let cloexec = 0o2_000_000;
    assert_ne!(flags & cloexec, 0, "{flags:o}");
    ends(child).await;
    // It isn't ours to remove.
    assert!(path.exists());
}

type Sender<B> = hyper::client::conn::http2::SendRequest<B>;

/// A connection on which HTTP/2 is spoken from the first byte, as haproxy's `proto h2` does.
async fn http2<B>(server: &TestServer) -> Sender<B>
where
    B: hyper::body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let stream = TcpStream::connect(server.address).await.unwrap();
    let connecting =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = connecting.await.unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn http2_is_spoken_with_who_begins_with_it() {
    with("", async |server| {
        let mut sender = http2::<Full<bytes::Bytes>>(server).await;
        let request = |host: &str, path: &str| {
            let url = format!("http://{host}{path}");
            let request = Request::get(url).header("authorization", format!("Bearer {TOKEN}"));
            request.body(Full::default()).unwrap()
        };
        let us = server.address.to_string();
        let answer = sender
            .send_request(request(&us, "/api/sessions"))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"{\"sessions\":["), "{body:?}");
        // The gate sees the name that was asked for.
        let foreign = sender
            .send_request(request("evil.example", "/api/sessions"))
            .await;
        assert_eq!(foreign.unwrap().status(), StatusCode::FORBIDDEN);
        // Two names are one too many.
        let mut two = request(&us, "/api/sessions");
        two.headers_mut()
            .insert("host", "evil.example".parse().unwrap());
        let two = sender.send_request(two).await.unwrap();
        assert_eq!(two.status(), StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn a_websocket_goes_through_http2() {
    with("", async |server| {
        let mut sender = http2::<Empty<bytes::Bytes>>(server).await;
        let mut sockets = Vec::new();
        for number in 1..=3 {
            let request = Request::connect(format!("http://{}/link/socket", server.address))
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("sec-websocket-version", "13")
                .header("sec-websocket-protocol", limits::SUBPROTOCOL)
                .extension(Protocol::from_static("websocket"))
                .body(Empty::new())
                .unwrap();
            sender.ready().await.unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(
                answer.headers()["sec-websocket-protocol"],
                limits::SUBPROTOCOL
            );
            let stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
            let hello = Message::Binary(batch(&[(hello(number, 1, None), "")]));
            socket.send(hello).await.unwrap();
            sockets.push(socket);
        }
        for socket in &mut sockets {
            let Some(Ok(Message::Binary(first))) = socket.next().await else {
                panic!("no batch");
            };
            let first = BatchReader::<ServerFrame>::new(first)
                .next()
                .unwrap()
                .unwrap();
            assert!(matches!(first.frame, ServerFrame::Welcome { .. }));
        }
    })
    .await;
}

#[tokio::test]
async fn an_absolute_address_must_be_the_host() {
    with("", async |server| {
        for (target, status) in [
            (format!("http://{}/health", server.address), "200"),
            ("http://evil.example/health".to_owned(), "400"),
        ] {
            let request = format!(
                "GET {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
                server.address
            );
            let answer = ask(TcpStream::connect(server.address).await.unwrap(), &request).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
        }
    })
    .await;
}

/// Also with requests under way the end comes in time.
#[tokio::test]
async fn connections_that_do_nothing_do_not_hold_up_the_end() {
    let server = TestServer::start("", Arc::new(tempfile::tempdir().unwrap())).await;
    let mut idle = Vec::new();
    for beginning in ["", "GET /health HT", "PRI * HTTP/2.0\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let _http2 = http2::<Empty<bytes::Bytes>>(&server).await;
    let mut kept = TcpStream::connect(server.address).await.unwrap();
    kept.write_all(HEALTH.replace("close", "keep-alive").as_bytes())
        .await
        .unwrap();
    let mut first = [0; 12];
    kept.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let stopping = tokio::time::timeout(Duration::from_secs(10), server.stop()).await;
    stopping.expect("it ends");
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).await.unwrap();
}
