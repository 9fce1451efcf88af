//! A server of its own for each test, a client for its API, and a socket that speaks frames.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::codec::{BatchReader, BatchWriter, Framed};
use bowline_protocol::frame::{Mode, Size};
use bowline_protocol::{ClientFrame, ClientId, Generation, LogId, ServerFrame, SessionId, limits};
use bowline_server::config::{Cli, Config, Keeper};
use bowline_server::listen::Limits;
use bowline_server::{Error, Server, Shutdown};
use bowline_terminal::OnExit;
use bytes::Bytes;
use clap::Parser as _;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

pub(crate) const TOKEN: &str = "the-access-token-of-the-tests";

/// Longest a test may take. It decides nothing, it only ends what hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a test against a server with further arguments, and ends the server afterwards.
pub(crate) async fn with(arguments: &str, test: impl AsyncFnOnce(&TestServer)) {
    let server = TestServer::start(arguments, Arc::new(tempfile::tempdir().unwrap())).await;
    let tested = tokio::time::timeout(DEADLINE, test(&server)).await;
    server.stop().await;
    tested.expect("the test ends in time");
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    /// A login code that works once.
    pub(crate) code: Option<String>,
    /// Where metrics are served beside.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) folder: Arc<TempDir>,
    http: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
}

/// What a browser has after a login.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) cookie: String,
    pub(crate) proof: String,
}

impl TestServer {
    /// Starts a server whose state is in `folder`.
    pub(crate) async fn start(arguments: &str, folder: Arc<TempDir>) -> Self {
        let config = config(arguments, &[], &folder);
        Self::start_with(config, |_| {}, folder).await
    }

    /// Starts one with other limits of its connections.
    pub(crate) async fn start_within(
        change: impl FnOnce(&mut Limits),
        folder: Arc<TempDir>,
    ) -> Self {
        let config = config("", &[], &folder);
        Self::start_with(config, change, folder).await
    }

    /// Starts one with further variables in its environment.
    pub(crate) async fn start_on(
        arguments: &str,
        environment: &[(&'static str, String)],
        folder: Arc<TempDir>,
    ) -> Self {
        let config = config(arguments, environment, &folder);
        Self::start_with(config, |_| {}, folder).await
    }

    async fn start_with(
        mut config: Config,
        change: impl FnOnce(&mut Limits),
        folder: Arc<TempDir>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // The same tests run in both arrangements.
        if std::env::var_os("BOWLINE_TEST_KEEPER").is_some() {
            config.keeper_program = Some(env!("CARGO_BIN_EXE_bowline").into());
            config.on_exit = OnExit::End;
        } else {
            config.keeper = Keeper::Off;
        }
        let server = Server::new(config, listener).await.unwrap();
        let server = server.with_limits(change);
        let url = server.urls().swap_remove(0);
        let stop = CancellationToken::new();
        Self {
            address: server.address().unwrap(),
            metrics: server.metrics_address(),
            code: url.split_once("#code=").map(|(_, code)| code.to_owned()),
            folder,
            http: http(),
            running: tokio::spawn(server.run(Shutdown {
                begin: stop.clone().cancelled_owned(),
                at_once: std::future::pending(),
            })),
            stop,
        }
    }

    /// Starts the binary with further arguments, from `wrapper` if that is a script of `sh`, which must end
    /// with `exec "$@"`.
    pub(crate) async fn start_binary(
        wrapper: &str,
        arguments: &str,
        folder: Arc<TempDir>,
    ) -> (Self, Pid) {
        let mut child = Command::new("/bin/sh")
            .args(["-c", wrapper, "sh", env!("CARGO_BIN_EXE_bowline")])
            .args(["--listen", "127.0.0.1:0", "--state-dir"])
            .arg(folder.path().join("state"))
            .args(arguments.split_whitespace())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", folder.path())
            .env("SHELL", "/bin/bash")
            .env("PS1", "$ ")
            .env("BOWLINE_TOKEN", TOKEN)
            // Unless the arguments say otherwise.
            .env("BOWLINE_KEEPER", "off")
            .env("BOWLINE_LOG", "warn")
            .env("BOWLINE_ENV_PASS", "PS1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let said = said.expect("it says where it listens").unwrap().unwrap();
        let code = said.split_once("#code=");
        let (_, address) = said.split_once("http://").unwrap();
        let (address, _) = address.split_once('/').unwrap();
        let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let running = tokio::spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {
                    let _ = kill_process(pid, Signal::TERM);
                }
                _ = child.wait() => {}
            }
            match child.wait().await.unwrap() {
                status if status.success() => Ok(()),
                // How it ended is what a test may ask for.
                status => Err(Error::Io(std::io::Error::other(status.to_string()))),
            }
        });
        let server = Self {
            address: address.parse().unwrap(),
            code: code.map(|(_, code)| code.to_owned()),
            folder,
            metrics: None,
            http: http(),
            stop,
            running,
        };
        (server, pid)
    }

