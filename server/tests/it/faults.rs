//! What the system can refuse: open files, terminals, room on the disk. Each is used up for a real server,
//! in limits and namespaces of its own, so that nobody else on the machine notices.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::{DEADLINE, Socket, TestServer, answer};

/// Runs a script in a mount namespace of its own, as root or as whoever may be root in there.
fn in_a_namespace(script: &str) -> String {
    format!(
        "[ \"$(id -u)\" = 0 ] && flags=-m || flags=-Urm
         exec unshare \"$flags\" /bin/sh -ec '{script}; exec \"$@\"' sh \"$@\""
    )
}

/// Whether this machine lets a test have a mount namespace. Some containers don't; what is tested in one is
/// then only tested elsewhere.
fn has_namespaces() -> bool {
    let script = in_a_namespace("mount -t tmpfs tmpfs /tmp");
    let tried = Command::new("/bin/sh")
        .args(["-c", &script, "sh", "true"])
        .output();
    let has = tried.is_ok_and(|output| output.status.success());
    if !has {
        eprintln!("not tested here: there are no mount namespaces");
    }
    has
}

async fn create(server: &TestServer, script: &str) -> (StatusCode, Value) {
    let body = json!({"command": ["/bin/sh", "-c", script]});
    server.post("/api/session", body).await
}

/// Starts sessions until one is refused, and gives the refusal and how many run.
async fn fill(server: &TestServer) -> (usize, StatusCode, Value) {
    for running in 0..200 {
        let (status, answer) = create(server, "exec cat").await;
        if status != StatusCode::OK {
            return (running, status, answer);
        }
    }
    panic!("nothing is refused");
}

/// What a session prints until it ends.
async fn output(server: &TestServer, script: &str) -> String {
    let session = server.script(script).await;
    let mut socket = Socket::connect(server, 9, next_generation()).await;
    socket.attach(session).await;
    let ended = |frame: &bowline_protocol::ServerFrame| match frame {
        bowline_protocol::ServerFrame::Event {
            event: bowline_protocol::frame::Event::Exited { .. },
            ..
        } => Some(()),
        _ => None,
    };
    socket.until(ended).await;
    let body = json!({"session_id": session.to_string()});
    let (_, read) = server.post("/api/output", body).await;
    read["output"].as_str().unwrap().to_owned()
}

fn next_generation() -> u32 {
    static GENERATION: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    GENERATION.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

async fn close_one(server: &TestServer) {
    let (_, list) = server.get("/api/sessions").await;
    let body = json!({"session_id": list["sessions"][0]["session_id"]});
    let (status, _) = server.post("/api/session/close", body).await;
    assert_eq!(status, StatusCode::OK);
}

/// Tries until a session can be started again.
async fn starts_again(server: &TestServer) {
    let starts = async {
        while create(server, "exec cat").await.0 != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, starts)
        .await
        .expect("there is room again");
}

#[tokio::test]
async fn open_files_are_raised_for_the_server_and_not_for_programs() {
    let wrapper = "ulimit -Sn 512; ulimit -Hn 4096; exec \"$@\"";
    // A keeper that is started by the server gets what the server found, and raises it itself.
    let kept = "--max-sessions 1000 --keeper auto --on-exit end";
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = TestServer::start_binary(wrapper, kept, folder).await;
    let seen = output(
        &server,
        "ulimit -Sn; ulimit -Hn; grep 'open files' /proc/$PPID/limits",
    )
    .await;
    let seen: Vec<&str> = seen.split_ascii_whitespace().collect();
    assert_eq!(
        seen,
        [
            "512", "4096", "Max", "open", "files", "4096", "4096", "files"
        ]
    );
    server.stop().await;

    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, pid) = TestServer::start_binary(wrapper, "--max-sessions 1000", folder).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_pid())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files: Vec<&str> = files.unwrap().split_ascii_whitespace().collect();
    assert_eq!(files[3..5], ["4096", "4096"]);
    let seen = output(&server, "ulimit -Sn; ulimit -Hn").await;
    assert_eq!(seen, "512\r\n4096\r\n");
    server.stop().await;
}

