//! The listener of `--metrics-listen`: metrics and probes for whoever can connect, and nothing else. No gate: what it
//! says are numbers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use super::scrape;
use crate::listen::{self, Limits, Serving};
use crate::ready::{self, Ready};

/// Open connections; scrapers and probes need few.
const CONNECTIONS: usize = 32;

/// Ends the listener when it is dropped.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    _serving: Serving,
}

/// Listens, and answers from now on.
pub(crate) async fn bind(address: &str, ready: Arc<Ready>) -> io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/metrics", get(scrape))
        .route("/health", get(ready::health))
        .route("/ready", get(ready::ready))
        .with_state(ready);
    let limits = Limits {
        connections: CONNECTIONS,
        ..Limits::within(None)
    };
    Ok(Listening {
        address,
        _serving: listen::serve(listener.into(), router, limits),
    })
}
