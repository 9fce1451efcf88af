//! The release binary as a child process: started on a port of its own with a home and a state folder of
//! its own, ended by its id however the run ends.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bowline_protocol::SessionId;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const STARTS_WITHIN: Duration = Duration::from_secs(20);
const ENDS_WITHIN: Duration = Duration::from_secs(12);
/// Ticks of `/proc/PID/stat` in a second: what Linux shows programs, whatever the kernel counts in.
const TICKS: f64 = 100.0;

/// Printed by a program once its terminal is raw: what is typed after it comes back as it is, once.
pub(crate) const READY: &str = "ready";

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) http: Client,
    child: Child,
    pid: Pid,
    _folder: TempDir,
}

impl Server {
    /// Starts a server that allows this many sessions, and waits until it listens.
    pub(crate) async fn start(max_sessions: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join(".bashrc"), "PS1='$ '\n")?;
        std::fs::write(folder.path().join(".profile"), ". ~/.bashrc\n")?;
        let program = std::env::var_os("BOWLINE_BIN").map_or_else(
            || PathBuf::from(env!("CARGO_BIN_EXE_bowline")),
            PathBuf::from,
        );
        let mut child = Command::new(&program)
            .args(["--listen", "127.0.0.1:0", "--auth", "none"])
            .args(["--log", "error", "--idle-limit", "never"])
            .args(["--max-sessions", &max_sessions.to_string()])
            .arg("--state-dir")
            .arg(folder.path().join("state"))
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
        Ok(Self {
            address: address.context("it says where it listens")?.parse()?,
            http: Client::builder().no_proxy().build()?,
            child,
            pid: pid.context("it runs")?,
            _folder: folder,
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

    /// Resident memory of the server alone, bytes: programs on terminals are not its own.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        resident(&proc(self.pid, "status"))
    }

    /// Processor time used so far by all its threads, seconds.
    pub(crate) fn processor(&self) -> anyhow::Result<f64> {
        processor(&proc(self.pid, "stat"))
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
