//! One session inside tmux: its program's processes, its end, its folder. They are children of the tmux
//! server and not ours, so their end is learnt by pidfd, and how they ended is asked of tmux.

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use crate::kill::{self, Outcome, Scanner};
use crate::lock;
use crate::process;
use crate::readiness::watch;
use crate::tmux::{Tmux, hex, name};

/// How often a process is looked for where the kernel offers no pidfd.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// tmux learns of an end by a signal that can get lost; it is told again this often.
const REMIND_EVERY: Duration = Duration::from_millis(50);
/// And this many times.
const REMINDERS: usize = 100;

/// One session inside tmux.
#[derive(Debug)]
pub(crate) struct TmuxSession {
    tmux: Arc<Tmux>,
    pub(crate) number: u32,
    /// The program that tmux started for us.
    leader: Mutex<Option<Pid>>,
}

/// A pane that tmux says something about.
struct Pane {
    pid: Option<Pid>,
    /// How its program ended, once tmux knows.
    ended: Option<String>,
    dead: bool,
    server: Option<Pid>,
    target: String,
}

impl TmuxSession {
    pub(crate) fn new(tmux: Arc<Tmux>, number: u32, leader: Option<Pid>) -> Self {
        Self {
            tmux,
            number,
            leader: Mutex::new(leader),
        }
    }

    /// The program's process.
    pub(crate) fn leader(&self) -> Option<Pid> {
        *lock(&self.leader)
    }

    fn target(&self) -> String {
        format!("={}", name(self.number))
    }

    async fn panes(&self) -> Vec<Pane> {
        const FORMAT: &str = "#{pane_pid}/#{pid}/#{pane_dead}/#{pane_dead_status}/\
                              #{pane_dead_signal}/#{cursor_y}/#{pane_id}";
        let target = self.target();
        let arguments = ["list-panes", "-s", "-t", &target, "-F", FORMAT];
        let printed = self.tmux.tell(arguments).await.unwrap_or_default();
        let parse = |line: &str| {
            let fields: Vec<&str> = line.split('/').collect();
            let [pid, server, dead, status, signal, line, target] = fields[..] else {
                return None;
            };
            let known = !(status.is_empty() && signal.is_empty());
            Some(Pane {
                pid: pid.parse().ok().and_then(Pid::from_raw),
                ended: known.then(|| format!("{status},{signal},{line}")),
                dead: dead == "1",
                server: server.parse().ok().and_then(Pid::from_raw),
                target: target.to_owned(),
            })
        };
        printed.lines().filter_map(parse).collect()
    }

    /// Waits for the program's end; then its client says the last words and ends like it.
    pub(crate) async fn attend(self: Arc<Self>) {
        while let Some(leader) = self.leader() {
            gone(leader).await;
            let mut panes = self.panes().await;
            for _ in 0..REMINDERS {
                let ours = panes.iter().find(|pane| pane.pid == Some(leader));
                let Some(pane) = ours.filter(|pane| pane.ended.is_none()) else {
                    break;
                };
                if let Some(server) = pane.server {
                    let _ = rustix::process::kill_process(server, Signal::CHILD);
                }
                sleep(REMIND_EVERY).await;
                panes = self.panes().await;
            }
            if panes.is_empty() {
                return;
            }
            // Somebody split it with tmux's own commands: it goes on with what is left.
            let left = panes.iter().find(|pane| !pane.dead);
            if let Some(next) = left
                .and_then(|pane| pane.pid)
                .filter(|next| *next != leader)
            {
                for pane in panes.iter().filter(|pane| pane.dead) {
                    let _ = self.tmux.tell(["kill-pane", "-t", &pane.target]).await;
                }
                *lock(&self.leader) = Some(next);
                continue;
            }
            let ended = panes.first().and_then(|pane| pane.ended.clone());
            self.say_last_words(&ended.unwrap_or_default()).await;
            return;
        }
    }

