//! A Databricks workspace by its HTTP API, as far as credentials are concerned: who somebody is, tokens minted and
//! revoked, a service principal's secret exchanged for a token, who made an app. One request each, nothing is tried again
//! and nothing remembered. A secret goes to the workspace alone.

use std::time::Duration;

use bowline_outward as outward;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::rotation::{Failure, TokenId};
use crate::secret::Secret;

/// What the tokens are marked with that are minted here.
const COMMENT: &str = "bowline, rotated by itself";

/// What came of a request. Names nobody, and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace could not be asked, or said no.
    #[error("{what}: {source}")]
    Asking {
        /// What for.
        what: &'static str,
        /// What came of it.
        source: outward::Error,
    },
    /// The secret would have gone elsewhere.
    #[error("the workspace names another host as the place to get tokens")]
    Elsewhere,
    /// A token that can't stand in a header.
    #[error("the workspace answered a token that is none")]
    NoToken,
}

impl Error {
    /// What it means for a credential.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Asking {
                source: outward::Error::Status(status),
                ..
            } => match *status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Refused,
                // The workspace's administrators have turned tokens off, or there are too many.
                StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Failure::Forbidden,
                _ => Failure::Passing,
            },
            Self::Asking {
                source: outward::Error::Later { after, .. },
                ..
            } => Failure::Later(*after),
            _ => Failure::Passing,
        }
    }
}

/// Who somebody is to the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// An email address; of a service principal, its id.
    #[serde(rename = "userName")]
    pub user_name: String,
    /// For people.
    #[serde(rename = "displayName", default)]
    pub display_name: Option<String>,
}

/// A token that was minted.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The token.
    pub token: Secret,
    /// What it is revoked by; none for what ends by itself only.
    pub id: Option<TokenId>,
    /// How long it is good from when it was asked for.
    pub life: Duration,
}

/// A service principal's way in.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

/// The workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    client: Client,
    root: Url,
}

#[derive(Serialize)]
struct Mint {
    lifetime_seconds: u64,
    comment: &'static str,
}

#[derive(Deserialize)]
struct MintReply {
    token_value: Secret,
    token_info: TokenInfo,
}

#[derive(Deserialize)]
struct TokenInfo {
    token_id: TokenId,
    creation_time: Option<u64>,
    expiry_time: Option<u64>,
}

#[derive(Serialize)]
struct Revoke<'a> {
    token_id: &'a TokenId,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct AuthorizationServer {
    token_endpoint: Url,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: u64,
}

#[derive(Deserialize)]
struct App {
    creator: String,
}

async fn ask<T: serde::de::DeserializeOwned>(
    what: &'static str,
    request: RequestBuilder,
) -> Result<T, Error> {
    let asked = outward::json(request).await;
    asked.map_err(|source| Error::Asking { what, source })
}

impl Workspace {
    /// The workspace at a root, asked by `client`.
    pub fn new(client: Client, root: Url) -> Self {
        Self { client, root }
    }

    /// Its root.
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// Whose a token is. Asked plainly: a library would show what else it finds if this one is dead.
    pub async fn me(&self, token: &Secret) -> Result<Person, Error> {
        let place = self.at(&["api", "2.0", "preview", "scim", "v2", "Me"]);
        let request = self.client.get(place).bearer_auth(token.expose());
        ask("asking whose the token is", request).await
    }

    /// Mints a token for whoever `by` is.
    pub async fn mint(&self, by: &Secret, life: Duration) -> Result<Minted, Error> {
        let place = self.at(&["api", "2.0", "token", "create"]);
        let body = Mint {
            lifetime_seconds: life.as_secs(),
            comment: COMMENT,
        };
        let request = self.client.post(place).bearer_auth(by.expose()).json(&body);
        let reply: MintReply = ask("minting a token", request).await?;
        let info = reply.token_info;
        // By the workspace's own clock, whatever ours says.
        let given = info.expiry_time.zip(info.creation_time);
        let given = given.and_then(|(end, begin)| end.checked_sub(begin));
        Ok(Minted {
            token: Secret::new(reply.token_value.expose()).ok_or(Error::NoToken)?,
            id: Some(info.token_id),
            life: given.map_or(life, Duration::from_millis).min(life),
        })
    }

    /// Revokes a token. One that is gone already is fine.
    pub async fn revoke(&self, by: &Secret, id: &TokenId) -> Result<(), Error> {
        let place = self.at(&["api", "2.0", "token", "delete"]);
        let body = Revoke { token_id: id };
        let request = self.client.post(place).bearer_auth(by.expose()).json(&body);
        match ask("revoking a token", request).await {
            Ok(Nothing {}) => Ok(()),
            Err(Error::Asking {
                source: outward::Error::Status(StatusCode::NOT_FOUND),
                ..
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A token for a service principal.
    pub async fn exchange(&self, principal: &Principal) -> Result<Minted, Error> {
        let place = self.at(&["oidc", ".well-known", "oauth-authorization-server"]);
        let what = "finding where the workspace gives tokens";
        let server: AuthorizationServer = ask(what, self.client.get(place)).await?;
        if server.token_endpoint.origin() != self.root.origin() {
            return Err(Error::Elsewhere);
        }
        let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
        let request = self.client.post(server.token_endpoint);
        let request = request.basic_auth(&principal.id, Some(principal.secret.expose()));
        let what = "getting a token for the service principal";
        let granted: Granted = ask(what, request.form(&form)).await?;
        Ok(Minted {
            token: Secret::new(granted.access_token.expose()).ok_or(Error::NoToken)?,
            id: None,
            life: Duration::from_secs(granted.expires_in),
        })
    }

    /// Who made an app.
    pub async fn creator(&self, by: &Secret, app: &str) -> Result<String, Error> {
        let place = self.at(&["api", "2.0", "apps", app]);
        let request = self.client.get(place).bearer_auth(by.expose());
        let app: App = ask("asking the apps api who made the app", request).await?;
        Ok(app.creator)
    }

    /// A place in the workspace, each segment escaped.
    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}
