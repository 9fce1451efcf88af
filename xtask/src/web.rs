//! Builds the page with Trunk, compresses it, and builds the server around it.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::shell::{Root, say, timed};
use crate::{compress, fingerprint, styles};

/// All that the page is made of.
const INPUTS: [&str; 15] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "app",
    "frontend",
    "index.html",
    "package-lock.json",
    "protocol",
    "public",
    "screen",
    "style",
    "xtask/src/compress.rs",
    "xtask/src/styles.rs",
    "xtask/src/web.rs",
];

/// Builds `dist`, unless nothing has changed since.
pub(crate) fn build(root: &Root) -> Result<()> {
    let stamp = root.join("target/page.stamp");
    let wanted = fingerprint::of(root, &INPUTS)?;
    let is_built = root.join("dist/index.html").exists();
    if is_built && std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        say("the page is up to date");
        return Ok(());
    }
    // A build that breaks must not look like the one before.
    if stamp.exists() {
        std::fs::remove_file(&stamp)?;
    }
    timed("building the page and its worker", || {
        // Trunk builds offline; what it needs is fetched here.
        root.command("cargo", &["fetch", "--quiet", "--locked"])
            .run()?;
        root.command("trunk", &["--quiet", "build", "--release"])
            .run()
    })?;
    let dist = root.join("dist");
    // The terminal's bindings must stay out of the worker: it has no document.
    let worker = std::fs::read_to_string(dist.join("link-worker.js"))?;
    if worker.contains("xterm") {
        bail!("the worker imports the terminal: frontend's library must not use the page's crate");
    }
    styles::join(&dist)?;
    let sizes = timed("compressing the page", || compress::folder(&dist))?;
    let mut total = 0;
    for size in &sizes {
        total += size.brotli;
        if size.name.contains("wasm") || size.name.contains("xterm.mjs") {
            say(&format!(
                "  {}: {} bytes, {} by brotli",
                size.name, size.plain, size.brotli
            ));
        }
    }
    say(&format!(
        "  all that is compressed: {total} bytes by brotli"
    ));
    Ok(std::fs::write(stamp, wanted)?)
}

/// Builds the server with the page in it; gives the binary's path.
pub(crate) fn server(root: &Root) -> Result<PathBuf> {
    timed("building the server", || {
        root.command("cargo", &["build", "--release", "-p", "bowline-server"])
            .run()
    })?;
    Ok(root.target().join("release/bowline"))
}
