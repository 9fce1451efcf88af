//! Registering descriptors with the runtime, in one place because of the lint it needs.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

/// Watches a descriptor that it then owns, or owns a part of.
#[expect(
    deprecated,
    reason = "its successor is `unsafe`, for descriptors that may be closed or exchanged while registered; \
              neither an `OwnedFd` nor an `Arc` of one can be"
)]
pub(crate) fn watch<T: AsRawFd>(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(fd, interest)
}

/// A descriptor that is watched for what matters at the moment: whoever fills it wakes nobody who does not
/// listen.
#[derive(Debug)]
pub(crate) struct Watched {
    fd: Arc<OwnedFd>,
    interest: Interest,
    /// `None` while the system refuses.
    registered: Option<AsyncFd<Arc<OwnedFd>>>,
}

impl Watched {
    pub(crate) fn new(fd: Arc<OwnedFd>, interest: Interest) -> io::Result<Self> {
        Ok(Self {
            registered: Some(watch(fd.clone(), interest)?),
            interest,
            fd,
        })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Listens for this from now on.
    pub(crate) fn listen(&mut self, interest: Interest) {
        if self.interest == interest && self.registered.is_some() {
            return;
        }
        self.interest = interest;
        // First: one descriptor is registered once.
        self.registered = None;
        match watch(self.fd.clone(), interest) {
            Ok(registered) => self.registered = Some(registered),
            Err(error) => tracing::warn!(%error, "a terminal can't be watched"),
        }
    }

    /// `None` when it can't be known.
    pub(crate) async fn readable(&self) -> Option<AsyncFdReadyGuard<'_, Arc<OwnedFd>>> {
        self.registered.as_ref()?.readable().await.ok()
    }

    /// When it can't be known, at once: whoever then writes learns it.
    pub(crate) async fn writable(&self) {
        if let Some(registered) = &self.registered {
            let _ = registered.writable().await;
        }
    }

    /// Writes what it takes now.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.registered {
            Some(registered) => {
                registered.try_io(Interest::WRITABLE, |fd| Ok(rustix::io::write(fd, bytes)?))
            }
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
