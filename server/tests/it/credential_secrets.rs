//! Credentials of a workspace and of git's servers, by every way in at once and told of in as much detail as there is: none
//! is in a log, an argument, the environment of a program that has no use for it, an answer, or a file that others may read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Method;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::secrets::holds_none;
use crate::support::{DEADLINE, TestServer};
use bowline_double::Double;

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");
const OF_THE_ENVIRONMENT: &str = "dapi-planted-in-the-environment";
const PASTED: &str = "dapi-planted-in-the-page";
const PLANTED: &[&str] = &[
    OF_THE_ENVIRONMENT,
    PASTED,
    "dapi-planted-and-wrong",
    "planted-client-secret",
    "planted-git-token",
    "planted-on-behalf",
];
/// Files of tools that hold a token are made for these.
const TOOLS: &[&str] = &[
    ".claude",
    ".codex",
    ".gemini",
    ".config/opencode",
    ".hermes",
];

/// All files below a folder, links not followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let below = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    below.collect()
}

/// What the programs that were started in a home were given: arguments and environment of each, but of `server` itself.
fn programs(home: &Path, server: i32) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let Some(pid) = path
            .file_name()
            .and_then(|name| name.to_str()?.parse::<i32>().ok())
        else {
            continue;
        };
        // It may end meanwhile, or be somebody else's.
        let read = |what: &str| fs::read(path.join(what)).unwrap_or_default();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        let text = [arguments, b"\n".to_vec(), environment].concat();
        let text = String::from_utf8_lossy(&text).replace('\0', "\n");
        if pid != server && text.contains(home.to_str().unwrap()) {
            found.push((format!("program {pid}"), text));
        }
    }
    found
}

#[tokio::test]
async fn what_opens_a_workspace_is_nowhere_but_where_it_is_needed() {
    let double = Double::start().await;
    double.give(OF_THE_ENVIRONMENT, "ana@example.com");
    double.give(PASTED, "ana@example.com");
    let folder = Arc::new(tempfile::tempdir().unwrap());
    for tool in TOOLS {
        fs::create_dir_all(folder.path().join(tool)).unwrap();
    }
    // Whatever isn't made for its owner alone is everybody's.
    let wrapper = format!(
        "umask 000; export RUST_LOG=trace DATABRICKS_HOST={} DATABRICKS_TOKEN={OF_THE_ENVIRONMENT} \
         DATABRICKS_CLIENT_ID=planted-client DATABRICKS_CLIENT_SECRET=planted-client-secret \
         GIT_TOKEN=planted-git-token GIT_TOKEN_HOST=git.example; exec \"$@\" 2>\"$HOME/log\"",
        double.root
    );
    let settings = "--log trace --keeper auto --on-exit end --tool-files on";
    let (server, pid) = TestServer::start_binary(&wrapper, settings, folder.clone()).await;
    let home = folder.path();

    let mut told = String::new();
    for (token, fine) in [("dapi-planted-and-wrong", false), (PASTED, true)] {
        let request = server.request(Method::POST, "/api/configure-pat");
        let request = request.header("x-forwarded-access-token", "planted-on-behalf");
        let answer = request.json(&json!({"token": token})).send().await.unwrap();
        assert_eq!(answer.status().is_success(), fine);
        told += &format!(
            "{:?}\n{}\n",
            answer.headers().clone(),
            answer.text().await.unwrap()
        );
    }
    let asked = "protocol=https\\nhost=git.example\\n\\n";
    let uses = format!(
        "{BINARY} token >\"$HOME/used\"; printf '{asked}' | {BINARY} git-credential get >>\"$HOME/used\"; env; \
         echo END; read go"
    );
    let session = server.script(&uses).await;
    told += &server.printed(session, "END").await;
    let used = fs::read_to_string(home.join("used")).unwrap();
    assert!(
        used.contains("dapi-") && used.contains("planted-git-token"),
        "{used}"
    );
    fs::remove_file(home.join("used")).unwrap();
    let before = double.state().minted;
    assert_eq!(server.post("/api/pat-rotate", json!({})).await.0, 200);
    let written = async {
        loop {
            let file = fs::read_to_string(home.join(".databrickscfg")).unwrap_or_default();
            let minted = double.state().minted;
            if minted > before && file.contains(&format!("dapi-{minted}")) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, written).await.unwrap();
    told += &server.get("/api/pat-status").await.1.to_string();

    // What opens the broker is no less of a secret.
    let broker = fs::read(home.join("state/broker.json")).unwrap();
    let broker: serde_json::Value = serde_json::from_slice(&broker).unwrap();
    let broker = broker["secret"].as_str().unwrap().to_owned();
    let tokens = double.state().tokens.keys().cloned().collect::<Vec<_>>();
    let minted = [tokens, vec![broker]].concat();
    let secrets = || {
        PLANTED
            .iter()
            .copied()
            .chain(minted.iter().map(String::as_str))
    };
    assert!(secrets().count() > PLANTED.len() + 1);
    holds_none("what is told", &told, secrets());
    let programs = programs(home, pid.as_raw_nonzero().get());
    assert!(programs.len() >= 2, "the keeper and the session's shell");
    for (place, text) in programs {
        holds_none(&place, &text, secrets());
    }
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
    for name in ["log", "state/keeper.log", "state/audit.log"] {
        let text = fs::read_to_string(home.join(name)).unwrap();
        holds_none(name, &text, secrets());
    }
    let mut holding = 0;
    for file in files(home) {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        if secrets().any(|secret| text.contains(secret)) {
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.display());
            holding += 1;
        }
    }
    // Two of tools hold the token; three, and one of the state folder, the broker's secret.
    assert!(holding >= 6, "files hold what they must: {holding}");
}
