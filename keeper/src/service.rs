//! What the keeper says to whoever connects: links are carried, questions answered. Only the keeper's own user
//! is heard. It knows nothing of how the process begins and ends.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bowline_protocol::codec::Framed;
use bowline_protocol::ids::{ClientId, Generation, ServerId};
use bowline_terminal::{LinkError, Links, Sessions};
use bytes::Bytes;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{
    Mutex, Notify, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, mpsc, oneshot,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ask::{Answer, Failure, Reason, Request, carry_out};
use crate::frame::{FromKeeper, ToKeeper};
use crate::gateway::Exchange;
use crate::host::{carry_exchange, why_closed};
use crate::wire::{self, FrameReader};

/// Connections at a time: one for each page and its requests. Further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 2048;
/// Questions of one connection that are answered at a time; further ones wait to be read.
const QUESTIONS_MAX: usize = 256;
/// A connection that doesn't say what it is within this time is dropped.
const PURPOSE_WITHIN: Duration = Duration::from_secs(10);
/// Accepting fails while descriptors are short: how long until the next try.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);

/// How long links and questions may take to come to rest; nobody is accepted meanwhile.
const RESTS_WITHIN: Duration = Duration::from_secs(10);

/// What is asked of the keeper's process rather than of its sessions.
#[derive(Debug)]
pub(crate) enum Command {
    /// It ends.
    Stop,
    /// It goes on as the program at a path. Answered only if it doesn't.
    Become(std::path::PathBuf, oneshot::Sender<Failure>),
}

/// What connections work with.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) sessions: Sessions,
    pub(crate) links: Links,
    pub(crate) server: ServerId,
    pub(crate) program: String,
    /// Versions of the frames that are spoken.
    pub(crate) versions: Vec<u16>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) traffic: Traffic,
}

/// What is under way, so that it can be brought to rest.
#[derive(Debug)]
pub(crate) struct Traffic {
    places: Arc<Semaphore>,
    /// Connections that are open.
    open: AtomicUsize,
    /// Those of them that carry a link.
    links: AtomicUsize,
    /// One of them ended.
    ended: Notify,
    /// Held by questions until they are answered and the answer is on its way.
    answering: RwLock<()>,
    /// Ends links: those that there are, and those that begin while it stays cancelled.
    cut: std::sync::Mutex<CancellationToken>,
}

/// Counts something while it lives.
struct Counted<'a> {
    count: &'a AtomicUsize,
    ended: &'a Notify,
}

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize, ended: &'a Notify) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self { count, ended }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.ended.notify_waiters();
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            open: AtomicUsize::default(),
            links: AtomicUsize::default(),
            ended: Notify::default(),
            answering: RwLock::default(),
            cut: std::sync::Mutex::default(),
        }
    }
}

impl Traffic {
    /// Whether anybody is connected.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    fn cut(&self) -> CancellationToken {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        cut.clone()
    }

    /// Cuts links and lets questions come to their end, so that nobody says anything more to sessions while
    /// what is given is held. Nobody must be accepted meanwhile. `None`: a question takes too long, or its
    /// answer isn't read.
    pub(crate) async fn rest(&self) -> Option<Resting<'_>> {
        let cut = Cut(self);
        self.cut().cancel();
        let resting = async {
            loop {
                let ended = self.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if self.links.load(Ordering::SeqCst) == 0 {
                    break;
                }
                ended.await;
            }
            self.answering.write().await
        };
        let answering = timeout(RESTS_WITHIN, resting).await.ok()?;
        Some(Resting {
            _answering: answering,
            _cut: cut,
        })
    }
}

/// Nobody says anything to sessions.
#[derive(Debug)]
#[must_use = "everything goes on as soon as it is dropped"]
pub(crate) struct Resting<'a> {
    _answering: RwLockWriteGuard<'a, ()>,
    _cut: Cut<'a>,
}

/// Links may begin again when it is dropped.
#[derive(Debug)]
struct Cut<'a>(&'a Traffic);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        let cut = self.0.cut.lock();
        *cut.unwrap_or_else(PoisonError::into_inner) = CancellationToken::new();
    }
}

