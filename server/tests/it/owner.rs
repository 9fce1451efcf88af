//! Whose app it is on Databricks Apps: nobody enters until the platform has said it, then that one alone.

use std::sync::Arc;

use bowline_double::{Double, Fault, Times};
use reqwest::{Method, RequestBuilder, StatusCode};
use tempfile::TempDir;

use crate::support::{DEADLINE, TestServer};

const PAT: &str = "dapi-of-the-owner-0123456789";

/// A workspace in which somebody made the app.
async fn workspace(creator: &str) -> Double {
    let double = Double::start().await;
    let app = ("our app".to_owned(), creator.to_owned());
    double.state().apps.extend([app]);
    double.give(PAT, "Ben@Example.com");
    double
}

/// The environment of an app in it.
fn environment(double: &Double) -> Vec<(&'static str, String)> {
    vec![
        ("DATABRICKS_APP_PORT", "8000".to_owned()),
        ("DATABRICKS_HOST", double.root.clone()),
        ("DATABRICKS_APP_NAME", "our app".to_owned()),
        ("DATABRICKS_CLIENT_ID", "principal".to_owned()),
        ("DATABRICKS_CLIENT_SECRET", "its-secret".to_owned()),
    ]
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
    let workspace = workspace("Ana@Example.com").await;
    workspace.fault_at("/oidc/v1/token", Fault::Broken, Times::Count(1));
    let server = TestServer::start_on("", &environment(&workspace), folder()).await;
    while !workspace
        .state()
        .log
        .iter()
        .any(|asked| asked.status == 500)
    {
        tokio::task::yield_now().await;
    }
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
    let principal = "4c1d83d4-0f2e-4bd1-8b0e-6d2b4b8a5b9c";
    let workspace = workspace(principal).await;
    let mut environment = environment(&workspace);
    environment.push(("DATABRICKS_TOKEN", format!(" {PAT}\n")));
    let server = TestServer::start_on("", &environment, folder()).await;
    until_in(&server, "ben@example.com").await;
    assert_eq!(status(&server, principal).await, StatusCode::FORBIDDEN);
    server.stop().await;
}

#[tokio::test]
async fn a_named_owner_is_believed_and_nobody_is_asked() {
    let workspace = workspace("ana@example.com").await;
    let mut environment = environment(&workspace);
    environment.push(("APP_OWNER_EMAIL", "Cleo@Example.com".to_owned()));
    let server = TestServer::start_on("", &environment, folder()).await;
    assert_eq!(status(&server, "cleo@example.com").await, StatusCode::OK);
    assert_eq!(workspace.state().exchanged, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_secret_goes_nowhere_but_to_the_workspace() {
    let (thief, workspace) = (Double::start().await, workspace("ana@example.com").await);
    workspace.state().elsewhere = Some(thief.root.clone());
    let mut environment = environment(&workspace);
    environment.push(("DATABRICKS_TOKEN", PAT.to_owned()));
    let server = TestServer::start_on("", &environment, folder()).await;
    // The next way of asking tells that the first was tried.
    until_in(&server, "ben@example.com").await;
    assert_eq!(thief.state().exchanged, 0);
    server.stop().await;
}
