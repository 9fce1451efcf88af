//! A mirror of releases on loopback: archives that a test makes, with faults to order.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// What is wrong with what is fetched. Lists of checksums come as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "two test programs use this, not each all of it")]
pub(crate) enum Fault {
    None,
    /// Bytes that are no archive any more.
    Corrupt,
    /// Not all of them.
    Short,
    /// The checksum of something else.
    WrongChecksum,
    /// Nothing there.
    Missing,
    /// Half of it, and then never anything.
    Stall,
    /// It is somewhere where others could change it.
    Away,
    /// It is where it is.
    Around,
}

struct Inner {
    /// By path.
    files: BTreeMap<String, Vec<u8>>,
    fault: Fault,
}

type Shared = Arc<(Mutex<Inner>, watch::Sender<usize>)>;

/// The mirror.
pub(crate) struct Mirror {
    /// What takes the place of `https://github.com`.
    pub(crate) url: String,
    shared: Shared,
    _serving: AbortOnDropHandle<()>,
}

impl Mirror {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mirror", listener.local_addr().unwrap());
        let inner = Inner {
            files: BTreeMap::new(),
            fault: Fault::None,
        };
        let shared: Shared = Arc::new((Mutex::new(inner), watch::Sender::new(0)));
        let router = Router::new().fallback(serve).with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            url,
            shared,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Offers a file below the mirror.
    pub(crate) fn offer(&self, path: &str, bytes: Vec<u8>) {
        let mut inner = self.shared.0.lock().unwrap();
        inner.files.insert(path.to_owned(), bytes);
    }

    /// Offers a version of micro that says so, as micro's releases are.
    pub(crate) fn offer_micro(&self, version: &str) {
        let program = format!("micro-{version}/micro");
        let archive = archive(&[(&program, &format!("echo Version: {version}"))]);
        self.offer_micro_as(version, archive);
    }

    /// Offers any bytes as a version of micro.
    pub(crate) fn offer_micro_as(&self, version: &str, archive: Vec<u8>) {
        let machine = match std::env::consts::ARCH {
            "x86_64" => "linux64-static",
            _ => "linux-arm64",
        };
        let name = format!("micro-{version}-{machine}.tar.gz");
        let folder = format!("zyedidia/micro/releases/download/v{version}");
        let list = format!("{}  {name}\n", sum(&archive));
        self.offer(&format!("{folder}/{name}"), archive);
        self.offer(&format!("{folder}/{name}.sha"), list.into_bytes());
    }

    #[allow(dead_code, reason = "likewise")]
    pub(crate) fn break_by(&self, fault: Fault) {
        self.shared.0.lock().unwrap().fault = fault;
    }

    /// How many files were asked for, lists of checksums aside.
    #[allow(dead_code, reason = "likewise")]
    pub(crate) fn fetched(&self) -> usize {
        *self.shared.1.borrow()
    }

    /// Waits until more files were asked for than so many.
    pub(crate) async fn until_fetched(&self, more_than: usize) {
        let mut fetched = self.shared.1.subscribe();
        let more = fetched.wait_for(|count| *count > more_than);
        more.await.unwrap();
    }
}

/// A checksum in hexadecimal.
pub(crate) fn sum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// An archive of scripts of `sh`.
pub(crate) fn archive(scripts: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, script) in scripts {
        let script = format!("#!/bin/sh\n{script}\n");
        let mut header = tar::Header::new_gnu();
        // Written as it is, whatever it leads to.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(script.len().try_into().unwrap());
        header.set_mode(0o755);
        header.set_cksum();
        builder.append(&header, script.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// Every file lies elsewhere, as those of releases do.
async fn serve(State(shared): State<Shared>, uri: Uri) -> Response {
    if let Some(path) = uri.path().strip_prefix("/mirror/") {
        let to = match shared.0.lock().unwrap().fault {
            Fault::Away => format!("http://releases.example/{path}"),
            Fault::Around => format!("/mirror/{path}"),
            _ => format!("/elsewhere/{path}"),
        };
        let there = [(header::LOCATION, to)];
        return (StatusCode::FOUND, there).into_response();
    }
    let path = uri.path().trim_start_matches("/elsewhere/");
    let is_list =
        path.ends_with(".sha") || path.ends_with(".sha256") || path.ends_with("SHA256SUMS");
    let is_list = is_list || path.ends_with("checksums.txt");
    let (bytes, fault) = {
        let inner = shared.0.lock().unwrap();
        (inner.files.get(path).cloned(), inner.fault)
    };
    if !is_list {
        shared.1.send_modify(|count| *count += 1);
    }
    let Some(bytes) = bytes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let half = bytes.len() / 2;
    match (fault, is_list) {
        (Fault::WrongChecksum, true) => {
            let text = String::from_utf8(bytes).unwrap();
            let name = text.split_whitespace().nth(1).unwrap().to_owned();
            format!("{}  {name}\n", sum(b"something else")).into_response()
        }
        (Fault::None | Fault::WrongChecksum, _) | (_, true) => bytes.into_response(),
        (Fault::Missing | Fault::Away | Fault::Around, _) => StatusCode::NOT_FOUND.into_response(),
        (Fault::Short, _) => bytes[..half].to_vec().into_response(),
        (Fault::Corrupt, _) => {
            let mut bytes = bytes;
            bytes[half..].fill(0x5a);
            bytes.into_response()
        }
        (Fault::Stall, _) => {
            let first = Bytes::copy_from_slice(&bytes[..half]);
            let first = futures_util::stream::iter([Ok::<_, std::io::Error>(first)]);
            Body::from_stream(first.chain(futures_util::stream::pending())).into_response()
        }
    }
}
