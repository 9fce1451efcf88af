//! `bowline doctor`, on a machine where all is well, and where one thing is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::support::{DEADLINE, TOKEN, TestServer, with};

/// The binary's verdict about a state folder, with further arguments and variables.
async fn run(state: &Path, arguments: &str, variables: &[(&str, &str)]) -> Output {
    let home = state.parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowline"));
    command
        .args(["doctor", "--state-dir"])
        .arg(state)
        .args(arguments.split_whitespace())
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("SHELL", "/bin/bash")
        .env("BOWLINE_TOKEN", TOKEN)
        .envs(variables.iter().copied())
        .kill_on_drop(true);
    let ran = tokio::time::timeout(DEADLINE, command.output()).await;
    let output = ran.expect("it ends").unwrap();
    for said in [&output.stdout, &output.stderr] {
        let said = String::from_utf8_lossy(said);
        assert!(!said.contains(TOKEN), "{said}");
    }
    output
}

/// What it found, as `check verdict: found`, and whether it ended well.
async fn found(state: &Path, arguments: &str, variables: &[(&str, &str)]) -> (Vec<String>, bool) {
    let output = run(state, &format!("--json {arguments}"), variables).await;
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let findings = said["findings"].as_array().unwrap().iter().map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", text("check"), text("verdict"), text("found"))
    });
    let worst = said["verdict"].as_str().unwrap();
    assert_eq!(output.status.success(), worst != "problem", "{said}");
    (findings.collect(), output.status.success())
}

/// A private folder that is there.
fn state(folder: &TempDir) -> std::path::PathBuf {
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    state
}

fn has(found: &[String], beginning: &str, part: &str) {
    let is_there = |line: &String| line.starts_with(beginning) && line.contains(part);
    assert!(
        found.iter().any(is_there),
        "no {beginning} … {part} in {found:#?}"
    );
}

#[tokio::test]
async fn where_all_is_well_it_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (found, is_well) = found(&state, "--listen 127.0.0.1:0", &[]).await;
    assert!(is_well, "{found:#?}");
    for check in [
        "settings", "folder", "entry", "server", "keeper", "tmux", "clock",
    ] {
        has(&found, &format!("{check} fine"), "");
    }
    has(&found, "shell", "bash starts and answers");
    has(&found, "shell fine", "marks its prompts");
    assert!(!state.exists());
    let text = run(&state, "--only settings", &[]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.ends_with("0 problems, 0 warnings, 1 fine\n"), "{text}");
}

