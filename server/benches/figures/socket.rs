//! A client over a WebSocket, and the frames both transports' clients say.

use std::collections::VecDeque;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use bowline_protocol::codec::{BatchReader, BatchWriter, Framed};
use bowline_protocol::frame::{Mode, Size};
use bowline_protocol::{ClientFrame, ClientId, Generation, LogId, ServerFrame, SessionId, limits};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::server::READY;

/// A socket of bytes, without delays.
pub(crate) type RawSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket, with Bowline's subprotocol or none.
pub(crate) async fn open(
    address: SocketAddr,
    path: &str,
    subprotocol: Option<&'static str>,
) -> anyhow::Result<RawSocket> {
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    if let Some(subprotocol) = subprotocol {
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", subprotocol.parse()?);
    }
    // The last argument: what is sent leaves at once, as from a browser.
    let (stream, _) = connect_async_with_config(request, None, true).await?;
    Ok(stream)
}

/// The greeting of a client, and its attachment to one session from its first byte.
pub(crate) fn greeting((client, mode): (ClientId, Mode), session: SessionId) -> Bytes {
    let mut batch = BatchWriter::default();
    batch.push(&ClientFrame::Hello {
        client,
        generation: Generation(1),
        versions: vec![limits::VERSION],
        proof: None,
    });
    batch.push(&ClientFrame::Attach {
        session,
        from: None,
        mode,
        size: Size::default(),
    });
    batch.push(&ClientFrame::View {
        session,
        visible: true,
        focused: true,
        colours: None,
    });
    batch.take()
}

/// One typed key.
pub(crate) fn key(session: SessionId, log: LogId, position: u64, key: &'static [u8]) -> Bytes {
    let mut batch = BatchWriter::default();
    let frame = ClientFrame::Input {
        session,
        log,
        position,
        more: false,
    };
    batch.push_parts(&frame, &[Bytes::from_static(key)]);
    batch.take()
}

/// Everything up to here has arrived and is parsed.
pub(crate) fn ack(session: SessionId, offset: u64) -> Bytes {
    bowline_protocol::codec::encode(&ClientFrame::Ack {
        session,
        received: offset,
        parsed: offset,
    })
}

/// A client that looks at one session, whose program has said that it is ready.
pub(crate) struct Socket {
    stream: RawSocket,
    session: SessionId,
    log: LogId,
    waiting: VecDeque<Framed<ServerFrame>>,
}

impl Socket {
    /// Connects and attaches, as one who wants every byte.
    pub(crate) async fn connect(
        address: SocketAddr,
        client: ClientId,
        session: SessionId,
    ) -> anyhow::Result<Self> {
        Self::connect_as(address, (client, Mode::Log), session).await
    }

    /// Connects and attaches in a mode. A terminal of a session that said much gets a snapshot.
    pub(crate) async fn connect_as(
        address: SocketAddr,
        client: (ClientId, Mode),
        session: SessionId,
    ) -> anyhow::Result<Self> {
        let mut stream = open(address, "/link/socket", Some(limits::SUBPROTOCOL)).await?;
        let hello = greeting(client, session);
        stream.send(Message::Binary(hello)).await?;
        let mut socket = Self {
            stream,
            session,
            log: LogId::from_bytes([0; 16]),
            waiting: VecDeque::new(),
        };
        let mut said = 0;
        while said < READY.len() {
            let framed = socket.next().await?;
            match framed.frame {
                ServerFrame::Attached { from, .. } => socket.log = from.log,
                ServerFrame::Output { .. } | ServerFrame::Snapshot { .. } => {
                    said += framed.payload.len();
                }
                ServerFrame::Gone { .. } => bail!("the session is gone"),
                _ => {}
            }
        }
        Ok(socket)
    }

    /// Types a key; `position` counts the keys before.
    pub(crate) async fn type_key(
        &mut self,
        position: u64,
        text: &'static [u8],
    ) -> anyhow::Result<()> {
        let batch = key(self.session, self.log, position, text);
        Ok(self.stream.send(Message::Binary(batch)).await?)
    }

    /// Says how far it is.
    pub(crate) async fn acknowledge(&mut self, offset: u64) -> anyhow::Result<()> {
        let batch = ack(self.session, offset);
        Ok(self.stream.send(Message::Binary(batch)).await?)
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Framed<ServerFrame>> {
        loop {
            if let Some(framed) = self.waiting.pop_front() {
                return Ok(framed);
            }
            match self
                .stream
                .next()
                .await
                .context("the socket was closed")??
            {
                Message::Binary(batch) => {
                    for framed in BatchReader::new(batch) {
                        self.waiting.push_back(framed?);
                    }
                }
                Message::Close(reason) => bail!("the socket was closed: {reason:?}"),
                _ => {}
            }
        }
    }
}
