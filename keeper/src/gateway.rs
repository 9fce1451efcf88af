//! The way to sessions that another process keeps: one connection for questions, which is opened again when
//! it is lost, and one for each link. It starts the keeper when there is none; whose sessions those are, and
//! what they say, it doesn't know.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bowline_protocol::ids::{ClientId, Generation};
use bowline_terminal::{LinkError, Options};
use bytes::Bytes;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ask::{Answer, Failure, Reason, Request};
use crate::frame::{FromKeeper, Lane, ToKeeper, VERSIONS};
use crate::launch::{self, Launch};
use crate::wire::{self, FrameReader};

/// Questions that wait to be sent; further ones wait where they are asked.
const ASKED_MAX: usize = 256;
/// How long a question may take before its asker is told that the keeper can't be reached: longer than an
/// upgrade, and than programs may take to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries to find or start the keeper.
const AGAIN: Duration = Duration::from_millis(250);
/// What was said to pages when links are closed comes within this time.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long a keeper may take to become another program: its state is written, proved and read.
const BECOMES_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take to greet: longer than to become another program, for which it accepts nobody.
const GREETS_WITHIN: Duration = BECOMES_WITHIN;

/// What was asked, and who waits for it.
struct Asked {
    request: Request,
    body: Bytes,
    answer: oneshot::Sender<Result<(Answer, Bytes), Failure>>,
}

/// The way to a keeper. Cheap to clone; the connection for questions ends with the last copy.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    launch: Arc<Launch>,
    asked: mpsc::Sender<Asked>,
    /// The server ends, and perhaps the keeper.
    ending: CancellationToken,
    /// Links end.
    closing: CancellationToken,
    _stop: Arc<DropGuard>,
}

/// A connection after its greeting.
pub(crate) struct Connection {
    pub(crate) reader: FrameReader<OwnedReadHalf>,
    pub(crate) writer: OwnedWriteHalf,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its process.
    pub(crate) pid: u32,
    /// The identity of the program that it runs.
    pub(crate) program: String,
}

impl Gateway {
    /// Finds the keeper, or starts one, lets it become this program if it runs another, and tells it the
    /// options. Needs a tokio runtime.
    ///
    /// # Errors
    /// None can be reached or started, or it speaks no version of ours.
    pub(crate) async fn open(launch: Launch, options: &Options) -> io::Result<Self> {
        let launch = Arc::new(launch);
        let connection = renewed(&launch).await?;
        let (asked, asking) = mpsc::channel(ASKED_MAX);
        let (stop, ending) = (CancellationToken::new(), CancellationToken::new());
        let driver = Driver {
            launch: launch.clone(),
            asked: asking,
            waiting: Mutex::default(),
            number: 0,
            ending: ending.clone(),
        };
        let stopped = stop.clone();
        tokio::spawn(async move { stopped.run_until_cancelled(driver.run(connection)).await });
        let gateway = Self {
            launch,
            asked,
            ending,
            closing: CancellationToken::new(),
            _stop: Arc::new(stop.drop_guard()),
        };
        gateway.configure(options).await.map_err(io::Error::other)?;
        Ok(gateway)
    }