    /// Waits for its end and gives what it ended with.
    pub(crate) async fn ended(self) -> Result<(), String> {
        let ended = tokio::time::timeout(DEADLINE, self.running).await;
        ended
            .expect("it ends")
            .unwrap()
            .map_err(|error| error.to_string())
    }

    /// Ends the server as a signal does, and waits for it.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(10), self.running).await;
        ended
            .expect("the server ends within ten seconds")
            .unwrap()
            .unwrap();
        self.folder
    }

    /// A request without anything that lets it in.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.http.request(method, url)
    }

    /// A request with the access token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(TOKEN)
    }

    /// Calls the API and gives status and JSON.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// Calls the API and gives status and JSON.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.request(Method::POST, path).json(&body);
        answer(request.send().await.unwrap()).await
    }

    /// A session that runs a script of `sh`.
    pub(crate) async fn script(&self, script: &str) -> SessionId {
        let body = json!({"command": ["/bin/sh", "-c", script]});
        let (status, created) = self.post("/api/session", body).await;
        assert_eq!(status, 200, "{created}");
        created["session_id"].as_str().unwrap().parse().unwrap()
    }

    /// What a session has printed, once that holds a text.
    pub(crate) async fn printed(&self, session: SessionId, text: &str) -> String {
        loop {
            // It waits a moment for output, and all of it comes each time.
            let body = json!({"session_id": session.to_string(), "input": ""});
            self.post("/api/input", body).await;
            let body = json!({"session_id": session.to_string()});
            let (_, read) = self.post("/api/output", body).await;
            let printed = read["output"].as_str().unwrap_or_default();
            if printed.contains(text) {
                return printed.to_owned();
            }
        }
    }

    /// Whether a session's program runs.
    pub(crate) async fn runs(&self, session: SessionId) -> bool {
        let (_, list) = self.get("/api/sessions").await;
        let sessions = list["sessions"].as_array().unwrap();
        sessions.iter().any(|row| {
            row["session_id"] == session.to_string().as_str() && row["state"] != "exited"
        })
    }

    /// Logs in as a page does.
    pub(crate) async fn log_in(&self) -> Login {
        let request = self.bare(Method::POST, "/api/login");
        let request = request.json(&json!({"token": TOKEN}));
        login(request.send().await.unwrap()).await
    }
}

pub(crate) fn http() -> reqwest::Client {
    let client = bowline_server::outward::builder().no_proxy();
    client.timeout(DEADLINE).build().unwrap()
}

/// Takes cookie and proof from an answer.
pub(crate) async fn login(response: Response) -> Login {
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let reply: Value = response.json().await.unwrap();
    let proof = reply["proof"].as_str().unwrap().to_owned();
    Login { cookie, proof }
}

/// Status and JSON of an answer; every answer says its version and its type.
pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let headers = response.headers();
    assert_eq!(headers["bowline-version"], bowline_server::VERSION);
    assert_eq!(headers["content-type"], "application/json");
    let status = response.status();
    let text = response.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text:?}"));
    (status, value)
}

fn config(arguments: &str, environment: &[(&str, String)], folder: &TempDir) -> Config {
    let state = folder.path().join("state");
    let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
    let mut raw = Cli::try_parse_from(arguments).unwrap().into_serve();
    raw.files.state_dir = Some(state);
    // On a platform the home would be set up.
    raw.setup.profile.get_or_insert("minimal".to_owned());
    let home = folder.path().as_os_str().to_owned();
    let config = raw.resolve(|name| match name {
        "BOWLINE_TOKEN" => Some(OsString::from(TOKEN)),
        "HOME" => Some(home.clone()),
        _ => {
            let set = environment.iter().find(|(key, _)| *key == name);
            set.map(|(_, value)| OsString::from(value))
        }
    });
    let mut config = config.unwrap();
    // Shells read no start-up files of whoever runs the tests.
    let home = folder.path().to_str().unwrap().to_owned();
    config.sessions.env_set.push(("HOME".to_owned(), home));
    config
}

