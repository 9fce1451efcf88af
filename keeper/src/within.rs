//! The keeper's socket, served by a process that keeps its sessions itself: visitors find them in both
//! arrangements by the same way.

use std::path::Path;
use std::sync::Arc;

use bowline_protocol::ids::ServerId;
use bowline_terminal::{Links, Sessions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::ask::{Failure, Reason};
use crate::frame::VERSIONS;
use crate::process::{Held, KeeperError};
use crate::program::Program;
use crate::service::{Command, Service, Traffic};

/// A socket that is served until this is closed or dropped.
#[derive(Debug)]
pub struct Within {
    task: JoinHandle<()>,
}

impl Within {
    /// Serves the sessions and links of this process. Needs a tokio runtime.
    ///
    /// # Errors
    /// A keeper has the folder, or its files can't be used.
    pub fn serve(
        state_dir: &Path,
        sessions: Sessions,
        links: Links,
        server: ServerId,
    ) -> Result<Self, KeeperError> {
        let held = Held::take(state_dir)?;
        let (commands, mut commanded) = mpsc::channel(16);
        let service = Arc::new(Service {
            sessions,
            links,
            server,
            program: Program::own()?.identity().to_owned(),
            versions: VERSIONS.to_vec(),
            commands,
            traffic: Traffic::default(),
        });
        let task = tokio::spawn(async move {
            let answering = async {
                while let Some(command) = commanded.recv().await {
                    // A server ends by signals, and becomes nothing else.
                    if let Command::Become(_, refused) = command {
                        let why = "these sessions are kept by a server, and end with it";
                        let _ = refused.send(Failure::new(Reason::Other, why));
                    }
                }
            };
            tokio::select! {
                () = service.clone().accept(&held.listener) => {}
                () = answering => {}
            }
        });
        Ok(Self { task })
    }

    /// Gives the socket up: when it returns, another process may have it.
    pub async fn close(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.task.abort();
    }
}