    async fn say_last_words(&self, ended: &str) {
        let target = self.target();
        let command = format!(
            "exec /bin/sh -c \"${}\" {},{ended}",
            super::config::LAST_WORDS_VARIABLE,
            name(self.number)
        );
        // A program that ends at once is faster than its client.
        for _ in 0..REMINDERS {
            let clients = ["list-clients", "-t", &target, "-F", "#{client_pid}"];
            match self.tmux.tell(clients).await {
                None => return,
                Some(clients) if clients.is_empty() => sleep(REMIND_EVERY).await,
                Some(_) => {
                    let arguments = ["detach-client", "-s", &target, "-E", &command];
                    let _ = self.tmux.tell(arguments).await;
                    return;
                }
            }
        }
        self.tmux.forget(self.number).await;
    }

    /// Ends all processes of all its panes, and then the tmux session.
    pub(crate) async fn end(&self, scanner: &Arc<Scanner>, grace: Duration) -> Outcome {
        let panes = self.panes().await;
        let leaders = panes.iter().filter_map(|pane| pane.pid);
        let mut leaders: Vec<Pid> = leaders.chain(self.leader()).collect();
        leaders.sort_by_key(|pid| pid.as_raw_pid());
        leaders.dedup();
        let ends: Vec<_> = leaders
            .into_iter()
            .map(|leader| tokio::spawn(kill::end_session(scanner.clone(), leader, grace)))
            .collect();
        let mut outcome = Outcome::Empty;
        for end in ends {
            if !matches!(end.await, Ok(Outcome::Empty)) {
                outcome = Outcome::SomeSurvive;
            }
        }
        self.tmux.forget(self.number).await;
        outcome
    }

    /// Its name for people, for whoever finds it again.
    pub(crate) async fn rename(&self, label: &str) {
        let target = format!("{}:", self.target());
        let label = hex(label);
        let _ = self
            .tmux
            .tell(["set-option", "-t", &target, "@bowline-label", &label])
            .await;
    }

    /// Leads a shell whose folder was deleted while nobody looked to one that exists: the same path if there
    /// is one again, else `elsewhere`. Only a shell that waits for a command is told.
    pub(crate) async fn leave_deleted_folder(&self, elsewhere: &Path) {
        let Some(leader) = self.leader() else {
            return;
        };
        let Some(folder) = deleted_folder(leader) else {
            return;
        };
        if process::foreground_of(leader) != Some(leader) {
            return;
        }
        let folder = if folder.is_dir() {
            folder
        } else {
            elsewhere.to_owned()
        };
        let quoted = folder.to_string_lossy().replace('\'', r"'\''");
        // The space keeps it out of most shells' history.
        let command = format!(" cd -- '{quoted}'");
        let target = format!("{}:", self.target());
        let typed = [
            "send-keys",
            "-t",
            &target,
            "C-u",
            ";", //
            "send-keys",
            "-t",
            &target,
            "-l",
            &command,
            ";", //
            "send-keys",
            "-t",
            &target,
            "Enter",
        ];
        let _ = self.tmux.tell(typed).await;
    }
}

/// Where a process is, if that folder has been deleted.
fn deleted_folder(pid: Pid) -> Option<PathBuf> {
    let link = format!("/proc/{}/cwd", pid.as_raw_pid());
    let metadata = std::fs::metadata(&link).ok()?;
    if metadata.nlink() > 0 {
        return None;
    }
    let path = std::fs::read_link(link).ok()?;
    let path = path.to_string_lossy();
    Some(PathBuf::from(
        path.strip_suffix(" (deleted)").unwrap_or(&path),
    ))
}

/// Waits until a process that isn't our child has ended.
async fn gone(pid: Pid) {
    let pidfd: std::io::Result<AsyncFd<OwnedFd>> = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => watch(pidfd, Interest::READABLE),
        Err(rustix::io::Errno::SRCH) => return,
        Err(error) => Err(error.into()),
    };
    match pidfd {
        Ok(pidfd) => {
            let _ = pidfd.readable().await;
        }
        Err(_) => {
            while process::is_alive(pid) {
                sleep(LOOK_EVERY).await;
            }
        }
    }
}
