//! Where connections come from and how they are carried: a TCP port or a Unix socket, opened here or by a service
//! manager; HTTP/1.1, and HTTP/2 for who begins with it. Knows no route: what a request means is the router's, who
//! may send it the gate's.
//!
//! - [`Listener`]: open, not yet answered. `bind` opens it, `activated` takes it from a service manager.
//! - `carried`: one connection's bytes. `limits`: what one may take.
//! - `serve`: the loop that accepts, and the end of it.

mod activated;
mod bind;
mod carried;
mod limits;
mod serve;

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;

pub use self::activated::{Activated, handed_over};
pub(crate) use self::activated::{tell_ready, tell_stopping};
pub use self::bind::BindError;
use self::bind::SocketFile;
pub use self::limits::Limits;
pub(crate) use self::serve::{Serving, serve};
use crate::peer::Peer;

/// Where it listens.
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    /// Its file goes with it, if we made it.
    Unix(UnixListener, Option<SocketFile>),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Socket::Tcp(listener))
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self(Socket::Unix(listener, None))
    }
}

impl Listener {
    /// Where that is, for people.
    pub fn place(&self) -> io::Result<String> {
        match &self.0 {
            Socket::Tcp(listener) => Ok(listener.local_addr()?.to_string()),
            // It was made under another name than it has.
            Socket::Unix(_, Some(file)) => Ok(file.to_string()),
            Socket::Unix(listener, None) => Ok(match listener.local_addr()?.as_pathname() {
                Some(path) => format!("unix:{}", path.display()),
                None => "a socket without a name".to_owned(),
            }),
        }
    }

    /// The address, unless it is a Unix socket.
    pub fn address(&self) -> io::Result<Option<SocketAddr>> {
        match &self.0 {
            Socket::Tcp(listener) => listener.local_addr().map(Some),
            Socket::Unix(..) => Ok(None),
        }
    }

    async fn accept(&self) -> io::Result<(Either<TcpStream, UnixStream>, Peer)> {
        match &self.0 {
            Socket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Without this a keystroke's echo may wait for an acknowledgement that the other end delays.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                Ok((Either::Left(stream), Peer::Tcp(address)))
            }
            Socket::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Either::Right(stream), Peer::Unix { uid }))
            }
        }
    }
}
