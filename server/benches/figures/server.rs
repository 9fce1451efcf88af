//! The release binary as a child process: started on a port of its own with a home and a state folder of
//! its own, ended by its id however the run ends, and its keeper with it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bowline_protocol::SessionId;
use bowline_server::outward;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const STARTS_WITHIN: Duration = Duration::from_secs(20);
const ENDS_WITHIN: Duration = Duration::from_secs(12);
/// Longer than a request is ever held.
const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Ticks of `/proc/PID/stat` in a second: what Linux shows programs, whatever the kernel counts in.
const TICKS: f64 = 100.0;

/// Printed by a program once its terminal is raw: what is typed after it comes back as it is, once.
pub(crate) const READY: &str = "ready";

/// Where sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// In a keeper, as by default.
    Keeper,
    /// In the server (`--keeper=off`).
    Within,
}

/// A running server. Dropping it kills it, and its keeper.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) http: Client,
    child: Child,
    pid: Pid,
    keeper: Option<Keeper>,
    max_sessions: usize,
    arrangement: Arrangement,
    folder: TempDir,
}

/// A keeper, which is no child of ours. Dropping it kills it.
struct Keeper(Pid);

impl Drop for Keeper {
    fn drop(&mut self) {
        // It may have ended with its server.
        let _ = kill_process(self.0, Signal::KILL);
    }
}

impl Keeper {
    /// The one that keeps the sessions of a state folder.
    fn of(state: &std::path::Path) -> anyhow::Result<Self> {
        for entry in std::fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut words = line.split(|byte| *byte == 0);
            if words.nth(1) == Some(b"keeper")
                && words.any(|word| word == state.as_os_str().as_bytes())
            {
                return Ok(Self(Pid::from_raw(pid).context("a process has a number")?));
            }
        }
        anyhow::bail!("there is no keeper")
    }
}

impl Server {
    /// Starts a server that allows this many sessions, and waits until it listens.
    pub(crate) async fn start(
        max_sessions: usize,
        arrangement: Arrangement,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join(".bashrc"), "PS1='$ '\n")?;
        std::fs::write(folder.path().join(".profile"), ". ~/.bashrc\n")?;
        Self::start_in(folder, max_sessions, arrangement).await
    }

    /// Kills it, and starts another on the same state. The sessions are the keeper's.
    pub(crate) async fn replace(mut self) -> anyhow::Result<Self> {
        kill_process(self.pid, Signal::KILL)?;
        self.child.wait().await?;
        // The other one finds it by itself.
        std::mem::forget(self.keeper.take());
        Self::start_in(self.folder, self.max_sessions, self.arrangement).await
    }

    async fn start_in(
        folder: TempDir,
        max_sessions: usize,
        arrangement: Arrangement,
    ) -> anyhow::Result<Self> {
        let state = folder.path().join("state");
        let program = std::env::var_os("BOWLINE_BIN").map_or_else(
            || PathBuf::from(env!("CARGO_BIN_EXE_bowline")),
            PathBuf::from,
        );
        let mut child = Command::new(&program)
            .args(["--listen", "127.0.0.1:0", "--auth", "none"])
            .args(["--log", "error", "--idle-limit", "never"])
            .args(["--max-sessions", &max_sessions.to_string()])
            .args(["--on-exit", "end", "--keeper"])
            .arg(match arrangement {
                Arrangement::Keeper => "auto",
                Arrangement::Within => "off",
            })
            .arg("--state-dir")
            .arg(&state)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", folder.path())
            .env("SHELL", "/bin/bash")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let stdout = child.stdout.take().context("it has a standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(STARTS_WITHIN, lines.next_line())
            .await
            .context("it does not say where it listens")??
            .context("it ended at once")?;
        let address = line.split_once("http://").map(|(_, rest)| rest);
        let address = address.and_then(|rest| rest.split('/').next());
        let keeper = match arrangement {
            Arrangement::Keeper => Some(Keeper::of(&state)?),
            Arrangement::Within => None,
        };
        Ok(Self {
            address: address.context("it says where it listens")?.parse()?,
            http: outward::builder().no_proxy().timeout(REQUEST_MAX).build()?,
            child,
            pid: pid.context("it runs")?,
            keeper,
            max_sessions,
            arrangement,
            folder,
        })
    }

    /// Ends it as a signal does.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        kill_process(self.pid, Signal::TERM)?;
        timeout(ENDS_WITHIN, self.child.wait())
            .await
            .context("it does not end")??;
        Ok(())
    }

    /// Calls the API.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("http://{}/api/{path}", self.address);
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status();
        let answer = answer.json().await?;
        ensure!(status.is_success(), "{path}: {status} {answer}");
        Ok(answer)
    }

    /// A session that runs a script of `sh`, or a login shell.
    pub(crate) async fn session(&self, script: Option<&str>) -> anyhow::Result<SessionId> {
        let body = match script {
            Some(script) => json!({"command": ["/bin/sh", "-c", script]}),
            None => json!({}),
        };
        let created = self.post("session", &body).await?;
        let id = created["session_id"]
            .as_str()
            .context("a session has an id")?;
        Ok(id.parse()?)
    }

    /// Resident memory of the server without its keeper, bytes: programs on terminals are not its own.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        resident(&proc(self.pid, "status"))
    }

    /// Resident memory of the process in which sessions live, bytes.
    pub(crate) fn resident_of_sessions(&self) -> anyhow::Result<u64> {
        let keeper = self.keeper.as_ref().map_or(self.pid, |keeper| keeper.0);
        resident(&proc(keeper, "status"))
    }

    /// Processor time used so far by all threads of the server and its keeper, seconds.
    pub(crate) fn processor(&self) -> anyhow::Result<f64> {
        let pids = [Some(self.pid), self.keeper.as_ref().map(|keeper| keeper.0)];
        let times = pids.into_iter().flatten();
        times.map(|pid| processor(&proc(pid, "stat"))).sum()
    }
}

/// Resident memory by a `/proc/…/status`, bytes.
pub(crate) fn resident(path: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(path)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("the kernel says VmRSS")?.trim().parse()?;
    Ok(kib * 1024)
}

fn proc(pid: Pid, file: &str) -> String {
    let mut path = String::from("/proc/");
    let _ = write!(path, "{}/{file}", pid.as_raw_pid());
    path
}

/// User and system time of a `/proc/…/stat`, seconds.
pub(crate) fn processor(path: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(path)?;
    // The program's name stands in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')').context("the kernel's format")?;
    let ticks = rest.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / TICKS)
}
