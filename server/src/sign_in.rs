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
/// Whose page led here.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Ways on for who wasn't let in.
const AGAIN: &str = "<p><a href=\"login\">Sign in</a></p>";
const AS_ANOTHER: &str = "<p><a href=\"login?afresh=1\">Sign in as somebody else</a></p>";
const AGAIN_BELOW_HUB: &str = "<p><a href=\"auth/login\">Sign in</a></p>";

/// From below a folder, and from beside it, to the page.
const UP: &str = "../";
const HERE: &str = "./";

/// Whether who asks for the page, and isn't signed in, may be led on at once: not where another site led here, because our
/// cookie isn't sent then and may be there.
pub(crate) fn may_lead_on(headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, text: &'static str| {
        let value = headers.get(name);
        value.is_none_or(|value| value == HeaderValue::from_static(text))
    };
    let site = headers.get(SITE);
    is(&MODE, "navigate") && site.is_none_or(|site| site != HeaderValue::from_static("cross-site"))
}

/// Begins it; behind a proxy, which asked who comes on the way here, it has ended with that.
pub(crate) async fn begin(State(shared): State<Shared>, request: Request) -> Response {
    let to_page = || (StatusCode::SEE_OTHER, [(LOCATION, UP)]).into_response();
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
                Some(proof) => signed_in::page(proof, back, UP),
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
    match shared.gate.sign_in() == SignIn::Elsewhere && !shared.gate.leads_there() {
        true => finish(&shared, Asked::new(&headers, &extensions), returned, UP).await,
        false => not_found().await,
    }
}

/// Ends it, where a hub wants it to end.
pub(crate) async fn end_below_hub(
    State(shared): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    match shared.gate.leads_there() {
        true => finish(&shared, Asked::new(&headers, &extensions), returned, HERE).await,
        false => not_found().await,
    }
}

/// `up` leads from the route to Bowline's page.
async fn finish(
    shared: &Shared,
    asked: Asked<'_>,
    returned: Result<Query<Returned>, QueryRejection>,
    up: &'static str,
) -> Response {
    let (again, as_another) = match up {
        UP => (AGAIN, AS_ANOTHER),
        _ => (AGAIN_BELOW_HUB, AGAIN_BELOW_HUB),
    };
    let Ok(Query(returned)) = returned else {
        let message = "this is nothing that the site at which people sign in sends";
        return answer::page_with(&AppError::malformed(message), again);
    };
    match shared.gate.complete(asked, returned).await {
        Some(Ok(ended)) => {
            let cookies = ended.cookies.map(|cookie| (SET_COOKIE, cookie));
            let page = signed_in::page(&ended.proof, ended.back, up);
            (AppendHeaders(cookies), page).into_response()
        }
        Some(Err(error)) => {
            let way = match error.code() {
                ErrorCode::Refused => as_another,
                _ => again,
            };
            answer::page_with(&error, way)
        }
        None => not_found().await,
    }
}
