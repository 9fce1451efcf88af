//! The one handle on sessions that servers hold: whether the sessions live in the same process or in the
//! keeper's, whoever holds it can't tell. Every method is a question with an answer.

use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::{Notice, Size};
use bowline_protocol::ids::{ClientId, Generation, SessionId};
use bowline_terminal::{
    ApiInput, CreateSession, Created, LinkError, Links, OnExit, Read, Recording, ScreenFormat,
    ScreenShot, SessionInfo, Sessions, Totals, Transport, Word,
};
use bytes::Bytes;
use tokio::time::timeout;

use crate::ask::{Answer, Failure, Reason, Request, carry_out};
use crate::frame::Lane;
use crate::gateway::{Downward, Exchange, Gateway, Upward};
use crate::launch::Launch;

/// How long the keeper may take to do what is asked of it when the server ends: programs get time to leave.
const ENDS_WITHIN: Duration = Duration::from_secs(6);

/// All sessions and links. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host(Place);

#[derive(Debug, Clone)]
enum Place {
    Within { sessions: Sessions, links: Links },
    Apart(Gateway),
}

/// A session and how far its output can be read.
#[derive(Debug, Clone)]
pub struct Known {
    /// How it is now.
    pub info: SessionInfo,
    /// Offset of the oldest byte kept.
    pub start: u64,
    /// Offset behind the newest byte.
    pub end: u64,
}

/// What became of input by request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// End of what is accepted from this client.
    pub position: u64,
    /// What was printed meanwhile, from the character that was under way on.
    pub echo: Read,
}

/// Which of many sessions there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Their idle clocks start anew.
    pub alive: Vec<SessionId>,
    /// Unknown ones.
    pub gone: Vec<SessionId>,
}

/// Takes the answer that belongs to a question.
macro_rules! answered {
    ($host:expr, $request:expr, $body:expr, $($shape:pat => $value:expr),+) => {
        match $host.ask($request, $body).await? {
            $($shape => Ok($value),)+
            _ => Err(Failure::strange()),
        }
    };
}

impl Host {
    /// Sessions of this process, which end with it.
    pub fn within(sessions: Sessions, links: Links) -> Self {
        Self(Place::Within { sessions, links })
    }

    /// Sessions of the keeper, which is started if there is none. Needs a tokio runtime.
    ///
    /// # Errors
    /// It can't be reached or started, or speaks no version of ours.
    pub async fn apart(launch: Launch) -> std::io::Result<Self> {
        let options = launch.options.clone();
        Ok(Self(Place::Apart(Gateway::open(launch, &options).await?)))
    }

    async fn ask(&self, request: Request, body: Bytes) -> Result<(Answer, Bytes), Failure> {
        match &self.0 {
            Place::Within { sessions, links } => carry_out(sessions, links, request, body).await,
            Place::Apart(gateway) => gateway.ask(request, body).await,
        }
    }

    async fn done(&self, request: Request) -> Result<(), Failure> {
        answered!(self, request, Bytes::new(), (Answer::Done, _) => ())
    }

    /// Starts a session, or re-attaches to the one that runs for the pane.
    ///
    /// # Errors
    /// A [`Failure`] that says what to do, as of every method here.
    pub async fn create(&self, create: CreateSession) -> Result<Created, Failure> {
        answered!(self, Request::Create(create), Bytes::new(), (Answer::Created(created), _) => created)
    }

    /// Starts the program of an ended session again, where it was.
    ///
    /// # Errors
    /// There is no such session, it still runs, or its program can't be started.
    pub async fn restart(&self, session: SessionId) -> Result<Created, Failure> {
        answered!(self, Request::Restart(session), Bytes::new(), (Answer::Created(created), _) => created)
    }

    /// All sessions that run or ended lately, oldest first.
    ///
    /// # Errors
    /// The keeper can't be reached.
    pub async fn list(&self) -> Result<Vec<SessionInfo>, Failure> {
        answered!(self, Request::List, Bytes::new(), (Answer::Listed(listed), _) => listed)
    }

    /// How much went through all terminals since the process that keeps them started.
    ///
    /// # Errors
    /// The keeper can't be reached, or is of an older version.
    pub async fn totals(&self) -> Result<Totals, Failure> {
        answered!(self, Request::Totals, Bytes::new(), (Answer::Totals(totals), _) => totals)
    }

