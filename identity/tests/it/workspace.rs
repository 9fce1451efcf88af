//! A Databricks workspace on loopback: people, their tokens with an end, revoked when they are revoked, a service
//! principal, and an app that somebody made. What the real one refuses is refused. The server's tests use it too.

#![allow(dead_code, reason = "each of those who use it needs another part")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// `principal:its-secret`, as HTTP Basic writes it.
const BASIC: &str = "Basic cHJpbmNpcGFsOml0cy1zZWNyZXQ=";

/// What the double does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// 500.
    Broken,
    /// 429, with Retry-After.
    TooMany,
    /// Half of the answer.
    Truncated,
    /// Sends elsewhere.
    Redirect,
    /// Tokens may not be made.
    NoTokens,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) who: String,
    pub(crate) id: String,
    until: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct State_ {
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) fault: Fault,
    pub(crate) minted: usize,
    pub(crate) revoked: Vec<String>,
    /// Requests with a token that opens nothing.
    pub(crate) strangers: usize,
    /// Who made the app `our app`.
    pub(crate) creator: String,
    /// Where else tokens are said to be had.
    pub(crate) elsewhere: Option<String>,
    /// Secrets that came for a token.
    pub(crate) exchanged: usize,
    /// So many of these meet an error first.
    pub(crate) failures: usize,
}

/// The double.
#[derive(Clone)]
pub(crate) struct Double {
    pub(crate) root: String,
    state: Arc<Mutex<State_>>,
    _serving: Arc<AbortOnDropHandle<()>>,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}/", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State_::default()));
        let shared = (root.clone(), state.clone());
        let router = Router::new()
            .route("/api/2.0/preview/scim/v2/Me", get(me))
            .route("/api/2.0/token/create", post(create))
            .route("/api/2.0/token/delete", post(delete))
            .route(
                "/oidc/.well-known/oauth-authorization-server",
                get(discovery),
            )
            .route("/oidc/v1/token", post(exchange))
            .route("/api/2.0/apps/{name}", get(app))
            .with_state(shared);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            root,
            state,
            _serving: Arc::new(AbortOnDropHandle::new(serving)),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State_> {
        self.state.lock().unwrap()
    }

    /// A token that somebody made by hand.
    pub(crate) fn give(&self, token: &str, who: &str) {
        let made = Token {
            who: who.to_owned(),
            id: format!("id-of-{token}"),
            until: None,
        };
        self.state().tokens.insert(token.to_owned(), made);
    }

    /// Whether a token opens anything.
    pub(crate) fn is_good(&self, token: &str) -> bool {
        self.state().who(token).is_some()
    }
}

impl State_ {
    fn who(&self, token: &str) -> Option<&Token> {
        let found = self.tokens.get(token)?;
        found
            .until
            .is_none_or(|until| until > Instant::now())
            .then_some(found)
    }
}

type Shared = State<(String, Arc<Mutex<State_>>)>;

/// Who asks; by a token that is good.
fn asks(state: &mut State_, headers: &HeaderMap) -> Result<Token, Response> {
    match state.fault {
        Fault::Broken => return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Fault::TooMany => {
            return Err((StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response());
        }
        Fault::Truncated => return Err("{\"token_va".into_response()),
        Fault::Redirect => {
            let elsewhere = [("location", "http://127.0.0.1:1/")];
            return Err((StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response());
        }
        Fault::None | Fault::NoTokens => {}
    }
    let shown = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
    match shown.and_then(|token| state.who(token)).cloned() {
        Some(token) => Ok(token),
        None => {
            state.strangers += 1;
            let error =
                json!({ "error_code": "PERMISSION_DENIED", "message": "Invalid access token." });
            Err((StatusCode::FORBIDDEN, Json(error)).into_response())
        }
    }
}

async fn me(State((_, state)): Shared, headers: HeaderMap) -> Response {
    match asks(&mut state.lock().unwrap(), &headers) {
        Ok(token) => Json(json!({ "userName": token.who, "displayName": "Ana", "active": true }))
            .into_response(),
        Err(refused) => refused,
    }
}

fn body(headers: &HeaderMap, bytes: &Bytes) -> Result<Value, Response> {
    let is_json = headers["content-type"] == "application/json";
    let value = serde_json::from_slice(bytes).ok().filter(|_| is_json);
    value.ok_or_else(|| StatusCode::BAD_REQUEST.into_response())
}

fn create_token(state: &mut State_, who: &str, life: Duration) -> Value {
    state.minted += 1;
    let (id, token) = (
        format!("id-{}", state.minted),
        format!("dapi-{}", state.minted),
    );
    let made = Token {
        who: who.to_owned(),
        id: id.clone(),
        until: Some(Instant::now() + life),
    };
    state.tokens.insert(token.clone(), made);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let info = json!({
        "token_id": id,
        "creation_time": now as u64,
        "expiry_time": (now + life.as_millis()) as u64,
        "comment": "…",
    });
    json!({ "token_value": token, "token_info": info })
}

async fn create(State((_, state)): Shared, headers: HeaderMap, bytes: Bytes) -> Response {
    let mut state = state.lock().unwrap();
    let token = match asks(&mut state, &headers) {
        Ok(token) => token,
        Err(refused) => return refused,
    };
    if state.fault == Fault::NoTokens {
        return StatusCode::FORBIDDEN.into_response();
    }
    let body = match body(&headers, &bytes) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Some(life) = body["lifetime_seconds"].as_u64().filter(|life| *life > 0) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    Json(create_token(
        &mut state,
        &token.who,
        Duration::from_secs(life),
    ))
    .into_response()
}

async fn delete(State((_, state)): Shared, headers: HeaderMap, bytes: Bytes) -> Response {
    let mut state = state.lock().unwrap();
    if let Err(refused) = asks(&mut state, &headers) {
        return refused;
    }
    let body = match body(&headers, &bytes) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let id = body["token_id"].as_str().unwrap_or_default().to_owned();
    let before = state.tokens.len();
    state.tokens.retain(|_, token| token.id != id);
    if state.tokens.len() == before {
        return StatusCode::NOT_FOUND.into_response();
    }
    state.revoked.push(id);
    Json(json!({})).into_response()
}

async fn discovery(State((root, state)): Shared) -> Response {
    let root = state.lock().unwrap().elsewhere.clone().unwrap_or(root);
    Json(json!({ "issuer": root, "token_endpoint": format!("{root}oidc/v1/token") }))
        .into_response()
}

async fn exchange(State((_, state)): Shared, headers: HeaderMap, bytes: Bytes) -> Response {
    let mut state = state.lock().unwrap();
    state.exchanged += 1;
    if state.exchanged <= state.failures || state.fault == Fault::Broken {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let is_form = headers["content-type"] == "application/x-www-form-urlencoded";
    if !is_form || bytes.as_ref() != b"grant_type=client_credentials&scope=all-apis" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if headers["authorization"] != BASIC {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let life = Duration::from_secs(3600);
    let made = create_token(&mut state, "principal", life);
    let granted =
        json!({ "access_token": made["token_value"], "token_type": "Bearer", "expires_in": 3600 });
    Json(granted).into_response()
}

async fn app(State((_, state)): Shared, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let mut state = state.lock().unwrap();
    match asks(&mut state, &headers) {
        Err(refused) => refused,
        Ok(token) if token.who != "principal" => StatusCode::FORBIDDEN.into_response(),
        Ok(_) if name != "our app" => StatusCode::NOT_FOUND.into_response(),
        Ok(_) => Json(json!({ "name": name, "creator": state.creator })).into_response(),
    }
}