    /// Tells the options. Once more if the answer is lost, as when another server that starts at the same time
    /// lets the keeper become its program.
    async fn configure(&self, options: &Options) -> Result<(), Failure> {
        let configuring = async {
            loop {
                let configure = Request::Configure(Box::new(options.clone()));
                match self.ask(configure, Bytes::new()).await {
                    Err(failure) if failure.reason == Reason::Unreachable => {}
                    other => return other.map(|_| ()),
                }
            }
        };
        let configured = timeout(PATIENCE, configuring).await;
        configured.unwrap_or_else(|_| Err(Failure::unreachable()))
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(
        &self,
        request: Request,
        body: Bytes,
    ) -> Result<(Answer, Bytes), Failure> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            request,
            body,
            answer,
        };
        let answered = timeout(PATIENCE, async {
            self.asked.send(asked).await.ok()?;
            answered.await.ok()
        });
        answered
            .await
            .ok()
            .flatten()
            .unwrap_or_else(|| Err(Failure::unreachable()))
    }

    /// Opens a link's socket.
    pub(crate) async fn link(
        &self,
        client: ClientId,
        generation: Generation,
    ) -> Result<(Upward, Downward), LinkError> {
        open_link(&self.launch.socket, client, generation, &self.closing).await
    }

    /// Carries out one request of a link. Given up, it is given up there too.
    pub(crate) async fn exchange(
        &self,
        exchange: Exchange,
        batch: Bytes,
    ) -> Result<Bytes, LinkError> {
        let Exchange {
            client,
            generation,
            lane,
            seq,
            hold,
        } = exchange;
        let frame = ToKeeper::Exchange {
            client,
            generation,
            lane,
            seq,
            hold_ms: u32::try_from(hold.as_millis()).unwrap_or(u32::MAX),
        };
        let connection = connect(&self.launch.socket, &frame, batch).await;
        let connection = connection.map_err(|_| LinkError::Unreachable)?;
        let mut downward = Downward {
            reader: connection.reader,
            closing: self.closing.clone(),
        };
        downward.next_batch().await
    }

    /// From now on a keeper that is gone may stay so.
    pub(crate) fn begin_to_end(&self) {
        self.ending.cancel();
    }

    /// Closes every link, after what was just said to pages.
    pub(crate) fn close_links(&self) {
        self.closing.cancel();
    }
}

/// A connection for one purpose. Its greeting is not waited for: the keeper was greeted before.
async fn connect(socket: &Path, purpose: &ToKeeper, payload: Bytes) -> io::Result<Connection> {
    let stream = UnixStream::connect(socket).await?;
    let (reader, mut writer) = stream.into_split();
    say_hello(&mut writer).await?;
    wire::write(&mut writer, purpose, [payload, Bytes::new()]).await?;
    Ok(Connection {
        reader: FrameReader::new(reader),
        writer,
    })
}

/// Opens a link's socket, which ends with `closing` too.
pub(crate) async fn open_link(
    socket: &Path,
    client: ClientId,
    generation: Generation,
    closing: &CancellationToken,
) -> Result<(Upward, Downward), LinkError> {
    let link = ToKeeper::Link { client, generation };
    let connection = connect(socket, &link, Bytes::new()).await;
    let Connection { reader, writer } = connection.map_err(|_| LinkError::Unreachable)?;
    let downward = Downward {
        reader,
        closing: closing.clone(),
    };
    Ok((Upward(writer), downward))
}

/// One request of a link by polling.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Of which page.
    pub client: ClientId,
    /// Which of its transports.
    pub generation: Generation,
    /// Which of its two requests.
    pub lane: Lane,
    /// The request's number in its lane.
    pub seq: u64,
    /// How long it may be held.
    pub hold: Duration,
}

/// Batches of a page on their way to the keeper.
#[derive(Debug)]
pub(crate) struct Upward(OwnedWriteHalf);

