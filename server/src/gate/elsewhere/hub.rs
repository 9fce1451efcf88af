//! The JupyterHub that started this server, as the site at which people sign in. It says who somebody is and whether they
//! may use this server; the token by which it says so is kept in memory alone, and asked about again while its login lasts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::transactions::Transaction;
use super::{Problem, Shown};
use crate::config::Hub as Settings;
use crate::gate::identity::Identity;
use crate::outward;

/// How often the Hub is asked whether those who are signed in still may be.
pub(super) const CHECK_EVERY: Duration = Duration::from_secs(120);
/// How long a login lasts that can't be asked about, because the Hub doesn't answer: it may be restarted.
const DOUBT: Duration = Duration::from_secs(30 * 60);

/// The Hub.
pub(super) struct Hub {
    settings: Settings,
    client: Client,
    held: Mutex<HashMap<String, Held>>,
}

/// What a login is held by.
#[derive(Clone)]
struct Held {
    token: String,
    /// When the Hub last said that it is good.
    good: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// Whom a token stands for, and what it may do.
#[derive(Deserialize)]
struct Model {
    name: String,
    #[serde(default)]
    scopes: Vec<String>,
}

/// Who came, and what their login will be held by.
pub(super) struct Came {
    pub(super) who: Identity,
    pub(super) token: String,
}

impl Hub {
    pub(super) fn new(settings: Settings) -> Result<Self, outward::Error> {
        Ok(Self {
            settings,
            client: outward::client()?,
            held: Mutex::default(),
        })
    }

    /// Where to sign in. A path where the Hub is under the name by which the browser came.
    pub(super) fn address(&self, transaction: &Transaction) -> String {
        let verifier = PkceCodeVerifier::new(transaction.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.callback)
            .append_pair("state", &transaction.state)
            // Hubs before version 6 pass over it.
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method())
            .finish();
        format!("{}?{query}", self.settings.authorize)
    }

