//! A page without a browser: the machine of the page's own link, over real sockets and requests. It follows
//! sessions by every byte and types into them; that nothing is lost or doubled on the way it checks itself.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use bowline_protocol::client::{
    Answer, Client, Effect, Event, Request, Settings, SocketEnd, Status,
};
use bowline_protocol::codec::Framed;
use bowline_protocol::frame::{Mode, Size};
use bowline_protocol::http;
use bowline_protocol::input::InputSender;
use bowline_protocol::{ClientFrame, ClientId, Generation, LogId, ServerFrame, SessionId, limits};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{self, DEADLINE, TOKEN};

/// Longest a request may take: longer than it may be held.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// What a page knows of a session.
pub(crate) struct Shown {
    log: Option<LogId>,
    input: InputSender,
    /// All that it printed.
    pub(crate) seen: Vec<u8>,
    /// So much of it was looked through.
    looked: usize,
}

impl Shown {
    /// Looks for a text behind the last one that was found.
    fn finds(&mut self, text: &str) -> bool {
        let new = &self.seen[self.looked..];
        match new.windows(text.len()).position(|at| at == text.as_bytes()) {
            Some(at) => {
                self.looked += at + text.len();
                true
            }
            None => {
                // No byte is looked at twice, but for a text that may have begun.
                self.looked = self
                    .looked
                    .max((self.seen.len() + 1).saturating_sub(text.len()));
                false
            }
        }
    }
}

/// An open socket, or one that is being opened.
struct Socket {
    outgoing: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) struct Page {
    /// Where the server is, as far as this page knows.
    pub(crate) address: SocketAddr,
    pub(crate) sessions: BTreeMap<SessionId, Shown>,
    id: ClientId,
    client: Client,
    started: Instant,
    http: reqwest::Client,
    socket: Option<Socket>,
    requests: JoinSet<()>,
    tell: mpsc::Sender<Event>,
    told: mpsc::Receiver<Event>,
}

impl Page {
    /// A page that looks at sessions from their first byte on.
    pub(crate) async fn open(address: SocketAddr, number: u8, sessions: &[SessionId]) -> Self {
        let (tell, told) = mpsc::channel(64);
        let id = ClientId::from_bytes([number; 16]);
        let mut page = Self {
            address,
            sessions: BTreeMap::new(),
            id,
            client: Client::new(id, None, Settings::default()),
            started: Instant::now(),
            http: support::http(),
            socket: None,
            requests: JoinSet::new(),
            tell,
            told,
        };
        for &session in sessions {
            let shown = Shown {
                log: None,
                input: InputSender::new(limits::INPUT_WINDOW),
                seen: Vec::new(),
                looked: 0,
            };
            page.sessions.insert(session, shown);
            let attach = ClientFrame::Attach {
                session,
                from: None,
                mode: Mode::Log,
                size: Size::default(),
            };
            page.handle(Event::Page(attach.into())).await;
        }
        page.handle(Event::Start).await;
        page
    }

    /// Types into a session: at once, or as soon as that is possible.
    pub(crate) async fn type_text(&mut self, session: SessionId, text: &str) {
        let shown = self.sessions.get_mut(&session).unwrap();
        shown.input.push(Bytes::copy_from_slice(text.as_bytes()));
        let mut events = VecDeque::new();
        self.pump(session, &mut events);
        for event in events {
            self.handle(event).await;
        }
    }

    /// The server is there again, somewhere else perhaps.
    pub(crate) async fn go_to(&mut self, address: SocketAddr) {
        self.address = address;
        self.handle(Event::RetryNow).await;
    }

