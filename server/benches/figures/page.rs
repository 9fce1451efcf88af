//! Bytes a browser loads before the first terminal, as they are sent: brotli where a file has it beside,
//! else as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::table::Table;

/// What files are counted under.
const PARTS: [&str; 6] = [
    "page, code",
    "worker, code",
    "xterm",
    "styles",
    "fonts",
    "other",
];

#[derive(Debug, Clone, Copy, Default)]
struct Bytes {
    raw: u64,
    sent: u64,
}

/// Adds up the files of the build.
pub(crate) fn measure(table: &mut Table) -> anyhow::Result<()> {
    let dist = std::env::var_os("BOWLINE_DIST").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist"),
        PathBuf::from,
    );
    if !dist.join("index.html").is_file() {
        table.alone(
            "bytes of the page",
            "not built: `cargo xtask build`".to_owned(),
        );
        return Ok(());
    }
    let mut parts: BTreeMap<&str, Bytes> = BTreeMap::new();
    let mut total = Bytes::default();
    let mut folders = vec![dist.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(part) = part(path.strip_prefix(&dist)?) {
                let raw = path.metadata()?.len();
                let sent = sent(&path).unwrap_or(raw);
                for sum in [parts.entry(part).or_default(), &mut total] {
                    sum.raw += raw;
                    sum.sent += sent;
                }
            }
        }
    }
    let mut row = |name: &str, bytes: Bytes| {
        let kib = |bytes: u64| format!("{:.1} KiB", bytes as f64 / 1024.0);
        let ratio = format!("{:.2}", bytes.sent as f64 / bytes.raw as f64);
        let name = format!("bytes: {name}");
        let bound = format!("uncompressed: {}", kib(bytes.raw));
        table.row(&name, kib(bytes.sent), bound, ratio);
    };
    for part in PARTS {
        if let Some(bytes) = parts.get(part) {
            row(part, *bytes);
        }
    }
    row("all", total);
    Ok(())
}

fn sent(path: &Path) -> Option<u64> {
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".br");
    Some(Path::new(&compressed).metadata().ok()?.len())
}

/// What a file is counted under; `None` for other encodings and for what is never sent.
fn part(path: &Path) -> Option<&'static str> {
    let name = path.to_str()?;
    let extension = path.extension()?.to_str()?;
    Some(match extension {
        "br" | "gz" | "html" => return None,
        "woff2" => "fonts",
        "css" => "styles",
        "mjs" if name.starts_with("vendor") => "xterm",
        "js" | "wasm" if name.starts_with("page") => "page, code",
        "js" | "wasm" if name.contains("worker") => "worker, code",
        _ => "other",
    })
}
