//! Logging in and out. The gate decides; here the answer is written.

#![allow(
    missing_docs,
    reason = "the macro makes structs of the arguments, and their fields cannot be documented"
)]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::client::PageClient;
use crate::error::AppError;

/// The answer of `POST /api/login`; the cookie rides beside it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginReply {
    /// The page's secret, sent with every request that the cookie authenticates.
    pub proof: String,
}

/// The answer of `POST /api/logout`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutReply {
    /// Where to end the sign-in at another site as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
}

/// Trades the one-time code or the access token for a cookie and a proof.
#[server(endpoint = "login", input = Json, output = Json, client = PageClient)]
pub async fn login(code: Option<String>, token: Option<String>) -> Result<LoginReply, AppError> {
    use crate::context::{AppContext, Secret};

    let secret = match (code, token) {
        (Some(code), None) => Secret::Code(code),
        (None, Some(token)) => Secret::Token(token),
        _ => return Err(AppError::malformed("give either a code or a token")),
    };
    let gate = AppContext::current()?.gate;
    let login = gate.login(&secret, &server::request()?)?;
    server::set_cookie(&login.cookie)?;
    Ok(LoginReply { proof: login.proof })
}

/// Ends the login that the request came with; its links are closed.
#[server(endpoint = "logout", input = Json, output = Json, client = PageClient)]
pub async fn logout() -> Result<LogoutReply, AppError> {
    let gate = crate::context::AppContext::current()?.gate;
    let left = gate.logout(&server::request()?)?;
    server::set_cookie(&left.cookie)?;
    Ok(LogoutReply {
        elsewhere: left.elsewhere,
    })
}

#[cfg(feature = "ssr")]
pub(super) mod server {
    use http::header::{HeaderValue, SET_COOKIE};
    use http::request::Parts;
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    use crate::error::{AppError, ErrorCode};

    fn missing() -> AppError {
        AppError::new(
            ErrorCode::Internal,
            "the server function runs without its request",
        )
    }

    pub(in crate::functions) fn request() -> Result<Parts, AppError> {
        use_context().ok_or_else(missing)
    }

    pub(in crate::functions) fn set_cookie(cookie: &str) -> Result<(), AppError> {
        let response: ResponseOptions = use_context().ok_or_else(missing)?;
        let cookie = HeaderValue::from_str(cookie)
            .map_err(|_| AppError::new(ErrorCode::Internal, "the cookie is not a header value"))?;
        response.append_header(SET_COOKIE, cookie);
        Ok(())
    }
}