/// A page's socket.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: std::collections::VecDeque<Framed<ServerFrame>>,
}

impl Socket {
    /// Opens a socket with further headers; nothing is said yet.
    pub(crate) async fn open(
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let url = format!("ws://{}/link/socket", server.address);
        let mut request = url.into_client_request().unwrap();
        let all = request.headers_mut();
        all.insert(
            "sec-websocket-protocol",
            limits::SUBPROTOCOL.parse().unwrap(),
        );
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        let (stream, response) = tokio_tungstenite::connect_async(request).await?;
        assert_eq!(
            response.headers()["bowline-version"],
            bowline_server::VERSION
        );
        Ok(Self {
            stream,
            waiting: std::collections::VecDeque::new(),
        })
    }

    /// Opens a socket with the access token and says hello.
    pub(crate) async fn connect(server: &TestServer, client: u8, generation: u32) -> Self {
        let bearer = format!("Bearer {TOKEN}");
        let mut socket = Self::open(server, &[("authorization", &bearer)])
            .await
            .unwrap();
        socket.send(&[(hello(client, generation, None), "")]).await;
        socket
            .until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(()))
            .await;
        socket
    }

    /// Sends one batch.
    pub(crate) async fn send(&mut self, frames: &[(ClientFrame, &str)]) {
        self.send_raw(Message::Binary(batch(frames))).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// Attaches and gives the log's id.
    pub(crate) async fn attach(&mut self, session: SessionId) -> LogId {
        self.send(&attach(session)).await;
        self.until(|frame| match frame {
            ServerFrame::Attached { from, .. } => Some(from.log),
            _ => None,
        })
        .await
    }

    /// Reads frames until one is what is looked for.
    pub(crate) async fn until<T>(&mut self, look: impl Fn(&ServerFrame) -> Option<T>) -> T {
        loop {
            let frame = self.next().await.expect("the socket stays open");
            if let Some(found) = look(&frame.frame) {
                return found;
            }
        }
    }

    /// Reads output until it contains a text.
    pub(crate) async fn until_text(&mut self, text: &str) {
        let mut seen = Vec::new();
        let looking = async {
            while !String::from_utf8_lossy(&seen).contains(text) {
                let frame = self.next().await.expect("the socket stays open");
                if let ServerFrame::Output { .. } = frame.frame {
                    seen.extend_from_slice(&frame.payload);
                }
            }
        };
        if tokio::time::timeout(DEADLINE, looking).await.is_err() {
            panic!("no {text:?} in {:?}", String::from_utf8_lossy(&seen));
        }
    }

    /// The next frame, or the code with which the socket was closed.
    pub(crate) async fn next(&mut self) -> Result<Framed<ServerFrame>, u16> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(frame);
            }
            match self.stream.next().await {
                Some(Ok(Message::Binary(batch))) => {
                    let frames = BatchReader::new(batch);
                    self.waiting.extend(frames.map(Result::unwrap));
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// Reads to the end and gives the code with which the socket was closed.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

pub(crate) fn client(number: u8) -> ClientId {
    ClientId::from_bytes([number; 16])
}

pub(crate) fn hello(number: u8, generation: u32, proof: Option<&str>) -> ClientFrame {
    ClientFrame::Hello {
        client: client(number),
        generation: Generation(generation),
        versions: vec![limits::VERSION],
        proof: proof.map(str::to_owned),
    }
}

/// Attach, and show it.
pub(crate) fn attach(session: SessionId) -> [(ClientFrame, &'static str); 2] {
    let attach = ClientFrame::Attach {
        session,
        from: None,
        mode: Mode::Screen,
        size: Size::default(),
    };
    let view = ClientFrame::View {
        session,
        visible: true,
        focused: true,
        colours: None,
    };
    [(attach, ""), (view, "")]
}

pub(crate) fn input(
    session: SessionId,
    log: LogId,
    position: u64,
    text: &str,
) -> (ClientFrame, &str) {
    let frame = ClientFrame::Input {
        session,
        log,
        position,
        more: false,
    };
    (frame, text)
}

pub(crate) fn batch(frames: &[(ClientFrame, &str)]) -> Bytes {
    let mut writer = BatchWriter::default();
    for (frame, payload) in frames {
        writer.push_parts(frame, &[Bytes::copy_from_slice(payload.as_bytes())]);
    }
    writer.take()
}
