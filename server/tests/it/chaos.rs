//! Servers that die, end and are replaced, again and again, while programs print and a page types: every
//! program lives, every line and every key comes exactly once, in order. BOWLINE_CHAOS says how many times.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bowline_protocol::SessionId;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::keepers::{Keepers, program};
use crate::page::Page;
use crate::support::TestServer;

const SESSIONS: usize = 20;
/// Lines typed into each session at a time.
const KEYS: usize = 3;
/// A connection through the proxy is cut when it has carried so much, bytes.
const CUT_AFTER: usize = 64 * 1024;

/// One process prints numbered lines, another what it reads; told to stop, they say how many lines there were.
/// The pause is a read that nobody answers: a read of the terminal that may run out of time could lose a byte.
const PROGRAM: &str = "stty -echo; echo \"pid=$$;\"; pad=................................
    prints() {
        trap on=0 USR1; exec 3<> <(:); i=0 on=1
        while [ $on = 1 ]; do
            i=$((i+3)); printf 'n%s;%s\\n' $((i-2)) $pad $((i-1)) $pad $i $pad
            read -rt 0.02 -u 3
        done
        echo \"last $i;\"
    }
    prints & while read -r x && [ $x != stop ]; do echo \"got $x;\"; done
    kill -USR1 $!; wait; read -r x";

/// How the next server comes to be.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Kill,
    /// In good order.
    Term,
    /// Another file takes its place, with the same content.
    KillAndReplace,
}

const BLOWS: [Blow; 4] = [Blow::Kill, Blow::Term, Blow::KillAndReplace, Blow::Kill];

async fn start(folder: &Arc<TempDir>, program: Option<&str>) -> (TestServer, Pid) {
    let wrapper = match program {
        Some(program) => format!("shift; exec '{program}' \"$@\""),
        None => "exec \"$@\"".to_owned(),
    };
    TestServer::start_binary(&wrapper, "--keeper auto", folder.clone()).await
}

async fn session(server: &TestServer) -> SessionId {
    let command = json!({"command": ["/bin/bash", "--norc", "--noprofile", "-c", PROGRAM]});
    let (status, created) = server.post("/api/session", command).await;
    assert_eq!(status, 200, "{created}");
    created["session_id"].as_str().unwrap().parse().unwrap()
}

/// A page that may go by a proxy, and the server of the moment.
struct Chaos {
    folder: Arc<TempDir>,
    page: Page,
    /// `None` while there is none.
    server: Option<TestServer>,
    pid: Pid,
    by: Option<Arc<Proxy>>,
    pids: Vec<Pid>,
    keys: usize,
    copies: usize,
}

impl Chaos {
    async fn begin(folder: Arc<TempDir>, by: Option<Arc<Proxy>>) -> Self {
        let (server, pid) = start(&folder, None).await;
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(session(&server).await);
        }
        let address = match &by {
            Some(proxy) => proxy.leads_to(server.address),
            None => server.address,
        };
        let mut page = Page::open(address, 7, &sessions).await;
        page.until_said("n3;").await;
        let pids = page.sessions.values().map(|shown| {
            let said = String::from_utf8_lossy(&shown.seen);
            let (_, said) = said.split_once("pid=").unwrap();
            let (pid, _) = said.split_once(';').unwrap();
            Pid::from_raw(pid.parse().unwrap()).unwrap()
        });
        Self {
            pids: pids.collect(),
            folder,
            page,
            server: Some(server),
            pid,
            by,
            keys: 0,
            copies: 0,
        }
    }

    /// Types lines into every session, and goes on until every session has answered the first.
    async fn keys(&mut self) {
        let first = self.keys;
        for _ in 0..KEYS {
            self.key().await;
        }
        self.page.until_said(&format!("got k{first};")).await;
    }

    /// Types a line into every session.
    async fn key(&mut self) {
        let sessions: Vec<SessionId> = self.page.sessions.keys().copied().collect();
        for session in sessions {
            let line = format!("k{}\r", self.keys);
            self.page.type_text(session, &line).await;
        }
        self.keys += 1;
    }

    /// Ends the server while so many keys are under way, each at another place.
    async fn blow(&mut self, blow: Blow, keys: usize) {
        let signal = match blow {
            Blow::Kill | Blow::KillAndReplace => Signal::KILL,
            Blow::Term => Signal::TERM,
        };
        for _ in 0..keys {
            self.key().await;
            self.page.go_on().await;
        }
        kill_process(self.pid, signal).unwrap();
        let ended = self.server.take().unwrap().ended();
        let ended = self.page.during(ended).await;
        assert_eq!(ended.is_ok(), signal == Signal::TERM, "{ended:?}");
        let copy = match blow {
            Blow::KillAndReplace => {
                self.copies += 1;
                let copy = self
                    .folder
                    .path()
                    .join(format!("bowline-{}", self.copies % 2));
                let _ = std::fs::remove_file(&copy);
                std::fs::copy(env!("CARGO_BIN_EXE_bowline"), &copy).unwrap();
                Some(copy.to_str().unwrap().to_owned())
            }
            Blow::Kill | Blow::Term => None,
        };
        // What is typed meanwhile waits.
        self.key().await;
        let started = start(&self.folder, copy.as_deref());
        let (server, pid) = self.page.during(started).await;
        let address = match &self.by {
            Some(proxy) => proxy.leads_to(server.address),
            None => server.address,
        };
        self.page.go_to(address).await;
        (self.server, self.pid) = (Some(server), pid);
    }

    /// Stops all programs and looks at what they said.
    async fn end(mut self) {
        for pid in &self.pids {
            assert!(test_kill_process(*pid).is_ok(), "it is alive");
        }
        let sessions: Vec<SessionId> = self.page.sessions.keys().copied().collect();
        for &session in &sessions {
            self.page.type_text(session, "stop\r").await;
        }
        self.page.until_said("last ").await;
        self.page.until_said(";").await;
        let keys: Vec<String> = (0..self.keys).map(|key| format!("got k{key}")).collect();
        for shown in self.page.sessions.values() {
            let text = std::str::from_utf8(&shown.seen).unwrap();
            let said = text.lines().filter_map(|line| line.split_once(';'));
            let said: Vec<&str> = said.map(|(said, _)| said).collect();
            let (numbers, others): (Vec<&str>, Vec<&str>) =
                said.iter().partition(|said| said.starts_with('n'));
            assert_eq!(others[1..others.len() - 1], keys);
            let last: usize = others.last().unwrap()["last ".len()..].parse().unwrap();
            let expected: Vec<String> = (1..=last).map(|number| format!("n{number}")).collect();
            assert_eq!(numbers, expected);
        }
        kill_process(self.pid, Signal::TERM).unwrap();
        let ended = self.server.take().unwrap().ended();
        self.page.during(ended).await.unwrap();
    }
}

