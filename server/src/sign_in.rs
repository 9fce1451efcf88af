//! The routes of signing in at another site: where it begins, and where it ends. The gate decides; here a browser is led
//! and answered.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{HeaderName, LOCATION, SET_COOKIE};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::sign_in::{SignIn, WINDOW};

use crate::gate::elsewhere::{Back, Begin, Returned};
use crate::gate::{Access, Asked};
use crate::router::{Shared, not_found};
use crate::{answer, signed_in};

/// What of the query asks the other site to ask again who it is.
const AFRESH: &str = "afresh=1";
/// What a browser does with the answer.
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Ways on for who wasn't let in.
const AGAIN: &str = "<p><a href=\"login\">Sign in</a></p>";
const AS_ANOTHER: &str = "<p><a href=\"login?afresh=1\">Sign in as somebody else</a></p>";

/// Begins it; behind a proxy, which asked who comes on the way here, it has ended with that.
pub(crate) async fn begin(State(shared): State<Shared>, request: Request) -> Response {
    let to_page = || (StatusCode::SEE_OTHER, [(LOCATION, "../")]).into_response();
    if shared.gate.sign_in() == SignIn::Secret {
        return to_page();
    }
    let query = request.uri().query().unwrap_or_default();
    let has = |asked: &str| query.split('&').any(|pair| pair == asked);
    let back = match has(WINDOW) {
        true => Back::Window,
        false => Back::Page,
    };
    let how = match has(AFRESH) {
        true => Begin::Afresh,
        false => Begin::Usual,
    };
    let asked = Asked::new(request.headers(), request.extensions());
    // A page that only asks must not begin what another window of the browser is about to end.
    let goes_there = request.headers().get(MODE);
    let is_script = goes_there.is_some_and(|mode| mode != HeaderValue::from_static("navigate"));
    if is_script && shared.gate.offers_login() {
        let message = "signing in takes a window of the browser";
        return answer::json(&AppError::new(ErrorCode::Unauthenticated, message));
    }
    match shared.gate.begin(asked, how, back).await {
        Some(Ok(begun)) => {
            let headers = [
                (LOCATION, begun.url),
                (SET_COOKIE, begun.cookie),
                (signed_in::OPENER, "unsafe-none".to_owned()),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Some(Err(error)) => answer::page_with(&error, AGAIN),
        None => match shared.gate.admit(Access::Page, asked) {
            Ok(pass) => match pass.page_proof() {
                Some(proof) => signed_in::page(proof, back),
                None => to_page(),
            },
            Err(error) => answer::page(&error),
        },
    }
}

/// Ends it, with what the other site sent back through the browser.
pub(crate) async fn end(
    State(shared): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    if shared.gate.sign_in() == SignIn::Secret {
        return not_found().await;
    }
    let Ok(Query(returned)) = returned else {
        let message = "this is nothing that the site at which people sign in sends";
        return answer::page_with(&AppError::malformed(message), AGAIN);
    };
    let asked = Asked::new(&headers, &extensions);
    match shared.gate.complete(asked, returned).await {
        Some(Ok(ended)) => {
            let cookies = ended.cookies.map(|cookie| (SET_COOKIE, cookie));
            let page = signed_in::page(&ended.proof, ended.back);
            (AppendHeaders(cookies), page).into_response()
        }
        Some(Err(error)) => {
            let way = match error.code() {
                ErrorCode::Refused => AS_ANOTHER,
                _ => AGAIN,
            };
            answer::page_with(&error, way)
        }
        None => not_found().await,
    }
}
