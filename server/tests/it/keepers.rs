//! The keepers that a test's servers started: none outlives its test, however that ends.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// All keepers of a test's state folder.
pub(crate) struct Keepers(PathBuf);

impl Keepers {
    pub(crate) fn of(folder: &TempDir) -> Self {
        Self(folder.path().join("state"))
    }

    /// The processes that keep sessions of the folder.
    pub(crate) fn pids(&self) -> Vec<Pid> {
        let keeps = |arguments: &[u8]| {
            let state = self.0.as_os_str().as_encoded_bytes();
            let mut arguments = arguments.split(|&byte| byte == 0);
            arguments.nth(1) == Some(b"keeper") && arguments.any(|argument| argument == state)
        };
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let keepers = processes.filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            let arguments = std::fs::read(process.path().join("cmdline")).ok()?;
            keeps(&arguments).then(|| Pid::from_raw(pid)).flatten()
        });
        keepers.collect()
    }
}

/// The file that a process runs.
pub(crate) fn program(pid: Pid) -> PathBuf {
    std::fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).unwrap()
}

impl Drop for Keepers {
    fn drop(&mut self) {
        for pid in self.pids() {
            // Its terminals hang up, which ends what runs in them.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
