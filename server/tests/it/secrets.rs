//! A run with a secret in every place where one can be, told of in as much detail as there is: none of them is in a
//! log, in the trail, in an argument, or in an answer to somebody else.

use std::path::Path;
use std::sync::Arc;

use reqwest::{Method, RequestBuilder, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::keepers::Keepers;
use crate::support::{Login, Socket, TOKEN, TestServer, attach, batch, hello, input, login};

/// What is planted, beside what the server makes itself.
const PLANTED: &[&str] = &[
    TOKEN,
    "planted-wrong-token",
    "planted-wrong-code",
    "planted-bearer",
    "planted-cookie",
    "planted-proof",
    "planted-forwarded-token",
    "planted-email",
    "planted-query",
    "planted-path",
    "planted-referer",
    "planted-request-id",
    "planted-method",
    "planted-argument",
    "planted-printed",
    "planted-typed-by-socket",
    "planted-typed-by-poll",
    "planted-typed-by-request",
    "planted-in-a-broken-body",
    "planted-in-a-batch",
    "planted-uploaded",
    "planted-file-name",
    "planted-tab",
    "planted-environment",
    "planted-otlp-header",
];

/// Echoes nothing that is typed.
const PROGRAM: &str =
    "stty -echo; echo \"$0\" | tr a-z A-Z | tr A-Z a-z; while read line; do echo took; done";

/// Everything that whoever calls can say beside the question.
fn laden(server: &TestServer, method: Method, path: &str) -> RequestBuilder {
    let with = if path.contains('?') { '&' } else { '?' };
    server
        .bare(method, &format!("{path}{with}code=planted-query"))
        .header("x-forwarded-access-token", "planted-forwarded-token")
        .header("x-forwarded-email", "planted-email@example.com")
        .header("referer", "http://127.0.0.1/planted-referer")
        .header("bowline-request", "planted-request-id")
}

fn as_page(request: RequestBuilder, login: &Login) -> RequestBuilder {
    let request = request.header("cookie", &login.cookie);
    request.header("bowline-proof", &login.proof)
}

async fn refusals(server: &TestServer) {
    let bare = |method: Method, path: &str| laden(server, method, path);
    for request in [
        bare(Method::GET, "/"),
        bare(Method::GET, "/planted-path"),
        bare(Method::GET, "/api/sessions").bearer_auth("planted-bearer"),
        bare(Method::GET, "/api/sessions")
            .header("cookie", "bowline-00=planted-cookie")
            .header("bowline-proof", "planted-proof"),
        bare(Method::GET, "/link/socket").header("origin", "http://planted-origin"),
        bare(Method::from_bytes(b"planted-method").unwrap(), "/"),
        bare(Method::POST, "/api/login").json(&json!({"token": "planted-wrong-token"})),
        bare(Method::POST, "/api/login").json(&json!({"code": "planted-wrong-code"})),
    ] {
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
        let id = answer.headers()["bowline-request"].to_str().unwrap();
        assert!(!id.contains("planted"), "{id}");
        let text = answer.text().await.unwrap();
        for secret in PLANTED {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// Types into a session by each way that there is, and gives what the server made.
async fn run(server: &TestServer) -> Vec<String> {
    let code = server.code.clone().unwrap();
    let request = laden(server, Method::POST, "/api/login");
    let by_code = login(request.json(&json!({"code": code})).send().await.unwrap()).await;
    let by_token = server.log_in().await;

    let post = async |path: &str, body: serde_json::Value| {
        let request = as_page(laden(server, Method::POST, path), &by_code);
        let response = request.json(&body).send().await.unwrap();
        let status = response.status();
        (status, response.text().await.unwrap())
    };
    let command = ["/bin/sh", "-c", PROGRAM, "planted-printed planted-argument"];
    let (status, created) = post("/api/session", json!({"command": command})).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let created: serde_json::Value = serde_json::from_str(&created).unwrap();
    let id = created["session_id"].as_str().unwrap().to_owned();
    let session = id.parse().unwrap();

    let origin = format!("http://{}", server.address);
    let headers = [("cookie", by_code.cookie.as_str()), ("origin", &origin)];
    let mut socket = Socket::open(server, &headers).await.unwrap();
    let proof = Some(by_code.proof.as_str());
    socket.send(&[(hello(1, 1, proof), "")]).await;
    let log = socket.attach(session).await;
    socket.until_text("planted-printed").await;
    let typed = [input(session, log, 0, "planted-typed-by-socket\n")];
    socket.send(&typed).await;
    socket.until_text("took").await;

    let exchange = |path: &str, seq: u64, body| {
        let request = as_page(laden(server, Method::POST, path), &by_token);
        let request = request.header("bowline-client", "02".repeat(16)).body(body);
        let request = request.header("bowline-generation", "1");
        let request = request.header("bowline-hold", "10");
        request.header("bowline-seq", seq.to_string()).send()
    };
    let [attach, view] = attach(session);
    let typed = input(session, log, 0, "planted-typed-by-poll\n");
    let opening = batch(&[(hello(2, 1, None), ""), attach, view, typed]);
    for (path, body, expected) in [
        ("/link/send", opening, StatusCode::OK),
        ("/link/poll", batch(&[]), StatusCode::OK),
        (
            "/link/send",
            "planted-in-a-batch".into(),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = exchange(path, u64::from(expected.is_client_error()), body);
        assert_eq!(answer.await.unwrap().status(), expected, "{path}");
    }
    let body = json!({"session_id": id, "input": "planted-typed-by-request\n"});
    assert_eq!(post("/api/input", body).await.0, StatusCode::OK);
    let body = json!({"session_id": id, "input": ["planted-in-a-broken-body"]});
    assert_eq!(post("/api/input", body).await.0, StatusCode::BAD_REQUEST);
    let tabs = json!({"tabs": [{"id": "t", "name": "planted-tab", "pane": {"id": "p", "session": id}}], "active": "t"});
    let (status, _) = post("/api/workspace", json!({"revision": 0, "workspace": tabs})).await;
    assert_eq!(status, StatusCode::OK);

    let form = "--e\r\ncontent-disposition: form-data; name=file; filename=planted-file-name.txt\r\n\r\n\
                planted-uploaded\r\n--e--";
    let upload = as_page(laden(server, Method::POST, "/api/upload"), &by_code);
    let upload = upload.header("content-type", "multipart/form-data; boundary=e");
    assert!(
        upload
            .body(form)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let path = format!("/api/session/recording?session_id={id}");
    let recording = as_page(laden(server, Method::GET, &path), &by_code);
    let recording = recording.send().await.unwrap().text().await.unwrap();
    assert!(recording.contains("planted-printed"));
    let page = as_page(laden(server, Method::GET, "/"), &by_code);
    assert_eq!(page.send().await.unwrap().status(), StatusCode::OK);

    refusals(server).await;
    assert_eq!(post("/api/logout", json!({})).await.0, StatusCode::OK);
    assert_eq!(socket.closed().await, 4401);
    let parts = |login: Login| [login.cookie, login.proof];
    let made = [parts(by_code), parts(by_token)].concat();
    let value = |secret: String| match secret.split_once('=') {
        Some((_, value)) => value.to_owned(),
        None => secret,
    };
    made.into_iter().map(value).chain([code]).collect()
}

/// As it is, and as bytes are written by who doesn't know them for text.
fn forms(secret: &str) -> [String; 3] {
    let hex = secret.bytes().map(|byte| format!("{byte:02x}"));
    let numbers: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    [secret.to_owned(), hex.collect(), numbers.join(", ")]
}

fn check(place: &str, text: &str, made: &[String]) {
    let planted = PLANTED.iter().copied();
    holds_none(place, text, planted.chain(made.iter().map(String::as_str)));
}

/// Fails if one of the secrets is there, in any form.
pub(crate) fn holds_none<'a>(place: &str, text: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in secrets {
        for form in forms(secret) {
            let line = text.lines().find(|line| line.contains(&form));
            assert!(line.is_none(), "{secret} in {place}: {}", line.unwrap());
        }
    }
}

fn arguments(pid: Pid) -> String {
    let path = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

async fn no_secret_is_told(format: &str) {
    let wrapper = "export RUST_LOG=trace PLANTED=planted-environment \
                   OTEL_EXPORTER_OTLP_HEADERS=authorization=planted-otlp-header; exec \"$@\" 2>\"$HOME/log\"";
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let keepers = Keepers::of(&folder);
    let settings = format!(
        "--log trace --log-format {format} --keeper auto --on-exit end --otlp-endpoint http://127.0.0.1:9"
    );
    let (server, pid) = TestServer::start_binary(wrapper, &settings, folder.clone()).await;
    let made = run(&server).await;
    check("the server's arguments", &arguments(pid), &made);
    for keeper in keepers.pids() {
        check("the keeper's arguments", &arguments(keeper), &made);
    }
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
    for name in ["log", "state/keeper.log", "state/audit.log"] {
        let text = read(folder.path(), name);
        check(name, &text, &made);
        // It was told of.
        let told = if name == "log" {
            "/api/upload"
        } else {
            "session"
        };
        assert!(text.contains(told), "{name}: {text}");
    }
    let log = read(folder.path(), "log");
    if format == "json" {
        for line in log.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(
                value["message"].is_string() || value["level"] != "INFO",
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn no_secret_is_told_in_json() {
    no_secret_is_told("json").await;
}

#[tokio::test]
async fn no_secret_is_told_to_people() {
    no_secret_is_told("pretty").await;
}
