//! What a terminal is fed: bytes and resizes in order, how it is shown when a test fails, and how it is cut
//! down to what matters.

use std::fmt;
use std::time::{Duration, Instant};

use bowline_protocol::frame::Size;

/// How long a failing case is cut down before it is shown.
const MINIMISE_FOR: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Bytes(Vec<u8>),
    Resize(Size),
    /// A snapshot is taken here.
    Cut,
}

/// A terminal of `size` and what it is fed.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) size: Size,
    pub(crate) scrollback: usize,
    pub(crate) steps: Vec<Step>,
}

impl Stream {
    /// The steps with neighbouring bytes joined.
    pub(crate) fn joined(&self) -> Vec<Step> {
        let mut joined: Vec<Step> = Vec::new();
        for step in &self.steps {
            match (joined.last_mut(), step) {
                (Some(Step::Bytes(before)), Step::Bytes(bytes)) => before.extend(bytes),
                _ => joined.push(step.clone()),
            }
        }
        joined
    }

    /// The shortest stream near this one for which `fails` still holds: steps are left out, then bytes.
    pub(crate) fn minimise(&self, fails: impl Fn(&Self) -> bool) -> Self {
        let end = Instant::now() + MINIMISE_FOR;
        let mut best = self.clone();
        best.steps = pieces(&best.joined());
        loop {
            let before = best.steps.len();
            best.leave_out(&fails, end);
            if best.steps.len() == before || Instant::now() > end {
                break;
            }
        }
        best.steps = single_bytes(&best.steps);
        best.leave_out(&fails, end);
        best.steps = best.joined();
        best
    }

    fn leave_out(&mut self, fails: &impl Fn(&Self) -> bool, end: Instant) {
        let mut length = self.steps.len().max(1).div_ceil(2);
        loop {
            let mut at = 0;
            while at < self.steps.len() && Instant::now() < end {
                let mut shorter = self.clone();
                shorter.steps.drain(at..(at + length).min(self.steps.len()));
                if fails(&shorter) {
                    *self = shorter;
                } else {
                    at += length;
                }
            }
            if length == 1 {
                return;
            }
            length = length.div_ceil(2);
        }
    }
}

/// Sequences, runs of text and resizes one by one.
fn pieces(steps: &[Step]) -> Vec<Step> {
    let mut found = Vec::new();
    for step in steps {
        let Step::Bytes(bytes) = step else {
            found.push(step.clone());
            continue;
        };
        let mut from = 0;
        for at in 1..bytes.len() {
            if bytes[at] == 0x1b || bytes[at] == b'\n' {
                found.push(Step::Bytes(bytes[from..at].to_vec()));
                from = at;
            }
        }
        found.push(Step::Bytes(bytes[from..].to_vec()));
    }
    found
}

fn single_bytes(steps: &[Step]) -> Vec<Step> {
    steps
        .iter()
        .flat_map(|step| match step {
            Step::Bytes(bytes) => bytes.iter().map(|byte| Step::Bytes(vec![*byte])).collect(),
            other => vec![other.clone()],
        })
        .collect()
}

impl fmt::Debug for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { cols, rows } = self.size;
        writeln!(out, "{cols}x{rows}, scrollback {}", self.scrollback)?;
        for step in self.joined() {
            match step {
                Step::Bytes(bytes) => writeln!(out, "  bytes  b\"{}\"", bytes.escape_ascii())?,
                Step::Resize(Size { cols, rows }) => writeln!(out, "  resize {cols}x{rows}")?,
                Step::Cut => writeln!(out, "  cut")?,
            }
        }
        Ok(())
    }
}