    /// Goes on while something else is under way.
    pub(crate) async fn during<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                event = self.next() => self.handle(event).await,
            }
        }
    }

    /// Goes on until something has happened.
    pub(crate) async fn go_on(&mut self) {
        let event = self.next().await;
        self.handle(event).await;
    }

    /// Goes on until all sessions have said something, behind what was waited for last.
    pub(crate) async fn until_said(&mut self, text: &str) {
        let mut waiting: Vec<SessionId> = self.sessions.keys().copied().collect();
        let reached = tokio::time::timeout(DEADLINE, async {
            loop {
                waiting.retain(|id| !self.sessions.get_mut(id).unwrap().finds(text));
                if waiting.is_empty() {
                    return;
                }
                let event = self.next().await;
                self.handle(event).await;
            }
        });
        if reached.await.is_err() {
            let ends = waiting.iter().map(|id| {
                let seen = &self.sessions[id].seen;
                let end = &seen[seen.len().saturating_sub(4000)..];
                format!("{id}: {}", end.escape_ascii())
            });
            panic!("no {text:?} behind {:#?}", ends.collect::<Vec<_>>());
        }
    }

    /// What happens next. Cancel-safe.
    async fn next(&mut self) -> Event {
        let timer = self.client.deadline();
        let timer = timer.map(|at| self.started + Duration::from_millis(at));
        let due = async {
            match timer {
                Some(timer) => sleep_until(timer).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = self.told.recv() => event.expect("the page holds the other end"),
            () = due => Event::Timer,
        }
    }

    async fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap();
            for effect in self.client.handle(event, now_ms) {
                match effect {
                    Effect::OpenSocket(generation) => self.open_socket(generation),
                    Effect::SocketSend(batch) => {
                        if let Some(socket) = &self.socket {
                            let _ = socket.outgoing.send(batch).await;
                        }
                    }
                    Effect::CloseSocket => self.socket = None,
                    Effect::Http {
                        generation,
                        request,
                        seq,
                        batch,
                        hold_ms,
                    } => self.request(generation, request, seq, batch, hold_ms),
                    Effect::AbortRequests => self.requests.abort_all(),
                    Effect::Page(framed) => self.on_frame(&framed, &mut events),
                    Effect::Detached => {
                        let all = self.sessions.values_mut();
                        all.for_each(|shown| shown.input.pause());
                    }
                    Effect::Status(Status::Unauthenticated) => panic!("it is let in"),
                    Effect::Status(_) | Effect::RoundTrip(_) => {}
                }
            }
            while self.requests.try_join_next().is_some() {}
        }
    }

    fn on_frame(&mut self, framed: &Framed<ServerFrame>, events: &mut VecDeque<Event>) {
        match framed.frame {
            ServerFrame::Attached {
                session,
                from,
                input,
                ..
            } => {
                let shown = self.sessions.get_mut(&session).unwrap();
                let log = *shown.log.get_or_insert(from.log);
                assert_eq!(log, from.log, "it is the same life of the session");
                assert_eq!(shown.input.resume(input), 0, "no input was forgotten");
                self.pump(session, events);
            }
            ServerFrame::Output { session, offset } => {
                let shown = self.sessions.get_mut(&session).unwrap();
                assert_eq!(offset, shown.seen.len() as u64, "bytes follow each other");
                shown.seen.extend_from_slice(&framed.payload);
                let offset = shown.seen.len() as u64;
                events.push_back(Event::Parsed { session, offset });
            }
            ServerFrame::InputAck { session, position } => {
                self.sessions.get_mut(&session).unwrap().input.ack(position);
                self.pump(session, events);
            }
            ServerFrame::InputRefused {
                session, expected, ..
            } => {
                self.sessions
                    .get_mut(&session)
                    .unwrap()
                    .input
                    .rewind(expected);
                self.pump(session, events);
            }
            ServerFrame::Gap { .. } | ServerFrame::Snapshot { .. } | ServerFrame::Gone { .. } => {
                panic!("every byte is there: {:?}", framed.frame);
            }
            _ => {}
        }
    }

    fn pump(&mut self, session: SessionId, events: &mut VecDeque<Event>) {
        let shown = self.sessions.get_mut(&session).unwrap();
        let Some(log) = shown.log else { return };
        while let Some(piece) = shown.input.next_piece() {
            let frame = ClientFrame::Input {
                session,
                log,
                position: piece.position,
                more: piece.more,
            };
            let payload = piece.bytes;
            events.push_back(Event::Page(Framed { frame, payload }));
        }
    }

    fn open_socket(&mut self, generation: Generation) {
        let (outgoing, to_send) = mpsc::channel(64);
        let (address, tell) = (self.address, self.tell.clone());
        let task = tokio::spawn(async move {
            let end = carry(address, generation, to_send, &tell).await;
            let _ = tell.send(Event::SocketClosed(generation, end)).await;
        });
        self.socket = Some(Socket { outgoing, task });
    }

    fn request(
        &mut self,
        generation: Generation,
        request: Request,
        seq: u64,
        batch: Bytes,
        hold_ms: u32,
    ) {
        let path = match request {
            Request::Poll => "poll",
            Request::Send => "send",
        };
        let url = format!("http://{}/link/{path}", self.address);
        let sent = self.http.post(url).bearer_auth(TOKEN).timeout(REQUEST_MAX);
        let sent = sent
            .header(http::CLIENT, self.id.to_string())
            .header(http::GENERATION, generation.0)
            .header(http::SEQ, seq)
            .header(http::HOLD, hold_ms)
            .body(batch)
            .send();
        let tell = self.tell.clone();
        self.requests.spawn(async move {
            let answer = match sent.await {
                Ok(response) if response.status() == 200 => match response.bytes().await {
                    Ok(batch) => Answer::Batch(batch),
                    Err(_) => Answer::Failed,
                },
                Ok(response) if response.status() == 409 => Answer::Superseded,
                Ok(response) if response.status() == 401 => Answer::Unauthenticated,
                Ok(_) | Err(_) => Answer::Failed,
            };
            let answered = Event::Answered {
                generation,
                request,
                seq,
                answer,
            };
            let _ = tell.send(answered).await;
        });
    }
}

/// Carries a socket's messages until it ends.
async fn carry(
    address: SocketAddr,
    generation: Generation,
    mut to_send: mpsc::Receiver<Bytes>,
    tell: &mpsc::Sender<Event>,
) -> SocketEnd {
    let url = format!("ws://{address}/link/socket");
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        limits::SUBPROTOCOL.parse().unwrap(),
    );
    headers.insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let Ok((stream, _)) = tokio_tungstenite::connect_async(request).await else {
        return SocketEnd::Cut;
    };
    let (mut sink, mut stream) = stream.split();
    let _ = tell.send(Event::SocketOpened(generation)).await;
    let reading = async {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Binary(batch) => {
                    let _ = tell.send(Event::SocketMessage(generation, batch)).await;
                }
                Message::Close(Some(close)) if u16::from(close.code) == 4401 => {
                    return SocketEnd::Unauthenticated;
                }
                _ => {}
            }
        }
        SocketEnd::Cut
    };
    let writing = async {
        while let Some(batch) = to_send.recv().await {
            if sink.send(Message::Binary(batch)).await.is_err() {
                break;
            }
        }
        SocketEnd::Cut
    };
    tokio::select! {
        end = reading => end,
        end = writing => end,
    }
}
