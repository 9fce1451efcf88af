//! Installs what is missing, and says so: the browser's target, npm packages; for tests also Debian packages.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::fingerprint;
use crate::shell::{Root, timed};

/// Commands that the tests and the journeys run, and the Debian packages that bring them.
const JOURNEY_PACKAGES: [(&str, &str); 13] = [
    ("chromium", "chromium"),
    ("firefox-esr", "firefox-esr"),
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("caddy", "caddy"),
    ("openssl", "openssl"),
    ("tmux", "tmux"),
    ("gh", "gh"),
    ("vim", "vim"),
    ("less", "less"),
    ("top", "procps"),
    ("zsh", "zsh"),
    ("fish", "fish"),
];

/// What building the page needs.
pub(crate) fn for_building(root: &Root) -> Result<()> {
    // Before the long installations: nothing else can be done about it here.
    if root.command("npm", &["--version"]).read().is_none() {
        bail!("there is no npm here: install Node.js 20 or newer, then run this again");
    }
    target(root)?;
    npm(root)
}

fn target(root: &Root) -> Result<()> {
    let sysroot = root.command("rustc", &["--print", "sysroot"]).read();
    let sysroot =
        sysroot.context("there is no Rust here: install it with rustup, then run this again")?;
    let folder = std::path::Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown");
    if folder.exists() {
        return Ok(());
    }
    timed(
        "installing Rust's target wasm32-unknown-unknown (the page runs in it)",
        || {
            root.command("rustup", &["target", "add", "wasm32-unknown-unknown"]).run().context(
            "the target wasm32-unknown-unknown is missing: install it with your Rust's package manager",
        )
        },
    )
}

fn npm(root: &Root) -> Result<()> {
    let stamp = root.join("node_modules/.bowline-stamp");
    let wanted = fingerprint::of(root, &["package.json", "package-lock.json"])?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    timed(
        "installing npm packages (the terminal, its font, wasm-opt, playwright)",
        || {
            root.command(
                "npm",
                &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
            )
            .run()
        },
    )?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// A JupyterHub for the journeys below one. Without, they are not run, and say so.
pub(crate) fn jupyterhub(root: &Root) -> Result<()> {
    let what = "installing JupyterHub (the journeys run servers below one)";
    python(root, what, &hub_folder(root), "end2end/jupyterhub.txt")
}

/// Databricks' own client, for the journeys that prove the double by it. Without, they fail, and say so.
pub(crate) fn databricks_sdk(root: &Root) -> Result<()> {
    let what = "installing databricks-sdk (the journeys show it the double and Bowline's tokens)";
    python(
        root,
        what,
        &sdk_folder(root),
        "end2end/sdk/requirements.txt",
    )
}

/// Python's packages that a file names, in an environment of their own.
fn python(root: &Root, what: &str, folder: &Path, wanted: &str) -> Result<()> {
    let stamp = folder.join("bowline-stamp");
    let fingerprint = fingerprint::of(root, &[wanted])?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == fingerprint) {
        return Ok(());
    }
    timed(what, || {
        let path = folder.to_string_lossy();
        root.command("python3", &["-m", "venv", "--clear", &*path])
            .run()?;
        let pip = folder.join("bin/pip");
        let words = [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            wanted,
        ];
        let installed = root.command(&pip.to_string_lossy(), &words).run();
        installed.with_context(|| {
            format!("the packages of {wanted} cannot be installed: is there a registry of Python's packages to be reached?")
        })
    })?;
    Ok(std::fs::write(stamp, fingerprint)?)
}

/// Where that is.
pub(crate) fn hub_folder(root: &Root) -> PathBuf {
    root.target().join("jupyterhub")
}

/// Where Databricks' client is.
pub(crate) fn sdk_folder(root: &Root) -> PathBuf {
    root.target().join("databricks-sdk")
}

/// Agents for the journey that has them make turns, where their users' own are not in the way. Without, it is not run, and
/// says so.
pub(crate) fn agents(root: &Root) -> Result<()> {
    const WANTED: [&str; 2] = [
        "end2end/agents/package.json",
        "end2end/agents/package-lock.json",
    ];
    let folder = agents_folder(root);
    let stamp = folder.join("bowline-stamp");
    let wanted = fingerprint::of(root, &WANTED)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    timed(
        "installing Claude Code, Codex and Gemini CLI (a journey has them make turns)",
        || {
            std::fs::create_dir_all(&folder)?;
            for name in WANTED {
                let from = root.join(name);
                let name = from.file_name().context("it is a file")?;
                std::fs::copy(&from, folder.join(name))?;
            }
            let path = folder.to_string_lossy();
            let what = [
                "ci",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--prefix",
            ];
            root.command("npm", &[&what[..], &[&*path]].concat()).run()
        },
    )?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Where they are.
pub(crate) fn agents_folder(root: &Root) -> PathBuf {
    root.target().join("agents")
}

/// What the tests and the journeys need beside.
pub(crate) fn for_journeys(root: &Root) -> Result<()> {
    let is_missing = |command: &str| {
        root.command("sh", &["-c", &format!("command -v {command}")])
            .read()
            .is_none()
    };
    let missing: Vec<&str> = JOURNEY_PACKAGES
        .iter()
        .filter(|(command, _)| is_missing(command))
        .map(|&(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let is_root = root
        .command("id", &["-u"])
        .read()
        .is_some_and(|id| id == "0");
    if !is_root || is_missing("apt-get") {
        bail!("the tests need these Debian packages (or what brings their commands): {list}");
    }
    timed(&format!("installing Debian packages: {list}"), || {
        root.command("apt-get", &["-q", "update"]).run()?;
        let mut arguments = vec!["-q", "install", "-y", "--no-install-recommends"];
        arguments.extend(missing);
        root.command("apt-get", &arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()
    })
}
