//! How much went through all terminals of this process since it started: two numbers, counted once per piece that is
//! read or written. For whoever watches; nothing here decides anything.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

static READ: AtomicU64 = AtomicU64::new(0);
static PRINTED: AtomicU64 = AtomicU64::new(0);

/// Bytes of all terminals of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// What was written to programs.
    pub read: u64,
    /// What programs printed.
    pub printed: u64,
}

impl Totals {
    /// As they are now.
    pub fn now() -> Self {
        Self {
            read: READ.load(Ordering::Relaxed),
            printed: PRINTED.load(Ordering::Relaxed),
        }
    }
}

/// A program took this much.
pub(crate) fn read(bytes: usize) {
    READ.fetch_add(bytes as u64, Ordering::Relaxed);
}

/// A program printed this much.
pub(crate) fn printed(bytes: usize) {
    PRINTED.fetch_add(bytes as u64, Ordering::Relaxed);
}
