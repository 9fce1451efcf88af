//! Every route in one place. [`routes`] is the list that the router is built from, that the gate looks
//! up and that tests walk through; a path that isn't on it is refused before it is looked for.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on, post};
use bowline_app::context::{AppContext, GateView};
use bowline_app::error::{AppError, ErrorCode};

use crate::access::{self, Names};
use crate::gate::{Access, Asked, Gate};
use crate::headers::{self, Standing};
use crate::listen::Limits;
use crate::rates::Rates;
use crate::ready::{self, Ready};
use crate::render::Renderer;
use crate::upload::Uploads;
use crate::vault::Vault;
use crate::{
    answer, api, assets, audit, link, metrics, rates, recording, request, sign_in, upload,
};

/// A route: where, how, and what it asks of who calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// Below the base path; `{*file}` stands for any rest.
    pub path: &'static str,
    /// What the gate asks for.
    pub access: Access,
}

/// What of the API is no server function, because it is streamed.
const UPLOAD: &str = bowline_app::functions::upload::PATH;
const RECORDING: &str = "/api/session/recording";
/// Where signing in by another site begins, and behind a proxy ends: it asked who comes on the way here.
const SIGN_IN: &str = "/auth/login";
/// Where it ends otherwise.
const CALLBACK: &str = "/auth/callback";
/// Where it ends below a hub, which lays that down.
const HUB_CALLBACK: &str = "/oauth_callback";

/// Every route there is.
pub fn routes() -> Vec<Route> {
    let route = |method, path, access| Route {
        method,
        path,
        access,
    };
    let mut routes = vec![
        route(Method::GET, "/", Access::Page),
        route(Method::GET, "/health", Access::Probe),
        route(Method::GET, "/ready", Access::Probe),
        route(Method::GET, "/metrics", Access::Proven),
        route(Method::GET, "/assets/{*file}", Access::Public),
        route(Method::GET, SIGN_IN, Access::Public),
        route(Method::GET, CALLBACK, Access::Public),
        route(Method::GET, HUB_CALLBACK, Access::Public),
        route(Method::GET, "/link/socket", Access::Upgrade),
        route(Method::POST, "/link/poll", Access::Proven),
        route(Method::POST, "/link/send", Access::Proven),
    ];
    routes.extend([
        route(Method::POST, UPLOAD, Access::Proven),
        route(Method::GET, RECORDING, Access::Proven),
    ]);
    for (path, method) in bowline_app::functions::endpoints() {
        let access = match path {
            "/api/login" => Access::Public,
            _ => Access::Proven,
        };
        routes.push(route(method, path, access));
    }
    routes
}

/// What a path asks for. An unknown one asks for everything.
fn access(routes: &[Route], path: &str) -> Access {
    let is_at = |route: &&Route| match route.path.strip_suffix("{*file}") {
        Some(folder) => path.starts_with(folder),
        None => route.path == path,
    };
    let found = routes.iter().find(is_at);
    found.map_or(Access::Proven, |route| route.access)
}

/// What the routes work with.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) context: AppContext,
    pub(crate) gate: Arc<Gate>,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) base_path: Arc<str>,
    pub(crate) frame_ancestors: Arc<str>,
    pub(crate) routes: Arc<[Route]>,
    pub(crate) ready: Arc<Ready>,
    pub(crate) vault: Option<Arc<Vault>>,
}

/// The whole server.
pub(crate) fn router(shared: &Shared, limits: &Limits) -> Router {
    let mut router = Router::new()
        .route("/", get(page).with_state(shared.clone()))
        .route("/health", get(ready::health))
        .route("/ready", get(ready::ready).with_state(shared.ready.clone()))
        .route(
            "/metrics",
            get(metrics::scrape).with_state(shared.ready.clone()),
        )
        .route("/assets/{*file}", get(assets::serve))
        .route(SIGN_IN, get(sign_in::begin).with_state(shared.clone()))
        .route(CALLBACK, get(sign_in::end).with_state(shared.clone()))
        .route(
            HUB_CALLBACK,
            get(sign_in::end_below_hub).with_state(shared.clone()),
        )
        .route(UPLOAD, post(upload::upload).with_state(shared.clone()))
        .route(
            RECORDING,
            get(recording::recording).with_state(shared.clone()),
        )
        .merge(link_routes(shared));
    for (path, method) in bowline_app::functions::endpoints() {
        router = router.route(path, api_route(method, shared));
    }
    let guarded = router
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(Arc::new(Rates::default()), rates::check))
        .layer(from_fn_with_state(shared.clone(), guard));
    // The base path goes before the routes are looked up, so it is taken off by a router around.
    Router::new()
        .fallback_service(guarded)
        .layer(from_fn_with_state(
            Arc::clone(&shared.base_path),
            below_base,
        ))
        .layer(from_fn_with_state(limits.body_silence, request::check))
        .layer(from_fn_with_state(
            Arc::new(access::Access::new(
                Names::new(&shared.routes, &shared.base_path),
                Standing::new(&shared.frame_ancestors),
                shared.gate.clone(),
            )),
            access::observe,
        ))
}

