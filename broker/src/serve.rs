//! Where the broker listens, and the connections to it: only on this machine's loopback address, HTTP/1.1, bounded in
//! number. It ends when it is dropped, and what is under way with it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::relay::Relay;
use crate::secret::Secret;
use crate::{Limits, PREFIX, Workspace};

/// Accepting fails while descriptors are short: how long until the next try.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// Largest head of a request, bytes.
const HEAD: usize = 64 * 1024;
/// Most headers of a request.
const HEADERS: usize = 128;

/// A place to listen at.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A broker, until this is dropped.
pub struct Serving {
    address: SocketAddr,
    _accepting: AbortOnDropHandle<()>,
}

impl Bound {
    /// Takes a port, 0 for any that is free.
    pub async fn at(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where that is.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers from now on whoever shows the secret.
    pub fn serve(
        self,
        workspace: impl Workspace + 'static,
        secret: Secret,
        limits: Limits,
    ) -> Result<Serving, bowline_outward::Error> {
        let relay = Relay {
            workspace,
            secret,
            port: self.address.port(),
            client: bowline_outward::streaming(limits.silence)?,
            limits,
        };
        let accepting = tokio::spawn(accept(self.listener, Arc::new(relay)));
        Ok(Serving {
            address: self.address,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }
}

impl Serving {
    /// What the name of an API is appended to.
    pub fn url(&self) -> String {
        format!("http://{}{PREFIX}", self.address)
    }
}

/// Connections end with it.
async fn accept(listener: TcpListener, relay: Arc<Relay<impl Workspace + 'static>>) {
    let places = Arc::new(Semaphore::new(relay.limits.connections));
    let mut connections = JoinSet::new();
    loop {
        // Whoever finds no place waits in the kernel's queue. Nobody is turned away for it: who shows no secret is gone
        // after the time that a head may take.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            continue;
        };
        let relay = relay.clone();
        connections.spawn(async move {
            let _place = place;
            carry(stream, relay).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(stream: TcpStream, relay: Arc<Relay<impl Workspace + 'static>>) {
    // Each piece of an answer is small, and waited for.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let relay = relay.clone();
        async move { Ok::<_, std::convert::Infallible>(relay.answer(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(relay.limits.head_within)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection to the broker ended");
    }
}
