//! Which path is what; what is none is refused as the real one does.

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::answer::Refusal;
use crate::files::api as files;
use crate::{Shared, apps, faults, models, oauth, scim, tokens};

/// Larger bodies are not read, bytes: more than what no file may be.
const MAX_BODY: usize = 40 * 1024 * 1024;

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/.well-known/databricks-config", get(oauth::host))
        .route(
            "/oidc/.well-known/oauth-authorization-server",
            get(oauth::discovery),
        )
        .route("/oidc/v1/token", post(oauth::token))
        .route("/api/2.0/preview/scim/v2/Me", get(scim::me))
        .route("/api/2.0/preview/scim/v2/Groups", get(scim::groups))
        .route("/api/2.0/preview/scim/v2/Groups/{id}", get(scim::one_group))
        .route("/api/2.0/token/create", post(tokens::create))
        .route("/api/2.0/token/list", get(tokens::list))
        .route("/api/2.0/token/delete", post(tokens::delete))
        .route("/api/2.0/apps/{name}", get(apps::get))
        .route("/api/2.0/workspace/mkdirs", post(files::mkdirs))
        .route("/api/2.0/workspace/import", post(files::import))
        .route("/api/2.0/workspace/export", get(files::export))
        .route("/api/2.0/workspace/list", get(files::list))
        .route("/api/2.0/workspace/get-status", get(files::status))
        .route("/api/2.0/workspace/delete", post(files::delete))
        .merge(models::routes())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(middleware::from_fn_with_state(shared.clone(), faults::meet))
        .with_state(shared)
}

async fn nothing(method: Method, uri: Uri) -> Refusal {
    let message = format!("No API found for '{method} {}'", uri.path());
    Refusal::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", &message)
}
