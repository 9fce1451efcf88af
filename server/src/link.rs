//! The link's endpoints: a WebSocket, and two requests for where no WebSocket gets through. Bytes in and
//! out of the host's links; frames are looked into only for the `Hello` that opens a socket.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use bowline_keeper::{Exchange, Host, Lane, LinkIn, LinkOut};
use bowline_protocol::codec::BatchReader;
use bowline_protocol::{ClientFrame, http, limits};
use bowline_terminal::{ClientId, Generation, LinkError};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};

use crate::access::Line;
use crate::answer;
use crate::gate::Pass;
use crate::metrics::{OpenLink, Transport, metrics};

/// Largest batch read, bytes: what a client may send, and room for what an honest one gets wrong.
const MAX_BATCH: usize = limits::CLIENT_BATCH + 64 * 1024;
/// A socket that says nothing for this long is not a link.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// How long the other end may take to read why its socket is closed.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Why a socket is closed. The numbers are part of the protocol: 4000 and the HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Closing {
    /// The other end went away or said goodbye.
    Done,
    /// What came was no batch of frames, or began without `Hello`.
    Malformed(String),
    /// No proof, or the login ended.
    Unauthenticated(String),
    /// A newer transport of this client is served.
    Superseded,
    /// More pages than allowed.
    TooMany(String),
    /// The batch was larger than allowed.
    TooLarge,
    /// The server ends.
    GoingAway,
}

impl Closing {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Done => return None,
            Self::Malformed(reason) => (4400, reason),
            Self::Unauthenticated(reason) => (4401, reason),
            Self::Superseded => (4409, "a newer transport took over".to_owned()),
            Self::TooMany(reason) => (4429, reason),
            Self::TooLarge => (4413, "the batch is too large".to_owned()),
            Self::GoingAway => (1001, "the server is ending".to_owned()),
        };
        // A close frame holds at most 123 bytes of reason.
        let reason = reason[..reason.floor_char_boundary(123)].into();
        Some(CloseFrame { code, reason })
    }
}

impl From<LinkError> for Closing {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Superseded => Self::Superseded,
            LinkError::Closed | LinkError::Unreachable => Self::GoingAway,
            LinkError::TooManyClients => Self::TooMany(error.to_string()),
            error => Self::Malformed(error.to_string()),
        }
    }
}

/// `GET link/socket`.
pub(crate) async fn socket(
    State(host): State<Host>,
    Extension(pass): Extension<Pass>,
    line: Option<Extension<Arc<Line>>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([limits::SUBPROTOCOL]),
        Err(rejection) => return answer::json(&AppError::malformed(rejection.body_text())),
    };
    if upgrade.selected_protocol().is_none() {
        let message = format!(
            "this path speaks the WebSocket subprotocol {}",
            limits::SUBPROTOCOL
        );
        return answer::json(&AppError::malformed(message));
    }
    upgrade
        .max_message_size(MAX_BATCH)
        .max_frame_size(MAX_BATCH)
        .on_upgrade(async move |socket| {
            carry(socket, &host, &pass).await;
            // Told only now.
            drop(line);
        })
}

/// Carries batches until one end has enough.
async fn carry(socket: WebSocket, host: &Host, pass: &Pass) {
    let (mut sink, mut stream) = socket.split();
    let closing = match open(&mut stream, host, pass).await {
        Ok((page, hello)) => {
            let (mut from, mut to) = page;
            let open = metrics().link(Transport::Socket);
            // Both halves run side by side: neither waits for the other.
            tokio::select! {
                closing = read(&mut stream, &mut from, (hello, &open)) => closing,
                closing = write(&mut sink, &mut to, &open) => closing,
                () = pass.ended() => Closing::Unauthenticated("logged out".to_owned()),
            }
        }
        Err(closing) => closing,
    };
    tracing::debug!(?closing, "socket closed");
    if let Some(frame) = closing.frame() {
        let goodbye = async {
            // What it sent meanwhile is read, or it would not come to read why it is closed.
            if sink.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = stream.next().await {}
            }
        };
        // One that doesn't listen is cut.
        let _ = tokio::time::timeout(CLOSE_WITHIN, goodbye).await;
    }
}

