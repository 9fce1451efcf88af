//! What connections may take: how many, how long, how much before a request is known. Each bound holds for everybody,
//! because nobody has shown a login yet.

use std::time::Duration;

/// Open connections, if the limit of open files allows.
const MOST: usize = 1024;
/// Of the open files one in so many is for connections: sessions, and what a connection opens, take others.
const SHARE_OF_FILES: u64 = 4;

/// What connections may take. Tests shorten the times.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Open at a time. Further ones wait in the kernel's queue, while idle ones are closed.
    pub connections: usize,
    /// Until the head of a request is there, counted from the end of the one before: also how long a connection is
    /// kept that is not used.
    pub head_within: Duration,
    /// Without anything of a request's body.
    pub body_silence: Duration,
    /// HTTP/2: how long the other end may be silent before it is asked whether it is there, and to answer that.
    pub alive_within: Duration,
}

impl Limits {
    /// The usual ones, if that many files may be open.
    pub fn within(open_files: Option<u64>) -> Self {
        let share = open_files.map(|files| usize::try_from(files / SHARE_OF_FILES));
        let connections = match share {
            Some(Ok(share)) => share.clamp(16, MOST),
            _ => MOST,
        };
        Self {
            connections,
            head_within: Duration::from_secs(30),
            body_silence: Duration::from_secs(30),
            alive_within: Duration::from_secs(20),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::within(None)
    }
}
