//! Bytes that a browser loads, before the first prompt and after it, as they are sent: brotli where a file has it
//! beside, else as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::table::Table;

/// What comes with the chunk.
const LATER: &str = "later: dialogs, code and styles";

/// What files are counted under: first what the first prompt waits for.
const PARTS: [&str; 9] = [
    "page, code",
    "worker, code",
    "xterm",
    "styles",
    "a font",
    LATER,
    "later: pictures, search, WebGL, copies",
    "later: other fonts, icons",
    "only without a worker: its code",
];

/// How many of them the first prompt waits for.
const FIRST: usize = 5;

/// The most that these may be, KiB.
const AIM: f64 = 450.0;

/// The font that a page begins with.
const FONT: &str = "fonts/jetbrains-mono-latin-400-normal.woff2";

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
    let mut folders = vec![dist.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(part) = part(path.strip_prefix(&dist)?) {
                let raw = path.metadata()?.len();
                let sent = sent(&path).unwrap_or(raw);
                let sum = parts.entry(part).or_default();
                sum.raw += raw;
                sum.sent += sent;
            }
        }
    }
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let text = |bytes: u64| format!("{:.1} KiB", kib(bytes));
    for part in PARTS {
        let bytes = parts.get(part).copied().unwrap_or_default();
        let ratio = format!("{:.2}", bytes.sent as f64 / bytes.raw as f64);
        let bound = format!("uncompressed: {}", text(bytes.raw));
        table.row(&format!("bytes: {part}"), text(bytes.sent), bound, ratio);
    }
    let first = PARTS[..FIRST].iter().filter_map(|part| parts.get(part));
    let first = first.map(|bytes| bytes.sent).sum();
    table.row(
        "bytes: all that the first prompt waits for",
        text(first),
        format!("aim: {AIM:.0} KiB"),
        format!("{:.2}", kib(first) / AIM),
    );
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
    let file = path.file_stem()?.to_str()?;
    Some(match extension {
        "br" | "gz" | "html" => return None,
        "woff2" if name == FONT => "a font",
        "css" if name == "page.css" => "styles",
        "wasm" if name == "split_beside.wasm" => "only without a worker: its code",
        "wasm" if name.starts_with("split") || name.starts_with("chunk") => LATER,
        "css" => LATER,
        "mjs"
            if matches!(
                file,
                "addon-image" | "addon-serialize" | "addon-webgl" | "search"
            ) =>
        {
            "later: pictures, search, WebGL, copies"
        }
        "mjs" => "xterm",
        "js" | "wasm" if name.starts_with("page") => "page, code",
        "js" | "wasm" if name.contains("worker") => "worker, code",
        _ => "later: other fonts, icons",
    })
}
