//! What opens the workspace for files that are carried: the token in force, asked for anew at each request.

use std::path::PathBuf;
use std::sync::Arc;

use bowline_identity::secret::Secret;
use bowline_sync::store::{Bearer, Later};

use crate::control::{self, Of, Request};
use crate::vault::Vault;

/// Within the server.
pub(super) struct OfVault(pub(super) Arc<Vault>);

impl Bearer for OfVault {
    fn token(&self) -> Later<'_, Option<Secret>> {
        Box::pin(async move { Some(self.0.token_for(None).await.ok()?.token) })
    }
}

/// In a program of its own: the server is asked.
pub(super) struct OfServer {
    pub(super) socket: PathBuf,
    pub(super) session: Option<String>,
}

impl Bearer for OfServer {
    fn token(&self) -> Later<'_, Option<Secret>> {
        let request = Request::Token {
            token: Of::Databricks,
            session: self.session.clone(),
        };
        let socket = self.socket.clone();
        Box::pin(async move {
            let asked = move || control::ask(&socket, &request, control::PATIENCE);
            let answer = tokio::task::spawn_blocking(asked).await;
            Secret::new(&answer.ok()?.ok()?.token?)
        })
    }
}