fn link_routes(shared: &Shared) -> Router {
    Router::new()
        // By HTTP/2 a WebSocket comes as CONNECT.
        .route("/link/socket", get(link::socket).connect(link::socket))
        .route("/link/poll", post(link::poll))
        .route("/link/send", post(link::send))
        .with_state(shared.context.host.clone())
}

fn api_route(method: Method, shared: &Shared) -> MethodRouter {
    let filter = MethodFilter::try_from(method).expect("server functions use the usual methods");
    on(filter, api::call).with_state(shared.context.clone())
}

async fn page(State(shared): State<Shared>, request: Request) -> Response {
    shared.renderer.page(GateView::Open, request).await
}

pub(crate) async fn not_found() -> Response {
    answer::json(&AppError::new(ErrorCode::NotFound, "there is no such path"))
}

async fn not_allowed() -> Response {
    answer::json(&AppError::new(
        ErrorCode::Method,
        "this path doesn't answer this method",
    ))
}

/// Asks the gate. By https, the browser is told to stay there.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let asked = Asked::new(request.headers(), request.extensions());
    let is_strict = shared.gate.is_strict(asked);
    let mut response = admit(&shared, request, next).await;
    if is_strict {
        headers::strict(response.headers_mut());
    }
    if shared.gate.leads_there() {
        headers::below_hub(response.headers_mut());
    }
    response
}

/// Lets a request in, or says no in the language of who asked.
async fn admit(shared: &Shared, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let access = access(&shared.routes, path);
    let asked = Asked::new(request.headers(), request.extensions());
    match shared.gate.admit(access, asked) {
        Ok(pass) => {
            if let Some(vault) = &shared.vault {
                vault.take_up(&pass, asked);
            }
            let renewed = match access {
                Access::Page => shared.gate.renew(&pass, asked),
                _ => None,
            };
            request.extensions_mut().insert(pass);
            let mut response = next.run(request).await;
            if let Some(cookie) = renewed {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        // Below a hub, whoever comes from there is signed in there.
        Err(error)
            if access == Access::Page
                && error.code() == ErrorCode::Unauthenticated
                && shared.gate.leads_there()
                && sign_in::may_lead_on(request.headers()) =>
        {
            (StatusCode::SEE_OTHER, [(LOCATION, "auth/login")]).into_response()
        }
        // Who has yet to log in; no line of the trail is about that.
        Err(error)
            if access == Access::Page
                && error.code() == ErrorCode::Unauthenticated
                && shared.gate.offers_login() =>
        {
            let mut response = shared.renderer.page(GateView::Login, request).await;
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        }
        Err(error) => {
            audit::refused(&shared.gate.actor(asked, None), error.code().name());
            let headers = request.headers();
            let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
            let is_for_people = accepts.is_some_and(|accepts| accepts.contains("text/html"));
            let is_for_programs = path.starts_with("/api/") || path.starts_with("/link/");
            if is_for_people && !is_for_programs {
                answer::page(&error)
            } else {
                answer::json(&error)
            }
        }
    }
}

/// Takes the base path off. What lies beside it doesn't exist; it itself wants its slash, or the page's
/// relative URLs would lead beside it.
async fn below_base(State(base): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    if &*base == "/" {
        return next.run(request).await;
    }
    let path = request.uri().path();
    if path == base.trim_end_matches('/') {
        return (StatusCode::PERMANENT_REDIRECT, [(LOCATION, &*base)]).into_response();
    }
    let Some(rest) = path.strip_prefix(&*base) else {
        return not_found().await;
    };
    let below = match request.uri().query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    let below = PathAndQuery::try_from(below).map(Uri::from);
    *request.uri_mut() = below.expect("a part of a path, after a slash, is a path");
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_on_the_list_asks_for_everything() {
        let routes = routes();
        for (path, expected) in [
            ("/", Access::Page),
            ("/assets/page.js", Access::Public),
            ("/assets/../api/sessions", Access::Public),
            ("/assets", Access::Proven),
            ("/api/sessions", Access::Proven),
            ("/api/login", Access::Public),
            ("/api/login/", Access::Proven),
            ("/link/socket", Access::Upgrade),
            ("/anything", Access::Proven),
            ("//", Access::Proven),
        ] {
            assert_eq!(access(&routes, path), expected, "{path}");
        }
    }

    #[test]
    fn reading_and_saving_the_workspace_share_a_path() {
        let routes = routes();
        let workspace = routes.iter().filter(|route| route.path == "/api/workspace");
        let methods: Vec<_> = workspace.map(|route| route.method.as_str()).collect();
        assert_eq!(methods, ["GET", "POST"]);
    }
}