#[tokio::test]
async fn a_folder_that_others_can_use_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder);
    let token = state.join("access-token");
    fs::write(&token, "a secret in a file").unwrap();
    fs::set_permissions(&token, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
    let (lines, is_well) = found(&state, "--only folder", &[]).await;
    assert!(!is_well);
    has(&lines, "folder warning", "others may look into");
    has(&lines, "folder problem", "access-token");
    assert!(!format!("{lines:?}").contains("a secret in a file"));
    fs::set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
    let (lines, _) = found(&state, "--only folder", &[]).await;
    has(&lines, "folder problem", "others may write into");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (lines, is_well) = found(&file, "--only folder", &[]).await;
    has(&lines, "folder problem", "is no folder");
    assert!(!is_well);
    let (lines, _) = found(&file.join("below"), "--only folder", &[]).await;
    has(&lines, "folder problem", "cannot be looked at");
    if rustix::process::getuid().is_root() {
        // For root every folder is readable: here it is somebody else's.
        let other = rustix::process::Uid::from_raw(12345);
        rustix::fs::chown(&state, Some(other), None).unwrap();
        let (lines, _) = found(&state, "--only folder", &[]).await;
        has(&lines, "folder problem", "belongs to user 12345");
    } else {
        fs::set_permissions(&state, Permissions::from_mode(0o000)).unwrap();
        let (lines, _) = found(&state, "--only folder", &[]).await;
        has(&lines, "folder problem", "nothing can be written");
        has(&lines, "folder problem", "cannot be looked at");
        fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_problem_unless_a_server_of_ours_has_it() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let state = folder.path().join("state");
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = format!("--only server --listen {}", other.local_addr().unwrap());
    let (lines, is_well) = found(&state, &taken, &[]).await;
    assert!(!is_well);
    has(&lines, "server fine", "no server runs");
    has(&lines, "server problem", "127.0.0.1");

    let (server, pid) = TestServer::start_binary("exec \"$@\"", "", folder.clone()).await;
    let ours = format!("--only server,keeper --listen {}", server.address);
    let (lines, is_well) = found(&state, &ours, &[]).await;
    assert!(is_well, "{lines:#?}");
    let version = bowline_server::VERSION;
    has(
        &lines,
        "server fine",
        &format!("version {version} runs (process {})", pid.as_raw_pid()),
    );
    has(&lines, "keeper fine", "keeps 0 sessions");
    server.stop().await;
}

#[tokio::test]
async fn settings_that_make_no_sense_and_doors_that_stand_open_are_problems() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder);
    let proxy = "--auth proxy --owner ana@example.com";
    for (arguments, beginning, part) in [
        (
            "--only settings --idle-limit soon",
            "settings problem",
            "--idle-limit soon",
        ),
        (
            "--only entry --auth none --listen 0.0.0.0:1",
            "entry problem",
            "loopback",
        ),
        (
            "--only entry --auth proxy --trusted-proxy 10.0.0.1",
            "entry problem",
            "--owner",
        ),
        (
            &format!("--only entry {proxy}"),
            "entry problem",
            "--trusted-proxy",
        ),
        (
            &format!("--only entry {proxy} --trusted-proxy 0.0.0.0/0"),
            "entry problem",
            "everybody",
        ),
        (
            &format!("--only entry {proxy} --trusted-proxy 127.0.0.1"),
            "entry warning",
            "every user of this machine",
        ),
        (
            &format!("--only entry {proxy} --listen unix:/run/x --socket-mode 666"),
            "entry problem",
            "every user of this machine",
        ),
        (
            "--only entry --listen 0.0.0.0:8000",
            "entry warning",
            "without TLS",
        ),
        (
            "--only entry --public-url http://desk.example",
            "entry warning",
            "no https",
        ),
        ("--only tmux --tmux on", "tmux", ""),
        (
            "--only limits --max-sessions 4000000000",
            "limits warning",
            "fewer",
        ),
        (
            "--only server --listen 192.0.2.1:80",
            "server problem",
            "192.0.2.1",
        ),
        (
            "--only server --listen unix:/nowhere/at/all.sock",
            "server problem",
            "/nowhere/at",
        ),
    ] {
        let (lines, _) = found(&state, arguments, &[]).await;
        has(&lines, beginning, part);
    }
    let (lines, is_well) = found(&state, "--only settings", &[("BOWLINE_OWNERS", "ana")]).await;
    has(&lines, "settings warning", "BOWLINE_OWNERS");
    assert!(is_well);
    let (lines, _) = found(&state, "--only shell", &[("SHELL", "/bin/false")]).await;
    has(&lines, "shell problem", "ended as soon as");
    let (lines, _) = found(&state, "--only tmux --tmux on", &[("PATH", "/nowhere")]).await;
    has(&lines, "tmux problem", "not installed");
}

/// What stands before the server.
#[derive(Clone, Copy)]
enum Proxy {
    /// It answers upgrades itself.
    Refuses,
    /// It takes what makes an upgrade out of requests.
    Strips,
    /// It ends every connection after a second.
    Cuts,
    /// It leads to a sign-in.
    SignsIn,
    /// It reaches nobody.
    Broken,
}

/// A proxy before a server, one request on a connection; ends with the test.
async fn proxy(server: &TestServer, manner: Proxy) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = server.address;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(carry(stream, upstream, manner));
        }
    });
    url
}

