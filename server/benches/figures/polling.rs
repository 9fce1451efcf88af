//! A client over the polling transport, as the page's: one poll held, one send at a time.

use std::net::SocketAddr;
use std::pin::Pin;

use anyhow::{Context as _, ensure};
use bowline_protocol::codec::BatchReader;
use bowline_protocol::frame::Mode;
use bowline_protocol::{ClientId, LogId, ServerFrame, SessionId, http};
use bytes::Bytes;
use futures_util::FutureExt as _;

use crate::server::{READY, Server};
use crate::socket::{ack, greeting, key};

/// How long a send may wait for the echo where polls are short, as the page asks.
const ECHO_HOLD_MS: u32 = 5;
const POLL_HOLD_MS: u32 = 20_000;

type Answer = Pin<Box<dyn Future<Output = anyhow::Result<Bytes>>>>;

/// Which answer the echo comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A poll that is held: what the page does unless polls are cut.
    HeldPoll,
    /// The send's own answer: what the page does where held answers are cut.
    Send,
}

/// A client that looks at one session, whose program has said that it is ready.
pub(crate) struct Poller {
    http: reqwest::Client,
    address: SocketAddr,
    client: ClientId,
    session: SessionId,
    log: LogId,
    way: Way,
    sends: u64,
    polls: u64,
    typed: u64,
    received: u64,
    poll: Option<Answer>,
}

impl Poller {
    /// Opens the transport and attaches.
    pub(crate) async fn connect(
        server: &Server,
        client: ClientId,
        session: SessionId,
        way: Way,
    ) -> anyhow::Result<Self> {
        let mut poller = Self {
            http: server.http.clone(),
            address: server.address,
            client,
            session,
            log: LogId::from_bytes([0; 16]),
            way,
            sends: 0,
            polls: 0,
            typed: 0,
            received: 0,
            poll: None,
        };
        let hello = greeting((client, Mode::Log), session);
        let opened = poller.send(hello, 0).await?;
        poller.take(opened)?;
        while poller.received < READY.len() as u64 {
            poller.polled().await?;
        }
        Ok(poller)
    }

    /// Types a key and waits until as many bytes came back.
    pub(crate) async fn echo(&mut self) -> anyhow::Result<()> {
        let expected = self.received + 1;
        let batch = key(self.session, self.log, self.typed, b"x");
        self.typed += 1;
        match self.way {
            Way::Send => {
                let answer = self.send(batch, ECHO_HOLD_MS);
                let answer = answer.await?;
                self.take(answer)?;
                while self.received < expected {
                    self.polled().await?;
                }
            }
            Way::HeldPoll => {
                let mut send = self.send(batch, 0);
                let mut sent = false;
                // Both are under way at once; the next key waits for the send's answer.
                while !sent || self.received < expected {
                    let mut poll = self.poll.take().unwrap_or_else(|| self.ask());
                    let answer = if sent {
                        poll.await?
                    } else {
                        tokio::select! {
                            answer = &mut poll => answer?,
                            answer = &mut send => {
                                sent = true;
                                self.poll = Some(poll);
                                answer?
                            }
                        }
                    };
                    self.take(answer)?;
                }
            }
        }
        ensure!(self.received == expected, "more came back than was typed");
        Ok(())
    }

    /// Lets the next poll reach the server before the next key is typed.
    pub(crate) async fn settle(&mut self, pause: std::time::Duration) -> anyhow::Result<()> {
        if self.way == Way::HeldPoll {
            let mut poll = self.poll.take().unwrap_or_else(|| self.ask());
            match tokio::time::timeout(pause, &mut poll).await {
                Ok(answer) => self.take(answer?)?,
                Err(_) => self.poll = Some(poll),
            }
        } else {
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    async fn polled(&mut self) -> anyhow::Result<()> {
        let poll = self.poll.take().unwrap_or_else(|| self.ask());
        let answer = poll.await?;
        self.take(answer)
    }

    fn ask(&mut self) -> Answer {
        let seq = self.polls;
        self.polls += 1;
        let body = ack(self.session, self.received);
        self.request("poll", seq, POLL_HOLD_MS, body)
    }

    fn send(&mut self, batch: Bytes, hold_ms: u32) -> Answer {
        let seq = self.sends;
        self.sends += 1;
        self.request("send", seq, hold_ms, batch)
    }

    fn request(&self, path: &str, seq: u64, hold_ms: u32, body: Bytes) -> Answer {
        let request = self
            .http
            .post(format!("http://{}/link/{path}", self.address))
            .header(http::CLIENT, self.client.to_string())
            .header(http::GENERATION, "1")
            .header(http::SEQ, seq.to_string())
            .header(http::HOLD, hold_ms.to_string())
            .body(body);
        async move {
            let answer = request.send().await?.error_for_status()?;
            Ok(answer.bytes().await?)
        }
        .boxed_local()
    }

    /// Takes what is new of an answer: the other request may have brought it before.
    fn take(&mut self, answer: Bytes) -> anyhow::Result<()> {
        for framed in BatchReader::<ServerFrame>::new(answer) {
            let framed = framed?;
            match framed.frame {
                ServerFrame::Attached { from, .. } => self.log = from.log,
                ServerFrame::Output { offset, .. } => {
                    let end = offset + framed.payload.len() as u64;
                    ensure!(offset <= self.received, "output is missing");
                    self.received = self.received.max(end);
                }
                ServerFrame::Gone { .. } => {
                    return None.context("the session is gone");
                }
                _ => {}
            }
        }
        Ok(())
    }
}
