//! An OpenID Connect provider for tests, which says of whoever signs in what a test wants, rightly signed or not. It holds
//! Bowline to PKCE and to codes that are good once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

pub(crate) const CLIENT: &str = "bowline";

/// Who signs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// The provider, by its key.
    Rightly,
    /// Somebody else, who calls their key by the same name.
    Falsely,
    /// The provider, by a key that it has since a moment ago.
    Newly,
    /// By a key that it never has.
    Unknown,
    /// Nobody: `alg: none`.
    Not,
}

/// What the provider answers for a code.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) claims: Value,
    pub(crate) signed: Signed,
    /// What it says when it is asked for more.
    pub(crate) more: Value,
    /// Instead of tokens.
    pub(crate) body: Option<(StatusCode, String)>,
}

/// What Bowline asked for when it sent the browser to the provider.
#[derive(Debug, Clone)]
pub(crate) struct Asked(HashMap<String, String>);

impl Asked {
    /// Reads where a browser was sent.
    pub(crate) fn from(location: &str) -> Self {
        let url = Url::parse(location).unwrap();
        Self(url.query_pairs().into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Kept {
    /// Codes that are good, with the challenge that they were asked for with.
    codes: HashMap<String, (Answer, String, String)>,
    /// What is said of who shows an access token.
    more: HashMap<String, Value>,
    count: usize,
    has_new_key: bool,
    /// How often its keys were asked for.
    asked_for_keys: usize,
}

/// A provider that runs.
pub(crate) struct Provider {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    _running: AbortOnDropHandle<()>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn listen(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let kept = Arc::<Mutex<Kept>>::default();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state((address, kept.clone()));
        let running = async move {
            axum::serve(listener, router).await.unwrap();
        };
        Self {
            address,
            kept,
            _running: AbortOnDropHandle::new(tokio::spawn(running)),
        }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Arguments that make a server send people here.
    pub(crate) fn arguments(&self) -> String {
        format!(
            "--auth oidc --oidc-issuer {} --oidc-client-id {CLIENT}",
            self.issuer()
        )
    }

    /// A right answer about somebody.
    pub(crate) fn answer(&self, asked: &Asked, who: &Value) -> Answer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut claims = json!({
            "iss": self.issuer(),
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": now.as_secs(),
            "exp": now.as_secs() + 300,
            "nonce": asked.get("nonce"),
        });
        merge(&mut claims, who);
        Answer {
            claims,
            signed: Signed::Rightly,
            more: json!({"sub": "subject-1"}),
            body: None,
        }
    }

    /// How often its keys were asked for.
    pub(crate) fn asked_for_keys(&self) -> usize {
        self.kept.lock().unwrap().asked_for_keys
    }

    /// A code for an answer.
    pub(crate) fn grant(&self, asked: &Asked, answer: Answer) -> String {
        assert_eq!(asked.get("client_id"), CLIENT);
        assert_eq!(asked.get("response_type"), "code");
        assert_eq!(asked.get("code_challenge_method"), "S256");
        let mut kept = self.kept.lock().unwrap();
        kept.count += 1;
        let code = format!("code-{}", kept.count);
        let challenge = asked.get("code_challenge").to_owned();
        let redirect = asked.get("redirect_uri").to_owned();
        kept.codes
            .insert(code.clone(), (answer, challenge, redirect));
        code
    }
}

/// Puts what another object has over what is there; null takes it away.
pub(crate) fn merge(into: &mut Value, other: &Value) {
    let into = into.as_object_mut().unwrap();
    for (name, value) in other.as_object().unwrap() {
        match value {
            Value::Null => into.remove(name),
            value => into.insert(name.clone(), value.clone()),
        };
    }
}

type Shared = State<(SocketAddr, Arc<Mutex<Kept>>)>;

async fn discovery(State((address, _)): Shared) -> Json<Value> {
    let issuer = format!("http://{address}");
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "none"],
    }))
}

async fn keys(State((_, kept)): Shared) -> Json<Value> {
    let mut keys = vec![key(1, "key").as_verification_key()];
    let mut kept = kept.lock().unwrap();
    kept.asked_for_keys += 1;
    if kept.has_new_key {
        keys.push(key(2, "new-key").as_verification_key());
    }
    Json(json!({"keys": keys}))
}

async fn token(State((_, kept)): Shared, body: Bytes) -> Response {
    let form = url::form_urlencoded::parse(&body).into_owned();
    let form: HashMap<String, String> = form.collect();
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let mut kept = kept.lock().unwrap();
    let known = kept.codes.remove(get("code"));
    let known = known.filter(|(_, challenge, redirect)| {
        let verifier = Sha256::digest(get("code_verifier").as_bytes());
        base64url(&verifier) == *challenge
            && get("redirect_uri") == redirect
            && get("client_id") == CLIENT
    });
    let Some((answer, ..)) = known else {
        let said = json!({"error": "invalid_grant", "error_description": "this code is not good"});
        return (StatusCode::BAD_REQUEST, Json(said)).into_response();
    };
    if let Some((status, body)) = answer.body {
        return (status, [("content-type", "application/json")], body).into_response();
    }
    let access = format!("access-{}", kept.count);
    kept.more.insert(access.clone(), answer.more);
    kept.has_new_key |= answer.signed == Signed::Newly;
    let tokens = json!({
        "access_token": access,
        "token_type": "Bearer",
        "id_token": signed(&answer.claims, answer.signed),
    });
    Json(tokens).into_response()
}

async fn userinfo(State((_, kept)): Shared, headers: HeaderMap) -> Response {
    let shown = headers["authorization"].to_str().unwrap();
    let kept = kept.lock().unwrap();
    match kept.more.get(shown.strip_prefix("Bearer ").unwrap()) {
        Some(more) => Json(more.clone()).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// A key of Ed25519, whose private part is so many times the same byte.
fn key(byte: u8, name: &str) -> CoreEdDsaPrivateSigningKey {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    der.extend([byte; 32]);
    let text = base64url(&der).replace('-', "+").replace('_', "/");
    // 48 bytes need no padding.
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let name = JsonWebKeyId::new(name.to_owned());
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(name)).unwrap()
}

fn signed(claims: &Value, signed: Signed) -> String {
    let (byte, name) = match signed {
        Signed::Rightly => (1, "key"),
        Signed::Falsely => (3, "key"),
        Signed::Newly => (2, "new-key"),
        Signed::Unknown => (3, "unknown-key"),
        Signed::Not => {
            let header = base64url(br#"{"alg":"none"}"#);
            return format!("{header}.{}.", base64url(claims.to_string().as_bytes()));
        }
    };
    let header = json!({"alg": "EdDSA", "kid": name}).to_string();
    let [header, claims] = [header, claims.to_string()].map(|part| base64url(part.as_bytes()));
    let message = format!("{header}.{claims}");
    let signature = key(byte, name).sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes());
    format!("{message}.{}", base64url(&signature.unwrap()))
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let number = part
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let number = number << (8 * (3 - part.len()));
        for at in 0..=part.len() {
            let letter = number >> (18 - 6 * at) & 63;
            text.push(char::from(LETTERS[letter as usize]));
        }
    }
    text
}
