//! Registering descriptors with the runtime, in one place because of the lint it needs.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor that it then owns.
#[expect(
    deprecated,
    reason = "its successor is `unsafe`, for descriptors that may be closed or exchanged while registered; \
              an `OwnedFd` can't be"
)]
pub(crate) fn watch(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, interest)
}
