//! The loop that accepts connections, and each connection's task: requests go to the router, with who sent them. How it
//! ends: nobody is let in any more, requests that are under way are answered, the rest is closed.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use super::carried::Carried;
use super::{Limits, Listener};
use crate::peer::Peer;

/// Accepting fails while descriptors are short: how long until the next try.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// While somebody waits for a place: how often it is looked for those that could end,
const CROWDED_PAUSE: Duration = Duration::from_millis(250);
/// how long one may be silent that has asked for nothing yet,
const CROWDED_SILENCE: Duration = Duration::from_secs(1);
/// and how often it is said.
const CROWDED_SAID: Duration = Duration::from_secs(60);
/// Largest head of a request, bytes. Proxies add tokens and cookies to it.
const HEAD: usize = 64 * 1024;
/// Most headers of a request.
const HEADERS: usize = 128;
/// Requests at a time on one HTTP/2 connection. A proxy opens another one when they are in use: each page holds one.
const STREAMS: u32 = 128;
/// Bytes of a request's body that are taken in before they are wanted. All of a connection together fit, so that a request
/// that nobody reads holds up no other.
const STREAM_WINDOW: u32 = 64 * 1024;
/// Bytes of an answer that wait for the other end, per request on an HTTP/2 connection.
const SEND_BUFFER: usize = 128 * 1024;

/// A server that accepts, until it is dropped or ended.
pub(crate) struct Serving {
    all: Arc<All>,
    accepting: tokio::task::JoinHandle<()>,
}

/// What all connections share.
struct All {
    router: Router,
    http: auto::Builder<TokioExecutor>,
    limits: Limits,
    places: Arc<Semaphore>,
    /// Somebody waits for a place.
    crowded: Notify,
    ending: CancellationToken,
    tasks: TaskTracker,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
        self.all.ending.cancel();
    }
}

impl Serving {
    /// Lets nobody in any more and resolves when every request was answered.
    pub(crate) async fn end(&self) {
        /// For the other ends of WebSockets that were closed, to read so.
        const GOODBYE: Duration = Duration::from_millis(250);

        self.accepting.abort();
        self.all.ending.cancel();
        self.all.tasks.close();
        self.all.tasks.wait().await;
        let places = u32::try_from(self.all.limits.connections).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(GOODBYE, self.all.places.acquire_many(places)).await;
    }
}

/// Accepts from now on.
pub(crate) fn serve(listener: Listener, router: Router, limits: Limits) -> Serving {
    let all = Arc::new(All {
        router,
        http: http(&limits),
        places: Arc::new(Semaphore::new(limits.connections)),
        limits,
        crowded: Notify::new(),
        ending: CancellationToken::new(),
        tasks: TaskTracker::new(),
    });
    Serving {
        accepting: tokio::spawn(accept(listener, all.clone())),
        all,
    }
}

fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_headers(HEADERS)
        .max_buf_size(HEAD);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.alive_within)
        .keep_alive_timeout(limits.alive_within)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAMS * STREAM_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(HEAD as u32)
        // How WebSockets come.
        .enable_connect_protocol();
    http
}

async fn accept(listener: Listener, all: Arc<All>) {
    let mut is_short = false;
    let mut door = Door {
        all: all.clone(),
        said: None,
    };
    loop {
        let place = door.place().await;
        match listener.accept().await {
            Ok((bytes, peer)) => {
                is_short = false;
                let carried = Carried {
                    bytes,
                    _place: place,
                };
                all.tasks.spawn(carry(carried, peer, all.clone()));
            }
            Err(error) if is_of_one(&error) => {
                tracing::debug!(%error, "a connection went before it was accepted");
            }
            Err(error) => {
                // It lasts, and is said once.
                if !std::mem::replace(&mut is_short, true) {
                    tracing::warn!(%error, "no connection can be accepted: trying again");
                }
                tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            }
        }
    }
}

/// Whether what failed is one connection, and the next may be fine.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::NotConnected
    )
}

/// Places for connections, and what was said of their lack.
struct Door {
    all: Arc<All>,
    said: Option<Instant>,
}

impl Door {
    /// A place for one more connection. While there is none, those that can do without theirs are ended.
    async fn place(&mut self) -> OwnedSemaphorePermit {
        loop {
            let places = self.all.places.clone();
            if let Ok(place) = places.clone().try_acquire_owned() {
                return place;
            }
            if self.said.is_none_or(|said| said.elapsed() > CROWDED_SAID) {
                self.said = Some(Instant::now());
                let open = self.all.limits.connections;
                tracing::warn!(open, "no more connections may be open: further ones wait");
            }
            self.all.crowded.notify_waiters();
            let place = tokio::time::timeout(CROWDED_PAUSE, places.acquire_owned());
            if let Ok(Ok(place)) = place.await {
                return place;
            }
        }
    }
}

/// Serves one connection to its end.
async fn carry(carried: Carried, peer: Peer, all: Arc<All>) {
    let has_begun = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let (router, has_begun) = (all.router.clone(), has_begun.clone());
        move |mut request: Request<Incoming>| {
            has_begun.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(peer);
            router.clone().call(request.map(Body::new))
        }
    });
    let opened = Instant::now();
    let io = TokioIo::new(carried);
    let mut connection = pin!(all.http.serve_connection_with_upgrades(io, service));
    // Before the first request is there, it isn't known which HTTP it is, and nobody else looks at the clock.
    let mut silence = pin!(tokio::time::sleep(all.limits.head_within));
    let mut waits_for_first = true;
    let mut ending = pin!(all.ending.cancelled());
    let mut crowded = pin!(all.crowded.notified());
    let mut goes_on = true;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, error, "a connection ended");
                }
                return;
            }
            () = &mut silence, if waits_for_first => {
                waits_for_first = false;
                if !has_begun.load(Ordering::Relaxed) {
                    return;
                }
            }
            () = &mut ending, if goes_on => {
                goes_on = false;
                connection.as_mut().graceful_shutdown();
            }
            () = &mut crowded, if goes_on => {
                if has_begun.load(Ordering::Relaxed) {
                    // Idle, it ends at once, else with its answer.
                    goes_on = false;
                    connection.as_mut().graceful_shutdown();
                } else if opened.elapsed() > CROWDED_SILENCE {
                    return;
                } else {
                    crowded.set(all.crowded.notified());
                }
            }
        }
    }
}