impl Upward {
    pub(crate) async fn receive(&mut self, batch: Bytes) -> Result<(), LinkError> {
        let written = wire::write(&mut self.0, &ToKeeper::Batch, [batch, Bytes::new()]).await;
        if written.is_err() {
            // Why, the other direction tells.
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// Batches for a page on their way from the keeper.
#[derive(Debug)]
pub(crate) struct Downward {
    reader: FrameReader<OwnedReadHalf>,
    closing: CancellationToken,
}

impl Downward {
    pub(crate) async fn next_batch(&mut self) -> Result<Bytes, LinkError> {
        let Self { reader, closing } = self;
        let last_words = async {
            closing.cancelled().await;
            sleep(LAST_WORDS).await;
        };
        tokio::select! {
            biased;
            batch = Self::read_batch(reader) => batch,
            () = last_words => Err(LinkError::Closed),
        }
    }

    async fn read_batch(reader: &mut FrameReader<OwnedReadHalf>) -> Result<Bytes, LinkError> {
        loop {
            let Ok(Some(framed)) = reader.next::<FromKeeper>().await else {
                return Err(LinkError::Unreachable);
            };
            match framed.frame {
                FromKeeper::Batch => return Ok(framed.payload),
                FromKeeper::Closed => {
                    let why = serde_json::from_slice(&framed.payload);
                    return Err(why.unwrap_or(LinkError::Unreachable));
                }
                FromKeeper::Hello { version: 0, .. } => return Err(LinkError::Unreachable),
                FromKeeper::Hello { .. } | FromKeeper::Answer { .. } => {}
            }
        }
    }
}

/// Carries questions and answers, for as long as there is anybody who asks.
struct Driver {
    launch: Arc<Launch>,
    asked: mpsc::Receiver<Asked>,
    waiting: Mutex<HashMap<u64, Waiting>>,
    number: u64,
    /// A keeper that ends is not looked for any more.
    ending: CancellationToken,
}

type Waiting = oneshot::Sender<Result<(Answer, Bytes), Failure>>;

impl Driver {
    async fn run(mut self, mut connection: Connection) {
        loop {
            let Err(error) = self.carry(&mut connection).await else {
                return;
            };
            if self.ending.is_cancelled() {
                return;
            }
            tracing::warn!(%error, "the keeper of the sessions is gone: looking for it");
            // Whether they were carried out is not known.
            for (_, answer) in lock(&self.waiting).drain() {
                let _ = answer.send(Err(Failure::unreachable()));
            }
            connection = loop {
                match found_or_started(&self.launch).await {
                    Ok((connection, found)) => {
                        tracing::info!(pid = found.pid, "the keeper of the sessions is there");
                        break connection;
                    }
                    Err(error) => {
                        tracing::error!(%error, "there is no keeper for the sessions");
                        sleep(AGAIN).await;
                    }
                }
            };
        }
    }

    /// Until the connection is lost (an error), or nobody asks any more.
    async fn carry(&mut self, connection: &mut Connection) -> io::Result<()> {
        let Self {
            asked,
            waiting,
            number,
            ..
        } = self;
        let asking = async {
            while let Some(next) = asked.recv().await {
                let Some(head) = written(&next) else {
                    // It would cost all others the connection.
                    let _ = next.answer.send(Err(Failure::unspeakable()));
                    continue;
                };
                *number += 1;
                lock(waiting).insert(*number, next.answer);
                ask_written(&mut connection.writer, *number, head, next.body).await?;
            }
            Ok(())
        };
        let answering = async {
            loop {
                let framed = connection.reader.next::<FromKeeper>().await?;
                let framed = framed.ok_or(io::ErrorKind::UnexpectedEof)?;
                if let FromKeeper::Answer { number, head } = framed.frame {
                    let waiting = lock(waiting).remove(&number);
                    if let Some(waiting) = waiting {
                        // Whoever asked may have gone.
                        let _ = waiting.send(read_answer(framed.payload, head));
                    }
                }
            }
        };
        // Side by side: an answer that fills the stream must not wait for a question.
        tokio::select! {
            asked = asking => asked,
            lost = answering => lost,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one insertion or removal.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A question as JSON, if it can be asked.
fn written(asked: &Asked) -> Option<Vec<u8>> {
    let head = serde_json::to_vec(&asked.request).ok()?;
    wire::fits(head.len() + asked.body.len()).then_some(head)
}

pub(crate) async fn ask(
    writer: &mut OwnedWriteHalf,
    number: u64,
    request: &Request,
    body: Bytes,
) -> io::Result<()> {
    let head = serde_json::to_vec(request).map_err(wire::invalid)?;
    ask_written(writer, number, head, body).await
}

async fn ask_written(
    writer: &mut OwnedWriteHalf,
    number: u64,
    head: Vec<u8>,
    body: Bytes,
) -> io::Result<()> {
    let frame = ToKeeper::Ask {
        number,
        head: u32::try_from(head.len()).map_err(wire::invalid)?,
    };
    wire::write(writer, &frame, [head.into(), body]).await
}

pub(crate) fn read_answer(mut payload: Bytes, head: u32) -> Result<(Answer, Bytes), Failure> {
    let head = head as usize;
    if head > payload.len() {
        return Err(Failure::strange());
    }
    let body = payload.split_off(head);
    let answer: Result<Answer, Failure> =
        serde_json::from_slice(&payload).map_err(|_| Failure::strange())?;
    answer.map(|answer| (answer, body))
}

async fn say_hello(writer: &mut OwnedWriteHalf) -> io::Result<()> {
    let hello = ToKeeper::Hello {
        versions: VERSIONS.to_vec(),
    };
    wire::write(writer, &hello, [Bytes::new(), Bytes::new()]).await
}

/// Connects and greets.
pub(crate) async fn greeted(socket: &Path) -> io::Result<(Connection, Found)> {
    let greeting = timeout(GREETS_WITHIN, greeting(socket)).await;
    greeting.unwrap_or_else(|_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the keeper of the sessions does not answer: its log says what it does",
        ))
    })
}

async fn greeting(socket: &Path) -> io::Result<(Connection, Found)> {
    let stream = UnixStream::connect(socket).await?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = FrameReader::new(reader);
    say_hello(&mut writer).await?;
    loop {
        let framed = reader.next::<FromKeeper>().await?;
        let framed = framed.ok_or(io::ErrorKind::UnexpectedEof)?;
        let FromKeeper::Hello {
            version,
            pid,
            program,
            ..
        } = framed.frame
        else {
            continue;
        };
        if !VERSIONS.contains(&version) {
            return Err(io::Error::other(format!(
                "the keeper of the sessions (process {pid}) speaks no version of ours: end its sessions with \
                 the bowline that started it, or start that one again"
            )));
        }
        return Ok((Connection { reader, writer }, Found { pid, program }));
    }
}

/// Connects to the keeper; starts one if there is none.
async fn found_or_started(launch: &Launch) -> io::Result<(Connection, Found)> {
    match greeted(&launch.socket).await {
        Err(error) if launch::is_absent(&error) => {}
        other => return other,
    }
    let mut started = launch.start()?;
    loop {
        match greeted(&launch.socket).await {
            Err(error) if launch::is_absent(&error) => started.check()?,
            other => return other,
        }
        // It says nothing while it starts: what it binds is looked for.
        sleep(launch::LOOK).await;
    }
}

/// Connects to a keeper that runs this program, if it can be brought to.
async fn renewed(launch: &Launch) -> io::Result<Connection> {
    let (mut connection, found) = found_or_started(launch).await?;
    if found.program == launch.program.identity() {
        return Ok(connection);
    }
    tracing::info!(
        pid = found.pid,
        "the keeper runs another program: it goes on as this one"
    );
    let request = Request::Become(launch.program.path().to_owned());
    let refused = timeout(BECOMES_WITHIN, async {
        let asked = ask(&mut connection.writer, 1, &request, Bytes::new()).await;
        // It becomes another one already, for another server.
        asked.ok()?;
        loop {
            match connection.reader.next::<FromKeeper>().await {
                Ok(Some(framed)) => {
                    if let FromKeeper::Answer { head, .. } = framed.frame {
                        return read_answer(framed.payload, head).err();
                    }
                }
                // It became another program: what it had open is closed.
                Ok(None) | Err(_) => return None,
            }
        }
    });
    match refused.await {
        Ok(None) => {}
        Ok(Some(failure)) => {
            tracing::warn!(%failure, "the keeper stays what it is");
            return Ok(connection);
        }
        Err(_) => {
            let failure = Failure::new(Reason::Busy, "it takes too long");
            tracing::warn!(%failure, "the keeper stays what it is");
        }
    }
    let (connection, found) = found_or_started(launch).await?;
    if found.program != launch.program.identity() {
        // The last step failed, or another server has brought it to be its own meanwhile.
        tracing::warn!(pid = found.pid, "the keeper stays what it is");
    }
    Ok(connection)
}