async fn carry(mut stream: TcpStream, upstream: std::net::SocketAddr, manner: Proxy) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let is_upgrade = head.to_lowercase().contains("upgrade: websocket");
    let answer = match manner {
        Proxy::Refuses if is_upgrade => Some("403 Forbidden\r\n"),
        Proxy::SignsIn => Some("302 Found\r\nlocation: https://login.example/?secret=1\r\n"),
        Proxy::Broken => Some("502 Bad Gateway\r\n"),
        _ => None,
    };
    if let Some(answer) = answer {
        let answer = format!("HTTP/1.1 {answer}content-length: 0\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let closes = !(is_upgrade && matches!(manner, Proxy::Cuts));
    let lines = head.trim_end().lines().filter(|line| {
        let name = line.split(':').next().unwrap().to_lowercase();
        !closes || !["upgrade", "connection"].contains(&name.as_str())
    });
    let mut passed: Vec<&str> = lines.collect();
    if closes {
        passed.push("connection: close");
    }
    let passed = format!("{}\r\n\r\n", passed.join("\r\n"));
    let mut server = TcpStream::connect(upstream).await.unwrap();
    server.write_all(passed.as_bytes()).await.unwrap();
    let carrying = copy_bidirectional(&mut stream, &mut server);
    let _ = match closes {
        true => carrying.await.ok(),
        false => tokio::time::timeout(Duration::from_secs(1), carrying)
            .await
            .ok()
            .and_then(Result::ok),
    };
}

#[tokio::test]
async fn from_outside_it_sees_what_stands_before_a_server() {
    with("", async |server| {
        let state = server.folder.path().join("state");
        let ask = async |url: &str, more: &str| {
            found(
                &state,
                &format!("--only health,name,websocket --url {url} {more}"),
                &[],
            )
            .await
        };
        let (lines, is_well) = ask(&format!("http://{}", server.address), "--idle 1").await;
        assert!(is_well, "{lines:#?}");
        has(&lines, "health fine", "answers at");
        has(&lines, "name fine", "knows itself by this name");
        has(&lines, "websocket fine", "both ways");
        has(&lines, "websocket fine", "stays open for 1 s");
        assert!(!format!("{lines:?}").contains("warning"), "{lines:#?}");
        for (manner, more, beginning, part) in [
            (
                Proxy::Refuses,
                "",
                "websocket warning",
                "the proxy refuses WebSockets (403",
            ),
            (
                Proxy::Strips,
                "",
                "websocket warning",
                "does not pass WebSockets on",
            ),
            (
                Proxy::Cuts,
                "--idle 30",
                "websocket warning",
                "it is cut after",
            ),
            (
                Proxy::SignsIn,
                "",
                "health warning",
                "leads to login.example",
            ),
            (
                Proxy::Broken,
                "",
                "health problem",
                "does not reach Bowline (502",
            ),
        ] {
            let (lines, _) = ask(&proxy(server, manner).await, more).await;
            has(&lines, beginning, part);
            assert!(!format!("{lines:?}").contains("secret"), "{lines:#?}");
        }
        // Nobody, another program, and what is no address.
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = nobody.local_addr().unwrap();
        drop(nobody);
        let (lines, is_well) = ask(&format!("http://{place}"), "").await;
        has(&lines, "health problem", "nobody answers");
        assert!(!is_well);
        let (lines, _) = ask("http://user:secret@127.0.0.1/", "").await;
        has(&lines, "health problem", "no address");
        assert!(!format!("{lines:?}").contains("secret"), "{lines:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_not_allowed_is_told_with_what_to_do() {
    with("", async |server| {
        let state = server.folder.path().join("state");
        let url = format!("--only name --url http://{}", server.address);
        let host = [("BOWLINE_DOCTOR_HEADERS", "Host: desk.example")];
        let output = run(&state, &url, &host).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!output.status.success(), "{text}");
        assert!(text.contains("--allowed-host desk.example"), "{text}");
    })
    .await;
}