#[tokio::test]
async fn when_open_files_run_out_the_refusal_says_so_and_nothing_else_suffers() {
    let wrapper = "ulimit -n 128; exec \"$@\"";
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = TestServer::start_binary(wrapper, "--max-sessions 1000", folder).await;
    let (running, status, refused) = fill(&server).await;
    assert_eq!(running, 32);
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    assert_eq!(refused["error"]["code"], "session_limit");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("128") && message.contains("ulimit -n"),
        "{message}"
    );
    // What was kept back serves pages and sockets.
    let mut socket = Socket::connect(&server, 1, 1).await;
    let (_, list) = server.get("/api/sessions").await;
    let session = list["sessions"][0]["session_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let log = socket.attach(session).await;
    socket
        .send(&[crate::support::input(session, log, 0, "still here\r")])
        .await;
    socket.until_text("still here").await;
    close_one(&server).await;
    starts_again(&server).await;

    // Connections take none of those that are for sessions, and silent ones make room for one that asks.
    close_one(&server).await;
    let mut connections = Vec::new();
    for _ in 0..150 {
        connections.push(connect(server.address).await);
    }
    // Who comes again when an idle connection was closed gets in.
    let asks = async {
        loop {
            let request = server.request(reqwest::Method::POST, "/api/session");
            let request = request.json(&json!({"command": ["cat"]}));
            match request.send().await {
                Ok(answer) if answer.status() == StatusCode::OK => return,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(DEADLINE, asks)
        .await
        .expect("an answer");
    drop(connections);
    server.stop().await;
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

#[tokio::test]
async fn when_terminals_run_out_the_refusal_says_so() {
    if !has_namespaces() {
        return;
    }
    let wrapper = in_a_namespace(
        "mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,max=3 devpts /dev/pts; \
         mount --bind /dev/pts/ptmx /dev/ptmx",
    );
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = TestServer::start_binary(&wrapper, "", folder).await;
    let (running, status, refused) = fill(&server).await;
    assert_eq!(running, 3);
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("kernel.pty.max"), "{message}");
    close_one(&server).await;
    starts_again(&server).await;
    server.stop().await;
}

/// Fills a disk to its last byte. What is kept of a session that has ended gives room back when it goes: that is waited
/// for.
async fn fill_up(state: &Path) {
    let mut file = File::options()
        .append(true)
        .open(state.join("fill"))
        .unwrap();
    loop {
        let sessions = std::fs::read_dir(state.join("sessions"));
        let kept = sessions.map_or(0, Iterator::count);
        while file.write_all(&[0; 64]).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
        if kept == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_lost_and_sessions_go_on() {
    if !has_namespaces() {
        return;
    }
    let wrapper =
        in_a_namespace("mkdir \"$HOME/state\"; mount -t tmpfs -o size=1m tmpfs \"$HOME/state\"");
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, pid) = TestServer::start_binary(&wrapper, "--tmux on", folder.clone()).await;
    let tabs = |name: &str, revision: u64| {
        let tab = json!({"id": "t", "name": name, "pane": {"id": "p", "session": null}});
        json!({"revision": revision, "workspace": {"tabs": [tab], "active": "t"}})
    };
    let (status, _) = server.post("/api/workspace", tabs("before", 0)).await;
    assert_eq!(status, StatusCode::OK);

    let filled = output(&server, "exec 2>&1; cat /dev/zero >~/state/fill; echo full").await;
    assert!(filled.contains("full"), "{filled}");
    let state = folder.path().join("state");
    let state = state.strip_prefix("/").unwrap();
    let state = Path::new(&format!("/proc/{}/root", pid.as_raw_nonzero())).join(state);
    tokio::time::timeout(DEADLINE, fill_up(&state))
        .await
        .expect("the disk is full");
    let (status, error) = server.post("/api/workspace", tabs("during", 1)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("No space left") && message.contains("make room"),
        "{message}"
    );
    let (_, kept) = server.get("/api/workspace").await;
    assert_eq!(
        (&kept["revision"], &kept["workspace"]["tabs"][0]["name"]),
        (&json!(1), &json!("before"))
    );
    // Whoever is to make room gets in, and to a shell.
    let login = server.log_in().await;
    let request = server.bare(reqwest::Method::GET, "/api/workspace");
    let request = request
        .header("cookie", &login.cookie)
        .header("bowline-proof", &login.proof);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    // tmux's server ended with its last session. A new one can't be given its configuration.
    let plain = async {
        loop {
            let (status, created) = create(&server, "echo hi").await;
            assert_eq!(status, StatusCode::OK, "{created}");
            if let Some(notice) = created["notice"].as_str() {
                return notice.to_owned();
            }
        }
    };
    let notice = tokio::time::timeout(DEADLINE, plain)
        .await
        .expect("a notice");
    assert!(notice.contains("No space left"), "{notice}");

    let left = output(&server, "rm ~/state/fill; ls ~/state").await;
    assert!(!left.contains(".new"), "{left}");
    let (status, saved) = server.post("/api/workspace", tabs("after", 1)).await;
    assert_eq!((status, &saved["revision"]), (StatusCode::OK, &json!(2)));
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_cannot_write_its_state_says_so_and_ends() {
    if !has_namespaces() {
        return;
    }
    let wrapper = in_a_namespace(
        "mkdir \"$HOME/state\"; mount -t tmpfs -o size=16k tmpfs \"$HOME/state\"; \
         cat /dev/zero 2>/dev/null >\"$HOME/state/fill\" || true",
    );
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", &wrapper, "sh", env!("CARGO_BIN_EXE_bowline")])
        .args(["--listen", "127.0.0.1:0", "--state-dir"])
        .arg(folder.path().join("state"))
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot use the state folder") && said.contains("No space left"),
        "{said}"
    );
}

#[tokio::test]
async fn programs_inherit_nothing_of_whoever_started_the_server() {
    let open = "exec 7</dev/null 8>&1; exec \"$@\"";
    for keeper in ["--keeper off", "--keeper auto --on-exit end"] {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (server, _) = TestServer::start_binary(open, keeper, folder).await;
        let script = "for fd in 7 8; do test -e /proc/$$/fd/$fd && echo has $fd; done; echo looked";
        let session = server.script(script).await;
        let body = serde_json::json!({ "session_id": session });
        let said = loop {
            let (_, output) = server.post("/api/output", body.clone()).await;
            if output["exited"] == true {
                break output["output"].as_str().unwrap().to_owned();
            }
        };
        assert_eq!(said, "looked\r\n", "{keeper}");
        server.stop().await;
    }
}

#[tokio::test]
async fn an_upload_that_fills_the_disk_is_told_so_and_gives_the_room_back() {
    if !has_namespaces() {
        return;
    }
    let wrapper = in_a_namespace(
        "mkdir \"$HOME/uploads\"; mount -t tmpfs -o size=256k tmpfs \"$HOME/uploads\"",
    );
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = TestServer::start_binary(&wrapper, "", folder).await;
    let upload = async |length: usize| {
        let head = b"--e\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\n";
        let form = [&head[..], &vec![b'x'; length], b"\r\n--e--"].concat();
        let request = server
            .request(reqwest::Method::POST, "/api/upload")
            .body(form);
        let request = request.header("content-type", "multipart/form-data; boundary=e");
        answer(request.send().await.unwrap()).await
    };
    let (status, error) = upload(1 << 20).await;
    assert_eq!(status.as_u16(), 507, "{error}");
    assert_eq!(error["error"]["code"], "storage");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("full") && message.contains("make room"),
        "{message}"
    );
    let (status, reply) = upload(200 << 10).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    server.stop().await;
}