#[tokio::test]
async fn servers_come_and_go_and_nothing_is_lost() {
    let rounds = std::env::var("BOWLINE_CHAOS").map_or(10, |rounds| rounds.parse().unwrap());
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let keepers = Keepers::of(&folder);
    let mut chaos = Chaos::begin(folder.clone(), None).await;
    let kept_by = keepers.pids();
    for round in 0..rounds {
        chaos.keys().await;
        chaos.blow(BLOWS[round % BLOWS.len()], 1 + round % 9).await;
        // The one keeper runs what the server runs.
        assert_eq!(keepers.pids(), kept_by);
        assert_eq!(program(kept_by[0]), program(chaos.pid));
    }
    chaos.keys().await;
    chaos.end().await;
}

#[tokio::test]
async fn servers_come_and_go_behind_a_proxy_that_cuts() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let _keepers = Keepers::of(&folder);
    let proxy = Proxy::start().await;
    let mut chaos = Chaos::begin(folder.clone(), Some(proxy.clone())).await;
    for (round, blow) in BLOWS.into_iter().enumerate() {
        chaos.keys().await;
        let cut = proxy.cuts() + 2;
        while proxy.cuts() < cut {
            chaos.keys().await;
        }
        chaos.blow(blow, 1 + 2 * round).await;
    }
    chaos.keys().await;
    chaos.end().await;
}

/// Passes connections on to wherever the server is, and cuts each when it has carried so much.
struct Proxy {
    address: SocketAddr,
    to: Mutex<Option<SocketAddr>>,
    cuts: AtomicUsize,
}

impl Proxy {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            to: Mutex::default(),
            cuts: AtomicUsize::default(),
        });
        let serving = proxy.clone();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(serving.clone().pass(near));
            }
        });
        proxy
    }

    /// Where to go from now on; gives where to go by.
    fn leads_to(&self, server: SocketAddr) -> SocketAddr {
        *self.to.lock().unwrap() = Some(server);
        self.address
    }

    fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }

    async fn pass(self: Arc<Self>, near: TcpStream) {
        let to = self.to.lock().unwrap().unwrap();
        let Ok(far) = TcpStream::connect(to).await else {
            return;
        };
        let left = AtomicUsize::new(CUT_AFTER);
        let (mut from_near, mut to_near) = near.into_split();
        let (mut from_far, mut to_far) = far.into_split();
        // Both ways count together. Either's end is the other's.
        tokio::select! {
            () = copy(&mut from_near, &mut to_far, &left) => {}
            () = copy(&mut from_far, &mut to_near, &left) => {}
        }
        if left.load(Ordering::SeqCst) == 0 {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Copies until one end is gone, or nothing more may pass.
async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    left: &AtomicUsize,
) {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let most = left.load(Ordering::SeqCst).min(buffer.len());
        if most == 0 {
            return;
        }
        let Ok(count @ 1..) = from.read(&mut buffer[..most]).await else {
            return;
        };
        // The other way may have carried something meanwhile.
        let count = count.min(left.load(Ordering::SeqCst));
        left.fetch_sub(count, Ordering::SeqCst);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