/// Waits for the batch that begins with `Hello`, checks the proof before anything else, and connects.
async fn open(
    stream: &mut SplitStream<WebSocket>,
    host: &Host,
    pass: &Pass,
) -> Result<((LinkIn, LinkOut), Bytes), Closing> {
    let first = tokio::time::timeout(HELLO_WITHIN, next_batch(stream)).await;
    let batch = first.map_err(|_| Closing::Malformed("no hello came".to_owned()))??;
    let first = BatchReader::<ClientFrame>::new(batch.clone()).next();
    let Some(Ok(first)) = first else {
        return Err(Closing::Malformed(
            "the first message is no batch of frames".to_owned(),
        ));
    };
    let ClientFrame::Hello {
        client,
        generation,
        proof,
        ..
    } = first.frame
    else {
        return Err(Closing::Malformed(
            "the first frame must be hello".to_owned(),
        ));
    };
    pass.check_proof(proof.as_deref())
        .map_err(|error| Closing::Unauthenticated(error.to_string()))?;
    let page = host.connect(client, generation).await?;
    Ok((page, batch))
}

async fn read(
    stream: &mut SplitStream<WebSocket>,
    from: &mut LinkIn,
    (hello, open): (Bytes, &OpenLink),
) -> Closing {
    let mut batch = hello;
    loop {
        open.came(batch.len());
        if let Err(error) = from.receive(batch).await {
            return error.into();
        }
        batch = match next_batch(stream).await {
            Ok(batch) => batch,
            Err(closing) => return closing,
        };
    }
}

async fn next_batch(stream: &mut SplitStream<WebSocket>) -> Result<Bytes, Closing> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Binary(batch))) => return Ok(batch),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Text(_))) => {
                return Err(Closing::Malformed(
                    "frames come in binary messages".to_owned(),
                ));
            }
            Some(Ok(Message::Close(_))) | None => return Err(Closing::Done),
            Some(Err(error)) if error.to_string().contains("too long") => {
                return Err(Closing::TooLarge);
            }
            Some(Err(_)) => return Err(Closing::Done),
        }
    }
}

async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    to: &mut LinkOut,
    open: &OpenLink,
) -> Closing {
    loop {
        let batch = match to.next_batch().await {
            Ok(batch) => batch,
            Err(error) => return error.into(),
        };
        open.went(batch.len());
        if sink.send(Message::Binary(batch)).await.is_err() {
            return Closing::Done;
        }
    }
}

/// `POST link/poll`.
pub(crate) async fn poll(
    State(host): State<Host>,
    Extension(pass): Extension<Pass>,
    request: Request,
) -> Response {
    exchange(host, pass, request, Lane::Poll).await
}

/// `POST link/send`.
pub(crate) async fn send(
    State(host): State<Host>,
    Extension(pass): Extension<Pass>,
    request: Request,
) -> Response {
    exchange(host, pass, request, Lane::Send).await
}

async fn exchange(host: Host, pass: Pass, request: Request, lane: Lane) -> Response {
    let answered = async {
        let (parts, body) = request.into_parts();
        let client: ClientId = header(&parts, http::CLIENT)?;
        let generation = Generation(header(&parts, http::GENERATION)?);
        let seq: u64 = header(&parts, http::SEQ)?;
        let hold: u32 = header(&parts, http::HOLD)?;
        let hold = Duration::from_millis(hold.min(limits::POLL_HOLD_MS).into());
        let batch = answer::read_body(body, MAX_BATCH).await?;
        let open = metrics().link(match lane {
            Lane::Poll => Transport::Poll,
            Lane::Send => Transport::Send,
        });
        open.came(batch.len());
        let exchange = Exchange {
            client,
            generation,
            lane,
            seq,
            hold,
        };
        let answer = host.exchange(exchange, batch);
        let batch = tokio::select! {
            answer = answer => answer.map_err(|error| link_error(&error))?,
            () = pass.ended() => return Err(AppError::new(ErrorCode::Unauthenticated, "logged out")),
        };
        open.went(batch.len());
        Ok(batch)
    };
    match answered.await {
        Ok(batch) => (
            [(CONTENT_TYPE, "application/octet-stream")],
            Body::from(batch),
        )
            .into_response(),
        Err(error) => answer::json(&error),
    }
}

fn header<T: FromStr>(parts: &Parts, name: &str) -> Result<T, AppError> {
    let text = parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok());
    let value = text.and_then(|text| text.parse().ok());
    value.ok_or_else(|| AppError::malformed(format!("the header {name} is missing or malformed")))
}

fn link_error(error: &LinkError) -> AppError {
    let code = match error {
        LinkError::Superseded => ErrorCode::Superseded,
        LinkError::Closed => ErrorCode::Ending,
        LinkError::Unreachable => ErrorCode::Keeper,
        LinkError::TooManyClients | LinkError::TooManyAttachments => ErrorCode::TooMany,
        _ => ErrorCode::Malformed,
    };
    AppError::new(code, error.to_string())
}