impl Service {
    /// Accepts until the future is dropped, and goes on with the next.
    pub(crate) async fn accept(self: Arc<Self>, listener: &UnixListener) {
        loop {
            let place = self.traffic.places.clone().acquire_owned().await;
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
                continue;
            };
            let service = self.clone();
            tokio::spawn(async move {
                let _place = place;
                let traffic = &service.traffic;
                let _open = Counted::new(&traffic.open, &traffic.ended);
                if let Err(error) = service.connection(stream).await {
                    tracing::debug!(%error, "a connection ended");
                }
            });
        }
    }

    async fn connection(self: &Arc<Self>, stream: UnixStream) -> io::Result<()> {
        // The socket's mode and its folder's already see to it.
        if stream.peer_cred()?.uid() != rustix::process::getuid().as_raw() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (reader, mut writer) = stream.into_split();
        let mut reader = FrameReader::new(reader);
        let purpose = timeout(PURPOSE_WITHIN, self.greet(&mut reader, &mut writer)).await??;
        let Some(Framed { frame, payload }) = purpose else {
            return Ok(());
        };
        match frame {
            ToKeeper::Link { client, generation } => {
                let link = self.link(reader, writer, client, generation);
                self.until_cut(link).await
            }
            ToKeeper::Exchange {
                client,
                generation,
                lane,
                seq,
                hold_ms,
            } => {
                let hold = Duration::from_millis(hold_ms.into());
                let exchange = Exchange {
                    client,
                    generation,
                    lane,
                    seq,
                    hold,
                };
                let exchange = self.exchange(reader, writer, exchange, payload);
                self.until_cut(exchange).await
            }
            ToKeeper::Ask { number, head } => {
                let first = Question {
                    number,
                    head,
                    payload,
                };
                self.answer(reader, writer, first).await
            }
            ToKeeper::Hello { .. } | ToKeeper::Batch => {
                Err(wire::invalid("a connection without a purpose"))
            }
        }
    }

    /// Says hello, and reads what the connection is for.
    async fn greet(
        &self,
        reader: &mut FrameReader<OwnedReadHalf>,
        writer: &mut OwnedWriteHalf,
    ) -> io::Result<Option<Framed<ToKeeper>>> {
        let Some(Framed {
            frame: ToKeeper::Hello { versions },
            ..
        }) = reader.next().await?
        else {
            return Err(wire::invalid("the first frame must be hello"));
        };
        let spoken = self.versions.iter().filter(|ours| versions.contains(ours));
        let version = spoken.max().copied().unwrap_or(0);
        let hello = FromKeeper::Hello {
            version,
            server: self.server,
            pid: std::process::id(),
            program: self.program.clone(),
        };
        wire::write(writer, &hello, [Bytes::new(), Bytes::new()]).await?;
        if version == 0 {
            return Ok(None);
        }
        reader.next().await
    }

    /// Carries a link, also to the last word for somebody who doesn't read, until links are cut.
    async fn until_cut(&self, link: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        // Counted first: whoever cuts waits for it, or it finds itself cut.
        let _link = Counted::new(&self.traffic.links, &self.traffic.ended);
        let cut = self.traffic.cut();
        tokio::select! {
            biased;
            () = cut.cancelled() => Ok(()),
            ended = link => ended,
        }
    }

    async fn link(
        &self,
        mut reader: FrameReader<OwnedReadHalf>,
        mut writer: OwnedWriteHalf,
        client: ClientId,
        generation: Generation,
    ) -> io::Result<()> {
        let transport = match self.links.connect(client, generation) {
            Ok(transport) => transport,
            Err(error) => return close(&mut writer, &error).await,
        };
        let reading = async {
            loop {
                let Ok(Some(framed)) = reader.next::<ToKeeper>().await else {
                    return None;
                };
                if framed.frame == ToKeeper::Batch
                    && let Err(error) = transport.receive(framed.payload).await
                {
                    return Some(error);
                }
            }
        };
        let writing = async {
            while let Some(batch) = transport.next_batch().await {
                let batch = [batch, Bytes::new()];
                if wire::write(&mut writer, &FromKeeper::Batch, batch)
                    .await
                    .is_err()
                {
                    return None;
                }
            }
            Some(why_closed(&transport).await)
        };
        // Both directions run side by side: neither waits for the other.
        let closed = tokio::select! {
            closed = reading => closed,
            closed = writing => closed,
        };
        match closed {
            Some(error) => close(&mut writer, &error).await,
            None => Ok(()),
        }
    }

    async fn exchange(
        &self,
        mut reader: FrameReader<OwnedReadHalf>,
        mut writer: OwnedWriteHalf,
        exchange: Exchange,
        batch: Bytes,
    ) -> io::Result<()> {
        let answer = tokio::select! {
            answer = carry_exchange(&self.links, exchange, batch) => answer,
            // Whoever asked has gone.
            _ = reader.next::<ToKeeper>() => return Ok(()),
        };
        match answer {
            Ok(batch) => wire::write(&mut writer, &FromKeeper::Batch, [batch, Bytes::new()]).await,
            Err(error) => close(&mut writer, &error).await,
        }
    }

    /// Answers questions, each when it is ready.
    async fn answer(
        self: &Arc<Self>,
        mut reader: FrameReader<OwnedReadHalf>,
        writer: OwnedWriteHalf,
        first: Question,
    ) -> io::Result<()> {
        let writer = Arc::new(Mutex::new(writer));
        let places = Arc::new(Semaphore::new(QUESTIONS_MAX));
        let mut question = first;
        loop {
            let place = places.clone().acquire_owned().await;
            let (service, writer) = (self.clone(), writer.clone());
            let number = question.number;
            tokio::spawn(async move {
                let _place = place;
                let Some(Answered { answer, answering }) = service.question(question).await else {
                    return;
                };
                let (head, body) = written(answer);
                let frame = FromKeeper::Answer {
                    number,
                    head: u32::try_from(head.len()).unwrap_or(0),
                };
                // One that doesn't read is found out by reading from it.
                let _ = wire::write(&mut *writer.lock().await, &frame, [head, body]).await;
                drop(answering);
            });
            question = loop {
                let Some(framed) = reader.next::<ToKeeper>().await? else {
                    return Ok(());
                };
                if let ToKeeper::Ask { number, head } = framed.frame {
                    break Question {
                        number,
                        head,
                        payload: framed.payload,
                    };
                }
            };
        }
    }

    /// `None`: it will not be answered, because the process goes on as another program.
    async fn question(&self, question: Question) -> Option<Answered<'_>> {
        let Question {
            head, mut payload, ..
        } = question;
        let malformed =
            || Failure::new(Reason::Malformed, "the keeper does not know this question");
        if head as usize > payload.len() {
            return Some(Err(malformed()).into());
        }
        let body = payload.split_off(head as usize);
        let Ok(request) = serde_json::from_slice::<Request>(&payload) else {
            return Some(Err(malformed()).into());
        };
        match request {
            Request::Stop => {
                let _ = self.commands.send(Command::Stop).await;
                Some(Ok((Answer::Done, Bytes::new())).into())
            }
            Request::Become(path) => {
                let (refused, refusal) = oneshot::channel();
                let _ = self.commands.send(Command::Become(path, refused)).await;
                refusal.await.ok().map(|failure| Err(failure).into())
            }
            request => {
                let answering = self.traffic.answering.read().await;
                Some(Answered {
                    answer: carry_out(&self.sessions, &self.links, request, body).await,
                    answering: Some(answering),
                })
            }
        }
    }
}

