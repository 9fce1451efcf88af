//! Everything below a base path.

use reqwest::{Method, StatusCode};

use crate::support::with;

#[tokio::test]
async fn everything_lies_below_the_base_path_and_nothing_beside_it() {
    with("--base-path /user/me/", async |server| {
        for (path, expected) in [
            ("/user/me/health", StatusCode::OK),
            ("/user/me/", StatusCode::OK),
            ("/user/me/?a=b", StatusCode::OK),
            ("/user/me/api/version", StatusCode::OK),
            ("/health", StatusCode::NOT_FOUND),
            ("/", StatusCode::NOT_FOUND),
            ("/api/version", StatusCode::NOT_FOUND),
            ("/user/mehealth", StatusCode::NOT_FOUND),
            ("/user/me", StatusCode::PERMANENT_REDIRECT),
        ] {
            let response = server.request(Method::GET, path).send().await.unwrap();
            assert_eq!(response.status(), expected, "{path}");
        }
        let request = server.bare(Method::GET, "/user/me");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["location"], "/user/me/");
        let cookie = server.bare(Method::POST, "/user/me/api/login");
        let cookie = cookie.json(&serde_json::json!({"token": crate::support::TOKEN}));
        let cookie = cookie.send().await.unwrap();
        let cookie = cookie.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("Path=/user/me/;"), "{cookie}");
    })
    .await;
}