    /// What is known of a session; its idle clock starts anew.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn attach(&self, session: SessionId) -> Result<Known, Failure> {
        answered!(self, Request::Attach(session), Bytes::new(), (Answer::Attached { info, start, end }, _) => Known {
            info: *info,
            start,
            end,
        })
    }

    /// Somebody still cares for these.
    ///
    /// # Errors
    /// The keeper can't be reached.
    pub async fn touch(&self, sessions: Vec<SessionId>) -> Result<Touched, Failure> {
        answered!(self, Request::Touch(sessions), Bytes::new(), (Answer::Touched { alive, gone }, _) => Touched {
            alive,
            gone,
        })
    }

    /// Output from an offset on (`None` = the oldest kept), at most `max` bytes.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn read(
        &self,
        session: SessionId,
        from: Option<u64>,
        max: usize,
    ) -> Result<Read, Failure> {
        let request = Request::Read { session, from, max };
        answered!(self, request, Bytes::new(), (Answer::Read(piece), bytes) => piece.with(&bytes))
    }

    /// Output with its times and sizes, from an offset on (`None` = the oldest kept), at most `max` bytes.
    ///
    /// # Errors
    /// There is no such session, or the keeper is of a version without recordings.
    pub async fn recording(
        &self,
        session: SessionId,
        from: Option<u64>,
        max: usize,
    ) -> Result<Recording, Failure> {
        let request = Request::Record { session, from, max };
        match self.ask(request, Bytes::new()).await {
            Ok((Answer::Recorded { of, piece }, bytes)) => Ok(of.with(piece, bytes)),
            // It is told only of a question that isn't known.
            Err(Failure {
                reason: Reason::Malformed,
                ..
            })
            | Ok(_) => Err(Failure::unrecorded()),
            Err(failure) => Err(failure),
        }
    }

    /// Types, and waits a little for an echo.
    ///
    /// # Errors
    /// Input before is missing, the program doesn't read, or there is none.
    pub async fn input(
        &self,
        session: SessionId,
        input: ApiInput,
        echo: Duration,
    ) -> Result<Typed, Failure> {
        let request = Request::Input {
            session,
            client: input.client,
            position: input.position,
            echo_ms: u64::try_from(echo.as_millis()).unwrap_or(u64::MAX),
        };
        answered!(self, request, input.bytes, (Answer::Typed { position, echo }, bytes) => Typed {
            position,
            echo: echo.with(&bytes),
        })
    }

    /// The screen with all on it that the program has said so far, and so many lines above.
    ///
    /// # Errors
    /// There is no such session, or too many ask.
    pub async fn screen(
        &self,
        session: SessionId,
        format: ScreenFormat,
        lines: usize,
    ) -> Result<ScreenShot, Failure> {
        let request = Request::Screen {
            session,
            format,
            lines,
        };
        answered!(self, request, Bytes::new(), (Answer::Screen(shot), _) => shot)
    }

    /// Asks for a size.
    ///
    /// # Errors
    /// There is no such session, or it has ended.
    pub async fn resize(&self, session: SessionId, size: Size) -> Result<(), Failure> {
        self.done(Request::Resize { session, size }).await
    }

    /// Gives a session another name for people.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn rename(&self, session: SessionId, label: String) -> Result<(), Failure> {
        self.done(Request::Rename { session, label }).await
    }

    /// A program in it says what it does.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn say_status(&self, session: SessionId, word: Word) -> Result<(), Failure> {
        self.done(Request::Say { session, word }).await
    }

    /// Ends a session with all its processes, or forgets one that has ended.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn close(&self, session: SessionId) -> Result<(), Failure> {
        self.done(Request::Close(session)).await
    }

    /// The numbers of all sessions in our tmux server.
    ///
    /// # Errors
    /// The keeper can't be reached.
    pub async fn in_tmux(&self) -> Result<Vec<u32>, Failure> {
        answered!(self, Request::InTmux, Bytes::new(), (Answer::Tmux(numbers), _) => numbers)
    }

    /// Ends a session in our tmux server.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn close_in_tmux(&self, number: u32) -> Result<(), Failure> {
        self.done(Request::CloseInTmux(number)).await
    }

    /// Tells every page. Not waited for. Needs a tokio runtime where sessions live apart.
    pub fn notify(&self, notice: Notice) {
        match &self.0 {
            Place::Within { links, .. } => links.notify(notice),
            Place::Apart(gateway) => {
                let gateway = gateway.clone();
                tokio::spawn(async move {
                    if let Err(error) = gateway.ask(Request::Notify(notice), Bytes::new()).await {
                        tracing::debug!(%error, "pages were not told");
                    }
                });
            }
        }
    }

    /// A link's socket: batches in, batches out. Dropping both halves disconnects.
    ///
    /// # Errors
    /// As for [`Links::connect`], and [`LinkError::Unreachable`].
    pub async fn connect(
        &self,
        client: ClientId,
        generation: Generation,
    ) -> Result<(LinkIn, LinkOut), LinkError> {
        match &self.0 {
            Place::Within { links, .. } => {
                let transport = Arc::new(links.connect(client, generation)?);
                let other = transport.clone();
                Ok((LinkIn(In::Within(transport)), LinkOut(Out::Within(other))))
            }
            Place::Apart(gateway) => {
                let (upward, downward) = gateway.link(client, generation).await?;
                Ok(link_apart(upward, downward))
            }
        }
    }

    /// One request of a link by polling. Given up when the future is dropped.
    ///
    /// # Errors
    /// As for [`bowline_terminal::HttpTransport`], and [`LinkError::Unreachable`].
    pub async fn exchange(&self, exchange: Exchange, batch: Bytes) -> Result<Bytes, LinkError> {
        match &self.0 {
            Place::Within { links, .. } => carry_exchange(links, exchange, batch).await,
            Place::Apart(gateway) => gateway.exchange(exchange, batch).await,
        }
    }

    /// The server ends in good order. Sessions that live apart go on, unless they are to end; those of this
    /// process end, or live on in tmux. When it returns, no page is connected any more.
    pub async fn end(&self, on_exit: OnExit) {
        match &self.0 {
            Place::Within { sessions, links } => {
                links.notify(Notice::Restart);
                // The machine may be going down, and nobody else will remember.
                sessions.save_all().await;
                sessions.end_all(on_exit).await;
                links.disconnect_all();
                if on_exit == OnExit::Keep {
                    sessions.leave().await;
                }
            }
            Place::Apart(gateway) => {
                gateway.begin_to_end();
                let told = timeout(ENDS_WITHIN, self.take_leave(on_exit)).await;
                if let Err(failure) = told.unwrap_or_else(|_| Err(Failure::unreachable())) {
                    tracing::warn!(%failure, "the keeper was not told of the end");
                }
                gateway.close_links();
            }
        }
    }

    /// Tells the keeper, and whoever ends the server what runs on.
    async fn take_leave(&self, on_exit: OnExit) -> Result<(), Failure> {
        self.done(Request::Notify(Notice::Restart)).await?;
        if on_exit == OnExit::End {
            self.done(Request::End(on_exit)).await?;
            return self.done(Request::Stop).await;
        }
        let sessions = self.list().await?;
        let running = sessions.iter().filter(|session| !session.state.has_ended());
        let running = running.count();
        if running > 0 {
            tracing::info!(
                running,
                "sessions run on in the keeper: `bowline sessions` lists them"
            );
        }
        Ok(())
    }

    /// Kills what would end with this process anyway, without waiting or asking.
    pub fn kill_now(&self) {
        if let Place::Within { sessions, .. } = &self.0 {
            sessions.kill_now();
        }
    }
}

