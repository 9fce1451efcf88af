//! The bounds of the transports: a WebSocket and an HTTP server that give back what comes, on a thread of
//! their own as Bowline is a process of its own.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Both servers. They end with the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Echoes {
    pub(crate) socket: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Echoes {
    /// Starts them.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
        let http = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
        let addresses = Self {
            socket: socket.local_addr()?,
            http: http.local_addr()?,
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || serve(&runtime, socket, http));
        Ok(addresses)
    }
}

fn serve(
    runtime: &Runtime,
    socket: std::net::TcpListener,
    http: std::net::TcpListener,
) -> anyhow::Result<()> {
    runtime.block_on(async {
        let http = TcpListener::from_std(http)?.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new().route("/", post(async |body: Bytes| body));
        tokio::spawn(axum::serve(http, router).into_future());
        let socket = TcpListener::from_std(socket)?;
        loop {
            let (stream, _) = socket.accept().await?;
            tokio::spawn(carry(stream));
        }
    })
}

async fn carry(stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
