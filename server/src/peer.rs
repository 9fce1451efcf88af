//! Who is at the other end of a connection, as the kernel says it; nothing that a request says. Every request carries
//! one as an extension. Whether it is a proxy that is to be believed is the gate's.

use std::fmt;
use std::net::SocketAddr;

/// The other end of a request's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// An address and its port.
    Tcp(SocketAddr),
    /// A process on this machine, which connected to our Unix socket.
    Unix {
        /// Whose process it was when it connected.
        uid: u32,
    },
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix { uid } => write!(f, "uid {uid}"),
        }
    }
}