/// Carries out one request of a link by polling where the links are.
pub(crate) async fn carry_exchange(
    links: &Links,
    exchange: Exchange,
    batch: Bytes,
) -> Result<Bytes, LinkError> {
    let transport = links.http(exchange.client, exchange.generation)?;
    match exchange.lane {
        Lane::Send => transport.send(exchange.seq, batch, exchange.hold).await,
        Lane::Poll => transport.poll(exchange.seq, batch, exchange.hold).await,
    }
}

/// Why a transport has nothing more to say.
pub(crate) async fn why_closed(transport: &Transport) -> LinkError {
    // Asking it to take something tells.
    match transport.receive(Bytes::new()).await {
        Ok(()) => LinkError::Closed,
        Err(error) => error,
    }
}

/// Both halves of a link that sessions apart carry.
pub(crate) fn link_apart(upward: Upward, downward: Downward) -> (LinkIn, LinkOut) {
    (LinkIn(In::Apart(upward)), LinkOut(Out::Apart(downward)))
}

/// What a page says.
#[derive(Debug)]
pub struct LinkIn(In);

#[derive(Debug)]
enum In {
    Within(Arc<Transport>),
    Apart(Upward),
}

impl LinkIn {
    /// Carries out every frame of a batch.
    ///
    /// # Errors
    /// Any [`LinkError`]: the socket is to be closed. Sessions live.
    pub async fn receive(&mut self, batch: Bytes) -> Result<(), LinkError> {
        match &mut self.0 {
            In::Within(transport) => transport.receive(batch).await,
            In::Apart(upward) => upward.receive(batch).await,
        }
    }
}

/// What a page is told.
#[derive(Debug)]
pub struct LinkOut(Out);

#[derive(Debug)]
enum Out {
    Within(Arc<Transport>),
    Apart(Downward),
}

impl LinkOut {
    /// The next batch to send; ask again when it is sent.
    ///
    /// # Errors
    /// Why the socket is to be closed. Sessions live.
    pub async fn next_batch(&mut self) -> Result<Bytes, LinkError> {
        match &mut self.0 {
            Out::Within(transport) => match transport.next_batch().await {
                Some(batch) => Ok(batch),
                None => Err(why_closed(transport).await),
            },
            Out::Apart(downward) => downward.next_batch().await,
        }
    }
}
