//! The bound of every terminal server: a PTY read and written in this very process, without a network.
//! Blocking, as a plain loop would be; a watchdog ends the program if it hangs.

use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use pty_process::blocking::{Command, Pty};
use rustix::process::{Pid, Signal, kill_process};

use crate::flood::{FLOOD, RUNS, STOPPED};
use crate::server::{READY, processor};

const WITHIN: Duration = Duration::from_secs(60);
const READ_MAX: usize = 64 * 1024;

/// A program on a PTY. Dropping it kills the program.
struct BarePty {
    pty: Pty,
    child: Child,
    /// Dropped with it, which ends the watchdog.
    _watched: mpsc::Sender<()>,
}

impl BarePty {
    /// Starts a script of `sh` and waits until it says that it is ready.
    fn start(script: &str) -> anyhow::Result<Self> {
        let (pty, pts) = pty_process::blocking::open()?;
        pty.resize(pty_process::Size::new(24, 80))?;
        let child = Command::new("/bin/sh").args(["-c", script]).spawn(pts)?;
        let pid = Pid::from_child(&child);
        let (watched, ended) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if ended.recv_timeout(WITHIN) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let mut started = Self {
            pty,
            child,
            _watched: watched,
        };
        let mut said = [0; READY.len()];
        started.pty.read_exact(&mut said)?;
        ensure!(said == READY.as_bytes(), "the program says something else");
        Ok(started)
    }
}

impl Drop for BarePty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Time from starting a program to its first word.
pub(crate) fn start(script: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let program = BarePty::start(script)?;
    let elapsed = started.elapsed();
    drop(program);
    Ok(elapsed)
}

/// Types keys, each `pause` after the last one's echo, and gives the round trips.
pub(crate) fn echo(script: &str, keys: usize, pause: Duration) -> anyhow::Result<Vec<Duration>> {
    let mut program = BarePty::start(script)?;
    let mut times = Vec::with_capacity(keys);
    for _ in 0..keys {
        std::thread::sleep(pause);
        let typed = Instant::now();
        program.pty.write_all(b"x")?;
        program.pty.read_exact(&mut [0])?;
        times.push(typed.elapsed());
    }
    Ok(times)
}

/// Time from Ctrl-C to what a flooding program says about it.
pub(crate) fn interrupt() -> anyhow::Result<Duration> {
    let mut program = BarePty::start(FLOOD)?;
    let mut buffer = vec![0; READ_MAX];
    program.pty.write_all(b"\n")?;
    let started = Instant::now();
    let mut typed: Option<Instant> = None;
    let mut tail = Vec::new();
    loop {
        if typed.is_none() && started.elapsed() >= RUNS {
            typed = Some(Instant::now());
            program.pty.write_all(b"\x03")?;
        }
        let count = program.pty.read(&mut buffer)?;
        tail.extend_from_slice(&buffer[..count]);
        if let Some(typed) = typed
            && tail.windows(STOPPED.len()).any(|window| window == STOPPED)
        {
            return Ok(typed.elapsed());
        }
        tail.drain(..tail.len().saturating_sub(STOPPED.len()));
    }
}

/// How long a read of a whole file took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) elapsed: Duration,
    /// Processor time of the reader, seconds.
    pub(crate) processor: f64,
}

/// Starts the script by a key and reads what it prints, which must be `expected`.
pub(crate) fn read(script: &str, expected: &[u8]) -> anyhow::Result<Reading> {
    let mut program = BarePty::start(script)?;
    let mut buffer = vec![0; READ_MAX];
    let mut received = 0;
    let before = processor("/proc/self/stat")?;
    let started = Instant::now();
    program.pty.write_all(b"\n")?;
    while received < expected.len() {
        let count = program.pty.read(&mut buffer)?;
        let same = expected.get(received..received + count) == Some(&buffer[..count]);
        ensure!(same, "the bytes differ from {received} on");
        received += count;
    }
    Ok(Reading {
        elapsed: started.elapsed(),
        processor: processor("/proc/self/stat")? - before,
    })
}
