//! The way to sessions for a program that looks in from another terminal: whoever serves the socket of a state
//! folder is asked, a keeper or a server that keeps its sessions itself. It starts nothing and looks for nobody.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bowline_protocol::ids::{ClientId, Generation, SessionId};
use bowline_terminal::{LinkError, SessionInfo};
use bytes::Bytes;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ask::{Answer, Failure, Request};
use crate::frame::FromKeeper;
use crate::gateway::{Found, ask, greeted, open_link, read_answer};
use crate::host::{LinkIn, LinkOut, link_apart};
use crate::launch::is_absent;

/// How long an answer may take: as long as programs may take to end, and an upgrade.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why sessions could not be asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// Neither a keeper nor a server is there.
    #[error("nobody keeps sessions there: no server and no keeper answers at {0}")]
    Nobody(String),
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The connection failed otherwise, or no version is spoken by both.
    #[error("cannot ask for the sessions: {0}")]
    Io(#[from] io::Error),
}

/// Who keeps sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Its process.
    pub pid: u32,
    /// Which program it runs: see [`crate::program::Program::identity`].
    pub program: String,
}

impl Who {
    /// The program's version.
    pub fn version(&self) -> &str {
        self.program.split(' ').next().unwrap_or_default()
    }
}

/// Sessions seen from outside. Every question has a connection of its own.
#[derive(Debug, Clone)]
pub struct Visit {
    socket: PathBuf,
}

impl Visit {
    /// By the socket that [`crate::place::keeper_socket`] names.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Who answers there.
    ///
    /// # Errors
    /// Nobody is there, or answers.
    pub async fn who(&self) -> Result<Who, VisitError> {
        match greeted(&self.socket).await {
            Ok((_, Found { pid, program })) => Ok(Who { pid, program }),
            Err(error) if is_absent(&error) => {
                Err(VisitError::Nobody(self.socket.display().to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All sessions that run or ended lately, oldest first.
    ///
    /// # Errors
    /// Nobody is there, or answers.
    pub async fn list(&self) -> Result<Vec<SessionInfo>, VisitError> {
        match self.ask(&Request::List).await? {
            Answer::Listed(listed) => Ok(listed),
            _ => Err(Failure::strange().into()),
        }
    }

    /// Ends a session with all its processes, or forgets one that has ended.
    ///
    /// # Errors
    /// There is no such session, or nobody answers.
    pub async fn close(&self, session: SessionId) -> Result<(), VisitError> {
        self.ask(&Request::Close(session)).await.map(drop)
    }

    /// Ends the keeper with all its sessions; when it returns, it is gone.
    ///
    /// # Errors
    /// Nobody is there, or it doesn't end. A server that keeps its sessions itself ends by signals alone.
    pub async fn stop(&self) -> Result<(), VisitError> {
        let stopping = async {
            let (mut connection, _) = greeted(&self.socket).await?;
            ask(&mut connection.writer, 1, &Request::Stop, Bytes::new()).await?;
            while connection.reader.next::<FromKeeper>().await?.is_some() {}
            Ok(())
        };
        let stopped = timeout(PATIENCE, stopping).await;
        stopped.unwrap_or_else(|_| Err(Failure::unreachable().into()))
    }

    /// A link's socket, as a page has one through its server.
    ///
    /// # Errors
    /// [`LinkError::Unreachable`]. Other reasons come from the half that is read.
    pub async fn link(
        &self,
        client: ClientId,
        generation: Generation,
    ) -> Result<(LinkIn, LinkOut), LinkError> {
        let never = CancellationToken::new();
        let (upward, downward) = open_link(&self.socket, client, generation, &never).await?;
        Ok(link_apart(upward, downward))
    }

    async fn ask(&self, request: &Request) -> Result<Answer, VisitError> {
        let answered = timeout(PATIENCE, self.try_ask(request)).await;
        match answered {
            Ok(Err(VisitError::Io(error))) if is_absent(&error) => {
                Err(VisitError::Nobody(self.socket.display().to_string()))
            }
            Ok(answered) => answered,
            Err(_) => Err(Failure::unreachable().into()),
        }
    }

    async fn try_ask(&self, request: &Request) -> Result<Answer, VisitError> {
        let (mut connection, _) = greeted(&self.socket).await?;
        ask(&mut connection.writer, 1, request, Bytes::new()).await?;
        loop {
            let framed = connection.reader.next::<FromKeeper>().await?;
            let framed = framed.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
            if let FromKeeper::Answer { head, .. } = framed.frame {
                return Ok(read_answer(framed.payload, head)?.0);
            }
        }
    }
}
