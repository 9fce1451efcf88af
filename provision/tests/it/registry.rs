//! A registry of npm packages on loopback: what `npm pack` makes, served as the real one does, with faults to order.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// What is wrong with the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "two test programs use this, not each all of it")]
pub(crate) enum Fault {
    None,
    /// Bytes that are no package any more.
    Corrupt,
    /// Another package's checksum.
    WrongChecksum,
    /// Named, but not there.
    Missing,
    /// Asked for, and never sent.
    Stall,
}

struct Package {
    version: String,
    binary: String,
    integrity: String,
    bytes: Vec<u8>,
}

struct Inner {
    /// By name, the latest last.
    packages: BTreeMap<String, Vec<Package>>,
    fault: Fault,
}

/// The registry.
pub(crate) struct Registry {
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
    fetched: Arc<watch::Sender<usize>>,
    _serving: AbortOnDropHandle<()>,
}

impl Registry {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner {
            packages: BTreeMap::new(),
            fault: Fault::None,
        }));
        let fetched = Arc::new(watch::Sender::new(0));
        let router = Router::new().fallback(serve);
        let router = router.with_state((url.clone(), inner.clone(), fetched.clone()));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            url,
            inner,
            fetched,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Offers a program that is a script of `sh`.
    pub(crate) fn offer(&self, name: &str, version: &str, binary: &str, script: &str) {
        let (integrity, bytes) = pack(name, version, binary, script);
        let mut inner = self.inner.lock().unwrap();
        let versions = inner.packages.entry(name.to_owned()).or_default();
        versions.push(Package {
            version: version.to_owned(),
            binary: binary.to_owned(),
            integrity,
            bytes,
        });
    }

    /// Offers a version of Codex that says so.
    pub(crate) fn offer_codex(&self, version: &str) {
        let script = format!("echo codex-cli {version}");
        self.offer("@openai/codex", version, "codex", &script);
    }

    pub(crate) fn break_by(&self, fault: Fault) {
        self.inner.lock().unwrap().fault = fault;
    }

    /// How many packages were asked for.
    #[allow(dead_code, reason = "likewise")]
    pub(crate) fn fetched(&self) -> usize {
        *self.fetched.borrow()
    }

    /// Waits until a package was asked for.
    #[allow(dead_code, reason = "likewise")]
    pub(crate) async fn until_fetched(&self) {
        let mut fetched = self.fetched.subscribe();
        fetched.wait_for(|count| *count > 0).await.unwrap();
    }

    /// npm's settings for it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("npm_config_registry", self.url.clone()),
            ("npm_config_fetch_retries", "0".to_owned()),
            // Whatever this machine says.
            ("npm_config_noproxy", "127.0.0.1".to_owned()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
        ]
    }
}

/// The checksum and the bytes of a package.
fn pack(name: &str, version: &str, binary: &str, script: &str) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = json!({"name": name, "version": version, "bin": {binary: "run.sh"}});
    write(&folder.path().join("package.json"), &manifest.to_string());
    write(
        &folder.path().join("run.sh"),
        &format!("#!/bin/sh\n{script}\n"),
    );
    let out = Command::new("npm")
        .args(["pack", "--json", "--cache", "cache", "--no-update-notifier"])
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    // An array, or by name in newer ones.
    let packed = said.get(0).or_else(|| said.as_object()?.values().next());
    let packed = packed.unwrap_or_else(|| panic!("npm packs: {said}"));
    let file = folder.path().join(packed["filename"].as_str().unwrap());
    let integrity = packed["integrity"].as_str().unwrap().to_owned();
    (integrity, std::fs::read(file).unwrap())
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

/// Its own URL, what it has, and how often it was asked for a package.
type Shared = (String, Arc<Mutex<Inner>>, Arc<watch::Sender<usize>>);

async fn serve(State((url, inner, fetched)): State<Shared>, uri: Uri) -> Response {
    let path = uri
        .path()
        .trim_start_matches('/')
        .replace("%2f", "/")
        .replace("%2F", "/");
    let fault = inner.lock().unwrap().fault;
    let Some((name, version)) = path
        .strip_suffix(".tgz")
        .and_then(|path| path.split_once("/-/"))
    else {
        let inner = inner.lock().unwrap();
        return match inner.packages.get(&path) {
            Some(versions) => described(&url, &path, versions, fault),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    };
    fetched.send_modify(|count| *count += 1);
    let bytes = {
        let inner = inner.lock().unwrap();
        let mut versions = inner.packages.get(name).into_iter().flatten();
        versions
            .find(|package| package.version == version)
            .map(|package| package.bytes.clone())
    };
    match (fault, bytes) {
        (Fault::Stall, _) => std::future::pending().await,
        (Fault::Missing, _) | (_, None) => StatusCode::NOT_FOUND.into_response(),
        (Fault::Corrupt, Some(mut bytes)) => {
            let middle = bytes.len() / 2;
            bytes.truncate(middle);
            bytes.resize(middle * 2, 0x5a);
            bytes.into_response()
        }
        (Fault::None | Fault::WrongChecksum, Some(bytes)) => bytes.into_response(),
    }
}

/// What a registry says of a package.
fn described(url: &str, name: &str, versions: &[Package], fault: Fault) -> Response {
    let mut all = serde_json::Map::new();
    for package in versions {
        let version = &package.version;
        let integrity = match fault {
            Fault::WrongChecksum => format!("sha512-{}==", "A".repeat(86)),
            _ => package.integrity.clone(),
        };
        let described = json!({
            "name": name,
            "version": version,
            "bin": {&package.binary: "run.sh"},
            "dist": {"tarball": format!("{url}{name}/-/{version}.tgz"), "integrity": integrity},
        });
        all.insert(version.clone(), described);
    }
    let latest = versions.last().map(|package| package.version.clone());
    let described =
        json!({"_id": name, "name": name, "dist-tags": {"latest": latest}, "versions": all});
    axum::Json(described).into_response()
}
