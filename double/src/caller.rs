//! Who asks: by a token that is good, or not at all.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use crate::answer::Refusal;
use crate::world::{Kind, Token};
use crate::{Shared, lock};

/// The token that a request shows.
pub(crate) fn shown(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Token);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refusal> {
        let mut world = lock(shared);
        let shown = shown(&parts.headers);
        if let Some(token) = shown.and_then(|token| world.who(token)) {
            return Ok(Self(token.clone()));
        }
        world.strangers += 1;
        // Of a token that was one, the real one says more only if it came by OAuth.
        let was = shown.and_then(|token| world.tokens.get(token));
        Err(match (shown, was) {
            (None, _) => {
                let message = "Credential was not sent or was of an unsupported type for this API.";
                Refusal::new(StatusCode::UNAUTHORIZED, 401, message)
            }
            (
                Some(_),
                Some(Token {
                    kind: Kind::OAuth, ..
                }),
            ) => Refusal::new(StatusCode::UNAUTHORIZED, 401, "Token is expired"),
            (Some(_), _) => Refusal::new(StatusCode::FORBIDDEN, 403, "Invalid access token."),
        })
    }
}
