//! The server functions behind HTTP: context, body bound and true status codes. What they do is in
//! `bowline_app::functions`.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, REFERER};
use axum::http::{HeaderName, Method};
use axum::response::{IntoResponse as _, Response};
use bowline_app::context::AppContext;
use bowline_app::error::{AppError, ErrorCode};
use bowline_protocol::ids::SessionId;
use leptos::prelude::provide_context;
use serde::Deserialize;
use server_fn::error::{FromServerFnError as _, SERVER_FN_ERROR_HEADER};

use crate::access::About;
use crate::answer;

/// Largest body of an API request, bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// Runs the server function of the request's path and method.
pub(crate) async fn call(State(context): State<AppContext>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut body = match answer::read_body(body, MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return answer::json(&error),
    };
    // A function without required arguments may be called without a body.
    if parts.method == Method::POST && body.is_empty() {
        body = Bytes::from_static(b"{}");
    }
    // By these, server functions would send a form's page back to where it came from.
    parts.headers.remove(ACCEPT);
    parts.headers.remove(REFERER);
    let about = about(&body);
    let request = Request::from_parts(parts, Body::from(body));
    let provide = move || provide_context(context.clone());
    let response = leptos_axum::handle_server_fns_with_context(provide, request).await;
    let mut response = true_status(response.into_response()).await;
    if let Some(session) = about {
        response.extensions_mut().insert(About(session));
    }
    response
}

/// Which session a request is about, if it is about one.
fn about(body: &[u8]) -> Option<SessionId> {
    #[derive(Deserialize)]
    struct Asked {
        session_id: Option<SessionId>,
    }

    serde_json::from_slice::<Asked>(body).ok()?.session_id
}

/// Server functions answer every error with 500: the status that goes with the error's code is set here.
async fn true_status(response: Response) -> Response {
    const FAILED: HeaderName = HeaderName::from_static(SERVER_FN_ERROR_HEADER);

    let (mut parts, body) = response.into_parts();
    let failed = parts.headers.remove(FAILED).is_some();
    if !failed && parts.status.is_success() {
        return Response::from_parts(parts, body);
    }
    match answer::read_body(body, MAX_BODY).await {
        Ok(body) if failed => {
            parts.status = answer::status(AppError::de(body.clone()).code());
            Response::from_parts(parts, Body::from(body))
        }
        _ => answer::json(&AppError::new(
            ErrorCode::Internal,
            "the server function could not be run",
        )),
    }
}