    /// Who may use this server of those the Hub knows by the code.
    pub(super) async fn came(
        &self,
        transaction: &Transaction,
        code: &str,
    ) -> Result<Came, Problem> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &*self.settings.client_id),
            ("client_secret", &self.settings.token),
            ("redirect_uri", &self.settings.callback),
            ("code_verifier", &transaction.verifier),
            ("code", code),
        ];
        let request = self.client.post(self.at("oauth2/token")).form(&form);
        let granted = outward::json::<Granted>(request).await;
        let token = granted.map_err(problem)?.access_token;
        let who = self.check(&token).await?;
        Ok(Came { who, token })
    }

    /// Keeps what a login is held by.
    pub(super) fn hold(&self, login: &str, token: String) {
        let good = Instant::now();
        self.lock().insert(login.to_owned(), Held { token, good });
    }

    /// Asks about every login that is there still; those that are over, with why.
    pub(super) async fn over(&self, is_there: impl Fn(&str) -> bool) -> Vec<(String, Problem)> {
        let held: Vec<_> = {
            let mut held = self.lock();
            held.retain(|login, _| is_there(login));
            held.iter()
                .map(|(id, held)| (id.clone(), held.clone()))
                .collect()
        };
        let mut over = Vec::new();
        for (login, held) in held {
            match self.check(&held.token).await {
                Ok(_) => {
                    if let Some(held) = self.lock().get_mut(&login) {
                        held.good = Instant::now();
                    }
                }
                Err(Problem::Unreachable(_) | Problem::Busy) if held.good.elapsed() < DOUBT => {}
                Err(problem) => over.push((login, problem)),
            }
        }
        over
    }

    /// Who a token stands for, if they may use this server.
    async fn check(&self, token: &str) -> Result<Identity, Problem> {
        let request = self.client.get(self.at("user")).bearer_auth(token);
        let model: Model = outward::json(request).await.map_err(problem)?;
        let who = Identity::new(&model.name).ok_or(Problem::Nameless)?;
        match self
            .settings
            .scopes
            .iter()
            .any(|scope| holds(&model.scopes, scope))
        {
            true => Ok(who),
            false => Err(Problem::NotOwner(who)),
        }
    }

    fn at(&self, path: &str) -> Url {
        self.settings
            .api
            .join(path)
            .expect("a relative path of ours")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a scope is among those held: it itself, or without what narrows it.
fn holds(held: &[String], scope: &str) -> bool {
    let wide = scope.split('!').next().unwrap_or(scope);
    held.iter().any(|held| held == scope || held == wide)
}

/// The Hub says no by these; anything else is the Hub's own trouble.
fn problem(error: outward::Error) -> Problem {
    match error {
        outward::Error::Status(
            status @ (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        ) => Problem::Denied(Shown::new(&format!("the hub answered {status}"))),
        error => Problem::unreachable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU16, Ordering};

    use axum::extract::State;
    use axum::http::StatusCode as Status;
    use axum::response::IntoResponse as _;
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use serde_json::json;
    use tokio::net::TcpListener;
    use tokio_util::task::AbortOnDropHandle;

    use super::super::transactions::{Back, Transactions};
    use super::*;

    const SCOPE: &str = "access:servers!server=ana/";

    /// A Hub that answers about every token with one status, and says that it holds `scope`.
    async fn hub(scope: &str, status: &Arc<AtomicU16>) -> (Hub, AbortOnDropHandle<()>) {
        let user = {
            let scope = scope.to_owned();
            async move |State(status): State<Arc<AtomicU16>>| {
                let status = Status::from_u16(status.load(Ordering::Relaxed)).unwrap();
                (status, Json(json!({"name": "ana", "scopes": [scope]}))).into_response()
            }
        };
        let token = async || Json(json!({"access_token": "a token"}));
        let router = Router::new()
            .route("/hub/api/user", get(user))
            .route("/hub/api/oauth2/token", post(token))
            .with_state(status.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}/hub/api/", listener.local_addr().unwrap());
        let api: Url = root.parse().unwrap();
        let settings = Settings {
            user: "ana".to_owned(),
            server_name: String::new(),
            activity: api.clone(),
            api,
            token: "of the server".to_owned(),
            client_id: "jupyterhub-user-ana".to_owned(),
            authorize: "/hub/api/oauth2/authorize".to_owned(),
            callback: "/user/ana/oauth_callback".to_owned(),
            scopes: vec![SCOPE.to_owned()],
            tell_every: Duration::from_secs(1),
        };
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Hub::new(settings).unwrap(), AbortOnDropHandle::new(serving))
    }

    fn says(status: u16) -> Arc<AtomicU16> {
        Arc::new(AtomicU16::new(status))
    }

    fn transaction() -> Transaction {
        Transactions::new().begin(Back::Page, std::time::SystemTime::now())
    }

    #[tokio::test]
    async fn who_holds_the_scope_of_this_server_comes_in() {
        for (scope, comes) in [
            (SCOPE, true),
            ("access:servers", true),
            ("access:servers!server=ana/other", false),
            ("access:servers!server=eve/", false),
            ("access:servers!user=eve", false),
            ("access", false),
            ("", false),
        ] {
            let (hub, _serving) = hub(scope, &says(200)).await;
            let came = hub.came(&transaction(), "code").await;
            assert_eq!(came.is_ok(), comes, "{scope}");
        }
    }

    #[tokio::test]
    async fn a_login_lasts_while_the_hub_says_so_or_says_nothing_for_a_while() {
        let status = says(200);
        let (hub, _serving) = hub(SCOPE, &status).await;
        hub.hold("login", "a token".to_owned());
        hub.hold("gone", "a token".to_owned());
        let is_there = |login: &str| login == "login";
        for (answer, lasts) in [(200, true), (500, true), (403, false), (401, false)] {
            status.store(answer, Ordering::Relaxed);
            let over = hub.over(is_there).await;
            assert_eq!(over.is_empty(), lasts, "{answer}");
        }
        assert_eq!(hub.lock().len(), 1, "what ended otherwise is forgotten");
        // In doubt for too long.
        let long_ago = Instant::now().checked_sub(DOUBT);
        if let Some(long_ago) = long_ago {
            hub.lock().get_mut("login").unwrap().good = long_ago;
            status.store(500, Ordering::Relaxed);
            assert_eq!(hub.over(is_there).await.len(), 1);
        }
    }

    #[tokio::test]
    async fn the_browser_is_sent_to_the_hub_under_its_own_name() {
        let (hub, _serving) = hub(SCOPE, &says(200)).await;
        let transaction = transaction();
        let address = hub.address(&transaction);
        assert!(
            address.starts_with("/hub/api/oauth2/authorize?response_type=code"),
            "{address}"
        );
        assert!(
            address.contains("redirect_uri=%2Fuser%2Fana%2Foauth_callback"),
            "{address}"
        );
        assert!(address.contains(&transaction.state) && !address.contains(&transaction.verifier));
    }
}
