//! A socket that a service manager opened and handed over (`LISTEN_FDS`), and what the manager is told of the
//! server's life (`NOTIFY_SOCKET`).

use std::ops::Range;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::{TcpListener, UnixListener};

use super::{BindError, Listener};

/// The first descriptor that is handed over; `sd_listen_fds(3)`.
const FIRST: i32 = 3;

/// The socket that was handed over, not yet known to the runtime.
#[derive(Debug)]
pub enum Activated {
    /// A port.
    Tcp(std::net::TcpListener),
    /// A Unix socket.
    Unix(std::os::unix::net::UnixListener),
}

/// The descriptors that were handed over to this very process; `env` reads the environment.
pub fn handed_over(env: impl Fn(&str) -> Option<String>) -> Range<i32> {
    let number = |name: &str| env(name)?.parse::<i32>().ok();
    let is_ours = match env("LISTEN_PID") {
        None => true,
        Some(pid) => pid.is_empty() || pid.parse() == Ok(std::process::id()),
    };
    match number("LISTEN_FDS") {
        Some(count) if is_ours && (1..1024).contains(&count) => FIRST..FIRST + count,
        _ => FIRST..FIRST,
    }
}

impl Activated {
    /// Takes the socket, if there is one. Forgets the variables that told of it, so it is to be called before there are
    /// threads.
    pub fn take() -> Result<Option<Self>, BindError> {
        let mut sockets = ListenFd::from_env();
        if sockets.len() == 0 {
            return Ok(None);
        }
        if sockets.len() > 1 {
            let several = format!("there are {}", sockets.len());
            return Err(BindError::Activated(std::io::Error::other(several)));
        }
        let taken = match sockets.take_unix_listener(0) {
            Ok(listener) => listener.map(Self::Unix),
            Err(_) => {
                let listener = sockets.take_tcp_listener(0);
                listener.map_err(BindError::Activated)?.map(Self::Tcp)
            }
        };
        Ok(taken)
    }

    /// Makes it known to the runtime.
    pub fn listen(self) -> Result<Listener, BindError> {
        let known = || match self {
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Listener::from)
            }
            Self::Unix(listener) => {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener).map(Listener::from)
            }
        };
        known().map_err(BindError::Activated)
    }
}

/// Tells the service manager that requests are answered from now on, and where.
pub(crate) fn tell_ready(at: &str) {
    let status = format!("listening on {at}");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// Tells the service manager that the server ends.
pub(crate) fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_handed_to_this_process_counts() {
        let us = std::process::id().to_string();
        for (fds, pid, expected) in [
            (None, None, 3..3),
            (Some("1"), None, 3..4),
            (Some("2"), Some(us.as_str()), 3..5),
            (Some("2"), Some("1"), 3..3),
            (Some("-1"), Some(us.as_str()), 3..3),
            (Some("2147483647"), Some(us.as_str()), 3..3),
            (Some("many"), Some(us.as_str()), 3..3),
        ] {
            let read = |name: &str| match name {
                "LISTEN_FDS" => fds.map(str::to_owned),
                _ => pid.map(str::to_owned),
            };
            assert_eq!(handed_over(read), expected, "{fds:?} {pid:?}");
        }
    }
}
