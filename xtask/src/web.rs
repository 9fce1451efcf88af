//! Builds the page, compresses it, and builds the server around it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell::{Root, say, timed};
use crate::{compress, files, fingerprint, wasm};

/// How much work a build is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Unoptimised, and checking itself: to work on the page.
    Quick,
    /// Small and fast: to use it.
    Full,
}

impl Effort {
    /// Cargo's profile for the page.
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::Quick => "dev",
            Self::Full => "wasm-release",
        }
    }
}

/// All that the page is made of.
const INPUTS: [&str; 15] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "app",
    "frontend",
    "index.html",
    "package-lock.json",
    "protocol",
    "public",
    "screen",
    "style",
    "xtask/src/compress.rs",
    "xtask/src/files.rs",
    "xtask/src/wasm.rs",
    "xtask/src/web.rs",
];

/// Builds `dist`, unless nothing has changed since.
pub(crate) fn build(root: &Root, effort: Effort) -> Result<()> {
    let stamp = root.join("target/page.stamp");
    let wanted = format!("{effort:?} {}", fingerprint::of(root, &INPUTS)?);
    let dist = root.join("dist");
    let is_built = dist.join("index.html").exists();
    if is_built && std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        say("the page is up to date");
        return Ok(());
    }
    // A build that breaks must not look like the one before, nor leave anything of it behind.
    if stamp.exists() {
        std::fs::remove_file(&stamp)?;
    }
    let fresh = root.join("target/page.new");
    empty(&fresh)?;
    files::gather(root, &fresh)?;
    wasm::build(root, effort, &fresh)?;
    // The terminal's bindings must stay out of the worker: it has no document.
    let worker = std::fs::read_to_string(fresh.join("link-worker.js"))?;
    if worker.contains("xterm") {
        bail!("the worker imports the terminal: frontend's library must not use the page's crate");
    }
    if effort == Effort::Full {
        tell(&timed("compressing the page", || compress::folder(&fresh))?);
    }
    empty(&dist)?;
    std::fs::remove_dir(&dist)?;
    std::fs::rename(fresh, dist)?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Makes a folder an empty one.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

/// Says how large the page is.
fn tell(sizes: &[compress::Sizes]) {
    for size in sizes {
        if size.name.contains("wasm") || size.name.contains("xterm.mjs") {
            say(&format!(
                "  {}: {} bytes, {} by brotli",
                size.name, size.plain, size.brotli
            ));
        }
    }
    let total: usize = sizes.iter().map(|size| size.brotli).sum();
    say(&format!(
        "  all that is compressed: {total} bytes by brotli"
    ));
}

/// Builds the server with the page in it; gives the binary's path.
pub(crate) fn server(root: &Root, effort: Effort) -> Result<PathBuf> {
    let (profile, folder) = match effort {
        Effort::Quick => ("dev", "debug"),
        Effort::Full => ("release", "release"),
    };
    timed("building the server", || {
        let what = ["build", "--profile", profile, "-p", "bowline-server"];
        root.command("cargo", &[&what[..], &["--bin", "bowline"]].concat())
            .run()
    })?;
    Ok(root.target().join(folder).join("bowline"))
}
