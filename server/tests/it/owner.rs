//! Whose app it is on Databricks Apps: nobody enters until the platform has said it, then that one alone. The
//! workspace is a double on loopback, as strict as the real one about who asks, how, and for what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::support::{DEADLINE, TestServer};

const PAT: &str = "dapi-of-the-owner-0123456789";
/// `the-app:the-app's-secret`, as HTTP Basic writes it.
const BASIC: &str = "Basic dGhlLWFwcDp0aGUtYXBwJ3Mtc2VjcmV0";

/// What the double does.
#[derive(Clone, Default)]
struct Workspace {
    /// Who made the app.
    creator: String,
    /// Where tokens are to be had, if not here.
    elsewhere: Option<String>,
    /// So many requests for a token meet an error first.
    failures: Arc<AtomicUsize>,
    /// Told at each of these.
    failed: Arc<Notify>,
    address: String,
}

async fn discovery(State(workspace): State<Workspace>) -> Response {
    let here = format!("http://{}", workspace.address);
    let at = workspace.elsewhere.unwrap_or(here);
    Json(json!({ "issuer": at, "token_endpoint": format!("{at}/oidc/v1/token") })).into_response()
}

async fn token(State(workspace): State<Workspace>, headers: HeaderMap, form: Bytes) -> Response {
    let left = &workspace.failures;
    let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    });
    if fails.is_ok() {
        workspace.failed.notify_one();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let is_form = headers["content-type"] == "application/x-www-form-urlencoded";
    let asks = form.as_ref() == b"grant_type=client_credentials&scope=all-apis";
    if !is_form || !asks {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match headers["authorization"] == BASIC {
        true => Json(json!({ "access_token": "m2m", "token_type": "Bearer", "expires_in": 3600 }))
            .into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn app(
    State(workspace): State<Workspace>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match (&*name, headers["authorization"] == "Bearer m2m") {
        ("our app", true) => {
            Json(json!({ "name": name, "creator": workspace.creator })).into_response()
        }
        (_, true) => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn me(headers: HeaderMap) -> Response {
    match headers["authorization"] == format!("Bearer {PAT}") {
        true => Json(json!({ "userName": "Ben@Example.com", "active": true })).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl Workspace {
    async fn serve(mut self) -> (Self, AbortOnDropHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        let router = Router::new()
            .route(
                "/oidc/.well-known/oauth-authorization-server",
                get(discovery),
            )
            .route("/oidc/v1/token", post(token))
            .route("/api/2.0/apps/{name}", get(app))
            .route("/api/2.0/preview/scim/v2/Me", get(me))
            .with_state(self.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (self, AbortOnDropHandle::new(serving))
    }

    /// The environment of an app in it.
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABRICKS_APP_PORT", "8000".to_owned()),
            ("DATABRICKS_HOST", format!("http://{}", self.address)),
            ("DATABRICKS_APP_NAME", "our app".to_owned()),
            ("DATABRICKS_CLIENT_ID", "the-app".to_owned()),
            ("DATABRICKS_CLIENT_SECRET", "the-app's-secret".to_owned()),
        ]
    }
}

fn page(server: &TestServer, who: &str) -> RequestBuilder {
    let page = server.bare(Method::GET, "/");
    page.header("x-forwarded-email", who)
}

async fn status(server: &TestServer, who: &str) -> StatusCode {
    page(server, who).send().await.unwrap().status()
}

/// Waits until somebody may enter.
async fn until_in(server: &TestServer, who: &str) {
    let entering = async {
        while status(server, who).await != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    let entered = tokio::time::timeout(DEADLINE, entering).await;
    entered.expect("the owner becomes known");
}

fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn nobody_enters_until_the_platform_says_who_made_the_app() {
    let workspace = Workspace {
        creator: "Ana@Example.com".to_owned(),
        failures: Arc::new(AtomicUsize::new(1)),
        ..Workspace::default()
    };
    let (workspace, _serving) = workspace.serve().await;
    let server = TestServer::start_on(&workspace.environment(), folder()).await;
    workspace.failed.notified().await;
    let refused = page(&server, "ana@example.com").header("accept", "text/html");
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let told = refused.text().await.unwrap();
    assert!(told.contains("BOWLINE_OWNER"), "{told}");
    assert!(!told.to_lowercase().contains("ana@"), "{told}");

    until_in(&server, "ana@example.com").await;
    assert_eq!(
        status(&server, "ben@example.com").await,
        StatusCode::FORBIDDEN
    );
    let nobody = server.bare(Method::GET, "/").send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn an_app_made_by_a_service_principal_belongs_to_whose_token_it_has() {
    let workspace = Workspace {
        creator: "4c1d83d4-0f2e-4bd1-8b0e-6d2b4b8a5b9c".to_owned(),
        ..Workspace::default()
    };
    let (workspace, _serving) = workspace.serve().await;
    let mut environment = workspace.environment();
    environment.push(("DATABRICKS_TOKEN", format!(" {PAT}\n")));
    let server = TestServer::start_on(&environment, folder()).await;
    until_in(&server, "ben@example.com").await;
    let creator = status(&server, &workspace.creator).await;
    assert_eq!(creator, StatusCode::FORBIDDEN);
    server.stop().await;
}

#[tokio::test]
async fn a_named_owner_is_believed_and_nobody_is_asked() {
    let (workspace, _serving) = Workspace::default().serve().await;
    let mut environment = workspace.environment();
    environment.push(("APP_OWNER_EMAIL", "Cleo@Example.com".to_owned()));
    let server = TestServer::start_on(&environment, folder()).await;
    assert_eq!(status(&server, "cleo@example.com").await, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_secret_goes_nowhere_but_to_the_workspace() {
    let (thief, _stealing) = Workspace {
        failures: Arc::new(AtomicUsize::new(usize::MAX)),
        ..Workspace::default()
    }
    .serve()
    .await;
    let workspace = Workspace {
        creator: "ana@example.com".to_owned(),
        elsewhere: Some(format!("http://{}", thief.address)),
        ..Workspace::default()
    };
    let (workspace, _serving) = workspace.serve().await;
    let mut environment = workspace.environment();
    environment.push(("DATABRICKS_TOKEN", PAT.to_owned()));
    let server = TestServer::start_on(&environment, folder()).await;
    // The next way of asking tells that the first was tried.
    until_in(&server, "ben@example.com").await;
    let asked = usize::MAX - thief.failures.load(Ordering::SeqCst);
    assert_eq!(asked, 0);
    server.stop().await;
}
