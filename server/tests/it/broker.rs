//! The broker of a real server: which files lead there, what goes on from there and with which token, and that programs
//! which outlive their server find it again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use axum::{Json, Router};
use bowline_double::Double;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::credential::{printed, until};
use crate::support::{DEADLINE, TestServer};

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");
const PAT: &str = "dapi-pasted-0123456789abcdef";

/// What a model's request looks like where it arrives.
async fn tell(uri: Uri, headers: HeaderMap) -> Json<Value> {
    let shown = headers["authorization"].to_str().unwrap();
    Json(json!({ "path": uri.path(), "authorization": shown }))
}

/// A workspace whose models are behind a gateway, and a home with two tools.
struct Scene {
    workspace: Double,
    gateway: String,
    folder: Arc<TempDir>,
    _serving: AbortOnDropHandle<()>,
}

impl Scene {
    async fn set() -> Self {
        let workspace = Double::start().await;
        workspace.give(PAT, "ana@example.com");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(tell);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let folder = Arc::new(tempfile::tempdir().unwrap());
        for tool in [".gemini", ".codex"] {
            std::fs::create_dir(folder.path().join(tool)).unwrap();
        }
        Self {
            workspace,
            gateway,
            folder,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    async fn server(&self, arguments: &str) -> TestServer {
        let environment = [
            ("DATABRICKS_HOST", self.workspace.root.clone()),
            ("DATABRICKS_TOKEN", PAT.to_owned()),
            ("DATABRICKS_GATEWAY_HOST", self.gateway.clone()),
        ];
        TestServer::start_on(arguments, &environment, self.folder.clone()).await
    }

    /// What a tool's file says, once it says so.
    async fn file(&self, path: &str, fine: impl Fn(&str) -> bool) -> String {
        let path = self.folder.path().join(path);
        let looking = async {
            loop {
                match std::fs::read_to_string(&path) {
                    Ok(text) if fine(&text) => return text,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        let found = tokio::time::timeout(DEADLINE, looking).await;
        found.unwrap_or_else(|_| panic!("{path:?} says so"))
    }

    /// Where Gemini asks, and by what key.
    async fn gemini(&self, fine: impl Fn(&str) -> bool) -> (String, String) {
        let text = self.file(".gemini/.env", fine).await;
        let value = |name: &str| {
            let mut lines = text.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .unwrap()
                .to_owned()
        };
        (value("GOOGLE_GEMINI_BASE_URL"), value("GEMINI_API_KEY"))
    }
}

fn is_brokered(text: &str) -> bool {
    text.contains("/bowline-broker/")
}

/// Asks a model as Gemini does.
async fn ask(url: &str, key: &str) -> reqwest::Response {
    let url = format!("{url}/v1beta/models/m:generateContent");
    let request = reqwest::Client::new().post(url).bearer_auth(key);
    request.json(&json!({})).send().await.unwrap()
}

#[tokio::test]
async fn models_of_the_workspace_itself_answer_by_each_api() {
    let scene = Scene::set().await;
    let environment = [
        ("DATABRICKS_HOST", scene.workspace.root.clone()),
        ("DATABRICKS_TOKEN", PAT.to_owned()),
    ];
    let server = TestServer::start_on("--tool-files on", &environment, scene.folder.clone()).await;
    let (url, key) = scene.gemini(is_brokered).await;
    let broker = url.strip_suffix("/gemini").unwrap();
    let model = "databricks-x";
    for (path, body) in [
        (
            "anthropic/v1/messages",
            json!({ "model": model, "max_tokens": 1, "stream": true }),
        ),
        (
            "openai/responses",
            json!({ "model": model, "stream": true }),
        ),
        (
            "chat/chat/completions",
            json!({ "model": model, "stream": true }),
        ),
        (
            "gemini/v1beta/models/databricks-x:streamGenerateContent?alt=sse",
            json!({}),
        ),
    ] {
        let request = reqwest::Client::new().post(format!("{broker}/{path}"));
        let request = request.header("x-api-key", &key).json(&body);
        let request = request.header("anthropic-version", "2023-06-01");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let text = answer.text().await.unwrap();
        assert!(text.contains("asked by id-1"), "{path}: {text}");
    }
    assert_eq!(scene.workspace.state().strangers, 0);
    server.stop().await;
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_tool_that_holds_a_literal_asks_with_the_token_in_force() {
    let scene = Scene::set().await;
    let server = scene.server("--tool-files on").await;
    let (url, key) = scene.gemini(is_brokered).await;
    for count in 1..=3 {
        let token = format!("dapi-{count}");
        let told: Value = ask(&url, &key).await.json().await.unwrap();
        assert_eq!(told["path"], "/gemini/v1beta/models/m:generateContent");
        assert_eq!(told["authorization"], format!("Bearer {token}"));
        server.post("/api/pat-rotate", json!({})).await;
        until(&server, |_| {
            scene.workspace.is_good(&format!("dapi-{}", count + 1))
        })
        .await;
        let asked = format!("until {BINARY} token | grep dapi-{}; do :; done", count + 1);
        printed(&server, &asked).await;
    }
    assert_eq!(scene.gemini(is_brokered).await, (url.clone(), key.clone()));
    assert_eq!(ask(&url, &key.replace(|_| true, "0")).await.status(), 401);
    let codex = scene.file(".codex/config.toml", is_brokered).await;
    assert!(
        codex.contains("/bowline-broker/openai\"") && !codex.contains(&key),
        "{codex}"
    );
    assert!(codex.contains("[\"token\", \"--broker\"]"), "{codex}");
    let told = printed(&server, &format!("{BINARY} token --broker")).await;
    assert!(told.starts_with(&format!("{key}\r\n")), "{told}");
    assert_eq!(mode(&scene.folder.path().join("state/broker.json")), 0o600);
    assert_eq!(mode(&scene.folder.path().join(".gemini/.env")), 0o600);
    server.stop().await;
}

#[tokio::test]
async fn the_next_server_has_the_same_port_and_secret_unless_somebody_has_the_port() {
    let scene = Scene::set().await;
    let server = scene.server("--tool-files on").await;
    let (url, key) = scene.gemini(is_brokered).await;
    server.stop().await;
    let server = scene.server("--tool-files on").await;
    assert_eq!(ask(&url, &key).await.status(), 200);
    assert_eq!(scene.gemini(is_brokered).await, (url.clone(), key.clone()));
    server.stop().await;
    let address = url
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let _somebody = TcpListener::bind(address).await.unwrap();
    let server = scene.server("--tool-files on").await;
    let (other, fresh) = scene
        .gemini(|text| is_brokered(text) && !text.contains(&url))
        .await;
    assert_ne!(fresh, key);
    assert_eq!(ask(&other, &fresh).await.status(), 200);
    assert_eq!(ask(&other, &key).await.status(), 401);
    server.stop().await;
}

#[tokio::test]
async fn without_the_broker_files_lead_to_the_workspace_again() {
    let scene = Scene::set().await;
    let server = scene.server("--tool-files on").await;
    scene.gemini(is_brokered).await;
    scene.file(".codex/config.toml", is_brokered).await;
    server.stop().await;
    let server = scene.server("--tool-files on --broker off").await;
    let (url, key) = scene.gemini(|text| !is_brokered(text)).await;
    assert_eq!(url, format!("{}/gemini", scene.gateway));
    assert!(scene.workspace.is_good(&key));
    let codex = scene
        .file(".codex/config.toml", |text| !is_brokered(text))
        .await;
    assert!(codex.contains("[\"token\"]"), "{codex}");
    let told = printed(&server, &format!("{BINARY} token --broker 2>&1")).await;
    assert!(told.contains("has no broker"), "{told}");
    server.stop().await;
}