type Answering = Result<(Answer, Bytes), Failure>;

/// An answer that is to be sent. Until it is, the keeper becomes no other program: whoever asked would not
/// know whether it was done.
struct Answered<'a> {
    answer: Answering,
    answering: Option<RwLockReadGuard<'a, ()>>,
}

impl From<Answering> for Answered<'_> {
    fn from(answer: Answering) -> Self {
        Self {
            answer,
            answering: None,
        }
    }
}

/// JSON and raw bytes of an answer; a refusal for one that can't be sent.
fn written(answer: Answering) -> (Bytes, Bytes) {
    let (answer, body) = match answer {
        Ok((answer, body)) => (Ok(answer), body),
        Err(failure) => (Err(failure), Bytes::new()),
    };
    let head = serde_json::to_vec(&answer).unwrap_or_default();
    if !head.is_empty() && wire::fits(head.len() + body.len()) {
        return (head.into(), body);
    }
    let failure = Failure::new(
        Reason::Other,
        "the answer is too long, or holds a name that is no text: ask for less",
    );
    let head = serde_json::to_vec(&Err::<Answer, _>(failure));
    (head.unwrap_or_default().into(), Bytes::new())
}

struct Question {
    number: u64,
    /// Length of its JSON.
    head: u32,
    payload: Bytes,
}

async fn close(writer: &mut OwnedWriteHalf, error: &LinkError) -> io::Result<()> {
    let why = serde_json::to_vec(error).map_err(wire::invalid)?;
    wire::write(writer, &FromKeeper::Closed, [why.into(), Bytes::new()]).await
}

#[cfg(test)]
mod tests;
