//! Where a service principal gets tokens for its secret, and how clients find that.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use url::form_urlencoded;

use crate::answer::{Answer, Refusal, is_type};
use crate::world::Kind;
use crate::{Shared, lock};

/// How long such a token is good.
const LIFE: Duration = Duration::from_secs(3600);
/// What it opens.
const SCOPE: &str = "all-apis";

/// `GET /.well-known/databricks-config`
pub(crate) async fn host(State(shared): State<Shared>) -> Answer {
    let world = lock(&shared);
    let oidc = format!("{}oidc", world.elsewhere.as_ref().unwrap_or(&world.root));
    Ok(Json(json!({
        "oidc_endpoint": oidc,
        "account_id": "a3b0d9c6-5f0f-4c2e-9a53-0d6f5f8f9d11",
        "workspace_id": "7474645572615955",
        "cloud": "AWS",
    })))
}

/// `GET /oidc/.well-known/oauth-authorization-server`
pub(crate) async fn discovery(State(shared): State<Shared>) -> Answer {
    let world = lock(&shared);
    let root = world.elsewhere.as_ref().unwrap_or(&world.root);
    Ok(Json(json!({
        "issuer": format!("{root}oidc"),
        "authorization_endpoint": format!("{root}oidc/v1/authorize"),
        "token_endpoint": format!("{root}oidc/v1/token"),
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "scopes_supported": [SCOPE, "email", "offline_access", "openid", "profile"],
    })))
}

/// What HTTP Basic says.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// `POST /oidc/v1/token`
pub(crate) async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let mut world = lock(&shared);
    world.exchanged += 1;
    let wrong =
        |error, description| Err(Refusal::oauth(StatusCode::BAD_REQUEST, error, description));
    if !is_type(&headers, "application/x-www-form-urlencoded") {
        return wrong("invalid_request", "the body must be a form");
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
    let said = |name: &str| {
        let found = pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    match said("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return wrong("unsupported_grant_type", "only client_credentials here"),
        None => return wrong("invalid_request", "grant_type is required"),
    }
    if said("scope") != Some(SCOPE) {
        return wrong("invalid_scope", "the scope is all-apis");
    }
    let by_form = || {
        Some((
            said("client_id")?.to_owned(),
            said("client_secret")?.to_owned(),
        ))
    };
    let known = basic(&headers)
        .or_else(by_form)
        .filter(|(id, secret)| world.principals.get(id) == Some(secret));
    let Some((id, _)) = known else {
        let description = "Client authentication failed";
        return Err(Refusal::oauth(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            description,
        ));
    };
    let (shown, _) = world.make(&id, Kind::OAuth, LIFE);
    Ok(Json(json!({
        "access_token": shown,
        "token_type": "Bearer",
        "scope": SCOPE,
        "expires_in": LIFE.as_secs(),
    })))
}
